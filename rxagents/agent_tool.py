"""An agent as a tool of another agent: each call is answered by a run of its own."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from typing_extensions import TypedDict

from .agent import Agent
from .agent_tool_input import AgentToolInput, StructuredToolInputBuilder
from .context import RunContextWrapper, ToolContext
from .exceptions import UserError
from .maybe_awaitable import settled
from .tools import FunctionTool, ToolErrorFunction, default_tool_error_function

if TYPE_CHECKING:
    from openai.types.responses import ResponseFunctionToolCall

    from .events import StreamEvent
    from .lifecycle import RunHooks
    from .memory import Session
    from .run.config import RunConfig
    from .run.record import RunRecord
    from .run.result import RunResult


class AgentToolStreamEvent(TypedDict):
    """What `on_stream` is told."""

    event: StreamEvent
    agent: Agent[Any]
    """The agent that runs inside."""

    tool_call: ResponseFunctionToolCall | None
    """The call that started it."""


OutputExtractor: TypeAlias = "Callable[[RunResult], Awaitable[str] | str]"
"""From the result of the run inside to the tool's output; plain or async."""


@dataclass(frozen=True)
class AgentToolOptions:
    """How the run inside is started; the fields are the arguments of `Agent.as_tool`."""

    custom_output_extractor: OutputExtractor | None = None
    on_stream: Callable[[AgentToolStreamEvent], object] | None = None
    run_config: RunConfig | dict[str, Any] | None = None
    max_turns: int | None = None
    hooks: RunHooks[Any] | None = None
    previous_response_id: str | None = None
    conversation_id: str | None = None
    session: Session | None = None
    parameters: type[Any] | None = None
    input_builder: StructuredToolInputBuilder | None = None
    include_input_schema: bool = False
    on_stream_max_pending_events: int | None = 1024

    def __post_init__(self) -> None:
        if self.on_stream is not None and not callable(self.on_stream):
            raise UserError(f"on_stream must be a function, not {self.on_stream!r}")
        most = self.on_stream_max_pending_events
        if most is not None and most < 1:
            raise UserError(
                f"on_stream_max_pending_events must be 1 event or more, or None, not {most}"
            )


@dataclass
class AgentTool(FunctionTool):
    """The tool that `Agent.as_tool` makes."""

    agent: Agent[Any] | None = field(default=None, kw_only=True, repr=False)
    """The agent that answers."""


def agent_tool(
    agent: Agent[Any],
    options: AgentToolOptions,
    *,
    name: str | None,
    description: str | None,
    is_enabled: Any,
    failure_error_function: ToolErrorFunction | None,
    needs_approval: Any,
) -> FunctionTool:
    """The tool; see `Agent.as_tool`."""
    name = name or re.sub(r"[^a-zA-Z0-9_]", "_", agent.name.replace(" ", "_")).lower()
    given = AgentToolInput(
        name,
        options.parameters,
        options.input_builder,
        include_schema=options.include_input_schema,
    )

    async def invoke(context: ToolContext[Any], arguments: str) -> Any:
        try:
            return await _answer(agent, options, given, context, arguments)
        except Exception as error:
            context.failure = error
            context.failure_is_default = failure_error_function is default_tool_error_function
            if failure_error_function is None:
                raise
            return await settled(failure_error_function(context, error))

    return AgentTool(
        name=name,
        description=description or "",
        params_json_schema=given.schema,
        on_invoke_tool=invoke,
        is_enabled=is_enabled,
        needs_approval=needs_approval,
        agent=agent,
    )


async def _answer(
    agent: Agent[Any],
    options: AgentToolOptions,
    given: AgentToolInput,
    context: ToolContext[Any],
    arguments: str,
) -> Any:
    from .agent_tool_stream import Telling
    from .run.emitter import Nowhere
    from .run.loop import RunLoop
    from .run.nesting import NestedInterruption
    from .run.result import RunResult
    from .run.state import RunState

    record = await _record(agent, options, given, context, arguments)
    if options.on_stream is None:
        await RunLoop(record, Nowhere()).run()
    else:
        async with Telling(options.on_stream, record, context) as sink:
            await RunLoop(record, sink).run()
    if record.interruptions:
        raise NestedInterruption(RunState(record), record.interruptions)
    if options.custom_output_extractor is None:
        return record.final_output
    return await settled(options.custom_output_extractor(RunResult(record)))


async def _record(
    agent: Agent[Any],
    options: AgentToolOptions,
    given: AgentToolInput,
    context: ToolContext[Any],
    arguments: str,
) -> RunRecord:
    """The record of the run that answers a call: a new one, or one that goes on."""
    from .run.config import DEFAULT_MAX_TURNS, as_run_config
    from .run.nesting import current_call
    from .run.record import AgentToolInvocation
    from .run.start import begin

    scope = current_call.get()
    state = None if scope is None else scope.state
    params = given.read(arguments)
    config = as_run_config(options.run_config or context.run_config)
    record = begin(
        agent,
        await given.input_of(params) if state is None else state,
        None,
        options.max_turns or DEFAULT_MAX_TURNS,
        options.hooks,
        # Whoever runs the run around waits for approvals, and decides for how long.
        replace(config, approvals="interrupt"),
        options.previous_response_id,
        False,
        options.conversation_id,
        options.session,
    )
    record.context_wrapper = RunContextWrapper(
        context.context, context.usage, tool_input=params, approvals=context.approvals
    )
    record.agent_tool_invocation = AgentToolInvocation(
        context.tool_name, context.tool_call_id, context.tool_arguments
    )
    return record
