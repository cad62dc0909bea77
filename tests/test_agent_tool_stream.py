"""What `on_stream` is told of the run of an agent that is a tool."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rxagents import (
    Agent,
    AgentToolStreamEvent,
    Runner,
    RunResult,
    StreamEvent,
    handoff,
)
from rxagents.testing import Delay, ScriptedModel, assistant_message, function_call


def says(*texts: str) -> ScriptedModel:
    return ScriptedModel([[assistant_message(text)] for text in texts])


def caller(tool: Any) -> Agent:
    """An agent that calls the tool of an agent, and says that it is done."""
    call = function_call(tool.name, {"input": "Hi."}, call_id="c0")
    model = ScriptedModel([[call], [assistant_message("Done.")]])
    return Agent("Outer", model=model, tools=[tool])


async def test_on_stream_is_told_of_every_event_and_by_whom() -> None:
    told: list[AgentToolStreamEvent] = []
    second = Agent("Second", model=says("yes"))
    inner = Agent("Inner", handoffs=[handoff(second)])
    inner.model = ScriptedModel([[function_call("transfer_to_second")]])

    async def slowly(event: AgentToolStreamEvent) -> None:
        await asyncio.sleep(1)
        told.append(event)

    run = Runner.run_streamed(caller(inner.as_tool("t", "", on_stream=slowly)), "x")
    outer = [event async for event in run.stream_events()]
    events = [each["event"] for each in told]
    assert [event.seq for event in events] == list(range(len(events)))
    assert {event.path for event in outer} == {("Outer",)}
    for each in told:
        call = each["tool_call"]
        assert call is not None
        assert call.call_id == "c0"
        assert each["agent"].name == each["event"].path[-1], "also if it is told late"


async def test_a_slow_handler_holds_the_run_inside_back() -> None:
    ahead: list[int] = []
    told = 0
    result: list[Any] = []
    text = "word " * 1000

    async def slowly(event: AgentToolStreamEvent) -> None:
        nonlocal told
        await asyncio.sleep(0.1)
        told += 1
        ahead.append(event["event"].seq)

    def extract(result_inside: RunResult) -> str:
        result.append(told)
        return "ok"

    inner = Agent("Inner", model=says(text))
    tool = inner.as_tool("t", "", on_stream=slowly, custom_output_extractor=extract)
    await Runner.run(caller(tool), "x")
    assert ahead == list(range(len(ahead)))
    assert len(ahead) > 1000
    assert result == [len(ahead)], "everything was told before the call has its output"


@pytest.mark.parametrize("error", [LookupError("handler"), asyncio.CancelledError("handler")])
async def test_what_a_handler_raises_is_logged_and_the_run_goes_on(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[StreamEvent] = []

    def broken(event: AgentToolStreamEvent) -> None:
        seen.append(event["event"])
        raise error

    tool = Agent("Inner", model=says("word " * 200)).as_tool("t", "", on_stream=broken)
    result = await asyncio.wait_for(Runner.run(caller(tool), "x"), 10)
    assert result.final_output == "Done."
    assert len(seen) > 200
    assert len(caplog.records) == len(seen)
    assert "on_stream raised" in caplog.messages[0]


async def test_cancelling_the_caller_stops_the_run_inside_and_its_handler() -> None:
    steps: list[str] = []

    async def handler(event: AgentToolStreamEvent) -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            steps.append("handler cancelled")
            raise

    model = ScriptedModel([[Delay(3600), assistant_message("never")]])
    tool = Agent("Inner", model=model).as_tool("t", "", on_stream=handler)
    run = Runner.run_streamed(caller(tool), "x")
    await asyncio.sleep(5)
    await run.aclose()
    assert model.closed_early == 1
    assert steps == ["handler cancelled"]
    assert len(asyncio.all_tasks()) == 1
