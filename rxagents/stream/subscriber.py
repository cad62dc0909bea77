"""What stands between a stream and a subscriber's callbacks."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from reactivex import abc

from rxagents.exceptions import AsyncCallbackError

from .tasks import loop_or_none

_T = TypeVar("_T")


class Subscriber(abc.ObserverBase[_T], abc.DisposableBase):
    """Keeps one subscription to the Rx grammar: values, then one error or one completion.

    A callback that raises ends its own subscription and no other: the exception goes to its
    `on_error`, or to the loop's exception handler where it has none. After `dispose()` or a
    terminal signal the callbacks are let go, so that whoever keeps the disposable does not keep
    the subscriber alive (Reactive Streams §3.13).

    A chain that is too long for Python's stack fails somewhere in its middle, where it is too long
    for the error, too: that is then told from the event loop, whose stack is empty.
    """

    __slots__ = (
        "_late",
        "_on_completed",
        "_on_error",
        "_on_next",
        "_subscription",
        "stopped",
        "unhandled",
    )

    def __init__(
        self,
        on_next: Callable[[_T], None] | None,
        on_error: Callable[[Exception], None] | None,
        on_completed: Callable[[], None] | None,
    ) -> None:
        self._on_next = on_next or _ignore
        self._on_error = on_error
        self._on_completed = on_completed
        self._subscription: abc.DisposableBase | None = None
        self._late: asyncio.Handle | None = None  # an error that is to be told
        self.stopped: bool = False
        self.unhandled: BaseException | None = None
        """An error for which there was neither an on_error nor a loop to report it to."""

    def on_next(self, value: _T) -> None:
        if self.stopped:
            return
        try:
            self._on_next(value)
        except (Exception, asyncio.CancelledError) as error:
            # CancelledError too: unstopped, it would cancel the producer and everyone with it.
            self._raised(error)

    def on_error(self, error: BaseException) -> None:
        if self.stopped:
            return
        on_error = self._on_error
        if not self._tells_later(on_error, error):
            self._tell(on_error, error)

    def on_completed(self) -> None:
        if self.stopped:
            return
        on_completed, on_error = self._on_completed, self._on_error
        self._stop()
        if on_completed is not None:
            try:
                on_completed()
            except Exception as error:
                if not (isinstance(error, RecursionError) and self._tells_later(on_error, error)):
                    self._report(error, "on_completed raised")

    def hold(self, subscription: abc.DisposableBase) -> None:
        """Take the source's subscription, to dispose of it when this one ends."""
        if self.stopped:
            self._leave(subscription)
        else:
            self._subscription = subscription

    def dispose(self) -> None:
        told_before = self.unhandled
        self._stop()
        if self.unhandled is not told_before:  # there is no loop to report it to, but a caller
            assert self.unhandled is not None
            raise self.unhandled

    def _tell(self, on_error: Callable[[Exception], None] | None, error: BaseException) -> None:
        self._stop()
        if on_error is None:
            if not isinstance(error, asyncio.CancelledError):
                self._report(error, "a stream failed and its subscriber has no on_error")
            return
        try:
            on_error(error)  # type: ignore[arg-type]  # reactivex says Exception
        except Exception as raised:
            if isinstance(raised, RecursionError) and self._tells_later(on_error, error):
                return
            if raised is not error:
                raised.__context__ = error
            self._report(raised, "on_error raised")

    def _tells_later(
        self, on_error: Callable[[Exception], None] | None, error: BaseException
    ) -> bool:
        """Whether it tells of `error` from an empty stack, as too much of this one is used up.

        Where there is no room even for that, the RecursionError goes to whoever called, and this
        can be told again.
        """
        ended = self.stopped
        self.stopped, self._on_error = False, on_error
        loop = loop_or_none()
        later = is_deep()
        if later and loop is not None:
            self._late = loop.call_soon(self._tell, on_error, error)
        elif later:  # then whoever subscribes is here, and gets it
            self.unhandled = error
        self.stopped = later or ended
        return later

    def _stop(self) -> None:
        self.stopped = True
        if self._late is not None:
            self._late.cancel()
            self._late = None
        self._on_next = _ignore
        self._on_error = self._on_completed = None
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            self._leave(subscription)

    def _leave(self, subscription: abc.DisposableBase) -> None:
        # What a cleanup raises must not keep anyone from leaving, or from being told of the end.
        try:
            subscription.dispose()
        except Exception as error:
            self._report(error, "leaving a source raised")

    def _raised(self, error: BaseException) -> None:
        if self.stopped:  # it disposed of itself first: nobody else can be told
            self._report(error, "a callback raised after it had ended its subscription")
        else:
            self.on_error(error)

    def _report(self, error: BaseException, message: str) -> None:
        # Not raised from here without a loop: reactivex's own sources would swallow it.
        if not report(error, message):
            self.unhandled = error


def is_deep() -> bool:
    """Whether a third of Python's stack is used up."""
    try:  # it is public: the underscore only tells that another Python may not have it
        sys._getframe(sys.getrecursionlimit() // 3)  # pyright: ignore[reportPrivateUsage]
    except ValueError:  # there are not so many frames
        return False
    return True


def report(error: BaseException, message: str) -> bool:
    """Tell the running loop's exception handler; False where no loop runs."""
    loop = loop_or_none()
    if loop is None:
        return False
    loop.call_exception_handler({"message": f"rxagents: {message}", "exception": error})
    return True


def refuse_async(name: str, callback: object) -> None:
    """Raise AsyncCallbackError if `callback` is an `async def`, which nobody would await."""
    if callback is None:
        return
    code: Any = getattr(callback, "__code__", None)
    if code is not None and not code.co_flags & inspect.CO_COROUTINE:
        return  # so it is with nearly all of them, and `inspect` takes twenty times as long
    function = callback
    while isinstance(function, partial):
        function = function.func  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if not inspect.iscoroutinefunction(function):
        function = getattr(function, "__call__", None)  # noqa: B004 - the method is wanted
    if inspect.iscoroutinefunction(function):
        raise AsyncCallbackError(
            f"{name} is the async function {_name(callback)}, which a stream would call and never "
            "await: read the stream with `async for`, or put the function into the chain with "
            "ops.map_async(...)"
        )


def _name(callback: object) -> str:
    return str(getattr(callback, "__qualname__", None) or repr(callback))


def _ignore(_: Any) -> None:
    """Do nothing."""
