"""Events of several sources put together: one of each, or the latest of each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, overload

from reactivex import Observable, abc
from reactivex import operators as rx
from reactivex.disposable import CompositeDisposable

from rxagents.stream.demand import Demand, demand, demand_in_force

from ._line import Line

_T = TypeVar("_T")
_A = TypeVar("_A")
_B = TypeVar("_B")
_C = TypeVar("_C")

_MISSING: Any = object()
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

    >>> draft, revised = Stream.of("It is warm.", "Go out."), Stream.of("It is sunny.", "Go out!")
    >>> await draft.pipe(ops.zip(revised), ops.to_list())
    [('It is warm.', 'It is sunny.'), ('Go out.', 'Go out!')]
    """
    _refuse_others("zip", others)

    def zipped(source: Observable[Any]) -> Observable[Any]:
        def subscribe(
            observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            line = _Zip(observer, 1 + len(others))
            line.subscribe_to((source, *others), scheduler)
            return line

        return Observable(subscribe)

    return zipped


@overload
def combine_latest(
    other: Observable[_A], /
) -> Callable[[Observable[_T]], Observable[tuple[_T, _A]]]: ...
@overload
def combine_latest(
    other: Observable[_A], second: Observable[_B], /
) -> Callable[[Observable[_T]], Observable[tuple[_T, _A, _B]]]: ...
@overload
def combine_latest(
    other: Observable[_A], second: Observable[_B], third: Observable[_C], /
) -> Callable[[Observable[_T]], Observable[tuple[_T, _A, _B, _C]]]: ...
@overload
def combine_latest(
    *others: Observable[Any],
) -> Callable[[Observable[Any]], Observable[tuple[Any, ...]]]: ...


def combine_latest(*others: Observable[Any]) -> Callable[[Observable[Any]], Observable[Any]]:
    """The latest events of all sources as a tuple, whenever one emits. Lossless.

        source                    --1-----2-----|
        others[0]                 ----a-----b---|
        combine_latest(others)    ----A---B-C---|     A: (1, "a")   B: (2, "a")   C: (2, "b")

    It begins when each has emitted. It completes when all have; an error of any source ends it and
    leaves the others. Raises TypeError now for what is no stream.

    >>> name = Stream.of("Oslo").pipe(ops.delay(1))
    >>> degrees = Stream.of(20, 21).pipe(ops.limit_rate(0.5))
    >>> await name.pipe(ops.combine_latest(degrees), ops.to_list())
    [('Oslo', 20), ('Oslo', 21)]
    """
    _refuse_others("combine_latest", others)
    return rx.combine_latest(*others)


@overload
def with_latest_from(
    other: Observable[_A], /
) -> Callable[[Observable[_T]], Observable[tuple[_T, _A]]]: ...
@overload
def with_latest_from(
    other: Observable[_A], second: Observable[_B], /
) -> Callable[[Observable[_T]], Observable[tuple[_T, _A, _B]]]: ...
@overload
def with_latest_from(
    other: Observable[_A], second: Observable[_B], third: Observable[_C], /
) -> Callable[[Observable[_T]], Observable[tuple[_T, _A, _B, _C]]]: ...
@overload
def with_latest_from(
    *others: Observable[Any],
) -> Callable[[Observable[Any]], Observable[tuple[Any, ...]]]: ...


def with_latest_from(*others: Observable[Any]) -> Callable[[Observable[Any]], Observable[Any]]:
    """Each event of the source with the latest of the others, as a tuple. Conflating.

        source                      --1-----2--3--|
        others[0]                   ----a---------|
        with_latest_from(others)    --------A--B--|     A: (2, "a")   B: (3, "a")

    What comes before each of the others has emitted is dropped. A slow consumer holds back the
    source, of which nothing else is lost, but not the others: what is the latest stays so. It
    completes with the source; an error of any ends it. Either leaves the others. Raises TypeError
    now for what is no stream.

    >>> ticks = Stream.interval(1).pipe(ops.take(3))
    >>> mood = Stream.of("calm").pipe(ops.delay(1.5))
    >>> await ticks.pipe(ops.with_latest_from(mood), ops.to_list())
    [(1, 'calm'), (2, 'calm')]
    """
    _refuse_others("with_latest_from", others)

    def combined(source: Observable[Any]) -> Observable[Any]:
        def subscribe(
            observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            latest: list[Any] = [_MISSING] * len(others)
            missing = len(others)

            def note(number: int, value: Any) -> None:
                nonlocal missing
                missing -= latest[number] is _MISSING
                latest[number] = value

            def on_next(value: Any) -> None:
                if not missing:
                    observer.on_next((value, *latest))

            subscriptions = CompositeDisposable()
            with demand(_unlimited()):
                for number, other in enumerate(others):
                    subscriptions.add(
                        other.subscribe(
                            partial(note, number), observer.on_error, scheduler=scheduler
                        )
                    )
            subscriptions.add(
                source.subscribe(
                    on_next, observer.on_error, observer.on_completed, scheduler=scheduler
                )
            )
            return subscriptions

        return Observable(subscribe)

    return combined


def _unlimited() -> Demand:
    """A credit that nobody uses up; who waits for the consumer's tasks waits for its tasks too."""
    credit, consumer = Demand(), demand_in_force()
    if consumer is not None:
        credit.tasks = consumer.tasks
    return credit


def _refuse_others(name: str, others: tuple[object, ...]) -> None:
    for other in others:
        if not isinstance(other, Observable):
            raise TypeError(
                f"{name} takes streams, not {type(other).__name__}: for an iterable there is "
                "ops.zip_with_iterable"
            )


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
