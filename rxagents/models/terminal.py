"""How a response ends: completed, or with an event that says why not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from rxagents.exceptions import ModelResponseError, ModelStreamCutError

if TYPE_CHECKING:
    from openai.types.responses import Response, ResponseStreamEvent

_HINTS = {"max_output_tokens": "; allow it more with ModelSettings(max_tokens=...)"}
_FAILURES = frozenset({"response.failed", "response.incomplete", "error"})


async def completed_response(events: AsyncIterator[ResponseStreamEvent]) -> Response:
    """The response that `events` end with; they are closed then.

    Raises ModelResponseError if an event says that the response failed, or is incomplete, and
    ModelStreamCutError if they end without any that ends a response.
    """
    count = 0
    try:
        async for event in events:
            count += 1
            if event.type == "response.completed":
                return event.response
            if event.type in _FAILURES:
                raise response_failure(event)
    finally:
        await close_events(events)
    raise ModelStreamCutError(
        f"the model's stream ended after {count} events without response.completed",
        event_index=count,
    )


async def close_events(events: AsyncIterator[object]) -> None:
    """Close what a model streams. It may be any async iterator; only generators have an aclose."""
    close: Any = getattr(events, "aclose", None)
    if close is not None:
        await close()


def response_failure(event: ResponseStreamEvent) -> ModelResponseError:
    """The error for a `response.failed`, `response.incomplete` or `error` event."""
    # Read by name: a failing provider's events are the least likely to be complete.
    response: Any = getattr(event, "response", None)
    if event.type == "response.incomplete":
        reason = getattr(getattr(response, "incomplete_details", None), "reason", None)
        return ModelResponseError(
            f"the model stopped before its response was complete (response.incomplete: "
            f"{reason or 'it gives no reason'}){_HINTS.get(reason or '', '')}",
            event_type=event.type,
            reason=reason,
        )
    said: Any = getattr(response, "error", None) if response is not None else event
    code, message = getattr(said, "code", None), getattr(said, "message", None)
    return ModelResponseError(
        f"the model's side reports a failure ({event.type}"
        f"{f', {code}' if code else ''}): {message or 'it gives no reason'}",
        event_type=event.type,
        code=code,
        reason=message,
    )
