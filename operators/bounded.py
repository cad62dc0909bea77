"""Events in lists that other streams begin and end.

What has come is never lost: the lists that are open are emitted before the end of the source, and
before an error of any stream. They end with the source, whatever becomes of the other streams.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable

from rxagents.stream.demand import demand
from rxagents.stream.subscriber import refuse_async

from ._bounds import Bounds, at_boundaries, from_openings, up_to_closings
from ._first_event import FirstEvents, refuse_other
from ._line import Line

_T = TypeVar("_T")


def buffer(boundaries: Observable[Any]) -> Callable[[Observable[_T]], Observable[list[_T]]]:
    """Lists of events, each up to an event of `boundaries`. Unbounded.

        source                --1--2-----3--4--|
        boundaries            -------x-----x|
        buffer(boundaries)    -------A-----B---(C|)     A: [1, 2]   B: [3]   C: [4]

    A list may be empty. The last one ends with the source, also where `boundaries` has ended
    before. An error of either ends it, after the list that has begun, and leaves the other. A slow
    consumer holds back both; but a list has whatever comes until it ends. Raises TypeError now for
    what is no stream.

    >>> ticks = Stream.interval(0.4).pipe(ops.take(4))
    >>> await ticks.pipe(ops.buffer(Stream.interval(1)), ops.to_list())
    [[0, 1], [2, 3]]
    """
    refuse_other("buffer", boundaries)
    return _lists(at_boundaries(boundaries))


def buffer_toggle(
    openings: Observable[Any], closing_mapper: Callable[[Any], Observable[Any]]
) -> Callable[[Observable[_T]], Observable[list[_T]]]:
    """Lists of events, begun by `openings` and ended by a stream for each. Unbounded.

        source                       -1--2--3--4--5--6--7--|
        openings                     --a-----b--------c-|
        buffer_toggle(openings, f)   ------A-----B---------(C|)     A: [2]   B: [4, 5]   C: [7]
        f(each)                        ----x

    `closing_mapper` is given what `openings` emits. Its stream ends the list with its first event,
    or with its end. Lists may be empty, and may overlap; what comes while none is open is dropped.
    The end of `openings` only means that no other list begins. Lists that are open end with the
    source, in the order in which they began. An error of any stream ends it, after the lists that
    are open, and leaves the others; so does one that `closing_mapper` raises. Raises TypeError now
    for what is no stream, AsyncCallbackError for an `async def`.

    >>> ticks = Stream.interval(0.45).pipe(ops.take(8))
    >>> lists = ops.buffer_toggle(Stream.interval(1), lambda _: Stream.timer(0.5))
    >>> await ticks.pipe(lists, ops.to_list())
    [[2], [4], [6]]
    """
    refuse_other("buffer_toggle", openings)
    refuse_async("closing_mapper", closing_mapper)
    return _lists(from_openings(openings, closing_mapper))


def buffer_when(
    closing_mapper: Callable[[], Observable[Any]],
) -> Callable[[Observable[_T]], Observable[list[_T]]]:
    """Lists of events, each ended by a new stream that `closing_mapper` makes. Unbounded.

        source           --1--2-----3--4--|
        buffer_when(f)   -----A----B-----(C|)     A: [1, 2]   B: []   C: [3, 4]
        f()              -----x
                              -----x
                                   ------------x

    The first event of that stream ends a list, and the next one begins. If the stream ends without
    an event, the list is the last, and ends with the source. A list may be empty. An error of
    either stream ends it, after the list that has begun, and leaves the other; so does one that
    `closing_mapper` raises. Raises AsyncCallbackError now for an `async def`.

    >>> ticks = Stream.interval(0.4).pipe(ops.take(5))
    >>> await ticks.pipe(ops.buffer_when(lambda: Stream.timer(1)), ops.to_list())
    [[0, 1], [2, 3], [4]]
    """
    refuse_async("closing_mapper", closing_mapper)
    return _lists(up_to_closings(closing_mapper))


def _lists(bounds: Bounds) -> Callable[[Observable[_T]], Observable[list[_T]]]:
    def listed(source: Observable[_T]) -> Observable[list[_T]]:
        def subscribe(
            observer: abc.ObserverBase[list[_T]], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            lists = _Lists(observer, scheduler)
            bounds(lists, lambda: lists.subscribe_to(source))
            return lists

        return Observable(subscribe)

    return listed


class _Lists(Line[list[_T], list[_T]]):
    """The lists of one subscription: those that are open, and those that wait."""

    def __init__(
        self, observer: abc.ObserverBase[list[_T]], scheduler: abc.SchedulerBase | None
    ) -> None:
        super().__init__(observer)
        self._scheduler = scheduler
        self._begun = 0
        self._open: dict[int, list[_T]] = {}  # in the order in which they began
        closings = FirstEvents(self.end, scheduler, self.credit)
        self.wait_for = closings.wait_for
        self._subscriptions = CompositeDisposable(closings)
        self.sources.disposable = self._subscriptions

    def subscribe_to(self, source: Observable[_T]) -> None:
        self._subscribe(source, self.on_next, self.end)

    def listen_to(self, stream: Observable[Any], on_next: Callable[[Any], None]) -> None:
        self._subscribe(stream, on_next, None)

    def on_next(self, value: _T) -> None:
        for each in self._open.values():
            each.append(value)

    @property
    def is_over(self) -> bool:
        return self.ended or self.stopped

    def begin(self) -> int:
        self._begun += 1
        if not self.is_over:
            self._open[self._begun] = []
        return self._begun

    def close(self, span: int) -> None:
        events = self._open.pop(span, None)
        if events is not None:
            self.waiting.append(events)
            self.go_on()

    def end(self, error: Exception | None = None) -> None:
        self.waiting.extend(self._open.values())
        self._open.clear()
        super().end(error)

    def dispose(self) -> None:
        super().dispose()
        self._open.clear()

    def leaves(self) -> list[_T]:
        return self.waiting.popleft()

    def _subscribe(
        self,
        stream: Observable[Any],
        on_next: Callable[[Any], None],
        on_completed: Callable[[], None] | None,
    ) -> None:
        if self.is_over:
            return
        with demand(self.credit):
            subscription = stream.subscribe(
                on_next, self.end, on_completed, scheduler=self._scheduler
            )
        self._subscriptions.add(subscription)
