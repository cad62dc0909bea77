"""Events in lists: of a certain length, of a certain time, or up to a certain one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Generic, TypeVar

from reactivex import Observable, abc

from rxagents.stream.subscriber import refuse_async

from . import _checks
from ._line import in_line
from ._reading import reading
from ._timed_lists import MOST, ShiftedLists, TimedLists

_T = TypeVar("_T")


def buffer_until(
    predicate: Callable[[_T], bool],
) -> Callable[[Observable[_T]], Observable[list[_T]]]:
    """Lists of events, each up to one for which `predicate` is true. Lossless.

        source                            --a--b--.--c--.--d--|
        buffer_until(lambda e: e == ".")  --------A-----B-----(C|)     A: ["a", "b", "."]

    The event that closes a list is its last. What is left when the source ends, or fails, or
    `predicate` raises, is emitted before that.

    >>> steps = Runner.observe(agent, "Oslo?").pipe(ops.items(), ops.map(lambda item: item.type))
    >>> await steps.pipe(ops.buffer_until(lambda t: t == "tool_call_output_item"), ops.to_list())
    [['message_output_item', 'tool_call_item', 'tool_call_output_item'], ['message_output_item']]
    """
    refuse_async("predicate", predicate)
    return reading(lambda: _Until(predicate))


def buffer_with_count(
    count: int, skip: int | None = None
) -> Callable[[Observable[_T]], Observable[list[_T]]]:
    """Lists of `count` events. Lossless.

        source                  --1--2--3--4--5--|
        buffer_with_count(2)    -----A-----B-----(C|)     A: [1, 2]   C: [5]

    A new list begins with every `skip`-th event, by default when the one before is full: with
    less, lists overlap, with more, the events between them are left out. What is left when the
    source ends, or fails, is emitted before that. Raises ValueError now unless both are 1 or more.

    >>> await Stream.of(*"abcde").pipe(ops.buffer_with_count(2), ops.to_list())
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    _checks.count("count", count, "events")
    if skip is not None:
        _checks.count("skip", skip, "events")
    return reading(lambda: _Counted[Any](count, skip or count))


def buffer_time_or_count(
    seconds: float | timedelta, count: int, scheduler: abc.SchedulerBase | None = None
) -> Callable[[Observable[_T]], Observable[list[_T]]]:
    """Lists of what comes within `seconds`, but of `count` events at most. Lossless.

        source                        --12-----345-6---|
        buffer_time_or_count(3, 3)    -----A-----B---(C|)     A: [1, 2]   B: [3, 4, 5]   C: [6]

    The time of a list begins with its first event, and there are no empty lists. The source is
    held back only while a full list waits for the consumer. What is left when the source ends, or
    fails, is emitted before that. Time is that of `scheduler`, if it is given. Raises ValueError
    now unless `seconds` is more than 0 and `count` 1 or more. (Reactor's `bufferTimeout`.)

    >>> words = Stream.interval(0.4).pipe(ops.take(5))
    >>> await words.pipe(ops.buffer_time_or_count(1.0, 2), ops.to_list())
    [[0, 1], [2, 3], [4]]
    """
    span = _checks.positive_seconds("seconds", seconds)
    _checks.count("count", count, "events")
    return _timed_lists(span, count, scheduler, on_grid=False)


def buffer_with_time_or_count(
    timespan: float | timedelta, count: int, scheduler: abc.SchedulerBase | None = None
) -> Callable[[Observable[_T]], Observable[list[_T]]]:
    """`buffer_time_or_count` under reactivex's name. Lossless.

    source                             --12-----345-6---|
    buffer_with_time_or_count(3, 3)    -----A-----B---(C|)     A: [1, 2]

    >>> await Stream.of(1, 2, 3).pipe(ops.buffer_with_time_or_count(1.0, 2), ops.to_list())
    [[1, 2], [3]]
    """
    return buffer_time_or_count(timespan, count, scheduler)


def buffer_with_time(
    timespan: float | timedelta,
    timeshift: float | timedelta | None = None,
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[_T]], Observable[list[_T]]]:
    """Lists of what comes within `timespan` seconds. Lossless.

        source                 -12-----345-6--|
        buffer_with_time(4)    ----A-------B--(C|)     A: [1, 2]   B: [3, 4]   C: [5, 6]

    The spans follow each other from the subscription on, and there are no empty lists. The source
    is held back only while 4096 events wait for the consumer, which are then a list. What is left
    when the source ends, or fails, is emitted before that. With a `timeshift`, a span begins every
    so many seconds: with less than `timespan`, lists overlap, with more, what comes between them is
    dropped; the source is then held back while 4096 events are in lists. Time is that of
    `scheduler`, if it is given. Raises ValueError now unless both are more than 0.

    >>> words = Stream.interval(0.4).pipe(ops.take(4))
    >>> await words.pipe(ops.buffer_with_time(1.0), ops.to_list())
    [[0, 1], [2, 3]]
    """
    span = _checks.positive_seconds("timespan", timespan)
    shift = span if timeshift is None else _checks.positive_seconds("timeshift", timeshift)
    if shift != span:
        return in_line(
            lambda observer, clock: ShiftedLists[Any](observer, scheduler or clock, span, shift)
        )
    return _timed_lists(span, MOST, scheduler, on_grid=True)


def _timed_lists(
    span: float, count: int, scheduler: abc.SchedulerBase | None, *, on_grid: bool
) -> Callable[[Observable[_T]], Observable[list[_T]]]:
    return in_line(
        lambda observer, clock: TimedLists(
            observer, scheduler or clock, span, count, on_grid=on_grid
        )
    )


class _Counted(Generic[_T]):
    """The lists of `buffer_with_count` that are not full."""

    def __init__(self, count: int, skip: int) -> None:
        self._count = count
        self._skip = skip
        self._seen = 0
        self._open: deque[list[_T]] = deque()

    def read(self, event: _T) -> Iterator[list[_T]]:
        if self._seen % self._skip == 0:
            self._open.append([])
        self._seen += 1
        for each in self._open:
            each.append(event)
        if self._open and len(self._open[0]) == self._count:
            yield self._open.popleft()

    def end(self) -> list[list[_T]]:
        return list(self._open)

    cut_off = end


class _Until(Generic[_T]):
    """The list of `buffer_until` that is not closed."""

    def __init__(self, predicate: Callable[[_T], bool]) -> None:
        self._predicate = predicate
        self._pending: list[_T] = []

    def read(self, event: _T) -> Iterator[list[_T]]:
        self._pending.append(event)
        try:
            closes = self._predicate(event)
        except Exception:
            yield from self.end()
            raise
        if closes:
            yield from self.end()

    def end(self) -> list[list[_T]]:
        pending, self._pending = self._pending, []
        return [pending] if pending else []

    cut_off = end
