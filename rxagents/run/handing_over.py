"""The handoff of a turn: the call answered, and the conversation as the next agent is told it."""

from __future__ import annotations

from typing import Any, cast

from rxagents.agent import Agent
from rxagents.exceptions import UserError
from rxagents.handoff_history import nest_handoff_history
from rxagents.handoffs import HandoffInputData
from rxagents.items import HandoffOutputItem, ItemHelpers, ToolCallOutputItem
from rxagents.maybe_awaitable import settled

from .emitter import Emitter
from .hooking import Hooks
from .pending import Answer, PendingTurn
from .record import RunRecord
from .traced import tell_handoff
from .turn import HandoffCall

_IGNORED = "Not done: another handoff of the same response was taken, and there can be one."


class HandingOver:
    """Takes the first handoff a response asks for; the others are answered with a refusal."""

    def __init__(self, record: RunRecord, emit: Emitter, hooks: Hooks) -> None:
        self._record = record
        self._emit = emit
        self._hooks = hooks

    async def answer(self, pending: PendingTurn) -> HandoffOutputItem | None:
        """Answer the handoffs of the turn; the item of the one that is taken, if there is one."""
        calls = [call for call in pending.turn.handoff_calls if call not in pending.answers]
        if not calls:
            return None
        chosen, *others = calls
        for other in others:
            self._refuse(pending, other)
        handoff, source = chosen.handoff, pending.turn.agent
        tell_handoff(self._emit, chosen.call_id, source)
        target = await self._invoke(chosen)
        await self._hooks.handoff(source, target)
        raw = ItemHelpers.tool_call_output_item(chosen.call, handoff.get_transfer_message(target))
        item = HandoffOutputItem(source, raw, source_agent=source, target_agent=target)
        pending.answers[chosen] = Answer(item)
        self._emit.item("handoff_occured", item)
        return item

    async def _invoke(self, chosen: HandoffCall) -> Agent[Any]:
        handoff, context = chosen.handoff, self._record.context_wrapper
        target: object = await handoff.on_invoke_handoff(context, chosen.call.arguments)
        if not isinstance(target, Agent):
            raise UserError(
                f"on_invoke_handoff of {handoff.tool_name!r} must return the agent that takes over,"
                f" not {target!r}"
            )
        return cast("Agent[Any]", target)

    async def filter(self, pending: PendingTurn) -> None:
        """Let the filter of the handoff change what is told; the turn is in the conversation."""
        call = next(
            each
            for each in pending.turn.handoff_calls
            if isinstance(pending.answers[each].item, HandoffOutputItem)
        )
        handoff, record = call.handoff, self._record
        config, conversation = record.config, record.conversation
        change = handoff.input_filter or config.handoff_input_filter
        nest = handoff.nest_handoff_history
        nest = config.nest_handoff_history if nest is None else nest
        if change is None and not nest:
            return
        if record.provider_remembers:
            raise UserError(
                f"the handoff to {handoff.agent_name!r} changes the history, which the provider "
                "keeps here (conversation_id or previous_response_id): leave out the filter, or "
                "let the run tell the model everything"
            )
        count = len(pending.turn.items) + len(pending.in_order())
        data = HandoffInputData(
            input_history=conversation.base,
            pre_handoff_items=tuple(conversation.items[:-count]),
            new_items=tuple(conversation.items[-count:]),
            run_context=record.context_wrapper,
        )
        if change is None:
            data = nest_handoff_history(data, history_mapper=config.handoff_history_mapper)
        else:
            data = cast("Any", await settled(change(data)))
            if not isinstance(data, HandoffInputData):
                raise UserError(
                    f"the input filter of the handoff to {handoff.agent_name!r} must return a "
                    f"HandoffInputData, not {type(data).__name__}"
                )
        conversation.replace(data)

    def _refuse(self, pending: PendingTurn, other: HandoffCall) -> None:
        raw = ItemHelpers.tool_call_output_item(other.call, _IGNORED)
        item = ToolCallOutputItem(pending.turn.agent, raw, output=_IGNORED)
        pending.answers[other] = Answer(item)
        self._emit.item("tool_output", item)
