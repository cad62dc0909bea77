"""One processor that stands for several."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from .processor_interface import TracingProcessor
from .spans import Span
from .traces import Trace

_logger = logging.getLogger("rxagents.tracing")


class SynchronousMultiTracingProcessor(TracingProcessor):
    """Tells each of its processors, in the order they were added in.

    What one raises is logged; the others are told all the same.
    """

    def __init__(self) -> None:
        self.processors: tuple[TracingProcessor, ...] = ()

    def add_tracing_processor(self, tracing_processor: TracingProcessor) -> None:
        """Tell this one too."""
        self.processors = (*self.processors, tracing_processor)

    def set_processors(self, processors: Sequence[TracingProcessor]) -> None:
        """Tell these and no others."""
        self.processors = tuple(processors)

    def on_trace_start(self, trace: Trace) -> None:
        self._tell(lambda processor: processor.on_trace_start(trace))

    def on_trace_end(self, trace: Trace) -> None:
        self._tell(lambda processor: processor.on_trace_end(trace))

    def on_span_start(self, span: Span[Any]) -> None:
        self._tell(lambda processor: processor.on_span_start(span))

    def on_span_end(self, span: Span[Any]) -> None:
        self._tell(lambda processor: processor.on_span_end(span))

    def shutdown(self) -> None:
        self._tell(lambda processor: processor.shutdown())

    def force_flush(self) -> None:
        self._tell(lambda processor: processor.force_flush())

    def _tell(self, what: Callable[[TracingProcessor], None]) -> None:
        for processor in self.processors:
            try:
                what(processor)
            except Exception:
                _logger.exception("the trace processor %r failed", type(processor).__qualname__)
