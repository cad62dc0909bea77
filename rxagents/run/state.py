"""The state of a run that has stopped, to be kept, decided upon and gone on with."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Generic, cast

from openai.types.responses import ResponseInputItemParam
from typing_extensions import TypeVar

from rxagents.agent import Agent
from rxagents.context import RunContextWrapper
from rxagents.exceptions import UserError
from rxagents.items import ItemHelpers, ToolApprovalItem

from .inbox import checked_input
from .record import RunOptions, RunRecord

TContext = TypeVar("TContext", default=Any)
TAgent = TypeVar("TAgent", default=Any)


class RunState(Generic[TContext, TAgent]):
    """Where a run has stopped, and everything it needs to go on.

    Got from `result.to_state()`. Approve or reject what `get_interruptions()` lists, then pass it
    to a Runner in place of the input: `Runner.run_streamed(agent, state)`. `to_string()` and
    `from_string()` carry it to another process. A state can be gone on from more than once.
    """

    def __init__(self, record: RunRecord) -> None:
        self._record = record
        self._pending_input: list[ResponseInputItemParam] = []
        for sent in record.inbox:
            self.add_input(sent)

    @property
    def record(self) -> RunRecord:
        """What the run knew of itself when it stopped."""
        return self._record

    @property
    def current_agent(self) -> Agent[Any]:
        """The agent whose turn it is."""
        return self._record.current_agent

    @property
    def current_turn(self) -> int:
        """Model calls begun so far."""
        return self._record.current_turn

    @property
    def pending_input(self) -> list[ResponseInputItemParam]:
        """What was sent to the run and not admitted, and what `add_input` has added."""
        return list(self._pending_input)

    def add_input(self, input: str | list[ResponseInputItemParam]) -> None:
        """Tell the run something more before its next model call.

        Raises UserError for what is no input.
        """
        self._pending_input += ItemHelpers.input_to_new_input_list(checked_input(input))

    def clear_pending_input(self) -> None:
        """Drop the pending input."""
        self._pending_input = []

    def get_interruptions(self) -> list[ToolApprovalItem]:
        """The calls that wait for an approval, also those of runs inside this one."""
        return list(self._record.interruptions)

    def approve(self, approval_item: ToolApprovalItem, always_approve: bool = False) -> None:
        """Let the call be carried out, and with `always_approve` every later one of its tool."""
        self._known(approval_item)
        self._record.context_wrapper.approve_tool(approval_item, always_approve)

    def reject(
        self,
        approval_item: ToolApprovalItem,
        always_reject: bool = False,
        *,
        rejection_message: str | None = None,
    ) -> None:
        """Refuse the call; the model is told `rejection_message`, or that it was not approved."""
        self._known(approval_item)
        self._record.context_wrapper.reject_tool(approval_item, always_reject, rejection_message)

    # --- to another process and back --------------------------------------------------------------

    def to_json(
        self,
        *,
        context_serializer: Callable[[Any], Mapping[str, Any]] | None = None,
        strict_context: bool = False,
    ) -> dict[str, Any]:
        """The state in JSON types.

        The context is written if it is a mapping, a dataclass or a pydantic model whose values
        have a form in JSON, or by `context_serializer`. Anything else is left out, and has to be
        given to `from_json` again; with `strict_context` it raises UserError.
        """
        from .state_writing import write

        return write(self, context_serializer, strict=strict_context)

    def to_string(
        self,
        *,
        context_serializer: Callable[[Any], Mapping[str, Any]] | None = None,
        strict_context: bool = False,
    ) -> str:
        """The same as a text."""
        return json.dumps(
            self.to_json(context_serializer=context_serializer, strict_context=strict_context)
        )

    @classmethod
    async def from_json(
        cls,
        initial_agent: Agent[Any],
        state_json: dict[str, Any],
        *,
        context_override: Any = None,
        context_deserializer: Callable[[Mapping[str, Any]], Any] | None = None,
        strict_context: bool = False,
    ) -> RunState[Any, Agent[Any]]:
        """The state that `to_json` has written.

        Agents are found by their names among `initial_agent` and those it can reach by handoffs.
        The context is `context_override` (an object, or a RunContextWrapper), or what
        `context_deserializer` makes of what was written, or what was written.

        Raises UserError for what is no state, for one of a newer version, for an agent that is not
        there, and with `strict_context` for a context that was left out and is not given.
        """
        from .state_reading import read

        return await read(
            initial_agent, state_json, context_override, context_deserializer, strict=strict_context
        )

    @classmethod
    async def from_string(
        cls,
        initial_agent: Agent[Any],
        state_string: str,
        *,
        context_override: Any = None,
        context_deserializer: Callable[[Mapping[str, Any]], Any] | None = None,
        strict_context: bool = False,
    ) -> RunState[Any, Agent[Any]]:
        """The state that `to_string` has written; see `from_json`."""
        try:
            data = json.loads(state_string)
        except ValueError as error:
            raise UserError(f"this is no run state: it is not JSON ({error})") from None
        return await cls.from_json(
            initial_agent,
            cast("dict[str, Any]", data),
            context_override=context_override,
            context_deserializer=context_deserializer,
            strict_context=strict_context,
        )

    # --- for the Runner ---------------------------------------------------------------------------

    def resumed(self, options: RunOptions, context: object = None) -> RunRecord:
        """A record that goes on from here; the state stays as it is."""
        old = self._record
        record = replace(
            old,
            options=options,
            context_wrapper=_fork(old.context_wrapper, context),
            new_items=list(old.new_items),
            raw_responses=list(old.raw_responses),
            guardrails=replace(
                old.guardrails,
                **{name: list(getattr(old.guardrails, name)) for name in vars(old.guardrails)},
            ),
            unsaved=list(old.unsaved),
            used_tools={name: list(used) for name, used in old.used_tools.items()},
            pending=None if old.pending is None else old.pending.copy(),
            interruptions=[],
            inbox=deque([self._pending_input] if self._pending_input else []),
            started_at=max(time.time(), old.ended_at),
            final_output=None,
            is_complete=False,
            stop_after_turn=False,
            wants_more_turns=False,
        )
        omit = options.config.reasoning_item_id_policy == "omit"
        record.conversation = old.conversation.copy(omit_reasoning_ids=omit)
        return record

    def _known(self, item: ToolApprovalItem) -> None:
        ids = [each.call_id for each in self._record.interruptions]
        if item.call_id not in ids:
            raise UserError(
                f"the call {item.call_id!r} of {item.name!r} does not wait for an approval in this "
                f"state (those that do: {', '.join(map(repr, ids)) or 'none'})"
            )


def _fork(wrapper: RunContextWrapper[Any], context: object) -> RunContextWrapper[Any]:
    """The context with usage and decisions of its own, as the state can be gone on from again."""
    return replace(
        wrapper,
        context=wrapper.context if context is None else context,
        usage=wrapper.usage.copy(),
        approvals=wrapper.approvals.copy(),
    )
