"""Items of the Responses API to the messages of Chat Completions.

One answer is several items there (reasoning, a message, each call) and one message here; so items
of the model's are gathered until something else follows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from rxagents.exceptions import UserError

from .chat_content import assistant_content, chat_content, text_content
from .frames import dicts
from .provider_data import provider_data
from .reasoning_content_replay import REASONING_FIELD

ReplaysReasoning = Callable[[Mapping[str, Any]], bool]
"""Whether the text of a reasoning item goes back as `reasoning_content`."""


def chat_messages(
    items: str | Iterable[object],
    *,
    model: str,
    replays_reasoning: ReplaysReasoning = lambda _: False,
    strict: bool = False,
) -> list[dict[str, Any]]:
    """The messages with which `model` is told `items`.

    Raises UserError at an item that Chat Completions cannot carry; with `strict` also where a
    tool's output is more than text, which otherwise follows in a message as from the user.
    """
    if isinstance(items, str):
        return [{"role": "user", "content": items}]
    writer = _Writer(model, replays_reasoning, strict)
    for number, item in enumerate(items, 1):
        if not isinstance(item, Mapping):
            raise UserError(f"item {number} of the input is not a dictionary: {item!r}")
        writer.add(cast("Mapping[str, Any]", item), f"item {number} of the input")
    return writer.end()


class _Writer:
    def __init__(self, model: str, replays_reasoning: ReplaysReasoning, strict: bool) -> None:
        self._model = model
        self._replays_reasoning = replays_reasoning
        self._strict = strict
        self._messages: list[dict[str, Any]] = []
        self._assistant: dict[str, Any] | None = None  # the message that is being gathered
        self._thoughts: dict[str, Any] = {}  # fields for the assistant's message that follows
        self._shown: list[dict[str, Any]] = []  # parts of outputs that a tool message cannot hold

    def add(self, item: Mapping[str, Any], where: str) -> None:
        match item:
            case {"type": "function_call"}:
                self._call(item)
            case {"type": "function_call_output"}:
                self._output(item, where)
            case {"type": "reasoning"}:
                self._reasoning(item)
            case {"role": "assistant"} if item.get("type", "message") == "message":
                self._answer(item.get("content"), where)
            case {"role": str(role)} if item.get("type", "message") == "message":
                self._message(role, item.get("content"), where)
            case _:
                raise UserError(
                    f"{where} is a {item.get('type')!r}, which Chat Completions cannot carry: "
                    "leave it out (a handoff's input filter can), or use an OpenAIResponsesModel"
                )

    def end(self) -> list[dict[str, Any]]:
        self._close()
        self._show()
        return self._messages

    def _message(self, role: str, content: object, where: str) -> None:
        self._close()
        self._show()
        if role == "user":
            message = {"role": role, "content": chat_content(content, where)}
        elif role in {"system", "developer"}:
            message = {"role": role, "content": text_content(content, where)}
        else:
            raise UserError(
                f"{where} has the role {role!r}; Chat Completions has user, assistant, system and "
                "developer"
            )
        self._messages.append(message)

    def _answer(self, content: object, where: str) -> None:
        text, refusal = assistant_content(content, where)
        message = self._assistant
        if message is None or "tool_calls" not in message:
            message = self._open()
        # After a call: the same answer goes on. A message of its own would come between the call
        # and its output, which the API refuses.
        for field, said in (("content", text), ("refusal", refusal)):
            if said is not None:
                message[field] = _joined(message.get(field), said)
        if message["content"] is None and refusal is None:
            message["content"] = ""

    def _call(self, item: Mapping[str, Any]) -> None:
        message = self._assistant or self._open()
        self._give_thoughts(message)
        call = {
            "id": item.get("call_id"),
            "type": "function",
            "function": {"name": item.get("name"), "arguments": item.get("arguments") or "{}"},
        }
        signature = provider_data(item).get("thought_signature")
        if signature is not None and "gemini" in self._model.lower():
            # Without it Gemini 3 refuses its own call (https://ai.google.dev/gemini-api/docs/
            # thought-signatures).
            call["extra_content"] = {"google": {"thought_signature": signature}}
        message.setdefault("tool_calls", []).append(call)

    def _output(self, item: Mapping[str, Any], where: str) -> None:
        self._close()
        call_id = item.get("call_id")
        if not call_id:
            raise UserError(f"{where} is the output of a tool without the call_id of its call")
        content = chat_content(item.get("output"), where)
        if not isinstance(content, str):
            others = [part for part in content if part["type"] != "text"]
            content = [part for part in content if part["type"] == "text"]
            if others:
                self._refuse_if_strict(where)
                self._shown.append({"type": "text", "text": f"The output of the call {call_id}:"})
                self._shown += others
            if not content:
                content = "The output follows in the next message." if others else ""
        self._messages.append({"role": "tool", "tool_call_id": call_id, "content": content})

    def _refuse_if_strict(self, where: str) -> None:
        if self._strict:
            raise UserError(
                f"{where} is the output of a tool and holds more than text, which a tool's message "
                "over Chat Completions cannot; without strict_feature_validation it follows in a "
                "message as from the user"
            )

    def _reasoning(self, item: Mapping[str, Any]) -> None:
        mark = provider_data(item)
        if mark.get("model") == self._model:  # it gets back what is its own, as it came
            if mark.get(REASONING_FIELD) == "reasoning":
                self._think("reasoning", "\n".join(_texts(item.get("content"))))
            self._think("reasoning_details", mark.get("reasoning_details"))
        if self._replays_reasoning(item):
            texts = _texts(item.get("summary")) or _texts(item.get("content"))
            self._think("reasoning_content", "\n".join(texts))

    def _think(self, field: str, thought: Any) -> None:
        if thought:
            self._thoughts[field] = _joined(self._thoughts.get(field), thought)

    def _open(self) -> dict[str, Any]:
        """Begin the message of an answer; what was thought since the one before belongs to it."""
        if self._assistant is not None:
            self._messages.append(self._assistant)
        self._show()
        self._assistant = {"role": "assistant", "content": None}
        self._give_thoughts(self._assistant)
        return self._assistant

    def _close(self) -> None:
        """End the answer."""
        if self._assistant is not None:
            self._give_thoughts(self._assistant)
            self._messages.append(self._assistant)
            self._assistant = None
        self._thoughts = {}  # of an answer that had nothing else: there is no place for them

    def _give_thoughts(self, message: dict[str, Any]) -> None:
        for field, thought in self._thoughts.items():
            message[field] = _joined(message.get(field), thought)
        self._thoughts = {}

    def _show(self) -> None:
        """Tell what the tools before gave beside text, once all their messages are there."""
        if self._shown:
            self._messages.append({"role": "user", "content": self._shown})
            self._shown = []


def _joined(before: Any, more: Any) -> Any:
    """Two texts, or two lists, as one; `before` may be None."""
    if before is None:
        return more
    return f"{before}\n{more}" if isinstance(more, str) else [*before, *more]


def _texts(parts: object) -> list[str]:
    return [text for part in dicts(parts) if (text := part.get("text"))]
