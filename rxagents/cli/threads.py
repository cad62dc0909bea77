"""The threads of the tools that are no coroutines."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NoReturn, ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


class ToolThreads(ThreadPoolExecutor):
    """Knows whether any of its threads is at work.

    A function in a thread cannot be stopped, and Python waits for it before it exits. Whoever
    presses Ctrl-C while a tool waits for an answer that never comes does not want to wait too.
    """

    def __init__(self) -> None:
        super().__init__(thread_name_prefix="tool")
        self._work: set[Future[Any]] = set()

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Run the function in a thread."""
        future = super().submit(fn, *args, **kwargs)
        self._work.add(future)
        future.add_done_callback(self._work.discard)
        return future

    @property
    def busy(self) -> bool:
        """Whether a function is still running."""
        return any(future.running() for future in tuple(self._work))

    @staticmethod
    def leave_process(code: int) -> NoReturn:
        """End the process without waiting; what was printed is not lost."""
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
