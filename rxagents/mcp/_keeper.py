"""A context manager that is held open in a task of its own."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Generic, TypeVar

import anyio

T = TypeVar("T")


class Keeper(Generic[T]):
    """Enters a context manager and leaves it again in one task, whoever asks for it.

    The mcp package opens anyio's task groups, which must be left by the task that entered them.
    Users enter and leave where it suits them: in a web server's start and end, in two tests'
    fixtures, in a task that is cancelled. So neither is done in their tasks.
    """

    def __init__(self, manager: AbstractAsyncContextManager[T], name: str) -> None:
        """Hold `manager` once `open` is called; `name` is the task's."""
        self._manager = manager
        self._scope = anyio.CancelScope()
        self._closing = asyncio.Event()
        self._settled = asyncio.Event()
        self._value: tuple[T] | None = None
        self._task = asyncio.create_task(self._hold(), name=name)
        self._error: BaseException | None = None  # of entering, being inside or leaving

    async def opened(self) -> T:
        """What the manager gives, once it is entered; raises what entering it raised.

        Whoever is cancelled here takes the manager along: it is left before this returns.
        """
        try:
            await self._settled.wait()
        except asyncio.CancelledError:
            self._scope.cancel()
            await asyncio.wait({self._task})
            raise
        if self._value is None:
            raise self._error or asyncio.CancelledError()
        return self._value[0]

    async def close(self) -> BaseException | None:
        """Leave the manager, and wait until it is left; gives what went wrong, also before.

        Whoever is cancelled here leaves at once, and the manager is left all the same.
        """
        self._closing.set()
        await asyncio.wait({self._task})
        return self._error

    async def _hold(self) -> None:
        try:
            # A cancelled scope, unlike a cancelled task, lets what is shielded go on: the mcp
            # package ends its server process under a shield.
            with self._scope:
                async with self._manager as value:
                    self._value = (value,)
                    self._settled.set()
                    await self._closing.wait()
        except asyncio.CancelledError as error:
            self._error = error
            task = asyncio.current_task()
            if task is not None and task.cancelling():  # by the loop, which ends
                raise
        except Exception as error:
            self._error = error
        finally:
            self._settled.set()
