"""The queue that operators put between a source and a consumer who is not ready."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from typing import Any, Generic, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import SerialDisposable

from rxagents.stream.demand import Demand, demand, demand_in_force
from rxagents.stream.scheduler import LoopScheduler, clock_of

_A = TypeVar("_A")
_B = TypeVar("_B")

EARLY = 1e-5  # seconds by which a timer may come early: clocks count whole microseconds


class Line(abc.DisposableBase, Generic[_A, _B]):
    """What waits for one subscription's consumer; the end, or the error, waits behind it.

    An entry goes, as what `leaves()` makes of it, once it is not `delayed()` and the consumer's
    credit is open. All is emitted with the consumer's credit in force, whoever makes it go.
    """

    def __init__(self, observer: abc.ObserverBase[_B]) -> None:
        self.waiting: deque[_A] = deque()
        self.sources = SerialDisposable()
        """The subscription, which is disposed of as soon as the end is known."""
        self.ended = False
        self.stopped = False
        self._observer = observer
        self._consumer = demand_in_force()
        self.credit: Demand = self._consumer or Demand()
        """What the source goes by: the consumer's own, unless the line has another."""
        self._context = copy_context()  # in which the consumer's credit is in force
        self._error: Exception | None = None
        self._busy = False
        self._held_up = False

    def on_next(self, value: Any, /) -> None:
        raise AssertionError("each line has its own")

    def on_error(self, error: Exception) -> None:
        self.end(error)

    def on_completed(self) -> None:
        self.end()

    def leaves(self) -> _B:
        """Take the first of `waiting` and make an event of it."""
        raise AssertionError("each line has its own")

    def left(self) -> None:
        """An event has been emitted."""

    def delayed(self) -> bool:
        """Whether the first of `waiting`, or the end if there is none, must not go yet."""
        return False

    def ready(self) -> bool:
        """Whether an event that comes now is the next to be emitted, and may be."""
        return self._consumer is None or (self._consumer.open and not self.waiting)

    def child(self, high: int) -> Demand:
        """A credit of `high` events for a source."""
        credit = Demand(high, high - 1)
        if self._consumer is not None:
            credit.tasks = self._consumer.tasks  # who waits for the consumer waits for us
        return credit

    def end(self, error: Exception | None = None) -> None:
        """Leave the source; complete, or fail, when nothing waits any more."""
        if self.ended or self.stopped:
            return
        self.ended, self._error = True, error
        self.sources.dispose()
        self.go_on()

    def dispose(self) -> None:
        self.stopped = True
        self.sources.dispose()
        self.waiting.clear()

    def go_on(self) -> None:
        """Emit what may go now."""
        if self._busy:  # what is emitted makes the line grow: the loop below will see it
            return
        self._busy = True
        try:
            self._context.run(self._emit)
        finally:
            self._busy = False

    def _emit(self) -> None:
        while not self.stopped and (self.waiting or self.ended):
            if self.delayed():
                return
            if not self.waiting:
                self._finish()
                return
            if self._consumer is not None and not self._consumer.open:
                self._wait_for(self._consumer)
                return
            self._observer.on_next(self.leaves())
            self.left()

    def _finish(self) -> None:
        self.dispose()
        if self._error is None:
            self._observer.on_completed()
        else:
            self._observer.on_error(self._error)

    def _wait_for(self, consumer: Demand) -> None:
        if not self._held_up:
            self._held_up = True
            consumer.when_open(self._opened)

    def _opened(self) -> None:
        self._held_up = False
        self.go_on()


def in_line(
    make: Callable[[abc.ObserverBase[_B], abc.SchedulerBase | None], Line[Any, _B]],
) -> Callable[[Observable[Any]], Observable[_B]]:
    """The source behind a line, which `make` makes for each subscription."""

    def lined(source: Observable[Any]) -> Observable[_B]:
        def subscribe(
            observer: abc.ObserverBase[_B], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            line = make(observer, scheduler)
            with demand(line.credit):
                line.sources.disposable = source.subscribe(
                    line.on_next, line.on_error, line.on_completed, scheduler=scheduler
                )
            return line

        return Observable(subscribe)

    return lined


class TimedLine(Line[_A, _B]):
    """A line in which an entry waits for its time. A timer runs only while one does."""

    def __init__(self, observer: abc.ObserverBase[_B], scheduler: abc.SchedulerBase | None) -> None:
        super().__init__(observer)
        self._clock = scheduler or LoopScheduler()
        self._time = clock_of(self._clock)
        self._began = self._time()
        self._timer: abc.DisposableBase | None = None
        self._wakes_at = 0.0

    def due(self) -> float:
        """When the first of `waiting`, or the end, may go, in the seconds of `now()`."""
        raise AssertionError("each line has its own")

    def now(self) -> float:
        """Seconds since the subscription."""
        return self._time() - self._began

    def delayed(self) -> bool:
        due, now = self.due(), self.now()
        if due <= now + EARLY:
            return False
        if self._timer is None or due < self._wakes_at:  # one that comes early is set again
            self._cancel()
            self._wakes_at = due
            self._timer = self._clock.schedule_relative(due - now, self._woken)
        return True

    def left(self) -> None:
        self._cancel()

    def dispose(self) -> None:
        super().dispose()
        self._cancel()

    def _woken(self, _: abc.SchedulerBase, __: object = None) -> None:
        self._timer = None
        self.go_on()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.dispose()
            self._timer = None


def next_tick(now: float, period: float) -> float:
    """The next whole number of periods after `now`, in seconds."""
    return (math.floor((now + EARLY) / period) + 1) * period
