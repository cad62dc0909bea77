"""An agent: instructions, tools, and whom it can hand over to."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, cast

from typing_extensions import TypedDict, TypeVar

from .agent_output import AgentOutputSchemaBase
from .exceptions import UserError
from .guardrail import InputGuardrail, OutputGuardrail
from .handoffs import Handoff, handoff
from .lifecycle import AgentHooks, AgentHooksBase, RunHooksBase
from .maybe_awaitable import settled
from .model_settings import ModelSettings
from .tools import Tool, default_tool_error_function

if TYPE_CHECKING:
    from openai.types.responses import ResponsePromptParam

    from .agent_tool import AgentToolStreamEvent, OutputExtractor
    from .agent_tool_input import StructuredToolInputBuilder
    from .context import RunContextWrapper
    from .items import RunItem
    from .lifecycle import RunHooks
    from .mcp import MCPServer
    from .memory import Session
    from .models.interface import Model
    from .prompts import DynamicPromptFunction, Prompt
    from .run.config import RunConfig
    from .tools import FunctionTool, ToolErrorFunction

TContext = TypeVar("TContext", default=Any)


@dataclass
class ToolsToFinalOutputResult:
    """What a `tool_use_behavior` of your own decides after the tools of a turn."""

    is_final_output: bool
    final_output: Any = None
    """The run's final output, if it is to be that."""


@dataclass(eq=False)
class FunctionToolResult:
    """What a tool has given, as told to `tool_use_behavior`."""

    tool: FunctionTool
    output: Any
    run_item: RunItem | None
    """The `tool_call_output_item`; None while an approval is waited for."""


class StopAtTools(TypedDict):
    """End the run with the output of the first of these tools that is called."""

    stop_at_tool_names: list[str]


class MCPConfig(TypedDict, total=False):
    """How the tools of `mcp_servers` become tools of the agent."""

    convert_schemas_to_strict: bool
    """Try to make their schemas strict; those that cannot be are left as they are."""

    failure_error_function: Any
    """As of `function_tool`: what the model is told of a call that failed; None lets it raise."""

    include_server_in_tool_names: bool
    """Put the server's name before each tool's, so that two servers may have tools of one name."""


ToolsToFinalOutputFunction: TypeAlias = Callable[
    ["RunContextWrapper[Any]", list[FunctionToolResult]],
    Awaitable[ToolsToFinalOutputResult] | ToolsToFinalOutputResult,
]
"""From the results of a turn's tools to whether they end the run; plain or async."""


@dataclass(eq=False)
class AgentBase(Generic[TContext]):
    """What every kind of agent has."""

    name: str
    handoff_description: str | None = None
    """What it is good for, told to the models that may hand over to it."""

    tools: list[Tool] = field(default_factory=list[Tool])
    mcp_servers: list[MCPServer] = field(default_factory=list[Any])
    """MCP servers whose tools the agent has too; connected before the run, and closed after it,
    by who made them."""

    mcp_config: MCPConfig = field(default_factory=lambda: MCPConfig())

    async def get_mcp_tools(self, run_context: RunContextWrapper[Any]) -> list[Tool]:
        """The tools of the MCP servers, asked for now (or remembered: `cache_tools_list`)."""
        if not self.mcp_servers:
            return []
        from .mcp import MCPUtil

        config = self.mcp_config
        return list(
            await MCPUtil.get_all_function_tools(
                self.mcp_servers,
                config.get("convert_schemas_to_strict", False),
                run_context,
                cast("Agent[Any]", self),
                failure_error_function=config.get(
                    "failure_error_function", default_tool_error_function
                ),
                include_server_in_tool_names=config.get("include_server_in_tool_names", False),
                reserved_tool_names={tool.name for tool in self.tools},
            )
        )

    async def get_all_tools(self, run_context: RunContextWrapper[Any]) -> list[Tool]:
        """The tools the model is offered now: those of the MCP servers, then its own."""
        own = [tool for tool in self.tools if await _enabled(tool, run_context, self)]
        return [*await self.get_mcp_tools(run_context), *own] if self.mcp_servers else own


@dataclass(eq=False)
class Agent(AgentBase[TContext]):
    """A model with instructions, tools and handoffs. Runs share it and do not change it."""

    instructions: (
        str | Callable[[RunContextWrapper[TContext], Agent[TContext]], str | Awaitable[str]] | None
    ) = None
    """The system prompt, or a function (plain or async) that gives it before each turn."""

    prompt: Prompt | DynamicPromptFunction | None = None
    """A prompt kept at OpenAI, or a function that gives one; only for Responses models."""

    handoffs: list[Agent[Any] | Handoff[Any, Any]] = field(
        default_factory=list["Agent[Any] | Handoff[Any, Any]"]
    )
    """Whom it may hand over to; an Agent stands for `handoff(agent)`."""

    model: str | Model | None = None
    """A model, the name of one (`"local"` is the embedded one), or None for the default."""

    model_settings: ModelSettings = field(default_factory=ModelSettings)
    input_guardrails: list[InputGuardrail[Any]] = field(default_factory=list[InputGuardrail[Any]])
    """Checks of the run's input, where this agent is its first."""

    output_guardrails: list[OutputGuardrail[Any]] = field(
        default_factory=list[OutputGuardrail[Any]]
    )
    """Checks of the final output, where this agent gives it."""

    output_type: type[Any] | AgentOutputSchemaBase | None = None
    """What the final output is: a pydantic model, dataclass, TypedDict, list…; text if None."""

    hooks: AgentHooks[Any] | None = None
    tool_use_behavior: (
        Literal["run_llm_again", "stop_on_first_tool"] | StopAtTools | ToolsToFinalOutputFunction
    ) = "run_llm_again"
    """What follows the tools of a turn: the model again, or the end of the run with an output."""

    reset_tool_choice: bool = True
    """Whether a `tool_choice` that demands a call is dropped once a tool was called; it would
    otherwise be obeyed in every turn, and the run would never end."""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise UserError(
                f"an agent's name must be a string that is not empty, not {self.name!r}"
            )
        _check_behavior(self.name, self.tool_use_behavior)
        _check_lists(self)
        _check_hooks(self.name, self.hooks)

    def clone(self, **changes: Any) -> Agent[TContext]:
        """A copy with some fields replaced; lists that are not replaced are shared."""
        return dataclasses.replace(self, **changes)

    def as_tool(
        self,
        tool_name: str | None,
        tool_description: str | None,
        custom_output_extractor: OutputExtractor | None = None,
        is_enabled: bool | Callable[[RunContextWrapper[Any], Any], bool | Awaitable[bool]] = True,
        on_stream: Callable[[AgentToolStreamEvent], object] | None = None,
        run_config: RunConfig | None = None,
        max_turns: int | None = None,
        hooks: RunHooks[Any] | None = None,
        previous_response_id: str | None = None,
        conversation_id: str | None = None,
        session: Session | None = None,
        failure_error_function: ToolErrorFunction | None = default_tool_error_function,
        needs_approval: bool
        | Callable[[RunContextWrapper[Any], dict[str, Any], str], Awaitable[bool]] = False,
        parameters: type[Any] | None = None,
        input_builder: StructuredToolInputBuilder | None = None,
        include_input_schema: bool = False,
        on_stream_max_pending_events: int | None = 1024,
    ) -> FunctionTool:
        """The agent as a tool of another: the model gives an input, and gets the final output.

        A run of this agent answers each call, with the caller's context and usage; its approvals
        are asked for by the run that calls. Its events are in the caller's stream where that has
        `RunConfig(stream_nested=True)`, and with `on_stream` they are told there too, each
        awaited before the next. `max_turns` of None is the default of a run.

        `custom_output_extractor(result)` makes the tool's output of the run's RunResult. With
        `parameters`, a type, the model gives an instance of it as JSON instead of a text;
        `input_builder({"params": …, "summary": …, "json_schema": …})` makes the run's input of
        it, and `include_input_schema` tells the agent the schema too. Without a `run_config` the
        caller's is used. `on_stream_max_pending_events` is checked and has no effect: a handler
        that is slow holds the inner run back, and nothing is dropped.

        Raises UserError for an `on_stream` that cannot be called.
        """
        from .agent_tool import AgentToolOptions, agent_tool

        options = AgentToolOptions(
            custom_output_extractor=custom_output_extractor,
            on_stream=on_stream,
            run_config=run_config,
            max_turns=max_turns,
            hooks=hooks,
            previous_response_id=previous_response_id,
            conversation_id=conversation_id,
            session=session,
            parameters=parameters,
            input_builder=input_builder,
            include_input_schema=include_input_schema,
            on_stream_max_pending_events=on_stream_max_pending_events,
        )
        return agent_tool(
            self,
            options,
            name=tool_name,
            description=tool_description,
            is_enabled=is_enabled,
            failure_error_function=failure_error_function,
            needs_approval=needs_approval,
        )

    async def get_system_prompt(self, run_context: RunContextWrapper[TContext]) -> str | None:
        """The instructions, computed if they are a function."""
        if self.instructions is None or isinstance(self.instructions, str):
            return self.instructions
        return await settled(self.instructions(run_context, self))

    async def get_prompt(self, context: RunContextWrapper[TContext]) -> ResponsePromptParam | None:
        """The prompt kept at OpenAI, computed if it is a function."""
        if self.prompt is None:
            return None
        from .prompts import prompt_param

        return await prompt_param(self.prompt, context, self)

    async def get_all_handoffs(self, context: RunContextWrapper[Any]) -> list[Handoff[Any, Any]]:
        """The handoffs the model is offered now."""
        handoffs = [h if isinstance(h, Handoff) else handoff(h) for h in self.handoffs]
        return [h for h in handoffs if await _enabled(h, context, self)]


async def _enabled(what: object, context: RunContextWrapper[Any], agent: object) -> bool:
    rule: Any = getattr(what, "is_enabled", True)  # hosted tools have no such field
    return bool(await settled(rule(context, agent)) if callable(rule) else rule)


def _check_behavior(name: str, behavior: object) -> None:
    if isinstance(behavior, dict):
        names: object = cast("dict[str, Any]", behavior).get("stop_at_tool_names")
        known = isinstance(names, list)
    else:
        known = callable(behavior) or behavior in ("run_llm_again", "stop_on_first_tool")
    if not known:
        raise UserError(
            f"the tool_use_behavior of {name!r} must be 'run_llm_again', 'stop_on_first_tool', "
            f"{{'stop_at_tool_names': [...]}} or a function, not {behavior!r}"
        )


def _check_lists(agent: Agent[Any]) -> None:
    for field_name in ("tools", "handoffs", "input_guardrails", "output_guardrails", "mcp_servers"):
        value = getattr(agent, field_name)
        if not isinstance(value, list):
            raise UserError(
                f"{field_name} of the agent {agent.name!r} must be a list, not {value!r}"
            )


def _check_hooks(name: str, hooks: object) -> None:
    if hooks is None or isinstance(hooks, AgentHooksBase):
        return
    hint = ": those belong to Runner.run_streamed(hooks=...)"
    raise UserError(
        f"hooks of the agent {name!r} must be AgentHooks, not {type(hooks).__name__}"
        f"{hint if isinstance(hooks, RunHooksBase) else ''}"
    )
