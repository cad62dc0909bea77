"""Numbers a run's events and hands them on."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from openai.types.responses import ResponseStreamEvent

from rxagents.agent import Agent
from rxagents.events import (
    AgentUpdatedStreamEvent,
    RawResponsesStreamEvent,
    RunItemName,
    RunItemStreamEvent,
    StreamEvent,
)
from rxagents.items import RunItem

from .record import RunRecord


class Sink(Protocol):
    """Where a run's events go: a log, a subscriber, or nowhere."""

    @property
    def has_room(self) -> bool:
        """Whether whoever reads can take another event now."""
        ...

    def append(self, value: StreamEvent, /) -> None: ...

    async def ready(self) -> None:
        """Wait until there is room."""
        ...


class Nowhere:
    """The sink of a run whose events nobody asked for."""

    has_room = True

    def append(self, value: StreamEvent, /) -> None:
        """Drop the event."""

    async def ready(self) -> None:
        """Return at once."""


class Emitter:
    """Stamps each event with its place in the run, keeps the record up to date, and emits it."""

    def __init__(self, record: RunRecord, sink: Sink) -> None:
        self.sink = sink
        self._record = record
        self._seq = 0
        self._path = (record.current_agent.name,)
        self._clock = asyncio.get_running_loop().time
        # Wall-clock time moved by the loop's clock: it never jumps, and is virtual in tests.
        self._epoch = record.started_at - self._clock()

    def raw(self, data: ResponseStreamEvent) -> None:
        record = self._record
        seq = self._seq
        self._seq = seq + 1
        self.sink.append(
            RawResponsesStreamEvent(
                data,
                run_id=record.run_id,
                seq=seq,
                turn=record.current_turn,
                time=self._epoch + self._clock(),
                path=self._path,
            )
        )

    def item(self, name: RunItemName, item: RunItem) -> None:
        self._record.new_items.append(item)
        self.sink.append(RunItemStreamEvent(name, item, **self._position()))

    def agent(self, agent: Agent[Any]) -> None:
        self._record.current_agent = agent
        self._path = (agent.name,)
        self.sink.append(AgentUpdatedStreamEvent(agent, **self._position()))

    def _position(self) -> dict[str, Any]:
        seq = self._seq
        self._seq = seq + 1
        return {
            "run_id": self._record.run_id,
            "seq": seq,
            "turn": self._record.current_turn,
            "time": self._epoch + self._clock(),
            "path": self._path,
        }
