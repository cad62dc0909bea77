"""Numbers a run's events and hands them on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from openai.types.responses import ResponseStreamEvent

from rxagents.agent import Agent
from rxagents.events import (
    AgentUpdatedStreamEvent,
    ApprovalRequestedEvent,
    RawResponsesStreamEvent,
    RunItemName,
    RunItemStreamEvent,
    StreamEvent,
)
from rxagents.items import NOT_FOR_THE_MODEL, RunItem, ToolApprovalItem

from .record import RunRecord

if TYPE_CHECKING:
    from rxagents.tracing.run_spans import RunSpans


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

    async def settled(self) -> None:
        """Wait until everyone who reads has dealt with all events so far."""
        ...


class Nowhere:
    """The sink of a run whose events nobody asked for."""

    has_room: bool = True

    def append(self, value: StreamEvent, /) -> None:
        """Drop the event."""

    async def ready(self) -> None:
        """Return at once."""

    async def settled(self) -> None:
        """Return at once."""


class Emitter:
    """Stamps each event with its place in the run, keeps the record up to date, and emits it."""

    def __init__(self, record: RunRecord, sink: Sink) -> None:
        self.sink = sink
        self.spans: RunSpans | None = None
        """What makes spans of the events, where the run is traced."""
        self._record = record
        self._path = (record.current_agent.name,)
        self._clock = asyncio.get_running_loop().time
        # Wall-clock time moved by the loop's clock: it never jumps, and is virtual in tests.
        self._epoch = record.started_at - self._clock()

    @property
    def path(self) -> tuple[str, ...]:
        """The agents that what is emitted now comes from, outermost first."""
        return self._path

    @property
    def now(self) -> float:
        """The time of an event that is emitted now."""
        return self._epoch + self._clock()

    def raw(self, data: ResponseStreamEvent) -> None:
        record = self._record
        seq = record.seq
        record.seq = seq + 1
        event = RawResponsesStreamEvent(
            data,
            run_id=record.run_id,
            seq=seq,
            attempt=record.attempt,
            turn=record.current_turn,
            time=self._epoch + self._clock(),
            path=self._path,
        )
        if self.spans is not None:
            self.spans.see(event)
        self.sink.append(event)

    def item(self, name: RunItemName, item: RunItem) -> None:
        if not isinstance(item, NOT_FOR_THE_MODEL):
            self._record.new_items.append(item)
        self._put(RunItemStreamEvent(name, item, **self._position()))

    def approval(self, item: ToolApprovalItem, path: tuple[str, ...] = ()) -> None:
        """Ask for an approval; `path` is that of a run inside this one."""
        context = self._record.context_wrapper
        position = self._position()
        position["path"] += path
        event = ApprovalRequestedEvent("approval_requested", item, context=context, **position)
        self._put(event)

    def agent(self, agent: Agent[Any]) -> None:
        self._record.current_agent = agent
        self._path = (agent.name,)
        self._put(AgentUpdatedStreamEvent(agent, **self._position()))

    def forward(self, event: StreamEvent) -> None:
        """Emit an event of a run inside this one, as an event of this one."""
        position = self._position()
        position |= {"turn": event.turn, "attempt": event.attempt}
        position["path"] += event.path
        self.sink.append(replace(event, **position))

    def _put(self, event: StreamEvent) -> None:
        if self.spans is not None:
            self.spans.see(event)
        self.sink.append(event)

    def _position(self) -> dict[str, Any]:
        record = self._record
        seq = record.seq
        record.seq = seq + 1
        return {
            "run_id": record.run_id,
            "seq": seq,
            "attempt": record.attempt,
            "turn": record.current_turn,
            "time": self.now,
            "path": self._path,
        }
