"""Where streams come from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from typing import Generic, TypeVar

import reactivex
from reactivex import abc
from reactivex.disposable import Disposable

from rxagents.exceptions import UserError

from .demand import Demand, demand_in_force
from .subscriber import report
from .tasks import current_task, loop_or_none, spawn

_T = TypeVar("_T")

_FAIR = 256  # events after which a source that never waits gives the loop back


def async_iterable_source(
    source: AsyncIterable[_T] | Callable[[], AsyncIterable[_T]],
) -> abc.Subscription[_T]:
    """The subscribe function of `Stream.from_async_iterable`."""
    single_use = isinstance(source, AsyncIterator)
    used = False

    def subscribe(
        observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        nonlocal used
        if single_use and used:
            raise UserError(
                "this stream reads an async iterator, which can be read once, and it has been: "
                "give Stream.from_async_iterable a function that makes a new one for each "
                "subscription"
            )
        used = True
        iterable = source() if callable(source) else source
        pump = _Pump(iterable, observer, demand_in_force())
        pump.task = spawn(pump.run(), wanted_by="Stream.from_async_iterable")
        return Disposable(pump.stop)

    return subscribe


def iterable_source(values: Iterable[_T]) -> abc.Subscription[_T]:
    """The subscribe function of `Stream.from_iterable`."""

    async def read() -> AsyncIterator[_T]:
        for value in values:
            yield value

    paced = async_iterable_source(read)

    def subscribe(
        observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        if loop_or_none() is None:
            return reactivex.from_iterable(values).subscribe(observer, scheduler=scheduler)
        return paced(observer, scheduler)

    return subscribe


def awaitable_source(factory: Callable[[], Awaitable[_T]]) -> abc.Subscription[_T]:
    """The subscribe function of `Stream.from_awaitable`."""

    async def read() -> AsyncIterator[_T]:
        yield await factory()

    return async_iterable_source(read)


def callback_source(
    add: Callable[[Callable[[_T], None]], object],
    remove: Callable[[Callable[[_T], None]], object] | None,
) -> abc.Subscription[_T]:
    """The subscribe function of `Stream.from_callback`."""

    def subscribe(
        observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        loop = loop_or_none()

        def callback(value: _T) -> None:
            if loop is None or loop_or_none() is loop:
                observer.on_next(value)
            else:
                loop.call_soon_threadsafe(observer.on_next, value)

        def leave() -> None:
            if remove is not None:
                remove(callback)

        add(callback)
        return Disposable(leave)

    return subscribe


class _Pump(Generic[_T]):
    """Reads one async iterator for one subscriber, as fast as its credit allows."""

    def __init__(
        self, source: AsyncIterable[_T], observer: abc.ObserverBase[_T], credit: Demand | None
    ) -> None:
        self._source = source
        self._observer = observer
        self._credit = credit
        self._stopped = False
        self.task: asyncio.Task[None] | None = None

    def stop(self) -> None:
        self._stopped = True
        # What it has emitted may be what makes its subscriber leave: the loop in _emit sees that.
        if self.task is not None and self.task is not current_task():
            self.task.cancel()

    async def run(self) -> None:
        try:
            iterator = aiter(self._source)
            try:
                await self._emit(iterator)
            finally:
                await _close(iterator)
        except asyncio.CancelledError as error:
            if self._stopped:
                return
            self._observer.on_error(error)  # type: ignore[arg-type]  # it must not wait for ever
            raise
        except Exception as error:
            if self._stopped:
                report(error, "a source failed while it was being closed")
            else:
                self._observer.on_error(error)
        else:
            if not self._stopped:
                self._observer.on_completed()

    async def _emit(self, iterator: AsyncIterator[_T]) -> None:
        credit, on_next = self._credit, self._observer.on_next
        emitted = 0
        # Wait before reading: the source is never an event ahead of its credit.
        if credit is not None and not credit.open:
            await credit.ready()
        async for value in iterator:
            on_next(value)
            if self._stopped:
                return
            emitted += 1
            if emitted % _FAIR == 0:
                await asyncio.sleep(0)
            if credit is not None and not credit.open:
                await credit.ready()


async def _close(iterator: AsyncIterator[_T]) -> None:
    aclose = getattr(iterator, "aclose", None)
    if aclose is not None:
        await aclose()
