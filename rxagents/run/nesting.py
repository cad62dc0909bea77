"""Runs inside a run: what a tool that starts one shares with the run that calls it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rxagents.events import ApprovalRequestedEvent, StreamEvent
from rxagents.items import ToolApprovalItem
from rxagents.stream.tasks import loop_or_none

if TYPE_CHECKING:
    from .emitter import Emitter, Sink
    from .record import RunRecord
    from .state import RunState


@dataclass(eq=False)
class CallScope:
    """The call that is being carried out."""

    record: RunRecord
    emit: Emitter
    loop: asyncio.AbstractEventLoop
    state: RunState[Any] | None = None
    """Of the run that the call has started before, and that has stopped for an approval."""

    open: bool = True
    """Whether the call still goes on; what runs in it may go on for longer."""


current_call: ContextVar[CallScope | None] = ContextVar("rxagents_call", default=None)


class NestedInterruption(BaseException):
    """A run inside a call has stopped for an approval; for the loop that carries out the call.

    No Exception, as no tool in between may take it for a failure.
    """

    def __init__(self, state: RunState[Any], items: list[ToolApprovalItem]) -> None:
        super().__init__("the run inside the call waits for an approval")
        self.state = state
        self.items = items


class Forwarding:
    """A sink that also shows the events to the run around, with room for what both can take.

    A run that answers a call of `Agent.as_tool` has its approvals asked for by the run around;
    of any other (`bubbles` is False) the request is shown there like all its events.
    """

    def __init__(
        self,
        sink: Sink,
        scope: CallScope,
        around: Sink,
        show: Callable[[StreamEvent], None],
        *,
        bubbles: bool,
    ) -> None:
        self.around = around
        self._sink = sink
        self._scope = scope
        self._show = show
        self._bubbles = bubbles

    @property
    def has_room(self) -> bool:
        """Whether both have room."""
        return self._sink.has_room and (not self._scope.open or self.around.has_room)

    def append(self, value: StreamEvent, /) -> None:
        """Hand the event to both."""
        self._sink.append(value)
        if not (self._bubbles and isinstance(value, ApprovalRequestedEvent)):
            self.show(value)

    def show(self, value: StreamEvent) -> None:
        """Hand the event to the run around, if the call there still goes on."""
        if self._scope.open:
            self._show(value)

    async def ready(self) -> None:
        """Wait for both."""
        await self._sink.ready()
        if self._scope.open:
            await self.around.ready()

    async def settled(self) -> None:
        """Wait for those who read this run, and for those who are shown its requests."""
        await self._sink.settled()
        if self._scope.open and not self._bubbles:
            await self.around.settled()


def forwarded(sink: Sink, record: RunRecord) -> Sink:
    """The sink for a run that starts now: seen by the runs around it that want to see it."""
    scope = current_call.get()
    if scope is None or loop_or_none() is not scope.loop:  # in a thread, on a loop of its own
        return sink
    outer, bubbles = scope.emit, record.agent_tool_invocation is not None
    if scope.record.config.stream_nested:
        return Forwarding(sink, scope, outer.sink, outer.forward, bubbles=bubbles)
    beyond = outer.sink
    if not isinstance(beyond, Forwarding):
        return sink

    def show(event: StreamEvent) -> None:
        beyond.show(replace(event, path=outer.path + event.path))

    return Forwarding(sink, scope, beyond.around, show, bubbles=bubbles)


def path_to(item: ToolApprovalItem, state: RunState[Any]) -> tuple[str, ...]:
    """The agents between a run and the one inside it, however deep, that asks for an approval."""
    name, pending = state.current_agent.name, state.record.pending
    for inner in pending.nested.values() if pending else ():
        if item in inner.get_interruptions():
            return name, *path_to(item, inner)
    return (name,)
