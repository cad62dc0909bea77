"""What to do when a stream is late or falls silent: fail, say so, or ask another."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, Literal, TypeVar, overload

from reactivex import Observable, abc
from reactivex.disposable import Disposable, SerialDisposable, SingleAssignmentDisposable

from rxagents.exceptions import RxAgentsError
from rxagents.stream.demand import demand, demand_in_force

from . import _checks
from ._watch import Watch

_T = TypeVar("_T")


class StreamTimeout(RxAgentsError, TimeoutError):
    """A stream was slower than `timeout` allows.

    `limit` tells which limit: "first", "between" or "total"; `seconds` is that limit, and
    `events` the number of events that had come.
    """

    def __init__(
        self, limit: Literal["first", "between", "total"], seconds: float, events: int
    ) -> None:
        missed = {
            "first": f"no event within the first {seconds:g} s",
            "between": f"no event for {seconds:g} s",
            "total": f"the stream has not ended within {seconds:g} s",
        }
        super().__init__(f"{missed[limit]} (after {events} event{'s' * (events != 1)})")
        self.limit = limit
        self.seconds = seconds
        self.events = events


@dataclass(frozen=True, slots=True, kw_only=True)
class Stalled:
    """Emitted by `stall` when nothing has come for a while; the next event ends the silence."""

    seconds: float
    """How long nothing had come."""

    kind: Literal["stalled"] = "stalled"


@overload
def timeout(
    between: float | timedelta | None = None,
    *,
    first: float | None = None,
    total: float | None = None,
) -> Callable[[Observable[_T]], Observable[_T]]: ...
@overload
def timeout(
    between: float | timedelta | None,
    other: Observable[_T] | None,
    *,
    first: float | None = None,
    total: float | None = None,
) -> Callable[[Observable[_T]], Observable[_T]]: ...


def timeout(
    between: float | timedelta | None = None,
    other: Observable[_T] | None = None,
    *,
    first: float | None = None,
    total: float | None = None,
) -> Callable[[Observable[_T]], Observable[_T]]:
    """The source, unless it is too slow: then a StreamTimeout, or the stream `other`. Lossless.

        source        --1--2-------------3--|
        timeout(5)    --1--2-----#

    `between` is the most seconds that may pass before each event and before the end, `first`
    those before the first event (None: as `between`), `total` those before the end. A source that
    is too slow is left. `other` is subscribed to instead of the error, and has no limits.

    While a slow consumer holds the source back, the clock stands still, and `between` begins
    anew when the source may go on. Raises ValueError now unless there is a limit, and each is
    more than 0 seconds.

    >>> run = Runner.observe(agent, "Oslo?").pipe(ops.text_deltas())
    >>> await run.pipe(ops.timeout(0.5))
    Traceback (most recent call last):
        ...
    rxagents.operators.patience.StreamTimeout: no event for 0.5 s (after 4 events)
    """
    if isinstance(between, timedelta):
        between = between.total_seconds()
    limits = {"between": between, "first": first, "total": total}
    for name, seconds in limits.items():
        if seconds is not None:
            _checks.positive_seconds(name, seconds)
    if between is None and first is None and total is None:
        raise ValueError("timeout needs a number of seconds: between, first or total")

    def limited(source: Observable[_T]) -> Observable[_T]:
        def subscribe(
            observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            current = SerialDisposable()
            events = 0

            def nearest() -> tuple[float, Literal["first", "between", "total"], float]:
                found: list[tuple[float, Literal["first", "between", "total"], float]] = []
                if total is not None:
                    found.append((watch.began + watch.paused + total, "total", total))
                if not events and first is not None:
                    found.append((watch.last + first, "first", first))
                elif between is not None:
                    found.append((watch.last + between, "between", between))
                return min(found, default=(math.inf, "total", math.inf))

            def too_late() -> None:
                _, limit, seconds = nearest()
                watch.dispose()
                current.disposable = Disposable()  # leaves the source
                if other is None:
                    observer.on_error(StreamTimeout(limit, seconds, events))
                    return
                current.disposable = other.subscribe(
                    observer.on_next, observer.on_error, observer.on_completed, scheduler=scheduler
                )

            def on_next(value: _T) -> None:
                nonlocal events
                if watch.stopped:
                    return
                events += 1
                observer.on_next(value)
                watch.seen()
                if events == 1:
                    watch.arm()  # `between` may be shorter than `first`

            def on_error(error: Exception) -> None:
                if not watch.stopped:
                    watch.dispose()
                    observer.on_error(error)

            def on_completed() -> None:
                if not watch.stopped:
                    watch.dispose()
                    observer.on_completed()

            def leave() -> None:
                watch.dispose()
                current.dispose()

            watch = Watch(scheduler, lambda: nearest()[0], too_late)
            watch.arm()
            inner = SingleAssignmentDisposable()
            current.disposable = inner
            inner.disposable = source.subscribe(
                on_next, on_error, on_completed, scheduler=scheduler
            )
            return Disposable(leave)

        return Observable(subscribe)

    return limited


def stall(after: float) -> Callable[[Observable[_T]], Observable[_T | Stalled]]:
    r"""The source, with a Stalled where it has been silent for `after` seconds. Lossless.

        source      --1--------------2--|
        stall(5)    --1----S---------2--|     once in a silence

    The time before the first event counts. While a slow consumer holds the source back, the clock
    stands still, and it begins anew when the source may go on. Raises ValueError now unless
    `after` is more than 0 seconds.

    >>> run = Runner.observe(agent, "Oslo?").pipe(ops.text_deltas(), ops.stall(0.5))
    >>> await run.pipe(ops.map(lambda e: "Hm." if isinstance(e, ops.Stalled) else e), ops.to_list())
    ['Let', ' me', ' look.', '\n\n', 'Hm.', 'It', ' is', ' sunny', ' in', ' Oslo.']
    """
    _checks.positive_seconds("after", after)

    def watched(source: Observable[_T]) -> Observable[_T | Stalled]:
        def subscribe(
            observer: abc.ObserverBase[_T | Stalled], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            told = False  # in this silence

            def silent() -> None:
                nonlocal told
                told = True
                observer.on_next(Stalled(seconds=after))

            def on_next(value: _T) -> None:
                nonlocal told
                observer.on_next(value)
                watch.seen()
                if told:
                    told = False
                    watch.arm()

            def on_error(error: Exception) -> None:
                watch.dispose()
                observer.on_error(error)

            def on_completed() -> None:
                watch.dispose()
                observer.on_completed()

            watch = Watch(scheduler, lambda: math.inf if told else watch.last + after, silent)
            watch.arm()
            inner = source.subscribe(on_next, on_error, on_completed, scheduler=scheduler)

            def leave() -> None:
                watch.dispose()
                inner.dispose()

            return Disposable(leave)

        return Observable(subscribe)

    return watched


@overload
def hedge(after: float) -> Callable[[Observable[_T]], Observable[_T]]: ...
@overload
def hedge(
    after: float, other: Observable[_T] | None
) -> Callable[[Observable[_T]], Observable[_T]]: ...


def hedge(
    after: float, other: Observable[_T] | None = None
) -> Callable[[Observable[_T]], Observable[_T]]:
    """The source, or `other` if it is quicker: a second request where the first one lags. Lossless.

        source             -----------1--2--|
        other                   --a--b--|
        hedge(5, other)    -------a--b--|      the source is left with the a

    `other` (None: the source once more) is subscribed to when the source has emitted nothing for
    `after` seconds, or at once when it fails before that. The first that emits or completes wins,
    and the one that lost is left: its run is cancelled, its connection closed. An error of one of
    them is sent on if it has won, or if both have failed. Raises ValueError now unless `after` is
    more than 0 seconds.

    >>> stuck = Stream.never()  # a provider that does not answer
    >>> await stuck.pipe(ops.hedge(2, Runner.observe(agent, "Oslo?")), ops.text(), ops.last())
    'It is sunny in Oslo.'
    """
    _checks.positive_seconds("after", after)

    def hedged(source: Observable[_T]) -> Observable[_T]:
        def subscribe(
            observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            race = _Race(observer, scheduler, after, source if other is None else other)
            race.enter(0, source)
            return Disposable(race.leave)

        return Observable(subscribe)

    return hedged


class _Race(Generic[_T]):
    """The two streams of one hedged subscription: number 0 and, once it lags, number 1."""

    def __init__(
        self,
        observer: abc.ObserverBase[_T],
        scheduler: abc.SchedulerBase | None,
        after: float,
        other: Observable[_T],
    ) -> None:
        self._observer = observer
        self._scheduler = scheduler
        self._other = other
        self._consumer = demand_in_force()
        self._lanes = (SingleAssignmentDisposable(), SingleAssignmentDisposable())
        self._winner: int | None = None
        self._failed = 0
        self._entered = 0
        self._watch = Watch(scheduler, lambda: self._watch.last + after, self._second)
        self._watch.arm()

    def enter(self, number: int, stream: Observable[_T]) -> None:
        self._entered += 1
        observer = self._observer

        def on_next(value: _T) -> None:
            if self._winner == number or self._wins(number):
                observer.on_next(value)

        def on_error(error: BaseException) -> None:
            self._failed += 1
            if self._winner not in (None, number):
                return
            # The CancelledError of a task that was cancelled is no reason to start another.
            cancelled = not isinstance(error, Exception)
            if self._winner == number or self._failed == 2 or cancelled:
                self._watch.dispose()
                observer.on_error(error)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            elif self._entered == 1:
                self._second()

        def on_completed() -> None:
            if self._winner == number or self._wins(number):
                observer.on_completed()

        with demand(self._consumer):
            self._lanes[number].disposable = stream.subscribe(
                on_next, on_error, on_completed, scheduler=self._scheduler
            )

    def leave(self) -> None:
        self._watch.dispose()
        for lane in self._lanes:
            lane.dispose()

    def _second(self) -> None:
        self._watch.dispose()
        self.enter(1, self._other)

    def _wins(self, number: int) -> bool:
        if self._winner is None:
            self._winner = number
            self._watch.dispose()
            self._lanes[1 - number].dispose()
        return self._winner == number
