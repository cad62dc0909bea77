"""What holds for all traces of the program."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from .processor_interface import TracingProcessor
from .setup import get_trace_provider

if TYPE_CHECKING:
    from .backend import BackendSpanExporter
    from .processors import BatchTraceProcessor


def add_trace_processor(span_processor: TracingProcessor) -> None:
    """Tell this processor too of all that starts and ends from now on."""
    get_trace_provider().register_processor(span_processor)


def set_trace_processors(processors: list[TracingProcessor]) -> None:
    """Tell these processors and no others; none, by default."""
    get_trace_provider().set_processors(processors)


def set_tracing_disabled(disabled: bool) -> None:
    """Whether nothing is recorded, whatever the environment says."""
    get_trace_provider().set_disabled(disabled)


def set_tracing_export_api_key(api_key: str) -> None:
    """The key for `default_exporter()`. By itself this exports nothing: add the processor."""
    default_exporter().set_api_key(api_key)


def flush_traces() -> None:
    """Send what is waiting now, instead of at the next time. Blocks until it is sent."""
    get_trace_provider().force_flush()


@cache
def default_exporter() -> BackendSpanExporter:
    """The exporter of `default_processor()`: to OpenAI. One for the program."""
    from .backend import BackendSpanExporter

    return BackendSpanExporter()


@cache
def default_processor() -> BatchTraceProcessor:
    """What sends traces to OpenAI, if it is added: `add_trace_processor(default_processor())`."""
    from .processors import BatchTraceProcessor

    return BatchTraceProcessor(default_exporter())


def gen_trace_id() -> str:
    """A new id of a trace, as backends want it."""
    return get_trace_provider().gen_trace_id()


def gen_span_id() -> str:
    """A new id of a span, as backends want it."""
    return get_trace_provider().gen_span_id()


def gen_group_id() -> str:
    """A new id of a group of traces."""
    return get_trace_provider().gen_group_id()
