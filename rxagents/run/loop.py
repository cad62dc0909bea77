"""The loop of a run: model turn, tools or handoff, next turn, until there is a final output."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from openai.types.responses import ResponseInputItemParam, ResponseStreamEvent

from rxagents.exceptions import AgentsException, MaxTurnsExceeded, ModelStreamError, UserError
from rxagents.items import HandoffOutputItem, ItemHelpers, ToolCallOutputItem
from rxagents.model_settings import ModelSettings
from rxagents.models.interface import Model, ModelTracing

from .emitter import Emitter, Sink
from .record import RunRecord
from .tool_calls import run_tool_calls
from .turn import FOLDED, HandoffCall, Turn


class RunLoop:
    """Drives one run: reads models, runs tools, keeps the record, and emits the events.

    The order within a turn: the model's raw events as they come, each item right behind the raw
    event that finishes it; after the response is whole, each tool's output as the tool ends;
    then the handoff. The model is given outputs in the order of its calls.
    """

    def __init__(self, record: RunRecord, sink: Sink) -> None:
        self._record = record
        self._emit = Emitter(record, sink)
        self._used_tools: set[int] = set()  # ids of agents that have used a tool

    async def run(self) -> None:
        """Run to the final output, or until `record.stop_after_turn`.

        Raises what ended it early; an AgentsException carries `run_data`.
        """
        record = self._record
        try:
            self._emit.agent(record.current_agent)
            while not await self._turn():
                if record.stop_after_turn:
                    break
        except AgentsException as error:
            error.run_data = record.details()
            raise
        finally:
            record.is_complete = True

    async def _turn(self) -> bool:
        """One turn; True when the run has its final output."""
        record = self._record
        record.current_turn += 1
        if record.max_turns is not None and record.current_turn > record.max_turns:
            raise MaxTurnsExceeded(
                f"no final output after {record.max_turns} turns: raise max_turns, or find out "
                f"why the agent {record.current_agent.name!r} keeps calling tools"
            )
        turn = await self._ask()
        assert turn.response is not None
        turn.check_calls()
        outputs = await self._answer_calls(turn)
        record.history += [*turn.response.to_input_items(), *outputs]
        if turn.is_final:
            record.final_output = turn.final_text
        return turn.is_final

    # --- the model's part -------------------------------------------------------------------

    async def _ask(self) -> Turn:
        """Call the model; emit its events and the items they finish."""
        record, emit = self._record, self._emit
        agent, context = record.current_agent, record.context_wrapper
        turn = Turn(
            agent, await agent.get_all_tools(context), await agent.get_all_handoffs(context)
        )
        _check_names(turn)
        sink = emit.sink
        count = 0
        async with self._answer_of_model(turn) as events:
            async for event in events:
                count += 1
                emit.raw(event)
                if event.type in FOLDED:
                    for name, item in turn.fold(event):
                        emit.item(name, item)
                    if turn.response is not None:
                        break
                if not sink.has_room:
                    await sink.ready()
        if turn.response is None:
            raise ModelStreamError(
                f"the model's stream ended after {count} events without response.completed",
                event_index=count,
            )
        record.raw_responses.append(turn.response)
        context.usage.add(turn.response.usage)
        return turn

    @asynccontextmanager
    async def _answer_of_model(
        self, turn: Turn
    ) -> AsyncGenerator[AsyncIterator[ResponseStreamEvent]]:
        record = self._record
        prompt = await turn.agent.get_system_prompt(record.context_wrapper)
        events = self._model().stream_response(
            prompt,
            list(record.history),
            self._settings(),
            list(turn.tools),
            None,
            list(turn.handoffs),
            ModelTracing.DISABLED,
            previous_response_id=None,
            conversation_id=None,
            prompt=None,
        )
        try:
            yield events
        finally:
            # A model may be any async iterator; only generators have an aclose.
            close: Any = getattr(events, "aclose", None)
            if close is not None:
                await close()

    def _model(self) -> Model:
        config, agent = self._record.config, self._record.current_agent
        wanted = config.model or agent.model
        if wanted is None or isinstance(wanted, str):
            return config.model_provider.get_model(wanted)
        return wanted

    def _settings(self) -> ModelSettings:
        config, agent = self._record.config, self._record.current_agent
        settings = agent.model_settings.resolve(config.model_settings)
        if agent.reset_tool_choice and id(agent) in self._used_tools:
            return replace(settings, tool_choice=None)
        return settings

    # --- our part ---------------------------------------------------------------------------

    async def _answer_calls(self, turn: Turn) -> list[ResponseInputItemParam]:
        """Run the tools and the handoff of a turn; return what the model is told of them."""
        outputs: list[ResponseInputItemParam] = []
        if turn.tool_calls:
            # Whoever leaves when it sees the call does so before the tool has begun.
            await asyncio.sleep(0)
            self._used_tools.add(id(turn.agent))
            outputs += await run_tool_calls(
                turn.tool_calls,
                turn.agent,
                self._record.context_wrapper,
                lambda item: self._emit.item("tool_output", item),
            )
        if turn.handoff_calls:
            chosen, *others = turn.handoff_calls
            outputs += [self._refuse(other, turn) for other in others]
            outputs.append(await self._hand_over(chosen, turn))
        return outputs

    def _refuse(self, other: HandoffCall, turn: Turn) -> ResponseInputItemParam:
        output = "Not done: another handoff of the same response was taken, and there can be one."
        raw = ItemHelpers.tool_call_output_item(other.call, output)
        self._emit.item("tool_output", ToolCallOutputItem(turn.agent, raw, output=output))
        return raw

    async def _hand_over(self, chosen: HandoffCall, turn: Turn) -> ResponseInputItemParam:
        handoff = chosen.handoff
        target = await handoff.on_invoke_handoff(
            self._record.context_wrapper, chosen.call.arguments
        )
        raw = ItemHelpers.tool_call_output_item(chosen.call, handoff.get_transfer_message(target))
        item = HandoffOutputItem(turn.agent, raw, source_agent=turn.agent, target_agent=target)
        self._emit.item("handoff_occured", item)
        self._emit.agent(target)
        return raw


def _check_names(turn: Turn) -> None:
    seen: set[str] = set()
    for name in [t.name for t in turn.tools] + [h.tool_name for h in turn.handoffs]:
        if name in seen:
            raise UserError(
                f"the agent {turn.agent.name!r} has two tools or handoffs called {name!r}: "
                "rename one (name_override=, tool_name_override=)"
            )
        seen.add(name)
