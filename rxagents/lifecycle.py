"""Hooks: what is called at the steps of a run, or of one agent in it.

They are awaited where they are called, so that the run waits for them. What a hook raises ends
the run. For looking on, the run's stream is better: nothing waits for those who only watch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

from typing_extensions import TypeVar

from .context import RunContextWrapper

if TYPE_CHECKING:
    from openai.types.responses import ResponseInputItemParam

    from .agent import Agent
    from .items import ModelResponse
    from .tools import Tool

TContext = TypeVar("TContext", default=Any)
TAgent = TypeVar("TAgent", default=Any)


class RunHooksBase(Generic[TContext, TAgent]):
    """Called at the steps of a whole run; override what you need.

    The order in a turn: `on_agent_start` (when an agent begins), `on_llm_start`, `on_llm_end`,
    `on_tool_start` and `on_tool_end` around each tool, `on_handoff`; `on_agent_end` with the final
    output.
    """

    async def on_llm_start(
        self,
        context: RunContextWrapper[TContext],
        agent: Agent[TContext],
        system_prompt: str | None,
        input_items: list[ResponseInputItemParam],
    ) -> None:
        """The model is about to be asked."""

    async def on_llm_end(
        self,
        context: RunContextWrapper[TContext],
        agent: Agent[TContext],
        response: ModelResponse,
    ) -> None:
        """The model has answered, whole."""

    async def on_agent_start(self, context: RunContextWrapper[TContext], agent: TAgent) -> None:
        """An agent begins: the first one, or one that was handed over to."""

    async def on_agent_end(
        self, context: RunContextWrapper[TContext], agent: TAgent, output: Any
    ) -> None:
        """An agent has given the final output."""

    async def on_handoff(
        self, context: RunContextWrapper[TContext], from_agent: TAgent, to_agent: TAgent
    ) -> None:
        """An agent hands over; called with its arguments by name."""

    async def on_tool_start(
        self, context: RunContextWrapper[TContext], agent: TAgent, tool: Tool
    ) -> None:
        """A tool is about to be called; the context is the call's ToolContext."""

    async def on_tool_end(
        self, context: RunContextWrapper[TContext], agent: TAgent, tool: Tool, result: Any
    ) -> None:
        """A tool has given its output."""


class AgentHooksBase(Generic[TContext, TAgent]):
    """Called at the steps of one agent, as `Agent(hooks=...)`; override what you need."""

    async def on_start(self, context: RunContextWrapper[TContext], agent: TAgent) -> None:
        """The agent begins."""

    async def on_end(
        self, context: RunContextWrapper[TContext], agent: TAgent, output: Any
    ) -> None:
        """The agent has given the final output."""

    async def on_handoff(
        self, context: RunContextWrapper[TContext], agent: TAgent, source: TAgent
    ) -> None:
        """The agent takes over from `source`."""

    async def on_tool_start(
        self, context: RunContextWrapper[TContext], agent: TAgent, tool: Tool
    ) -> None:
        """One of the agent's tools is about to be called."""

    async def on_tool_end(
        self, context: RunContextWrapper[TContext], agent: TAgent, tool: Tool, result: Any
    ) -> None:
        """One of the agent's tools has given its output."""

    async def on_llm_start(
        self,
        context: RunContextWrapper[TContext],
        agent: Agent[TContext],
        system_prompt: str | None,
        input_items: list[ResponseInputItemParam],
    ) -> None:
        """The agent's model is about to be asked."""

    async def on_llm_end(
        self,
        context: RunContextWrapper[TContext],
        agent: Agent[TContext],
        response: ModelResponse,
    ) -> None:
        """The agent's model has answered, whole."""


class RunHooks(RunHooksBase[TContext, "Agent[Any]"]):
    """Hooks of a run: `Runner.run_streamed(agent, "…", hooks=...)`."""


class AgentHooks(AgentHooksBase[TContext, "Agent[Any]"]):
    """Hooks of one agent: `Agent(hooks=...)`."""
