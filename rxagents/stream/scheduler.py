"""Time on the event loop, for reactivex's operators."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from reactivex import abc, typing
from reactivex.disposable import Disposable, SingleAssignmentDisposable
from reactivex.scheduler import CurrentThreadScheduler
from reactivex.scheduler.periodicscheduler import PeriodicScheduler

from .tasks import loop_or_none, running_loop

_TState = TypeVar("_TState")


class LoopScheduler(PeriodicScheduler):
    """Now is the trampoline, later is the event loop's timers, and the clock is the loop's.

    Reactivex's own `AsyncIOScheduler` sends immediate work through `call_soon` as well, and with
    that `switch_map`, `start_with` and `with_latest_from` lose items. Its default for timers is a
    thread each. This one starts no thread and delivers in order.

    It belongs to `loop`, by default the one that is running. Made where none runs, it serves
    chains without timers; a timer then raises NoRunningLoopError.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        super().__init__()
        self._loop = loop or loop_or_none()
        self._zero: datetime | None = None  # the wall-clock time at which the loop's clock was 0

    @property
    def now(self) -> datetime:
        """The wall-clock time in UTC at first, from then on moved by the loop's clock alone."""
        elapsed = self._on_loop().time()
        if self._zero is None:
            # Whole milliseconds, so that differences of times keep their microseconds.
            self._zero = datetime.fromtimestamp(round(time.time() - elapsed, 3), UTC)
        return self._zero + timedelta(seconds=elapsed)

    def schedule(
        self, action: abc.ScheduledAction[_TState], state: _TState | None = None
    ) -> abc.DisposableBase:
        """Run `action` now, or as soon as what this thread is doing now has returned."""
        return CurrentThreadScheduler.singleton().schedule(action, state)

    def schedule_relative(
        self,
        duetime: typing.RelativeTime,
        action: abc.ScheduledAction[_TState],
        state: _TState | None = None,
    ) -> abc.DisposableBase:
        """Run `action` on the loop after `duetime` (seconds or a timedelta)."""
        seconds = self.to_seconds(duetime)
        if seconds <= 0:
            return self.schedule(action, state)
        return self._later(seconds, action, state)

    def schedule_absolute(
        self,
        duetime: typing.AbsoluteTime,
        action: abc.ScheduledAction[_TState],
        state: _TState | None = None,
    ) -> abc.DisposableBase:
        """Run `action` on the loop at `duetime`, a time on the clock of `now`."""
        return self.schedule_relative(self.to_datetime(duetime) - self.now, action, state)

    def schedule_periodic(
        self,
        period: typing.RelativeTime,
        action: typing.ScheduledPeriodicAction[_TState],
        state: _TState | None = None,
    ) -> abc.DisposableBase:
        """Run `action` every `period`, counted from the loop's clock so that it does not drift."""
        seconds = self.to_seconds(period)
        due = self._on_loop().time() + seconds
        timer = SingleTimer()

        def tick(_: abc.SchedulerBase, current: _TState | None) -> abc.DisposableBase | None:
            nonlocal due
            due += seconds
            result = action(current)
            if not timer.is_disposed:
                # Never the trampoline: with a period of 0 it would not give the loop back.
                wait = max(due - self._on_loop().time(), 0.0)
                timer.current = self._later(wait, tick, result)
            return None

        timer.current = self._later(seconds, tick, state)
        return timer

    def _later(
        self, seconds: float, action: abc.ScheduledAction[_TState], state: _TState | None
    ) -> abc.DisposableBase:
        loop = self._on_loop()
        result = SingleAssignmentDisposable()

        def fire() -> None:
            if not result.is_disposed:
                result.disposable = self.invoke_action(action, state=state)

        if loop_or_none() is loop:
            handle = loop.call_later(seconds, fire)
            return TimerDisposable(loop, handle, result)
        # A producer on another thread: the loop must be woken to see its timer.
        loop.call_soon_threadsafe(loop.call_later, seconds, fire)
        return result

    def _on_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop or running_loop("an operator that takes time")


def clock_of(scheduler: abc.SchedulerBase) -> Callable[[], float]:
    """The seconds of a scheduler's clock; from where they count does not matter.

    It is the loop's own clock where the scheduler has that: a datetime costs a microsecond.
    """
    loop = loop_or_none()
    if loop is not None and isinstance(scheduler, LoopScheduler):
        return loop.time
    zero = scheduler.now
    return lambda: (scheduler.now - zero).total_seconds()


class TimerDisposable(abc.DisposableBase):
    """Cancels a timer, or disposes what its action returned."""

    __slots__ = ("_handle", "_loop", "_result")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        handle: asyncio.TimerHandle,
        result: abc.DisposableBase,
    ) -> None:
        self._loop = loop
        self._handle = handle
        self._result = result

    def dispose(self) -> None:
        self._result.dispose()
        if loop_or_none() is self._loop or self._loop.is_closed():
            self._handle.cancel()
        else:  # on another thread: the loop counts its cancelled timers
            self._loop.call_soon_threadsafe(self._handle.cancel)


class SingleTimer(Disposable):
    """The timer of a periodic action that is pending now."""

    current: abc.DisposableBase | None = None

    def dispose(self) -> None:
        super().dispose()
        if self.current is not None:
            self.current.dispose()
