"""Sources that must not be held back: what happens to events the consumer is not ready for.

A consumer that reads with `async for` grants credit, by default for 64 events, and holds back
the source meanwhile. These operators let the source run, and hand on events only as the credit
allows. A subscription with callbacks sets no pace: for it they change nothing. For a consumer
that shall see little of the past, read with `stream.iterate(high=1)`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Literal, TypeAlias, TypeVar, get_args, overload

from reactivex import Observable, abc

from rxagents.exceptions import RxAgentsError
from rxagents.stream.subscriber import refuse_async

from ._line import Line, in_line

_T = TypeVar("_T")

OnOverflow: TypeAlias = Literal["error", "drop_oldest", "drop_latest"]
"""What `on_backpressure_buffer` does when it is full."""


class BackpressureOverflowError(RxAgentsError):
    """A consumer was so slow that its source, which is not held back, would have lost events."""

    def __init__(self, capacity: int) -> None:
        full = f", and {capacity} events wait for it already" if capacity else ""
        super().__init__(
            f"an event has come and the consumer is not ready{full}: read faster, let "
            f"on_backpressure_buffer() keep more than {capacity} events, or choose what to drop"
        )
        self.capacity: int = capacity
        """The number of events that may wait."""

    def __reduce__(self) -> tuple[type[BackpressureOverflowError], tuple[int]]:
        return type(self), (self.capacity,)


def on_backpressure_buffer(
    capacity: int, on_overflow: OnOverflow = "error"
) -> Callable[[Observable[_T]], Observable[_T]]:
    """Let the source run, and keep `capacity` events for a slow consumer. Lossless.

        source                      --1-2-3-4-5--|
        consumer                    ^---------------^--^--^       ready for one event each
        on_backpressure_buffer(3)   --1-------------2--3--(4#)    no place for the 5
        ... (3, "drop_oldest")      --1-------------3--4--(5|)
        ... (3, "drop_latest")      --1-------------2--3--(4|)

    With `"error"` the event that finds it full leaves the source, and BackpressureOverflowError
    follows what was kept; the other two lose the oldest event that waits, or the one that comes.
    The end of the source, and its error, come after what waits. Raises ValueError now if
    `capacity` is below 1 event, or for another `on_overflow`.

    >>> slowly = ops.map_async(lambda second: asyncio.sleep(2.4, second))
    >>> ticks = Stream.interval(1).pipe(ops.take(8), ops.on_backpressure_buffer(2, "drop_oldest"))
    >>> await ticks.pipe(slowly, ops.to_list())
    [0, 1, 3, 6, 7]
    """
    if capacity < 1:
        raise ValueError(f"capacity must be 1 event or more, not {capacity}")
    if on_overflow not in get_args(OnOverflow):
        raise ValueError(
            f'on_overflow must be "error", "drop_oldest" or "drop_latest", not {on_overflow!r}'
        )

    def park(waiting: deque[_T], value: _T) -> None:
        if len(waiting) < capacity:
            waiting.append(value)
        elif on_overflow == "error":
            raise BackpressureOverflowError(capacity)
        elif on_overflow == "drop_oldest":
            waiting.popleft()
            waiting.append(value)

    return _free_running(park)


@overload
def on_backpressure_drop(
    on_drop: None = None,
) -> Callable[[Observable[_T]], Observable[_T]]: ...
@overload
def on_backpressure_drop(
    on_drop: Callable[[_T], object],
) -> Callable[[Observable[_T]], Observable[_T]]: ...


def on_backpressure_drop(
    on_drop: Callable[[_T], object] | None = None,
) -> Callable[[Observable[_T]], Observable[_T]]:
    """Let the source run, and drop what comes while the consumer is not ready. Conflating.

        source                   --1--2--3--4--|
        consumer                 ^-------^--------     ready for one event each
        on_backpressure_drop()   --1-----3-----|     on_drop is called with 2 and 4

    An exception in `on_drop` leaves the source and goes to on_error.

    >>> missed = []
    >>> ticks = Stream.interval(1).pipe(ops.take(6), ops.on_backpressure_drop(missed.append))
    >>> await ticks.pipe(ops.map_async(lambda n: asyncio.sleep(2.4, n)), ops.to_list()), missed
    ([0, 3], [1, 2, 4, 5])
    """
    if on_drop is not None:
        refuse_async("on_drop", on_drop)

    def park(_: deque[_T], value: _T) -> None:
        if on_drop is not None:
            on_drop(value)

    return _free_running(park)


def on_backpressure_latest() -> Callable[[Observable[_T]], Observable[_T]]:
    """Let the source run, and keep only the latest event for a slow consumer. Conflating.

        source                     --1--2--3-------|
        consumer                   ^-----------^---^   ready for one event each
        on_backpressure_latest()   --1---------3---|

    The last event is never lost: the end of the source, and its error, come after it.

    >>> slowly = ops.map_async(lambda second: asyncio.sleep(2.4, second))
    >>> ticks = Stream.interval(1).pipe(ops.take(8), ops.on_backpressure_latest())
    >>> await ticks.pipe(slowly, ops.to_list())
    [0, 2, 4, 7]
    """

    def park(waiting: deque[_T], value: _T) -> None:
        waiting.clear()
        waiting.append(value)

    return _free_running(park)


def on_backpressure_error() -> Callable[[Observable[_T]], Observable[_T]]:
    """Let the source run, and fail if an event finds the consumer not ready. Lossless.

        source                    --1--2--3--|
        consumer                  ^----------     ready for one event
        on_backpressure_error()   --1--#          BackpressureOverflowError

    Failing leaves the source. What the consumer has been handed already, it reads first.

    >>> slowly = ops.map_async(lambda second: asyncio.sleep(2.4, second))
    >>> await Stream.interval(1).pipe(ops.on_backpressure_error(), slowly, ops.to_list())
    Traceback (most recent call last):
        ...
    rxagents.operators.overflow.BackpressureOverflowError: an event has come and ...
    """

    def park(_: deque[_T], __: _T) -> None:
        raise BackpressureOverflowError(0)

    return _free_running(park)


def conflate(merge: Callable[[_T, _T], _T]) -> Callable[[Observable[_T]], Observable[_T]]:
    r"""Let the source run, and merge what comes while the consumer is not ready. Conflating.

        source                          --a--b--c-------d--|
        consumer                        ^-----------^--^----    ready for one event each
        conflate(lambda x, y: x + y)    --a---------bc--d--|

    `merge` gets what waits and what comes, and returns what waits from then on; nothing is lost
    if it loses nothing. The end of the source, and its error, come after what waits. An
    exception in `merge` leaves the source and goes to on_error, after what waits.

    >>> slowly = ops.map_async(lambda text: asyncio.sleep(0.4, text))
    >>> run = Runner.observe(agent, "Oslo?").pipe(ops.text_deltas())
    >>> await run.pipe(ops.conflate(lambda waiting, new: waiting + new), slowly, ops.to_list())
    ['Let', ' me look.\n\n', 'It', ' is sunny in Oslo.']
    """
    refuse_async("merge", merge)

    def park(waiting: deque[_T], value: _T) -> None:
        if waiting:
            waiting[0] = merge(waiting[0], value)
        else:
            waiting.append(value)

    return _free_running(park)


def _free_running(
    park: Callable[[deque[_T], _T], None],
) -> Callable[[Observable[_T]], Observable[_T]]:
    """Events as the consumer's credit allows; `park` deals with those that it does not allow.

    It puts them among those that wait, or does not, or raises what the stream fails with.
    """
    return in_line(lambda observer, _: _Backlog(observer, park))


class _Backlog(Line[_T, _T]):
    """Events that came while the consumer was not ready."""

    def __init__(
        self, observer: abc.ObserverBase[_T], park: Callable[[deque[_T], _T], None]
    ) -> None:
        super().__init__(observer)
        # Never used up, and not None: who waits for the consumer's tasks waits for those of the
        # source too.
        self.credit = self.child(1)
        self._park = park

    def on_next(self, value: _T) -> None:
        if self.ended or self.stopped:
            return
        if self.waiting:
            self.go_on()  # the consumer may have become ready just now
        if self.ready():
            self.waiting.append(value)
        else:
            try:
                self._park(self.waiting, value)
            except Exception as error:
                self.end(error)
        self.go_on()

    def leaves(self) -> _T:
        return self.waiting.popleft()
