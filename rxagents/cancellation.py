"""Telling the code of a tool call that nobody waits for it any more, also in its thread."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Generator, Iterable
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field

_logger = logging.getLogger("rxagents.tools")


@dataclass(eq=False, frozen=True)
class ToolThread:
    """A thread that runs the function of a tool."""

    tool_name: str
    thread: threading.Thread
    done: Future[None] = field(default_factory=Future[None])
    """Has its result, None, once the function has returned or raised."""


class Cancellation:
    """Whether a call was given up: by a timeout, or because its run was cancelled.

    Python cannot stop a thread. So the function in it is told, and may look or wait for that; what
    goes on nevertheless is in `threads`. All of it may be called from any thread.
    """

    def __init__(self) -> None:
        self._told = threading.Event()
        self._threads: dict[ToolThread, None] = {}
        self._lock = threading.Lock()

    @property
    def cancelled(self) -> bool:
        """Whether the call was given up."""
        return self._told.is_set()

    def cancel(self) -> None:
        """Tell the call's code. This stops nothing by itself."""
        self._told.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Block this thread until the call is given up, or `timeout` seconds; whether it was."""
        return self._told.wait(timeout)

    def raise_if_cancelled(self) -> None:
        """Raise CancelledError if the call was given up."""
        if self.cancelled:
            raise asyncio.CancelledError("the call of this tool was given up")

    @property
    def threads(self) -> list[ToolThread]:
        """The threads in which functions of the call are running now."""
        with self._lock:
            return list(self._threads)

    @contextmanager
    def thread_of(self, tool_name: str) -> Generator[None]:
        """Count the current thread as one of the call's, as long as this is open."""
        running = ToolThread(tool_name, threading.current_thread())
        running.done.set_running_or_notify_cancel()  # whoever waits for it cannot cancel it
        with self._lock:
            self._threads[running] = None
        try:
            yield
        finally:
            with self._lock:
                del self._threads[running]
            running.done.set_result(None)


async def wait_for_threads(calls: Iterable[Cancellation], grace: float) -> list[str]:
    """Give the threads of calls that are over up to `grace` seconds to end.

    Returns the tool's name for each thread that goes on after that, and logs a warning for each
    under `rxagents.tools`.
    """
    running = [thread for call in calls for thread in call.threads]
    if not running:
        return []
    await asyncio.wait([asyncio.wrap_future(each.done) for each in running], timeout=grace)
    left = [each for each in running if not each.done.done()]
    for each in left:
        _logger.warning(
            "the tool %r goes on in its thread %r, %g s after its call was given up; let it look "
            "at ctx.cancelled, or make it an async function",
            each.tool_name,
            each.thread.name,
            grace,
        )
    return [each.tool_name for each in left]
