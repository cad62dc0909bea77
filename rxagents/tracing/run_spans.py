"""The spans of a run, folded from its events.

    trace → task → agent → turn → response (or generation)
                                → function, with what the tool does in it
                                → handoff
                         → guardrail

The loop knows nothing of spans. It shows its events to a `RunSpans`, and some signals beside them.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterator
from typing import Any, Final

from rxagents.agent import Agent
from rxagents.events import (
    AgentUpdatedStreamEvent,
    RawResponsesStreamEvent,
    RunItemStreamEvent,
    StreamEvent,
)
from rxagents.usage import Usage

from .call_spans import CallSpans
from .config import include_task_and_turn_spans
from .context import trace_for_run
from .model_span import ModelSpan
from .run_signals import (
    GuardrailEnded,
    GuardrailStarted,
    HandoffStarted,
    ModelAsked,
    RunSignal,
    RunStart,
    ToolFailed,
    ToolStarted,
)
from .setup import get_trace_provider
from .span_data import AgentSpanData, GuardrailSpanData, TaskSpanData, TurnSpanData
from .span_reading import agent_facts, run_usage, span_error, turn_usage
from .spans import Span, TSpanData
from .traces import Trace

READ: Final = frozenset(
    {
        "response.created",
        "response.completed",
        "response.incomplete",
        "response.failed",
        "error",
    }
)
"""The types of the model's events that say something here; all others pass by."""

_MESSAGES: Final = {
    "function": "Error running tool",
    "response": "Error getting response",
    "generation": "Error getting response",
}
_logger = logging.getLogger("rxagents.tracing")


def trace_run(start: RunStart) -> RunSpans | None:
    """Begin the spans of a run; None where nobody would be told of them.

    The trace is the current one, or a new one if there is none.
    """
    return RunSpans(start) if get_trace_provider().is_listening else None


class RunSpans:
    """Opens and closes the spans of one run as its events pass.

    `see` is to be called with each event in order, and with the signals, in the task where each
    comes about; `end` once. Neither raises.
    """

    def __init__(self, start: RunStart) -> None:
        self._sensitive = start.include_sensitive_data
        self._with_loop = include_task_and_turn_spans(start.tracing)
        self._run_id = start.run_id
        self._provider = provider = get_trace_provider()
        self._trace = trace_for_run(
            start.workflow_name,
            start.trace_id,
            start.group_id,
            start.metadata,
            start.tracing,
            start.disabled,
        )
        if self._trace is not None:
            self._trace.start(mark_as_current=True)
        self._root = self._trace or provider.get_current_span() or provider.get_current_trace()
        self._task: Span[TaskSpanData] | None = None
        self._agent: Span[AgentSpanData] | None = None
        self._turn: Span[TurnSpanData] | None = None
        self._model: ModelSpan | None = None
        self._calls = CallSpans(lambda data: self._open(data, self._in_turn()), self._sensitive)
        self._guardrails: dict[Hashable, Span[GuardrailSpanData]] = {}
        self._usage, self._turn_usage = Usage(), Usage()
        self._has_signals = False
        self._ended = False
        if self._with_loop:
            self._task = self._open(TaskSpanData(start.workflow_name), self._root)

    def see(self, what: StreamEvent | RunSignal) -> None:
        """Take the next event, or a signal."""
        if isinstance(what, RawResponsesStreamEvent) and what.data.type not in READ:
            return
        if self._ended or self._is_of_another_run(what):
            return
        try:
            self._read(what)
        except Exception:
            _logger.exception("spans of a run are missing, since a %s", type(what).__name__)

    def end(self, error: BaseException | None = None) -> None:
        """Close what is open, with `error` if that has ended the run."""
        if self._ended:
            return
        self._ended = True
        for span in list(self._open_spans()):
            message = _MESSAGES.get(span.span_data.type, "Error in agent run")
            if error is not None and span.error is None:
                span.set_error(span_error(error, message, self._sensitive))
            span.finish(reset_current=True)
        if self._trace is not None:
            self._trace.finish(reset_current=True)

    def _is_of_another_run(self, what: StreamEvent | RunSignal) -> bool:
        # An outer run may show the events of the runs within it.
        return bool(self._run_id) and getattr(what, "run_id", "") not in {"", self._run_id}

    def _read(self, what: StreamEvent | RunSignal) -> None:
        match what:
            case RawResponsesStreamEvent():
                self._on_raw(what)
            case RunItemStreamEvent(item=item):
                self._calls.item(item)
                self._go_on()
            case AgentUpdatedStreamEvent(new_agent=agent):
                self._on_agent(agent)
            case ModelAsked():
                self._has_signals = True
                self._ask(what)
            case ToolStarted():
                self._has_signals = True
                self._calls.tool_started(what)
            case ToolFailed():
                self._calls.tool_failed(what)
            case HandoffStarted():
                self._calls.handoff_started(what)
            case GuardrailStarted(key=key, name=name):
                self._guardrails[key] = self._open(GuardrailSpanData(name), self._in_agent())
            case GuardrailEnded():
                self._on_guardrail(what)

    # --- what happens -----------------------------------------------------------------------

    def _on_agent(self, agent: Agent[Any]) -> None:
        self._close_turn()
        if self._agent is not None:
            self._agent.finish(reset_current=True)
        data = AgentSpanData(agent.name, **agent_facts(agent))
        self._agent = self._open(data, self._task or self._root)

    def _ask(self, asked: ModelAsked) -> None:
        if self._model is not None:
            self._model.give_up()
        elif self._turn is None or self._turn.span_data.turn != asked.turn:
            self._close_turn()
            if self._with_loop:
                data = TurnSpanData(asked.turn, asked.agent_name)
                self._turn = self._open(data, self._in_agent())
        if self._agent is not None and asked.tools is not None:
            self._agent.span_data.tools = list(asked.tools)
        if self._agent is not None and asked.handoffs is not None:
            self._agent.span_data.handoffs = list(asked.handoffs)
        self._model = ModelSpan(
            self._provider, asked, self._in_turn(), self._sensitive, timed=self._has_signals
        )

    def _on_raw(self, event: RawResponsesStreamEvent) -> None:
        if event.data.type == "response.created":
            if self._model is None or self._model.is_answering:
                name = event.path[-1] if event.path else ""
                model = event.data.response.model
                self._ask(ModelAsked(agent_name=name, turn=event.turn, model=model))
            assert self._model is not None
            self._model.begin(event.data.response)
        elif self._model is not None:
            used, called = self._model.complete(event.data)
            self._model = None
            self._calls.waiting |= called
            self._spend(used)
            if event.data.type == "response.completed":
                self._go_on()

    def _spend(self, used: Usage) -> None:
        self._usage.add(used)
        self._turn_usage.add(used)
        if self._turn is not None:
            self._turn.span_data.usage = turn_usage(self._turn_usage)
        if self._task is not None:
            self._task.span_data.usage = run_usage(self._usage)

    def _on_guardrail(self, ended: GuardrailEnded) -> None:
        span = self._guardrails.pop(ended.key, None)
        if span is None:
            return
        span.span_data.triggered = ended.triggered
        if ended.error is not None:
            span.set_error(span_error(ended.error, "Error in guardrail", self._sensitive))
        span.finish(reset_current=True)

    def _go_on(self) -> None:
        """When a response is whole, its tools begin; when all is answered, the turn is over."""
        if self._model is not None:
            return
        if not self._has_signals:
            self._calls.begin_tools()
        if not self._calls.waiting:
            self._close_turn()

    # --- spans ------------------------------------------------------------------------------

    def _close_turn(self) -> None:
        self._calls.forget()
        self._turn_usage = Usage()
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.finish(reset_current=True)

    def _open(self, data: TSpanData, parent: Trace | Span[Any] | None) -> Span[TSpanData]:
        span = self._provider.create_span(data, parent=parent)
        span.start(mark_as_current=True)
        return span

    def _in_agent(self) -> Trace | Span[Any] | None:
        return self._agent or self._task or self._root

    def _in_turn(self) -> Trace | Span[Any] | None:
        return self._turn or self._in_agent()

    def _open_spans(self) -> Iterator[Span[Any]]:
        """Innermost first."""
        yield from self._calls.open_spans()
        yield from self._guardrails.values()
        if self._model is not None:
            yield self._model.span
        yield from (span for span in (self._turn, self._agent, self._task) if span is not None)
