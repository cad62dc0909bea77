"""A model that plays a script, for tests without a network."""

from __future__ import annotations

import asyncio
import copy
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import aclosing, contextmanager, nullcontext
from importlib import import_module
from typing import TYPE_CHECKING, Any

from openai.types.responses import (
    ResponseInputItemParam,
    ResponsePromptParam,
    ResponseStreamEvent,
)

from rxagents.items import ModelResponse
from rxagents.maybe_awaitable import settled
from rxagents.models.interface import Model, ModelTracing, OutputSchema
from rxagents.models.terminal import close_events
from rxagents.usage import Usage

from .scripted_items import Delay, Played, as_response_usage, score
from .scripted_steps import (
    UNTOLD,
    ModelCall,
    ModelStep,
    UnconsumedModelSteps,
    UnexpectedModelCall,
    as_step,
)
from .scripted_steps import Turn as Turn

if TYPE_CHECKING:
    from collections.abc import Generator

    from rxagents.handoffs import Handoff
    from rxagents.model_settings import ModelSettings
    from rxagents.retry import ModelRetryAdvice, ModelRetryAdviceRequest
    from rxagents.tools import Tool


class ScriptedModel(Model):
    """Answers each call with the next turn of its script.

    A turn is a list of output items, whose events are written out as a provider would stream them.
    Delays and exceptions may stand between the items, or between exact events: a turn that holds
    exact events sends just these, and nothing of its own. A turn may also be an exception, a
    ModelResponse, or a ModelStep (or a dictionary of its fields), which can do more.

        model = ScriptedModel([
            [function_call("weather", {"city": "Oslo"})],
            [Delay(0.5), assistant_message("Rain.")],
            ModelStep.respond(lambda call: [assistant_message(f"{len(call.input)} items")]),
        ])

    `default_usage` is what a turn costs that does not say; without it each delta of a list counts
    as an output token, and a ModelStep costs none. With `emit_traces` each call is a generation
    span.

    Raises InvalidModelStep now for a turn that cannot be played.
    """

    def __init__(
        self,
        steps: Iterable[Turn] = (),
        *,
        emit_traces: bool = False,
        default_usage: Usage | None = None,
    ) -> None:
        self._steps = deque[ModelStep]()
        self._emit_traces = emit_traces
        self._default_usage = copy.deepcopy(default_usage)
        self._advised: tuple[Exception, ModelRetryAdvice | None] | None = None
        self._streamed = True  # whether the next call asks for a stream
        self.calls: list[ModelCall] = []
        """What it was asked, in order."""
        self.model: str = "scripted"
        """The name under which its events and its spans know it."""
        self.closed_early: int = 0
        """Streams that were closed before their end."""
        self.extend(steps)

    @property
    def remaining_steps(self) -> int:
        """Turns that nobody has asked for yet."""
        return len(self._steps)

    @property
    def first_call(self) -> ModelCall | None:
        """What it was asked first, if anything."""
        return self.calls[0] if self.calls else None

    @property
    def last_call(self) -> ModelCall | None:
        """What it was asked last, if anything."""
        return self.calls[-1] if self.calls else None

    def enqueue(self, step: Turn) -> None:
        """Append a turn to the script."""
        self._steps.append(as_step(step, 0))

    def extend(self, steps: Iterable[Turn]) -> None:
        """Append turns to the script: all of them, or none if one cannot be played."""
        self._steps += [as_step(step, index) for index, step in enumerate(steps)]

    def set_default_usage(self, usage: Usage | None) -> None:
        """Have turns that do not say what they cost, cost this."""
        self._default_usage = copy.deepcopy(usage)

    def assert_complete(self) -> None:
        """Raise UnconsumedModelSteps if turns are left."""
        if self._steps:
            raise UnconsumedModelSteps(
                f"{len(self._steps)} of the script's turns were never asked for, "
                f"after {len(self.calls)} calls",
                remaining_steps=len(self._steps),
            )

    def get_retry_advice(self, request: ModelRetryAdviceRequest) -> ModelRetryAdvice | None:
        """The advice of the step that raised the error, if it has any."""
        if self._advised is None or self._advised[0] is not request.error:
            return None
        return copy.deepcopy(self._advised[1])

    def stream_response(
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
        """Play the next turn; reading raises UnexpectedModelCall if there is none."""
        call = ModelCall(
            system_instructions,
            copy.deepcopy(input),
            model_settings,
            list(tools),
            output_schema,
            list(handoffs),
            tracing,
            previous_response_id,
            conversation_id,
            copy.deepcopy(prompt),
            self._streamed,
        )
        self._streamed = True
        self.calls.append(call)
        return self._play(call)

    async def get_response(
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
    ) -> ModelResponse:
        """The response at the end of the next turn; raises UnexpectedModelCall if there is none."""
        self._streamed = False  # for the call that follows at once
        return await super().get_response(
            system_instructions,
            input,
            model_settings,
            tools,
            output_schema,
            handoffs,
            tracing,
            previous_response_id=previous_response_id,
            conversation_id=conversation_id,
            prompt=prompt,
        )

    async def _play(self, call: ModelCall) -> AsyncGenerator[ResponseStreamEvent]:
        number = len(self.calls)
        with _traced(call) if self._emit_traces else nullcontext():
            step = await self._next(call, number)
            if step.error is not None:
                self._advised = step.error, step.retry_advice
                raise step.error
            whole = False
            try:
                async with aclosing(self._perform(step, call, number)) as played:
                    async for event in played:
                        yield event
                whole = True
            finally:
                self.closed_early += not whole

    async def _next(self, call: ModelCall, number: int) -> ModelStep:
        """The step to perform, after asking those who only choose one."""
        if not self._steps:
            raise UnexpectedModelCall(
                f"call {number} of a model whose script has {number - 1} turns",
                call=call,
                call_index=number - 1,
            )
        step = self._steps.popleft()
        while step.responder is not None:
            step = as_step(await settled(step.responder(call)), 0)
        return step

    async def _perform(
        self, step: ModelStep, call: ModelCall, number: int
    ) -> AsyncGenerator[ResponseStreamEvent]:
        if callable(step.stream_events):
            events = step.stream_events(call)
            try:
                async for event in events:
                    yield event
            finally:
                await close_events(events)
            return
        exact = step.stream_events
        for element in self._written_out(step, number) if exact is None else exact:
            if isinstance(element, Delay):
                await asyncio.sleep(element.seconds)
            elif isinstance(element, Exception):
                raise element
            else:
                yield element

    def _written_out(self, step: ModelStep, number: int) -> Iterable[Played]:
        untold = step.usage is UNTOLD
        usage = self._default_usage if step.usage == Usage() else step.usage
        if usage is None and not untold:
            usage = Usage()
        response_id = f"resp_{number}" if untold else step.response_id
        return score(
            step.output,
            response_id=response_id,
            request_id=step.request_id,
            usage=None if usage is None else as_response_usage(usage),
        )


@contextmanager
def _traced(call: ModelCall) -> Generator[None]:
    """A generation span around what happens here."""
    tracing = import_module("rxagents.tracing")  # late: few tests are about spans
    span: Any = tracing.generation_span()
    span.start()
    try:
        yield
    except Exception as error:
        said = str(error) if call.tracing.include_data() else "not traced"
        data = {"name": type(error).__name__, "message": said}
        span.set_error(tracing.SpanError(message="Error", data=data))
        raise
    finally:
        span.finish()
