"""The three kinds of events of a run."""

from __future__ import annotations

from collections.abc import Awaitable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, cast

import openai
from openai.types.responses import ResponseStreamEvent
from pydantic import BaseModel

from .exceptions import RecordedToolError, UserError

if TYPE_CHECKING:
    from .agent import Agent
    from .context import RunContextWrapper
    from .event_json import KnownAgents
    from .items import RunItem, ToolCallOutputItem
    from .live_items import ToolApprovalItem

TResponseStreamEvent: TypeAlias = ResponseStreamEvent
"""An event of a model's response: one of the `openai` package's classes."""

RunItemName: TypeAlias = Literal[
    "message_output_created",
    "handoff_requested",
    "handoff_occured",  # the misspelling is the standard's, and cannot change
    "tool_called",
    "tool_output",
    "reasoning_item_created",
    "tool_search_called",
    "tool_search_output_created",
    "mcp_approval_requested",
    "mcp_approval_response",
    "mcp_list_tools",
    # Ours, and not in the OpenAI Agents SDK:
    "tool_progress",
    "approval_requested",
    "input_admitted",
    "attempt_failed",
]


# Not frozen, although nobody may change an event that others read too: a frozen dataclass takes
# several times as long to make, and one is made for every delta of a model.
@dataclass(slots=True, kw_only=True)
class EventPosition:
    """Where in its run an event stands. Events made by hand have the defaults."""

    run_id: str = ""
    """The run's id; the same for all events of a run."""

    seq: int = -1
    """The event's number in its run, from 0, without gaps."""

    attempt: int = 1
    """Which attempt at its model call it belongs to, from 1."""

    turn: int = 0
    """Which model call of the run it belongs to, from 1; 0 before the first."""

    time: float = 0.0
    """When it was emitted: Unix time in seconds, moved by the event loop's clock."""

    path: tuple[str, ...] = ()
    """The names of the agents it comes from, outermost first."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], agents: KnownAgents = ()) -> Self:
        """The event that `to_dict()` has described; see `event_from_dict`, which reads any kind.

        Raises ValueError if `data` is no event of this class.
        """
        from .event_json import event_from_dict

        event = event_from_dict(data, agents)
        if not isinstance(event, cls):
            raise ValueError(
                f"{event.type} is not {cls.__name__} but {type(event).__name__}: "
                "rxagents.event_from_dict reads events of every kind"
            )
        return event

    def to_dict(self) -> dict[str, Any]:
        """The event as JSON types, to be written to a wire or a file; `from_dict` reads it."""
        position = {
            "run_id": self.run_id,
            "seq": self.seq,
            "attempt": self.attempt,
            "turn": self.turn,
            "time": self.time,
            "path": list(self.path),
        }
        return {"type": getattr(self, "type"), **self._payload(), **position}  # noqa: B009

    def _payload(self) -> dict[str, Any]:
        return {}


@dataclass(slots=True)
class RawResponsesStreamEvent(EventPosition):
    """An event of the model, as soon as it has come."""

    data: ResponseStreamEvent
    """The event: an instance of one of the classes in `openai.types.responses`."""

    type: Literal["raw_response_event"] = "raw_response_event"

    def _payload(self) -> dict[str, Any]:
        return {"data": as_json(self.data)}


@dataclass(slots=True)
class RunItemStreamEvent(EventPosition):
    """An item is finished."""

    name: RunItemName
    """What happened: a message, a call, an output, a handoff, reasoning."""

    item: RunItem
    """The item; `item.type` and its class tell its kind."""

    type: Literal["run_item_stream_event"] = "run_item_stream_event"

    def _payload(self) -> dict[str, Any]:
        return {"name": self.name, "item": item_to_dict(self.item)}


@dataclass(slots=True)
class ApprovalRequestedEvent(RunItemStreamEvent):
    """A call waits for an approval: `await event.approve()`, or `await event.reject("why not")`.

    Both take effect when they are called, so that a plain callback need not await them. Where the
    run has stopped for the call already, that is when it is resumed from its `to_state()`. Of an
    event that was read from JSON they raise UserError.
    """

    item: ToolApprovalItem  # pyright: ignore[reportIncompatibleVariableOverride] - narrower
    context: RunContextWrapper[Any] | None = field(default=None, kw_only=True, repr=False)

    def approve(self, *, always: bool = False) -> Awaitable[None]:
        """Let the call be carried out, and with `always` every later one of its tool."""
        self._context().approve_tool(self.item, always)
        return _Done()

    def reject(self, message: str | None = None, *, always: bool = False) -> Awaitable[None]:
        """Refuse the call, and with `always` every later one; the model is told `message`."""
        self._context().reject_tool(self.item, always, message)
        return _Done()

    def _context(self) -> RunContextWrapper[Any]:
        if self.context is None:
            raise UserError(
                "this event was not received from a run in this process, so there is nothing to "
                "approve: approve the item with RunState.approve(item), and resume from the state"
            )
        return self.context


class _Done:
    """Awaited, it gives None at once."""

    def __await__(self) -> Generator[None, None, None]:
        yield from ()


@dataclass(slots=True)
class AgentUpdatedStreamEvent(EventPosition):
    """Another agent takes over; the first event of a run tells its first agent."""

    new_agent: Agent[Any]
    type: Literal["agent_updated_stream_event"] = "agent_updated_stream_event"

    def _payload(self) -> dict[str, Any]:
        return {"new_agent": self.new_agent.name}


StreamEvent: TypeAlias = RawResponsesStreamEvent | RunItemStreamEvent | AgentUpdatedStreamEvent
"""Any event of a run; tell them apart by `type` or by class."""


def item_to_dict(item: RunItem) -> dict[str, Any]:
    """The item in JSON types, agents as their names."""
    described: dict[str, Any] = {
        "type": item.type,
        "agent": item.agent.name,
        "raw_item": as_json(item.raw_item),
    }
    if item.type == "tool_call_output_item":
        described["output"] = as_json(item.output)
        if (error := error_of(item)) is not None:
            described["error"] = error
        if item.custom_data is not None:
            described["custom_data"] = as_json(item.custom_data)
    elif item.type == "handoff_output_item":
        described["source_agent"] = item.source_agent.name
        described["target_agent"] = item.target_agent.name
    elif item.type == "tool_progress_item":
        described["progress"] = as_json(vars(item.progress))
    elif item.type == "input_item":
        described["input_id"] = item.input_id
    elif item.type == "tool_approval_item":
        described["tool_name"] = item.tool_name
    return described


def error_of(item: ToolCallOutputItem) -> str | None:
    """What the tool has raised, the same of a run and of a recording of it."""
    # Read by name: items of the Agents SDK's runs have no such field.
    error: Exception | None = getattr(item, "error", None)
    if error is None:
        return None
    if isinstance(error, RecordedToolError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def as_json(value: object) -> Any:
    """The value in JSON types: a model as a dictionary, what JSON does not know as its `str()`."""
    if isinstance(value, BaseModel):
        return value.model_dump(
            mode="json",
            by_alias=True,
            # What a server left out stays out; of a model of the user's, defaults count too.
            exclude_unset=isinstance(value, openai.BaseModel),
            warnings=False,
            fallback=str,
        )
    if isinstance(value, dict):
        return {str(key): as_json(each) for key, each in cast("dict[Any, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [as_json(each) for each in cast("list[Any]", value)]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)
