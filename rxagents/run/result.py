"""What a run gives back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from types import TracebackType
from typing import Any, Literal, TypeVar, cast

import anyio
from openai.types.responses import ResponseInputItemParam

from rxagents.agent import Agent
from rxagents.context import RunContextWrapper
from rxagents.events import StreamEvent
from rxagents.exceptions import UserError
from rxagents.guardrail import InputGuardrailResult, OutputGuardrailResult
from rxagents.items import ModelResponse, RunItem, ToolApprovalItem
from rxagents.stream.demand import demand
from rxagents.stream.replay_log import ReplayLog
from rxagents.stream.stream import Stream
from rxagents.stream.tasks import spawn
from rxagents.tool_guardrails import ToolInputGuardrailResult, ToolOutputGuardrailResult

from .inbox import Inbox, checked_input
from .record import AgentToolInvocation, RunRecord
from .state import RunState

_T = TypeVar("_T")


class RunResultBase:
    """What every run's result tells, read from the run's own record."""

    def __init__(self, record: RunRecord) -> None:
        self._record = record

    @property
    def run_id(self) -> str:
        """The run's id, which all its events carry."""
        return self._record.run_id

    @property
    def input(self) -> str | list[ResponseInputItemParam]:
        """The input the run was started with."""
        return self._record.input

    @property
    def new_items(self) -> list[RunItem]:
        """Every item so far, in the order of the events that announced them."""
        return self._record.new_items

    @property
    def raw_responses(self) -> list[ModelResponse]:
        """The model's finished responses so far, one a turn."""
        return self._record.raw_responses

    @property
    def final_output(self) -> Any:
        """The last agent's answer; None until there is one."""
        return self._record.final_output

    @property
    def last_agent(self) -> Agent[Any]:
        """The agent that ran last, or runs now."""
        return self._record.current_agent

    @property
    def context_wrapper(self) -> RunContextWrapper[Any]:
        """The run's context, with the usage so far."""
        return self._record.context_wrapper

    @property
    def last_response_id(self) -> str | None:
        """The provider's id of the last finished response."""
        responses = self._record.raw_responses
        return responses[-1].response_id if responses else None

    def final_output_as(self, cls: type[_T], raise_if_incorrect_type: bool = False) -> _T:
        """The final output, for a type checker of type `cls`.

        With `raise_if_incorrect_type`, raises TypeError if it is something else.
        """
        if raise_if_incorrect_type and not isinstance(self.final_output, cls):
            raise TypeError(
                f"the final output is {type(self.final_output).__name__}, not {cls.__name__}"
            )
        return cast("_T", self.final_output)

    def to_input_list(
        self, *, mode: Literal["preserve_all", "normalized"] = "preserve_all"
    ) -> list[ResponseInputItemParam]:
        """The whole conversation as input for a next run: the input, and every finished turn.

        Each call in it has its output, also after a failure or a cancellation. "normalized" is
        what the last agent would be told, after whatever handoffs have left out for it.

        Raises ValueError for another mode.
        """
        if mode not in ("preserve_all", "normalized"):
            raise ValueError(f"mode must be 'preserve_all' or 'normalized', not {mode!r}")
        conversation = self._record.conversation
        return list(conversation.everything if mode == "preserve_all" else conversation.told)

    @property
    def input_guardrail_results(self) -> list[InputGuardrailResult]:
        """What the input guardrails have found so far."""
        return self._record.guardrails.input

    @property
    def output_guardrail_results(self) -> list[OutputGuardrailResult]:
        """What the output guardrails have found."""
        return self._record.guardrails.output

    @property
    def tool_input_guardrail_results(self) -> list[ToolInputGuardrailResult]:
        """What the guardrails of calls have found so far."""
        return self._record.guardrails.tool_input

    @property
    def tool_output_guardrail_results(self) -> list[ToolOutputGuardrailResult]:
        """What the guardrails of tools' outputs have found so far."""
        return self._record.guardrails.tool_output

    @property
    def interruptions(self) -> list[ToolApprovalItem]:
        """The calls for whose approval the run has stopped; go on with `to_state()`."""
        return list(self._record.interruptions)

    @property
    def agent_tool_invocation(self) -> AgentToolInvocation | None:
        """The call that this run answers, if it is a run of `Agent.as_tool`."""
        return self._record.agent_tool_invocation

    def to_state(self) -> RunState[Any, Agent[Any]]:
        """Where the run has stopped: to be approved, kept, and gone on with.

        Raises UserError while the run goes on.
        """
        if not self._record.is_complete:
            raise UserError(
                "a run that goes on has no state: wait until it has ended, or cancel() it first"
            )
        return RunState(self._record)

    def release_agents(self, release_new_items: bool = True) -> None:
        """Do nothing: a result holds its agents no longer than it is held itself."""


class RunResult(RunResultBase):
    """The result of a run that has finished."""

    def __str__(self) -> str:
        answer = str(self.final_output)
        return (
            f"RunResult of {self.last_agent.name}: {len(self.new_items)} items in "
            f"{len(self.raw_responses)} turns, "
            f"{self.context_wrapper.usage.total_tokens} tokens\n{answer}"
        )


class RunResultStreaming(RunResultBase, Stream[StreamEvent]):
    """A run that is under way, and the Stream of its events.

    It is hot: it runs by itself, whether anybody listens or not. Every subscriber, whenever it
    comes, sees the whole run from its first event (or what `replay` keeps of it). Leaving a
    subscription leaves the run alone; `cancel()`, or leaving `async with run:`, stops it.
    """

    def __init__(
        self,
        record: RunRecord,
        log: ReplayLog[StreamEvent],
        work: Coroutine[Any, Any, None],
        inbox: Inbox,
    ) -> None:
        """Start `work`, which writes to `log`; needs a running loop."""
        RunResultBase.__init__(self, record)
        Stream.__init__(self, log.subscribe)  # pyright: ignore[reportUnknownMemberType]
        self._log = log
        self._inbox = inbox
        self._cancelled = False
        self._loop = asyncio.get_running_loop()
        with demand(None):  # it runs by itself, also if an operator's function started it
            self._task = spawn(work, wanted_by="Runner.run_streamed")
        self._task.add_done_callback(self._settle)

    @property
    def current_agent(self) -> Agent[Any]:
        """The agent that runs now."""
        return self._record.current_agent

    @property
    def current_turn(self) -> int:
        """Model calls begun so far; with the one that MaxTurnsExceeded did not let begin."""
        return self._record.current_turn + self._record.wants_more_turns

    @property
    def max_turns(self) -> int | None:
        """Model calls at most."""
        return self._record.options.max_turns

    @property
    def is_complete(self) -> bool:
        """Whether the run has ended, in whatever way."""
        return self._record.is_complete

    @property
    def run_loop_task(self) -> asyncio.Task[None]:
        """The task that the run is."""
        return self._task

    @property
    def run_loop_exception(self) -> BaseException | None:
        """What ended the run early, if anything did."""
        return self._log.error

    def stream_events(self) -> AsyncIterator[StreamEvent]:
        """Iterate over the whole run from its first event; any number of times and at once."""
        return self.iterate()

    def send(self, input: str | list[ResponseInputItemParam]) -> None:
        """Tell the run something while it goes on: it is admitted before the next model call.

        An `input_admitted` event tells when. A model that has just finished is asked again. What
        no model call has come after is in `to_state().pending_input`.

        Raises UserError if the run has ended, and for what is no input.
        """
        if self.is_complete:
            raise UserError("the run has ended: start another one with this input")
        self._record.inbox.append(checked_input(input))

    def cancel(self, mode: Literal["immediate", "after_turn"] = "immediate") -> None:
        """Stop the run. Streams of it then end without an exception, after what was emitted.

        "immediate" stops the model and the tools where they are; "after_turn" lets this turn's
        model and tools finish. Nothing happens if the run has ended. What was finished is kept,
        and calls that were not are answered with a sentence that says so: `to_input_list()` and
        `to_state()` can be gone on with. A tool that is a plain function cannot be stopped: it can
        ask `ctx.cancelled`; if it does not, its thread goes on, and its result is dropped.
        """
        if mode == "after_turn":
            self._record.stop_after_turn = True
        elif mode == "immediate":
            if not self._task.done():
                self._cancelled = True
                self._task.cancel()
        else:
            raise ValueError(f"mode must be 'immediate' or 'after_turn', not {mode!r}")

    async def aclose(self) -> None:
        """Stop the run, and wait until its model call and its tools have been cleaned up."""
        self.cancel()
        if not self._task.done():
            with anyio.CancelScope(shield=True):
                await asyncio.wait([self._task])

    async def __aenter__(self) -> RunResultStreaming:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _settle(self, task: asyncio.Task[None]) -> None:
        self._inbox.close()
        self._record.is_complete = True  # also if it was cancelled before its first step
        if not task.cancelled():
            self._log.close(task.exception())
        elif self._cancelled:
            self._log.close()
        else:
            self._log.close(asyncio.CancelledError("the run was cancelled from outside"))

    def __del__(self) -> None:
        error = self._log.error if hasattr(self, "_log") else None
        if isinstance(error, Exception) and not self._log.error_was_seen:
            if self._loop.is_closed():
                return
            self._loop.call_exception_handler(
                {
                    "message": "rxagents: a run failed and nobody was told: subscribe to it with "
                    "an on_error, or read its stream_events()",
                    "exception": error,
                }
            )

    def __str__(self) -> str:
        state = "ended" if self.is_complete else "running"
        return f"RunResultStreaming of {self.last_agent.name}, {state}, turn {self.current_turn}"
