"""Traces and spans made by hand."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from spans import Kept, kept

from rxagents import tracing
from rxagents.tracing import (
    agent_span,
    custom_span,
    function_span,
    generation_span,
    get_current_span,
    get_current_trace,
    guardrail_span,
    handoff_span,
    mcp_tools_span,
    response_span,
    speech_group_span,
    speech_span,
    task_span,
    trace,
    transcription_span,
    turn_span,
)


@pytest.fixture
def told() -> Iterator[Kept]:
    with kept() as processor:
        yield processor


def test_spans_nest_in_the_order_of_their_blocks(told: Kept) -> None:
    with trace("work", group_id="g", metadata={"k": 1}), task_span("t"):
        with agent_span("a"), turn_span(1, "a"):
            pass
        with custom_span("c"):
            pass
    assert told.tree().split("\n") == ["task t", "  agent a", "    turn 1", "  custom c"]
    assert told.log[0] == "+work"
    assert told.log[-1] == "-work"
    exported = told.traces[0].export()
    assert exported == {
        "object": "trace",
        "id": told.traces[0].trace_id,
        "workflow_name": "work",
        "group_id": "g",
        "metadata": {"k": 1},
    }
    assert {span.trace_id for span in told.spans} == {told.traces[0].trace_id}
    assert told.spans[0].trace_metadata == {"k": 1}


def test_ids_have_the_form_that_backends_want() -> None:
    assert len(tracing.gen_trace_id()) == len("trace_") + 32
    assert len(tracing.gen_span_id()) == len("span_") + 24


def test_a_span_outside_of_any_trace_is_not_recorded(told: Kept) -> None:
    with custom_span("c") as span:
        assert span.trace_id == span.span_id == "no-op"
        assert span.export() is None
    assert told.log == []


def test_what_is_disabled_is_not_recorded_nor_what_is_in_it(told: Kept) -> None:
    with trace("w", disabled=True), custom_span("c"):
        pass
    with trace("seen"), custom_span("off", disabled=True), custom_span("in it"):
        pass
    assert told.log == ["+seen", "-seen"]


def test_tracing_is_disabled_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_AGENTS_DISABLE_TRACING", "true")
    with kept() as told:
        with trace("w"):
            pass
        assert told.log == []
        tracing.set_tracing_disabled(False)
        with trace("w"):
            pass
        assert told.log == ["+w", "-w"]


def test_nobody_listens_until_a_processor_is_added() -> None:
    provider = tracing.DefaultTraceProvider()
    assert not provider.is_listening
    provider.register_processor(Kept())
    assert provider.is_listening
    provider.set_disabled(True)
    assert not provider.is_listening


def test_a_parent_can_be_given(told: Kept) -> None:
    made = trace("w")
    made.start()
    first = custom_span("first", parent=made)
    first.start()
    second = custom_span("second", parent=first)
    second.start()
    second.finish()
    first.finish()
    made.finish()
    assert told.tree() == "custom first\n  custom second"
    assert get_current_trace() is None


def test_a_trace_within_a_span_of_another_begins_anew(
    told: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    with trace("outer"), custom_span("a"), trace("inner") as inner, custom_span("b") as span:
        assert span.trace_id == inner.trace_id
        assert span.parent_id is None
    assert "the trace 'inner' is made within another trace" in caplog.text


async def test_a_span_that_ends_in_another_task_is_current_nowhere(told: Kept) -> None:
    with trace("w"):
        outer = custom_span("outer")
        outer.start(mark_as_current=True)
        span = custom_span("span")
        span.start(mark_as_current=True)

        async def end() -> None:
            span.finish(reset_current=True)
            assert get_current_span() is outer

        await asyncio.create_task(end())
        assert get_current_span() is outer
        outer.finish()
    assert get_current_span() is None


async def test_an_async_generator_may_be_closed_by_another_task(told: Kept) -> None:
    async def numbers() -> AsyncIterator[int]:
        with trace("w"), custom_span("c"):
            yield 1
            yield 2

    generator: Any = numbers()
    assert await anext(generator) == 1
    await asyncio.create_task(generator.aclose())
    assert get_current_span() is None
    assert get_current_trace() is None
    assert told.log == ["+w", "+custom c", "-custom c", "-w"]


async def test_tasks_at_once_have_their_own_current_spans(told: Kept) -> None:
    async def work(name: str) -> None:
        with custom_span(name):
            await asyncio.sleep(1)
            with function_span(f"in {name}"):
                await asyncio.sleep(1)

    with trace("w"), task_span("t"):
        await asyncio.gather(work("a"), work("b"))
    assert told.tree().split("\n") == [
        "task t",
        "  custom a",
        "    function in a",
        "  custom b",
        "    function in b",
    ]


def test_spans_that_end_in_the_wrong_order_leave_the_outer_one_current(told: Kept) -> None:
    with trace("w"), custom_span("outer") as outer:
        first, second = custom_span("1"), custom_span("2")
        first.start(mark_as_current=True)
        second.start(mark_as_current=True)
        first.finish(reset_current=True)
        assert get_current_span() is second
        second.finish(reset_current=True)
        assert get_current_span() is outer


def test_a_processor_that_raises_harms_nobody(told: Kept, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Kept):
        def on_span_start(self, span: Any) -> None:
            raise ValueError("broken")

    tracing.set_trace_processors([Broken(), told])
    with trace("w"), custom_span("c"):
        pass
    assert told.log == ["+w", "+custom c", "-custom c", "-w"]
    assert "the trace processor" in caplog.text


def test_a_span_starts_and_ends_once(told: Kept, caplog: pytest.LogCaptureFixture) -> None:
    with trace("w"):
        span = custom_span("c")
        for _ in range(2):
            span.start()
        for _ in range(2):
            span.finish()
    assert told.log == ["+w", "+custom c", "-custom c", "-w"]
    assert [r.levelno for r in caplog.records] == [logging.WARNING] * 2


def test_flushing_reaches_the_processors(told: Kept) -> None:
    tracing.flush_traces()
    assert told.flushed == 1


def test_what_each_kind_exports(told: Kept) -> None:
    with trace("w"):
        spans: list[Any] = [
            agent_span("a", ["b"], ["t"], "str"),
            function_span("f", "{}", "out"),
            generation_span([{"role": "user"}], [{"role": "assistant"}], "m", {"top_p": 1}, {}),
            response_span(),
            handoff_span("a", "b"),
            custom_span("c", {"k": 1}),
            guardrail_span("g", True),
            mcp_tools_span("s", ["t"]),
            transcription_span("m", "AAA=", output="hi"),
            speech_span("m", "hi", "AAA="),
            speech_group_span("hi"),
        ]
    assert [span.span_data.export() for span in spans] == [
        {"type": "agent", "name": "a", "handoffs": ["b"], "tools": ["t"], "output_type": "str"},
        {"type": "function", "name": "f", "input": "{}", "output": "out", "mcp_data": None},
        {
            "type": "generation",
            "input": [{"role": "user"}],
            "output": [{"role": "assistant"}],
            "model": "m",
            "model_config": {"top_p": 1},
            "usage": {},
        },
        {"type": "response", "response_id": None, "usage": None},
        {"type": "handoff", "from_agent": "a", "to_agent": "b"},
        {"type": "custom", "name": "c", "data": {"k": 1}},
        {"type": "guardrail", "name": "g", "triggered": True},
        {"type": "mcp_tools", "server": "s", "result": ["t"]},
        {
            "type": "transcription",
            "input": {"data": "AAA=", "format": "pcm"},
            "output": "hi",
            "model": "m",
            "model_config": None,
        },
        {
            "type": "speech",
            "input": "hi",
            "output": {"data": "AAA=", "format": "pcm"},
            "model": "m",
            "model_config": None,
            "first_content_at": None,
        },
        {"type": "speech_group", "input": "hi"},
    ]
    data = tracing.TurnSpanData(3, "a", {"input_tokens": 1})
    assert data.export() == {
        "type": "custom",
        "name": "turn",
        "data": {
            "sdk_span_type": "turn",
            "turn": 3,
            "agent_name": "a",
            "usage": {"input_tokens": 1},
        },
    }


def test_an_error_is_exported_with_its_span(told: Kept) -> None:
    with trace("w", tracing={"api_key": "secret"}) as made, custom_span("c") as span:
        span.set_error({"message": "no", "data": {"why": 1}})
    exported = span.export()
    assert exported is not None
    assert exported["error"] == {"message": "no", "data": {"why": 1}}
    assert span.tracing_api_key == "secret"
    assert "tracing_api_key" not in (made.to_json() or {})
    assert (made.to_json(include_tracing_api_key=True) or {})["tracing_api_key"] == "secret"


def test_a_run_has_a_trace_of_its_own_only_if_there_is_none(told: Kept) -> None:
    manager = tracing.TraceCtxManager("run", None, None, None, None, disabled=False)
    with manager:
        assert manager.trace is not None
        assert get_current_trace() is manager.trace
    with trace("outer") as outer, tracing.TraceCtxManager("r", None, None, None, None, False) as it:
        assert it.trace is None
        assert get_current_trace() is outer
    assert told.log == ["+run", "-run", "+outer", "-outer"]
