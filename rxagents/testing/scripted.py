"""A model that plays a script, for tests without a network."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast, get_args

from openai import BaseModel
from openai.types.responses import (
    ResponseFunctionToolCall,
    ResponseInputItemParam,
    ResponseOutputItem,
    ResponseOutputMessage,
    ResponseOutputText,
    ResponseStreamEvent,
)

from rxagents.exceptions import RxAgentsError
from rxagents.models.interface import Model, ModelTracing, OutputSchema

from .response_events import response_events

if TYPE_CHECKING:
    from openai.types.responses import ResponsePromptParam

    from rxagents.handoffs import Handoff
    from rxagents.model_settings import ModelSettings
    from rxagents.tools import Tool


@dataclass(frozen=True)
class Delay:
    """Seconds to wait, on the event loop's clock."""

    seconds: float


Element: TypeAlias = ResponseOutputItem | ResponseStreamEvent | Exception | Delay
"""What a turn is made of."""

Turn: TypeAlias = Sequence[Element] | Exception
"""What the model does when it is called once."""

_EVENT_CLASSES = get_args(get_args(ResponseStreamEvent)[0])


class ModelScriptError(RxAgentsError):
    """The run and the script of its model do not fit each other."""


class UnexpectedModelCall(ModelScriptError):
    """The model was called once more than its script has turns."""


class UnconsumedModelSteps(ModelScriptError):
    """The script has turns that were never asked for."""


@dataclass(frozen=True)
class ModelCall:
    """What the model was asked, once."""

    system_instructions: str | None
    input: str | list[ResponseInputItemParam]
    model_settings: ModelSettings
    tools: Sequence[Tool]
    handoffs: Sequence[Handoff[Any]]


class ScriptedModel(Model):
    """Answers each call with the next turn of its script.

    A turn is a list of output items, which it streams as a provider would, a word a delta. Among
    them, a `Delay` waits and an exception is raised when its place is reached. A turn that holds
    exact events sends just these, and nothing of its own. A turn may also be an exception.

        model = ScriptedModel([
            [function_call("weather", {"city": "Oslo"})],
            [Delay(0.5), assistant_message("Rain.")],
        ])
    """

    def __init__(self, steps: Iterable[Turn] = ()) -> None:
        self._turns = deque(steps)
        self.calls: list[ModelCall] = []
        """What it was asked, in order."""
        self.closed_early: int = 0
        """Streams that were closed before their end."""

    @property
    def remaining_steps(self) -> int:
        """Turns that nobody has asked for yet."""
        return len(self._turns)

    def enqueue(self, step: Turn) -> None:
        """Append a turn to the script."""
        self._turns.append(step)

    def assert_complete(self) -> None:
        """Raise UnconsumedModelSteps if turns are left."""
        if self._turns:
            raise UnconsumedModelSteps(
                f"{len(self._turns)} of the script's turns were never asked for, "
                f"after {len(self.calls)} calls"
            )

    async def stream_response(
        self,
        system_instructions: str | None,
        input: str | list[ResponseInputItemParam],
        model_settings: ModelSettings,
        tools: Sequence[Tool],
        output_schema: OutputSchema | None,
        handoffs: Sequence[Handoff[Any]],
        tracing: ModelTracing,
        *,
        previous_response_id: str | None = None,
        conversation_id: str | None = None,
        prompt: ResponsePromptParam | None = None,
    ) -> AsyncIterator[ResponseStreamEvent]:
        """Play the next turn; raises UnexpectedModelCall if there is none."""
        self.calls.append(
            ModelCall(system_instructions, input, model_settings, list(tools), list(handoffs))
        )
        if not self._turns:
            raise UnexpectedModelCall(
                f"call {len(self.calls)} of a model whose script has {len(self.calls) - 1} turns"
            )
        turn = self._turns.popleft()
        if isinstance(turn, Exception):
            raise turn
        whole = False
        try:
            for element in _score(turn, response_id=f"resp_{len(self.calls)}"):
                if isinstance(element, Delay):
                    await asyncio.sleep(element.seconds)
                elif isinstance(element, Exception):
                    raise element
                else:
                    yield element
            whole = True
        finally:
            self.closed_early += not whole


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
) -> ResponseFunctionToolCall:
    """A finished call of the function `name`; `arguments` as a mapping, or as JSON text.

    Give calls of the same function in one run a `call_id` each.
    """
    call_id = call_id or f"call_{name}"
    return ResponseFunctionToolCall(
        type="function_call",
        name=name,
        arguments=arguments if isinstance(arguments, str) else json.dumps(dict(arguments)),
        call_id=call_id,
        id=item_id or f"fc_{call_id}",
        status="completed",
    )


def _score(
    turn: Sequence[Element], *, response_id: str
) -> Iterable[ResponseStreamEvent | Exception | Delay]:
    """The turn as what happens, in order: output items written out as their events."""
    if any(isinstance(element, _EVENT_CLASSES) for element in turn):
        return cast("Sequence[ResponseStreamEvent | Exception | Delay]", turn)
    items = [element for element in turn if isinstance(element, BaseModel)]
    events = response_events(cast("list[ResponseOutputItem]", items), response_id=response_id)
    return _interleave(turn, events)


def _interleave(
    turn: Sequence[Element], events: list[ResponseStreamEvent]
) -> Iterable[ResponseStreamEvent | Exception | Delay]:
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
