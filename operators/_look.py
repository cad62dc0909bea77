"""The one pass that the operators are made of that look at what passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeAlias, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import Disposable, SingleAssignmentDisposable

from rxagents.stream.subscriber import report

_T = TypeVar("_T")


@dataclass(frozen=True)
class Actions(Generic[_T]):
    """What is called in one subscription, before that which it is called for is passed on."""

    on_next: Callable[[_T], object] | None = None
    on_error: Callable[[Exception], object] | None = None
    on_completed: Callable[[], object] | None = None
    on_dispose: Callable[[], object] | None = None
    """Called once, last of all, however the subscription ends."""


Begin: TypeAlias = Callable[[abc.SchedulerBase | None], Actions[_T] | None]


def look(begin: Begin[_T]) -> Callable[[Observable[_T]], Observable[_T]]:
    """The source as it is, with what `begin` gives called, for each subscription. Lossless.

    An action that raises ends the subscription with its exception and leaves the source. Where
    `begin` gives None, the source itself is subscribed to, with nothing in between.
    """

    def looked_at(source: Observable[_T]) -> Observable[_T]:
        def subscribe(
            observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            actions = begin(scheduler)
            if actions is not None:
                return _Looked(observer, actions).subscribe(source, scheduler)
            # Not `source.subscribe`, which puts a guard around an observer that has one already.
            return source._subscribe_core(observer, scheduler)  # pyright: ignore[reportPrivateUsage]

        return Observable(subscribe)

    return looked_at


class _Looked(abc.DisposableBase, Generic[_T]):
    """One subscription."""

    def __init__(self, observer: abc.ObserverBase[_T], actions: Actions[_T]) -> None:
        self._observer = observer
        self._actions = actions
        self._source = SingleAssignmentDisposable()
        self._over = Disposable(partial(_dispose, actions.on_dispose))  # it acts once
        self._ended = False

    def subscribe(
        self, source: Observable[_T], scheduler: abc.SchedulerBase | None
    ) -> abc.DisposableBase:
        try:
            self._source.disposable = source.subscribe(
                self._on_next(), self._on_error, self._on_completed, scheduler=scheduler
            )
        except Exception:
            self._over.dispose()
            raise
        return self

    def dispose(self) -> None:
        self._source.dispose()
        if not self._ended:  # else the end is being passed on, and `_end` does the rest
            self._over.dispose()

    def _on_next(self) -> Callable[[_T], None]:
        # A closure, as a method would look up two more attributes for each event.
        emit, action = self._observer.on_next, self._actions.on_next
        if action is None:
            return emit

        def on_next(value: _T) -> None:
            if self._ended:  # a source that does not wait for its subscription cannot be left
                return
            try:
                action(value)
            except Exception as raised:
                self._end(self._observer.on_error, raised)
            else:
                emit(value)

        return on_next

    def _on_error(self, error: Exception) -> None:
        if self._ended:
            return
        if self._actions.on_error is not None:
            try:
                self._actions.on_error(error)
            except Exception as raised:
                if raised is not error:
                    raised.__context__ = error
                error = raised
        self._end(self._observer.on_error, error)

    def _on_completed(self) -> None:
        if self._ended:
            return
        if self._actions.on_completed is not None:
            try:
                self._actions.on_completed()
            except Exception as raised:
                self._end(self._observer.on_error, raised)
                return
        self._end(self._observer.on_completed)

    def _end(self, tell: Callable[..., None], *error: Exception) -> None:
        self._ended = True
        try:
            tell(*error)
        finally:
            self._over.dispose()


def _dispose(action: Callable[[], object] | None) -> None:
    if action is None:
        return
    try:
        action()
    except Exception as error:
        # Whoever leaves cannot do anything about it, and must not be kept from leaving.
        if not report(error, "on_dispose raised"):
            raise
