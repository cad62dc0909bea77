"""Which of a server's tools the model is offered."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NotRequired, TypeAlias

from typing_extensions import TypedDict

from rxagents.context import RunContextWrapper
from rxagents.exceptions import UserError
from rxagents.maybe_awaitable import MaybeAwaitable, settled

from ._package import shown_name

if TYPE_CHECKING:
    from mcp.types import Tool as MCPTool

    from rxagents.agent import Agent

_logger = logging.getLogger(__name__)


@dataclass
class ToolFilterContext:
    """What a filter function is told of who asks."""

    run_context: RunContextWrapper[Any]
    agent: Agent[Any]
    """The agent that is to be offered the tools."""

    server_name: str


class ToolFilterStatic(TypedDict):
    """Which tools pass, by their names on the server; see `create_static_tool_filter`."""

    allowed_tool_names: NotRequired[list[str]]
    """Only these; where it is missing, all."""

    blocked_tool_names: NotRequired[list[str]]
    """Not these, even if they are allowed."""


ToolFilterCallable: TypeAlias = Callable[[ToolFilterContext, "MCPTool"], MaybeAwaitable[bool]]
"""Whether a tool passes; plain or async, asked for each tool whenever the tools are listed."""

ToolFilter: TypeAlias = ToolFilterCallable | ToolFilterStatic | None
"""A function, names, or None, which lets every tool pass."""


def create_static_tool_filter(
    allowed_tool_names: list[str] | None = None, blocked_tool_names: list[str] | None = None
) -> ToolFilterStatic | None:
    """Make a filter of names: those that pass, those that do not, or both. None without names."""
    if allowed_tool_names is None and blocked_tool_names is None:
        return None
    names: ToolFilterStatic = {}
    if allowed_tool_names is not None:
        names["allowed_tool_names"] = allowed_tool_names
    if blocked_tool_names is not None:
        names["blocked_tool_names"] = blocked_tool_names
    return names


async def passing(
    tools: list[MCPTool],
    tool_filter: ToolFilter,
    run_context: RunContextWrapper[Any] | None,
    agent: Agent[Any] | None,
    server_name: str,
) -> list[MCPTool]:
    """The tools that pass. A function that raises for a tool keeps it out, and a log tells so.

    Raises UserError where the filter is a function and it is not known who asks.
    """
    if tool_filter is None:
        return tools
    if not callable(tool_filter):
        allowed = tool_filter.get("allowed_tool_names")
        blocked = tool_filter.get("blocked_tool_names", [])
        return [
            t for t in tools if (allowed is None or t.name in allowed) and t.name not in blocked
        ]
    if run_context is None or agent is None:
        raise UserError(
            f"the tool filter of the MCP server {shown_name(server_name)!r} is a function, which "
            "wants to know who asks: call list_tools(run_context, agent)"
        )
    context = ToolFilterContext(run_context, agent, server_name)
    return [tool for tool in tools if await _passes(tool, tool_filter, context)]


async def _passes(tool: MCPTool, rule: ToolFilterCallable, context: ToolFilterContext) -> bool:
    try:
        # A copy, as ours is in the cache.
        return bool(await settled(rule(context, tool.model_copy(deep=True))))
    except Exception:
        _logger.exception(
            "the tool filter of the MCP server %r raised for the tool %r, which is left out",
            shown_name(context.server_name),
            tool.name,
        )
        return False
