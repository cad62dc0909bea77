"""Traces as OpenTelemetry's: GenAI spans and metrics. Needs `rxagents[otel]`.

    from rxagents.tracing import add_trace_processor
    from rxagents.tracing.otel import OpenTelemetryProcessor

    add_trace_processor(OpenTelemetryProcessor())

The names are those of OpenTelemetry's conventions for generative AI, which are still under
development: they come from `opentelemetry-util-genai`, and change with its version.
"""

# pyright: reportMissingTypeStubs=false
# opentelemetry-util-genai is annotated, but has no py.typed marker of its own.

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from opentelemetry.context import Context, attach, get_current
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import TracerProvider, get_tracer, get_tracer_provider
from opentelemetry.util.genai.handler import TelemetryHandler

from ._otel_spans import Counterpart, Counterparts
from .processor_interface import TracingProcessor
from .span_data import TaskSpanData
from .spans import Span
from .traces import Trace

_SCOPE = "rxagents"


@dataclass(slots=True)
class _Open:
    counterpart: Counterpart
    before: Context | None
    """What was current, if the counterpart has become it."""


class OpenTelemetryProcessor(TracingProcessor):
    """Makes an OpenTelemetry span of each span, and records the metrics that go with it.

        trace               invoke_workflow, with the group id as the conversation's id
        agent               invoke_agent
        response, generation   chat: model, tokens, finish reason, id of the response
        function            execute_tool, with the id of the call
        task, turn          none: what is in them is in what they are in
        all others          spans of their own names

    A trace begins in the span that is current in OpenTelemetry, such as that of a web request.
    While a tool or a model is at work, its span is current there, so that what it does, such as
    a request to a database, is part of it. Metrics: seconds of model calls, tools, agents and
    workflows, and tokens.

    `provider_name` is `gen_ai.provider.name` of the models whose spans do not tell. What is said
    to models and tools is told only if OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT asks for
    it, and the run's `trace_include_sensitive_data` allows it.
    """

    def __init__(
        self,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        *,
        provider_name: str = "openai",
    ) -> None:
        handler = TelemetryHandler(
            tracer_provider, meter_provider, instrumentation_scope_name=_SCOPE
        )
        self._provider = tracer_provider
        tracer = get_tracer(_SCOPE, tracer_provider=tracer_provider)
        self._make = Counterparts(handler, tracer, provider_name)
        self._open: dict[str, _Open] = {}

    def on_trace_start(self, trace: Trace) -> None:
        self._begin(trace.trace_id, self._make.of_trace(trace, get_current()), trace)

    def on_trace_end(self, trace: Trace) -> None:
        self._end(trace.trace_id, None)

    def on_span_start(self, span: Span[Any]) -> None:
        parent = self._parent(span)
        if parent is None:  # its trace began before this processor was added
            parent = Counterpart(get_current())
        self._begin(span.span_id, self._make.of_span(span.span_data, parent), span)

    def on_span_end(self, span: Span[Any]) -> None:
        error = span.error
        if isinstance(span.span_data, TaskSpanData) and span.parent_id is None:
            trace = self._open.get(span.trace_id)
            if trace is not None:  # a trace has no error: that of its last run is its own
                trace.counterpart.error = error
        self._end(span.span_id, error)

    def force_flush(self) -> None:
        """Have the tracer provider send what waits, if it can."""
        flush = getattr(self._provider or get_tracer_provider(), "force_flush", None)
        if flush is not None:
            flush()

    def shutdown(self) -> None:
        """Nothing: the providers are the program's."""

    def _parent(self, span: Span[Any]) -> Counterpart | None:
        found = self._open.get(span.parent_id or span.trace_id) or self._open.get(span.trace_id)
        return None if found is None else found.counterpart

    def _begin(self, key: str, counterpart: Counterpart, what: object) -> None:
        before = None
        if getattr(what, "marks_current", False):
            before = get_current()
            # The token is not kept: it could not be used in another task, where this may end.
            attach(counterpart.context)
        self._open[key] = _Open(counterpart, before)

    def _end(self, key: str, error: Any) -> None:
        opened = self._open.pop(key, None)
        if opened is None:
            return
        opened.counterpart.end(error or opened.counterpart.error)
        if opened.before is not None and get_current() is opened.counterpart.context:
            attach(opened.before)
