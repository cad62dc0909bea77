"""What every MCP server is to an agent."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any, Final

from rxagents.context import RunContextWrapper
from rxagents.tools import ToolErrorFunction

from ._package import shown_name
from .approval import NeedsApproval, RequireApprovalSetting, approval_policy, needs_approval
from .tool_data import MCPToolCustomDataExtractor, MCPToolMetaResolver

if TYPE_CHECKING:
    from mcp.types import (
        CallToolResult,
        GetPromptResult,
        ListPromptsResult,
        ListResourcesResult,
        ListResourceTemplatesResult,
        ReadResourceResult,
    )
    from mcp.types import Tool as MCPTool

    from rxagents.agent import Agent


class Unset:
    """The type of `UNSET`."""


UNSET: Final = Unset()
"""Not given, where None says something else."""


class MCPServer(abc.ABC):
    """A server of tools, prompts and resources, as the Model Context Protocol defines them.

    The three transports are `MCPServerStdio`, `MCPServerStreamableHttp` and `MCPServerSse`. For
    another one, subclass this.
    """

    def __init__(
        self,
        use_structured_content: bool = False,
        require_approval: RequireApprovalSetting = None,
        failure_error_function: ToolErrorFunction | Unset | None = UNSET,
        tool_meta_resolver: MCPToolMetaResolver | None = None,
        custom_data_extractor: MCPToolCustomDataExtractor | None = None,
        *,
        tool_input_guardrails: list[Any] | None = None,
        tool_output_guardrails: list[Any] | None = None,
    ) -> None:
        """Say how an agent uses this server's tools.

        - `use_structured_content`: tell the model a result's structured content, as JSON, instead
          of its parts. Most servers repeat it there.
        - `require_approval`: which calls a person must agree to.
        - `failure_error_function`: makes of a failed call what the model is told. With None such
          a call ends the run. Not given, the agent's `mcp_config` decides.
        - `tool_meta_resolver`: gives the `_meta` that goes with a call.
        - `custom_data_extractor`: gives what the program is to have of a result.
        - `tool_input_guardrails`, `tool_output_guardrails`: of every tool of this server.

        Raises UserError now where `require_approval` is no such setting.
        """
        self.use_structured_content = use_structured_content
        self.tool_meta_resolver = tool_meta_resolver
        self.custom_data_extractor = custom_data_extractor
        self.tool_input_guardrails = tool_input_guardrails
        self.tool_output_guardrails = tool_output_guardrails
        self._approval_policy = approval_policy(require_approval)
        self._failure_error_function = failure_error_function

    @property
    @abc.abstractmethod
    def name(self) -> str:
        """What it is called in messages, and in its tools' names where those say so."""

    @abc.abstractmethod
    async def connect(self) -> None:
        """Start it, or connect to it; it stays so until `cleanup`."""

    @abc.abstractmethod
    async def cleanup(self) -> None:
        """End it, or the connection to it."""

    @abc.abstractmethod
    async def list_tools(
        self,
        run_context: RunContextWrapper[Any] | None = None,
        agent: Agent[Any] | None = None,
    ) -> list[MCPTool]:
        """Its tools, as far as they pass its filter."""

    @abc.abstractmethod
    async def call_tool(
        self,
        tool_name: str,
        arguments: dict[str, Any] | None,
        meta: dict[str, Any] | None = None,
    ) -> CallToolResult:
        """Call a tool; `meta` goes as the request's `_meta`."""

    @property
    def cached_tools(self) -> list[MCPTool] | None:
        """The tools that were listed last, before the filter; None where that is not known."""
        return None

    @abc.abstractmethod
    async def list_prompts(self) -> ListPromptsResult:
        """Its prompts."""

    @abc.abstractmethod
    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None
    ) -> GetPromptResult:
        """One of its prompts, with the arguments in their places."""

    async def list_resources(self, cursor: str | None = None) -> ListResourcesResult:
        """A page of its resources; `cursor` is the `next_cursor` of the page before."""
        raise self._without("list_resources")

    async def list_resource_templates(
        self, cursor: str | None = None
    ) -> ListResourceTemplatesResult:
        """A page of its resource templates; `cursor` is the `next_cursor` of the page before."""
        raise self._without("list_resource_templates")

    async def read_resource(self, uri: str) -> ReadResourceResult:
        """The contents of one of its resources."""
        raise self._without("read_resource")

    def needs_approval(self, tool: MCPTool, agent: Agent[Any] | None) -> NeedsApproval:
        """Whether calls of the tool by the agent need approval, or a function that says so."""
        return needs_approval(self._approval_policy, tool, agent)

    def failure_function(self, of_agent: ToolErrorFunction | None) -> ToolErrorFunction | None:
        """The `failure_error_function` that holds: this server's own, or else the agent's."""
        own = self._failure_error_function
        return of_agent if isinstance(own, Unset) else own

    def _without(self, method: str) -> NotImplementedError:
        return NotImplementedError(
            f"the MCP server {shown_name(self.name)!r} has no {method}: its class "
            f"{type(self).__name__} does not override it"
        )
