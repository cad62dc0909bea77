"""Bytes of a Responses stream to the `openai` package's typed events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, cast

from openai import BaseModel
from openai.types.responses import ResponseStreamEvent
from pydantic import ValidationError

from rxagents.exceptions import ModelResponseError, ModelStreamError
from rxagents.openai_types import event_classes, typed_event

from .sse import ServerSentEvent, SSEDecoder

TERMINAL = frozenset({"response.completed", "response.failed", "response.incomplete", "error"})
"""The types of the events that end a response's stream."""


@cache
def _classes() -> dict[bytes, type[BaseModel]]:
    """The class of each event type, by the type as it stands in the stream."""
    return {kind.encode(): event_class for kind, event_class in event_classes().items()}


class ResponsesDecoder:
    """Decodes one response's stream.

    The class is chosen by the event's type and validates the JSON bytes itself. Only what does
    not validate (an event newer or sloppier than the `openai` package's types) goes the client's
    slow and lenient way.
    """

    def __init__(self) -> None:
        self.count: int = 0
        """Events decoded so far."""
        self.ended: bool = False
        """Whether the event that ends a response has come."""
        self._sse = SSEDecoder()
        self._classes = _classes()

    def feed(self, chunk: bytes) -> Iterator[ResponseStreamEvent]:
        """Yield the events that `chunk` completes, up to the one that ends the response.

        Raises ModelStreamError at a frame that is no event, after yielding those before it.
        """
        for frame in self._sse.feed(chunk):
            if frame.data == b"[DONE]":
                self.ended = True
            if self.ended:
                return
            event = self._decode(frame)
            self.count += 1
            if event.type in TERMINAL:
                self.ended = True
            yield event

    def finish(self) -> None:
        """Raise ModelStreamError if the stream may not end here."""
        if self.ended:
            return
        pending = self._sse.pending
        cut = f", in the middle of {_excerpt(pending)}" if pending.strip() else ""
        raise ModelStreamError(
            f"the model's stream ended after {_events(self.count)} without the event that ends a "
            f"response (response.completed){cut}: the connection was cut, or this is no Responses "
            "API",
            event_index=self.count,
            received=pending,
        )

    def _decode(self, frame: ServerSentEvent) -> ResponseStreamEvent:
        event_class = self._classes.get(frame.event)
        if event_class is not None:
            try:
                return cast("ResponseStreamEvent", event_class.model_validate_json(frame.data))
            except ValidationError:
                pass  # not an error yet: the lenient way decides
        return self._decode_leniently(frame)

    def _decode_leniently(self, frame: ServerSentEvent) -> ResponseStreamEvent:
        value = self._json(frame.data)
        if not isinstance(value.get("type"), str):
            raise self._without_type(value, frame)
        return typed_event(value)

    def _json(self, data: bytes) -> dict[str, Any]:
        try:
            value = json.loads(data)
        except UnicodeDecodeError as error:
            raise self._bad(f"is not valid UTF-8 (byte {error.start})", data) from error
        except ValueError as error:
            raise self._bad(f"is not JSON ({error})", data) from error
        if not isinstance(value, dict):
            raise self._bad("is not a JSON object", data)
        return cast("dict[str, Any]", value)

    def _without_type(self, value: dict[str, Any], frame: ServerSentEvent) -> Exception:
        error = value.get("error")
        if error is None:
            return self._bad("has no type", frame.data)
        # Some servers end a stream with the body of an HTTP error.
        reason = str(cast("Any", error).get("message") if isinstance(error, dict) else error)
        return ModelResponseError(
            f"the model's side broke off its stream after {_events(self.count)}: {reason}",
            event_type="error",
            reason=reason,
        )

    def _bad(self, what: str, data: bytes) -> ModelStreamError:
        return ModelStreamError(
            f"event {self.count + 1} of the model's stream {what}: {_excerpt(data)}",
            event_index=self.count,
            received=data,
        )


def _excerpt(data: bytes, limit: int = 80) -> str:
    return repr(data) if len(data) <= limit else f"{data[:limit]!r}… ({len(data)} bytes)"


def _events(count: int) -> str:
    return "1 event" if count == 1 else f"{count} events"
