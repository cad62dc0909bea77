"""Several servers, connected and cleaned up together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any, Self

import anyio

from ._keeper import Keeper
from ._package import shown_name
from ._seconds import check_seconds
from .base import MCPServer

_logger = logging.getLogger(__name__)


class MCPServerManager:
    """Connects servers, and tells which of them can be used.

        async with MCPServerManager([files, web]) as manager:
            agent = Agent(name="Helper", mcp_servers=manager.active_servers)

    Each server is connected and cleaned up by one task of its own.
    """

    def __init__(
        self,
        servers: Iterable[MCPServer],
        *,
        connect_timeout_seconds: float | None = 10.0,
        cleanup_timeout_seconds: float | None = 10.0,
        drop_failed_servers: bool = True,
        strict: bool = False,
        suppress_cancelled_error: bool = True,
        connect_in_parallel: bool = False,
    ) -> None:
        """Manage `servers`; one that is given twice counts once.

        - `connect_timeout_seconds`, `cleanup_timeout_seconds`: for each server; None is for ever.
        - `drop_failed_servers`: whether `active_servers` is without those that failed.
        - `strict`: raise the first failure to connect, after cleaning up those that connected;
          otherwise it is only noted.
        - `suppress_cancelled_error`: count it as a failure where a server's `connect` or `cleanup`
          raises CancelledError of itself; otherwise raise it. Cancelling the task that waits for
          the manager cancels that task all the same.
        - `connect_in_parallel`: connect all at once, and not in order.

        Raises ValueError or TypeError now for a time that cannot be.
        """
        self._all = list(dict.fromkeys(servers))
        self._keepers: dict[MCPServer, Keeper[None]] = {}
        self._errors: dict[MCPServer, BaseException] = {}
        self._tried = False
        self._lock = asyncio.Lock()
        self.connect_timeout_seconds = connect_timeout_seconds
        self.cleanup_timeout_seconds = cleanup_timeout_seconds
        self.drop_failed_servers = drop_failed_servers
        self.strict = strict
        self.suppress_cancelled_error = suppress_cancelled_error
        self.connect_in_parallel = connect_in_parallel

    @property
    def connect_timeout_seconds(self) -> float | None:
        """How long a server may take to connect; None is for ever."""
        return self._connect_timeout

    @connect_timeout_seconds.setter
    def connect_timeout_seconds(self, seconds: float | None) -> None:
        check_seconds("connect_timeout_seconds", seconds, zero=False)
        self._connect_timeout = seconds

    @property
    def cleanup_timeout_seconds(self) -> float | None:
        """How long a server may take to clean up before it is left to itself; None is for ever."""
        return self._cleanup_timeout

    @cleanup_timeout_seconds.setter
    def cleanup_timeout_seconds(self, seconds: float | None) -> None:
        check_seconds("cleanup_timeout_seconds", seconds, zero=False)
        self._cleanup_timeout = seconds

    @property
    def all_servers(self) -> list[MCPServer]:
        """All servers, in their order."""
        return list(self._all)

    @property
    def active_servers(self) -> list[MCPServer]:
        """Those that are connected, or all: before the first try, or where none are dropped."""
        if not self._tried or not self.drop_failed_servers:
            return list(self._all)
        return [server for server in self._all if server in self._keepers]

    @property
    def failed_servers(self) -> list[MCPServer]:
        """Those that could not be connected."""
        return [s for s in self._all if s in self._errors and s not in self._keepers]

    @property
    def errors(self) -> dict[MCPServer, BaseException]:
        """What connecting or cleaning up raised last, by server."""
        return dict(self._errors)

    async def __aenter__(self) -> Self:
        """Connect all."""
        await self.connect_all()
        return self

    async def __aexit__(self, *raised: object) -> None:
        """Clean up all."""
        await self.cleanup_all()

    async def connect_all(self) -> list[MCPServer]:
        """Connect those that are not; gives `active_servers`.

        Where it raises, what this call connected is cleaned up again.
        """
        async with self._lock:
            self._errors.clear()
            await self._connect(self._all)
        return self.active_servers

    async def reconnect(self, *, failed_only: bool = True) -> list[MCPServer]:
        """Try those that failed once more, or clean up and connect all; gives `active_servers`."""
        async with self._lock:
            servers = self.failed_servers if failed_only else self._all
            if not failed_only:
                await self._cleanup(self._all)
                self._errors.clear()
            await self._connect(servers)
        return self.active_servers

    async def cleanup_all(self) -> None:
        """Clean up all that are connected, the last first; what that raises is noted."""
        async with self._lock:
            await self._cleanup(self._all)

    async def _connect(self, servers: list[MCPServer]) -> None:
        self._tried = True
        new = [server for server in servers if server not in self._keepers]
        try:
            if self.connect_in_parallel:
                await _all(self._connect_one(server) for server in new)
            else:
                for server in new:
                    await self._connect_one(server)
        except BaseException:
            await self._cleanup(new)
            raise

    async def _connect_one(self, server: MCPServer) -> None:
        keeper = Keeper(_connected(server), name=f"MCP server {shown_name(server.name)}")
        try:
            async with asyncio.timeout(self.connect_timeout_seconds):
                await keeper.opened()
        except BaseException as error:
            if _is_for_us(error):
                raise
            self._note(server, "connect", error)
            if self.strict or self._must_raise(error):
                raise
        else:
            self._keepers[server] = keeper
            self._errors.pop(server, None)

    async def _cleanup(self, servers: list[MCPServer]) -> None:
        for server in reversed(servers):
            if (keeper := self._keepers.pop(server, None)) is None:
                continue
            try:
                async with asyncio.timeout(self.cleanup_timeout_seconds):
                    if (raised := await keeper.close()) is not None:
                        raise raised
            except BaseException as error:
                if not _is_for_us(error):
                    self._note(server, "clean up", error)
                if self._must_raise(error):
                    raise

    def _note(self, server: MCPServer, doing: str, error: BaseException) -> None:
        self._errors[server] = error
        name = shown_name(server.name)
        if isinstance(error, TimeoutError) and not error.args:
            error.args = (f"it took too long to {doing} the MCP server {name!r}",)
        _logger.error("failed to %s the MCP server %r: %s", doing, name, error)
        _logger.debug("failed to %s the MCP server %r", doing, name, exc_info=error)

    def _must_raise(self, error: BaseException) -> bool:
        if isinstance(error, asyncio.CancelledError):
            return _is_for_us(error) or not self.suppress_cancelled_error
        return not isinstance(error, Exception)


def _is_for_us(error: BaseException) -> bool:
    """Whether it is the cancellation of the task that waits, and not one of a server's own."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0


@asynccontextmanager
async def _connected(server: MCPServer) -> AsyncGenerator[None]:
    try:
        await server.connect()
        yield
    finally:
        # Also of what failed half way, or was given up: then all else here is cancelled.
        with anyio.CancelScope(shield=True):
            await server.cleanup()


async def _all(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Wait for all, and raise what the first of those raised that did."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        if tasks:
            await asyncio.wait(tasks)
    finally:
        for task in tasks:
            task.cancel()
        raised = [r for r in await asyncio.gather(*tasks, return_exceptions=True) if r is not None]
    if raised:
        raise raised[0]
