"""The clock that watches a source for silence, and stands still while its consumer does."""

from __future__ import annotations

import math
from collections.abc import Callable

from reactivex import abc
from reactivex.disposable import SerialDisposable

from rxagents.stream.demand import demand, demand_in_force
from rxagents.stream.scheduler import LoopScheduler, clock_of

_EARLY = 1e-6  # seconds by which a timer may come early: clocks count whole microseconds
_SOON = 1e-6  # seconds: the shortest wait, so that nothing runs before it is set up


class Watch:
    """One timer that follows the events of a source, however many there are.

    An event moves no timer: it leaves its time in `last`, and a timer that fires too early for
    that is set again. While the consumer holds the source back, nothing is due.
    """

    def __init__(
        self,
        scheduler: abc.SchedulerBase | None,
        due: Callable[[], float],
        on_due: Callable[[], None],
    ) -> None:
        self._clock = scheduler or LoopScheduler()
        self.time = clock_of(self._clock)
        self.began = self.last = self.time()
        self.paused = 0.0
        """Seconds for which the consumer held the source back."""
        self.stopped = False
        self._due = due
        self._on_due = on_due
        self._consumer = demand_in_force()
        self._timer = SerialDisposable()
        self._fires_at = math.inf
        self._held = False

    def seen(self) -> None:
        """Note an event, after it was emitted: what that took was the consumer's time."""
        self.last = self.time()
        if self._consumer is not None and not self._consumer.open:
            self._hold()

    def arm(self) -> None:
        """Make sure that a timer fires when something is due, or before."""
        due = self._due()
        if due < self._fires_at and not self.stopped:
            self._fires_at = due
            self._timer.disposable = self._clock.schedule_relative(
                max(due - self.time(), _SOON), self._fired
            )

    def dispose(self) -> None:
        self.stopped = True
        self._timer.dispose()

    def _fired(self, _: abc.SchedulerBase, __: object = None) -> None:
        self._fires_at = math.inf
        if self.stopped:
            return
        if self._consumer is not None and not self._consumer.open:
            self._hold()
        elif self._due() <= self.time() + _EARLY:
            with demand(self._consumer):  # for what is subscribed to instead
                self._on_due()
        else:
            self.arm()

    def _hold(self) -> None:
        if not self._held and not self.stopped and self._consumer is not None:
            self._held = True
            self._consumer.when_open(self._resumed)

    def _resumed(self) -> None:
        self._held = False
        now = self.time()
        self.paused += now - self.last
        self.last = now
        self.arm()
