"""Events in windows, streams of their own that other streams or the clock begin and end.

A window is hot. Who subscribes to it when it comes, as `flat_map` does, sees all of its events;
what it emits while nobody is subscribed to it is dropped. The windows that are open end with the
source, whatever becomes of other streams; an error of any stream goes to them, and then to the
outer stream. The source goes at the pace of the slowest of all who read with `async for`. It is
left when the outer stream and all windows are left.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import SerialDisposable

from rxagents.stream.demand import demand
from rxagents.stream.scheduler import LoopScheduler, clock_of
from rxagents.stream.stream import Stream
from rxagents.stream.subscriber import refuse_async

from . import _checks
from ._bounds import Bounds, at_boundaries, from_openings, up_to_closings
from ._first_event import FirstEvents, refuse_other
from ._groups import Grouping, Hub
from ._line import EARLY

_T = TypeVar("_T")


def window(boundaries: Observable[Any]) -> Callable[[Observable[_T]], Observable[Stream[_T]]]:
    """Streams of events, each up to an event of `boundaries`. Lossless.

        source                --1--2-----3--4--|
        boundaries            -------x-----x|
        window(boundaries)    A------B-----C---|     A: --1--2-|   B: --3---|   C: -4--|

    The first window begins at once. The last one ends with the source, also where `boundaries` has
    ended before. An error of either goes to the window, then to the outer stream, and leaves the
    other. A slow consumer holds back both. Raises TypeError now for what is no stream.

    >>> ticks = Stream.interval(0.4).pipe(ops.take(4), ops.window(Stream.interval(1)))
    >>> await ticks.pipe(ops.flat_map(lambda window: window.pipe(ops.sum())), ops.to_list())
    [1, 5]
    """
    refuse_other("window", boundaries)
    return _windows(at_boundaries(boundaries))


def window_toggle(
    openings: Observable[Any], closing_mapper: Callable[[Any], Observable[Any]]
) -> Callable[[Observable[_T]], Observable[Stream[_T]]]:
    """Streams of events, begun by `openings` and ended by a stream for each. Lossless.

        source                       -1--2--3--4--5--6--7--|
        openings                     --a-----b--------c-|
        window_toggle(openings, f)   --A-----B--------C----|     A: --2-|   B: -4--5-|   C: -7--|
        f(each)                        ----x

    `closing_mapper` is given what `openings` emits. Its stream ends the window with its first
    event, or with its end. Windows may overlap; what comes while none is open is dropped. The end
    of `openings` only means that no other window begins. An error of any stream goes to the
    windows that are open, then to the outer stream, and leaves the others; so does one that
    `closing_mapper` raises. A slow consumer holds back the source and `openings`. Raises TypeError
    now for what is no stream, AsyncCallbackError for an `async def`.

    >>> windows = ops.window_toggle(Stream.interval(1), lambda _: Stream.timer(0.5))
    >>> ticks = Stream.interval(0.45).pipe(ops.take(8), windows)
    >>> await ticks.pipe(ops.flat_map(lambda window: window.pipe(ops.to_list())), ops.to_list())
    [[2], [4], [6]]
    """
    refuse_other("window_toggle", openings)
    refuse_async("closing_mapper", closing_mapper)
    return _windows(from_openings(openings, closing_mapper))


def window_when(
    closing_mapper: Callable[[], Observable[Any]],
) -> Callable[[Observable[_T]], Observable[Stream[_T]]]:
    """Streams of events, each ended by a new stream that `closing_mapper` makes. Lossless.

        source           --1--2-----3--4--|
        window_when(f)   A----B----C------|     A: --1--2|   B: -----|   C: -3--4--|
        f()              -----x
                              -----x
                                   ------------x

    The first event of that stream ends a window, and the next one begins. If the stream ends
    without an event, the window is the last, and ends with the source. An error of either stream
    goes to the window, then to the outer stream, and leaves the other; so does one that
    `closing_mapper` raises. Raises AsyncCallbackError now for an `async def`.

    >>> ticks = Stream.interval(0.4).pipe(ops.take(5), ops.window_when(lambda: Stream.timer(1)))
    >>> await ticks.pipe(ops.flat_map(lambda window: window.pipe(ops.sum())), ops.to_list())
    [1, 5, 4]
    """
    refuse_async("closing_mapper", closing_mapper)
    return _windows(up_to_closings(closing_mapper))


def window_with_time(
    timespan: float | timedelta,
    timeshift: float | timedelta | None = None,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[_T]], Observable[Stream[_T]]]:
    """Streams of what comes within `timespan` seconds. Lossless.

        source                 -1-2-----3-4-5--|
        window_with_time(4)    A---B---C---D---|     A: -1-2|   B: ----|   C: 3-4-|   D: 5--|

    A window begins with the subscription and then every `timeshift` seconds, by default when the
    one before ends: with less, windows overlap, with more, what comes between them is dropped. A
    window that nobody has got yet and that is empty is not followed by another one. An error goes
    to the windows that are open, and then to the outer stream. Time is that of `scheduler`, if it
    is given. Raises ValueError now unless both are more than 0.

    >>> ticks = Stream.interval(0.4).pipe(ops.take(5), ops.window_with_time(1.0))
    >>> await ticks.pipe(ops.flat_map(lambda window: window.pipe(ops.to_list())), ops.to_list())
    [[0, 1], [2, 3], [4]]
    """
    span = _checks.positive_seconds("timespan", timespan)
    shift = span if timeshift is None else _checks.positive_seconds("timeshift", timeshift)

    def windowed(source: Observable[_T]) -> Observable[Stream[_T]]:
        def subscribe(
            observer: abc.ObserverBase[Stream[_T]], clock: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            windows = _Windows(observer, clock)
            _Times(windows, scheduler or clock or LoopScheduler(), span, shift).turn()
            return windows.subscribe_to(source, clock)

        return Observable(subscribe)

    return windowed


def _windows(bounds: Bounds) -> Callable[[Observable[_T]], Observable[Stream[_T]]]:
    def windowed(source: Observable[_T]) -> Observable[Stream[_T]]:
        def subscribe(
            observer: abc.ObserverBase[Stream[_T]], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            windows = _Windows(observer, scheduler)
            bounds(windows, lambda: windows.subscribe_to(source, scheduler))
            return windows.outer

        return Observable(subscribe)

    return windowed


class _Windows(Grouping[Any]):
    """The windows of one subscription."""

    def __init__(
        self, observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None
    ) -> None:
        super().__init__(observer)
        self._scheduler = scheduler
        closings = FirstEvents(self.end, scheduler, self.pace)
        self.wait_for = closings.wait_for
        self.sources.add(closings)

    @property
    def is_over(self) -> bool:
        return self.stopped

    def read(self, value: Any) -> None:
        for hub in tuple(self.groups):  # an event may make one begin or end
            hub.emit(value)

    def begin(self) -> Hub:
        hub = Hub(self)
        if self.is_wanted and not self.stopped:
            self.open(hub, Stream[Any](hub.subscribe))
        return hub

    def listen_to(self, stream: Observable[Any], on_next: Callable[[Any], None]) -> None:
        if self.stopped:
            return
        with demand(self.pace):
            self.sources.add(stream.subscribe(on_next, self.end, scheduler=self._scheduler))


class _Times:
    """Begins and ends windows by the clock, the one that is over before the one that begins."""

    def __init__(
        self, windows: _Windows, clock: abc.SchedulerBase, span: float, shift: float
    ) -> None:
        self._windows = windows
        self._clock = clock
        self._time = clock_of(clock)
        self._began = self._time()
        self._span = span
        self._shift = shift
        self._begun = 0
        self._open: deque[tuple[float, Hub]] = deque()  # when each is over
        self._timer = SerialDisposable()
        windows.sources.add(self._timer)

    def turn(self, *_: object) -> None:
        now = self._time() - self._began
        while min(self._begins(), self._ends()) <= now + EARLY:
            if self._windows.is_over:
                return
            if self._ends() <= self._begins() + EARLY and not self._lasts():
                self._windows.close(self._open.popleft()[1])
            else:
                self._begin()
        due = min(self._begins(), self._ends())
        self._timer.disposable = self._clock.schedule_relative(due - now, self.turn)

    def _begins(self) -> float:
        """When the next window begins."""
        return self._begun * self._shift

    def _ends(self) -> float:
        """When the first of those that are open is over."""
        return self._open[0][0] if self._open else float("inf")

    def _lasts(self) -> bool:
        """Whether the window that is over may as well be the next one."""
        return self._span == self._shift and self._open[0][1].is_blank

    def _begin(self) -> None:
        over = self._begins() + self._span
        self._begun += 1
        if self._open and self._lasts():
            self._open[0] = (over, self._open[0][1])
        else:
            self._open.append((over, self._windows.begin()))
