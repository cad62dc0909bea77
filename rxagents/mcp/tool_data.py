"""What goes with a call besides its arguments, and what is kept of its result besides the text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from rxagents.context import RunContextWrapper
from rxagents.exceptions import UserError
from rxagents.maybe_awaitable import MaybeAwaitable, settled

from .tool_results import ToolOutput

if TYPE_CHECKING:
    from mcp.types import CallToolResult
    from mcp.types import Tool as MCPTool

    from .base import MCPServer


@dataclass
class MCPToolMetaContext:
    """What a resolver of `_meta` is told of a call."""

    run_context: RunContextWrapper[Any]
    server_name: str
    tool_name: str
    """As the server calls it."""

    arguments: dict[str, Any] | None
    """A copy."""


@dataclass(frozen=True)
class MCPToolCustomDataContext:
    """What an extractor of custom data is told of a call that was answered; all of it copies."""

    run_context: RunContextWrapper[Any]
    server_name: str
    tool_name: str
    """As the server calls it."""

    tool_display_name: str
    """As the model calls it."""

    arguments: Mapping[str, Any]
    result_meta: Mapping[str, Any] | None
    """The result's `_meta`."""

    structured_content: Mapping[str, Any] | None
    is_error: bool | None
    tool_output: ToolOutput
    """What the model is told."""


MCPToolMetaResolver: TypeAlias = Callable[
    [MCPToolMetaContext], MaybeAwaitable[dict[str, Any] | None]
]
"""Gives the `_meta` that is sent with a call, or None; plain or async."""

MCPToolCustomDataExtractor: TypeAlias = Callable[
    [MCPToolCustomDataContext], MaybeAwaitable[Mapping[str, Any] | None]
]
"""Gives what the program, not the model, is to have of a result, or None; plain or async."""


async def meta_of_call(
    server: MCPServer,
    tool: MCPTool,
    context: RunContextWrapper[Any],
    arguments: dict[str, Any],
    given: dict[str, Any] | None,
) -> dict[str, Any] | None:
    """What the server's resolver says, and `given` over it; None where neither says anything."""
    resolved: object = None
    if server.tool_meta_resolver is not None:
        asked = MCPToolMetaContext(context, server.name, tool.name, deepcopy(arguments))
        resolved = cast("object", await settled(server.tool_meta_resolver(asked)))
        if resolved is not None and not isinstance(resolved, dict):
            raise UserError(f"tool_meta_resolver must return a dict or None, not {resolved!r}")
    if resolved is None and given is None:
        return None
    return deepcopy({**cast("dict[str, Any]", resolved or {}), **(given or {})})


async def custom_data_of(
    server: MCPServer,
    tool: MCPTool,
    context: RunContextWrapper[Any],
    arguments: dict[str, Any],
    result: CallToolResult,
    output: ToolOutput,
    display_name: str,
) -> dict[str, Any] | None:
    """What the server's extractor takes from a result; None without one."""
    if server.custom_data_extractor is None:
        return None
    told = MCPToolCustomDataContext(
        run_context=context,
        server_name=server.name,
        tool_name=tool.name,
        tool_display_name=display_name,
        arguments=MappingProxyType(deepcopy(arguments)),
        result_meta=_read_only(result.meta),
        structured_content=_read_only(result.structured_content),
        is_error=result.is_error,
        tool_output=deepcopy(output),
    )
    data = await settled(server.custom_data_extractor(told))
    return None if data is None else dict(data)


def _read_only(value: Any) -> Mapping[str, Any] | None:
    if not isinstance(value, dict):
        return None
    return MappingProxyType(deepcopy(cast("dict[str, Any]", value)))
