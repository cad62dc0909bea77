"""What hooks, tools and dynamic instructions are told of the run they are part of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Generic

from typing_extensions import TypeVar

from .approvals import Approvals, Decision
from .cancellation import Cancellation
from .exceptions import UserError
from .tool_progress import ToolProgress
from .usage import Usage

if TYPE_CHECKING:
    from openai.types.responses import ResponseFunctionToolCall, ResponseInputItemParam

    from .agent import Agent
    from .live_items import ToolApprovalItem
    from .run.config import RunConfig

TContext = TypeVar("TContext", default=Any)


@dataclass(eq=False)
class RunContextWrapper(Generic[TContext]):
    """The object given as `context=` to the Runner, and what the run has used so far.

    It is never sent to the model.
    """

    context: TContext
    """The caller's own object; None where none was given."""

    usage: Usage = field(default_factory=Usage)
    """Summed over the run's finished requests, so far."""

    turn_input: list[ResponseInputItemParam] = field(default_factory=list[Any])
    """What the model is given in this turn."""

    tool_input: Any = None
    """In a run started by `Agent.as_tool(parameters=...)`: the arguments it was called with."""

    approvals: Approvals = field(default_factory=Approvals, kw_only=True, repr=False)
    """What has been decided about calls that need an approval."""

    def is_tool_approved(self, tool_name: str, call_id: str) -> bool | None:
        """Whether a call may be carried out; None while that is not decided."""
        decision = self.approvals.about(tool_name, call_id)
        return None if decision is None else decision.approved

    def get_approval_status(
        self, tool_name: str, call_id: str, *, existing_pending: ToolApprovalItem | None = None
    ) -> bool | None:
        """The same; `existing_pending` may tell the tool's name where the call does not."""
        name = (existing_pending.name if existing_pending else None) or tool_name
        return self.is_tool_approved(name, call_id)

    def get_rejection_message(self, tool_name: str, call_id: str) -> str | None:
        """What the model is to be told of a call that was rejected; None for the default."""
        decision = self.approvals.about(tool_name, call_id)
        return None if decision is None or decision.approved else decision.message

    def approve_tool(self, approval_item: ToolApprovalItem, always_approve: bool = False) -> None:
        """Approve the call, and with `always_approve` every later call of its tool."""
        self.approvals.decide(approval_item, Decision(True), always=always_approve)

    def reject_tool(
        self,
        approval_item: ToolApprovalItem,
        always_reject: bool = False,
        rejection_message: str | None = None,
    ) -> None:
        """Reject the call, and with `always_reject` every later call of its tool."""
        decision = Decision(False, rejection_message)
        self.approvals.decide(approval_item, decision, always=always_reject)


AgentHookContext = RunContextWrapper
"""What hooks are given: the run's own context."""


@dataclass(eq=False)
class ToolContext(RunContextWrapper[TContext]):
    """What a tool is told of the call it answers, and what it can tell of its work meanwhile."""

    tool_name: str = field(kw_only=True)
    tool_call_id: str = field(kw_only=True)
    """The model's id of this call; its output will carry the same."""

    tool_arguments: str = field(kw_only=True)
    """The arguments as the model wrote them, in JSON."""

    tool_call: ResponseFunctionToolCall | None = field(default=None, kw_only=True)
    agent: Agent[Any] | None = field(default=None, kw_only=True)
    run_config: RunConfig | None = field(default=None, kw_only=True)
    on_progress: Callable[[ToolProgress], None] | None = field(
        default=None, kw_only=True, repr=False
    )
    """Called on the event loop with each progress, as long as the call goes on."""

    cancellation: Cancellation = field(default_factory=Cancellation, kw_only=True, repr=False)
    """Whether the call was given up, and the threads that work for it."""

    failure: Exception | None = field(default=None, init=False)
    """What the tool raised, also where the model was told something else instead; what it raised
    last, if it was called more than once with this context."""

    custom_data: dict[str, Any] | None = field(default=None, init=False, repr=False)
    """Data for the application, not the model, that goes with the output."""

    is_over: bool = field(default=False, init=False, repr=False)
    """Whether the call has ended; nothing is told of it after its output."""

    failure_is_default: bool = field(default=False, init=False, repr=False)
    """Whether the model was told the default words for `failure`, not the application's own."""

    def __post_init__(self) -> None:
        self._loop = _running_loop()

    @classmethod
    def from_agent_context(
        cls,
        context: RunContextWrapper[TContext],
        tool_call_id: str,
        tool_call: ResponseFunctionToolCall | None = None,
        agent: Agent[Any] | None = None,
        *,
        tool_name: str | None = None,
        tool_arguments: str | None = None,
        run_config: RunConfig | None = None,
    ) -> ToolContext[TContext]:
        """The context of a call in the run that `context` belongs to, with which it shares all.

        What is not given is taken from `tool_call`, or from `context` if it is a call's. Raises
        ValueError where the tool's name or the arguments are in neither.
        """
        name = tool_name if tool_call is None else tool_name or tool_call.name
        arguments = tool_arguments
        if arguments is None and tool_call is not None:
            arguments = tool_call.arguments
        if name is None or arguments is None:
            raise ValueError("give the tool_call, or both tool_name and tool_arguments")
        if isinstance(context, ToolContext):
            agent, run_config = agent or context.agent, run_config or context.run_config
        shared = {f.name: getattr(context, f.name) for f in fields(RunContextWrapper) if f.init}
        return cls(
            **shared,
            tool_name=name,
            tool_call_id=tool_call_id,
            tool_arguments=arguments,
            tool_call=tool_call,
            agent=agent,
            run_config=run_config,
        )

    @property
    def tool_namespace(self) -> str | None:
        """The namespace in which the model called the tool; None for most tools."""
        return getattr(self.tool_call, "namespace", None)

    @property
    def qualified_tool_name(self) -> str:
        """The tool's name with its namespace, if it has one, before it."""
        return ".".join(part for part in (self.tool_namespace, self.tool_name) if part)

    def report_progress(self, progress: ToolProgress | str) -> None:
        """Tell the application, not the model, how far the tool has come; a string is a message.

        It may be called from any thread, and never waits. What is reported after the call is over
        or given up is dropped.
        """
        told = ToolProgress(message=progress) if isinstance(progress, str) else progress
        if self._loop is None or self._loop is _running_loop():
            self._deliver(told)
        else:
            with suppress(RuntimeError):  # the loop is closed: the call is long over
                self._loop.call_soon_threadsafe(self._deliver, told)

    def _deliver(self, progress: ToolProgress) -> None:
        if self.on_progress is not None and not self.is_over and not self.cancelled:
            self.on_progress(progress)

    @property
    def cancelled(self) -> bool:
        """Whether the call was given up: it took too long, or its run was cancelled.

        A function in a thread has to look at it, as nothing else can stop it.
        """
        return self.cancellation.cancelled

    def raise_if_cancelled(self) -> None:
        """Raise CancelledError if the call was given up: the shortest way out of a loop."""
        self.cancellation.raise_if_cancelled()

    def wait_cancelled(self, timeout: float | None = None) -> bool:
        """Block until the call is given up, or `timeout` seconds; whether it was.

        A `time.sleep` that ends at once when nobody needs the result. Only for functions that run
        in a thread: raises UserError on the event loop, which it would stop.
        """
        if _running_loop() is not None:
            raise UserError(
                "wait_cancelled blocks its thread; in an async tool use `await asyncio.sleep(...)`,"
                " which is cancelled together with the call"
            )
        return self.cancellation.wait(timeout)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
