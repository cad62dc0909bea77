"""Tasks that feed a stream."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any, TypeVar

from rxagents.exceptions import NoRunningLoopError

from .demand import demand_in_force

_T = TypeVar("_T")

_alive: set[asyncio.Task[Any]] = set()  # the loop itself holds only weak references


def loop_or_none() -> asyncio.AbstractEventLoop | None:
    """The running loop, if there is one."""
    try:
        return asyncio.get_running_loop()
    except RecursionError:  # a RuntimeError, too
        raise
    except RuntimeError:
        return None


def running_loop(wanted_by: str) -> asyncio.AbstractEventLoop:
    """The running loop; raises NoRunningLoopError with the caller's name where there is none."""
    loop = loop_or_none()
    if loop is None:
        raise NoRunningLoopError(
            f"{wanted_by} needs a running event loop: call it inside an `async def` that "
            "asyncio.run() (or anyio.run()) runs, or use Runner.run_sync() for one answer"
        )
    return loop


def current_task() -> asyncio.Task[Any] | None:
    """The task this is called in, if it is one."""
    return None if loop_or_none() is None else asyncio.current_task()


def spawn(work: Coroutine[Any, Any, _T], *, wanted_by: str) -> asyncio.Task[_T]:
    """Run `work` as a task that is kept alive, and awaited by the consumer that subscribes.

    It never starts inside this call, whatever the loop's task factory: signals come after
    `subscribe()` has returned (Reactive Streams §1.9).
    """
    try:
        loop = running_loop(wanted_by)
    except NoRunningLoopError:
        work.close()
        raise
    consumer = demand_in_force()
    task = asyncio.Task(work, loop=loop, name=wanted_by)
    _alive.add(task)
    if consumer is None:
        task.add_done_callback(_alive.discard)
    else:
        consumer.tasks.add(task)
        task.add_done_callback(partial(_forget, consumer.tasks))
    return task


def _forget(of_consumer: set[asyncio.Task[Any]], task: asyncio.Task[Any]) -> None:
    _alive.discard(task)
    of_consumer.discard(task)
