"""Fewer events: the latest after a pause, now and then, or when somebody asks.

Times are the event loop's, or those of the scheduler that is passed at `subscribe`. No timer
runs while nothing waits for it, and leaving cancels it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable

from . import _checks
from ._line import Line, TimedLine, in_line, next_tick

_T = TypeVar("_T")


def throttle_latest(seconds: float) -> Callable[[Observable[_T]], Observable[_T]]:
    """The first event at once, then the latest one every `seconds`. Conflating.

        source               --1-2-34------5--|
        throttle_latest(3)   --1--2--4-----5--|     three dashes

    Unlike `sample` it does not wait for its turn when nothing has come for `seconds`, and it
    never loses the last event: what waits comes before the end of the source, and before its
    error. Raises ValueError now unless `seconds` is more than 0.

    >>> run = Runner.observe(agent, "Oslo?").pipe(ops.text())
    >>> await run.pipe(ops.throttle_latest(0.1), ops.to_list())
    ['Let', 'Let me look.', 'It', 'It is sunny in Oslo.']
    """
    return _latest(seconds, leading=True)


def audit(seconds: float) -> Callable[[Observable[_T]], Observable[_T]]:
    """The latest event when `seconds` have passed since the first. Conflating.

        source     --1-2-34------5-----|
        audit(3)   -----2---4-------5--|     three dashes

    Unlike `debounce` it does not wait for a pause. The event after that is the next "first".
    What waits comes before the end of the source, and before its error. Raises ValueError now
    unless `seconds` is more than 0.

    >>> run = Runner.observe(agent, "Oslo?").pipe(ops.text())
    >>> await run.pipe(ops.audit(0.1), ops.to_list())
    ['Let me look.', 'It is sunny in Oslo.']
    """
    return _latest(seconds, leading=False)


def debounce(
    duetime: float | timedelta, scheduler: abc.SchedulerBase | None = None
) -> Callable[[Observable[_T]], Observable[_T]]:
    """The latest event once nothing has come for `duetime` seconds. Conflating.

        source        --1-2-3--------4--|
        debounce(3)   ---------3------(4|)     three dashes

    For input that is still being typed. What waits comes before the end of the source, and before
    its error. Time is that of `scheduler`, if it is given. Raises ValueError now unless `duetime`
    is 0 seconds or more.

    >>> typed = Stream.interval(0.1).pipe(ops.take(5))
    >>> await typed.pipe(ops.debounce(0.3), ops.to_list())
    [4]
    """
    seconds = _checks.seconds("duetime", duetime)
    return in_line(lambda observer, clock: _Pause(observer, scheduler or clock, seconds))


throttle_with_timeout = debounce
"""Reactivex's other name for `debounce`."""


def sample(
    sampler: float | timedelta | Observable[Any], scheduler: abc.SchedulerBase | None = None
) -> Callable[[Observable[_T]], Observable[_T]]:
    """The latest event, every `sampler` seconds or whenever `sampler` emits. Conflating.

        source      --1-2-----3---4-|
        sample(5)   -----2----3-----(4|)     five dashes

    Where nothing new has come, nothing is emitted. What waits comes before the end of the source,
    and before its error. An error of `sampler` ends it, its end does not. Time is that of
    `scheduler`, if it is given. Raises ValueError now unless the seconds are more than 0.

    >>> fast = Stream.interval(0.25).pipe(ops.take(8))
    >>> await fast.pipe(ops.sample(1), ops.to_list())
    [2, 6, 7]
    """
    if isinstance(sampler, Observable):
        return _sampled_by(sampler)
    seconds = _checks.positive_seconds("sampler", sampler)
    return in_line(lambda observer, clock: _Ticks(observer, scheduler or clock, seconds))


def _sampled_by(sampler: Observable[Any]) -> Callable[[Observable[_T]], Observable[_T]]:
    def sampled(source: Observable[_T]) -> Observable[_T]:
        def subscribe(
            observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            slot = _Sampled(observer)
            both = CompositeDisposable()
            slot.sources.disposable = both
            both.add(source.subscribe(slot.on_next, slot.end, slot.end, scheduler=scheduler))
            if not slot.ended:
                both.add(sampler.subscribe(slot.take, slot.end, scheduler=scheduler))
            return slot

        return Observable(subscribe)

    return sampled


def _latest(seconds: float, *, leading: bool) -> Callable[[Observable[_T]], Observable[_T]]:
    _checks.positive_seconds("seconds", seconds)
    return in_line(lambda observer, clock: _Slot(observer, clock, seconds, leading))


class _Latest(TimedLine[_T, _T]):
    """The latest event, until it is due or the source has ended."""

    def __init__(
        self, observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None, seconds: float
    ) -> None:
        super().__init__(observer, scheduler)
        self.seconds = seconds
        self.opens = 0.0
        """When what waits may go."""

    def due(self) -> float:
        return 0.0 if self.ended else self.opens

    def leaves(self) -> _T:
        return self.waiting.popleft()

    def on_next(self, value: _T) -> None:
        self.comes()
        if self.waiting:
            self.waiting[0] = value
            if self._timer is not None:  # it will see to what waits
                return
        else:
            self.waiting.append(value)
        self.go_on()

    def comes(self) -> None:
        """Set `opens` for an event that is about to be put in the place of what waits."""


class _Slot(_Latest[_T]):
    """For `throttle_latest` and `audit`."""

    def __init__(
        self,
        observer: abc.ObserverBase[_T],
        scheduler: abc.SchedulerBase | None,
        seconds: float,
        leading: bool,
    ) -> None:
        super().__init__(observer, scheduler, seconds)
        self._leading = leading

    def comes(self) -> None:
        if not self.waiting and not self._leading:
            self.opens = self.now() + self.seconds

    def leaves(self) -> _T:
        if self._leading:
            self.opens = max(self.opens, self.now()) + self.seconds
        return super().leaves()


class _Pause(_Latest[_T]):
    """For `debounce`: due when nothing has come for a while."""

    def comes(self) -> None:
        self.opens = self.now() + self.seconds


class _Ticks(_Latest[_T]):
    """For `sample`: due at the next whole number of periods since the subscription."""

    def on_next(self, value: _T) -> None:
        if self._timer is not None:  # set for what waits: nothing else is to be done
            self.waiting[0] = value
        else:
            super().on_next(value)

    def comes(self) -> None:
        if not self.waiting:
            self.opens = next_tick(self.now(), self.seconds)


class _Sampled(Line[_T, _T]):
    """The latest event, until another stream asks for it or the source has ended."""

    def __init__(self, observer: abc.ObserverBase[_T]) -> None:
        super().__init__(observer)
        self._asked = False

    def on_next(self, value: _T) -> None:
        self.waiting.clear()
        self.waiting.append(value)
        self.go_on()

    def take(self, _: object) -> None:
        self._asked = bool(self.waiting)
        self.go_on()

    def delayed(self) -> bool:
        return not self._asked and not self.ended

    def leaves(self) -> _T:
        self._asked = False
        return self.waiting.popleft()
