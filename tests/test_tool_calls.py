"""The calls of a turn: when they start, how many at once, and what becomes of each."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from shredder import names, outputs
from working import DONE, Clock, work

from rxagents import (
    Agent,
    ModelStreamError,
    RunConfig,
    Runner,
    StreamEvent,
    ToolCallError,
    ToolExecutionConfig,
    UserError,
    function_tool,
)
from rxagents import operators as ops
from rxagents.testing import Delay, ScriptedModel, assistant_message, function_call

ON_CALL = RunConfig(tool_start="on_call")


# --- when they start ------------------------------------------------------------------------


@pytest.mark.parametrize(("early", "began"), [(True, [1, 3]), (False, [6, 6])])
async def test_calls_start_with_the_response_or_as_soon_as_they_are_whole(
    early: bool, began: list[float]
) -> None:
    clock = Clock()
    turn = [Delay(1), work(1), Delay(2), work(4, "b"), Delay(3), assistant_message("So.")]
    agent = Agent("A", model=ScriptedModel([turn, DONE]), tools=[clock.tool])
    config = ON_CALL if early else RunConfig()
    run = Runner.run_streamed(agent, "x", run_config=config)
    events = [event async for event in run.stream_events()]
    assert clock.began == began
    behind = ["tool_called", "tool_output", "tool_called", "message_output_created", "tool_output"]
    assert names(events)[:5] == (
        behind
        if early
        else ["tool_called", "tool_called", "message_output_created", "tool_output", "tool_output"]
    )
    assert [event.seq for event in events] == list(range(len(events)))
    given: Any = run.to_input_list()
    assert [each.get("call_id") or each.get("role") for each in given] == [
        "user",
        "a",
        "b",
        "assistant",
        "a",
        "b",
        "assistant",
    ]


async def test_calls_of_a_response_that_fails_are_stopped_and_count_no_more() -> None:
    clock = Clock()
    failing = [work(1), Delay(2), work(9, "b"), Delay(1), ModelStreamError("cut", event_index=3)]
    fallback = ScriptedModel([[work(3, "c")], DONE])
    agent = Agent("A", model=ScriptedModel([failing]), tools=[clock.tool])
    config = RunConfig(tool_start="on_call", fallback_models=[fallback])
    run = Runner.run_streamed(agent, "x", run_config=config)
    events = [event async for event in run.stream_events()]
    assert "attempt_failed" in names(events)
    assert clock.cancelled == 1
    assert clock.ended == [1, 6]
    assert outputs(run) == ["3 s"]
    given: Any = run.to_input_list()
    assert [each["call_id"] for each in given if "call_id" in each] == ["c", "c"]


async def test_nothing_is_left_running_when_such_a_response_ends_the_run() -> None:
    clock = Clock()
    failing = [work(9), Delay(1), ModelStreamError("cut", event_index=3)]
    agent = Agent("A", model=ScriptedModel([failing]), tools=[clock.tool])
    run = Runner.run_streamed(agent, "x", run_config=ON_CALL)
    with pytest.raises(ModelStreamError):
        await run.pipe(ops.last())
    assert clock.cancelled == 1
    assert len(asyncio.all_tasks()) == 1
    assert run.to_input_list() == [{"role": "user", "content": "x"}]


async def test_a_tool_that_fails_early_ends_the_run_when_the_response_is_whole() -> None:
    @function_tool(failure_error_function=None)
    async def broken() -> str:
        """Break."""
        raise LookupError("gone")

    turn: list[Any] = [function_call("broken"), Delay(5), assistant_message("So.")]
    agent = Agent("A", model=ScriptedModel([turn]), tools=[broken])
    run, events = Runner.run_streamed(agent, "x", run_config=ON_CALL), list[StreamEvent]()
    with pytest.raises(ToolCallError, match="the tool 'broken' raised LookupError: gone"):
        async for event in run.stream_events():
            events.append(event)
    assert names(events) == ["tool_called", "message_output_created"]


# --- how many at once -----------------------------------------------------------------------


@pytest.mark.parametrize(("limit", "peak", "seconds"), [(None, 5, 2), (2, 2, 6), (1, 1, 10)])
async def test_no_more_calls_run_at_once_than_are_allowed(
    limit: int | None, peak: int, seconds: float
) -> None:
    clock = Clock()
    turn = [work(2, f"{number}") for number in range(5)]
    agent = Agent("A", model=ScriptedModel([turn, DONE]), tools=[clock.tool])
    execution = ToolExecutionConfig(max_function_tool_concurrency=limit)
    await Runner.run(agent, "x", run_config=RunConfig(tool_execution=execution))
    assert clock.peak == peak
    assert clock.ended[-1] == seconds


async def test_a_call_that_waits_for_an_approval_takes_no_room() -> None:
    clock = Clock()
    asking = function_tool(clock.work, name_override="ask", needs_approval=True)
    turn = [function_call("ask", {"seconds": 1}), work(1), work(1, "b")]
    agent = Agent("A", model=ScriptedModel([turn, DONE]), tools=[clock.tool, asking])
    execution = ToolExecutionConfig(max_function_tool_concurrency=1)
    result = await Runner.run(agent, "x", run_config=RunConfig(tool_execution=execution))
    assert clock.ended == [1, 2]
    assert len(result.interruptions) == 1


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(UserError, match="must be 1 call or more, not 0"):
        RunConfig(tool_execution=ToolExecutionConfig(max_function_tool_concurrency=0))


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("limit", [None, 7])
async def test_200_calls_in_one_turn_are_answered_in_their_order(
    limit: int | None, early: bool
) -> None:
    clock = Clock()
    turn = [work((number * 7919) % 200, f"{number}") for number in range(200)]
    model = ScriptedModel([turn, DONE])
    execution = ToolExecutionConfig(max_function_tool_concurrency=limit)
    config = RunConfig(tool_execution=execution, tool_start="on_call" if early else "on_response")
    run = Runner.run_streamed(Agent("A", model=model, tools=[clock.tool]), "x", run_config=config)
    events = [event async for event in run.stream_events()]
    assert names(events).count("tool_output") == 200
    assert [event.seq for event in events] == list(range(len(events)))
    given: Any = model.calls[-1].input
    assert [each["output"] for each in given if "output" in each] == [
        f"{(number * 7919) % 200} s" for number in range(200)
    ]
    assert clock.peak == min(limit or 200, 200)
