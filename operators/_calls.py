"""Which call of a run an event is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from rxagents.events import (
    AgentUpdatedStreamEvent,
    RawResponsesStreamEvent,
    RunItemStreamEvent,
    StreamEvent,
)
from rxagents.items import RunItem

_ARGUMENTS = frozenset(
    {
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.mcp_call_arguments.delta",
        "response.mcp_call_arguments.done",
        "response.custom_tool_call_input.delta",
        "response.custom_tool_call_input.done",
    }
)
"""What a server may send before it tells which call it belongs to."""


class Call:
    """A call of which something has come. Compared by identity: ids are not to be relied on."""

    def __init__(self) -> None:
        self.call_id = ""
        """Empty as long as no server has told it."""
        self.name = ""
        self.is_answered_elsewhere = True
        """Whether its output is an item of its own, as it is not with hosted tools."""
        self.was_called = False
        """Whether its item has come."""
        self.is_over = False
        self.waiting: list[StreamEvent] = []
        """What came before the id."""


class Calls:
    """Tells which events belong to which call, in order, and when a call has ended.

    Raw events are told apart by where they stand (run, agent, turn, attempt and output index);
    items by their call's id, which is the output's too.
    """

    def __init__(
        self, tell: Callable[[Call, StreamEvent], None], ended: Callable[[Call], None]
    ) -> None:
        self._tell = tell
        self._ended = ended
        self._responses: dict[tuple[str, tuple[str, ...]], _Response] = {}  # by run and agent
        self._open: dict[tuple[str, str], list[Call]] = {}  # by run and id; some ids come twice

    def read(self, event: StreamEvent) -> None:
        if type(event) is RawResponsesStreamEvent:
            self._read_raw(event)
        elif isinstance(event, RunItemStreamEvent):
            self._read_item(event, event.item)

    # --- raw events -------------------------------------------------------------------------

    def _read_raw(self, event: RawResponsesStreamEvent) -> None:
        calls = self._response(event).calls
        data: Any = event.data  # of any of some fifty classes, and of servers that leave fields out
        kind: str = data.type
        if kind == "response.output_item.added" or kind == "response.output_item.done":
            if data.item.type.endswith("_call"):
                call = self._at(calls, index_of(data), id_of_call(data.item))
                self._name(call, data.item, event)
                self._send(call, event)
            elif data.item.type.endswith("_call_output") and kind.endswith("done"):
                self._answer(data.item.call_id, event)
        elif kind == "response.completed":
            for place, item in enumerate(data.response.output):
                if place in calls and item.type.endswith("_call"):
                    self._name(calls[place], item, event)
        elif "_call" in kind:
            index = index_of(data)
            if kind in _ARGUMENTS:
                calls.setdefault(index, Call())
            if index in calls:
                self._send(calls[index], event)

    def _response(self, event: RawResponsesStreamEvent) -> _Response:
        """The response that `event` is part of; a new attempt ends the calls of the one before."""
        key = (event.run_id, event.path)
        response = self._responses.get(key)
        if response is None or response.turn != event.turn or response.attempt < event.attempt:
            if response is not None and response.turn == event.turn:
                for call in response.calls.values():
                    self._end(call, event)
            response = self._responses[key] = _Response(event.turn, event.attempt)
        return response

    def _at(self, calls: dict[int | str, Call], index: int | str, call_id: str) -> Call:
        call = calls.get(index)
        # Some servers give all items of a response the same index.
        if call is None or (call.call_id and call_id and call_id != call.call_id):
            call = calls[index] = Call()
        return call

    def _name(self, call: Call, item: object, event: StreamEvent) -> None:
        """Note what `item` tells of a call; with the id, what waits for it goes."""
        call.name = name_of_call(item) or call.name
        call_id = id_of_call(item)
        if call.call_id or not call_id:
            return
        self._begin(call, call_id, item, event)
        waiting, call.waiting = call.waiting, []
        for each in waiting:
            self._tell(call, each)

    def _send(self, call: Call, event: StreamEvent) -> None:
        if call.is_over:
            return
        if call.call_id:
            self._tell(call, event)
        else:
            call.waiting.append(event)

    # --- items ------------------------------------------------------------------------------

    def _read_item(self, event: RunItemStreamEvent, item: RunItem) -> None:
        if item.type == "tool_call_item" or item.type == "handoff_call_item":
            self._called(event, item.raw_item)
        elif item.type == "tool_call_output_item" or item.type == "handoff_output_item":
            self._answer(id_of_call(item.raw_item), event)

    def _called(self, event: RunItemStreamEvent, raw: object) -> None:
        call_id = id_of_call(raw)
        known = self._open.get((event.run_id, call_id), [])
        call = next((call for call in known if not call.was_called), None)
        if call is None:
            call = Call()
            call.name = name_of_call(raw)
            self._begin(call, call_id, raw, event)
        call.was_called = True
        self._tell(call, event)
        if not call.is_answered_elsewhere:
            self._end(call, event)

    def _answer(self, call_id: str, event: StreamEvent) -> None:
        known = self._open.get((event.run_id, call_id))
        if known:
            call = known[0]
        else:
            call = Call()
            call.call_id = call_id
        self._tell(call, event)
        self._end(call, event)

    def _begin(self, call: Call, call_id: str, item: object, event: StreamEvent) -> None:
        call.call_id = call_id
        call.is_answered_elsewhere = field_of(item, "call_id") is not None
        self._open.setdefault((event.run_id, call_id), []).append(call)

    def _end(self, call: Call, event: StreamEvent) -> None:
        call.is_over = True
        key = (event.run_id, call.call_id)
        calls = self._open.get(key, [])
        if call in calls:
            calls.remove(call)
            if not calls:
                del self._open[key]
        self._ended(call)


class _Response:
    """One model call, by the output index the calls in it."""

    def __init__(self, turn: int, attempt: int) -> None:
        self.turn = turn
        self.attempt = attempt
        self.calls: dict[int | str, Call] = {}


def id_of_call(item: object) -> str:
    """The call's id, or the item's where the provider runs the tool itself; empty if unknown."""
    call_id = field_of(item, "call_id")
    return str((field_of(item, "id") if call_id is None else call_id) or "")


def name_of_call(item: object) -> str:
    """The function, or the kind of a hosted tool; empty if unknown."""
    kind = field_of(item, "type")
    return str(field_of(item, "name") or ("" if kind == "function_call" else kind) or "")


def field_of(item: object, name: str) -> Any:
    """A field of an item, which may be a dictionary too; None where a server leaves it out."""
    if isinstance(item, Mapping):
        return cast("Mapping[str, Any]", item).get(name)
    return getattr(item, name, None)


def index_of(data: Any) -> int | str:
    """Where an output item stands; some servers tell only its id."""
    index: int | None = getattr(data, "output_index", None)
    if index is not None:
        return index
    item = getattr(data, "item", None)
    return getattr(data, "item_id", None) or getattr(item, "id", None) or ""


def agent_of(event: StreamEvent) -> str:
    """The name of the agent that an event is from; events made by hand may tell it elsewhere."""
    if event.path:
        return event.path[-1]
    if isinstance(event, AgentUpdatedStreamEvent):
        return event.new_agent.name
    return event.item.agent.name if isinstance(event, RunItemStreamEvent) else ""
