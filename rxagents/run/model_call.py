"""The model's part of a turn: what it is asked, and its answer folded into items."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from openai.types.responses import ResponseInputItemParam, ResponseStreamEvent

from rxagents.agent import Agent
from rxagents.agent_output import AgentOutputSchemaBase, output_schema_of
from rxagents.exceptions import ModelStreamCutError, UserError
from rxagents.guardrail import OutputGuardrail
from rxagents.items import AttemptFailedItem
from rxagents.maybe_awaitable import settled
from rxagents.model_settings import ModelSettings
from rxagents.models.interface import ModelTracing
from rxagents.models.terminal import close_events
from rxagents.models.time_limit import within_seconds
from rxagents.usage import Usage

from .attempts import Attempts
from .config import CallModelData, ModelInputData
from .emitter import Emitter
from .gate import Gate
from .hooking import Hooks
from .offered import begun_turn
from .record import RunRecord
from .traced import tell_asked
from .turn import FOLDED, ToolCall, Turn

OnCall: TypeAlias = Callable[[Turn, ToolCall], object]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Question:
    """What the model is asked, the same in every attempt."""

    agent: Agent[Any]
    instructions: str | None
    input: list[ResponseInputItemParam]
    settings: ModelSettings
    schema: AgentOutputSchemaBase | None
    prompt: Any


class ModelCall:
    """Asks the models of a run; emits their events, and the items that these finish."""

    def __init__(self, record: RunRecord, emit: Emitter, hooks: Hooks) -> None:
        self._record = record
        self._emit = emit
        self._hooks = hooks
        self.unfinished: Turn | None = None
        """What has come of the answer that is being read."""

    async def ask(self, on_call: OnCall, on_failure: Callable[[], object]) -> Turn:
        """The whole answer to what the agent is asked now.

        `on_call` is told of each call as soon as it is whole, `on_failure` that the attempt that
        made these calls has failed. Raises what the last attempt failed with.
        """
        record, agent = self._record, self._record.current_agent
        empty = await begun_turn(record, agent)
        question = await self._question(agent, empty)
        await self._hooks.llm_start(agent, question.instructions, question.input)
        attempts = Attempts(record, question.settings)
        record.attempt = 1
        while True:
            turn = self.unfinished = Turn(agent, empty.tools, empty.handoffs)
            items, gate = len(record.new_items), self._gate(agent)
            try:
                await self._attempt(attempts, turn, question, on_call, gate)
                break
            except Exception as error:
                if gate is not None:
                    if gate.failed:  # it is no failure of the model
                        raise
                    await gate.end()
                delay = await attempts.after(error, emitted=bool(turn.begun))
                if delay is None:
                    raise
                on_failure()
                del record.new_items[items:]
                self._supersede(turn, error)
                await asyncio.sleep(delay)
                record.attempt += 1
        assert turn.response is not None
        record.raw_responses.append(turn.response)
        record.context_wrapper.usage.add(turn.response.usage)
        if record.provider_remembers and record.options.conversation_id is None:
            record.previous_response_id = turn.response.response_id
        if turn.used:
            record.used_tools.setdefault(agent.name, []).extend(turn.used)
        await self._hooks.llm_end(agent, turn.response)
        self.unfinished = None
        return turn

    # --- what it is asked -------------------------------------------------------------------

    async def _question(self, agent: Agent[Any], turn: Turn) -> _Question:
        record = self._record
        conversation = record.conversation
        given = list(conversation.unsent if record.provider_remembers else conversation.told)
        context = record.context_wrapper
        context.turn_input = given
        data = ModelInputData(given, await agent.get_system_prompt(context))
        if (change := record.config.call_model_input_filter) is not None:
            data = await settled(change(CallModelData(data, agent, context.context)))
            if not isinstance(data, ModelInputData):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise UserError(
                    f"call_model_input_filter must return a ModelInputData, not {data!r}"
                )
        return _Question(
            agent,
            data.instructions,
            list(data.input),
            self._settings(agent),
            output_schema_of(agent.output_type),
            await agent.get_prompt(context),
        )

    def _settings(self, agent: Agent[Any]) -> ModelSettings:
        record = self._record
        settings = agent.model_settings.resolve(record.config.model_settings)
        if agent.reset_tool_choice and agent.name in record.used_tools:
            return replace(settings, tool_choice=None)
        return settings

    # --- its answer -------------------------------------------------------------------------

    async def _attempt(
        self,
        attempts: Attempts,
        turn: Turn,
        question: _Question,
        on_call: OnCall,
        gate: Gate | None,
    ) -> None:
        emit, sink = self._emit, self._emit.sink
        count = 0
        tell_asked(emit, self._record, attempts, question.input, turn)
        async with self._answer(attempts, turn, question) as events:
            async for event in events:
                count += 1
                if gate is None:
                    emit.raw(event)
                else:
                    await gate.admit(event, lambda event=event: emit.raw(event))  # type: ignore[misc]
                if event.type in FOLDED:
                    await self._fold(turn, event, gate, on_call)
                    if turn.response is not None:
                        return
                if not sink.has_room:
                    await sink.ready()
        raise ModelStreamCutError(
            f"the model's stream ended after {count} events without response.completed",
            event_index=count,
        )

    async def _fold(
        self,
        turn: Turn,
        event: ResponseStreamEvent,
        gate: Gate | None,
        on_call: OnCall,
    ) -> None:
        emit, calls = self._emit, len(turn.calls)
        for name, item in turn.fold(event):
            if gate is None:
                emit.item(name, item)
            else:
                await gate.hold(lambda name=name, item=item: emit.item(name, item))  # type: ignore[misc]
        for call in turn.calls[calls:]:
            self._record.context_wrapper.approvals.forget(call.call_id)
            if isinstance(call, ToolCall):
                on_call(turn, call)

    @asynccontextmanager
    async def _answer(
        self, attempts: Attempts, turn: Turn, question: _Question
    ) -> AsyncGenerator[AsyncIterator[ResponseStreamEvent]]:
        record = self._record
        events = attempts.model.stream_response(
            question.instructions,
            list(question.input),
            attempts.settings,
            list(turn.tools),
            question.schema,
            list(turn.handoffs),
            ModelTracing.DISABLED,
            previous_response_id=record.previous_response_id,
            conversation_id=record.options.conversation_id,
            prompt=question.prompt,
        )
        if question.settings.timeout is not None:
            events = within_seconds(events, question.settings.timeout)
        try:
            yield events
        finally:
            await close_events(events)

    def _gate(self, agent: Agent[Any]) -> Gate | None:
        guardrails = output_guardrails(self._record, agent)
        watching = [each for each in guardrails if each.streaming]
        return Gate(self._record, watching, self._emit.sink) if watching else None

    def _supersede(self, turn: Turn, error: Exception) -> None:
        record = self._record
        raw = {
            "type": "attempt_failed",
            "attempt": record.attempt,
            "error": f"{type(error).__name__}: {error}",
            "superseded": list(turn.begun),
        }
        record.context_wrapper.usage.add(Usage.of_failure())
        _logger.info("attempt %d at a call of the model failed: %s", record.attempt, error)
        self._emit.item("attempt_failed", AttemptFailedItem(turn.agent, raw, error=error))


def output_guardrails(record: RunRecord, agent: Agent[Any]) -> list[OutputGuardrail[Any]]:
    """What checks the output of `agent` in this run."""
    return [*agent.output_guardrails, *(record.config.output_guardrails or [])]
