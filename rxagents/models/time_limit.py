"""A limit to the time that a model may take for one response."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, TypeVar

from rxagents.exceptions import ModelTimeoutError

from .terminal import close_events

_T = TypeVar("_T")


async def within_seconds(events: AsyncIterator[_T], seconds: float) -> AsyncGenerator[_T]:
    """`events`, as long as waiting for them takes no more than `seconds` in all.

    After that it raises ModelTimeoutError, and `events` is cancelled where it waits, so that its
    connection is closed. What whoever reads the events does between them does not count. Closing
    this closes `events`.
    """
    limit = _WaitingLimit(seconds)
    try:
        while True:
            with limit:
                try:
                    event = await anext(events)
                except StopAsyncIteration:
                    return
            yield event
    finally:
        limit.stop()
        await close_events(events)


class _WaitingLimit:
    """Cancels the task that waits in its block once all waits there add up to `seconds`.

    `asyncio.timeout` around each wait would do, but sets a timer for each event (7 µs); this one
    sets one for many.
    """

    def __init__(self, seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._seconds = seconds
        self._left = seconds
        self._since: float | None = None  # when the present wait began
        self._task: asyncio.Task[Any] | None = None
        self._cancelling = 0  # requests to cancel the task that were there before ours
        self._timer: asyncio.TimerHandle | None = None
        self._expired = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task, self._cancelling = task, task.cancelling()
        self._since = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_at(self._since + self._left, self._ring)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        assert self._since is not None
        assert self._task is not None
        self._left -= self._loop.time() - self._since
        self._since = None
        if self._expired:
            self._expired = False
            others = self._task.uncancel() > self._cancelling
            if kind is asyncio.CancelledError and not others:
                raise ModelTimeoutError(self._seconds) from None

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        if self._since is None or self._task is None:
            return  # nobody waits; whoever does next sets the timer anew
        due = self._since + self._left
        if due > self._loop.time():  # there was time between the waits
            self._timer = self._loop.call_at(due, self._ring)
        else:
            self._expired = True
            self._task.cancel()
