"""What spans tell: one class for each kind of work.

A span has one of these as `span_data`. `type` names the kind, and `export()` gives what exporters
send. The attributes may be changed until the span ends.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from openai.types.responses import Response, ResponseInputItemParam


class SpanData(abc.ABC):
    """What a span tells of the work it stands for."""

    @property
    @abc.abstractmethod
    def type(self) -> str:
        """The kind of work."""

    @abc.abstractmethod
    def export(self) -> dict[str, Any]:
        """What exporters send, as JSON types where the values are."""


class KnownSpanData(SpanData):
    """A kind of this library: its name, and which of its attributes are exported."""

    _type: ClassVar[str]
    _exported: ClassVar[tuple[str, ...]]

    @property
    def type(self) -> str:
        """The kind of work."""
        return self._type

    def export(self) -> dict[str, Any]:
        """The kind and the attributes."""
        return {"type": self._type, **{name: getattr(self, name) for name in self._exported}}


@dataclass(eq=False, slots=True)
class AgentSpanData(KnownSpanData):
    """An agent at work, until it is done or hands over."""

    _type: ClassVar[str] = "agent"
    _exported: ClassVar[tuple[str, ...]] = ("name", "handoffs", "tools", "output_type")

    name: str
    handoffs: list[str] | None = None
    """The names of the agents it may hand over to."""

    tools: list[str] | None = None
    output_type: str | None = None
    metadata: dict[str, Any] | None = None


class _Loop(KnownSpanData):
    """A part of the agent loop: exported as a custom span, which every backend knows."""

    _exported: ClassVar[tuple[str, ...]] = ()
    usage: dict[str, Any] | None

    def export(self) -> dict[str, Any]:
        """A custom span whose data has the kind as `sdk_span_type`."""
        data = {"sdk_span_type": self._type, **{n: getattr(self, n) for n in self._exported}}
        if self.usage is not None:
            data["usage"] = self.usage
        return {"type": "custom", "name": self._type, "data": data}


@dataclass(eq=False)
class TaskSpanData(_Loop):
    """A whole run."""

    _type: ClassVar[str] = "task"
    _exported: ClassVar[tuple[str, ...]] = ("name",)

    name: str
    usage: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None


@dataclass(eq=False)
class TurnSpanData(_Loop):
    """A turn of a run: a model call and what it asks for."""

    _type: ClassVar[str] = "turn"
    _exported: ClassVar[tuple[str, ...]] = ("turn", "agent_name")

    turn: int
    agent_name: str
    usage: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None


@dataclass(eq=False, slots=True)
class FunctionSpanData(KnownSpanData):
    """A tool at work."""

    _type: ClassVar[str] = "function"

    name: str
    input: str | None
    """The arguments, in JSON."""

    output: Any
    mcp_data: dict[str, Any] | None = None
    """Of a tool of an MCP server, what is known of the server."""

    call_id: str | None = None
    """The model's id of the call; not exported."""

    description: str | None = None
    """What the model is told of the tool; not exported."""

    def export(self) -> dict[str, Any]:
        """The call and its output as a text."""
        return {
            "type": self.type,
            "name": self.name,
            "input": self.input,
            "output": None if self.output is None else str(self.output),
            "mcp_data": self.mcp_data,
        }


@dataclass(eq=False)
class ModelCall:
    """What spans of model calls know beyond what is exported: for processors."""

    provider: str | None = None
    """Who serves the model, as OpenTelemetry names it: `openai`, `anthropic`."""

    response_id: str | None = None
    response_model: str | None = None
    """The model that has answered, as it names itself."""

    finish_reason: str | None = None
    """Why it stopped: `stop`, `tool_call`, `length`, `content_filter` or `error`."""

    first_event_after: float | None = None
    """Seconds from the request to the first event of the answer."""


@dataclass(eq=False)
class GenerationSpanData(KnownSpanData):
    """A call of a model by chat messages."""

    _type: ClassVar[str] = "generation"
    _exported: ClassVar[tuple[str, ...]] = ("input", "output", "model", "model_config", "usage")

    input: Sequence[Mapping[str, Any]] | None = None
    output: Sequence[Mapping[str, Any]] | None = None
    model: str | None = None
    model_config: Mapping[str, Any] | None = None
    usage: dict[str, Any] | None = None
    call: ModelCall | None = None
    """More of the call; not exported."""


@dataclass(eq=False)
class ResponseSpanData(KnownSpanData):
    """A call of a model by the Responses API."""

    _type: ClassVar[str] = "response"

    response: Response | None = None
    input: str | list[ResponseInputItemParam] | None = None
    usage: dict[str, Any] | None = None
    model: str | None = None
    """The model that was asked; not exported, and neither are the next two."""

    model_config: Mapping[str, Any] | None = None
    call: ModelCall | None = None

    def export(self) -> dict[str, Any]:
        """The response's id, which is where a provider finds the rest, and the usage."""
        known = self.call.response_id if self.call is not None else None
        response_id = self.response.id if self.response is not None else known
        return {"type": self.type, "response_id": response_id, "usage": self.usage}


@dataclass(eq=False, slots=True)
class HandoffSpanData(KnownSpanData):
    """An agent hands over to another."""

    _type: ClassVar[str] = "handoff"
    _exported: ClassVar[tuple[str, ...]] = ("from_agent", "to_agent")

    from_agent: str | None
    to_agent: str | None


@dataclass(eq=False, slots=True)
class CustomSpanData(KnownSpanData):
    """Work of the user's own."""

    _type: ClassVar[str] = "custom"
    _exported: ClassVar[tuple[str, ...]] = ("name", "data")

    name: str
    data: dict[str, Any]


@dataclass(eq=False, slots=True)
class GuardrailSpanData(KnownSpanData):
    """A guardrail at work."""

    _type: ClassVar[str] = "guardrail"
    _exported: ClassVar[tuple[str, ...]] = ("name", "triggered")

    name: str
    triggered: bool = False


@dataclass(eq=False, slots=True)
class MCPListToolsSpanData(KnownSpanData):
    """An MCP server is asked for its tools."""

    _type: ClassVar[str] = "mcp_tools"
    _exported: ClassVar[tuple[str, ...]] = ("server", "result")

    server: str | None = None
    result: list[str] | None = None
