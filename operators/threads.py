"""Events that come from other threads, or must go to one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Generic, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import SerialDisposable
from reactivex.scheduler.eventloop import AsyncIOScheduler

from rxagents.stream.demand import Demand, demand
from rxagents.stream.scheduler import LoopScheduler
from rxagents.stream.tasks import loop_or_none, running_loop

from ._line import Line

_T = TypeVar("_T")

_ON_THE_WAY = 64  # events


def observe_on(
    scheduler: abc.SchedulerBase | None = None,
) -> Callable[[Observable[_T]], Observable[_T]]:
    """The same events, on the event loop or on `scheduler`'s thread. Lossless.

        source         --1--2--3--|     on whatever thread
        observe_on()   --1--2--3--|     on the loop, in a later turn

    Without `scheduler`, and with one that belongs to the loop, it brings events that a source
    emits on threads of its own back to the loop, in their order: put it before operators that
    take time, and before `async for`. With another scheduler, what follows runs on its threads,
    one event at a time; `observe_on()` leads back. At most 64 events are on their way, then a
    source that can be held back is. The end, and an error, come after the events before them.
    Raises NoRunningLoopError when it is subscribed to where no loop is running, unless
    `scheduler` has threads of its own.

    >>> from reactivex.scheduler import ThreadPoolScheduler
    >>> hard = ops.map(lambda n: n**20)  # on a thread, while the loop goes on
    >>> there = Stream.of(2, 3).pipe(ops.observe_on(ThreadPoolScheduler(1)), hard)
    >>> await there.pipe(ops.observe_on(), ops.to_list())
    [1048576, 3486784401]
    """

    def observed(source: Observable[_T]) -> Observable[_T]:
        def subscribe(
            observer: abc.ObserverBase[_T], scheduler_: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            if scheduler is None or isinstance(scheduler, LoopScheduler | AsyncIOScheduler):
                hop: _ToLoop[_T] | _ToThread[_T] = _ToLoop(observer)
            else:
                hop = _ToThread(observer, scheduler)
            with demand(hop.credit):
                hop.sources.disposable = source.subscribe(
                    hop.on_next, hop.end, hop.end, scheduler=scheduler_
                )
            return hop

        return Observable(subscribe)

    return observed


class _ToLoop(Line[_T, _T]):
    """What goes to the loop, a turn later. Invariant: `credit.pending` is `len(waiting)`."""

    def __init__(self, observer: abc.ObserverBase[_T]) -> None:
        super().__init__(observer)
        self.credit = self.child(_ON_THE_WAY)
        self._loop = running_loop("ops.observe_on")
        self._coming = False

    def on_next(self, value: _T) -> None:
        if loop_or_none() is self._loop:
            self._arrived(value)
        else:
            self._loop.call_soon_threadsafe(self._arrived, value)

    def end(self, error: Exception | None = None) -> None:
        if loop_or_none() is self._loop:
            self._loop.call_soon(super().end, error)
        else:
            self._loop.call_soon_threadsafe(super().end, error)

    def leaves(self) -> _T:
        return self.waiting.popleft()

    def left(self) -> None:
        self.credit.took()

    def _arrived(self, value: _T) -> None:
        if self.stopped:
            return
        self.credit.put()
        self.waiting.append(value)
        if not self._coming:
            self._coming = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._coming = False
        self.go_on()


class _ToThread(abc.DisposableBase, Generic[_T]):
    """What goes to a scheduler with threads of its own, one signal at a time.

    `credit` is the loop's: it counts what came there and has not been delivered yet.
    """

    def __init__(self, observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase) -> None:
        self.credit = Demand(_ON_THE_WAY, _ON_THE_WAY - 1)
        self.sources = SerialDisposable()
        self._observer = observer
        self._scheduler = scheduler
        self._loop = loop_or_none()
        self._waiting: deque[tuple[Callable[[], None], bool]] = deque()
        self._lock = Lock()
        self._running = False
        self._stopped = False

    def on_next(self, value: _T) -> None:
        paced = self._loop is not None and loop_or_none() is self._loop
        if paced:
            self.credit.put()
        self._deliver(partial(self._observer.on_next, value), paced=paced)

    def end(self, error: Exception | None = None) -> None:
        if error is None:
            self._deliver(self._observer.on_completed)
        else:
            self._deliver(partial(self._observer.on_error, error))

    def dispose(self) -> None:
        self._stopped = True
        self._waiting.clear()
        self.sources.dispose()

    def _deliver(self, signal: Callable[[], None], *, paced: bool = False) -> None:
        with self._lock:
            self._waiting.append((signal, paced))
            if self._running or self._stopped:
                return
            self._running = True
        self._scheduler.schedule(self._run)

    def _run(self, *_: object) -> None:
        while True:
            with self._lock:
                if not self._waiting or self._stopped:
                    self._running = False
                    return
                signal, paced = self._waiting.popleft()
            signal()
            if paced and self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self.credit.took)
