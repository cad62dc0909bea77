"""Tells a callback of the events of a run inside a call."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any

from .agent_tool import AgentToolStreamEvent
from .context import ToolContext
from .events import StreamEvent
from .run.record import RunRecord
from .stream.demand import Demand

_logger = logging.getLogger(__name__)


class Telling:
    """A sink that awaits `handler` for one event after the other, and lets the run wait for it.

    What the handler raises is logged, and does not end the run.
    """

    def __init__(
        self,
        handler: Callable[[AgentToolStreamEvent], object],
        record: RunRecord,
        context: ToolContext[Any],
    ) -> None:
        self._handler = handler
        self._record = record
        self._call = context.tool_call
        self._events: deque[AgentToolStreamEvent] = deque()
        self._room = Demand(64)
        self._arrived = asyncio.Event()
        self._ended = False

    @property
    def has_room(self) -> bool:
        """Whether the handler keeps up."""
        return self._room.open

    def append(self, value: StreamEvent, /) -> None:
        """Queue an event for the handler."""
        self._room.put()
        agent = self._record.current_agent
        self._events.append({"event": value, "agent": agent, "tool_call": self._call})
        self._arrived.set()

    async def ready(self) -> None:
        """Wait for the handler."""
        await self._room.ready()

    async def settled(self) -> None:
        """Return at once: the run around waits for those who could decide."""

    async def __aenter__(self) -> Telling:
        self._task = asyncio.create_task(self._tell(), name="on_stream")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Wait until the handler has been told of everything; not if the call was cancelled."""
        self._ended = True
        self._arrived.set()
        if isinstance(error, asyncio.CancelledError):
            self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _tell(self) -> None:
        while self._events or not self._ended:
            if not self._events:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            try:
                told = self._handler(self._events.popleft())
                if inspect.isawaitable(told):
                    await told
            except (Exception, asyncio.CancelledError):
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
                # Its own cancellation is an error like any other, and must not stop the rest.
                _logger.exception("on_stream raised for an event of a run inside a call")
            self._room.took()
