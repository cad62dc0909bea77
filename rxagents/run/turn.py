"""One turn of a model: its events folded into items."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseFunctionToolCall,
    ResponseOutputItem,
    ResponseOutputItemAddedEvent,
    ResponseOutputItemDoneEvent,
    ResponseStreamEvent,
)

from rxagents.agent import Agent
from rxagents.events import RunItemName
from rxagents.exceptions import ModelRefusalError, ToolNotFoundError
from rxagents.handoffs import Handoff
from rxagents.hosted_tools import HostedMCPTool
from rxagents.items import (
    CompactionItem,
    HandoffCallItem,
    ItemHelpers,
    MCPApprovalRequestItem,
    MCPListToolsItem,
    MessageOutputItem,
    ModelResponse,
    ReasoningItem,
    RunItem,
    ToolCallItem,
    ToolSearchCallItem,
    ToolSearchOutputItem,
)
from rxagents.local_tools import LOCAL_CALLS
from rxagents.models.terminal import response_failure
from rxagents.tools import FunctionTool, Tool

FOLDED = frozenset(
    {
        "response.output_item.added",
        "response.output_item.done",
        "response.completed",
        "response.failed",
        "response.incomplete",
        "error",
    }
)
"""The types of the events that `Turn.fold` wants to see; all others pass by."""


@dataclass(frozen=True, eq=False)
class ToolCall:
    """A call of one of the agent's tools that run here."""

    call: Any
    """The output item of the model: a function call, or a computer's, a shell's…"""

    tool: Tool

    @property
    def call_id(self) -> str:
        """The id that the call's output carries too."""
        return cast("str", getattr(self.call, "call_id", None) or self.call.id)


@dataclass(frozen=True, eq=False)
class HandoffCall:
    """A request to hand over."""

    call: ResponseFunctionToolCall
    handoff: Handoff[Any, Any]

    @property
    def call_id(self) -> str:
        """The id that the call's output carries too."""
        return self.call.call_id


@dataclass(frozen=True, eq=False)
class UnknownCall:
    """A call of what the agent does not have."""

    call: ResponseFunctionToolCall

    @property
    def call_id(self) -> str:
        """The id that the call's output carries too."""
        return self.call.call_id


Call: TypeAlias = ToolCall | HandoffCall | UnknownCall

_ITEMS: dict[str, tuple[RunItemName, Callable[[Agent[Any], Any], RunItem]]] = {
    "message": ("message_output_created", MessageOutputItem),
    "reasoning": ("reasoning_item_created", ReasoningItem),
    "mcp_list_tools": ("mcp_list_tools", MCPListToolsItem),
    "mcp_approval_request": ("mcp_approval_requested", MCPApprovalRequestItem),
    "tool_search_call": ("tool_search_called", ToolSearchCallItem),
    "tool_search_output": ("tool_search_output_created", ToolSearchOutputItem),
}


@dataclass(eq=False)
class Turn:
    """What a response comes to. Items are told as soon as they are whole."""

    agent: Agent[Any]
    tools: Sequence[Tool]
    handoffs: Sequence[Handoff[Any, Any]]
    response: ModelResponse | None = None
    """The response, once it is completed."""

    calls: list[Call] = field(default_factory=list[Call])
    """All calls that must be answered here, in the order of the response."""

    items: list[RunItem] = field(default_factory=list[RunItem])
    """What the model has said and called, in the order of the response."""

    begun: list[str] = field(default_factory=list[str])
    """Ids of the output items that have begun, also those that never were finished."""

    _done: dict[int, ResponseOutputItem] = field(default_factory=dict[int, ResponseOutputItem])
    _places: dict[RunItem | Call, int] = field(default_factory=dict[Any, int])

    @classmethod
    def restore(
        cls,
        agent: Agent[Any],
        tools: Sequence[Tool],
        handoffs: Sequence[Handoff[Any, Any]],
        response: ModelResponse,
    ) -> Turn:
        """The turn that a response came to earlier."""
        turn = cls(agent, tools, handoffs)
        for index, raw in enumerate(response.output):
            for _ in turn._finish(index, raw):
                continue
        turn.response = response
        return turn

    @property
    def tool_calls(self) -> list[ToolCall]:
        """The calls of tools."""
        return [call for call in self.calls if isinstance(call, ToolCall)]

    @property
    def handoff_calls(self) -> list[HandoffCall]:
        """The requests to hand over."""
        return [call for call in self.calls if isinstance(call, HandoffCall)]

    @property
    def unknown_calls(self) -> list[UnknownCall]:
        """The calls of what the agent does not have."""
        return [call for call in self.calls if isinstance(call, UnknownCall)]

    @property
    def used(self) -> list[str]:
        """The names of what was called, of tools and of handoffs."""
        kinds = (ToolCallItem, HandoffCallItem, ToolSearchCallItem)
        calls: list[Any] = [item.raw_item for item in self.items if isinstance(item, kinds)]
        return [getattr(call, "name", None) or call.type for call in calls]

    @property
    def final_text(self) -> str:
        """The text of the last message; empty if there is none.

        Raises ModelRefusalError if that message holds a refusal.
        """
        output = self.response.output if self.response else []
        messages = [item for item in output if item.type == "message"]
        if not messages:
            return ""
        refusal = ItemHelpers.extract_refusal(messages[-1])
        if refusal is not None:
            raise ModelRefusalError(refusal)
        return ItemHelpers.extract_text(messages[-1]) or ""

    @property
    def is_final(self) -> bool:
        """Whether the model asks for nothing more, and has not only used tools of its provider."""
        if self.calls:
            return False
        used = any(isinstance(item, ToolCallItem | ToolSearchCallItem) for item in self.items)
        return not used or any(isinstance(item, MessageOutputItem) for item in self.items)

    def fold(self, event: ResponseStreamEvent) -> Iterator[tuple[RunItemName, RunItem]]:
        """Yield the items that `event` finishes, with the names of their events.

        Raises ModelResponseError if the event says that the response has failed.
        """
        if isinstance(event, ResponseOutputItemDoneEvent):
            index = getattr(event, "output_index", None)  # lenient servers leave it out
            yield from self._finish(len(self._done) if index is None else index, event.item)
        elif isinstance(event, ResponseOutputItemAddedEvent):
            if (item_id := getattr(event.item, "id", None)) is not None:
                self.begun.append(item_id)
        elif isinstance(event, ResponseCompletedEvent):
            yield from self._complete(event.response)
        else:
            raise response_failure(event)

    def not_found(self, call: UnknownCall) -> ToolNotFoundError:
        """The error for a call of what the agent does not have."""
        named = [name for tool in self.tools if (name := getattr(tool, "name", None))]
        known = ", ".join([*named, *(h.tool_name for h in self.handoffs)])
        return ToolNotFoundError(
            f"the model called the tool {call.call.name!r}, which the agent "
            f"{self.agent.name!r} does not have (it has: {known or 'none'})",
            tool_name=call.call.name,
        )

    def _complete(self, response: Response) -> Iterator[tuple[RunItemName, RunItem]]:
        # Some servers send no output_item.done, others leave the response's own list empty.
        done_ids = {getattr(item, "id", None) for item in self._done.values()}
        if len(self._done) < len(response.output):
            for index, item in enumerate(response.output):
                if index not in self._done and getattr(item, "id", object()) not in done_ids:
                    yield from self._finish(index, item)
        self.items.sort(key=self._places.__getitem__)
        self.calls.sort(key=self._places.__getitem__)
        self.response = ModelResponse.of(response)
        if not self.response.output:
            self.response.output = [self._done[index] for index in sorted(self._done)]

    def _finish(self, index: int, raw: ResponseOutputItem) -> Iterator[tuple[RunItemName, RunItem]]:
        self._done[index] = raw
        name, item = self._item(index, raw)
        self.items.append(item)
        self._places[item] = index
        if name is not None:
            yield name, item

    def _item(self, index: int, raw: ResponseOutputItem) -> tuple[RunItemName | None, RunItem]:
        """The item, and the name of its event if it has one."""
        call = self._call_to_answer(raw)
        if call is not None:
            self.calls.append(call)
            self._places[call] = index
        if raw.type in _ITEMS:
            name, kind = _ITEMS[raw.type]
            return name, kind(self.agent, raw)
        if raw.type == "compaction":
            return None, CompactionItem(self.agent, raw)
        if isinstance(call, HandoffCall):
            return "handoff_requested", HandoffCallItem(self.agent, call.call)
        told = raw.type.endswith("_call") and not isinstance(call, UnknownCall)
        return "tool_called" if told else None, ToolCallItem(self.agent, raw)

    def _call_to_answer(self, raw: ResponseOutputItem) -> Call | None:
        """The call, unless it is of a hosted tool, which the provider has run itself."""
        if raw.type in LOCAL_CALLS:
            return self._call_of(LOCAL_CALLS[raw.type], raw)
        if raw.type == "mcp_approval_request":
            return self._call_of(HostedMCPTool, raw)
        if not isinstance(raw, ResponseFunctionToolCall):
            return None
        for handoff in self.handoffs:
            if handoff.tool_name == raw.name:
                return HandoffCall(raw, handoff)
        for tool in self.tools:
            if tool.name == raw.name and isinstance(tool, FunctionTool):
                return ToolCall(raw, tool)
        return UnknownCall(raw)

    def _call_of(self, kind: type[Any], raw: Any) -> ToolCall | None:
        """The call of a tool of this kind; of several MCP servers, the one it names."""
        tools = [tool for tool in self.tools if isinstance(tool, kind)]
        named = [tool for tool in tools if _label(tool) in (None, getattr(raw, "server_label", 0))]
        tool = next(iter([*named, *tools]), None)
        return None if tool is None or not getattr(tool, "is_local", True) else ToolCall(raw, tool)


def _label(tool: object) -> str | None:
    return tool.tool_config["server_label"] if isinstance(tool, HostedMCPTool) else None
