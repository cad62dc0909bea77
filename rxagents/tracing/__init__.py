"""Tracing: what a run does, as a tree of spans that processors are told of.

    config       what a user may set
    span_data    what spans tell, a class for each kind of work; speech_data: those of speech
    spans        a span, and what is current; traces: what spans are part of
    create       making them by hand; create_speech
    provider     what makes them all; setup: the one in force
    run_spans    the spans of a run, folded from its events
    processors   sending them on, in batches; backend: to OpenAI
    otel         sending them on as OpenTelemetry's spans and metrics (rxagents[otel])

Nothing is sent anywhere unless a processor is added, and nothing is done for it: a run without
processors has no spans.

    add_trace_processor(default_processor())             # to OpenAI, with OPENAI_API_KEY
    add_trace_processor(OpenTelemetryProcessor())        # from rxagents.tracing.otel

(`rxagents.operators.trace` is another thing: it writes what passes a place of a chain.)
"""

from .config import TracingConfig as TracingConfig
from .context import TraceCtxManager as TraceCtxManager
from .create import agent_span as agent_span
from .create import custom_span as custom_span
from .create import function_span as function_span
from .create import generation_span as generation_span
from .create import get_current_span as get_current_span
from .create import get_current_trace as get_current_trace
from .create import guardrail_span as guardrail_span
from .create import handoff_span as handoff_span
from .create import mcp_tools_span as mcp_tools_span
from .create import response_span as response_span
from .create import task_span as task_span
from .create import trace as trace
from .create import turn_span as turn_span
from .create_speech import speech_group_span as speech_group_span
from .create_speech import speech_span as speech_span
from .create_speech import transcription_span as transcription_span
from .global_settings import add_trace_processor as add_trace_processor
from .global_settings import default_exporter as default_exporter
from .global_settings import default_processor as default_processor
from .global_settings import flush_traces as flush_traces
from .global_settings import gen_group_id as gen_group_id
from .global_settings import gen_span_id as gen_span_id
from .global_settings import gen_trace_id as gen_trace_id
from .global_settings import set_trace_processors as set_trace_processors
from .global_settings import set_tracing_disabled as set_tracing_disabled
from .global_settings import set_tracing_export_api_key as set_tracing_export_api_key
from .processor_interface import TracingExporter as TracingExporter
from .processor_interface import TracingProcessor as TracingProcessor
from .provider import DefaultTraceProvider as DefaultTraceProvider
from .provider import TraceProvider as TraceProvider
from .setup import get_trace_provider as get_trace_provider
from .setup import set_trace_provider as set_trace_provider
from .span_data import AgentSpanData as AgentSpanData
from .span_data import CustomSpanData as CustomSpanData
from .span_data import FunctionSpanData as FunctionSpanData
from .span_data import GenerationSpanData as GenerationSpanData
from .span_data import GuardrailSpanData as GuardrailSpanData
from .span_data import HandoffSpanData as HandoffSpanData
from .span_data import MCPListToolsSpanData as MCPListToolsSpanData
from .span_data import ResponseSpanData as ResponseSpanData
from .span_data import SpanData as SpanData
from .span_data import TaskSpanData as TaskSpanData
from .span_data import TurnSpanData as TurnSpanData
from .spans import Span as Span
from .spans import SpanError as SpanError
from .speech_data import SpeechGroupSpanData as SpeechGroupSpanData
from .speech_data import SpeechSpanData as SpeechSpanData
from .speech_data import TranscriptionSpanData as TranscriptionSpanData
from .traces import Trace as Trace
