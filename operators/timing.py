"""All events, later: delayed, or with gaps between them.

Times are the event loop's, or those of the scheduler that is passed at `subscribe`. No timer
runs while nothing waits for it, and leaving cancels it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from reactivex import Observable, abc

from . import _checks
from ._line import TimedLine, in_line

_T = TypeVar("_T")

_IN_THE_LINE = 1024  # events that `delay` holds at most


def delay(
    duetime: float | timedelta, scheduler: abc.SchedulerBase | None = None
) -> Callable[[Observable[_T]], Observable[_T]]:
    """Each event, and the end, `duetime` seconds later. Lossless.

        source     --1--2-----3--|
        delay(3)   -----1--2-----3--|     three dashes

    An error is not delayed: it comes at once, and what was on its way is dropped. At most 1024
    events are on their way, then the source is held back; so it is by a slow consumer, and events
    are later by as much. Time is that of `scheduler`, if it is given. Raises ValueError now
    unless `duetime` is 0 seconds or more.

    >>> sung = Stream.of("la", "li").pipe(ops.limit_rate(1))
    >>> echo = sung.pipe(ops.delay(0.4), ops.map("({})".format))
    >>> await sung.pipe(ops.merge(echo), ops.to_list())
    ['la', '(la)', 'li', '(li)']
    """
    seconds = _checks.seconds("duetime", duetime)
    return in_line(lambda observer, clock: _DelayLine(observer, scheduler or clock, seconds))


def limit_rate(events_per_second: float) -> Callable[[Observable[_T]], Observable[_T]]:
    """The events at their own pace, but not faster than `events_per_second`. Lossless.

        source          --123---------4--|
        limit_rate(5)   --1-2-3-------4--|     -- is 0.2 seconds

    The source is held back, so at most one event waits; what a source emits that cannot be held
    back waits in line. The end of the source, and its error, follow the last event at once.
    Raises ValueError now unless `events_per_second` is more than 0. (Reactor's `limitRate` is
    something else: it is `stream.iterate(high=...)` here.)

    >>> calls = Stream.of("Oslo", "Bergen", "Bodø").pipe(ops.limit_rate(2), ops.time_interval())
    >>> await calls.pipe(ops.map(lambda e: round(e.interval.total_seconds(), 1)), ops.to_list())
    [0.0, 0.5, 0.5]
    """
    if not 0 < events_per_second < math.inf:
        raise ValueError(
            f"events_per_second must be more than 0 and finite, not {events_per_second}"
        )
    return in_line(lambda observer, clock: _Gate(observer, clock, 1 / events_per_second))


class _DelayLine(TimedLine[tuple[float, _T], _T]):
    """Events with their times. Invariant: `credit.pending` is `len(waiting)`."""

    def __init__(
        self, observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None, seconds: float
    ) -> None:
        super().__init__(observer, scheduler)
        self.credit = self.child(_IN_THE_LINE)
        self._seconds = seconds
        self._end_due = 0.0

    def on_next(self, value: _T) -> None:
        self.credit.put()
        self.waiting.append((self.now() + self._seconds, value))
        self.go_on()

    def on_error(self, error: Exception) -> None:
        self.waiting.clear()
        self.end(error)

    def on_completed(self) -> None:
        self._end_due = self.now() + self._seconds
        self.end()

    def due(self) -> float:
        return self.waiting[0][0] if self.waiting else self._end_due

    def leaves(self) -> _T:
        return self.waiting.popleft()[1]

    def left(self) -> None:
        super().left()
        self.credit.took()


class _Gate(TimedLine[_T, _T]):
    """Events with a gap between them. Invariant: `credit.pending` is `len(waiting)`."""

    def __init__(
        self, observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None, gap: float
    ) -> None:
        super().__init__(observer, scheduler)
        self.credit = self.child(1)
        self._gap = gap
        self._opens = 0.0

    def on_next(self, value: _T) -> None:
        self.credit.put()
        self.waiting.append(value)
        self.go_on()

    def due(self) -> float:
        return self._opens if self.waiting else 0.0

    def leaves(self) -> _T:
        # From when it was due if the timer came early: the gaps must not add up to less.
        self._opens = max(self._opens, self.now()) + self._gap
        return self.waiting.popleft()

    def left(self) -> None:
        super().left()
        self.credit.took()
