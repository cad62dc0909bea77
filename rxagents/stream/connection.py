"""One subscription to a source, which writes a log that any number of subscribers read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from reactivex import Observable, abc

from .demand import Demand, demand, demand_in_force
from .replay_log import ReplayLog

_T = TypeVar("_T")


class Connection(abc.DisposableBase, Generic[_T]):
    """The one subscription, the log that it writes, and those who read it.

    The source goes at the pace of the slowest reader. Who leaves last waits for the source's
    cleanup, if it waits for anything.
    """

    def __init__(
        self,
        log: ReplayLog[_T],
        on_end: Callable[[Connection[_T], Exception | None], None],
        on_empty: Callable[[Connection[_T]], None],
    ) -> None:
        """Nothing is subscribed to until `connect`.

        `on_end` is called before the readers are told of the end, and `on_empty` when the last
        one has left.
        """
        self.log: ReplayLog[_T] = log
        self.count: int = 0
        """Subscribers that are there."""
        self.stopped: bool = False
        """Whether the source was left."""
        self.leaving: abc.DisposableBase | None = None
        """The timer that ends it if nobody comes back."""
        # A log that keeps everything sets no pace; its demand only knows the source's tasks.
        self._pace = log.room or Demand()
        self._on_end = on_end
        self._on_empty = on_empty
        self._connected = False
        self._subscription: abc.DisposableBase | None = None

    def connect(self, source: Observable[_T], scheduler: abc.SchedulerBase | None) -> None:
        """Subscribe to `source`, the first time this is called."""
        if self._connected:
            return
        self._connected = True
        with demand(self._pace):
            subscription = source.subscribe(
                self.log.append, self._end, self._end, scheduler=scheduler
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

    def remove(self, consumer: Demand | None) -> None:
        """A subscriber has left, for whose `consumer` it was."""
        self.count -= 1
        if not self.count:
            self._on_empty(self)
        if self.stopped and consumer is not None:
            consumer.tasks |= self._pace.tasks

    def dispose(self) -> None:
        """Leave the source."""
        self.stopped = True
        if self._subscription is not None:
            self._subscription.dispose()

    def _end(self, error: Exception | None = None) -> None:
        self._on_end(self, error)
        self.log.close(error)


class _Member(abc.DisposableBase):
    """One subscriber of a connection."""

    def __init__(self, connection: Connection[Any], reading: abc.DisposableBase) -> None:
        self._connection = connection
        self._reading: abc.DisposableBase | None = reading
        self._consumer = demand_in_force()

    def dispose(self) -> None:
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.dispose()
            self._connection.remove(self._consumer)
