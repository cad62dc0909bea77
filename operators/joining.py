"""One stream after another: instead of nothing, and at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from reactivex import Observable, abc
from reactivex.disposable import SerialDisposable, SingleAssignmentDisposable

from rxagents.stream.demand import demand, demand_in_force

from ._line import Line

_A = TypeVar("_A")
_B = TypeVar("_B")


def switch_if_empty(
    other: Observable[_B],
) -> Callable[[Observable[_A]], Observable[_A | _B]]:
    """The source, or `other` if the source completes without an event. Lossless.

        source                  -----|
        other                        --a--b--|
        switch_if_empty(other)  -------a--b--|

    `other` is subscribed to at the source's completion, and not at all if there was an event. An
    error of either goes to on_error. Raises TypeError now for what is no stream.

    >>> nothing = Stream.of(1, 2).pipe(ops.filter(lambda n: n > 2))
    >>> await nothing.pipe(ops.switch_if_empty(Stream.of(0)), ops.to_list())
    [0]
    """
    if not isinstance(cast("object", other), Observable):
        raise TypeError(
            f"switch_if_empty takes a stream, not {type(other).__name__}: for a value there is "
            "ops.default_if_empty"
        )

    def switched(source: Observable[_A]) -> Observable[_A | _B]:
        def subscribe(
            observer: abc.ObserverBase[_A | _B], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            current = SerialDisposable()
            consumer = demand_in_force()
            empty = True

            def on_next(value: _A) -> None:
                nonlocal empty
                empty = False
                observer.on_next(value)

            def on_completed() -> None:
                if not empty:
                    observer.on_completed()
                    return
                second = SingleAssignmentDisposable()
                current.disposable = second  # leaves the source
                with demand(consumer):
                    second.disposable = other.subscribe(
                        observer.on_next,
                        observer.on_error,
                        observer.on_completed,
                        scheduler=scheduler,
                    )

            first = SingleAssignmentDisposable()
            current.disposable = first
            first.disposable = source.subscribe(
                on_next, observer.on_error, on_completed, scheduler=scheduler
            )
            return current

        return Observable(subscribe)

    return switched


def end_with(*values: _B) -> Callable[[Observable[_A]], Observable[_A | _B]]:
    """The source, and `values` after it has completed. Lossless.

        source              --1--2--|
        end_with("a", "b")  --1--2--(ab|)

    The values wait for a slow consumer. After an error of the source they are not emitted.

    >>> await Stream.of(1, 2).pipe(ops.end_with("a", "b"), ops.to_list())
    [1, 2, 'a', 'b']
    """

    def ended(source: Observable[_A]) -> Observable[_A | _B]:
        def subscribe(
            observer: abc.ObserverBase[_A | _B], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            line = _Last(observer)

            def on_completed() -> None:
                line.waiting.extend(values)
                line.end()

            source_subscription = SingleAssignmentDisposable()
            line.sources.disposable = source_subscription
            source_subscription.disposable = source.subscribe(
                observer.on_next, observer.on_error, on_completed, scheduler=scheduler
            )
            return line

        return Observable(subscribe)

    return ended


class _Last(Line[Any, Any]):
    """The values that are emitted at the end of one subscription."""

    def leaves(self) -> Any:
        return self.waiting.popleft()
