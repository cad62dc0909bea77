"""Bytes of a Responses stream to the `openai` package's typed events."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import cast

from openai import BaseModel
from openai.types.responses import ResponseStreamEvent
from pydantic import ValidationError

from rxagents.exceptions import ModelStreamCutError
from rxagents.openai_types import event_classes, typed_event

from .frames import bad_frame, events, excerpt, json_object, told_failure
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

    @property
    def whole(self) -> bool:
        """Whether the stream may end here."""
        return self.ended

    def finish(self) -> tuple[()]:
        """Nothing is left to tell; raise ModelStreamCutError if the stream may not end here."""
        if self.ended:
            return ()
        pending = self._sse.pending
        cut = f", in the middle of {excerpt(pending)}" if pending.strip() else ""
        raise ModelStreamCutError(
            f"the model's stream ended after {events(self.count)} without the event that ends a "
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
        value = json_object(frame.data, self.count)
        if not isinstance(value.get("type"), str):
            error = value.get("error")
            if error is None:
                raise bad_frame("has no type", frame.data, self.count)
            raise told_failure(error, self.count)
        return typed_event(value)
