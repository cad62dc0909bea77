"""No event twice: distinct."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, overload

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable

from rxagents.stream.subscriber import refuse_async

_T = TypeVar("_T")
_Key = TypeVar("_Key")


@overload
def distinct(
    key_mapper: None = None, comparer: None = None, *, flushes: Observable[Any] | None = None
) -> Callable[[Observable[_T]], Observable[_T]]: ...
@overload
def distinct(
    key_mapper: Callable[[_T], _Key],
    comparer: Callable[[_Key, _Key], bool] | None = None,
    *,
    flushes: Observable[Any] | None = None,
) -> Callable[[Observable[_T]], Observable[_T]]: ...
@overload
def distinct(
    key_mapper: None, comparer: Callable[[_T, _T], bool], *, flushes: Observable[Any] | None = None
) -> Callable[[Observable[_T]], Observable[_T]]: ...
@overload
def distinct(
    *, comparer: Callable[[_T, _T], bool], flushes: Observable[Any] | None = None
) -> Callable[[Observable[_T]], Observable[_T]]: ...


def distinct(
    key_mapper: Callable[[Any], Any] | None = None,
    comparer: Callable[[Any, Any], bool] | None = None,
    *,
    flushes: Observable[Any] | None = None,
) -> Callable[[Observable[Any]], Observable[Any]]:
    """The events that were not there before. Unbounded.

        source                 --1--2--1--2--1--|
        distinct()             --1--2-----------|
        flushes                -------x---------|
        distinct(flushes=...)  --1--2--1--2-----|

    Events are the same if `key_mapper` makes equal keys of them; without it, an event is its own
    key. Every key is kept, until `flushes` emits, at which all are forgotten: behind a source
    that goes on for ever, give one, such as `Stream.interval(3600)`. It is subscribed to first,
    and left with the source; its own end changes nothing, and its error ends the stream.

    Keys that can be hashed are looked up in a set, which costs the same however many there are.
    One that cannot, as a list or a dictionary, is compared with every key that is kept, and so is
    each one if there is a `comparer`; that is called with an older key and the new one.

    An exception in `key_mapper`, in `comparer` or in a key's own `==` leaves the source and goes
    to on_error. Raises TypeError now if `flushes` is no stream, and AsyncCallbackError for an
    `async def`.

    >>> run = Runner.observe(agent, "Oslo?").pipe(ops.raw())
    >>> first = run.pipe(ops.distinct(lambda event: event.type), ops.map(lambda e: e.type))
    >>> await first.pipe(ops.take(2), ops.to_list())
    ['response.created', 'response.in_progress']
    """
    refuse_async("key_mapper", key_mapper)
    refuse_async("comparer", comparer)
    if not isinstance(flushes, Observable | None):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"flushes must be a stream, not {type(flushes).__name__}")

    def distinguished(source: Observable[Any]) -> Observable[Any]:
        def subscribe(
            observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            keys = _Keys(comparer)

            def on_next(value: Any) -> None:
                try:
                    is_new = keys.add(value if key_mapper is None else key_mapper(value))
                except Exception as error:
                    observer.on_error(error)
                    return
                if is_new:
                    observer.on_next(value)

            subscriptions = CompositeDisposable()
            if flushes is not None:
                subscriptions.add(
                    flushes.subscribe(
                        lambda _: keys.clear(), observer.on_error, scheduler=scheduler
                    )
                )
            subscriptions.add(
                source.subscribe(
                    on_next, observer.on_error, observer.on_completed, scheduler=scheduler
                )
            )
            return subscriptions

        return Observable(subscribe)

    return distinguished


class _Keys:
    """The keys of one subscription."""

    def __init__(self, comparer: Callable[[Any, Any], bool] | None) -> None:
        self._same = comparer or operator.eq
        self._hashing = comparer is None
        self._hashed: set[Any] = set()
        self._others: list[Any] = []

    def add(self, key: Any) -> bool:
        """Keep `key`; False if there was one like it."""
        if self._hashing and _hashable(key):
            # A hashed key can equal one that is not: frozenset({1}) == {1}.
            if key in self._hashed or (self._others and self._has(key, self._others)):
                return False
            self._hashed.add(key)
        else:
            if self._has(key, self._others) or self._has(key, self._hashed):
                return False
            self._others.append(key)
        return True

    def clear(self) -> None:
        self._hashed.clear()
        self._others.clear()

    def _has(self, key: Any, keys: Iterable[Any]) -> bool:
        return any(self._same(other, key) for other in keys)


def _hashable(key: Any) -> bool:
    try:
        hash(key)
    except TypeError:
        return False
    return True
