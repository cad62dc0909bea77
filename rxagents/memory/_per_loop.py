"""What belongs to an event loop: one for each that a session is used on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


class PerLoop(Generic[T]):
    """Makes a thing for each loop when it is first asked for there, and closes it with the loop."""

    def __init__(
        self, make: Callable[[], T], close: Callable[[T], Awaitable[object]] | None = None
    ) -> None:
        self._make = make
        self._close = close
        self._kept: WeakKeyDictionary[
            asyncio.AbstractEventLoop, tuple[T, AsyncGenerator[None] | None]
        ] = WeakKeyDictionary()

    def __call__(self) -> T:
        """The thing of the running loop."""
        loop = asyncio.get_running_loop()
        if loop not in self._kept:
            thing = self._make()
            self._kept[loop] = (thing, self._keeper(thing))
        return self._kept[loop][0]

    async def close(self) -> None:
        """Close the thing of the running loop, if there is one."""
        _, keeper = self._kept.pop(asyncio.get_running_loop(), (None, None))
        if keeper is not None:
            await keeper.aclose()

    def _keeper(self, thing: T) -> AsyncGenerator[None] | None:
        # asyncio.run() and its like close every async generator that is under way before they
        # close the loop: the last moment at which connections can be closed properly.
        if self._close is None:
            return None
        keeper = self._keep(thing, self._close)
        try:
            anext(keeper).send(None)  # to its yield; nothing is awaited before it
        except StopIteration:
            return keeper
        raise AssertionError("it awaits nothing before it yields")

    async def _keep(
        self, thing: T, close: Callable[[T], Awaitable[object]]
    ) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            self._kept.pop(asyncio.get_running_loop(), None)
            await close(thing)
