"""Chunks of a chat completion to the events of a Responses stream."""

from __future__ import annotations

import time
from typing import Any, Literal
from uuid import uuid4

from openai.types.responses import Response, ResponseStreamEvent
from pydantic import ValidationError

from rxagents.exceptions import ModelBehaviorError

from .chat_calls import Calls
from .chat_emitter import Emitter
from .chat_parts import Message, Status, token_logprobs, url_citations
from .chat_reasoning import Reasoning, reasoning_details, thought
from .chat_usage import response_usage
from .frames import dicts

_UNIQUE = 20  # characters of an id that is no other response's; Ollama's are one of 999

_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


class ResponseWriter:
    """Writes one response. Each item is told to be over as soon as that is known.

    Reasoning is over when an answer begins, a message when a call does, a call when another
    begins and its arguments are whole; what is open then, when the model says why it stopped.
    """

    def __init__(self, model: str, echo: dict[str, Any], *, hold_calls: bool) -> None:
        """`echo`: fields of the response that the request determines."""
        self.finish_reason: str | None = None
        """Why the model stopped, once it has said so."""
        self._model = model
        self._echo = echo
        self._hold_calls = hold_calls
        self._emit = Emitter()
        self._response: dict[str, Any] = {}
        self._usage: dict[str, Any] | None = None
        self._items = 0
        self._message: Message | None = None
        self._reasoning: Reasoning | None = None
        self._calls: Calls | None = None
        self._annotations: list[dict[str, Any]] = []  # that came before the text they are about

    @property
    def count(self) -> int:
        """Events so far."""
        return self._emit.count

    @property
    def has_begun(self) -> bool:
        """Whether there has been a chunk of the answer."""
        return bool(self._response)

    def take(self) -> list[ResponseStreamEvent]:
        """The events since the last time."""
        return self._emit.take()

    def usage(self, usage: dict[str, Any]) -> None:
        """Take the usage so far; the last one counts."""
        self._usage = usage

    def choice(self, chunk: dict[str, Any], choice: dict[str, Any]) -> None:
        """Take what `chunk` has of the answer: its first choice."""
        if not self._response:
            self._begin(chunk)
        delta = choice.get("delta") or choice.get("message")
        if delta:
            self._delta(delta, choice)
        finish_reason = choice.get("finish_reason")
        if finish_reason and self.finish_reason is None:
            self.finish_reason = str(finish_reason)
            self._close("incomplete" if finish_reason in _INCOMPLETE else "completed")
        if usage := choice.get("usage"):  # Moonshot has it here
            self._usage = usage

    def end(self) -> None:
        """Tell that the response is over."""
        self._close("completed")
        reason = _INCOMPLETE.get(self.finish_reason or "")
        status: Literal["completed", "incomplete"] = "incomplete" if reason else "completed"
        fields = {
            "status": status,
            "incomplete_details": {"reason": reason} if reason else None,
            "output": self._emit.output,
            "usage": response_usage(self._usage),
        }
        response = _response({**self._response, **fields})
        self._emit.emit({"type": f"response.{status}", "response": response})

    def _begin(self, chunk: dict[str, Any]) -> None:
        chunk_id = str(chunk.get("id") or "chatcmpl")
        if len(chunk_id) < _UNIQUE:
            chunk_id = f"{chunk_id}-{uuid4().hex[:16]}"
        self._response = {
            "id": chunk_id,
            "object": "response",
            "created_at": chunk.get("created") or time.time(),
            "model": chunk.get("model") or self._model,
            "status": "in_progress",
            "output": [],
            "tools": [],
            "tool_choice": "auto",
            "parallel_tool_calls": True,
            **self._echo,
        }
        response = _response(self._response)
        for kind in ("response.created", "response.in_progress"):
            self._emit.emit({"type": kind, "response": response})

    def _delta(self, delta: dict[str, Any], choice: dict[str, Any]) -> None:
        content = delta.get("content")
        if content and len(delta) == 1:  # a piece of text, as nearly all are
            self._text(content, choice)
            return
        self._thinking(delta)
        if content:
            self._text(content, choice)
        if refusal := delta.get("refusal"):
            self._answer().refuse(str(refusal))
        if annotations := delta.get("annotations"):
            self._cite(url_citations(annotations))
        if calls := _calls(delta):
            self._call(calls)
        if delta.get("audio"):
            raise ModelBehaviorError(
                "the model answered with audio, which a run cannot take: ask for text "
                "(modalities=['text'])"
            )

    def _text(self, content: object, choice: dict[str, Any]) -> None:
        text = content if isinstance(content, str) else _joined(content)
        if not text:
            return
        if self._message is None or self._reasoning is not None:
            self._answer()
        assert self._message is not None
        logprobs = choice.get("logprobs")
        self._message.text(text, token_logprobs(logprobs) if logprobs else None)
        if self._annotations:
            self._cite([])

    def _cite(self, annotations: list[dict[str, Any]]) -> None:
        self._annotations += annotations
        if self._message is not None:
            for annotation in self._annotations:
                self._message.cite(annotation)
            self._annotations = []

    def _thinking(self, delta: dict[str, Any]) -> None:
        found = thought(delta)
        if found is not None:
            text, kind = found
            if self._reasoning is not None and self._reasoning.kind not in (None, kind):
                self._end_reasoning("completed")
            self._open_reasoning().think(text, kind)
        if "reasoning_details" in delta and (details := reasoning_details(delta)):
            self._open_reasoning().detail(details)

    def _call(self, calls: list[dict[str, Any]]) -> None:
        if self._reasoning is not None or self._message is not None:
            self._end_reasoning("completed")
            self._end_message("completed")
        if self._calls is None:
            self._calls = Calls(
                self._emit, self._response["id"], self._mark(), held=self._hold_calls
            )
        for call in calls:
            self._calls.add(call)

    def _answer(self) -> Message:
        """The message that is open, or a new one."""
        self._end_reasoning("completed")
        if self._message is None:
            self._message = Message(self._emit, self._id("msg"), self._mark())
        return self._message

    def _open_reasoning(self) -> Reasoning:
        if self._reasoning is None:
            self._reasoning = Reasoning(self._emit, self._id("rs"), self._mark())
        return self._reasoning

    def _end_reasoning(self, status: Status) -> None:
        if self._reasoning is not None:
            self._reasoning.close(status)
            self._reasoning = None

    def _end_message(self, status: Status) -> None:
        if self._message is not None:
            self._message.close(status)
            self._message = None

    def _close(self, status: Status) -> None:
        self._end_reasoning(status)
        self._end_message(status)
        if self._calls is not None:
            self._calls.close(status)

    def _id(self, prefix: str) -> str:
        self._items += 1
        return f"{prefix}_{self._response['id']}_{self._items - 1}"

    def _mark(self) -> dict[str, Any]:
        """What an item is marked with, so that only its own provider gets it back as it was."""
        return {"model": self._model, "response_id": self._response["id"]}


def _response(fields: dict[str, Any]) -> Response:
    try:
        return Response.model_validate(fields)
    except ValidationError:  # a field of the server's is not as it should be
        return Response.construct(**fields)


def _calls(delta: dict[str, Any]) -> list[dict[str, Any]]:
    calls = delta.get("tool_calls")
    if not calls and (function := delta.get("function_call")):  # as it was called before
        calls = [{"index": 0, "function": function}]
    return dicts(calls)


def _joined(parts: object) -> str:
    """The text of content in parts, as Mistral sends it; its thoughts, parts too, are left out."""
    texts = [part.get("text") for part in dicts(parts)]
    return "".join(text for text in texts if isinstance(text, str))
