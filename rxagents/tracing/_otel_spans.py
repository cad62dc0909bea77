"""What stands for a trace or a span in OpenTelemetry."""

# pyright: reportMissingTypeStubs=false
# opentelemetry-util-genai is annotated, but has no py.typed marker of its own.

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from opentelemetry.context import Context
from opentelemetry.trace import Span as OtelSpan
from opentelemetry.trace import StatusCode, Tracer, set_span_in_context
from opentelemetry.util.genai.handler import TelemetryHandler
from opentelemetry.util.genai.invocation import (
    Error,
    InferenceInvocation,
    LocalAgentInvocation,
    ToolInvocation,
    WorkflowInvocation,
)

from ._otel_messages import input_messages, output_messages
from .span_data import (
    AgentSpanData,
    CustomSpanData,
    FunctionSpanData,
    GenerationSpanData,
    GuardrailSpanData,
    HandoffSpanData,
    ModelCall,
    ResponseSpanData,
    SpanData,
    TaskSpanData,
    TurnSpanData,
)
from .spans import SpanError
from .traces import Trace

_ModelData: TypeAlias = ResponseSpanData | GenerationSpanData
_Invocation: TypeAlias = (
    InferenceInvocation | LocalAgentInvocation | ToolInvocation | WorkflowInvocation
)

_SETTINGS = ("temperature", "top_p", "frequency_penalty", "presence_penalty", "max_tokens")


@dataclass(slots=True)
class Counterpart:
    """Where in OpenTelemetry a trace or span is, and how it ends there."""

    context: Context
    """What is in it begins in this context."""

    finish: Callable[[SpanError | None], None] | None = None
    agent: LocalAgentInvocation | None = None
    """The agent that it is, or is part of."""

    error: SpanError | None = None

    def end(self, error: SpanError | None) -> None:
        """End it; with an error, if it has one."""
        if self.finish is not None:
            self.finish(error)


class Counterparts:
    """Makes them."""

    def __init__(self, handler: TelemetryHandler, tracer: Tracer, provider_name: str) -> None:
        self._handler = handler
        self._tracer = tracer
        self._provider_name = provider_name

    def of_trace(self, trace: Trace, context: Context) -> Counterpart:
        """Begin a trace, in `context`."""
        group_id = getattr(trace, "group_id", None)
        invocation = self._handler.workflow(trace.name, context=context, conversation_id=group_id)
        return _counterpart(invocation, None)

    def of_span(self, data: SpanData, parent: Counterpart) -> Counterpart:
        """Begin a span, in what its parent stands for."""
        match data:
            case TaskSpanData() | TurnSpanData():
                return Counterpart(parent.context, agent=parent.agent)
            case AgentSpanData():
                agent = self._handler.invoke_local_agent(
                    agent_name=data.name, context=parent.context
                )
                return _counterpart(agent, agent)
            case ResponseSpanData() | GenerationSpanData():
                return self._model(data, parent)
            case FunctionSpanData():
                return self._tool(data, parent)
            case _:
                return self._other(data, parent)

    def _model(self, data: _ModelData, parent: Counterpart) -> Counterpart:
        call = data.call or ModelCall()
        invocation = self._handler.inference(
            call.provider or self._provider_name,
            request_model=data.model,
            context=parent.context,
        )

        def fill() -> None:
            _fill_inference(invocation, data, call)
            _add_tokens(parent.agent, data.usage or {})

        return _counterpart(invocation, parent.agent, fill)

    def _tool(self, data: FunctionSpanData, parent: Counterpart) -> Counterpart:
        invocation = self._handler.tool(
            data.name,
            tool_type="function",
            agent_name=parent.agent.agent_name if parent.agent is not None else None,
            context=parent.context,
        )
        invocation.tool_call_id = data.call_id
        invocation.tool_description = data.description

        def fill() -> None:
            if invocation.should_capture_content:
                invocation.arguments = data.input
                invocation.tool_result = None if data.output is None else str(data.output)

        return _counterpart(invocation, parent.agent, fill)

    def _other(self, data: SpanData, parent: Counterpart) -> Counterpart:
        name = getattr(data, "name", None)
        title = f"{data.type} {name}" if name and data.type != "custom" else name or data.type
        span = self._tracer.start_span(title, context=parent.context)

        def finish(error: SpanError | None) -> None:
            span.set_attributes(_attributes(data))
            if error is not None:
                _fail(span, error)
            span.end()

        return Counterpart(set_span_in_context(span, parent.context), finish, parent.agent)


def _counterpart(
    invocation: _Invocation,
    agent: LocalAgentInvocation | None,
    fill: Callable[[], None] | None = None,
) -> Counterpart:
    # It has made itself current, and would want to be ended in this same task.
    invocation.suspend()

    def finish(error: SpanError | None) -> None:
        if fill is not None:
            fill()
        if error is None:
            invocation.stop()
        else:
            invocation.fail(Error(_message(error), _error_type(error)))

    return Counterpart(invocation.context, finish, agent)


def _fill_inference(invocation: InferenceInvocation, data: _ModelData, call: ModelCall) -> None:
    invocation.request_stream = True
    for name in _SETTINGS:
        value = (data.model_config or {}).get(name)
        if value is not None:
            setattr(invocation, name, value)
    invocation.response_id = call.response_id
    invocation.response_model_name = call.response_model
    invocation.ttfc_seconds = call.first_event_after
    if call.finish_reason is not None:
        invocation.finish_reasons = [call.finish_reason]
    usage = data.usage or {}
    invocation.input_tokens = usage.get("input_tokens")
    invocation.output_tokens = usage.get("output_tokens")
    read: dict[str, Any] = usage.get("input_tokens_details") or {}
    written: dict[str, Any] = usage.get("output_tokens_details") or {}
    invocation.cache_read_input_tokens = read.get("cached_tokens")
    invocation.cache_write_input_tokens = read.get("cache_write_tokens")
    invocation.thinking_tokens = written.get("reasoning_tokens")
    if invocation.should_capture_content:
        invocation.input_messages = input_messages(data.input)
        invocation.output_messages = output_messages(_answer(data), call.finish_reason)


def _answer(data: _ModelData) -> Iterable[Any] | None:
    if isinstance(data, GenerationSpanData):
        return data.output
    return data.response.output if data.response is not None else None


def _add_tokens(agent: LocalAgentInvocation | None, usage: dict[str, Any]) -> None:
    if agent is not None and usage:
        agent.input_tokens = (agent.input_tokens or 0) + usage.get("input_tokens", 0)
        agent.output_tokens = (agent.output_tokens or 0) + usage.get("output_tokens", 0)


def _attributes(data: SpanData) -> dict[str, str | bool | int | float]:
    """What is told of spans that the conventions do not know."""
    match data:
        case HandoffSpanData():
            told: dict[str, Any] = {"from_agent": data.from_agent, "to_agent": data.to_agent}
        case GuardrailSpanData():
            told = {"name": data.name, "triggered": data.triggered}
        case CustomSpanData():
            told = data.data
        case _:
            return {}
    return {
        f"rxagents.{data.type}.{name}": value
        for name, value in told.items()
        if isinstance(value, str | bool | int | float)
    }


def _fail(span: OtelSpan, error: SpanError) -> None:
    span.set_status(StatusCode.ERROR, _message(error))
    span.set_attribute("error.type", _error_type(error))


def _message(error: SpanError) -> str:
    said = (error["data"] or {}).get("error")
    return f"{error['message']}: {said}" if said else error["message"]


def _error_type(error: SpanError) -> str:
    return str((error["data"] or {}).get("type", "_OTHER"))
