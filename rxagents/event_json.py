"""Events from the JSON that `to_dict()` made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, TypeVar, cast

from .agent import Agent
from .events import (
    AgentUpdatedStreamEvent,
    ApprovalRequestedEvent,
    RawResponsesStreamEvent,
    RunItemStreamEvent,
    StreamEvent,
    as_json,
)
from .exceptions import RecordedToolError
from .items import (
    AttemptFailedItem,
    CompactionItem,
    HandoffCallItem,
    HandoffOutputItem,
    InputItem,
    MCPApprovalRequestItem,
    MCPApprovalResponseItem,
    MCPListToolsItem,
    MessageOutputItem,
    ReasoningItem,
    RunItem,
    ToolApprovalItem,
    ToolCallItem,
    ToolCallOutputItem,
    ToolProgressItem,
    ToolSearchCallItem,
    ToolSearchOutputItem,
)
from .openai_types import lenient_event, lenient_item, typed_event, typed_item
from .tool_progress import ToolProgress

KnownAgents: TypeAlias = Iterable[Agent[Any]] | Mapping[str, Agent[Any]]
"""The agents to get back: any iterable of them, or a mapping from their names."""

_T = TypeVar("_T")

# The items whose `raw_item` is an output item of the model.
_OF_THE_MODEL: dict[str, Callable[[Agent[Any], Any], RunItem]] = {
    "message_output_item": MessageOutputItem,
    "reasoning_item": ReasoningItem,
    "tool_call_item": ToolCallItem,
    "handoff_call_item": HandoffCallItem,
    "mcp_list_tools_item": MCPListToolsItem,
    "mcp_approval_request_item": MCPApprovalRequestItem,
    "tool_search_call_item": ToolSearchCallItem,
    "tool_search_output_item": ToolSearchOutputItem,
    "compaction_item": CompactionItem,
}

# Those whose `raw_item` is a dictionary of ours.
_PLAIN: dict[str, Callable[[Agent[Any], Any], RunItem]] = {
    "mcp_approval_response_item": MCPApprovalResponseItem,
    "attempt_failed_item": AttemptFailedItem,
}


def event_from_dict(data: Mapping[str, Any], agents: KnownAgents = ()) -> StreamEvent:
    """The event that `event.to_dict()` described.

    Its classes are those of the event that was written, and its `to_dict()` is `data` again. The
    `openai` package's objects are of the package's classes; where one does not fit its class, it
    has the values all the same, as when it came from the server.

    Two things are written in a form of their own, and stay in it. A tool's `output` that is not
    JSON comes back as the JSON that was written: a pydantic model as its dictionary, a tuple as a
    list, anything else as its `str()`. An agent was written as its name: where `agents` has that
    name, it is that agent, else a new `Agent(name)` that has nothing but the name.

    Raises ValueError if `data` is no event, TypeError or ValueError for unusable `agents`.
    """
    return EventReader(agents).read(data)


class EventReader:
    """Reads any number of events, with one agent for each name."""

    def __init__(self, agents: KnownAgents = ()) -> None:
        """Raises TypeError or ValueError if `agents` are no agents, or two of one name."""
        self._agents = agents_by_name(agents)

    def read(self, data: Mapping[str, Any]) -> StreamEvent:
        """The event; arguments and errors as of `event_from_dict`."""
        try:
            return self._event(data)
        except KeyError as missing:
            raise ValueError(f"the event lacks its {missing.args[0]!r}") from None

    def _event(self, data: Mapping[str, Any]) -> StreamEvent:
        kind = data["type"]
        if kind == "raw_response_event":
            raw = _typed(_object(data, "data"), typed_event, lenient_event)
            return RawResponsesStreamEvent(raw, **_position(data))
        if kind == "run_item_stream_event":
            item = self.item(_object(data, "item"))
            kinds = {"approval_requested": ApprovalRequestedEvent}
            made: Any = kinds.get(data["name"], RunItemStreamEvent)
            return cast("StreamEvent", made(data["name"], item, **_position(data)))
        if kind == "agent_updated_stream_event":
            return AgentUpdatedStreamEvent(self._agent(data["new_agent"]), **_position(data))
        raise ValueError(
            f"a run has no event of the type {kind!r}, only raw_response_event, "
            "run_item_stream_event and agent_updated_stream_event: if a newer rxagents has "
            "written it, install that"
        )

    def item(self, item: Mapping[str, Any]) -> RunItem:
        """The item that `item_to_dict` described."""
        kind, agent, raw = item["type"], self._agent(item["agent"]), item["raw_item"]
        if kind in _OF_THE_MODEL:
            return _OF_THE_MODEL[kind](agent, _raw_item(raw))
        if kind in _PLAIN:
            return _PLAIN[kind](agent, raw)
        if kind == "tool_call_output_item":
            return _output(agent, item)
        if kind == "input_item":
            return InputItem(agent, raw, input_id=item["input_id"])
        if kind == "tool_progress_item":
            progress = ToolProgress(**item["progress"])
            return ToolProgressItem(agent, _raw_item(raw), progress=progress)
        if kind == "tool_approval_item":
            return ToolApprovalItem(agent, _raw_item(raw), item["tool_name"])
        if kind == "handoff_output_item":
            source, target = self._agent(item["source_agent"]), self._agent(item["target_agent"])
            return HandoffOutputItem(agent, raw, source_agent=source, target_agent=target)
        raise ValueError(
            f"there is no item of the type {kind!r}: if a newer rxagents has written it, install "
            "that"
        )

    def _agent(self, name: object) -> Agent[Any]:
        if not isinstance(name, str) or not name:
            raise ValueError(f"an agent is written as its name, not as {name!r}")
        agent = self._agents.get(name)
        if agent is None:
            agent = self._agents[name] = Agent(name)
        return agent


def _raw_item(raw: object) -> Any:
    if isinstance(raw, dict):
        return _typed(cast("dict[str, Any]", raw), typed_item, lenient_item)
    return raw


def _output(agent: Agent[Any], item: Mapping[str, Any]) -> ToolCallOutputItem:
    error = item.get("error")
    return ToolCallOutputItem(
        agent,
        item["raw_item"],
        output=item["output"],
        error=None if error is None else RecordedToolError(error),
        custom_data=item.get("custom_data"),
    )


def agents_by_name(agents: KnownAgents) -> dict[str, Agent[Any]]:
    """The agents as a mapping, checked."""
    if isinstance(agents, Mapping):
        pairs = list(cast("Mapping[str, Agent[Any]]", agents).items())
    else:
        pairs = [(getattr(agent, "name", ""), agent) for agent in agents]
    known: dict[str, Agent[Any]] = {}
    for name, agent in pairs:
        if not isinstance(agent, Agent):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"agents must be Agents, not {type(agent).__name__}")
        if known.setdefault(name, agent) is not agent:
            raise ValueError(
                f"two of the agents are called {name!r}, and an event tells only the name: rename "
                "one"
            )
    return known


def _position(data: Mapping[str, Any]) -> dict[str, Any]:
    position = {name: data[name] for name in _POSITION if name in data}
    time, path = data.get("time", 0.0), data.get("path", ())
    if not isinstance(time, int | float) or not isinstance(path, list | tuple):
        raise ValueError(
            f"the event's 'time' must be a number and its 'path' a list, not {time!r} and {path!r}"
        )
    position["path"] = tuple(cast("list[str]", path))
    return position


_POSITION = ("run_id", "seq", "attempt", "turn", "time")


def _object(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = data[name]
    if not isinstance(value, dict):
        raise ValueError(f"the event's {name!r} must be a JSON object, not {value!r}")
    return cast("dict[str, Any]", value)


def _typed(
    value: dict[str, Any],
    typed: Callable[[dict[str, Any]], _T],
    lenient: Callable[[dict[str, Any]], _T],
) -> _T:
    made = typed(value)
    # Validation turns "5" into 5 where a number is due; what was written must not change.
    return made if as_json(made) == value else lenient(value)
