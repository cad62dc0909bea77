"""What the three transports have in common: a server that a client of the mcp package talks to."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from rxagents.context import RunContextWrapper
from rxagents.exceptions import UserError
from rxagents.tools import ToolErrorFunction

from ._connected import ConnectedServer
from ._package import require_mcp, shown_name
from ._pages import all_pages
from ._tool_list import ToolList, copies, missing_arguments
from .approval import RequireApprovalSetting
from .base import UNSET, Unset
from .tool_data import MCPToolCustomDataExtractor, MCPToolMetaResolver
from .tool_filter import ToolFilter, passing

if TYPE_CHECKING:
    from mcp.client.session import MessageHandlerFnT
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

TParams = TypeVar("TParams")


class MCPServerWithClientSession(ConnectedServer, Generic[TParams]):
    """A server behind a transport, which a subclass gives.

    Its connection lives in a task of its own, so that any task may connect and any other clean
    up. A connection that is lost is made again when the server is used next.
    """

    def __init__(
        self,
        params: TParams,
        cache_tools_list: bool = False,
        name: str | None = None,
        client_session_timeout_seconds: float | None = 5,
        tool_filter: ToolFilter = None,
        use_structured_content: bool = False,
        max_retry_attempts: int = 0,
        retry_backoff_seconds_base: float = 1.0,
        message_handler: MessageHandlerFnT | None = None,
        require_approval: RequireApprovalSetting = None,
        failure_error_function: ToolErrorFunction | Unset | None = UNSET,
        tool_meta_resolver: MCPToolMetaResolver | None = None,
        custom_data_extractor: MCPToolCustomDataExtractor | None = None,
        retry_backoff_seconds_max: float | None = None,
        *,
        tool_input_guardrails: list[Any] | None = None,
        tool_output_guardrails: list[Any] | None = None,
        max_list_pages: int | None = None,
    ) -> None:
        """Describe the server; `connect`, or `async with`, connects to it.

        - `params`: of the transport.
        - `cache_tools_list`: ask for the tools once, and again only after
          `invalidate_tools_cache()`, or when the server says that they have changed.
        - `name`: what it is called; made from `params` by default.
        - `client_session_timeout_seconds`: for how long an answer is waited for; None or 0 is for
          ever.
        - `tool_filter`: which tools the agent is offered.
        - `max_retry_attempts`: how often listing the tools, or calling one, is tried again after
          it failed; -1 is without end. A call may then be made twice.
        - `retry_backoff_seconds_base`, `retry_backoff_seconds_max`: the wait before the first
          retry; each is twice the one before, up to the maximum.
        - `message_handler`: is given what the server sends of itself.
        - `max_list_pages`: how many pages a list of tools or prompts may have at most.

        The others are `MCPServer`'s. Raises UserError, ValueError or TypeError now for a value
        that cannot be, and UserError where the mcp package is not installed.
        """
        require_mcp()
        self._params = params
        super().__init__(
            name=name or self._default_name(),
            client_session_timeout_seconds=client_session_timeout_seconds,
            max_retry_attempts=max_retry_attempts,
            retry_backoff_seconds_base=retry_backoff_seconds_base,
            retry_backoff_seconds_max=retry_backoff_seconds_max,
            message_handler=message_handler,
            use_structured_content=use_structured_content,
            require_approval=require_approval,
            failure_error_function=failure_error_function,
            tool_meta_resolver=tool_meta_resolver,
            custom_data_extractor=custom_data_extractor,
            tool_input_guardrails=tool_input_guardrails,
            tool_output_guardrails=tool_output_guardrails,
        )
        if max_list_pages is not None and max_list_pages < 1:
            raise ValueError(f"max_list_pages must be 1 or more, not {max_list_pages}")
        self.cache_tools_list = cache_tools_list
        self.tool_filter = tool_filter
        self.max_list_pages = max_list_pages
        self._tools = ToolList()

    @abc.abstractmethod
    def _default_name(self) -> str:
        """A name made from the params; raises UserError where those lack what is needed."""

    # --- tools ------------------------------------------------------------------------------

    def invalidate_tools_cache(self) -> None:
        """Have the next `list_tools` ask the server; what is being listed now is not cached."""
        self._tools.invalidate()

    @property
    def cached_tools(self) -> list[MCPTool] | None:
        """Copies of the tools that were listed last, before the filter."""
        return None if self._tools.latest is None else copies(self._tools.latest)

    async def list_tools(
        self,
        run_context: RunContextWrapper[Any] | None = None,
        agent: Agent[Any] | None = None,
    ) -> list[MCPTool]:
        """Copies of its tools, as far as they pass the filter.

        Raises UserError where the server is not connected, MCPServerError where it fails.
        """
        self._connection.check(self.name)
        fetch = self._tools.cached if self.cache_tools_list else self._tools.fetch
        tools = await fetch(self._all_tools)
        return copies(await passing(tools, self.tool_filter, run_context, agent, self.name))

    async def call_tool(
        self,
        tool_name: str,
        arguments: dict[str, Any] | None,
        meta: dict[str, Any] | None = None,
    ) -> CallToolResult:
        """Call a tool by its name on the server; a result may say that it is an error.

        Raises UserError where an argument is missing that the tool requires, or the server is not
        connected; MCPServerError where the server fails.
        """
        self._check_arguments(tool_name, arguments or {})
        return await self._request(
            f"calling the tool {tool_name!r} of",
            lambda client: client.call_tool(tool_name, arguments, meta=cast("Any", meta)),
            self.max_retry_attempts,
        )

    async def _all_tools(self) -> list[MCPTool]:
        pages = await all_pages(
            lambda cursor: self._request(
                "listing the tools of",
                lambda client: client.list_tools(cursor=cursor),
                self.max_retry_attempts,
            ),
            self.max_list_pages,
            f"the tools of the MCP server {shown_name(self.name)!r}",
        )
        return [tool for page in pages for tool in page.tools]

    def _check_arguments(self, tool_name: str, arguments: dict[str, Any]) -> None:
        for tool in self._tools.valid or []:
            if tool.name == tool_name and (missing := missing_arguments(tool, arguments)):
                raise UserError(
                    f"the tool {tool_name!r} of the MCP server {shown_name(self.name)!r} "
                    f"requires {', '.join(map(repr, missing))}, which is missing"
                )

    # --- prompts and resources --------------------------------------------------------------

    async def list_prompts(self) -> ListPromptsResult:
        """All its prompts."""
        pages = await all_pages(
            lambda cursor: self._request(
                "listing the prompts of", lambda client: client.list_prompts(cursor=cursor)
            ),
            self.max_list_pages,
            f"the prompts of the MCP server {shown_name(self.name)!r}",
        )
        prompts = [prompt for page in pages for prompt in page.prompts]
        return pages[0].model_copy(update={"prompts": prompts, "next_cursor": None})

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None
    ) -> GetPromptResult:
        """One of its prompts, with the arguments in their places."""
        return await self._request(
            f"getting the prompt {name!r} of", lambda client: client.get_prompt(name, arguments)
        )

    async def list_resources(self, cursor: str | None = None) -> ListResourcesResult:
        """A page of its resources; `cursor` is the `next_cursor` of the page before."""
        return await self._request(
            "listing the resources of", lambda client: client.list_resources(cursor=cursor)
        )

    async def list_resource_templates(
        self, cursor: str | None = None
    ) -> ListResourceTemplatesResult:
        """A page of its resource templates; `cursor` is the `next_cursor` of the page before."""
        return await self._request(
            "listing the resource templates of",
            lambda client: client.list_resource_templates(cursor=cursor),
        )

    async def read_resource(self, uri: str) -> ReadResourceResult:
        """The contents of one of its resources."""
        return await self._request(
            f"reading the resource {uri!r} of", lambda client: client.read_resource(uri)
        )
