"""What makes traces and spans."""

from __future__ import annotations

import logging
import uuid
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import Any

from .config import TracingConfig, disabled_by_environment
from .fan_out import SynchronousMultiTracingProcessor
from .no_op import NoOpSpan, NoOpTrace
from .processor_interface import TracingProcessor
from .scope import current_span, current_trace, innermost
from .spans import NO_OP, Span, SpanImpl, TSpanData
from .traces import Trace, TraceImpl

_logger = logging.getLogger("rxagents.tracing")


class TraceProvider(ABC):
    """Makes traces and spans, and knows which are current."""

    @abstractmethod
    def register_processor(self, processor: TracingProcessor) -> None:
        """Tell this processor too."""

    @abstractmethod
    def set_processors(self, processors: list[TracingProcessor]) -> None:
        """Tell these processors and no others."""

    @abstractmethod
    def get_current_trace(self) -> Trace | None:
        """The trace that a new span would be part of."""

    @abstractmethod
    def get_current_span(self) -> Span[Any] | None:
        """The span that a new one would be part of."""

    @abstractmethod
    def set_disabled(self, disabled: bool) -> None:
        """Whether nothing is recorded."""

    @abstractmethod
    def time_iso(self) -> str:
        """The time now, as ISO 8601."""

    @abstractmethod
    def gen_trace_id(self) -> str:
        """A new id of a trace."""

    @abstractmethod
    def gen_span_id(self) -> str:
        """A new id of a span."""

    @abstractmethod
    def gen_group_id(self) -> str:
        """A new id of a group of traces."""

    @abstractmethod
    def create_trace(
        self,
        name: str,
        trace_id: str | None = None,
        group_id: str | None = None,
        metadata: dict[str, Any] | None = None,
        disabled: bool = False,
        tracing: TracingConfig | None = None,
    ) -> Trace:
        """A new trace, which has not started yet."""

    @abstractmethod
    def create_span(
        self,
        span_data: TSpanData,
        span_id: str | None = None,
        parent: Trace | Span[Any] | None = None,
        disabled: bool = False,
    ) -> Span[TSpanData]:
        """A new span of `parent`, or of what is current; it has not started yet."""

    @property
    def is_listening(self) -> bool:
        """Whether anybody is told of traces; a run asks before it makes any."""
        return True

    def force_flush(self) -> None:
        """Have processors send what is waiting; nothing by default."""
        return

    def shutdown(self) -> None:
        """Release what the provider holds; nothing by default."""
        return


class DefaultTraceProvider(TraceProvider):
    """Tells its processors of each trace and span. It has none until some are added."""

    def __init__(self) -> None:
        self._all = SynchronousMultiTracingProcessor()
        self._disabled: bool | None = None

    def register_processor(self, processor: TracingProcessor) -> None:
        self._all.add_tracing_processor(processor)

    def set_processors(self, processors: list[TracingProcessor]) -> None:
        self._all.set_processors(processors)

    def get_current_trace(self) -> Trace | None:
        found = innermost(current_trace)
        return found if isinstance(found, Trace) else None

    def get_current_span(self) -> Span[Any] | None:
        found = innermost(current_span)
        return found if isinstance(found, Span) else None

    def set_disabled(self, disabled: bool) -> None:
        self._disabled = disabled

    @property
    def is_listening(self) -> bool:
        return bool(self._all.processors) and not self._is_disabled()

    def time_iso(self) -> str:
        return datetime.now(UTC).isoformat()

    def gen_trace_id(self) -> str:
        return f"trace_{uuid.uuid4().hex}"

    def gen_span_id(self) -> str:
        return f"span_{uuid.uuid4().hex[:24]}"

    def gen_group_id(self) -> str:
        return f"group_{uuid.uuid4().hex[:24]}"

    def create_trace(
        self,
        name: str,
        trace_id: str | None = None,
        group_id: str | None = None,
        metadata: dict[str, Any] | None = None,
        disabled: bool = False,
        tracing: TracingConfig | None = None,
    ) -> Trace:
        if disabled or self._is_disabled():
            return NoOpTrace()
        key = tracing.get("api_key") if tracing is not None else None
        trace_id = trace_id or self.gen_trace_id()
        return TraceImpl(name, trace_id, group_id, metadata, self._all, key)

    def create_span(
        self,
        span_data: TSpanData,
        span_id: str | None = None,
        parent: Trace | Span[Any] | None = None,
        disabled: bool = False,
    ) -> Span[TSpanData]:
        if parent is None:
            parent = self._current()
        if disabled or self._is_disabled() or parent is None or parent.trace_id == NO_OP:
            return NoOpSpan(span_data)
        parent_id, metadata = (
            (parent.span_id, parent.trace_metadata)
            if isinstance(parent, Span)
            else (None, parent.metadata)
        )
        return SpanImpl(
            parent.trace_id,
            span_id or self.gen_span_id(),
            parent_id,
            self._all,
            span_data,
            parent.tracing_api_key,
            metadata,
            clock=self.time_iso,
        )

    def force_flush(self) -> None:
        self._all.force_flush()

    def shutdown(self) -> None:
        self._all.shutdown()

    def _current(self) -> Trace | Span[Any] | None:
        trace, span = self.get_current_trace(), self.get_current_span()
        if trace is None:
            _logger.debug("a span outside of any trace is not recorded: see trace()")
            return None
        # A trace within a span of another trace begins anew.
        return span if span is not None and span.trace_id in {trace.trace_id, NO_OP} else trace

    def _is_disabled(self) -> bool:
        if self._disabled is None:
            self._disabled = disabled_by_environment()
        return self._disabled
