"""One source for many, started by hand, or cut in two.

`publish` and `replay` give a `ConnectableStream`: nothing is subscribed to before its `connect()`,
so that all who shall see the first event can subscribe. It goes at the pace of its slowest
subscriber, who may lag by 64 events (or by what is replayed, if that is more).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Generic, TypeVar, overload

from reactivex import Observable, abc
from reactivex import operators as rx
from reactivex.disposable import CompositeDisposable, Disposable

from rxagents.stream.connectable import ConnectableStream
from rxagents.stream.connection import Connection
from rxagents.stream.replay_log import ReplayLog, WindowedLog
from rxagents.stream.scheduler import LoopScheduler
from rxagents.stream.stream import Stream
from rxagents.stream.subscriber import refuse_async

from ._checks import positive_seconds
from .reactivex_operators import map_indexed
from .sharing import share

_T = TypeVar("_T")
_B = TypeVar("_B")

_Selector = Callable[[Stream[_T]], Observable[_B]]


@overload
def publish() -> Callable[[Observable[_T]], ConnectableStream[_T]]: ...
@overload
def publish(mapper: _Selector[_T, _B]) -> Callable[[Observable[_T]], Stream[_B]]: ...


def publish(mapper: _Selector[Any, Any] | None = None) -> Callable[[Observable[Any]], Any]:
    """One subscription to the source, made by `connect()`, for all who subscribe. Lossless.

        source              --1--2--3--|     from connect() on
        subscribed before   --1--2--3--|
        after the 1            --2--3--|

    Disposing what `connect()` returns leaves the source; connecting again then starts it anew,
    for those who subscribe after that. A source that has ended is not started again.

    With `mapper`, the result is the stream that it makes of the shared source, for each
    subscription: the source is subscribed to once, however often `mapper` uses it.

    >>> twice = ops.publish(lambda s: s.pipe(ops.zip(s.pipe(ops.skip(1)))))
    >>> await Stream.of(1, 2, 3).pipe(twice, ops.to_list())
    [(1, 2), (2, 3)]
    """
    return _connecting(lambda: ReplayLog(0), mapper)


@overload
def replay(
    buffer_size: int | None = None,
    window: float | timedelta | None = None,
    *,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[_T]], ConnectableStream[_T]]: ...
@overload
def replay(
    buffer_size: int | None = None,
    window: float | timedelta | None = None,
    *,
    mapper: _Selector[_T, _B],
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[_T]], Stream[_B]]: ...


def replay(
    buffer_size: int | None = None,
    window: float | timedelta | None = None,
    *,
    mapper: _Selector[Any, Any] | None = None,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[Any]], Any]:
    """As `publish`, and who comes later sees what has been before. Unbounded.

        source              --1--2--3--|     from connect() on
        after the 2               (12)3--|

    `buffer_size` is the number of events that are kept for later, all by default; with one it is
    lossless, at the pace of the slowest subscriber. `window` is the seconds after which they are
    too old, on the clock of `scheduler` if that is given. Raises ValueError now unless
    `buffer_size` is 0 or more and `window` more than 0.

    >>> numbers = Stream.of(1, 2, 3).pipe(ops.replay(2))
    >>> _ = numbers.connect()
    >>> await asyncio.sleep(1)
    >>> await numbers.pipe(ops.to_list())
    [2, 3]
    """
    ReplayLog[object](buffer_size)  # checks the number now
    if window is None:
        return _connecting(lambda: ReplayLog(buffer_size), mapper)
    seconds = positive_seconds("window", window)

    def log() -> ReplayLog[Any]:
        clock = scheduler or LoopScheduler()
        return WindowedLog(buffer_size, seconds, lambda: clock.now.timestamp())

    return _connecting(log, mapper)


@overload
def publish_value(initial_value: _T) -> Callable[[Observable[_T]], ConnectableStream[_T]]: ...
@overload
def publish_value(
    initial_value: _T, mapper: _Selector[_T, _B]
) -> Callable[[Observable[_T]], Stream[_B]]: ...


def publish_value(
    initial_value: Any, mapper: _Selector[Any, Any] | None = None
) -> Callable[[Observable[Any]], Any]:
    """As `publish`, and everyone begins with the latest event, at first `initial_value`. Lossless.

        source             --1--2--3--|     from connect() on
        publish_value(0)   0-1--2--3--|
        after the 2             2-3--|

    So a screen that opens late has something to show.

    >>> state = Stream.of("thinking", "done").pipe(ops.publish_value("idle"))
    >>> _ = state.subscribe(print), state.connect()
    >>> await asyncio.sleep(1)
    idle
    thinking
    done
    """

    def log() -> ReplayLog[Any]:
        begun = ReplayLog[Any](1)
        begun.append(initial_value)
        return begun

    return _connecting(log, mapper)


def ref_count() -> Callable[[Observable[_T]], Stream[_T]]:
    """Connect with the first subscriber of a ConnectableStream, leave with the last. Lossless.

        source       --1--2--3--|
        first        --1--2-!
        second         -1--2--3--|     the source is left when both have left

    `publish() | ref_count()` is `share()`. Raises TypeError for a stream that has no `connect()`.

    >>> shared = Stream.of(1, 2).pipe(ops.publish(), ops.ref_count())
    >>> await shared.pipe(ops.to_list())
    [1, 2]
    """

    def counted(source: Observable[_T]) -> Stream[_T]:
        connectable = Stream.from_observable(source)
        if not isinstance(connectable, ConnectableStream):
            raise TypeError("ref_count needs what publish() or replay() give: a stream to connect")
        return connectable.ref_count()

    return counted


def partition(
    predicate: Callable[[_T], object],
) -> Callable[[Observable[_T]], list[Stream[_T]]]:
    """Two streams: the events for which `predicate` is true, and the others. Lossless.

        source                  --1--2--3--4--|
        partition(is_odd)[0]    --1-----3-----|
        partition(is_odd)[1]    -----2-----4--|

    The source is subscribed to once, with the first subscriber of either, and goes at the pace of
    the slower one. What comes while nobody is subscribed to the half it belongs to is dropped. An
    exception in `predicate` ends both.

    >>> odd, even = Stream.of(1, 2, 3, 4).pipe(ops.partition(lambda n: n % 2 == 1))
    >>> await odd.pipe(ops.zip(even), ops.to_list())
    [(1, 2), (3, 4)]
    """
    refuse_async("predicate", predicate)
    return partition_indexed(lambda value, _: predicate(value))


def partition_indexed(
    predicate_indexed: Callable[[_T, int], object],
) -> Callable[[Observable[_T]], list[Stream[_T]]]:
    """As `partition`, with the number of the event, from 0, as second argument. Lossless.

    source                                       --a--b--c--|
    partition_indexed(lambda _, i: i < 2)[0]     --a--b-----|
    partition_indexed(lambda _, i: i < 2)[1]     --------c--|

    >>> first, rest = Stream.of(*"abc").pipe(ops.partition_indexed(lambda _, i: i < 1))
    >>> await first.pipe(ops.merge(rest), ops.to_list())
    ['a', 'b', 'c']
    """
    refuse_async("predicate_indexed", predicate_indexed)

    def halves(source: Observable[_T]) -> list[Stream[_T]]:
        def judge(value: _T, index: int) -> tuple[_T, bool]:
            return value, bool(predicate_indexed(value, index))

        def event(pair: tuple[_T, bool]) -> _T:
            return pair[0]

        judged = Stream.from_observable(source).pipe(map_indexed(judge), share())

        def half(wanted: bool) -> Stream[_T]:
            def belongs(pair: tuple[_T, bool]) -> bool:
                return pair[1] is wanted

            return judged.pipe(rx.filter(belongs), rx.map(event))

        return [half(True), half(False)]

    return halves


def _connecting(
    log: Callable[[], ReplayLog[Any]], mapper: _Selector[Any, Any] | None
) -> Callable[[Observable[Any]], Any]:
    def connectable(source: Observable[Any]) -> ConnectableStream[Any]:
        hub = _Hub(source, log)
        return ConnectableStream(hub.subscribe, hub.connect)

    if mapper is None:
        return connectable
    refuse_async("mapper", mapper)

    def mapped(source: Observable[Any]) -> Stream[Any]:
        def subscribe(
            observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            shared = connectable(source)
            subscription = mapper(shared).subscribe(observer, scheduler=scheduler)
            # Leaving the source first, so that the last one to leave it waits for its cleanup.
            return CompositeDisposable(shared.connect(scheduler), subscription)

        return Stream(subscribe)

    return mapped


class _Hub(Generic[_T]):
    """What the subscribers of a connectable stream have in common."""

    def __init__(self, source: Observable[_T], log: Callable[[], ReplayLog[_T]]) -> None:
        self._source = source
        self._log = log
        self._current = self._new()

    def subscribe(
        self, observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        return self._current.add(observer)

    def connect(self, scheduler: abc.SchedulerBase) -> abc.DisposableBase:
        connection = self._current
        connection.connect(self._source, scheduler)

        def leave() -> None:
            if not connection.log.closed:
                connection.dispose()
                if self._current is connection:
                    self._current = self._new()

        return Disposable(leave)

    def _new(self) -> Connection[_T]:
        return Connection(self._log(), _nothing, _nothing)


def _nothing(*_: object) -> None:
    """Nothing ends a connection but its source and whoever made it."""
