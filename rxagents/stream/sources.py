"""Where streams come from."""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
)
from contextvars import copy_context
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
        return pump

    return subscribe


def iterable_source(values: Iterable[_T]) -> abc.Subscription[_T]:
    """The subscribe function of `Stream.from_iterable`."""

    def subscribe(
        observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        loop = loop_or_none()
        if loop is None:
            return reactivex.from_iterable(values).subscribe(observer, scheduler=scheduler)
        feed = _Feed(iter(values), observer, demand_in_force(), loop)
        feed.go_on_later()
        return feed

    return subscribe


def awaitable_source(factory: Callable[[], Awaitable[_T]]) -> abc.Subscription[_T]:
    """The subscribe function of `Stream.from_awaitable`."""

    def subscribe(
        observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        call = _Call(factory, observer, demand_in_force())
        call.task = spawn(call.run(), wanted_by="Stream.from_awaitable")
        return call

    return subscribe


def callback_source(
    add: Callable[[Callable[[_T], None]], object],
    remove: Callable[[Callable[[_T], None]], object] | None,
) -> abc.Subscription[_T]:
    """The subscribe function of `Stream.from_callback`."""

    def subscribe(
        observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        loop = loop_or_none()
        context = copy_context()  # callbacks have that of their subscription, whoever emits
        inside = False

        def emit(value: _T) -> None:
            nonlocal inside
            if inside:  # a callback emits: this is its context
                observer.on_next(value)
                return
            inside = True
            try:
                context.run(observer.on_next, value)
            finally:
                inside = False

        def callback(value: _T) -> None:
            if loop is None or loop_or_none() is loop:
                emit(value)
            else:
                loop.call_soon_threadsafe(emit, value)

        def leave() -> None:
            if remove is not None:
                remove(callback)

        add(callback)
        return Disposable(leave)

    return subscribe


class _Work(abc.DisposableBase, Generic[_T]):
    """A task that works for one subscriber, as fast as its credit allows."""

    def __init__(self, observer: abc.ObserverBase[_T], credit: Demand | None) -> None:
        self.observer = observer
        self.credit = credit
        self.stopped = False
        self.task: asyncio.Task[None] | None = None

    async def work(self) -> None:
        raise AssertionError("each kind of work has its own")

    def dispose(self) -> None:
        self.stopped = True
        # What it has emitted may be what makes its subscriber leave: then it sees that itself.
        if self.task is not None and self.task is not current_task():
            self.task.cancel()

    async def run(self) -> None:
        try:
            await self.work()
        except asyncio.CancelledError as error:
            if self.stopped:
                return
            self.observer.on_error(error)  # type: ignore[arg-type]  # it must not wait for ever
            raise
        except Exception as error:
            if self.stopped:
                report(error, "a source failed while it was being closed")
            else:
                self.observer.on_error(error)
        else:
            if not self.stopped:
                self.observer.on_completed()


class _Pump(_Work[_T]):
    """Reads one async iterator."""

    def __init__(
        self, source: AsyncIterable[_T], observer: abc.ObserverBase[_T], credit: Demand | None
    ) -> None:
        super().__init__(observer, credit)
        self._source = source

    async def work(self) -> None:
        iterator = aiter(self._source)
        try:
            await self._emit(iterator)
        finally:
            await _close(iterator)

    async def _emit(self, iterator: AsyncIterator[_T]) -> None:
        credit, on_next = self.credit, self.observer.on_next
        run = copy_context().run  # what a callback sets in the context is not set for the source
        emitted = 0
        # Before reading, so that the source is never an event ahead of its credit.
        if credit is not None and not credit.open:
            await credit.ready()
        async for value in iterator:
            run(on_next, value)
            if self.stopped:
                return
            emitted += 1
            if emitted % _FAIR == 0:
                await asyncio.sleep(0)
            if credit is not None and not credit.open:
                await credit.ready()


class _Call(_Work[_T]):
    """Awaits one value."""

    def __init__(
        self,
        factory: Callable[[], Awaitable[_T]],
        observer: abc.ObserverBase[_T],
        credit: Demand | None,
    ) -> None:
        super().__init__(observer, credit)
        self._factory = factory

    async def work(self) -> None:
        if self.credit is not None and not self.credit.open:
            await self.credit.ready()
        value = await self._factory()
        if not self.stopped:
            self.observer.on_next(value)


class _Feed(abc.DisposableBase, Generic[_T]):
    """Emits the values of an iterator. It has no task: that would cost more than most iterables."""

    def __init__(
        self,
        values: Iterator[_T],
        observer: abc.ObserverBase[_T],
        credit: Demand | None,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._values: Iterator[_T] | None = values
        self._observer = observer
        self._credit = credit
        self._loop = loop
        self._context = copy_context()  # what operators subscribe to later finds the credit there

    def go_on_later(self) -> None:
        """Go on once the loop is free."""
        self._loop.call_soon(self._go_on, context=self._context)

    def dispose(self) -> None:
        self._values = None  # a generator that nobody else holds closes

    def _go_on(self) -> None:
        try:
            self._emit()
        except (Exception, asyncio.CancelledError) as error:
            if self._values is not None:
                self._values = None
                self._observer.on_error(error)  # type: ignore[arg-type]

    def _emit(self) -> None:
        credit, on_next = self._credit, self._observer.on_next
        for _ in range(_FAIR):
            if self._values is None:
                return
            if credit is not None and not credit.open:
                credit.when_open(self.go_on_later)
                return
            try:
                value = next(self._values)
            except StopIteration:
                self._values = None
                self._observer.on_completed()
                return
            on_next(value)
        self.go_on_later()


async def _close(iterator: AsyncIterator[_T]) -> None:
    aclose = getattr(iterator, "aclose", None)
    if aclose is not None:
        await aclose()
