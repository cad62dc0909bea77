"""Events put together: one of each source, and all up to a certain one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar, cast, overload

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable

from rxagents.stream.demand import demand

from ._line import Line

_T = TypeVar("_T")
_A = TypeVar("_A")
_B = TypeVar("_B")
_C = TypeVar("_C")

_AHEAD = 16  # events that one source of `zip` may be ahead of the others


@overload
def zip(other: Observable[_A], /) -> Callable[[Observable[_T]], Observable[tuple[_T, _A]]]: ...
@overload
def zip(
    other: Observable[_A], second: Observable[_B], /
) -> Callable[[Observable[_T]], Observable[tuple[_T, _A, _B]]]: ...
@overload
def zip(
    other: Observable[_A], second: Observable[_B], third: Observable[_C], /
) -> Callable[[Observable[_T]], Observable[tuple[_T, _A, _B, _C]]]: ...
@overload
def zip(*others: Observable[Any]) -> Callable[[Observable[Any]], Observable[Any]]: ...


def zip(*others: Observable[Any]) -> Callable[[Observable[Any]], Observable[Any]]:
    """The first events of all sources as a tuple, then the second ones, and so on. Lossless.

        source        --1--2--3---------|
        others[0]     -----a-----b--c---|
        zip(others)   -----A-----B--C---|     A: (1, "a")

    A source that is ahead of the slowest by 16 events is held back. It ends when a source has
    ended and all its events are in tuples; an error of any source ends it too, after the tuples
    that wait for a slow consumer. Either leaves the other sources. Raises TypeError now for what
    is no stream.
    """
    for other in others:
        if not isinstance(cast("object", other), Observable):
            raise TypeError(
                f"zip takes streams, not {type(other).__name__}: for an iterable there is "
                "ops.zip_with_iterable"
            )

    def zipped(source: Observable[Any]) -> Observable[Any]:
        def subscribe(
            observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            line = _Zip(observer, 1 + len(others))
            line.subscribe_to((source, *others), scheduler)
            return line

        return Observable(subscribe)

    return zipped


class _Zip(Line[tuple[Any, ...], tuple[Any, ...]]):
    """The tuples of one subscription, and the events that are not in one yet.

    Invariant: the credit of a source counts its events in `_queues` and in `waiting`.
    """

    def __init__(self, observer: abc.ObserverBase[Any], count: int) -> None:
        super().__init__(observer)
        self._queues: list[deque[Any]] = [deque() for _ in range(count)]
        self._credits = [self.child(_AHEAD) for _ in range(count)]
        self._over = [False] * count

    def subscribe_to(
        self, sources: tuple[Observable[Any], ...], scheduler: abc.SchedulerBase | None
    ) -> None:
        subscriptions = CompositeDisposable()
        self.sources.disposable = subscriptions
        for number, source in enumerate(sources):
            if not self.ended:
                subscriptions.add(self._subscribe(number, source, scheduler))

    def leaves(self) -> tuple[Any, ...]:
        return self.waiting.popleft()

    def left(self) -> None:
        for credit in self._credits:
            credit.took()

    def dispose(self) -> None:
        super().dispose()
        for queue in self._queues:
            queue.clear()

    def _subscribe(
        self, number: int, source: Observable[Any], scheduler: abc.SchedulerBase | None
    ) -> abc.DisposableBase:
        def on_next(value: Any) -> None:
            if self.ended or self.stopped:
                return
            self._credits[number].put()
            self._queues[number].append(value)
            if all(self._queues):
                self.waiting.append(tuple(queue.popleft() for queue in self._queues))
                self.go_on()
                self._end_if_over()

        def on_completed() -> None:
            self._over[number] = True
            self._end_if_over()

        with demand(self._credits[number]):
            return source.subscribe(on_next, self.end, on_completed, scheduler=scheduler)

    def _end_if_over(self) -> None:
        """Once a source has ended and its queue is empty, there is no further tuple."""
        if any(over and not self._queues[number] for number, over in enumerate(self._over)):
            self.end()


def buffer_until(
    predicate: Callable[[_T], bool],
) -> Callable[[Observable[_T]], Observable[list[_T]]]:
    """Lists of events, each up to one for which `predicate` is true. Lossless.

        source                            --a--b--.--c--.--d--|
        buffer_until(lambda e: e == ".")  --------A-----B-----(C|)     A: ["a", "b", "."]

    The event that closes a list is its last. What is left when the source ends, or fails, or
    `predicate` raises, is emitted before that.
    """

    def buffered(source: Observable[_T]) -> Observable[list[_T]]:
        def subscribe(
            observer: abc.ObserverBase[list[_T]], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            pending: list[_T] = []

            def emit() -> None:
                nonlocal pending
                events, pending = pending, []
                if events:
                    observer.on_next(events)

            def on_next(value: _T) -> None:
                pending.append(value)
                try:
                    closes = predicate(value)
                except Exception as error:
                    on_error(error)
                    return
                if closes:
                    emit()

            def on_error(error: Exception) -> None:
                emit()
                observer.on_error(error)

            def on_completed() -> None:
                emit()
                observer.on_completed()

            return source.subscribe(on_next, on_error, on_completed, scheduler=scheduler)

        return Observable(subscribe)

    return buffered
