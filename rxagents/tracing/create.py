"""Making traces and spans by hand.

A trace or span that is made has not started: use it as a context manager, or call `start()` and
`finish()`. Where no `parent` is given, it is part of what is current. `disabled` makes one that
nobody is told of.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .config import TracingConfig
from .setup import get_trace_provider
from .span_data import (
    AgentSpanData,
    CustomSpanData,
    FunctionSpanData,
    GenerationSpanData,
    GuardrailSpanData,
    HandoffSpanData,
    MCPListToolsSpanData,
    ResponseSpanData,
    TaskSpanData,
    TurnSpanData,
)
from .spans import Span, TSpanData
from .traces import Trace

if TYPE_CHECKING:
    from openai.types.responses import Response

    Parent = Trace | Span[Any] | None

_logger = logging.getLogger("rxagents.tracing")


def trace(
    workflow_name: str,
    trace_id: str | None = None,
    group_id: str | None = None,
    metadata: dict[str, Any] | None = None,
    tracing: TracingConfig | None = None,
    disabled: bool = False,
) -> Trace:
    """A trace of a workflow, which runs within it become part of.

    `group_id` is the same for the traces of one conversation. A trace within another is a trace
    of its own, which is logged as a warning.
    """
    provider = get_trace_provider()
    if provider.get_current_trace() is not None:
        _logger.warning("the trace %r is made within another trace", workflow_name)
    return provider.create_trace(
        workflow_name,
        trace_id=trace_id,
        group_id=group_id,
        metadata=metadata,
        disabled=disabled,
        tracing=tracing,
    )


def get_current_trace() -> Trace | None:
    """The trace that a span made here would be part of."""
    return get_trace_provider().get_current_trace()


def get_current_span() -> Span[Any] | None:
    """The span that a span made here would be part of."""
    return get_trace_provider().get_current_span()


def agent_span(
    name: str,
    handoffs: list[str] | None = None,
    tools: list[str] | None = None,
    output_type: str | None = None,
    span_id: str | None = None,
    parent: Parent = None,
    disabled: bool = False,
) -> Span[AgentSpanData]:
    """An agent at work; `handoffs`, `tools` and `output_type` are names."""
    data = AgentSpanData(name, handoffs, tools, output_type)
    return make_span(data, span_id, parent, disabled)


def task_span(
    name: str, span_id: str | None = None, parent: Parent = None, disabled: bool = False
) -> Span[TaskSpanData]:
    """A whole run."""
    return make_span(TaskSpanData(name), span_id, parent, disabled)


def turn_span(
    turn: int,
    agent_name: str,
    span_id: str | None = None,
    parent: Parent = None,
    disabled: bool = False,
) -> Span[TurnSpanData]:
    """A turn of a run."""
    return make_span(TurnSpanData(turn, agent_name), span_id, parent, disabled)


def function_span(
    name: str,
    input: str | None = None,
    output: str | None = None,
    span_id: str | None = None,
    parent: Parent = None,
    disabled: bool = False,
) -> Span[FunctionSpanData]:
    """A tool at work."""
    return make_span(FunctionSpanData(name, input, output), span_id, parent, disabled)


def generation_span(
    input: Sequence[Mapping[str, Any]] | None = None,
    output: Sequence[Mapping[str, Any]] | None = None,
    model: str | None = None,
    model_config: Mapping[str, Any] | None = None,
    usage: dict[str, Any] | None = None,
    span_id: str | None = None,
    parent: Parent = None,
    disabled: bool = False,
) -> Span[GenerationSpanData]:
    """A call of a model by chat messages; `usage` has `input_tokens` and `output_tokens`."""
    data = GenerationSpanData(input, output, model, model_config, usage)
    return make_span(data, span_id, parent, disabled)


def response_span(
    response: Response | None = None,
    span_id: str | None = None,
    parent: Parent = None,
    disabled: bool = False,
) -> Span[ResponseSpanData]:
    """A call of a model by the Responses API."""
    return make_span(ResponseSpanData(response), span_id, parent, disabled)


def handoff_span(
    from_agent: str | None = None,
    to_agent: str | None = None,
    span_id: str | None = None,
    parent: Parent = None,
    disabled: bool = False,
) -> Span[HandoffSpanData]:
    """An agent hands over to another; both are names."""
    return make_span(HandoffSpanData(from_agent, to_agent), span_id, parent, disabled)


def custom_span(
    name: str,
    data: dict[str, Any] | None = None,
    span_id: str | None = None,
    parent: Parent = None,
    disabled: bool = False,
) -> Span[CustomSpanData]:
    """Work of the user's own; what `data` has may be changed until it ends."""
    return make_span(CustomSpanData(name, {} if data is None else data), span_id, parent, disabled)


def guardrail_span(
    name: str,
    triggered: bool = False,
    span_id: str | None = None,
    parent: Parent = None,
    disabled: bool = False,
) -> Span[GuardrailSpanData]:
    """A guardrail at work."""
    return make_span(GuardrailSpanData(name, triggered), span_id, parent, disabled)


def mcp_tools_span(
    server: str | None = None,
    result: list[str] | None = None,
    span_id: str | None = None,
    parent: Parent = None,
    disabled: bool = False,
) -> Span[MCPListToolsSpanData]:
    """An MCP server is asked for its tools; `result` is their names."""
    return make_span(MCPListToolsSpanData(server, result), span_id, parent, disabled)


def make_span(
    data: TSpanData, span_id: str | None, parent: Parent, disabled: bool
) -> Span[TSpanData]:
    """A span of the provider in force."""
    return get_trace_provider().create_span(data, span_id=span_id, parent=parent, disabled=disabled)
