"""Traces as OpenTelemetry's spans and metrics."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from opentelemetry import trace as otel_trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from spans import kept
from test_run_spans import ANSWER, CALL, agent, traced

from rxagents import ModelSettings, custom_span, function_span, trace, tracing
from rxagents.testing import function_call
from rxagents.tracing import handoff_span
from rxagents.tracing.otel import OpenTelemetryProcessor
from rxagents.tracing.run_signals import ModelAsked, RunStart, ToolStarted
from rxagents.tracing.run_spans import RunSpans

CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"


@dataclass
class Told:
    """What OpenTelemetry was told."""

    exporter: InMemorySpanExporter
    reader: InMemoryMetricReader
    provider: TracerProvider

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self.exporter.get_finished_spans())

    def one(self, name: str) -> ReadableSpan:
        found = [span for span in self.spans if span.name == name]
        assert len(found) == 1, [span.name for span in self.spans]
        return found[0]

    def attributes(self, name: str) -> dict[str, Any]:
        return dict(self.one(name).attributes or {})

    def parent(self, name: str) -> str | None:
        parent = self.one(name).parent
        if parent is None:
            return None
        names = {s.context.span_id: s.name for s in self.spans if s.context is not None}
        return names[parent.span_id]

    def metrics(self) -> dict[str, list[Any]]:
        data = self.reader.get_metrics_data()
        assert data is not None
        return {
            metric.name: list(metric.data.data_points)
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    monkeypatch.delenv(CONTENT, raising=False)
    with kept():
        yield listen()


def listen() -> Told:
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    meters = MeterProvider([reader])
    tracing.set_trace_processors([OpenTelemetryProcessor(provider, meters)])
    return Told(exporter, reader, provider)


async def test_a_run_is_agents_that_call_models_and_tools(told: Told) -> None:
    start = RunStart(workflow_name="Trip", group_id="chat_1")
    await traced(
        agent([CALL], [function_call("transfer_to_other", {}, call_id="c2")], [ANSWER]), start
    )
    names = [span.name for span in told.spans]
    assert names == [
        "chat scripted",
        "execute_tool weather",
        "chat scripted",
        "handoff",
        "invoke_agent Guide",
        "chat scripted",
        "invoke_agent Other",
        "invoke_workflow Trip",
    ]
    assert told.parent("execute_tool weather") == "invoke_agent Guide"
    assert told.parent("handoff") == "invoke_agent Guide"
    assert told.parent("invoke_agent Other") == told.parent("invoke_agent Guide")
    assert told.parent("invoke_agent Other") == "invoke_workflow Trip"
    assert told.one("execute_tool weather").kind is otel_trace.SpanKind.INTERNAL
    assert told.spans[0].kind is otel_trace.SpanKind.CLIENT
    for span in told.spans:
        if span.name not in {"execute_tool weather", "handoff"}:
            assert (span.attributes or {})["gen_ai.conversation.id"] == "chat_1"


async def test_a_model_call_has_its_model_tokens_and_reason(told: Told) -> None:
    await traced(agent([CALL], [ANSWER]))
    first, second = (dict(s.attributes or {}) for s in told.spans if s.name == "chat scripted")
    assert first["gen_ai.operation.name"] == "chat"
    assert first["gen_ai.provider.name"] == "openai"
    assert first["gen_ai.response.id"] == "resp_1"
    assert first["gen_ai.response.model"] == "scripted"
    assert first["gen_ai.response.finish_reasons"] == ("tool_call",)
    assert second["gen_ai.response.finish_reasons"] == ("stop",)
    assert first["gen_ai.usage.output_tokens"] == 2
    guide = told.attributes("invoke_agent Guide")
    assert guide["gen_ai.usage.output_tokens"] == 5
    assert told.attributes("execute_tool weather") == {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "weather",
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": "c1",
        "gen_ai.tool.description": "Tell the weather.",
        "gen_ai.agent.name": "Guide",
    }


async def test_content_is_told_if_the_environment_asks_for_it(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CONTENT, "span_only")
    told = listen()
    spans = RunSpans(RunStart())
    spans.see(
        ModelAsked(
            agent_name="a",
            turn=1,
            model="m",
            input=[
                {"role": "user", "content": "Hi"},
                {"type": "function_call", "call_id": "c", "name": "t", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c", "output": "done"},
            ],
        )
    )
    spans.end()
    said = json.loads(told.attributes("chat m")["gen_ai.input.messages"])
    assert [(m["role"], m["parts"][0]["type"]) for m in said] == [
        ("user", "text"),
        ("assistant", "tool_call"),
        ("tool", "tool_call_response"),
    ]
    await traced(agent([CALL], [ANSWER]))
    tool = told.attributes("execute_tool weather")
    assert tool["gen_ai.tool.call.result"] == "sun in Oslo"
    answer = json.loads((told.spans[-3].attributes or {})["gen_ai.output.messages"])  # type: ignore[arg-type]
    assert answer[0]["parts"][0]["content"] == "It is sunny."


async def test_without_sensitive_data_no_content_is_told(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CONTENT, "span_only")
    told = listen()
    await traced(agent([CALL], [ANSWER]), RunStart(include_sensitive_data=False))
    everything = " ".join(str(dict(span.attributes or {})) for span in told.spans)
    assert "Oslo" not in everything
    assert "sunny" not in everything
    assert "resp_1" in everything


async def test_settings_are_request_parameters(told: Told) -> None:
    spans = RunSpans(RunStart())
    spans.see(
        ModelAsked(
            agent_name="a",
            turn=1,
            model="m",
            provider="anthropic",
            settings=ModelSettings(temperature=0.5, max_tokens=10),
        )
    )
    spans.end()
    attributes = told.attributes("chat m")
    assert attributes["gen_ai.request.temperature"] == 0.5
    assert attributes["gen_ai.request.max_tokens"] == 10
    assert attributes["gen_ai.provider.name"] == "anthropic"


async def test_a_failure_is_the_error_of_all_it_ends(told: Told) -> None:
    await traced(agent([function_call("broken", {}, call_id="c1")]))
    failed = {s.name for s in told.spans if not s.status.is_ok and s.status.status_code.value == 2}
    assert failed == {
        "execute_tool broken",
        "invoke_agent Guide",
        "invoke_workflow Agent workflow",
    }
    tool = told.one("execute_tool broken")
    assert "no disk" in (tool.status.description or "")
    error_type = (tool.attributes or {})["error.type"]
    assert error_type == "rxagents.exceptions.ToolCallError"


async def test_the_metrics(told: Told) -> None:
    await traced(agent([CALL], [ANSWER]), RunStart(workflow_name="Trip"))
    metrics = told.metrics()
    assert set(metrics) == {
        "gen_ai.client.operation.duration",
        "gen_ai.client.token.usage",
        "gen_ai.execute_tool.duration",
        "gen_ai.invoke_agent.duration",
        "gen_ai.invoke_workflow.duration",
    }
    tokens = {
        p.attributes["gen_ai.token.type"]: p.sum for p in metrics["gen_ai.client.token.usage"]
    }
    assert tokens["output"] == 5
    (calls,) = metrics["gen_ai.client.operation.duration"]
    assert calls.count == 2


async def test_a_run_is_part_of_what_is_current_in_opentelemetry(told: Told) -> None:
    tracer = told.provider.get_tracer("web")
    with tracer.start_as_current_span("GET /"):
        await traced(agent([ANSWER]))
    assert told.parent("invoke_workflow Agent workflow") == "GET /"


async def test_what_a_tool_does_is_part_of_its_span(
    told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    tracer = told.provider.get_tracer("db")
    with tracer.start_as_current_span("GET /"):
        spans = RunSpans(RunStart())

        async def tool(name: str) -> None:
            spans.see(ToolStarted(call_id=name, name=name))
            await asyncio.sleep(1)
            with tracer.start_as_current_span(f"SELECT {name}"), custom_span(f"work {name}"):
                await asyncio.sleep(1)

        await asyncio.gather(tool("a"), tool("b"))
        spans.end()
        with tracer.start_as_current_span("after"):
            pass
    assert told.parent("SELECT a") == "execute_tool a"
    assert told.parent("SELECT b") == "execute_tool b"
    assert told.parent("work a") == "execute_tool a"
    assert told.parent("after") == "GET /"
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []


async def test_a_span_may_end_in_another_task(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    with trace("w"):
        span = function_span("f")
        span.start(mark_as_current=True)

        async def end() -> None:
            tracer = told.provider.get_tracer("other")
            with tracer.start_as_current_span("other") as current:
                span.finish(reset_current=True)
                assert otel_trace.get_current_span() is current

        await asyncio.create_task(end())
    assert told.parent("execute_tool f") == "invoke_workflow w"
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []


def test_spans_of_the_users_own(told: Told) -> None:
    with trace("w"), custom_span("load", {"rows": 3, "what": ["left", "out"]}) as span:
        span.set_error({"message": "late", "data": None})
        with handoff_span("a", "b"):
            pass
    assert told.attributes("load") == {"rxagents.custom.rows": 3, "error.type": "_OTHER"}
    assert told.one("load").status.description == "late"
    assert told.attributes("handoff")["rxagents.handoff.to_agent"] == "b"


def test_a_processor_that_comes_late_takes_what_begins_then(told: Told) -> None:
    tracing.set_trace_processors([])
    with trace("w"):
        told = listen()
        with function_span("f"):
            pass
    assert [span.name for span in told.spans] == ["execute_tool f"]
    tracing.flush_traces()
