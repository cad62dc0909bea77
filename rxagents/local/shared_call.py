"""One blocking call that everybody who needs it waits for together."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class SharedCall(Generic[T]):
    """A blocking function that runs once at a time, for any number of tasks on any event loops.

    Whoever asks while it runs gets the outcome of that run; who asks later starts it again. It has
    a thread of its own, so it neither holds up an event loop, nor takes one of the few threads of
    the loop's executor. A program that ends waits for it, so that it can tidy up.
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._running: tuple[int, Future[T]] | None = None  # with the process it runs in

    async def result(self) -> T:
        """Wait for the call's result; raises what it raised.

        A task that is cancelled stops waiting. The call itself goes on.
        """
        return await asyncio.wrap_future(self._join())

    def _join(self) -> Future[T]:
        with self._lock:
            # A fork copies the future, but not the thread that would fulfil it.
            if self._running and self._running[0] == os.getpid() and not self._running[1].done():
                return self._running[1]
            future: Future[T] = Future()
            future.set_running_or_notify_cancel()  # from here on a waiter's cancel() is refused
            self._running = os.getpid(), future
        threading.Thread(target=self._run, args=(future,)).start()
        return future

    def _run(self, future: Future[T]) -> None:
        try:
            result = self._work()
        except BaseException as error:  # to be raised where it is awaited
            future.set_exception(error)
        else:
            future.set_result(result)
