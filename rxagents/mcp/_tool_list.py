"""The tools that a server listed last."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from mcp.types import Tool as MCPTool


class ToolList:
    """Remembers a list, and whether it still holds."""

    def __init__(self) -> None:
        self.latest: list[MCPTool] | None = None
        """What was listed last, even if it does not hold any more."""

        self._valid = False
        self._age = 0  # how often it was invalidated
        self._lock = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def valid(self) -> list[MCPTool] | None:
        """The list, if it holds."""
        return self.latest if self._valid else None

    def invalidate(self) -> None:
        """Let it not hold any more, nor what is being fetched now."""
        self._age += 1
        self._valid = False

    async def fetch(self, source: Callable[[], Awaitable[list[MCPTool]]]) -> list[MCPTool]:
        """Ask the source."""
        age = self._age
        tools = await source()
        if age == self._age:
            self.latest, self._valid = tools, True
        return tools

    async def cached(self, source: Callable[[], Awaitable[list[MCPTool]]]) -> list[MCPTool]:
        """Ask the source if the list does not hold; who asks at the same time waits for it."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:  # a lock belongs to one
            self._loop, self._lock = loop, asyncio.Lock()
        async with self._lock:
            return await self.fetch(source) if self.valid is None else self.valid


def copies(tools: list[MCPTool]) -> list[MCPTool]:
    """Deep copies, which their receiver may change."""
    return [tool.model_copy(deep=True) for tool in tools]


def missing_arguments(tool: MCPTool, arguments: dict[str, Any]) -> list[str]:
    """The names of the arguments that the tool requires and that are not there."""
    required: object = tool.input_schema.get("required")
    names = cast("list[object]", required) if isinstance(required, list) else []
    return [name for name in names if isinstance(name, str) and name not in arguments]
