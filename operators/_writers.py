"""What writes the entries of a conversation, one each: a message, reasoning, a call."""

from __future__ import annotations

from typing import Any, ClassVar

from rxagents.tool_progress import ToolProgress

from ._calls import field_of, id_of_call, name_of_call
from ._growing import GrowingText
from ._texts import Kind, Text
from .conversation import CallEntry, Entry, MessageEntry, ReasoningEntry, view_of


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
        self.error: str | None = None
        self.progress: ToolProgress | None = None
        self.is_answered = False
        self.is_running = False
        self.is_waiting = False
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

    def wait(self) -> None:
        """Note that somebody has to approve the call."""
        self.is_waiting = True
        self._facts = None

    def report(self, progress: ToolProgress) -> None:
        """Note how far the tool has come, so that it has begun."""
        self.progress = progress
        self.is_waiting = False
        self._facts = None

    def answer(self, output: Any, error: str | None = None) -> None:
        self.is_written = self.is_answered = True
        self.output = output
        self.error = error
        self._facts = None

    @property
    def is_settled(self) -> bool:
        return self.is_answered

    def _state(self) -> dict[str, Any]:
        return {
            "call_id": self.call_id,
            "name": self._name,
            "status": self._status(),
            "progress": self.progress,
            "output": self.output,
            "error": self.error,
        }

    def _status(self) -> str:
        if self.is_answered:
            return "completed"
        if self.is_waiting:
            return "waiting"
        return "running" if self.is_written or self.is_running else "writing"

    def _correct(self, item: Any) -> None:
        # Of a function, of a custom tool, of the code interpreter.
        told = [field_of(item, name) for name in ("arguments", "input", "code")]
        self._set("arguments", [text for text in told if isinstance(text, str)])
        if self._is_hosted:
            self.answer(field_of(item, "output"), _text_of_failure(field_of(item, "error")))


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


def _text_of_failure(error: Any) -> str | None:
    """What the provider says of a tool that has failed there."""
    if error is None:
        return None
    return str(field_of(error, "message") or text_of_input(error) or error)


def text_of_input(item: Any) -> str:
    """The text of an input item; empty if it has none."""
    content = field_of(item, "content")
    if isinstance(content, str):
        return content
    parts: list[Any] = content or []
    return "".join(field_of(part, "text") or "" for part in parts)
