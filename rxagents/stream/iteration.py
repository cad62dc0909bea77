"""`async for` over a stream: bounded, lossless, cancelling."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Coroutine
from types import TracebackType
from typing import Any, Generic, TypeVar

import anyio
from reactivex import Observable, abc

from rxagents.exceptions import UserError

from .demand import Demand, demand
from .scheduler import LoopScheduler

_T = TypeVar("_T")


class StreamIterator(AsyncIterator[_T]):
    """Reads one subscription of a stream, `high` events ahead at most.

    It subscribes when it is first read or entered, and lets go as soon as it is left: when it is
    closed, when its block is left, or when nothing refers to it any more, as after a `break` out
    of an `async for`. A wait that is cancelled loses nothing and leaves the subscription alive,
    so `asyncio.wait_for(anext(iterator), 1)` can be tried again.
    """

    def __init__(self, source: Observable[_T], *, high: int = 64, low: int | None = None) -> None:
        self._source = source
        self._buffer = _Buffer[_T](Demand(high, low))
        self._subscription: abc.DisposableBase | None = None

    @property
    def demand(self) -> Demand:
        """The credit this iterator grants, with the peak it has seen."""
        return self._buffer.demand

    def __aiter__(self) -> StreamIterator[_T]:
        return self

    def __anext__(self) -> Coroutine[Any, Any, _T]:
        if self._subscription is None:
            self._subscribe()
        # The coroutine must not hold the iterator: a traceback that keeps the coroutine's frame
        # would keep the subscription of a loop that an exception has left.
        return self._buffer.take()

    async def aclose(self) -> None:
        """Unsubscribe, and wait until the sources have cleaned up."""
        self.dispose()
        tasks = self._buffer.demand.tasks - {asyncio.current_task()}
        if tasks:
            with anyio.CancelScope(shield=True):
                await asyncio.wait(tasks)

    def dispose(self) -> None:
        """Unsubscribe now, and let go of what is buffered."""
        if self._subscription is None:
            self._subscription = _never_subscribed
        self._subscription.dispose()
        self._buffer.leave()

    async def __aenter__(self) -> StreamIterator[_T]:
        if self._subscription is None:
            self._subscribe()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if self._subscription is not None:
            self.dispose()

    def _subscribe(self) -> None:
        buffer = self._buffer
        with demand(buffer.demand):
            self._subscription = self._source.subscribe(
                buffer.on_next, buffer.end, buffer.end, scheduler=LoopScheduler()
            )


class _Buffer(Generic[_T]):
    """What has arrived and is not yet taken; never more than the demand's high-water mark."""

    __slots__ = ("_asleep", "_ended", "_error", "_values", "_waiter", "demand")

    def __init__(self, credit: Demand) -> None:
        self.demand = credit
        self._values: deque[_T] = deque()
        self._ended = False
        self._error: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._asleep = False  # whether the waiter is still to be woken

    def on_next(self, value: _T) -> None:
        self._values.append(value)
        # What `put` does: a call costs as much as all the rest of this.
        credit = self.demand
        credit.pending = pending = credit.pending + 1
        if pending > credit.peak:
            credit.peak = pending
        if pending >= credit.high and not credit.closed:
            credit.open = False
        if self._asleep:
            self._wake()

    def end(self, error: BaseException | None = None) -> None:
        self._ended, self._error = True, error
        self._wake()

    def leave(self) -> None:
        self.demand.close()
        self._values.clear()
        self.end()

    async def take(self) -> _T:
        while not self._values:
            if self._ended:
                error, self._error = self._error, None
                raise error or StopAsyncIteration
            await self._arrival()
        value, credit = self._values.popleft(), self.demand
        if credit.open:  # as nearly always: then `took` does no more than this
            credit.pending -= 1
        else:
            credit.took()
        return value

    async def _arrival(self) -> None:
        if self._waiter is not None:
            raise UserError(
                "another task is already waiting for this iterator's next event: give each "
                "task an `async for` of its own over the stream"
            )
        self._waiter = asyncio.get_running_loop().create_future()
        self._asleep = True
        self.demand.ask()
        try:
            await self._waiter
        finally:
            self._asleep = self.demand.asking = False
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            # On a stack that is too full for it, the waiter would be done and its task never woken.
            _make_sure_of_room()
            self._waiter.set_result(None)
        self._asleep = self.demand.asking = False


def _make_sure_of_room(frames: int = 8) -> None:
    """Raise RecursionError unless there is room for so many calls."""
    if frames:
        _make_sure_of_room(frames - 1)


class _NeverSubscribed(abc.DisposableBase):
    def dispose(self) -> None:
        """Nothing was subscribed."""


_never_subscribed = _NeverSubscribed()
