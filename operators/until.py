"""Events from when another stream says so."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable
from typing import Any, TypeVar

import reactivex
from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, SingleAssignmentDisposable

_T = TypeVar("_T")


def skip_until(
    other: Observable[Any] | Future[Any],
) -> Callable[[Observable[_T]], Observable[_T]]:
    """The events that come after the first one of `other`. Lossless.

        source               --1--2--3--|
        other                ---x-------|
        skip_until(other)    -----2--3--|

    `other` is subscribed to first, and left when it has emitted; if it ends before that, no event
    passes. It completes with the source in any case, and an error of either ends it. Raises
    TypeError now for what is neither a stream nor a future.

    >>> ticks = Stream.interval(1).pipe(ops.take(4))
    >>> await ticks.pipe(ops.skip_until(Stream.timer(2.5)), ops.to_list())
    [2, 3]
    """
    if isinstance(other, Observable):
        opening = other
    elif isinstance(other, Future):  # pyright: ignore[reportUnnecessaryIsInstance]
        opening = reactivex.from_future(other)
    else:
        raise TypeError(f"skip_until takes a stream or a future, not {type(other).__name__}")

    def skipped(source: Observable[_T]) -> Observable[_T]:
        def subscribe(
            observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            is_open = False
            waiting = SingleAssignmentDisposable()

            def on_next(value: _T) -> None:
                if is_open:
                    observer.on_next(value)

            def open_it(_: object) -> None:
                nonlocal is_open
                is_open = True
                waiting.dispose()

            waiting.disposable = opening.subscribe(open_it, observer.on_error, scheduler=scheduler)
            subscription = source.subscribe(
                on_next, observer.on_error, observer.on_completed, scheduler=scheduler
            )
            return CompositeDisposable(waiting, subscription)

        return Observable(subscribe)

    return skipped
