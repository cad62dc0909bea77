"""Streams of which an operator wants the first event only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reactivex import Observable, abc
from reactivex.disposable import SingleAssignmentDisposable

from rxagents.stream.demand import Demand, demand


class FirstEvents(abc.DisposableBase):
    """Those that one subscription waits for. Each is left when it has emitted.

    They are subscribed to with `credit` in force; an error of any goes to `fail`.
    """

    def __init__(
        self,
        fail: Callable[[Exception], None],
        scheduler: abc.SchedulerBase | None,
        credit: Demand | None,
    ) -> None:
        self._fail = fail
        self._scheduler = scheduler
        self._credit = credit
        self._waited_for: set[abc.DisposableBase] = set()
        self._left = False

    def wait_for(
        self,
        stream: Observable[Any],
        then: Callable[[], None],
        at_end: Callable[[], None] | None = None,
    ) -> abc.DisposableBase | None:
        """Call `then` at its first event; `at_end`, or else `then`, if it ends without one."""
        if self._left:
            return None
        subscription = SingleAssignmentDisposable()
        self._waited_for.add(subscription)

        def emitted(_: object) -> None:
            if self.leave(subscription):
                then()

        def ended() -> None:
            if self.leave(subscription):
                (at_end or then)()

        try:
            with demand(self._credit):
                subscription.disposable = stream.subscribe(
                    emitted, self._fail, ended, scheduler=self._scheduler
                )
        except Exception as error:
            self._fail(error)
        return subscription

    def leave(self, subscription: abc.DisposableBase) -> bool:
        """Do not wait for it any more; False if that is so already."""
        if subscription not in self._waited_for:
            return False
        self._waited_for.remove(subscription)
        subscription.dispose()
        return True

    def dispose(self) -> None:
        self._left = True
        waited_for, self._waited_for = self._waited_for, set()
        for subscription in waited_for:
            subscription.dispose()


def stream_from(name: str, function: Callable[..., Any], *arguments: Any) -> Observable[Any]:
    """What a user's function gives; raises TypeError if that is no stream."""
    stream = function(*arguments)
    if not isinstance(stream, Observable):
        raise TypeError(f"{name} must return a stream, not {type(stream).__name__}")
    return stream  # pyright: ignore[reportUnknownVariableType]  # of what is of no concern


def refuse_other(operator: str, stream: object) -> None:
    """Raise TypeError if an operator is given something else than a stream."""
    if not isinstance(stream, Observable):
        raise TypeError(f"{operator} takes a stream, not {type(stream).__name__}")
