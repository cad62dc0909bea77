"""Servers that are child processes, spoken to over their standard input and output."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NotRequired, cast

from typing_extensions import TypedDict

from rxagents.exceptions import UserError

from .client_server import MCPServerWithClientSession

if TYPE_CHECKING:
    from mcp import StdioServerParameters


class MCPServerStdioParams(TypedDict):
    """How a server process is started."""

    command: str
    """The program, such as `python` or `npx`."""

    args: NotRequired[list[str]]
    env: NotRequired[dict[str, str]]
    """Variables besides the few that it inherits (PATH, HOME and the like)."""

    cwd: NotRequired[str | Path]
    """The directory it runs in."""

    encoding: NotRequired[str]
    """Of the messages; utf-8 by default."""

    encoding_error_handler: NotRequired[Literal["strict", "ignore", "replace"]]
    """What happens to bytes that are not in that encoding; strict by default."""


class MCPServerStdio(MCPServerWithClientSession[MCPServerStdioParams]):
    """A server that this process starts, and ends with `cleanup`.

    One that dies is started again when it is used next.
    """

    @cached_property
    def params(self) -> StdioServerParameters:
        """The parameters as the mcp package has them."""
        from mcp import StdioServerParameters

        return StdioServerParameters.model_validate(self._params)

    def create_streams(self) -> AbstractAsyncContextManager[tuple[Any, Any]]:
        """Start the process; leaving ends it."""
        from mcp import stdio_client

        return stdio_client(self.params)

    def _default_name(self) -> str:
        given = cast("dict[str, object]", self._params)
        if not isinstance(command := given.get("command"), str):
            raise UserError(f"params['command'] must be the program to start, not {command!r}")
        return f"stdio: {command}"
