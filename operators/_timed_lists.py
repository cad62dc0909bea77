"""Lists that time ends."""

from __future__ import annotations

import math
from typing import Generic, TypeVar

from reactivex import abc

from ._line import EARLY, TimedLine, next_tick

_T = TypeVar("_T")

MOST = 4096  # events in lists that only time ends: what is not handed on yet is bounded


class TimedLists(TimedLine[tuple[float, list[_T]], list[_T]]):
    """Lists, each with the time when it is due, of which only the last may grow.

    Invariant: `credit.pending` is the number of events in them.
    """

    def __init__(
        self,
        observer: abc.ObserverBase[list[_T]],
        scheduler: abc.SchedulerBase | None,
        span: float,
        count: int,
        *,
        on_grid: bool,
    ) -> None:
        super().__init__(observer, scheduler)
        self.credit = self.child(count)
        self._span = span
        self._count = count
        self._on_grid = on_grid
        self._gone = 0  # events of the list that is being emitted

    def on_next(self, value: _T) -> None:
        self.credit.put()
        if not self.waiting or len(self.waiting[-1][1]) == self._count:
            self.waiting.append((self._when(self.now()), []))
        self.waiting[-1][1].append(value)
        self.go_on()

    def _when(self, now: float) -> float:
        """When a list that begins now is due."""
        return next_tick(now, self._span) if self._on_grid else now + self._span

    def due(self) -> float:
        if self.ended or len(self.waiting) > 1:
            return 0.0
        when, events = self.waiting[0]
        return 0.0 if len(events) == self._count else when

    def leaves(self) -> list[_T]:
        events = self.waiting.popleft()[1]
        self._gone = len(events)
        return events

    def left(self) -> None:
        super().left()
        for _ in range(self._gone):
            self.credit.took()


class ShiftedLists(TimedLine["_Span[_T]", list[_T]]):
    """Lists of spans that overlap, or that have gaps between them. None is empty.

    A span that has a list is in `waiting`. Invariant: `credit.pending` is the number of events that
    are in any of these lists.
    """

    def __init__(
        self,
        observer: abc.ObserverBase[list[_T]],
        scheduler: abc.SchedulerBase | None,
        span: float,
        shift: float,
    ) -> None:
        super().__init__(observer, scheduler)
        self.credit = self.child(MOST)
        self._span = span
        self._shift = shift
        self._next = 0  # the number of the first span that has no list yet
        self._gone = 0  # events that were in no other list than the one that is being emitted

    def on_next(self, value: _T) -> None:
        now = self.now()
        self._begin(now)
        if not self.waiting or self.waiting[-1].due <= now + EARLY:
            return  # it has come between two spans
        self.credit.put()
        self.waiting[-1].newest += 1
        for each in reversed(self.waiting):
            if each.due <= now + EARLY:  # it waits for the consumer, and so do those before it
                break
            each.events.append(value)
        if self._timer is None:
            self.go_on()

    def _begin(self, now: float) -> None:
        """Give a list to each span that has begun and is not over."""
        over = math.floor((now + EARLY - self._span) / self._shift) + 1
        begun = math.floor((now + EARLY) / self._shift) + 1
        for number in range(max(self._next, over), begun):
            self.waiting.append(_Span(number * self._shift + self._span))
        self._next = max(self._next, begun)

    def due(self) -> float:
        return self.waiting[0].due if self.waiting and not self.ended else 0.0

    def leaves(self) -> list[_T]:
        span = self.waiting.popleft()
        self._gone = span.newest
        return span.events

    def left(self) -> None:
        super().left()
        for _ in range(self._gone):
            self.credit.took()


class _Span(Generic[_T]):
    """A span, and the list of what comes in it."""

    __slots__ = ("due", "events", "newest")

    def __init__(self, due: float) -> None:
        self.due = due
        self.events: list[_T] = []
        self.newest = 0
        """How many events came while it was the last one that had begun."""
