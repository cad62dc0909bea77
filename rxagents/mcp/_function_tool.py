"""One tool of a server as a FunctionTool."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from rxagents.context import RunContextWrapper, ToolContext
from rxagents.exceptions import UserError
from rxagents.maybe_awaitable import settled
from rxagents.strict_schema import ensure_strict_json_schema
from rxagents.tools import FunctionTool, ToolErrorFunction

from ._package import shown_name
from .tool_results import ToolOutput

if TYPE_CHECKING:
    from mcp.types import Tool as MCPTool

    from rxagents.agent import Agent

    from .base import MCPServer

_logger = logging.getLogger(__name__)


def make_function_tool(
    tool: MCPTool,
    server: MCPServer,
    name: str,
    call: Callable[[RunContextWrapper[Any], str], Awaitable[ToolOutput]],
    *,
    strict: bool,
    agent: Agent[Any] | None,
    on_failure: ToolErrorFunction | None,
) -> FunctionTool:
    """Make it; `call` is what it does, and `on_failure` what becomes of what that raises."""

    async def invoke(context: ToolContext[Any], arguments: str) -> Any:
        try:
            return await call(context, arguments)
        except Exception as error:
            if on_failure is None:
                raise
            _logger.warning("%s", error)
            _logger.debug("a call of tool %r failed", name, exc_info=True)
            context.failure = error
            return await settled(on_failure(context, error))

    schema, is_strict = _schema(tool, server, strict)
    return FunctionTool(
        name=name,
        description=_description(tool),
        params_json_schema=schema,
        on_invoke_tool=invoke,
        strict_json_schema=is_strict,
        needs_approval=server.needs_approval(tool, agent),
        tool_input_guardrails=_list(server.tool_input_guardrails),
        tool_output_guardrails=_list(server.tool_output_guardrails),
    )


def _schema(tool: MCPTool, server: MCPServer, strict: bool) -> tuple[dict[str, Any], bool]:
    """The schema of the arguments, and whether it is strict, which not every schema can be."""
    # OpenAI wants both, MCP neither.
    schema: dict[str, Any] = {"type": "object", "properties": {}, **deepcopy(tool.input_schema)}
    if not strict:
        return schema, False
    try:
        return ensure_strict_json_schema(schema), True
    except UserError as error:
        server_name = shown_name(server.name)
        _logger.info("the tool %r of %r is not strict: %s", tool.name, server_name, error)
        return schema, False


def _description(tool: MCPTool) -> str:
    hinted = tool.annotations.title if tool.annotations else None
    return tool.description or tool.title or hinted or ""


def _list(guardrails: list[Any] | None) -> list[Any] | None:
    return None if guardrails is None else list(guardrails)
