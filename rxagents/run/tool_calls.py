"""The calls of a turn, carried out at once: approvals, guardrails, hooks, and the tools."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from rxagents.agent import FunctionToolResult
from rxagents.approvals import Decision
from rxagents.cancellation import Cancellation, wait_for_threads
from rxagents.context import ToolContext
from rxagents.hosted_tools import HostedMCPTool
from rxagents.items import (
    ItemHelpers,
    MCPApprovalResponseItem,
    RunItem,
    ToolApprovalItem,
    ToolCallOutputItem,
)

from .approval_rules import decided_by_tool, needs_approval, refusal
from .approving import Approving
from .emitter import Emitter
from .hooking import Hooks
from .invocation import CANCELLED, Invocation
from .nesting import NestedInterruption
from .pending import Answer, PendingTurn
from .record import RunRecord
from .turn import Call, ToolCall, Turn

_GRACE = 1.0  # seconds for functions in threads that look at `ctx.cancelled` to end


class TurnTools:
    """Runs the calls of one turn, and puts what they come to into its PendingTurn.

    Calls run side by side, as many as the RunConfig allows. The first that raises ends it: the
    others are cancelled, and its exception is raised. A plain function runs on in its thread until
    it looks at `ctx.cancelled`; what it gives is dropped, and one that does not end is named in the
    log.
    """

    def __init__(self, record: RunRecord, emit: Emitter, hooks: Hooks) -> None:
        self._record = record
        self._emit = emit
        self._tasks: dict[Call, asyncio.Task[None]] = {}
        self._cancellations: list[Cancellation] = []
        self._dropped: list[asyncio.Task[None]] = []
        self._approving = Approving(record, emit)
        self._invocation = Invocation(record, emit, hooks)
        limit = (e := record.config.tool_execution) and e.max_function_tool_concurrency
        self._room = asyncio.Semaphore(limit) if limit else None
        self._answers: dict[Call, Answer] = {}
        self._nested: dict[Call, Any] = {}

    def start(self, turn: Turn, call: ToolCall) -> None:
        """Begin with a call, if that has not been done."""
        if call not in self._tasks and call not in self._answers:
            name = f"tool {call.tool.name}"
            self._tasks[call] = asyncio.create_task(self._run(turn, call), name=name)

    async def finish(self, pending: PendingTurn) -> list[ToolApprovalItem]:
        """Carry out every call that has no answer yet; return those that want an approval."""
        pending.answers.update(self._answers)
        self._answers, self._nested = pending.answers, pending.nested
        calls = [call for call in pending.turn.tool_calls if call not in self._answers]
        if calls:
            # Whoever leaves when it sees the call does so before the tool has begun.
            await asyncio.sleep(0)
        for call in calls:
            self.start(pending.turn, call)
        if self._tasks:
            await self._wait()
        return self._approving.undecided

    async def aclose(self) -> None:
        """Cancel what runs, and wait until it is cleaned up."""
        tasks, self._tasks = [*self._tasks.values(), *self._dropped], {}
        unfinished = [task for task in tasks if not task.done()]
        for task in unfinished:
            task.cancel()
        if unfinished:
            await asyncio.gather(*unfinished, return_exceptions=True)
            await wait_for_threads(self._cancellations, grace=_GRACE)

    def forget(self) -> None:
        """Cancel the calls of a response that has failed; their answers are no answers."""
        for task in self._tasks.values():
            task.cancel()
            self._dropped.append(task)
        self._tasks, self._answers, self._nested = {}, {}, {}

    async def _wait(self) -> None:
        """Wait for the tasks; those that wait for an approval are told when it is time to stop."""
        waiting = asyncio.create_task(self._approving.close_when_idle(self._tasks.values()))
        try:
            tasks = list(self._tasks.values())
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            failed = next(
                (t for t in tasks if t.done() and not t.cancelled() and t.exception()), None
            )
            if failed is not None:
                failed.result()
            for task in tasks:
                task.result()
        finally:
            waiting.cancel()

    # --- one call -----------------------------------------------------------------------------

    async def _run(self, turn: Turn, call: ToolCall) -> None:
        invocation = self._invocation
        context = invocation.context(turn, call)
        self._cancellations.append(context.cancellation)
        early = self._record.config.tool_execution
        if early and early.pre_approval_tool_input_guardrails:
            refused = await invocation.check_input(context, call)
            if refused is not None:
                self._answer(turn, call, refused)
                return
        if await needs_approval(context, call):
            item = ToolApprovalItem(
                turn.agent, call.call, getattr(call.call, "name", call.tool.name)
            )
            decision = await decided_by_tool(context, call, item)
            if decision is None:
                (decision,) = await self._approving.decide([item])
            if decision is None:
                return
            if isinstance(call.tool, HostedMCPTool):
                self._respond(turn, call, decision)
                return
            if not decision.approved:
                self._answer(turn, call, await invocation.rejection(call, decision.message))
                return
        await self._carry_out(turn, call, context)

    async def _carry_out(self, turn: Turn, call: ToolCall, context: ToolContext[Any]) -> None:
        """Call the tool; more than once if a run inside it stops for approvals that are given."""
        invocation, begun = self._invocation, False
        while True:
            async with _Room(self._room):
                refused = None if begun else await invocation.check_input(context, call)
                if refused is not None:
                    self._answer(turn, call, refused)
                    return
                state = self._nested.get(call)
                got = await invocation.invoke(turn, call, context, state, again=begun)
            if not isinstance(got, NestedInterruption):
                self._nested.pop(call, None)
                self._take(call, got)
                return
            begun, self._nested[call] = True, got.state
            if None in await self._approving.decide(got.items, inside=got.state):
                return

    def _answer(self, turn: Turn, call: ToolCall, output: str) -> None:
        """Answer a call without having carried it out."""
        self._take(call, ToolCallOutputItem(turn.agent, refusal(call, output), output=output))

    def _respond(self, turn: Turn, call: ToolCall, decision: Decision) -> None:
        """Tell the provider whether it may call a tool of an MCP server."""
        raw: dict[str, Any] = {
            "type": "mcp_approval_response",
            "approval_request_id": call.call_id,
            "approve": decision.approved,
        }
        if decision.message is not None:
            raw["reason"] = decision.message
        item = MCPApprovalResponseItem(turn.agent, cast("Any", raw))
        if self._is_wanted(call):
            self._answers[call] = Answer(item)
            self._emit.item("mcp_approval_response", item)

    def _take(self, call: ToolCall, item: ToolCallOutputItem) -> None:
        if self._is_wanted(call):
            result = FunctionToolResult(cast("Any", call.tool), item.output, item)
            self._answers[call] = Answer(item, result)
            self._emit.item("tool_output", item)

    def _is_wanted(self, call: ToolCall) -> bool:
        # A tool may catch its cancellation and give something all the same.
        return self._tasks.get(call) is asyncio.current_task()

    def cancelled(self, pending: PendingTurn) -> list[RunItem]:
        """Answer what was not finished, so that the conversation can go on from here.

        Returns what the model has said, without the calls that cannot be answered with a text.
        """
        turn, said = pending.turn, list(pending.turn.items)
        pending.answers.update(self._answers)
        for call in turn.calls:
            if call in pending.answers:
                continue
            if call.call.type != "function_call":
                said = [item for item in said if item.raw_item is not call.call]
                continue
            raw = ItemHelpers.tool_call_output_item(call.call, CANCELLED)
            item = ToolCallOutputItem(turn.agent, raw, output=CANCELLED)
            pending.answers[call] = Answer(item)
        return said


class _Room:
    """A place among the calls that run at once, if their number is limited."""

    def __init__(self, semaphore: asyncio.Semaphore | None) -> None:
        self._semaphore = semaphore

    async def __aenter__(self) -> None:
        if self._semaphore is not None:
            await self._semaphore.acquire()

    async def __aexit__(self, *_: object) -> None:
        if self._semaphore is not None:
            self._semaphore.release()
