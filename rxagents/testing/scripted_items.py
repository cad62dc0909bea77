"""What a scripted model's turn is made of, and the events that it makes."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast, get_args

from openai import BaseModel
from openai.types.responses import (
    ResponseFunctionToolCall,
    ResponseOutputItem,
    ResponseOutputMessage,
    ResponseOutputText,
    ResponseStreamEvent,
    ResponseUsage,
)

from rxagents.openai_types import typed_item
from rxagents.usage import Usage

from .response_events import response_events


@dataclass(frozen=True)
class Delay:
    """Seconds to wait, on the event loop's clock."""

    seconds: float


Element: TypeAlias = ResponseOutputItem | ResponseStreamEvent | Exception | Delay
"""What a turn is made of."""

Played: TypeAlias = ResponseStreamEvent | Exception | Delay
"""What happens when a turn is played."""

_EVENT_CLASSES = get_args(get_args(ResponseStreamEvent)[0])


def assistant_message(text: str, *, item_id: str = "scripted-message") -> ResponseOutputMessage:
    """A finished message of the model."""
    content = ResponseOutputText(type="output_text", text=text, annotations=[])
    return ResponseOutputMessage(
        id=item_id, type="message", role="assistant", status="completed", content=[content]
    )


def function_call(
    name: str,
    arguments: str | Mapping[str, Any] = "{}",
    *,
    call_id: str | None = None,
    item_id: str | None = None,
    namespace: str | None = None,
) -> ResponseFunctionToolCall:
    """A finished call of the function `name`; `arguments` as a mapping, or as JSON text.

    Give calls of the same function in one run a `call_id` each.
    """
    call_id = call_id or f"call_{name}"
    call = ResponseFunctionToolCall(
        type="function_call",
        name=name,
        arguments=arguments if isinstance(arguments, str) else json.dumps(dict(arguments)),
        call_id=call_id,
        id=item_id or f"fc_{call_id}",
        status="completed",
    )
    return call if namespace is None else call.model_copy(update={"namespace": namespace})


def score(
    turn: Sequence[Any],
    *,
    response_id: str | None,
    request_id: str | None = None,
    usage: ResponseUsage | None = None,
) -> Iterable[Played]:
    """The turn as what happens, in order: output items written out as their events."""
    if any(isinstance(element, _EVENT_CLASSES) for element in turn):
        return cast("Sequence[Played]", turn)
    whole = [_as_item(each) for each in turn]
    items = [element for element in whole if isinstance(element, BaseModel)]
    events = response_events(
        cast("list[ResponseOutputItem]", items), response_id=response_id or "", usage=usage
    )
    last: Any = events[-1]
    if response_id is None:  # which the openai package does not foresee
        last.response.id = None
    if request_id is not None:
        last.response._request_id = request_id
    return _interleave(whole, events)


def _as_item(element: Any) -> Any:
    """`element`, made an output item of if it is a dictionary."""
    if isinstance(element, Mapping):
        return typed_item(cast("Mapping[str, Any]", element))
    return element


def as_response_usage(usage: Usage) -> ResponseUsage:
    """`usage` as the provider tells it."""
    return ResponseUsage(
        input_tokens=usage.input_tokens,
        input_tokens_details=usage.input_tokens_details,
        output_tokens=usage.output_tokens,
        output_tokens_details=usage.output_tokens_details,
        total_tokens=usage.total_tokens,
    )


def _interleave(turn: Sequence[Any], events: list[ResponseStreamEvent]) -> Iterable[Played]:
    """Put delays and errors where they stand between the items; the response begins first."""
    remaining = deque(events)
    while remaining and remaining[0].type in {"response.created", "response.in_progress"}:
        yield remaining.popleft()
    for element in turn:
        if isinstance(element, (Delay, Exception)):
            yield element
            continue
        while True:
            event = remaining.popleft()
            yield event
            if event.type == "response.output_item.done":
                break
    yield from remaining
