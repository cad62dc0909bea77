"""Traces and spans that nobody is told of. What is within them is not recorded either."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from .scope import Scoped, current_span, current_trace
from .spans import NO_OP, Span, SpanError, TSpanData
from .traces import Trace


class NoOpSpan(Scoped, Span[TSpanData]):
    """A span that nobody is told of."""

    def __init__(self, span_data: TSpanData) -> None:
        self._span_data = span_data

    @property
    def span_data(self) -> TSpanData:
        return self._span_data

    @property
    def trace_id(self) -> str:
        return NO_OP

    @property
    def span_id(self) -> str:
        return NO_OP

    @property
    def parent_id(self) -> str | None:
        return None

    @property
    def error(self) -> SpanError | None:
        return None

    @property
    def started_at(self) -> str | None:
        return None

    @property
    def ended_at(self) -> str | None:
        return None

    @property
    def tracing_api_key(self) -> str | None:
        return None

    def start(self, mark_as_current: bool = False) -> None:
        if mark_as_current:
            self.make_current()

    def finish(self, reset_current: bool = False) -> None:
        self.leave()

    def set_error(self, error: SpanError) -> None:
        """Nothing happens."""

    def export(self) -> dict[str, Any] | None:
        return None

    def variable(self) -> ContextVar[Scoped | None]:
        return current_span


class NoOpTrace(Scoped, Trace):
    """A trace that nobody is told of."""

    @property
    def trace_id(self) -> str:
        return NO_OP

    @property
    def name(self) -> str:
        return NO_OP

    @property
    def tracing_api_key(self) -> str | None:
        return None

    def start(self, mark_as_current: bool = False) -> None:
        if mark_as_current:
            self.make_current()

    def finish(self, reset_current: bool = False) -> None:
        self.leave()

    def export(self) -> dict[str, Any] | None:
        return None

    def variable(self) -> ContextVar[Scoped | None]:
        return current_trace
