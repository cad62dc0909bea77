"""The JSON in a stream's frames, or the error that says what stands there instead."""

from __future__ import annotations

import json
from typing import Any, cast

from rxagents.exceptions import ModelResponseError, ModelStreamError


def json_object(data: bytes, count: int) -> dict[str, Any]:
    """The JSON object in the frame after the first `count` events.

    Raises ModelStreamError where there is none.
    """
    try:
        value = json.loads(data)
    except UnicodeDecodeError as error:
        raise bad_frame(f"is not valid UTF-8 (byte {error.start})", data, count) from error
    except (ValueError, RecursionError) as error:
        raise bad_frame(f"is not JSON ({error})", data, count) from error
    if not isinstance(value, dict):
        raise bad_frame("is not a JSON object", data, count)
    return cast("dict[str, Any]", value)


def bad_frame(what: str, data: bytes, count: int) -> ModelStreamError:
    """The error of a frame that is no event."""
    return ModelStreamError(
        f"event {count + 1} of the model's stream {what}: {excerpt(data)}",
        event_index=count,
        received=data,
    )


def told_failure(error: Any, count: int) -> ModelResponseError:
    """The error for the body of an HTTP error, with which some servers end a stream."""
    code: Any = None
    reason = error
    if isinstance(error, dict):
        said = cast("dict[str, Any]", error)
        code = said.get("code")
        reason = said.get("message") or said.get("detail") or said
    return ModelResponseError(
        f"the model's side broke off its stream after {events(count)}: {reason}",
        event_type="error",
        code=None if code is None else str(code),
        reason=str(reason),
    )


def dicts(values: object) -> list[dict[str, Any]]:
    """The dictionaries in what should be a list of them."""
    if not isinstance(values, list | tuple):
        return []
    return [value for value in cast("list[Any]", values) if isinstance(value, dict)]


def excerpt(data: bytes, limit: int = 80) -> str:
    """`data` as it may stand in a message: not all of it, if it is long."""
    return repr(data) if len(data) <= limit else f"{data[:limit]!r}… ({len(data)} bytes)"


def events(count: int) -> str:
    """A number of events, in words."""
    return "1 event" if count == 1 else f"{count} events"
