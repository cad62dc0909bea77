"""Tools of MCP servers as tools of an agent.

The names that the Agents SDK has in its module `util` are here too.
"""

from __future__ import annotations

import asyncio
import json
import logging
import reprlib
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, cast

from rxagents.context import RunContextWrapper, ToolContext
from rxagents.exceptions import (
    AgentsException,
    MCPToolCancellationError,
    ToolArgumentsError,
    UserError,
)
from rxagents.tools import FunctionTool, Tool, ToolErrorFunction, default_tool_error_function
from rxagents.tracing import mcp_tools_span

from ._failures import server_error
from ._function_tool import make_function_tool
from ._package import shown_name
from ._tool_list import missing_arguments
from ._tool_names import prefixed_names
from .http import HttpClientFactory as HttpClientFactory
from .tool_data import MCPToolCustomDataContext as MCPToolCustomDataContext
from .tool_data import MCPToolCustomDataExtractor as MCPToolCustomDataExtractor
from .tool_data import MCPToolMetaContext as MCPToolMetaContext
from .tool_data import MCPToolMetaResolver as MCPToolMetaResolver
from .tool_data import custom_data_of, meta_of_call
from .tool_filter import ToolFilter as ToolFilter
from .tool_filter import ToolFilterCallable as ToolFilterCallable
from .tool_filter import ToolFilterContext as ToolFilterContext
from .tool_filter import ToolFilterStatic as ToolFilterStatic
from .tool_filter import create_static_tool_filter as create_static_tool_filter
from .tool_results import ToolOutput, tool_output

if TYPE_CHECKING:
    from mcp.types import Tool as MCPTool

    from rxagents.agent import Agent

    from .base import MCPServer

_logger = logging.getLogger(__name__)


class MCPUtil:
    """From the tools of MCP servers to the tools of an agent, and the calls back."""

    @classmethod
    async def get_all_function_tools(
        cls,
        servers: Sequence[MCPServer],
        convert_schemas_to_strict: bool,
        run_context: RunContextWrapper[Any],
        agent: Agent[Any],
        failure_error_function: ToolErrorFunction | None = default_tool_error_function,
        include_server_in_tool_names: bool = False,
        reserved_tool_names: set[str] | None = None,
    ) -> list[Tool]:
        """List the tools of all servers, at the same time; in the servers' order.

        The last four are an agent's `mcp_config`, and the names that its other tools and handoffs
        have. Raises UserError where two servers have a tool of one name, unless the names say
        which server they are from.
        """
        listings = await _at_once([_listed(server, run_context, agent) for server in servers])
        pairs = [(s, tool) for s, tools in zip(servers, listings, strict=True) for tool in tools]
        if include_server_in_tool_names:
            names = prefixed_names([(s.name, t.name) for s, t in pairs], reserved_tool_names or ())
        else:
            names = [tool.name for _, tool in pairs]
            _refuse_same_names(pairs)
        return [
            cls.to_function_tool(
                tool, server, convert_schemas_to_strict, agent, failure_error_function, name
            )
            for (server, tool), name in zip(pairs, names, strict=True)
        ]

    @classmethod
    async def get_function_tools(
        cls,
        server: MCPServer,
        convert_schemas_to_strict: bool,
        run_context: RunContextWrapper[Any],
        agent: Agent[Any],
        failure_error_function: ToolErrorFunction | None = default_tool_error_function,
        include_server_in_tool_names: bool = False,
        tool_name_override: Callable[[MCPTool], str] | None = None,
        reserved_tool_names: set[str] | None = None,
    ) -> list[Tool]:
        """List the tools of one server; `tool_name_override` gives their names for the model."""
        tools = await _listed(server, run_context, agent)
        if tool_name_override is not None:
            names = [tool_name_override(tool) for tool in tools]
        elif include_server_in_tool_names:
            names = prefixed_names(
                [(server.name, t.name) for t in tools], reserved_tool_names or ()
            )
        else:
            names = [tool.name for tool in tools]
        return [
            cls.to_function_tool(
                tool, server, convert_schemas_to_strict, agent, failure_error_function, name
            )
            for tool, name in zip(tools, names, strict=True)
        ]

    @classmethod
    def to_function_tool(
        cls,
        tool: MCPTool,
        server: MCPServer,
        convert_schemas_to_strict: bool,
        agent: Agent[Any] | None = None,
        failure_error_function: ToolErrorFunction | None = default_tool_error_function,
        tool_name_override: str | None = None,
    ) -> FunctionTool:
        """Make an agent's tool of a server's; a schema that cannot be strict stays as it is.

        Without an `agent`, a server whose `require_approval` is a function has every call
        approved.
        """
        name = tool_name_override or tool.name

        async def call(context: RunContextWrapper[Any], arguments: str) -> ToolOutput:
            return await cls.invoke_mcp_tool(
                server, tool, context, arguments, meta=tool.meta, tool_display_name=name
            )

        return make_function_tool(
            tool,
            server,
            name,
            call,
            strict=convert_schemas_to_strict,
            agent=agent,
            on_failure=server.failure_function(failure_error_function),
        )

    @classmethod
    async def invoke_mcp_tool(
        cls,
        server: MCPServer,
        tool: MCPTool,
        context: RunContextWrapper[Any],
        input_json: str,
        *,
        meta: dict[str, Any] | None = None,
        tool_display_name: str | None = None,
    ) -> ToolOutput:
        """Call a server's tool with the model's arguments; the result is what the model is told.

        Raises ToolArgumentsError for arguments that are no JSON object or lack what is required,
        MCPServerError where the server fails, MCPToolCancellationError where the call is
        cancelled by something else than the waiting task's own cancellation.
        """
        display_name = tool_display_name or tool.name
        arguments = _read_arguments(input_json, tool, display_name)
        call_meta = await meta_of_call(server, tool, context, arguments, meta)
        try:
            # Servers of the user's own may not know `meta`, as long as there is none.
            extra: dict[str, Any] = {} if call_meta is None else {"meta": call_meta}
            result = await server.call_tool(tool.name, arguments, **extra)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise MCPToolCancellationError(
                f"the call of the tool {tool.name!r} of the MCP server "
                f"{shown_name(server.name)!r} was cancelled, not by the run"
            ) from None
        except AgentsException:
            raise
        except Exception as error:
            doing = f"calling the tool {tool.name!r} of"
            failure = server_error(error, server=server.name, doing=doing)
            raise failure from failure.__cause__
        output = tool_output(result, server.use_structured_content)
        data = await custom_data_of(server, tool, context, arguments, result, output, display_name)
        if data and isinstance(context, ToolContext):
            context.custom_data = data
        return output


async def _at_once(listings: list[Coroutine[Any, Any, list[MCPTool]]]) -> list[list[MCPTool]]:
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(listing) for listing in listings]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


async def _listed(
    server: MCPServer, run_context: RunContextWrapper[Any], agent: Agent[Any]
) -> list[MCPTool]:
    """The server's tools; of several with one name the first, as calls go by name."""
    tools: dict[str, MCPTool] = {}
    with mcp_tools_span(server=shown_name(server.name)) as span:
        listed = await server.list_tools(run_context, agent)
        span.span_data.result = [tool.name for tool in listed]
    for tool in listed:
        if tool.name in tools:
            _logger.warning(
                "the MCP server %r lists two tools called %r; the second is left out",
                shown_name(server.name),
                tool.name,
            )
        tools.setdefault(tool.name, tool)
    return list(tools.values())


def _refuse_same_names(pairs: list[tuple[MCPServer, MCPTool]]) -> None:
    owners: dict[str, str] = {}
    for server, tool in pairs:
        name = shown_name(server.name)
        if tool.name in owners:
            raise UserError(
                f"the MCP servers {owners[tool.name]!r} and {name!r} both have a tool called "
                f"{tool.name!r}: leave one out with tool_filter=, or have the names say whose they "
                "are with Agent(mcp_config={'include_server_in_tool_names': True})"
            )
        owners[tool.name] = name


def _read_arguments(input_json: str, tool: MCPTool, name: str) -> dict[str, Any]:
    try:
        arguments: object = json.loads(input_json) if input_json.strip() else {}
    except ValueError as error:
        why = f"they are no JSON ({error})"
    else:
        if isinstance(arguments, dict):
            found = cast("dict[str, Any]", arguments)
            if not (missing := missing_arguments(tool, found)):
                return found
            why = f"{', '.join(map(repr, missing))} is missing"
        else:
            why = f"they must be one JSON object (they were {reprlib.repr(arguments)})"
    raise ToolArgumentsError(
        f"the arguments for the tool {name!r} do not fit: {why}",
        tool_name=name,
        arguments=input_json,
    )
