"""All events so far in one value: at each of them, or at the end."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, TypeVar, overload

from reactivex import Observable, abc
from reactivex.internal.exceptions import SequenceContainsNoElementsError

from rxagents.stream.subscriber import refuse_async

_T = TypeVar("_T")
_B = TypeVar("_B")

_MISSING: Any = object()


@overload
def scan(accumulator: Callable[[_T, _T], _T]) -> Callable[[Observable[_T]], Observable[_T]]: ...
@overload
def scan(
    accumulator: Callable[[_B, _T], _B], seed: _B
) -> Callable[[Observable[_T]], Observable[_B]]: ...
@overload
def scan(
    accumulator: Callable[[_B, _T], _B], *, initial: Callable[[], _B]
) -> Callable[[Observable[_T]], Observable[_B]]: ...


def scan(
    accumulator: Callable[[Any, Any], Any],
    seed: Any = _MISSING,
    *,
    initial: Callable[[], Any] | None = None,
) -> Callable[[Observable[Any]], Observable[Any]]:
    """What `accumulator` makes of all events so far, at each event. Lossless.

        source                            --1--2--3--|
        scan(lambda sum, n: sum + n, 10)  --A--B--C--|     A, B, C: 11, 13, 16

    It is called with what it returned before and the event. At first that is `seed`, or what
    `initial()` returns; without either, the first event is emitted as it is. Each subscription
    has a seed of its own: a copy (`copy.deepcopy`), so that a list or a dictionary is as safe as
    a number. The seed itself is not emitted.

    An exception in `accumulator` or `initial` goes to on_error. Raises TypeError now for a seed
    that cannot be copied, or with `initial` besides, and AsyncCallbackError for an `async def`.

    >>> await Stream.of("a", "b").pipe(ops.scan(lambda seen, x: [*seen, x], []), ops.to_list())
    [['a'], ['a', 'b']]
    """
    first = _seed("scan", accumulator, seed, initial)

    def scanned(source: Observable[Any]) -> Observable[Any]:
        def subscribe(
            observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            so_far = first()

            def on_next(value: Any) -> None:
                nonlocal so_far
                try:
                    so_far = value if so_far is _MISSING else accumulator(so_far, value)
                except Exception as error:
                    observer.on_error(error)
                    return
                observer.on_next(so_far)

            return source.subscribe(
                on_next, observer.on_error, observer.on_completed, scheduler=scheduler
            )

        return Observable(subscribe)

    return scanned


@overload
def reduce(accumulator: Callable[[_T, _T], _T]) -> Callable[[Observable[_T]], Observable[_T]]: ...
@overload
def reduce(
    accumulator: Callable[[_B, _T], _B], seed: _B
) -> Callable[[Observable[_T]], Observable[_B]]: ...
@overload
def reduce(
    accumulator: Callable[[_B, _T], _B], *, initial: Callable[[], _B]
) -> Callable[[Observable[_T]], Observable[_B]]: ...


def reduce(
    accumulator: Callable[[Any, Any], Any],
    seed: Any = _MISSING,
    *,
    initial: Callable[[], Any] | None = None,
) -> Callable[[Observable[Any]], Observable[Any]]:
    """What `accumulator` makes of all events, at the end. Lossless.

        source                              --1--2--3--|
        reduce(lambda sum, n: sum + n, 10)  -----------(A|)     A: 16

    `scan` that emits its last value only; arguments as there. An empty source gives the seed, or
    fails with SequenceContainsNoElementsError where there is none. An error gives no value.

    >>> await Stream.of(1, 2, 3).pipe(ops.reduce(lambda sum, n: sum + n))
    6
    """
    first = _seed("reduce", accumulator, seed, initial)

    def reduced(source: Observable[Any]) -> Observable[Any]:
        def subscribe(
            observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            so_far = first()

            def on_next(value: Any) -> None:
                nonlocal so_far
                try:
                    so_far = value if so_far is _MISSING else accumulator(so_far, value)
                except Exception as error:
                    observer.on_error(error)

            def on_completed() -> None:
                if so_far is _MISSING:
                    observer.on_error(
                        SequenceContainsNoElementsError("reduce of no events, and without a seed")
                    )
                    return
                observer.on_next(so_far)
                observer.on_completed()

            return source.subscribe(on_next, observer.on_error, on_completed, scheduler=scheduler)

        return Observable(subscribe)

    return reduced


def _seed(
    operator: str, accumulator: object, seed: Any, initial: Callable[[], Any] | None
) -> Callable[[], Any]:
    """What makes the seed of each subscription."""
    refuse_async("accumulator", accumulator)
    if initial is not None:
        if seed is not _MISSING:
            raise TypeError(f"{operator} takes a seed or initial=, not both")
        refuse_async("initial", initial)
        return initial
    if seed is _MISSING:
        return lambda: _MISSING
    try:
        kept = copy.deepcopy(seed)  # now: whoever gave it may change it later
    except Exception as error:
        raise TypeError(
            f"the seed of {operator} cannot be copied for each subscription ({error}): give a "
            f"function that makes it, as in {operator}(..., initial=lambda: ...)"
        ) from error
    return lambda: copy.deepcopy(kept)
