"""Each event when a stream of its own says so: later, or unless another one comes before.

The stream that is made for an event says so with its first event, or with its end. It is left then,
and when the source has ended or was left.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast, overload

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable

from rxagents.stream.demand import demand
from rxagents.stream.subscriber import refuse_async

from ._first_event import FirstEvents, stream_from
from ._line import Line

_T = TypeVar("_T")

_ON_THEIR_WAY = 1024  # events that `delay_with_mapper` holds at most, as `delay` does


@overload
def delay_with_mapper(
    subscription_delay: Callable[[_T], Observable[Any]],
) -> Callable[[Observable[_T]], Observable[_T]]: ...
@overload
def delay_with_mapper(
    subscription_delay: Observable[Any] | None,
    delay_duration_mapper: Callable[[_T], Observable[Any]],
) -> Callable[[Observable[_T]], Observable[_T]]: ...
@overload
def delay_with_mapper(
    *, delay_duration_mapper: Callable[[_T], Observable[Any]]
) -> Callable[[Observable[_T]], Observable[_T]]: ...


def delay_with_mapper(
    subscription_delay: Observable[Any] | Callable[[Any], Observable[Any]] | None = None,
    delay_duration_mapper: Callable[[Any], Observable[Any]] | None = None,
) -> Callable[[Observable[Any]], Observable[Any]]:
    """Each event, when a stream that is made for it emits or ends. Lossless.

        source                  --1-----2--3--|
        delay_with_mapper(f)    -----1--------3--2|
        f(1), f(2), f(3)          ---x
                                        ---------x
                                           ---|

    The function is the only argument, or the second one; before it may stand a stream, with whose
    first event, or end, the source is subscribed to. It completes when the source has, and nothing
    is on its way. An error of any stream comes at once, but after the events that are on their
    way, and leaves the others; so does one that the function raises. At most 1024 events are on
    their way, then the source is held back; so it is by a slow consumer. Raises TypeError now
    where there is no function, AsyncCallbackError for an `async def`.

    >>> longest_last = ops.delay_with_mapper(lambda word: Stream.timer(len(word)))
    >>> await Stream.of("sunny", "is", "Oslo").pipe(longest_last, ops.to_list())
    ['is', 'Oslo', 'sunny']
    """
    if isinstance(subscription_delay, Observable):
        begin, mapper = cast("Observable[Any]", subscription_delay), delay_duration_mapper
    elif delay_duration_mapper is None:
        begin, mapper = None, subscription_delay
    elif subscription_delay is None:
        begin, mapper = None, delay_duration_mapper
    else:
        raise TypeError(
            "subscription_delay must be a stream where delay_duration_mapper is given, not "
            f"{type(subscription_delay).__name__}"
        )
    make = _function("delay_duration_mapper", mapper)
    return _signalled(lambda observer, clock: _Delayed(observer, clock, make, begin))


def throttle_with_mapper(
    throttle_duration_mapper: Callable[[_T], Observable[Any]],
) -> Callable[[Observable[_T]], Observable[_T]]:
    """An event, when a stream made for it emits or ends before another comes. Conflating.

        source                     --1-2------3--|
        throttle_with_mapper(f)    -------2-----(3|)
        f(1), f(2), f(3)             ---x
                                       ---x
                                              ---x

    It is `debounce` with a pause that may be another one after each event. What waits comes before
    the end of the source, and before an error of any stream; so it does before one that
    `throttle_duration_mapper` raises. Raises AsyncCallbackError now for an `async def`.

    >>> typed = Stream.of("Osl", "Oslo", "Oslo?").pipe(ops.limit_rate(4))
    >>> pause = lambda text: Stream.timer(0.1 if text.endswith("?") else 1)
    >>> await typed.pipe(ops.throttle_with_mapper(pause), ops.to_list())
    ['Oslo?']
    """
    make = _function("throttle_duration_mapper", throttle_duration_mapper)
    return _signalled(lambda observer, clock: _Throttled(observer, clock, make))


def _function(name: str, mapper: object) -> Callable[[Any], Observable[Any]]:
    """The user's function; raises TypeError if it is none, AsyncCallbackError for an async one."""
    if not callable(mapper):
        raise TypeError(
            f"{name} must be a function that makes a stream for each event, not "
            f"{type(mapper).__name__}"
        )
    refuse_async(name, mapper)
    return cast("Callable[[Any], Observable[Any]]", mapper)


def _signalled(
    make: Callable[[abc.ObserverBase[Any], abc.SchedulerBase | None], _Signalled[Any]],
) -> Callable[[Observable[Any]], Observable[Any]]:
    def signalled(source: Observable[Any]) -> Observable[Any]:
        def subscribe(
            observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            line = make(observer, scheduler)
            line.start(source)
            return line

        return Observable(subscribe)

    return signalled


class _Signalled(Line[Any, _T]):
    """A line with a stream for each event."""

    def __init__(self, observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None) -> None:
        super().__init__(observer)
        self._scheduler = scheduler
        self.signals = FirstEvents(self.end, scheduler, self._consumer)
        self._subscriptions = CompositeDisposable(self.signals)
        self.sources.disposable = self._subscriptions

    def start(self, source: Observable[_T]) -> None:
        with demand(self.credit):
            subscription = source.subscribe(
                self.on_next, self.on_error, self.on_completed, scheduler=self._scheduler
            )
        self._subscriptions.add(subscription)

    def leaves(self) -> _T:
        event: _T = self.waiting.popleft()
        return event


class _Delayed(_Signalled[_T]):
    """Events that are on their way. Invariant: `credit.pending` is the number of these."""

    def __init__(
        self,
        observer: abc.ObserverBase[_T],
        scheduler: abc.SchedulerBase | None,
        mapper: Callable[[_T], Observable[Any]],
        begin: Observable[Any] | None,
    ) -> None:
        super().__init__(observer, scheduler)
        self.credit = self.child(_ON_THEIR_WAY)
        self._mapper = mapper
        self._begin = begin
        self._seen = 0
        self._delayed: dict[int, _T] = {}  # by their numbers, in the order in which they came
        self._over = False

    def start(self, source: Observable[_T]) -> None:
        if self._begin is None:
            super().start(source)
        else:
            subscribe = super().start
            self.signals.wait_for(self._begin, lambda: subscribe(source))

    def on_next(self, value: _T) -> None:
        if self.ended or self.stopped:
            return
        self.credit.put()
        self._seen += 1
        number = self._seen
        self._delayed[number] = value
        try:
            signal = stream_from("delay_duration_mapper", self._mapper, value)
        except Exception as error:
            self.end(error)
        else:
            self.signals.wait_for(signal, lambda: self._comes(number))

    def on_completed(self) -> None:
        self._over = True
        self._end_if_over()

    def end(self, error: Exception | None = None) -> None:
        self.waiting.extend(self._delayed.values())
        self._delayed.clear()
        super().end(error)

    def dispose(self) -> None:
        super().dispose()
        self._delayed.clear()

    def left(self) -> None:
        self.credit.took()

    def _comes(self, number: int) -> None:
        self.waiting.append(self._delayed.pop(number))
        self.go_on()
        self._end_if_over()

    def _end_if_over(self) -> None:
        if self._over and not self._delayed:
            self.end()


class _Throttled(_Signalled[_T]):
    """The latest event, until its stream says so or the source has ended."""

    def __init__(
        self,
        observer: abc.ObserverBase[_T],
        scheduler: abc.SchedulerBase | None,
        mapper: Callable[[_T], Observable[Any]],
    ) -> None:
        super().__init__(observer, scheduler)
        self._mapper = mapper
        self._signal: abc.DisposableBase | None = None
        self._may_go = False

    def on_next(self, value: _T) -> None:
        if self.ended or self.stopped:
            return
        self.waiting.clear()
        self.waiting.append(value)
        self._may_go = False
        if self._signal is not None:
            self.signals.leave(self._signal)
        try:
            signal = stream_from("throttle_duration_mapper", self._mapper, value)
        except Exception as error:
            self.end(error)
        else:
            self._signal = self.signals.wait_for(signal, self._comes)

    def delayed(self) -> bool:
        return bool(self.waiting) and not self._may_go and not self.ended

    def _comes(self) -> None:
        self._may_go = True
        self.go_on()
