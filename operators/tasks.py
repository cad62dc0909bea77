"""Asynchronous functions in a chain."""

from __future__ import annotations

import asyncio
import copy
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from reactivex import Observable, abc
from reactivex import operators as rx
from reactivex.disposable import CompositeDisposable, Disposable

from rxagents.stream.demand import Demand, demand, demand_in_force
from rxagents.stream.stream import Stream
from rxagents.stream.tasks import current_task, spawn

from . import _checks

_A = TypeVar("_A")
_B = TypeVar("_B")


def map_async(
    fn: Callable[[_A], Awaitable[_B]], *, concurrency: int = 1, ordered: bool = True
) -> Callable[[Observable[_A]], Observable[_B]]:
    """What the asynchronous function `fn` returns for each event. Lossless.

        source                 --1--2--3-----------|
        map_async(fn)          -----a--b--c--------|     fn takes three dashes

    At most `concurrency` calls are under way at once, and the source is held back meanwhile.
    Results come in the order of their events, or with `ordered=False` as soon as each is there.
    A call that raises ends the stream at once and cancels the other calls; so does leaving it. An
    error of the source comes after the results of the events before it. Raises ValueError now if
    `concurrency` is below 1.

    >>> translate = lambda sentence: asyncio.sleep(1, sentence.upper())  # any async function
    >>> pieces = Stream.of("It is sunny", ". Go out.")
    >>> await pieces.pipe(ops.sentences(), ops.map_async(translate, concurrency=4), ops.to_list())
    ['IT IS SUNNY.', 'GO OUT.']
    """
    _checks.count("concurrency", concurrency, "calls")

    def mapped(source: Observable[_A]) -> Observable[_B]:
        def subscribe(
            observer: abc.ObserverBase[_B], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            calls = _Calls(fn, observer, concurrency, ordered)
            with demand(calls.credit):
                subscription = source.subscribe(
                    calls.on_next, calls.on_error, calls.on_completed, scheduler=scheduler
                )
            return CompositeDisposable(subscription, Disposable(calls.stop))

        return Observable(subscribe)

    return mapped


def filter_async(
    predicate: Callable[[_A], Awaitable[object]], *, concurrency: int = 1, ordered: bool = True
) -> Callable[[Observable[_A]], Observable[_A]]:
    """The events for which the asynchronous function `predicate` gives something true. Lossless.

        source                     --1--2--3-----------|
        filter_async(predicate)    -----1-----3--------|     it takes three dashes, and refuses 2

    As `map_async` in all else.

    >>> async def allowed(word: str) -> bool:
    ...     await asyncio.sleep(1)  # ask somebody
    ...     return word != "never"
    >>> await Stream.of("now", "never").pipe(ops.filter_async(allowed), ops.to_list())
    ['now']
    """

    async def judged(value: _A) -> list[_A]:
        return [value] if await predicate(value) else []

    def first(kept: list[_A]) -> _A:
        return kept[0]

    calls = map_async(judged, concurrency=concurrency, ordered=ordered)

    def filtered(source: Observable[_A]) -> Observable[_A]:
        kept: Observable[list[_A]] = source.pipe(calls, rx.filter(bool))
        return kept.pipe(rx.map(first))

    return filtered


def scan_async(
    accumulator: Callable[[_B, _A], Awaitable[_B]], seed: _B
) -> Callable[[Observable[_A]], Observable[_B]]:
    """What the asynchronous function gives for its last result and each event. Lossless.

        source                                   --1--2--3-----------|
        scan_async(async lambda a, b: a + b, 0)  -----1--3--6--------|     it takes three dashes

    The first call gets `seed`, of which each subscription has a copy of its own. One call is under
    way at a time, and the source is held back meanwhile. A call that raises ends the stream.

    >>> async def summarize(so_far: str, line: str) -> str:
    ...     await asyncio.sleep(1)  # ask a model
    ...     return f"{so_far}{line[0]}"
    >>> await Stream.of("one", "two").pipe(ops.scan_async(summarize, ""), ops.to_list())
    ['o', 'ot']
    """

    def scanned(source: Observable[_A]) -> Observable[_B]:
        def from_seed() -> Observable[_B]:
            state = copy.deepcopy(seed)

            async def step(value: _A) -> _B:
                nonlocal state
                state = await accumulator(state, value)
                return state

            return source.pipe(map_async(step))

        return Stream.defer(from_seed)

    return scanned


class _Call(Generic[_B]):
    """One event on its way; `result` holds its value once it is there."""

    __slots__ = ("result", "task")

    def __init__(self) -> None:
        self.result: list[_B] = []
        self.task: asyncio.Task[None] | None = None


class _Calls(Generic[_A, _B]):
    """The calls of one subscription, in the order of their events.

    Invariant: `credit.pending` is the number of events in `_calls`, so the source is asked for
    another only when a result has been emitted.
    """

    def __init__(
        self,
        fn: Callable[[_A], Awaitable[_B]],
        observer: abc.ObserverBase[_B],
        concurrency: int,
        ordered: bool,
    ) -> None:
        self.credit = Demand(concurrency, concurrency - 1)
        self._consumer = demand_in_force()
        if self._consumer is not None:
            self.credit.tasks = self._consumer.tasks  # who waits for the consumer waits for us
        self._fn = fn
        self._observer = observer
        self._concurrency = concurrency
        self._ordered = ordered
        self._calls: deque[_Call[_B]] = deque()
        self._waiting: deque[tuple[_Call[_B], _A]] = deque()  # from sources that know no credit
        self._running = 0
        self._source_ended = False
        self._error: Exception | None = None  # the source's
        self._stopped = False

    def on_next(self, value: _A) -> None:
        self.credit.put()
        call = _Call[_B]()
        self._calls.append(call)
        self._waiting.append((call, value))
        self._start()

    def on_error(self, error: Exception) -> None:
        self._error = error
        self.on_completed()

    def on_completed(self) -> None:
        self._source_ended = True
        self._emit()

    def stop(self) -> None:
        self._stopped = True
        for call in self._calls:
            if call.task is not None and call.task is not current_task():
                call.task.cancel()
        self._calls.clear()
        self._waiting.clear()

    def _start(self) -> None:
        while self._waiting and self._running < self._concurrency:
            call, value = self._waiting.popleft()
            self._running += 1
            with demand(self.credit):
                call.task = spawn(self._run(call, value), wanted_by="ops.map_async")

    async def _run(self, call: _Call[_B], value: _A) -> None:
        try:
            call.result.append(await self._fn(value))
        except Exception as error:
            if not self._stopped:
                self.stop()
                self._observer.on_error(error)
            return
        finally:
            self._running -= 1
        if not self._stopped:
            self._emit()
            self._start()

    def _emit(self) -> None:
        """Emit the results whose turn it is, as far as the consumer's credit goes."""
        with demand(self._consumer):  # for what operators after this one subscribe to
            self._emit_ready()

    def _emit_ready(self) -> None:
        while not self._stopped and (call := self._next()) is not None:
            if self._consumer is not None and not self._consumer.open:
                self._consumer.when_open(self._emit)
                return
            self._calls.remove(call)
            self._observer.on_next(call.result[0])
            self.credit.took()
        if self._source_ended and not self._calls and not self._stopped:
            self._stopped = True
            if self._error is None:
                self._observer.on_completed()
            else:
                self._observer.on_error(self._error)

    def _next(self) -> _Call[_B] | None:
        if self._ordered:
            first = self._calls[0] if self._calls else None
            return first if first is not None and first.result else None
        return next((call for call in self._calls if call.result), None)
