"""One subscription to a source, for any number of subscribers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from reactivex import Observable, abc

from rxagents.stream.demand import Demand, demand, demand_in_force
from rxagents.stream.replay_log import ReplayLog
from rxagents.stream.scheduler import LoopScheduler

_T = TypeVar("_T")


def share(
    *,
    replay: int | None = 0,
    reset_on_error: bool = True,
    reset_on_complete: bool = False,
    reset_on_ref_count_zero: bool | float = True,
) -> Callable[[Observable[_T]], Observable[_T]]:
    """One subscription to the source, shared by all who subscribe. Lossless.

        source          --1--2--3--|
        first           --1--2--3--|
        second              -2--3--|     it came after the 1
        third                         |  it came after the end

    The source is subscribed to with the first subscriber, and left when the last one leaves. It
    goes at the pace of the slowest subscriber, who may lag by 64 events (or `replay`, if that is
    more). Later subscribers see the last `replay` events first; None keeps them all.

    The `reset_*` options are RxJS's: whether the next subscriber starts the source anew after an
    error, after its completion, or after everybody has left; the last one may be a number of
    seconds that the source is kept for a subscriber to come back. By default a source that has
    completed is not started again: late subscribers see its end (and what is replayed).
    """
    if not isinstance(reset_on_ref_count_zero, bool) and reset_on_ref_count_zero < 0:
        raise ValueError(
            "reset_on_ref_count_zero must be True, False or 0 seconds or more, not "
            f"{reset_on_ref_count_zero}"
        )
    ReplayLog[object](replay)  # checks the number now

    def shared(source: Observable[_T]) -> Observable[_T]:
        return Observable(
            _Shared(
                source,
                replay,
                reset_on_error=reset_on_error,
                reset_on_complete=reset_on_complete,
                reset_on_ref_count_zero=reset_on_ref_count_zero,
            ).subscribe
        )

    return shared


def share_replay(
    buffer_size: int | None = None, *, ref_count: bool = False
) -> Callable[[Observable[_T]], Observable[_T]]:
    """One subscription to the source, whose events are kept for those who come late. Lossless.

        source   --1--2--3--|
        first    --1--2--3--|
        second       (12)3--|       it came after the 2
        third                (123|) it came after the end

    `buffer_size` is the number of events kept, all by default. With `ref_count` the source is
    left when the last subscriber leaves, and started anew for the next one; without, it runs on.
    """
    return share(replay=buffer_size, reset_on_ref_count_zero=ref_count)


class _Shared(Generic[_T]):
    """What the subscribers of one shared stream have in common."""

    def __init__(
        self,
        source: Observable[_T],
        replay: int | None,
        *,
        reset_on_error: bool,
        reset_on_complete: bool,
        reset_on_ref_count_zero: bool | float,
    ) -> None:
        self._source = source
        self._replay = replay
        self._reset_on_error = reset_on_error
        self._reset_on_complete = reset_on_complete
        self._reset_on_zero = reset_on_ref_count_zero
        self._connection: _Connection[_T] | None = None

    def subscribe(
        self, observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        connection = self._connection
        if connection is None:
            connection = self._connection = _Connection(self._replay, self._ended, self._left)
        subscription = connection.add(observer)
        connection.connect(self._source, scheduler)
        return subscription

    def _ended(self, connection: _Connection[_T], error: Exception | None) -> None:
        reset = self._reset_on_complete if error is None else self._reset_on_error
        if reset:
            self._forget(connection)

    def _left(self, connection: _Connection[_T]) -> None:
        """Nobody is subscribed any more."""
        if self._reset_on_zero is False or connection.log.closed:
            return
        if self._reset_on_zero is True:
            self._end(connection)
            return

        def give_up(*_: object) -> None:
            if not connection.count:
                self._end(connection)

        connection.leaving = LoopScheduler().schedule_relative(self._reset_on_zero, give_up)

    def _end(self, connection: _Connection[_T]) -> None:
        self._forget(connection)
        connection.dispose()

    def _forget(self, connection: _Connection[_T]) -> None:
        if self._connection is connection:
            self._connection = None


class _Connection(abc.DisposableBase, Generic[_T]):
    """One subscription to the source, with the log that it writes and others read."""

    def __init__(
        self,
        replay: int | None,
        on_end: Callable[[_Connection[_T], Exception | None], None],
        on_empty: Callable[[_Connection[_T]], None],
    ) -> None:
        self.log = ReplayLog[_T](replay)
        # A log that keeps everything sets no pace; its demand only knows the source's tasks.
        self.pace = self.log.room or Demand()
        self.count = 0
        """Subscribers that are there."""
        self.leaving: abc.DisposableBase | None = None
        """The timer that ends it if nobody comes back."""
        self._on_end = on_end
        self._on_empty = on_empty
        self._connected = False
        self.stopped = False
        """Whether the source was left."""
        self._subscription: abc.DisposableBase | None = None

    def connect(self, source: Observable[_T], scheduler: abc.SchedulerBase | None) -> None:
        """Subscribe to `source`, the first time this is called."""
        if self._connected:
            return
        self._connected = True
        with demand(self.pace):
            subscription = source.subscribe(
                self.log.append, self._fail, self._complete, scheduler=scheduler
            )
        if self.stopped:
            subscription.dispose()
        else:
            self._subscription = subscription

    def add(self, observer: abc.ObserverBase[_T]) -> abc.DisposableBase:
        """Let `observer` read the log."""
        self.count += 1
        if self.leaving is not None:
            self.leaving.dispose()
            self.leaving = None
        return _Member(self, self.log.subscribe(observer))

    def remove(self) -> None:
        self.count -= 1
        if not self.count:
            self._on_empty(self)

    def dispose(self) -> None:
        self.stopped = True
        if self._subscription is not None:
            self._subscription.dispose()

    def _fail(self, error: Exception) -> None:
        self._on_end(self, error)
        self.log.close(error)

    def _complete(self) -> None:
        self._on_end(self, None)
        self.log.close()


class _Member(abc.DisposableBase):
    """One subscriber of a connection."""

    def __init__(self, connection: _Connection[Any], reading: abc.DisposableBase) -> None:
        self._reading: abc.DisposableBase | None = reading
        self._connection = connection
        self._consumer = demand_in_force()

    def dispose(self) -> None:
        reading, self._reading = self._reading, None
        if reading is None:
            return
        connection = self._connection
        reading.dispose()
        connection.remove()
        if connection.stopped and self._consumer is not None:
            # Who leaves last waits for the source's cleanup, if it waits for anything.
            self._consumer.tasks |= connection.pace.tasks
