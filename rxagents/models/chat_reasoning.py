"""What the model thinks before it answers, while it comes.

Chat Completions has no field of its own for it. DeepSeek, vLLM and llama.cpp send
`reasoning_content`, which becomes a summary, Groq and OpenRouter `reasoning`, which becomes the
item's content, as in the OpenAI Agents SDK; OpenRouter also `reasoning_details`, which it wants
back as they were (https://openrouter.ai/docs/use-cases/reasoning-tokens).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any, Literal, TypeAlias, cast

from .chat_emitter import Emitter
from .chat_parts import Status
from .frames import dicts
from .reasoning_content_replay import REASONING_FIELD

Kind: TypeAlias = Literal["summary", "content"]

_GROWING = ("text", "summary", "data")  # fields of a detail that come in pieces


class Reasoning:
    """One reasoning item."""

    def __init__(self, emitter: Emitter, item_id: str, provider_data: dict[str, Any]) -> None:
        self._emit = emitter
        self._index = emitter.next_index()
        self._mark = provider_data
        self._item: dict[str, Any] = {"id": item_id, "type": "reasoning", "summary": []}
        self._place = {"item_id": item_id, "output_index": self._index}
        self._details: list[dict[str, Any]] = []
        self._pieces: list[str] = []
        self._say: Callable[[str], None] | None = None
        self.kind: Kind | None = None
        """Where its text goes; None as long as there is none."""
        item = {**self._item, "status": "in_progress", "provider_data": provider_data}
        emitter.item_begun(self._index, item)

    def think(self, delta: str, kind: Kind) -> None:
        self._pieces.append(delta)
        if self._say is None:
            self._say = self._begin(kind)
        self._say(delta)

    def detail(self, details: list[dict[str, Any]]) -> None:
        self._details += details

    def close(self, status: Status) -> None:
        text = "".join(self._pieces)
        mark = dict(self._mark)
        if self.kind == "summary":
            self._end_summary(text)
        elif self.kind == "content":
            self._emit.emit(
                {"type": "response.reasoning_text.done", "content_index": 0, "text": text}
                | self._place
            )
            self._item["content"] = [{"type": "reasoning_text", "text": text}]
            mark[REASONING_FIELD] = "reasoning"
        if self._details:
            mark["reasoning_details"] = whole_details(self._details)
        self._emit.item_over(self._index, {**self._item, "status": status, "provider_data": mark})

    def _begin(self, kind: Kind) -> Callable[[str], None]:
        self.kind = kind
        if kind == "summary":
            place = {"summary_index": 0, **self._place}
            part = {"type": "summary_text", "text": ""}
            added = "response.reasoning_summary_part.added"
            self._emit.emit({"type": added, "part": part, **place})
            return self._emit.deltas({"type": "response.reasoning_summary_text.delta", **place})
        place = {"content_index": 0, **self._place}
        return self._emit.deltas({"type": "response.reasoning_text.delta", **place})

    def _end_summary(self, text: str) -> None:
        place = {"summary_index": 0, **self._place}
        part = {"type": "summary_text", "text": text}
        self._emit.emit({"type": "response.reasoning_summary_text.done", "text": text, **place})
        self._emit.emit({"type": "response.reasoning_summary_part.done", "part": part, **place})
        self._item["summary"] = [part]


def thought(delta: dict[str, Any]) -> tuple[str, Kind] | None:
    """The text of reasoning in a delta; one field of it, as some servers send it in two."""
    for field, kind in (("reasoning_content", "summary"), ("reasoning", "content")):
        text = delta.get(field)
        if text and isinstance(text, str):
            return text, cast("Kind", kind)
    details = reasoning_details(delta)
    text = "".join(str(each.get("text") or each.get("summary") or "") for each in details)
    return (text, "content") if text else None


def reasoning_details(delta: dict[str, Any]) -> list[dict[str, Any]]:
    """The `reasoning_details` in a delta."""
    return dicts(delta.get("reasoning_details"))


def whole_details(pieces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Details that came in pieces, each as one."""
    return [
        _whole_detail(list(group))
        for _, group in groupby(pieces, lambda piece: (piece.get("type"), piece.get("index")))
    ]


def _whole_detail(pieces: list[dict[str, Any]]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for piece in pieces:
        whole |= {name: value for name, value in piece.items() if value is not None}
    for name in _GROWING:
        if name in whole:
            whole[name] = "".join(str(piece.get(name) or "") for piece in pieces)
    return whole
