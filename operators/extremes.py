"""The greatest and the least event: max, min, max_by, min_by."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeVar, overload

from reactivex import Observable, abc
from reactivex.internal.exceptions import SequenceContainsNoElementsError

from rxagents.stream.subscriber import refuse_async

_T = TypeVar("_T")
_Key = TypeVar("_Key")

_MISSING: Any = object()

_Compare = Callable[[Any, Any], Any]
"""Tells by a number above 0 that a new key is better than the best so far, and by 0 as good."""


@overload
def max(comparer: None = None) -> Callable[[Observable[_T]], Observable[_T]]: ...
@overload
def max(comparer: Callable[[_T, _T], Any]) -> Callable[[Observable[_T]], Observable[_T]]: ...


def max(
    comparer: Callable[[Any, Any], Any] | None = None,
) -> Callable[[Observable[Any]], Observable[Any]]:
    """The greatest event, at the end. Lossless.

        source   --1--3--2--|
        max()    -----------(3|)

    Of equal ones it is the first. Events are compared with `>`, so that anything will do that has
    an order; or with `comparer`, which is called with the new one and the greatest so far, and
    returns a number above 0 if the new one is greater. One event is kept.

    An empty source fails with SequenceContainsNoElementsError. An error gives no value. What a
    comparison raises leaves the source and goes to on_error. Raises AsyncCallbackError now for an
    `async def`.

    >>> run = Runner.observe(agent, "How is the weather in Oslo?")
    >>> await run.pipe(ops.text_deltas(), ops.map(len), ops.max())
    6
    """
    refuse_async("comparer", comparer)
    return _one("max", operator.gt if comparer is None else comparer)


@overload
def min(comparer: None = None) -> Callable[[Observable[_T]], Observable[_T]]: ...
@overload
def min(comparer: Callable[[_T, _T], Any]) -> Callable[[Observable[_T]], Observable[_T]]: ...


def min(
    comparer: Callable[[Any, Any], Any] | None = None,
) -> Callable[[Observable[Any]], Observable[Any]]:
    """The least event, at the end. Lossless.

        source   --2--1--3--|
        min()    -----------(1|)

    `max` the other way round: events are compared with `<`, and `comparer` returns a number below
    0 if the new one is less.

    >>> await Stream.of("b", "a", "c").pipe(ops.min())
    'a'
    """
    refuse_async("comparer", comparer)
    return _one("min", operator.lt if comparer is None else _turned(comparer))


def max_by(
    key_mapper: Callable[[_T], _Key], comparer: Callable[[_Key, _Key], Any] | None = None
) -> Callable[[Observable[_T]], Observable[list[_T]]]:
    """The events with the greatest key, as a list, at the end. Unbounded.

        source        --a--bb--cc--d--|
        max_by(len)   ----------------(A|)     A: ['bb', 'cc']

    They are in the order in which they came. It keeps them and no others, so what grows is the
    number of equals. Keys are compared with `>` and `==`, or with `comparer`, which is called with
    the new one and the greatest so far, and returns a number: above 0 if the new one is greater, 0
    if they are equal.

    An empty source gives an empty list; an error gives none. What `key_mapper` or a comparison
    raises leaves the source and goes to on_error. Raises AsyncCallbackError now for an `async def`.

    >>> words = Runner.observe(agent, "Oslo?").pipe(ops.text_deltas(), ops.words())
    >>> await words.pipe(ops.map(str.strip), ops.max_by(len))
    ['look.', 'sunny', 'Oslo.']
    """
    refuse_async("key_mapper", key_mapper)
    refuse_async("comparer", comparer)
    return _all(key_mapper, _greater if comparer is None else comparer)


def min_by(
    key_mapper: Callable[[_T], _Key], comparer: Callable[[_Key, _Key], Any] | None = None
) -> Callable[[Observable[_T]], Observable[list[_T]]]:
    """The events with the least key, as a list, at the end. Unbounded.

        source        --a--bb--cc--d--|
        min_by(len)   ----------------(A|)     A: ['a', 'd']

    `max_by` the other way round: keys are compared with `<` and `==`, and `comparer` returns a
    number below 0 if the new one is less.

    >>> await Stream.of("Oslo", "Rome", "Madrid").pipe(ops.min_by(len))
    ['Oslo', 'Rome']
    """
    refuse_async("key_mapper", key_mapper)
    refuse_async("comparer", comparer)
    return _all(key_mapper, _less if comparer is None else _turned(comparer))


def _one(name: str, compare: _Compare) -> Callable[[Observable[Any]], Observable[Any]]:
    """The first of the best events."""

    def found(source: Observable[Any]) -> Observable[Any]:
        def subscribe(
            observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            best = _MISSING

            def on_next(value: Any) -> None:
                nonlocal best
                try:
                    if best is _MISSING or compare(value, best) > 0:
                        best = value
                except Exception as error:
                    observer.on_error(error)

            def on_completed() -> None:
                if best is _MISSING:
                    observer.on_error(SequenceContainsNoElementsError(f"{name} of no events"))
                    return
                observer.on_next(best)
                observer.on_completed()

            return source.subscribe(on_next, observer.on_error, on_completed, scheduler=scheduler)

        return Observable(subscribe)

    return found


def _all(
    key_mapper: Callable[[Any], Any], compare: _Compare
) -> Callable[[Observable[Any]], Observable[Any]]:
    """The events with the best key."""

    def found(source: Observable[Any]) -> Observable[Any]:
        def subscribe(
            observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            best = _MISSING
            events: list[Any] = []

            def on_next(value: Any) -> None:
                nonlocal best
                try:
                    key = key_mapper(value)
                    better = 1 if best is _MISSING else compare(key, best)
                    if better > 0:
                        best = key
                        events.clear()
                    if better >= 0:
                        events.append(value)
                except Exception as error:
                    observer.on_error(error)

            def on_completed() -> None:
                observer.on_next(events)
                observer.on_completed()

            return source.subscribe(on_next, observer.on_error, on_completed, scheduler=scheduler)

        return Observable(subscribe)

    return found


def _greater(new: Any, best: Any) -> int:
    if new > best:
        return 1
    return 0 if new == best else -1


def _less(new: Any, best: Any) -> int:
    if new < best:
        return 1
    return 0 if new == best else -1


def _turned(comparer: Callable[[Any, Any], Any]) -> _Compare:
    return lambda new, best: -comparer(new, best)
