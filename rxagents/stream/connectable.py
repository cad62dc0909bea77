"""A stream that starts when it is told to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from reactivex import abc
from reactivex.disposable import CompositeDisposable, Disposable

from .scheduler import LoopScheduler
from .stream import Stream

_T_co = TypeVar("_T_co", covariant=True)


class ConnectableStream(Stream[_T_co]):
    """A Stream with one subscription to its source for all, made by `connect()`.

    `ops.publish()` and `ops.replay()` give it, and `Stream.from_observable` for a
    `ConnectableObservable`. Whoever subscribes before it is connected waits.
    """

    def __init__(
        self,
        subscribe: abc.Subscription[_T_co],
        connect: Callable[[abc.SchedulerBase], abc.DisposableBase | None],
    ) -> None:
        super().__init__(subscribe)
        self._connect = connect

    def connect(self, scheduler: abc.SchedulerBase | None = None) -> abc.DisposableBase:
        """Subscribe to the source, unless that has been done; disposing the result leaves it."""
        return self._connect(scheduler or LoopScheduler()) or Disposable()

    def auto_connect(self, subscriber_count: int = 1) -> Stream[_T_co]:
        """A Stream that connects when it has had `subscriber_count` subscribers, and stays so.

        With 0 it connects now. Raises ValueError for less.
        """
        if subscriber_count < 0:
            raise ValueError(
                f"subscriber_count must be 0 subscribers or more, not {subscriber_count}"
            )
        if subscriber_count == 0:
            self.connect()
        missing = subscriber_count

        def subscribe(
            observer: abc.ObserverBase[_T_co], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            nonlocal missing
            missing -= 1
            subscription = self._subscribe_core(observer, scheduler)
            if missing == 0:
                self.connect(scheduler)
            return subscription

        return Stream(subscribe)

    def ref_count(self) -> Stream[_T_co]:
        """A Stream that is connected while it has subscribers."""
        count = 0
        connection: abc.DisposableBase = Disposable()

        def subscribe(
            observer: abc.ObserverBase[_T_co], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            nonlocal count, connection
            count += 1
            subscription = self._subscribe_core(observer, scheduler)
            if count == 1:
                connection = self.connect(scheduler)

            def leave() -> None:
                nonlocal count
                count -= 1
                if count == 0:
                    connection.dispose()

            return CompositeDisposable(Disposable(leave), subscription)

        return Stream(subscribe)
