"""A message of the model's, while it comes: its texts, its refusals, what they cite."""

from __future__ import annotations

from typing import Any, Literal, Protocol, TypeAlias, cast

from .chat_emitter import Emitter
from .frames import dicts

Status: TypeAlias = Literal["completed", "incomplete"]


class _Part(Protocol):
    def close(self) -> dict[str, Any]:
        """Tell that the part is over; return it whole."""
        ...


class Message:
    """One message; a part of it is over when one of another kind begins."""

    def __init__(self, emitter: Emitter, item_id: str, provider_data: dict[str, Any]) -> None:
        self._emit = emitter
        self._index = emitter.next_index()
        self._item: dict[str, Any] = {
            "id": item_id,
            "type": "message",
            "role": "assistant",
            "status": "in_progress",
            "content": [],
            "provider_data": provider_data,
        }
        self._parts: list[dict[str, Any]] = []
        self._open: _Part | None = None
        emitter.item_begun(self._index, self._item)

    def text(self, delta: str, logprobs: list[dict[str, Any]] | None) -> None:
        self._text().add(delta, logprobs)

    def cite(self, annotation: dict[str, Any]) -> None:
        self._text().cite(annotation)

    def refuse(self, delta: str) -> None:
        if not isinstance(self._open, _Refusal):
            self._close_part()
            self._open = _Refusal(self._emit, self._place())
        self._open.add(delta)

    def close(self, status: Status) -> None:
        self._close_part()
        self._emit.item_over(self._index, {**self._item, "status": status, "content": self._parts})

    def _text(self) -> _Text:
        if not isinstance(self._open, _Text):
            self._close_part()
            self._open = _Text(self._emit, self._place())
        return self._open

    def _close_part(self) -> None:
        if self._open is not None:
            self._parts.append(self._open.close())
            self._open = None

    def _place(self) -> dict[str, Any]:
        return {
            "item_id": self._item["id"],
            "output_index": self._index,
            "content_index": len(self._parts),
        }


class _Text:
    def __init__(self, emitter: Emitter, place: dict[str, Any]) -> None:
        self._emit = emitter
        self._place = place
        self._delta = {"type": "response.output_text.delta", **place}
        self._say = emitter.deltas({**self._delta, "logprobs": []})
        self._pieces: list[str] = []
        self._annotations: list[dict[str, Any]] = []
        self._logprobs: list[dict[str, Any]] = []
        begun: dict[str, Any] = {"type": "output_text", "text": "", "annotations": []}
        emitter.emit({"type": "response.content_part.added", "part": begun, **place})

    def add(self, delta: str, logprobs: list[dict[str, Any]] | None) -> None:
        self._pieces.append(delta)
        if logprobs:
            self._logprobs += logprobs
            self._emit.emit({**self._delta, "delta": delta, "logprobs": logprobs})
        else:
            self._say(delta)

    def cite(self, annotation: dict[str, Any]) -> None:
        event = {"annotation_index": len(self._annotations), "annotation": annotation}
        kind = "response.output_text.annotation.added"
        self._annotations.append(annotation)
        self._emit.emit({"type": kind, **event, **self._place})

    def close(self) -> dict[str, Any]:
        text, logprobs = "".join(self._pieces), self._logprobs
        done = {"type": "response.output_text.done", "text": text, "logprobs": logprobs}
        self._emit.emit({**done, **self._place})
        part = {"type": "output_text", "text": text, "annotations": self._annotations}
        part["logprobs"] = logprobs
        self._emit.emit({"type": "response.content_part.done", "part": part, **self._place})
        return part


class _Refusal:
    def __init__(self, emitter: Emitter, place: dict[str, Any]) -> None:
        self._emit = emitter
        self._place = place
        self._pieces: list[str] = []
        self._say = emitter.deltas({"type": "response.refusal.delta", **place})
        begun = {"type": "refusal", "refusal": ""}
        emitter.emit({"type": "response.content_part.added", "part": begun, **place})

    def add(self, delta: str) -> None:
        self._pieces.append(delta)
        self._say(delta)

    def close(self) -> dict[str, Any]:
        refusal = "".join(self._pieces)
        self._emit.emit({"type": "response.refusal.done", "refusal": refusal, **self._place})
        part = {"type": "refusal", "refusal": refusal}
        self._emit.emit({"type": "response.content_part.done", "part": part, **self._place})
        return part


def url_citations(annotations: object) -> list[dict[str, Any]]:
    """What is cited, in the form of the Responses API; what is not whole is left out."""
    cited: list[dict[str, Any]] = []
    for annotation in dicts(annotations):
        match annotation:
            case {"type": "url_citation", "url_citation": {"url": str(url), **rest}}:
                start, end = rest.get("start_index"), rest.get("end_index")
                if isinstance(start, int) and isinstance(end, int):
                    place = {"start_index": start, "end_index": end}
                    title = str(rest.get("title") or "")
                    cited.append({"type": "url_citation", "url": url, "title": title, **place})
            case _:
                continue
    return cited


def token_logprobs(logprobs: object) -> list[dict[str, Any]] | None:
    """The log probabilities of a delta's tokens; None where there are none."""
    content = cast("Any", logprobs).get("content") if isinstance(logprobs, dict) else None
    if not content:
        return None
    return [
        {
            **_logprob(token),
            "top_logprobs": [_logprob(t) for t in dicts(token.get("top_logprobs"))],
        }
        for token in dicts(content)
    ]


def _logprob(token: dict[str, Any]) -> dict[str, Any]:
    # Infinity is no JSON; servers send the least number that they know instead, or null.
    probability = token.get("logprob")
    return {
        "token": str(token.get("token") or ""),
        "logprob": -9999.0 if probability is None else probability,
        "bytes": token.get("bytes") or [],
    }
