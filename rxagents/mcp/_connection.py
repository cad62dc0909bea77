"""A server's connection: opened, lost, opened again, closed, by whichever task is free."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from rxagents.exceptions import UserError

from ._keeper import Keeper
from ._link import Link
from ._package import shown_name

_logger = logging.getLogger(__name__)


class Connection:
    """At most one link at a time; one that is lost is replaced when it is asked for."""

    def __init__(self, make_link: Callable[[], AbstractAsyncContextManager[Link]]) -> None:
        """Make a link with `make_link` whenever one is needed."""
        self._make_link = make_link
        self._keeper: Keeper[Link] | None = None
        self._link: Link | None = None
        self._wanted = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = asyncio.Lock()

    @property
    def link(self) -> Link | None:
        """The link, if one is open and not lost."""
        return None if self._link is None or self._link.lost else self._link

    async def open(self, name: str) -> None:
        """Have a link until `close`; raises what connecting raised. Once open, does nothing."""
        self._bind(name)
        async with self._lock:
            if self.link is None:
                await self._renew(name)
            self._wanted = True

    def check(self, name: str) -> None:
        """Raise UserError where `open` was not called, or on another event loop."""
        self._bind(name)
        if not self._wanted:
            raise UserError(
                f"the MCP server {shown_name(name)!r} is not connected: use it inside "
                "`async with server:`, or call `await server.connect()` first"
            )

    async def ready(self, name: str) -> Link:
        """The link; a new one where it was lost.

        Raises what `check` raises, and what connecting again raised.
        """
        self.check(name)
        if (link := self.link) is not None:
            return link
        async with self._lock:
            if (link := self.link) is not None:
                return link
            self.check(name)  # it may have been closed meanwhile
            _logger.info("connecting to the MCP server %r again", shown_name(name))
            return await self._renew(name)

    async def close(self, name: str) -> None:
        """Be without a link; what closing it raises is logged. Without one, does nothing."""
        self._bind(name)
        self._wanted = False
        async with self._lock:
            await self._discard(name)

    def _bind(self, name: str) -> None:
        """Belong to the running loop, unless another one still has the link."""
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        if self._keeper is not None and self._loop is not None and not self._loop.is_closed():
            raise UserError(
                f"the MCP server {shown_name(name)!r} is connected on another event loop: "
                "connect it on the loop that uses it (with Runner.run or run_streamed)"
            )
        self._forget()
        self._loop, self._lock = loop, asyncio.Lock()

    def _forget(self) -> None:
        self._keeper = self._link = None
        self._wanted = False

    async def _renew(self, name: str) -> Link:
        await self._discard(name)
        keeper = Keeper(self._make_link(), name=f"MCP server {shown_name(name)}")
        link = await keeper.opened()
        self._keeper, self._link = keeper, link
        return link

    async def _discard(self, name: str) -> None:
        keeper, was_open = self._keeper, self.link is not None
        self._keeper = self._link = None
        if keeper is None:
            return
        if (error := await keeper.close()) is not None:
            # Of a connection that was lost it is the very loss, which was told already.
            level = logging.WARNING if was_open else logging.DEBUG
            kind = type(error).__name__
            _logger.log(level, "closing the MCP server %r raised %s", shown_name(name), kind)
            _logger.debug("closing an MCP server raised", exc_info=error)
