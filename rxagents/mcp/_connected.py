"""A server that has a connection: made, made again where it is lost, and asked."""

from __future__ import annotations

import abc
import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Self, TypeVar

from rxagents.exceptions import MCPServerError, UserError

from ._connection import Connection
from ._failures import is_session_gone, server_error
from ._link import Link, open_link
from ._seconds import check_seconds
from .base import MCPServer

if TYPE_CHECKING:
    from mcp import Client, ClientSession
    from mcp.client.session import IncomingMessage, MessageHandlerFnT
    from mcp.types import InitializeResult

T = TypeVar("T")


class ConnectedServer(MCPServer):
    """Keeps the connection, and sends the requests of a subclass over it."""

    def __init__(
        self,
        *,
        name: str,
        client_session_timeout_seconds: float | None,
        max_retry_attempts: int,
        retry_backoff_seconds_base: float,
        retry_backoff_seconds_max: float | None,
        message_handler: MessageHandlerFnT | None,
        **of_server: Any,
    ) -> None:
        """Describe it; `of_server` is what `MCPServer` wants to know."""
        super().__init__(**of_server)
        check_seconds("client_session_timeout_seconds", client_session_timeout_seconds, zero=True)
        check_seconds("retry_backoff_seconds_max", retry_backoff_seconds_max, zero=True)
        self._name = name
        self.client_session_timeout_seconds = client_session_timeout_seconds
        self.max_retry_attempts = max_retry_attempts
        self.retry_backoff_seconds_base = retry_backoff_seconds_base
        self.retry_backoff_seconds_max = retry_backoff_seconds_max
        self.message_handler = message_handler
        self._connection = Connection(self._make_link)

    @abc.abstractmethod
    def create_streams(self) -> AbstractAsyncContextManager[tuple[Any, Any]]:
        """The transport: gives a stream to read from and one to write to."""

    @abc.abstractmethod
    def invalidate_tools_cache(self) -> None:
        """Forget which tools there are."""

    @property
    def name(self) -> str:
        """What it is called."""
        return self._name

    @property
    def session(self) -> ClientSession | None:
        """The mcp package's session, while the server is connected."""
        link = self._connection.link
        return None if link is None else link.client.session

    @property
    def server_initialize_result(self) -> InitializeResult | None:
        """What the server said of itself, if it is one of the protocols before 2026."""
        return None if (session := self.session) is None else session.initialize_result

    async def __aenter__(self) -> Self:
        """Connect."""
        await self.connect()
        return self

    async def __aexit__(self, *raised: object) -> None:
        """Clean up."""
        await self.cleanup()

    async def connect(self) -> None:
        """Connect, unless it is connected; raises MCPServerError where that fails.

        Whoever is cancelled while waiting takes the half-made connection along.
        """
        try:
            await self._connection.open(self.name)
        except Exception as error:
            failure = self._failure(error, "connecting to")
            raise failure from failure.__cause__

    async def cleanup(self) -> None:
        """End the connection, and the server's process; what that raises is logged."""
        await self._connection.close(self.name)

    async def _request(
        self, doing: str, send: Callable[[Client], Awaitable[T]], retries: int = 0
    ) -> T:
        """Ask the server; raises MCPServerError after so many `retries`, -1 for no end of them."""
        failures, renewed = 0, False
        while True:
            link = None
            try:
                link = await self._connection.ready(self.name)
                return await send(link.client)
            except Exception as error:
                if isinstance(error, UserError) and not isinstance(error, MCPServerError):
                    raise
                if link is not None and is_session_gone(error):
                    link.lost = True
                    if not renewed:  # it was not done, so that it may be asked for again
                        renewed = True
                        continue
                failures += 1
                if retries != -1 and failures > retries:
                    failure = self._failure(error, doing)
                    raise failure from failure.__cause__
            await asyncio.sleep(self._backoff(failures))

    def _backoff(self, failures: int) -> float:
        try:
            wait = math.ldexp(self.retry_backoff_seconds_base, failures - 1)
        except OverflowError:
            wait = math.inf
        most = self.retry_backoff_seconds_max
        return wait if most is None else min(wait, most)

    def _failure(self, error: Exception, doing: str) -> UserError:
        if isinstance(error, UserError):
            return error
        return server_error(
            error,
            server=self.name,
            doing=doing,
            timeout=self.client_session_timeout_seconds,
            http_status=self._http_status(),
        )

    def _http_status(self) -> int | None:
        """The status of the last answer, where it was an error of HTTP."""
        return None

    def _make_link(self) -> AbstractAsyncContextManager[Link]:
        timeout = self.client_session_timeout_seconds or None
        return open_link(self.create_streams(), timeout, self._on_message)

    async def _on_message(self, message: IncomingMessage) -> None:
        from mcp.types import ToolListChangedNotification

        if isinstance(message, ToolListChangedNotification):
            self.invalidate_tools_cache()
        if self.message_handler is not None:
            await self.message_handler(message)
