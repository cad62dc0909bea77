"""One turn of a model: its events folded into items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseFunctionToolCall,
    ResponseOutputItem,
    ResponseOutputItemDoneEvent,
    ResponseStreamEvent,
)

from rxagents.agent import Agent
from rxagents.events import RunItemName
from rxagents.exceptions import ModelRefusalError, ModelResponseError, ToolNotFoundError
from rxagents.handoffs import Handoff
from rxagents.items import (
    HandoffCallItem,
    ItemHelpers,
    MessageOutputItem,
    ModelResponse,
    ReasoningItem,
    RunItem,
    ToolCallItem,
)
from rxagents.tools import FunctionTool

FOLDED = frozenset(
    {
        "response.output_item.done",
        "response.completed",
        "response.failed",
        "response.incomplete",
        "error",
    }
)
"""The types of the events that `Turn.fold` wants to see; all others pass by."""


@dataclass(frozen=True)
class ToolCall:
    """A call of one of the agent's functions."""

    call: ResponseFunctionToolCall
    tool: FunctionTool


@dataclass(frozen=True)
class HandoffCall:
    """A request to hand over."""

    call: ResponseFunctionToolCall
    handoff: Handoff[Any]


@dataclass(eq=False)
class Turn:
    """What a response comes to. Items are told as soon as they are whole."""

    agent: Agent[Any]
    tools: Sequence[FunctionTool]
    handoffs: Sequence[Handoff[Any]]
    response: ModelResponse | None = None
    """The response, once it is completed."""

    tool_calls: list[ToolCall] = field(default_factory=list[ToolCall])
    handoff_calls: list[HandoffCall] = field(default_factory=list[HandoffCall])
    _unknown: list[str] = field(default_factory=list[str])
    _done: dict[int, ResponseOutputItem] = field(default_factory=dict[int, ResponseOutputItem])

    @property
    def final_text(self) -> str:
        """The text of the last message; empty if there is none.

        Raises ModelRefusalError if that message is a refusal.
        """
        output = self.response.output if self.response else []
        messages = [item for item in output if item.type == "message"]
        if not messages:
            return ""
        text = ItemHelpers.extract_text(messages[-1])
        refusal = ItemHelpers.extract_refusal(messages[-1])
        if refusal is not None and text is None:
            raise ModelRefusalError(refusal)
        return text or ""

    @property
    def is_final(self) -> bool:
        """Whether the model asks for nothing more."""
        return not self.tool_calls and not self.handoff_calls

    def fold(self, event: ResponseStreamEvent) -> Iterator[tuple[RunItemName, RunItem]]:
        """Yield the items that `event` finishes, with the names of their events.

        Raises ModelResponseError if the event says that the response has failed.
        """
        if isinstance(event, ResponseOutputItemDoneEvent):
            index = getattr(event, "output_index", None)  # lenient servers leave it out
            yield from self._finish(len(self._done) if index is None else index, event.item)
        elif isinstance(event, ResponseCompletedEvent):
            yield from self._complete(event.response)
        else:
            raise _failure(event)

    def check_calls(self) -> None:
        """Raise ToolNotFoundError if the model called what the agent does not have."""
        if self._unknown:
            name = self._unknown[0]
            known = ", ".join([t.name for t in self.tools] + [h.tool_name for h in self.handoffs])
            raise ToolNotFoundError(
                f"the model called the tool {name!r}, which the agent {self.agent.name!r} does "
                f"not have (it has: {known or 'none'})",
                tool_name=name,
            )

    def _complete(self, response: Response) -> Iterator[tuple[RunItemName, RunItem]]:
        # Some servers send no output_item.done, others leave the response's own list empty.
        done_ids = {getattr(item, "id", None) for item in self._done.values()}
        if len(self._done) < len(response.output):
            for index, item in enumerate(response.output):
                if index not in self._done and getattr(item, "id", object()) not in done_ids:
                    yield from self._finish(index, item)
        self.response = ModelResponse.of(response)
        if not self.response.output:
            self.response.output = [self._done[index] for index in sorted(self._done)]

    def _finish(self, index: int, raw: ResponseOutputItem) -> Iterator[tuple[RunItemName, RunItem]]:
        self._done[index] = raw
        if raw.type == "message":
            yield "message_output_created", MessageOutputItem(self.agent, raw)
        elif raw.type == "reasoning":
            yield "reasoning_item_created", ReasoningItem(self.agent, raw)
        elif isinstance(raw, ResponseFunctionToolCall):
            yield from self._call(raw)
        elif raw.type.endswith("_call"):  # a hosted tool, which the provider has run itself
            yield "tool_called", ToolCallItem(self.agent, raw)

    def _call(self, call: ResponseFunctionToolCall) -> Iterator[tuple[RunItemName, RunItem]]:
        for handoff in self.handoffs:
            if handoff.tool_name == call.name:
                self.handoff_calls.append(HandoffCall(call, handoff))
                yield "handoff_requested", HandoffCallItem(self.agent, call)
                return
        for tool in self.tools:
            if tool.name == call.name:
                self.tool_calls.append(ToolCall(call, tool))
                yield "tool_called", ToolCallItem(self.agent, call)
                return
        self._unknown.append(call.name)


def _failure(event: ResponseStreamEvent) -> ModelResponseError:
    """The error for `response.failed`, `response.incomplete` and `error` events."""
    # Read by name: a failing provider's events are the least likely to be complete.
    response: Any = getattr(event, "response", None)
    if event.type == "response.incomplete":
        reason = getattr(getattr(response, "incomplete_details", None), "reason", None)
        return ModelResponseError(
            f"the model stopped before its response was complete (response.incomplete: "
            f"{reason or 'it gives no reason'})"
            + ("; allow it more with ModelSettings(max_tokens=...)" if reason else ""),
            event_type=event.type,
            reason=reason,
        )
    said: Any = getattr(response, "error", None) if response is not None else event
    code, message = getattr(said, "code", None), getattr(said, "message", None)
    return ModelResponseError(
        f"the model's side reports a failure ({event.type}"
        f"{f', {code}' if code else ''}): {message or 'it gives no reason'}",
        event_type=event.type,
        code=code,
        reason=message,
    )
