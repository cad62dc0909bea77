"""A thread that does one job after the other, and can be ended from a finalizer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from queue import SimpleQueue
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

Jobs = SimpleQueue[Callable[[], object] | None]


class Worker(Executor):
    """An executor of one thread, which starts with the first job.

    Not a ThreadPoolExecutor: a finalizer runs wherever the interpreter happens to collect garbage,
    also inside that one's locks, and would wait there for itself. To put a job into `jobs` takes no
    lock (https://docs.python.org/3/library/queue.html#queue.SimpleQueue.put); None in it ends the
    thread.
    """

    def __init__(self, name: str) -> None:
        self.jobs: Jobs = SimpleQueue()
        # A daemon, as the interpreter would wait for any other before it runs our exit handler.
        self.thread = threading.Thread(target=_work, args=[self.jobs], name=name, daemon=True)
        self._started = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do `fn` after all that was submitted before. Called by one thread at a time."""
        future: Future[T] = Future()

        def job() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        self.jobs.put(job)
        if not self._started:
            self._started = True
            self.thread.start()
        return future


def _work(jobs: Jobs) -> None:
    while (job := jobs.get()) is not None:
        with suppress(Exception):  # of a finalizer's job, which has nobody to tell
            job()
        del job  # it would keep what it works on until the next comes
