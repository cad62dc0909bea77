"""What writes the entries of a conversation, one each: a message, reasoning, a call."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

from ._calls import field_of, id_of_call, name_of_call
from ._growing import GrowingText
from .conversation import CallEntry, Entry, MessageEntry, ReasoningEntry, view_of

Kind: TypeAlias = Literal["message", "reasoning", "call"]


class Text(NamedTuple):
    """Which text an event is about."""

    kind: Kind
    field: str
    part: str = ""
    """The attribute of the event that tells the part; empty where there is but one."""

    whole: str = ""
    """The attribute with the finished text; empty for a delta."""


TEXTS = {
    "response.output_text.delta": Text("message", "text", "content_index"),
    "response.output_text.done": Text("message", "text", "content_index", "text"),
    "response.refusal.delta": Text("message", "refusal", "content_index"),
    "response.refusal.done": Text("message", "refusal", "content_index", "refusal"),
    "response.reasoning_text.delta": Text("reasoning", "text", "content_index"),
    "response.reasoning_text.done": Text("reasoning", "text", "content_index", "text"),
    "response.reasoning_summary_text.delta": Text("reasoning", "summary", "summary_index"),
    "response.reasoning_summary_text.done": Text("reasoning", "summary", "summary_index", "text"),
    "response.function_call_arguments.delta": Text("call", "arguments"),
    "response.function_call_arguments.done": Text("call", "arguments", whole="arguments"),
    "response.mcp_call_arguments.delta": Text("call", "arguments"),
    "response.mcp_call_arguments.done": Text("call", "arguments", whole="arguments"),
    "response.custom_tool_call_input.delta": Text("call", "arguments"),
    "response.custom_tool_call_input.done": Text("call", "arguments", whole="input"),
    "response.code_interpreter_call_code.delta": Text("call", "arguments"),
    "response.code_interpreter_call_code.done": Text("call", "arguments", whole="code"),
}
"""The events that write texts."""

HOSTED_RUNS = frozenset(
    {
        "response.web_search_call.searching",
        "response.file_search_call.searching",
        "response.code_interpreter_call.interpreting",
        "response.image_generation_call.generating",
        "response.mcp_call_arguments.done",
        "response.code_interpreter_call_code.done",
    }
)
"""The events after which a provider runs a call itself."""


class Writer:
    """One entry that is being written. What servers leave out of an item is not relied on."""

    kind: ClassVar[Kind]
    entry_class: ClassVar[type[MessageEntry] | type[ReasoningEntry] | type[CallEntry]]

    def __init__(self, agent: str) -> None:
        self.number = -1
        """Its number among the entries."""
        self.agent = agent
        self.item_id = ""
        self.item: Any = None
        """The finished item, if one has come."""
        self.is_written = False
        """Whether the model has finished it."""
        self.texts: dict[str, GrowingText] = {}
        self._facts: dict[str, Any] | None = None  # what the entries until now have in common

    def name_as(self, item: Any) -> bool:
        """Note what `item` tells of its identity; False if that is nothing new."""
        self._facts = None
        before = self.item_id
        self.item_id = field_of(item, "id") or before
        return self.item_id != before

    def write(self, about: Text, data: Any) -> bool:
        """Write what an event says of a text; False if that changes nothing."""
        part: int = getattr(data, about.part, 0) if about.part else 0
        text = self.texts[about.field]
        if not about.whole:
            return text.grow(part, data.delta)
        whole: str | None = getattr(data, about.whole, None)
        return bool(whole) and text.replace(part, whole or "")

    def finish(self, item: Any) -> None:
        """All is written: as `item` says or, where it does not, as it has come."""
        self.is_written = True
        self.item = item
        self._facts = None
        if item is not None:
            self.name_as(item)
            self._correct(item)

    @property
    def is_settled(self) -> bool:
        """Whether its entry does not change any more."""
        return self.is_written

    def may_be(self, call_id: str) -> bool:
        """Whether it may be the call with this id; true for what is no call."""
        return True

    def entry(self) -> Entry:
        """The entry as it is now."""
        if self._facts is None:
            self._facts = {
                "kind": self.kind,
                "agent": self.agent,
                "item_id": self.item_id,
                **self._state(),
            }
        looks = {name: text.so_far() for name, text in self.texts.items()}
        return view_of(self.entry_class, self._facts, looks)

    def _state(self) -> dict[str, Any]:
        """The fields of the entry that its kind has besides."""
        return {"is_complete": self.is_written}

    def _correct(self, item: Any) -> None:
        raise AssertionError("each kind has its own")

    def _set(self, field: str, parts: list[str]) -> None:
        if any(parts):  # some servers leave out of the item what they have sent in deltas
            self.texts[field].replace_all(parts)


class MessageWriter(Writer):
    kind = "message"
    entry_class = MessageEntry

    def __init__(self, agent: str) -> None:
        super().__init__(agent)
        self.texts = {"text": GrowingText(), "refusal": GrowingText()}

    def _correct(self, item: Any) -> None:
        content: list[Any] = field_of(item, "content") or []
        for field, kind in (("text", "output_text"), ("refusal", "refusal")):
            of_kind = [part for part in content if field_of(part, "type") == kind]
            self._set(field, [field_of(part, field) or "" for part in of_kind])


class ReasoningWriter(Writer):
    kind = "reasoning"
    entry_class = ReasoningEntry

    def __init__(self, agent: str) -> None:
        super().__init__(agent)
        self.texts = {"text": GrowingText("\n\n"), "summary": GrowingText("\n\n")}

    def _correct(self, item: Any) -> None:
        content: list[Any] = field_of(item, "content") or []
        summary: list[Any] = field_of(item, "summary") or []
        self._set("text", [field_of(part, "text") or "" for part in content])
        self._set("summary", [field_of(part, "text") or "" for part in summary])


class CallWriter(Writer):
    kind = "call"
    entry_class = CallEntry

    def __init__(self, agent: str) -> None:
        super().__init__(agent)
        self.texts = {"arguments": GrowingText()}
        self.call_id = ""
        self.output: Any = None
        self.is_answered = False
        self.is_running = False
        self._name = ""
        self._is_hosted = False

    def name_as(self, item: Any) -> bool:
        before = (self.call_id, self._name)
        self.call_id = id_of_call(item) or self.call_id
        self._name = name_of_call(item) or self._name
        self._is_hosted = field_of(item, "call_id") is None
        return super().name_as(item) or (self.call_id, self._name) != before

    def may_be(self, call_id: str) -> bool:
        return self.call_id in ("", call_id)

    def run(self) -> None:
        """Note that the provider runs the tool."""
        self.is_running = True
        self._facts = None

    def answer(self, output: Any) -> None:
        self.is_written = self.is_answered = True
        self.output = output
        self._facts = None

    @property
    def is_settled(self) -> bool:
        return self.is_answered

    def _state(self) -> dict[str, Any]:
        runs = self.is_written or self.is_running
        status = "completed" if self.is_answered else "running" if runs else "writing"
        return {
            "call_id": self.call_id,
            "name": self._name,
            "status": status,
            "output": self.output,
        }

    def _correct(self, item: Any) -> None:
        # Of a function, of a custom tool, of the code interpreter.
        told = [field_of(item, name) for name in ("arguments", "input", "code")]
        self._set("arguments", [text for text in told if isinstance(text, str)])
        if self._is_hosted:
            self.answer(field_of(item, "output"))


_WRITERS: dict[str, type[Writer]] = {
    "message": MessageWriter,
    "reasoning": ReasoningWriter,
    "call": CallWriter,
}


def writer(kind: Kind, agent: str) -> Writer:
    """A writer of an entry of this kind."""
    return _WRITERS[kind](agent)


def kind_of(item: Any) -> Kind | None:
    """What kind of entry an output item becomes; None if it becomes none."""
    if item.type == "message" or item.type == "reasoning":
        return item.type  # type: ignore[no-any-return]  # an item of one of some thirty classes
    return "call" if item.type.endswith("_call") else None
