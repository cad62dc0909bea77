"""What was begun is finished, also when its caller is cancelled meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

T = TypeVar("T")

PATIENCE: Final = 5.0
"""Seconds for which a cancelled caller waits for what it has begun."""


async def finish(work: Awaitable[T], *, take_back: Callable[[], bool] = lambda: False) -> T:
    """Await `work` to its end; a cancellation is raised then, and not before.

    So whoever has been cancelled in the middle of a write can tell what is stored by reading it.
    `take_back` is asked at a cancellation: True says that the work had not begun and never will,
    and it is not waited for. Work that is not done `PATIENCE` seconds after the cancellation is
    cancelled itself: a server that does not answer must not keep a run from ending.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    until: float | None = None
    while not task.done():
        left = None if until is None else until - asyncio.get_running_loop().time()
        if left is not None and left <= 0:
            task.cancel()
            left = None
        try:
            await asyncio.wait((task,), timeout=left)
        except asyncio.CancelledError as error:
            if take_back():
                task.cancel()
                raise
            cancelled = cancelled or error
            until = until or asyncio.get_running_loop().time() + PATIENCE
    if cancelled is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # looked at, or asyncio complains that nobody did
    raise cancelled
