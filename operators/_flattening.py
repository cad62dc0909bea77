"""The machinery of flattening: an outer source, and the inner ones that its events are turned into.

Queue    up to `concurrency` inner sources at once; other events wait
Newest   a new event leaves the inner source of the one before
First    events are dropped while an inner source is active
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine, Iterable, Iterator
from types import CoroutineType
from typing import Any, Generic, TypeAlias, TypeVar, cast

from reactivex import Observable, abc
from reactivex.disposable import Disposable

from rxagents.stream.demand import Demand, demand, demand_in_force
from rxagents.stream.stream import Stream
from rxagents.stream.subscriber import is_deep, report
from rxagents.stream.tasks import spawn

_A = TypeVar("_A")
_B = TypeVar("_B")

Inner: TypeAlias = Observable[_B] | Awaitable[_B] | AsyncIterable[_B] | Iterable[_B]
"""What an event can be turned into."""


def flatten(
    make: Callable[[abc.ObserverBase[_B], abc.SchedulerBase | None], Flattening[_A, _B]],
) -> Callable[[Observable[_A]], Observable[_B]]:
    def flat(source: Observable[_A]) -> Observable[_B]:
        def subscribe(
            observer: abc.ObserverBase[_B], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            flattening = make(observer, scheduler)
            flattening.subscribe_to(source)
            return flattening

        return Observable(subscribe)

    return flat


class Flattening(abc.DisposableBase, Generic[_A, _B]):
    """One subscription: the outer source, and the inner ones that are subscribed to."""

    def __init__(
        self,
        project: Callable[[_A], Inner[_B]],
        observer: abc.ObserverBase[_B],
        scheduler: abc.SchedulerBase | None,
    ) -> None:
        self.active: set[_InnerSource[_B]] = set()
        self.observer = observer
        self.scheduler = scheduler
        self.consumer = demand_in_force()
        self.stopped = False
        self._project = project
        self._outer: abc.DisposableBase | None = None
        self._outer_ended = False

    def subscribe_to(self, source: Observable[_A]) -> None:
        with demand(self.outer_demand()):
            outer = source.subscribe(
                self.on_next, self.on_error, self.on_completed, scheduler=self.scheduler
            )
        if self.stopped:
            outer.dispose()
        else:
            self._outer = outer

    def outer_demand(self) -> Demand | None:
        """What paces the outer source."""
        return self.consumer

    def on_next(self, value: _A) -> None:
        raise AssertionError("each way of flattening has its own")

    def on_error(self, error: Exception) -> None:
        if self.stopped:
            return
        try:
            self.dispose()
            self.observer.on_error(error)
        except RecursionError:  # no room on the stack: it will be told again
            self.stopped = False
            raise

    def on_completed(self) -> None:
        self._outer_ended = True
        self.end_if_done()

    def waiting(self) -> bool:
        """Whether events are still to be turned into sources."""
        return False

    def end_if_done(self) -> None:
        if self._outer_ended and not self.active and not self.waiting() and not self.stopped:
            self.stopped = True
            self.observer.on_completed()

    def begin(self, value: _A) -> None:
        """Subscribe to the source that `value` is turned into."""
        inner = _InnerSource(self)
        self.active.add(inner)
        try:
            inner.subscribe_to(self._project(value))
        except Exception as error:
            if isinstance(error, RecursionError) and is_deep():
                raise  # on to a subscriber with more room on the stack
            if self.stopped:  # nobody can be told through the stream
                report(error, "an inner source raised after its stream had ended")
            else:
                self.on_error(error)

    def ended(self, inner: _InnerSource[_B]) -> None:
        """An inner source has completed."""
        self.active.discard(inner)
        self.end_if_done()

    def dispose(self) -> None:
        self.stopped = True
        if self._outer is not None:
            self._outer.dispose()
        self.leave_inner()

    def leave_inner(self) -> None:
        active, self.active = self.active, set()
        for inner in active:
            inner.dispose()


class Queue(Flattening[_A, _B]):
    """Up to `concurrency` inner sources at once; other events wait, and hold back the source.

    Invariant: `_credit.pending` is the number of events that wait or have an active source.
    """

    def __init__(
        self,
        project: Callable[[_A], Inner[_B]],
        observer: abc.ObserverBase[_B],
        scheduler: abc.SchedulerBase | None,
        concurrency: int | None,
    ) -> None:
        super().__init__(project, observer, scheduler)
        self._concurrency = concurrency
        self._waiting: deque[_A] = deque()
        self._credit: Demand | None = None
        if concurrency is not None:
            self._credit = Demand(concurrency, concurrency - 1)
            if self.consumer is not None:
                self._credit.tasks = self.consumer.tasks  # who waits for the consumer waits for us
        self._starting = False

    def outer_demand(self) -> Demand | None:
        return self.consumer if self._credit is None else self._credit

    def waiting(self) -> bool:
        return bool(self._waiting)

    def on_next(self, value: _A) -> None:
        if self._credit is not None:
            self._credit.put()
        self._waiting.append(value)
        self._start()

    def ended(self, inner: _InnerSource[_B]) -> None:
        self.active.discard(inner)
        if self._credit is not None:
            self._credit.took()
        self._start()
        self.end_if_done()

    def _start(self) -> None:
        if self._starting:  # an inner source that ends at once: the loop below goes on
            return
        self._starting = True
        try:
            while self._waiting and not self.stopped and self._has_place():
                self.begin(self._waiting.popleft())
        finally:
            self._starting = False

    def _has_place(self) -> bool:
        return self._concurrency is None or len(self.active) < self._concurrency


class Newest(Flattening[_A, _B]):
    def on_next(self, value: _A) -> None:
        self.leave_inner()
        self.begin(value)


class First(Flattening[_A, _B]):
    def on_next(self, value: _A) -> None:
        if not self.active:
            self.begin(value)


class _InnerSource(abc.DisposableBase, Generic[_B]):
    """One inner source of a flattening."""

    __slots__ = ("_left", "_owner", "_subscription", "_values")

    def __init__(self, owner: Flattening[Any, _B]) -> None:
        self._owner = owner
        self._left = False
        self._subscription: abc.DisposableBase | None = None
        self._values: Iterator[_B] = iter(())

    def subscribe_to(self, source: Inner[_B]) -> None:
        owner = self._owner
        if type(source) is CoroutineType:
            self._await(cast("Coroutine[Any, Any, _B]", source))
            return
        stream = _stream_of(source)
        if stream is None:
            self._values = iter(cast("Iterable[_B]", source))
            self._emit()
            return
        with demand(owner.consumer):
            subscription = stream.subscribe(
                owner.observer.on_next, self._fail, self._end, scheduler=owner.scheduler
            )
        if self._left:
            subscription.dispose()
        else:
            self._subscription = subscription

    def dispose(self) -> None:
        self._left = True
        if self._subscription is not None:
            self._subscription.dispose()

    def _await(self, coroutine: Coroutine[Any, Any, _B]) -> None:
        """Emit what a coroutine gives. It begins at once: not to await one would be a warning."""
        with demand(self._owner.consumer):
            task = spawn(coroutine, wanted_by="an inner source")
        task.add_done_callback(self._answered)
        self._subscription = Disposable(cast("Callable[[], None]", task.cancel))

    def _answered(self, task: asyncio.Task[_B]) -> None:
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if self._left:
            if isinstance(error, Exception):
                report(error, "a source failed while it was being closed")
        elif error is not None:
            self._fail(cast("Exception", error))
        else:
            self._values = iter((task.result(),))
            self._emit()

    def _emit(self) -> None:
        """Emit the values of an iterable, as far as the consumer's credit goes."""
        with demand(self._owner.consumer):  # for what operators after this one subscribe to
            self._emit_values()

    def _emit_values(self) -> None:
        owner = self._owner
        consumer, emit = owner.consumer, owner.observer.on_next
        while not self._left:
            if consumer is not None and not consumer.open:
                consumer.when_open(self._emit)
                return
            try:
                value = next(self._values)
            except StopIteration:
                self._end()
                return
            except Exception as error:
                self._fail(error)
                return
            emit(value)

    def _fail(self, error: Exception) -> None:
        if not self._left:
            self._owner.on_error(error)

    def _end(self) -> None:
        if not self._left:
            self._left = True
            self._owner.ended(self)


def _stream_of(source: Inner[_B]) -> Observable[_B] | None:
    """`source` as an Observable; None for an iterable, which needs none."""
    if isinstance(source, Observable):
        return source
    if isinstance(source, AsyncIterable):
        return Stream.from_async_iterable(source)
    if isinstance(source, Awaitable):
        return Stream.from_awaitable(lambda: source)
    if not hasattr(source, "__iter__"):
        raise TypeError(
            "the function must return a stream, an awaitable, an async iterable or an iterable, "
            f"not {type(source).__name__}"
        )
    return None
