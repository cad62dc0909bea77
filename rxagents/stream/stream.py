"""Stream: an Observable that lives on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncIterable,
    Awaitable,
    Callable,
    Generator,
    Iterable,
)
from types import FunctionType, MethodType, NoneType
from typing import Any, Protocol, TypeVar, cast

import reactivex
from reactivex import Observable, abc
from reactivex import operators as rx
from reactivex.disposable import Disposable
from reactivex.internal.exceptions import SequenceContainsNoElementsError
from reactivex.scheduler import CurrentThreadScheduler

from rxagents.exceptions import UserError

from .composing import Composable
from .demand import demand
from .hooks import adoption
from .iteration import StreamIterator
from .scheduler import LoopScheduler
from .sources import async_iterable_source, awaitable_source, callback_source, iterable_source
from .subscriber import Subscriber, refuse_async
from .tasks import loop_or_none

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)


_FUNCTIONS = (FunctionType, MethodType, NoneType)  # quicker than to ask them for an `on_next`


class HasEvents(Protocol):
    """Anything whose events can be iterated over, as the OpenAI Agents SDK's results."""

    def stream_events(self) -> AsyncIterable[Any]: ...


class Stream(Composable[_T_co]):
    """An Observable whose time is the event loop's, and which `async for` can read.

    Every reactivex operator works on it, and it works as a source in every reactivex chain. The
    laws it adds:

    - **Closed under operators.** `pipe`, the fluent methods, `+` and slices give a Stream again.
    - **Loop time.** Operators that take time use the loop's timers and clock; no thread is
      started, and callbacks run on the loop.
    - **Three ways in.** `subscribe(...)` with callbacks, operators, and `async for`. The latter
      reads 64 events ahead at most (`iterate(high=...)` to choose), loses none, and cancels the
      source when it is left.
    - **Errors never vanish.** An exception in a callback ends that subscription alone and goes to
      its `on_error`, or to the loop's exception handler where it has none.
    """

    # --- sources ----------------------------------------------------------------------------

    @staticmethod
    def from_async_iterable(
        source: AsyncIterable[_T] | Callable[[], AsyncIterable[_T]],
    ) -> Stream[_T]:
        """A cold stream of what an async iterable yields. Lossless.

        With a function that returns one, each subscription gets an iterable of its own. An async
        iterator or generator can be subscribed to once; a second subscription fails with
        UserError. A task reads it, held back by the consumer's credit, and closes it
        (`aclose()`) when it ends, fails or is left.
        """
        return SourceStream(async_iterable_source(source))

    @staticmethod
    def from_iterable(values: Iterable[_T]) -> Stream[_T]:
        """The values of an iterable, one after another. Lossless.

        They come once the loop is free, as the consumer's credit allows; where no loop is
        running, all at once before `subscribe` returns.
        """
        return SourceStream(iterable_source(values))

    @staticmethod
    def of(*values: _T) -> Stream[_T]:
        """The given values, one after another. Lossless."""
        return Stream.from_iterable(values)

    @staticmethod
    def from_awaitable(factory: Callable[[], Awaitable[_T]]) -> Stream[_T]:
        """One event: what the awaitable gives that `factory` makes for each subscription.

        Leaving cancels it. A factory, as two subscribers must not share a task of which one can
        take the other's result away.
        """
        return SourceStream(awaitable_source(factory))

    @staticmethod
    def from_callback(
        add: Callable[[Callable[[_T], None]], object],
        remove: Callable[[Callable[[_T], None]], object] | None = None,
    ) -> Stream[_T]:
        """What a callback is called with that `add` installs for each subscription. Unbounded.

        `remove` is called with the same callback when the subscription is left. The callback may
        be called on any thread; events come on the loop, in the order of the calls.
        """
        return Stream(callback_source(add, remove))

    @staticmethod
    def from_events(result: HasEvents) -> Stream[Any]:
        """The events of any object that has an async `stream_events()`. Lossless.

        So the results of the OpenAI Agents SDK take our operators: its events become ours, with
        the same data, items and agents, and a place in the run. Events of other kinds stay what
        they are. Each subscription calls `stream_events()` once; whether it may be called again is
        up to the object.
        """
        events = Stream.from_async_iterable(result.stream_events)
        return Stream.defer(lambda: events.pipe(rx.map(adoption())))

    @staticmethod
    def from_observable(source: Observable[_T]) -> Stream[_T]:
        """The same sequence as a Stream; `source` itself if it is one."""
        if isinstance(source, Stream):
            return source
        if hasattr(source, "connect"):
            from .connectable import ConnectableStream  # it is a Stream itself

            connectable: Any = source
            return ConnectableStream(connectable._subscribe_core, connectable.connect)
        # Not `source.subscribe`: it would put a second guard around every subscriber.
        return Stream(source._subscribe_core)

    @staticmethod
    def defer(factory: Callable[[], Observable[_T]]) -> Stream[_T]:
        """The stream that `factory` makes, a new one for each subscription."""
        return Stream.from_observable(reactivex.defer(lambda _: factory()))

    @staticmethod
    def empty() -> Stream[Any]:
        """No event, and the end at once."""
        return Stream.from_observable(reactivex.empty())

    @staticmethod
    def never() -> Stream[Any]:
        """No event, and no end."""
        return Stream.from_observable(reactivex.never())

    @staticmethod
    def throw(error: Exception) -> Stream[Any]:
        """No event, and `error` at once."""
        return Stream.from_observable(reactivex.throw(error))

    @staticmethod
    def interval(period: float) -> Stream[int]:
        """0, 1, 2 ... every `period` seconds, without drift. Unbounded: it waits for nobody."""
        return Stream.from_observable(reactivex.interval(period))

    @staticmethod
    def timer(seconds: float) -> Stream[int]:
        """0 after so many seconds, and the end."""
        return Stream.from_observable(reactivex.timer(seconds))

    @staticmethod
    def race(*streams: Observable[_T]) -> Stream[_T]:
        """The one of `streams` that is first to emit or to end; the others are left."""
        return Stream.from_observable(reactivex.amb(*streams))

    # --- subscribing ------------------------------------------------------------------------

    def subscribe(
        self,
        on_next: abc.ObserverBase[_T_co] | Callable[[_T_co], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
        on_completed: Callable[[], None] | None = None,
        *,
        scheduler: abc.SchedulerBase | None = None,
    ) -> abc.DisposableBase:
        """Call back for each event, with an observer or with up to three plain functions.

        Returns the subscription; `dispose()` ends it, and nothing is called after that. Raises
        AsyncCallbackError for an `async def`. Where no loop is running, an error that has no
        `on_error` to go to is raised. Without `scheduler`, time is the event loop's.
        """
        if type(on_next) not in _FUNCTIONS and hasattr(on_next, "on_next"):
            observer = cast("abc.ObserverBase[_T_co]", on_next)
            on_next, on_error = observer.on_next, observer.on_error
            on_completed = observer.on_completed
        refuse_async("on_next", on_next)
        refuse_async("on_error", on_error)
        refuse_async("on_completed", on_completed)
        subscriber: Subscriber[_T_co] = Subscriber(
            cast("Callable[[_T_co], None] | None", on_next), on_error, on_completed
        )
        if scheduler is not None:  # an operator subscribes, on behalf of whoever subscribed to it
            self._start(subscriber, scheduler)
        else:
            with demand(None):
                self._start(subscriber, LoopScheduler())
        if subscriber.unhandled is not None:
            raise subscriber.unhandled
        return Disposable(subscriber.dispose)

    def _start(self, subscriber: Subscriber[_T_co], scheduler: abc.SchedulerBase) -> None:
        def start(_: abc.SchedulerBase | None = None, __: object = None) -> None:
            self._subscribe_for(subscriber, scheduler)

        # A source that emits at once must do so on a trampoline: its subscription is then known
        # before its first event, so that `take(3)` can stop it.
        trampoline = CurrentThreadScheduler.singleton()
        if trampoline.schedule_required():
            trampoline.schedule(start)
        else:
            start()

    def _subscribe_for(self, subscriber: Subscriber[_T_co], scheduler: abc.SchedulerBase) -> None:
        try:
            subscription = self._subscribe_core(subscriber, scheduler)
        except Exception as error:
            subscriber.on_error(error)
        else:
            subscriber.hold(_disposable(subscription))

    # --- async for, await -------------------------------------------------------------------

    def __aiter__(self) -> StreamIterator[_T_co]:
        return self.iterate()

    def iterate(self, *, high: int = 64, low: int | None = None) -> StreamIterator[_T_co]:
        """What `async for` reads: at most `high` events ahead, refilled at `low` (half of it).

        As `async with stream.iterate() as events:` it also waits, when the block is left, until
        the source has cleaned up.
        """
        return StreamIterator(self, high=high, low=low)

    def __await__(self) -> Generator[Any, None, _T_co]:
        """Wait for the end and give the last event.

        Raises the stream's error, or SequenceContainsNoElementsError if it was empty.
        """
        return self._last().__await__()

    async def drain(self) -> None:
        """Wait for the end, whatever comes before it; raises the stream's error."""
        async with self.iterate() as values:
            async for _ in values:
                continue

    def run_sync(self) -> _T_co:
        """The last event, on an event loop of its own; for programs without one.

        Raises UserError where a loop is running already, and what `await stream` raises.
        """
        if loop_or_none() is not None:
            raise UserError(
                "Stream.run_sync() cannot wait inside a running event loop: `await` the stream"
            )
        return asyncio.run(self._last())

    def run(self, scheduler: abc.SchedulerBase | None = None) -> _T_co:
        """`run_sync`: reactivex's own would wait on a thread, and a running loop for ever."""
        return self.run_sync()

    def subscribe_async(
        self,
        on_next: Callable[[_T_co], Awaitable[object]],
        on_error: Callable[[Exception], None] | None = None,
        on_completed: Callable[[], None] | None = None,
    ) -> abc.DisposableBase:
        """Call the asynchronous `on_next` for each event, and await it before the next. Lossless.

        A task does so in the background; while it awaits, the source is held back. Disposing of
        the subscription cancels the call that is under way and leaves the source. An error, of
        the source or of `on_next`, goes to `on_error`.
        """

        async def work() -> None:
            async with self.iterate(high=1) as values:
                async for value in values:
                    await on_next(value)

        return Stream.from_awaitable(work).subscribe(None, on_error, on_completed)

    async def _last(self) -> _T_co:
        last: list[_T_co] = []
        async with self.iterate() as values:
            async for value in values:
                last[:] = [value]
        if not last:
            raise SequenceContainsNoElementsError("the stream ended without an event")
        return last[0]

    # --- composing --------------------------------------------------------------------------

    def _adopt(self, result: Any) -> Any:
        return _as_stream(result)

    def __add__(self, other: Observable[Any]) -> Stream[Any]:
        return cast("Stream[Any]", _as_stream(super().__add__(other)))

    def __iadd__(self, other: Observable[Any]) -> Stream[Any]:
        return self + other

    def __getitem__(self, key: slice | int) -> Stream[_T_co]:
        return cast("Stream[_T_co]", _as_stream(super().__getitem__(key)))


class SourceStream(Stream[_T_co]):
    """A Stream that emits nothing before `subscribe` has returned, where a loop is running.

    It needs no trampoline, which is half of what it costs to subscribe to a short stream.
    """

    def _start(self, subscriber: Subscriber[_T_co], scheduler: abc.SchedulerBase) -> None:
        if loop_or_none() is None:
            super()._start(subscriber, scheduler)
        else:
            self._subscribe_for(subscriber, scheduler)


def _as_stream(result: Any) -> Any:
    if isinstance(result, Observable):
        return Stream.from_observable(cast("Observable[Any]", result))
    if isinstance(result, list):  # `partition` gives two
        return [_as_stream(each) for each in cast("list[Any]", result)]
    return result


def _disposable(subscription: Any) -> abc.DisposableBase:
    # A subscribe function may return a plain function or, against its type, nothing.
    if isinstance(subscription, abc.DisposableBase) or hasattr(subscription, "dispose"):
        return cast("abc.DisposableBase", subscription)
    return Disposable(subscription)
