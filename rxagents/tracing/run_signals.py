"""What the spans of a run need to know that its events do not tell.

An event tells that something is done; these tell that it begins, and they are nobody's events.
All are optional: without them, a model call begins with the first event of its answer, and a tool
with the end of the response that calls it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from .config import TracingConfig

if TYPE_CHECKING:
    from openai.types.responses import ResponseInputItemParam

    from rxagents.model_settings import ModelSettings

DEFAULT_WORKFLOW_NAME = "Agent workflow"


@dataclass(slots=True, kw_only=True)
class RunStart:
    """A run begins."""

    workflow_name: str = DEFAULT_WORKFLOW_NAME
    trace_id: str | None = None
    group_id: str | None = None
    """The same for all runs of one conversation."""

    metadata: dict[str, Any] | None = None
    tracing: TracingConfig | None = None
    disabled: bool = False
    """Nothing of the run is recorded, nor of what its tools do, whatever trace it is in."""

    include_sensitive_data: bool = True
    """Whether spans tell inputs, outputs and the texts of errors."""

    run_id: str = ""
    """Events of other runs are passed over; all are taken if it is empty."""


@dataclass(slots=True, kw_only=True)
class ModelAsked:
    """A model is called; told right before that, for each attempt."""

    agent_name: str
    turn: int
    model: str | None = None
    input: str | list[ResponseInputItemParam] | None = None
    settings: ModelSettings | None = None
    provider: str | None = None
    """Who serves the model, as OpenTelemetry names it; None for what the processor takes."""

    api: Literal["responses", "chat"] = "responses"
    """Whether it is told as a response span or as a generation span."""

    tools: Sequence[str] | None = None
    """The names of the tools that it is offered."""

    handoffs: Sequence[str] | None = None
    """The names of the agents it is offered to hand over to."""


@dataclass(slots=True, kw_only=True)
class ToolStarted:
    """A tool is called. Told in the tool's own task, where its span is then the current one."""

    call_id: str
    name: str
    arguments: str | None = None
    description: str | None = None
    mcp_data: dict[str, Any] | None = None


@dataclass(slots=True, kw_only=True)
class ToolFailed:
    """A tool has raised; told before its output, if it has one all the same."""

    call_id: str
    error: BaseException
    fatal: bool = False
    """Whether the run ends with it; otherwise the model is told."""


@dataclass(slots=True, kw_only=True)
class GuardrailStarted:
    """A guardrail of an agent begins. Told in its own task, if it has one."""

    key: Hashable
    """The same as in the `GuardrailEnded` that belongs to it."""

    name: str


@dataclass(slots=True, kw_only=True)
class GuardrailEnded:
    """A guardrail has come to an answer, or has failed."""

    key: Hashable
    triggered: bool = False
    error: BaseException | None = None


@dataclass(slots=True, kw_only=True)
class HandoffStarted:
    """A handoff begins: its filters and callbacks run."""

    call_id: str
    from_agent: str


RunSignal: TypeAlias = (
    ModelAsked | ToolStarted | ToolFailed | GuardrailStarted | GuardrailEnded | HandoffStarted
)
"""Anything that is told beside the events."""
