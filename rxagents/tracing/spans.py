"""A span: a piece of work with a beginning and an end, within a trace."""

from __future__ import annotations

import abc
import logging
from collections.abc import Callable
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Generic, TypeVar

from typing_extensions import TypedDict

from .processor_interface import TracingProcessor
from .scope import Scoped, current_span
from .span_data import SpanData

TSpanData = TypeVar("TSpanData", bound=SpanData)

NO_OP = "no-op"
"""The id of what is not recorded."""

_logger = logging.getLogger("rxagents.tracing")


class SpanError(TypedDict):
    """What went wrong in a span."""

    message: str
    data: dict[str, Any] | None


class Span(abc.ABC, Generic[TSpanData]):
    """A piece of work. As a context manager it is current within the block, and ends with it."""

    @property
    @abc.abstractmethod
    def trace_id(self) -> str:
        """The id of the trace that it is part of."""

    @property
    @abc.abstractmethod
    def span_id(self) -> str:
        """Its own id."""

    @property
    @abc.abstractmethod
    def parent_id(self) -> str | None:
        """The id of the span it is part of; None if it is part of the trace alone."""

    @property
    @abc.abstractmethod
    def span_data(self) -> TSpanData:
        """What the work is; may be changed until the span ends."""

    @property
    @abc.abstractmethod
    def error(self) -> SpanError | None:
        """What went wrong, if anything did."""

    @property
    @abc.abstractmethod
    def started_at(self) -> str | None:
        """When it started, as ISO 8601; None before that."""

    @property
    @abc.abstractmethod
    def ended_at(self) -> str | None:
        """When it ended, as ISO 8601; None before that."""

    @property
    @abc.abstractmethod
    def tracing_api_key(self) -> str | None:
        """The key that it is to be exported with, if not with the exporter's own."""

    @property
    def trace_metadata(self) -> dict[str, Any] | None:
        """The metadata of its trace."""
        return None

    @abc.abstractmethod
    def start(self, mark_as_current: bool = False) -> None:
        """Start it; with `mark_as_current`, spans made from now on are part of it."""

    @abc.abstractmethod
    def finish(self, reset_current: bool = False) -> None:
        """End it, in whatever task; what has ended is current nowhere."""

    @abc.abstractmethod
    def set_error(self, error: SpanError) -> None:
        """Say what went wrong."""

    @abc.abstractmethod
    def export(self) -> dict[str, Any] | None:
        """What exporters send; None if it is not recorded."""

    def __enter__(self) -> Span[TSpanData]:
        self.start(mark_as_current=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.finish(reset_current=True)


class SpanImpl(Scoped, Span[TSpanData]):
    """A span that a processor is told of."""

    def __init__(
        self,
        trace_id: str,
        span_id: str,
        parent_id: str | None,
        processor: TracingProcessor,
        span_data: TSpanData,
        tracing_api_key: str | None,
        trace_metadata: dict[str, Any] | None = None,
        *,
        clock: Callable[[], str],
    ) -> None:
        self._trace_id = trace_id
        self._span_id = span_id
        self._parent_id = parent_id
        self._processor = processor
        self._span_data = span_data
        self._tracing_api_key = tracing_api_key
        self._trace_metadata = trace_metadata
        self._clock = clock
        self._started_at: str | None = None
        self._ended_at: str | None = None
        self._error: SpanError | None = None
        self.marks_current: bool = False
        """Whether it is, or was, the current span where it was started."""

    @property
    def trace_id(self) -> str:
        return self._trace_id

    @property
    def span_id(self) -> str:
        return self._span_id

    @property
    def parent_id(self) -> str | None:
        return self._parent_id

    @property
    def span_data(self) -> TSpanData:
        return self._span_data

    @property
    def error(self) -> SpanError | None:
        return self._error

    @property
    def started_at(self) -> str | None:
        return self._started_at

    @property
    def ended_at(self) -> str | None:
        return self._ended_at

    @property
    def tracing_api_key(self) -> str | None:
        return self._tracing_api_key

    @property
    def trace_metadata(self) -> dict[str, Any] | None:
        return self._trace_metadata

    def start(self, mark_as_current: bool = False) -> None:
        if self._started_at is not None:
            _logger.warning("the span %s was started already", self._span_id)
            return
        self._started_at = self._clock()
        self.marks_current = mark_as_current
        self._processor.on_span_start(self)
        if mark_as_current:
            self.make_current()

    def finish(self, reset_current: bool = False) -> None:
        if self._ended_at is not None:
            _logger.warning("the span %s was finished already", self._span_id)
            return
        self._ended_at = self._clock()
        try:
            self._processor.on_span_end(self)
        finally:
            self.leave()

    def set_error(self, error: SpanError) -> None:
        self._error = error

    def export(self) -> dict[str, Any] | None:
        exported: dict[str, Any] = {
            "object": "trace.span",
            "id": self._span_id,
            "trace_id": self._trace_id,
            "parent_id": self._parent_id,
            "started_at": self._started_at,
            "ended_at": self._ended_at,
            "span_data": self._span_data.export(),
            "error": self._error,
        }
        metadata = getattr(self._span_data, "metadata", None)
        return {**exported, "metadata": metadata} if metadata else exported

    def variable(self) -> ContextVar[Scoped | None]:
        return current_span
