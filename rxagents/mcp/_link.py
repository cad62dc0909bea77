"""A connection to a server: the mcp package's client, and whether it still has another end."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from mcp import Client
    from mcp.client.session import MessageHandlerFnT


class Link:
    """A connection; `client` is there once it is open."""

    client: Client
    lost: bool = False
    """Whether the other end is gone, or does not know us any more."""


@asynccontextmanager
async def open_link(
    streams: AbstractAsyncContextManager[tuple[Any, Any]],
    read_timeout: float | None,
    message_handler: MessageHandlerFnT,
) -> AsyncGenerator[Link]:
    """Connect over the streams of a transport; `read_timeout` is a request's, in seconds."""
    from mcp import Client

    link = Link()
    client = Client(
        _watched(streams, link),
        cache=None,  # a list is asked for again unless the user wants it cached
        read_timeout_seconds=read_timeout,
        message_handler=message_handler,
    )
    async with client:
        link.client = client
        yield link


@asynccontextmanager
async def _watched(
    streams: AbstractAsyncContextManager[tuple[Any, Any]], link: Link
) -> AsyncGenerator[tuple[Any, Any]]:
    async with streams as (read, write):
        yield _Watched(read, link), write


class _Watched:
    """A stream that notes its end in a link; in all else it is the stream it was made from."""

    def __init__(self, stream: Any, link: Link) -> None:
        self._stream = stream
        self._link = link

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        try:
            return await self._stream.__anext__()
        except BaseException:  # it ended or was closed, or whoever reads it is cancelled
            self._link.lost = True
            raise

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *raised: Any) -> Any:
        return await self._stream.__aexit__(*raised)
