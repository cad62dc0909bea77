"""Stream: an Observable that lives on the event loop."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Generator
from typing import Any, TypeVar, cast

from reactivex import Observable, abc
from reactivex.disposable import Disposable
from reactivex.internal.exceptions import SequenceContainsNoElementsError
from reactivex.scheduler import CurrentThreadScheduler

from .composing import Composable
from .demand import demand
from .iteration import StreamIterator
from .scheduler import LoopScheduler
from .sources import async_iterable_source
from .subscriber import Subscriber, refuse_async

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)


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
        return Stream(async_iterable_source(source))

    @staticmethod
    def from_observable(source: Observable[_T]) -> Stream[_T]:
        """The same sequence as a Stream; `source` itself if it is one."""
        if isinstance(source, Stream):
            return source
        if hasattr(source, "connect"):
            return ConnectableStream(source)
        # Not `source.subscribe`: it would put a second guard around every subscriber.
        return Stream(source._subscribe_core)

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
        if on_next is not None and hasattr(on_next, "on_next"):
            observer = cast("abc.ObserverBase[_T_co]", on_next)
            on_next, on_error = observer.on_next, observer.on_error
            on_completed = observer.on_completed
        callbacks = {"on_next": on_next, "on_error": on_error, "on_completed": on_completed}
        for name, callback in callbacks.items():
            if callback is not None:
                refuse_async(name, callback)
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
            try:
                subscription = self._subscribe_core(subscriber, scheduler)
            except Exception as error:
                subscriber.on_error(error)
            else:
                subscriber.hold(_disposable(subscription))

        # A source that emits at once must do so on a trampoline: its subscription is then known
        # before its first event, so that `take(3)` can stop it.
        trampoline = CurrentThreadScheduler.singleton()
        if trampoline.schedule_required():
            trampoline.schedule(start)
        else:
            start()

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


class ConnectableStream(Stream[_T_co]):
    """A Stream that starts when it is told to, as `publish()` and `replay()` give it."""

    def __init__(self, source: Any) -> None:
        """Adopt a reactivex `ConnectableObservable`."""
        super().__init__(source._subscribe_core)
        self._source = source

    def connect(self, scheduler: abc.SchedulerBase | None = None) -> abc.DisposableBase | None:
        """Subscribe to the source, once for all subscribers; disposing the result leaves it."""
        connection = self._source.connect(scheduler or LoopScheduler())
        return cast("abc.DisposableBase | None", connection)

    def auto_connect(self, subscriber_count: int = 1) -> Stream[_T_co]:
        """A Stream that connects when it has `subscriber_count` subscribers."""
        return cast("Stream[_T_co]", _as_stream(self._source.auto_connect(subscriber_count)))


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
