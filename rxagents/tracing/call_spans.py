"""The spans of what a model's answers ask for: tools and handoffs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from rxagents.items import HandoffOutputItem, RunItem

from .run_signals import HandoffStarted, ToolFailed, ToolStarted
from .span_data import FunctionSpanData, HandoffSpanData, SpanData
from .span_reading import span_error
from .spans import Span


class CallSpans:
    """The calls of one run, and which of them wait for an answer."""

    def __init__(self, open: Callable[[Any], Span[Any]], sensitive: bool) -> None:
        """`open` starts a span in the turn that there is."""
        self._open = open
        self._sensitive = sensitive
        self._tools: dict[str, Span[FunctionSpanData]] = {}
        self._handoffs: dict[str, Span[HandoffSpanData]] = {}
        self._called: dict[str, Any] = {}
        """Calls of tools that have not begun, as far as is known."""

        self.waiting: set[str] = set()
        """The ids of the calls of this turn that have no answer yet."""

    def item(self, item: RunItem) -> None:
        """Take an item that is done; a call waits from here on, and an answer ends its span."""
        call_id = _call_id(item)
        if call_id is None:
            return  # a message, or a call that the provider answers itself
        if item.type == "tool_call_item":
            self.waiting.add(call_id)
            self._called[call_id] = item.raw_item
        elif item.type == "handoff_call_item":
            self.waiting.add(call_id)
        elif item.type == "tool_call_output_item":
            self._end_tool(call_id, item.output)
        elif item.type == "handoff_output_item":
            self._end_handoff(call_id, item)

    def begin_tools(self) -> None:
        """Take the tools that were called as begun, where nobody tells when they begin."""
        calls, self._called = self._called, {}
        for call_id, call in calls.items():
            name, arguments = call.name, getattr(call, "arguments", None)
            self.tool_started(ToolStarted(call_id=call_id, name=name, arguments=arguments))

    def tool_started(self, signal: ToolStarted) -> None:
        self._tools[signal.call_id] = self._open(
            FunctionSpanData(
                signal.name,
                signal.arguments if self._sensitive else None,
                None,
                signal.mcp_data if self._sensitive else None,
                signal.call_id,
                signal.description,
            )
        )

    def tool_failed(self, signal: ToolFailed) -> None:
        span = self._tools.get(signal.call_id)
        if span is not None:
            message = "Error running tool" if signal.fatal else "Error running tool (non-fatal)"
            name = span.span_data.name
            span.set_error(span_error(signal.error, message, self._sensitive, tool_name=name))

    def handoff_started(self, signal: HandoffStarted) -> None:
        self._handoffs[signal.call_id] = self._open(HandoffSpanData(signal.from_agent, None))

    def forget(self) -> None:
        """The turn is over, whatever was answered."""
        self.waiting.clear()
        self._called.clear()

    def open_spans(self) -> Iterator[Span[SpanData]]:
        """The last one first."""
        for spans in (self._handoffs, self._tools):
            yield from cast("Iterable[Span[SpanData]]", reversed(spans.values()))

    def _end_tool(self, call_id: str, output: object) -> None:
        self.waiting.discard(call_id)
        span = self._tools.pop(call_id, None)
        if span is not None:
            if self._sensitive:
                span.span_data.output = output
            span.finish(reset_current=True)

    def _end_handoff(self, call_id: str, item: HandoffOutputItem) -> None:
        self.waiting.discard(call_id)
        span = self._handoffs.pop(call_id, None)
        if span is None:
            span = self._open(HandoffSpanData(item.source_agent.name, None))
        span.span_data.to_agent = item.target_agent.name
        span.finish(reset_current=True)


def _call_id(item: RunItem) -> str | None:
    raw: Any = item.raw_item
    found = raw.get("call_id") if isinstance(raw, dict) else getattr(raw, "call_id", None)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return found if isinstance(found, str) else None
