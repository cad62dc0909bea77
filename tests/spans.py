"""A processor that keeps what it is told, and the tree that it makes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rxagents import tracing
from rxagents.tracing import Span, Trace, TracingProcessor


class Kept(TracingProcessor):
    """Everything it was told."""

    def __init__(self) -> None:
        self.traces: list[Trace] = []
        self.spans: list[Span[Any]] = []
        self.log: list[str] = []
        self.flushed = 0

    def on_trace_start(self, trace: Trace) -> None:
        self.traces.append(trace)
        self.log.append(f"+{trace.name}")

    def on_trace_end(self, trace: Trace) -> None:
        self.log.append(f"-{trace.name}")

    def on_span_start(self, span: Span[Any]) -> None:
        self.spans.append(span)
        self.log.append(f"+{label(span)}")

    def on_span_end(self, span: Span[Any]) -> None:
        self.log.append(f"-{label(span)}")

    def shutdown(self) -> None: ...

    def force_flush(self) -> None:
        self.flushed += 1

    def one(self, kind: str) -> Span[Any]:
        """The only span of its kind."""
        found = [span for span in self.spans if span.span_data.type == kind]
        assert len(found) == 1, [label(span) for span in self.spans]
        return found[0]

    def tree(self) -> str:
        """The spans as an indented list, `!` behind those with an error."""
        lines: list[str] = []

        def add(parent_id: str | None, depth: int) -> None:
            for span in self.spans:
                if span.parent_id == parent_id:
                    wrong = "!" if span.error else ""
                    still_open = "" if span.ended_at else " (open)"
                    lines.append("  " * depth + label(span) + wrong + still_open)
                    add(span.span_id, depth + 1)

        add(None, 0)
        return "\n".join(lines)


def label(span: Span[Any]) -> str:
    """The kind and the name."""
    data = span.span_data
    name = getattr(data, "name", None) or getattr(data, "turn", None)
    return f"{data.type} {name}" if name else str(data.type)


@contextmanager
def kept() -> Iterator[Kept]:
    """A fresh provider, whose only processor keeps all."""
    before = tracing.get_trace_provider()
    tracing.set_trace_provider(tracing.DefaultTraceProvider())
    processor = Kept()
    tracing.set_trace_processors([processor])
    try:
        yield processor
    finally:
        tracing.set_trace_provider(before)
