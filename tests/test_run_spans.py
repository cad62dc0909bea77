"""The spans of runs, folded from their events."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from openai.types.responses import ResponseError, ResponseFailedEvent
from spans import Kept, kept

from rxagents import (
    Agent,
    ModelSettings,
    RunConfig,
    Runner,
    ToolCallError,
    custom_span,
    function_tool,
    get_current_span,
    trace,
    tracing,
)
from rxagents import operators as ops
from rxagents.events import RawResponsesStreamEvent, RunItemStreamEvent, StreamEvent
from rxagents.testing import (
    Delay,
    ScriptedModel,
    assistant_message,
    function_call,
    response_events,
)
from rxagents.tracing.run_signals import (
    GuardrailEnded,
    GuardrailStarted,
    HandoffStarted,
    ModelAsked,
    RunSignal,
    RunStart,
    ToolFailed,
    ToolStarted,
)
from rxagents.tracing.run_spans import READ, RunSpans, trace_run


@pytest.fixture
def told() -> Iterator[Kept]:
    with kept() as processor:
        yield processor


@function_tool
async def weather(city: str) -> str:
    """Tell the weather."""
    await asyncio.sleep(1)
    return f"sun in {city}"


@function_tool(failure_error_function=None)
async def broken() -> str:
    """Fail."""
    raise ValueError("no disk")


def agent(*turns: Any) -> Agent[Any]:
    """One that has a tool, a broken tool, and another agent to hand over to."""
    model = ScriptedModel(turns)
    other = Agent("Other", model=model)
    return Agent("Guide", model=model, tools=[weather, broken], handoffs=[other])


CALL = function_call("weather", {"city": "Oslo"}, call_id="c1")
ANSWER = assistant_message("It is sunny.")


async def traced(starting: Agent[Any], start: RunStart | None = None) -> None:
    """Run to the end, as `start` has it; what the run ends with is in its spans."""
    start = start or RunStart()
    config = RunConfig(
        workflow_name=start.workflow_name,
        group_id=start.group_id,
        tracing=start.tracing,
        trace_include_sensitive_data=start.include_sensitive_data,
    )
    with suppress(Exception):
        await Runner.run(starting, "Hello", run_config=config)


QUIET = RunConfig(tracing_disabled=True)


async def events_of(*turns: Any) -> list[StreamEvent]:
    """The events of a run that makes no spans of them itself."""
    return await Runner.observe(agent(*turns), "Hello", run_config=QUIET).pipe(ops.to_list())


def fold(events: list[StreamEvent | RunSignal], start: RunStart | None = None) -> None:
    spans = RunSpans(start or RunStart())
    for event in events:
        spans.see(event)
    spans.end()


async def test_a_run_with_a_tool_and_a_handoff(told: Kept) -> None:
    handoff = function_call("transfer_to_other", {}, call_id="c2")
    await traced(agent([CALL], [handoff], [ANSWER]), RunStart(workflow_name="w", group_id="g"))
    assert told.tree().split("\n") == [
        "task w",
        "  agent Guide",
        "    turn 1",
        "      response",
        "      function weather",
        "    turn 2",
        "      response",
        "      handoff",
        "  agent Other",
        "    turn 3",
        "      response",
    ]
    assert told.log[0] == "+w"
    assert told.log[-3:] == ["-agent Other", "-task w", "-w"]
    assert get_current_span() is None


async def test_what_the_spans_tell(told: Kept) -> None:
    await traced(agent([CALL], [ANSWER]))
    assert told.one("function").span_data.export() == {
        "type": "function",
        "name": "weather",
        "input": '{"city": "Oslo"}',
        "output": "sun in Oslo",
        "mcp_data": None,
    }
    assert told.one("agent").span_data.export() == {
        "type": "agent",
        "name": "Guide",
        "handoffs": ["Other"],
        "tools": ["weather", "broken"],
        "output_type": "str",
    }
    first, second = (s.span_data for s in told.spans if s.span_data.type == "response")
    assert (first.export()["response_id"], second.export()["response_id"]) == ("resp_1", "resp_2")
    assert first.response.output[0].name == "weather"
    assert (first.call.finish_reason, second.call.finish_reason) == ("tool_call", "stop")
    assert first.usage["output_tokens"] == 2
    turns = [s.span_data.usage["output_tokens"] for s in told.spans if s.span_data.type == "turn"]
    total = told.one("task").span_data.usage
    assert sum(turns) == total["output_tokens"] == 5
    assert total["requests"] == 2


async def test_without_sensitive_data_nothing_said_is_told(told: Kept) -> None:
    start = RunStart(include_sensitive_data=False)
    await traced(agent([CALL], [ANSWER]), start)
    spans = RunSpans(start)
    spans.see(ModelAsked(agent_name="a", turn=1, input="a secret"))
    spans.see(ToolStarted(call_id="c", name="t", arguments="a secret", mcp_data={"s": "a secret"}))
    spans.end(ValueError("a secret"))
    for span in told.spans:
        told_of = f"{span.export()} {getattr(span.span_data, 'input', '')}"
        assert "secret" not in told_of
        assert "Oslo" not in told_of
        assert getattr(span.span_data, "response", None) is None
    assert told.spans[3].span_data.call.response_id == "resp_1"


async def test_a_failing_tool_closes_all_with_its_error(told: Kept) -> None:
    await traced(agent([function_call("broken", {}, call_id="c1")]))
    assert told.tree().split("\n") == [
        "task Agent workflow!",
        "  agent Guide!",
        "    turn 1!",
        "      response",
        "      function broken!",
    ]
    error = told.one("function").error
    assert error is not None
    assert error["message"] == "Error running tool"
    assert error["data"] is not None
    assert "no disk" in error["data"]["error"]
    assert error["data"]["type"] == f"{ToolCallError.__module__}.ToolCallError"


async def test_a_model_that_breaks_off_closes_its_span_with_the_error(told: Kept) -> None:
    await traced(agent([assistant_message("It is"), RuntimeError("cut")]))
    assert told.tree().split("\n")[-1] == "      response!"
    error = told.one("response").error
    assert error is not None
    assert (error["message"], error["data"]) == (
        "Error getting response",
        {"error": "cut", "type": "RuntimeError"},
    )


async def test_a_run_that_is_left_closes_all_as_cancelled(
    told: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    spans = trace_run(RunStart())
    assert spans is not None
    run = Runner.observe(agent([CALL], [ANSWER]), "Hello", run_config=QUIET).subscribe(spans.see)
    await asyncio.sleep(0.5)
    run.dispose()
    spans.end(asyncio.CancelledError())
    spans.end()  # only the first counts
    error = told.one("function").error
    assert error is not None
    assert error["message"] == "Run cancelled"
    assert caplog.records == []
    assert "(open)" not in told.tree()


async def test_a_run_within_a_trace_has_none_of_its_own(told: Kept) -> None:
    with trace("mine"), custom_span("c"):
        await traced(agent([ANSWER]))
    assert told.log[:3] == ["+mine", "+custom c", "+task Agent workflow"]
    assert told.tree().split("\n")[:2] == ["custom c", "  task Agent workflow"]
    assert [each.name for each in told.traces] == ["mine"]


async def test_a_disabled_run_hides_the_trace_it_is_in(told: Kept) -> None:
    with trace("mine"):
        spans = RunSpans(RunStart(disabled=True))
        with custom_span("in a tool"):
            pass
        spans.end()
        with custom_span("after"):
            pass
    assert told.tree() == "custom after"


async def test_spans_of_the_loop_can_be_left_out(told: Kept) -> None:
    await traced(agent([CALL], [ANSWER]), RunStart(tracing={"include_task_and_turn_spans": False}))
    assert told.tree().split("\n") == [
        "agent Guide",
        "  response",
        "  function weather",
        "  response",
    ]


async def test_nothing_is_made_where_nobody_listens(told: Kept) -> None:
    tracing.set_trace_processors([])
    assert trace_run(RunStart()) is None
    tracing.set_trace_processors([told])
    tracing.set_tracing_disabled(True)
    assert trace_run(RunStart()) is None


async def test_deltas_are_passed_over_unread(told: Kept) -> None:
    class Unreadable:
        type = "response.output_text.delta"

        def __getattr__(self, name: str) -> Any:
            raise AssertionError(name)

    spans = RunSpans(RunStart())
    spans.see(RawResponsesStreamEvent(Unreadable()))  # type: ignore[arg-type]
    assert "response.output_text.delta" not in READ
    assert told.tree() == "task Agent workflow (open)"


async def test_events_of_other_runs_are_passed_over(told: Kept) -> None:
    inner, outer = await events_of([ANSWER]), await events_of([ANSWER])
    fold([*outer[:3], *inner, *outer[3:]], RunStart(run_id=outer[0].run_id))
    assert len([span for span in told.spans if span.span_data.type == "agent"]) == 1


async def test_signals_tell_when_models_and_tools_begin(told: Kept) -> None:
    events = await events_of([CALL], [ANSWER])
    asked = [
        ModelAsked(
            agent_name="Guide",
            turn=turn,
            model="gpt-9",
            input="Hello",
            settings=ModelSettings(top_p=0.5, extra_headers={"key": "secret"}),
            tools=["weather"],
            handoffs=[],
        )
        for turn in (1, 2)
    ]
    spans = RunSpans(RunStart())
    for event in events:
        turn_begins = isinstance(event, RawResponsesStreamEvent) and (
            event.data.type == "response.created"
        )
        if turn_begins:
            spans.see(asked.pop(0))
            await asyncio.sleep(2)
        if isinstance(event, RunItemStreamEvent) and event.name == "tool_output":

            async def tool(output: StreamEvent) -> None:
                spans.see(ToolStarted(call_id="c1", name="weather", description="tells it"))
                assert get_current_span() is told.one("function")
                with custom_span("request"):
                    await asyncio.sleep(1)
                spans.see(output)
                assert get_current_span() is not told.one("function")

            await asyncio.create_task(tool(event))
        else:
            spans.see(event)
    spans.end()
    assert told.tree().split("\n") == [
        "task Agent workflow",
        "  agent Guide",
        "    turn 1",
        "      response",
        "      function weather",
        "        custom request",
        "    turn 2",
        "      response",
    ]
    data = next(span.span_data for span in told.spans if span.span_data.type == "response")
    assert (data.model, data.input, data.model_config) == ("gpt-9", "Hello", {"top_p": 0.5})
    assert data.call.first_event_after == 2
    assert told.one("agent").span_data.tools == ["weather"]


async def test_a_model_that_is_asked_again_has_a_span_for_each_attempt(told: Kept) -> None:
    events = await events_of([ANSWER])
    ask = ModelAsked(agent_name="Guide", turn=1)
    cut = next(i for i, e in enumerate(events) if isinstance(e, RawResponsesStreamEvent)) + 2
    fold([events[0], ask, *events[1:cut], ask, *events[1:]])
    assert told.tree().split("\n")[2:] == ["    turn 1", "      response!", "      response"]


async def test_a_response_that_failed_does_not_end_its_turn(told: Kept) -> None:
    whole: Any = list(response_events([ANSWER]))[-1]
    failed = ResponseFailedEvent(type="response.failed", sequence_number=9, response=whole.response)
    events = await events_of([ANSWER])
    ask = ModelAsked(agent_name="Guide", turn=1)
    fold([events[0], ask, RawResponsesStreamEvent(failed), ask, *events[1:]])
    assert told.tree().split("\n")[2:] == ["    turn 1", "      response!", "      response"]


async def test_calls_that_the_last_event_does_not_list_are_waited_for(told: Kept) -> None:
    events = await events_of([CALL], [ANSWER])
    for event in events:
        if isinstance(event, RawResponsesStreamEvent) and event.data.type == "response.completed":
            event.data.response.output = []
    fold([*events])
    assert told.tree().split("\n")[2:5] == [
        "    turn 1",
        "      response",
        "      function weather",
    ]
    assert told.log.index("-turn 1") > told.log.index("-function weather")


async def test_chat_models_have_generation_spans(told: Kept) -> None:
    events = await events_of([ANSWER])
    ask = ModelAsked(agent_name="Guide", turn=1, model="m", input="Hello", api="chat")
    fold([events[0], ask, *events[1:]])
    data = told.one("generation").span_data.export()
    assert data["input"] == [{"role": "user", "content": "Hello"}]
    assert data["output"][0]["content"][0]["text"] == "It is sunny."
    assert data["model"] == "m"


async def test_guardrails_are_part_of_their_agent(told: Kept) -> None:
    events = await events_of([ANSWER])
    fold(
        [
            events[0],
            GuardrailStarted(key=1, name="input"),
            ModelAsked(agent_name="Guide", turn=1),
            GuardrailEnded(key=1),
            *events[1:],
            GuardrailStarted(key=2, name="output"),
            GuardrailEnded(key=2, triggered=True, error=ValueError("x")),
            GuardrailEnded(key=3),
        ]
    )
    assert told.tree().split("\n")[1:] == [
        "  agent Guide",
        "    guardrail input",
        "    turn 1",
        "      response",
        "    guardrail output!",
    ]
    assert [s.span_data.triggered for s in told.spans if s.span_data.type == "guardrail"] == [
        False,
        True,
    ]


async def test_a_handoff_takes_the_time_it_takes(told: Kept) -> None:
    handoff = function_call("transfer_to_other", {}, call_id="c2")
    events: list[StreamEvent | RunSignal] = [*await events_of([handoff], [ANSWER])]
    at = next(i for i, e in enumerate(events) if getattr(e, "name", "") == "handoff_occured")
    fold([*events[:at], HandoffStarted(call_id="c2", from_agent="Guide"), *events[at:]])
    data = told.one("handoff").span_data
    assert (data.from_agent, data.to_agent) == ("Guide", "Other")


async def test_a_tool_whose_error_the_model_is_told(told: Kept) -> None:
    spans = RunSpans(RunStart())
    spans.see(ToolStarted(call_id="c1", name="weather"))
    spans.see(ToolFailed(call_id="c1", error=ValueError("no net")))
    spans.see(ToolFailed(call_id="c2", error=ValueError("unknown")))
    spans.end(RuntimeError("later"))
    error = told.one("function").error
    assert error is not None
    assert error["message"] == "Error running tool (non-fatal)"
    assert error["data"] == {"tool_name": "weather", "error": "no net", "type": "ValueError"}


async def test_a_response_that_failed_is_told_with_its_reason(told: Kept) -> None:
    whole: Any = list(response_events([ANSWER]))[-1]
    why = ResponseError(code="server_error", message="overloaded")
    response = whole.response.model_copy(update={"status": "failed", "error": why})
    event = ResponseFailedEvent(type="response.failed", sequence_number=9, response=response)
    await traced(agent([event]))
    tree = ["task Agent workflow!", "  agent Guide!", "    turn 1!", "      response!"]
    assert told.tree().split("\n") == tree
    error = told.one("response").error
    assert error is not None
    assert error["data"] == {"error": "overloaded", "type": "server_error"}


async def test_what_cannot_be_read_is_logged_and_harms_nobody(
    told: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    spans = RunSpans(RunStart())
    with caplog.at_level(logging.ERROR):
        spans.see(RunItemStreamEvent("tool_called", None))  # type: ignore[arg-type]
    assert "spans of a run are missing" in caplog.text
    spans.end()
    assert told.log[-1] == "-Agent workflow"


async def test_runs_at_once_do_not_mix(told: Kept) -> None:
    async def one(name: str) -> None:
        await traced(agent([Delay(1), CALL], [Delay(1), ANSWER]), RunStart(workflow_name=name))

    await asyncio.gather(one("a"), one("b"))
    assert len({span.trace_id for span in told.spans}) == 2
    for made in told.traces:
        mine = [span for span in told.spans if span.trace_id == made.trace_id]
        assert len(mine) == 7
