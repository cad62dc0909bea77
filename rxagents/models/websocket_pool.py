"""WebSockets to the Responses API: those of one client on one loop, for one response at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import anyio

from .clients import forget_on_this_loop, kept_on_this_loop

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.resources.responses.responses import AsyncResponsesConnection

MAX_IDLE: Final = 8
"""Sockets that are kept for later, at most."""


class Socket:
    """An open WebSocket."""

    def __init__(self, connection: AsyncResponsesConnection, address: tuple[Any, ...]) -> None:
        self.address = address
        """What it was opened with; requests with anything else need a socket of their own."""
        self.last_response_id: str | None = None
        """The response that ended on it. A server may know one that is not stored only here."""
        self._connection = connection
        # The client does not tell whether a connection is open, and cannot drop one.
        self._raw = connection._connection  # pyright: ignore[reportPrivateUsage]

    @property
    def is_open(self) -> bool:
        """Whether neither side has closed it, as far as is known."""
        return self._raw.state.name == "OPEN"

    async def send(self, frame: str) -> None:
        """Send one message."""
        await self._connection.send_raw(frame)

    async def receive(self) -> bytes:
        """The next message."""
        return await self._connection.recv_bytes()

    async def close(self) -> None:
        """Take leave of the server."""
        await self._connection.close()

    async def drop(self) -> None:
        """Close it at once, as a server that goes on writing would hold up taking leave."""
        with anyio.CancelScope(shield=True):
            self._raw.transport.abort()
            await self._raw.wait_closed()


class SocketPool:
    """The sockets of a client on a loop. What is taken is for one response, then comes back."""

    def __init__(self, client: AsyncOpenAI) -> None:
        self._client = client
        self._idle: list[Socket] = []
        self._closed = False

    async def take(
        self,
        query: Mapping[str, object],
        headers: Mapping[str, Any],
        options: Mapping[str, Any],
        *,
        after: str | None,
    ) -> Socket:
        """A socket that nobody uses, by preference that of the response `after`, or a new one.

        Raises what the client and `websockets` raise if none can be opened.
        """
        address = (repr(dict(query)), repr(dict(headers)), repr(dict(options)))
        self._idle = [socket for socket in self._idle if socket.is_open]
        fitting = [socket for socket in self._idle if socket.address == address]
        if fitting:
            last = [s for s in fitting if after is not None and s.last_response_id == after]
            socket = (last or fitting)[-1]
            self._idle.remove(socket)
            return socket
        connecting = self._client.responses.connect(
            extra_query=dict(query),
            extra_headers=dict(headers),
            websocket_connection_options=dict(options),  # type: ignore[arg-type]
        )
        return Socket(await connecting.enter(), address)

    async def give_back(self, socket: Socket) -> None:
        """Keep `socket` for the next response, if it can be used again."""
        if socket.is_open and not self._closed:
            self._idle.append(socket)
            if len(self._idle) > MAX_IDLE:
                await self._idle.pop(0).close()
        else:
            await socket.close()

    async def close(self) -> None:
        """Close all that nobody uses; those in use are closed when they come back."""
        self._closed = True
        idle, self._idle = self._idle, []
        await asyncio.gather(*(socket.close() for socket in idle))


def pool_of(client: AsyncOpenAI) -> SocketPool:
    """The pool of `client` on the running loop, which is closed with the loop."""
    return kept_on_this_loop(
        ("sockets", client), lambda: SocketPool(client), lambda pool: pool.close()
    )


async def close_sockets(client: AsyncOpenAI) -> None:
    """Close the sockets of `client` on the running loop."""
    await forget_on_this_loop(("sockets", client))
