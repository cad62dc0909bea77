"""The loop of a run: model turn, tools or handoff, next turn, until there is a final output."""

from __future__ import annotations

import asyncio
from typing import Any

from rxagents.exceptions import AgentsException
from rxagents.items import (
    InputItem,
    ItemHelpers,
    MessageOutputItem,
    RunItem,
    ToolCallItem,
    ToolCallOutputItem,
)
from rxagents.local_tools.computer_tool import dispose_resolved_computers
from rxagents.memory.turns import RunMemory

from .emitter import Emitter, Sink
from .finishing import Finishing
from .guarding import InputGuards
from .handing_over import HandingOver
from .hooking import Hooks
from .invocation import Invocation
from .model_call import ModelCall
from .nesting import forwarded
from .pending import Answer, PendingTurn
from .record import RunRecord
from .tool_calls import TurnTools
from .traced import traced
from .turn import UnknownCall


class RunLoop:
    """Drives one run: reads models, runs tools, keeps the record, and emits the events.

    The order within a turn: the model's raw events as they come, each item right behind the raw
    event that finishes it; after the response is whole, each tool's output as the tool ends;
    then the handoff. The model is given outputs in the order of its calls.
    """

    def __init__(self, record: RunRecord, sink: Sink) -> None:
        config = record.config
        self._record = record
        self._emit = emit = Emitter(record, forwarded(sink, record))
        self._hooks = hooks = Hooks(record)
        self._model = ModelCall(record, emit, hooks)
        self._handing_over = HandingOver(record, emit, hooks)
        self._guards = InputGuards(record, emit)
        self._tools = TurnTools(record, emit, hooks)
        self._memory = memory = RunMemory(
            record.options.session,
            callback=config.session_input_callback,
            settings=config.session_settings,
            policy=config.reasoning_item_id_policy,
            wrapper=record.context_wrapper,
            unsaved=record.unsaved,
        )
        self._finishing = Finishing(record, emit, hooks, memory)

    async def run(self) -> None:
        """Run to the final output, to an interruption, or until `record.stop_after_turn`.

        Raises what ended it early; an AgentsException carries `run_data`.
        """
        record = self._record
        with traced(record, self._emit):
            await self._run()

    async def _run(self) -> None:
        record = self._record
        try:
            async with self._guards:
                try:
                    await self._drive()
                finally:
                    await self._tools.aclose()
                    await dispose_resolved_computers(run_context=record.context_wrapper)
        except AgentsException as error:
            error.run_data = record.details()
            raise
        except asyncio.CancelledError:
            self._leave_balanced()
            raise
        finally:
            record.ended_at = self._emit.now
            record.is_complete = True

    async def _drive(self) -> None:
        record = self._record
        self._emit.agent(record.current_agent)
        record.interruptions = []
        if not record.current_turn:  # else a state is resumed, and this has been done
            await self._begin()
        if not record.is_admitted:
            await self._guards.begin()
        ended = record.pending is not None and await self._answer_calls(record.pending)
        while not ended and not (record.stop_after_turn and record.current_turn):
            ended = await self._turn()

    async def _begin(self) -> None:
        record = self._record
        if record.options.session is not None:
            record.conversation.restart(await self._memory.begin(record.input))
        await self._hooks.agent_start(record.current_agent)

    async def _turn(self) -> bool:
        """One turn; True when the run has ended."""
        record, finishing = self._record, self._finishing
        self._admit()
        if record.options.max_turns is not None and record.current_turn >= record.options.max_turns:
            record.wants_more_turns = True
            output = await finishing.too_many_turns()
            record.wants_more_turns = False
            return await self._finish(output)
        record.current_turn += 1
        self._tools = tools = TurnTools(record, self._emit, self._hooks)
        early = record.config.tool_start == "on_call"
        turn = await self._model.ask(
            lambda turn, call: tools.start(turn, call) if early else None, tools.forget
        )
        record.pending = PendingTurn(turn)
        return await self._answer_calls(record.pending)

    def _admit(self) -> None:
        """Take in what was sent to the run since the last model call."""
        record = self._record
        while record.inbox:
            for raw in ItemHelpers.input_to_new_input_list(record.inbox.popleft()):
                item = InputItem(record.current_agent, raw)
                record.conversation.add_input([item])
                self._memory.keep_input([item.to_input_item()])
                self._emit.item("input_admitted", item)

    # --- our part of a turn ---------------------------------------------------------------------

    async def _answer_calls(self, pending: PendingTurn) -> bool:
        """Run the tools and the handoff of a turn; True when the run has ended."""
        record = self._record
        await self._answer_unknown(pending)
        undecided = await self._tools.finish(pending)
        await self._guards.verdict()
        if undecided:
            record.interruptions = undecided
            await self._memory.save()
            return True
        handed_over = await self._handing_over.answer(pending)
        self._close(pending, pending.turn.items)
        if handed_over is not None:
            await self._memory.save()
            await self._handing_over.filter(pending)
            self._emit.agent(handed_over.target_agent)
            await self._hooks.agent_start(handed_over.target_agent)
            return False
        decided = await self._finishing.after_tools(pending)
        if not decided.is_final_output and not record.inbox:
            decided = await self._finishing.after_message(pending.turn)
        if decided.is_final_output:
            return await self._finish(decided.final_output)
        await self._memory.save()
        return False

    async def _answer_unknown(self, pending: PendingTurn) -> None:
        """Answer the calls of what the agent does not have, or raise ToolNotFoundError."""
        turn, record = pending.turn, self._record
        for call in turn.unknown_calls:
            error = turn.not_found(call)
            if call in pending.answers:
                continue
            if record.config.tool_not_found_behavior == "raise_error":
                raise error
            invocation = Invocation(record, self._emit, self._hooks)
            text = await invocation.told("tool_not_found", call, f"{error}.")
            if not self._was_told(call):
                self._emit.item("tool_called", ToolCallItem(turn.agent, call.call))
            raw = ItemHelpers.tool_call_output_item(call.call, text)
            item = ToolCallOutputItem(turn.agent, raw, output=text, error=error)
            pending.answers[call] = Answer(item)
            self._emit.item("tool_output", item)

    def _was_told(self, call: UnknownCall) -> bool:
        """Whether the agent had the tool when it was called; then its state has gone elsewhere."""
        items = self._record.new_items
        return any(isinstance(i, ToolCallItem) and i.call_id == call.call_id for i in items)

    def _close(self, pending: PendingTurn, said: list[RunItem]) -> None:
        """Make the turn a part of the conversation, now that every call is answered."""
        record, answers = self._record, pending.in_order()
        record.conversation.add_turn(said, answers)
        record.pending = None
        self._memory.keep(item.to_input_item() for item in [*said, *answers])

    async def _finish(self, output: Any) -> bool:
        record = self._record
        await self._finishing.finish(record.current_agent, output)
        await self._memory.save()  # a turn whose output may not pass is not remembered
        record.final_output = output
        return True

    def _leave_balanced(self) -> None:
        """After a cancellation: keep what was finished, and answer the calls that were not."""
        record, conversation = self._record, self._record.conversation
        if (pending := record.pending) is not None:
            self._close(pending, self._tools.cancelled(pending))
        elif (turn := self._model.unfinished) is not None:
            # Reasoning and calls are nothing without what was to follow them.
            said = [item for item in turn.items if isinstance(item, MessageOutputItem)]
            conversation.add_input(said)
            self._memory.keep(item.to_input_item() for item in said)
