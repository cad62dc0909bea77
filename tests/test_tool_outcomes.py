"""What a call tells while it goes on, and what it comes to when it fails or is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from shredder import names, outputs
from working import DONE, Clock, work

from rxagents import (
    Agent,
    RunConfig,
    Runner,
    StreamEvent,
    ToolCallError,
    ToolCallOutputItem,
    ToolContext,
    ToolErrorFormatterArgs,
    ToolProgress,
    ToolProgressItem,
    function_tool,
)
from rxagents import operators as ops
from rxagents.testing import ScriptedModel, function_call

# --- progress -------------------------------------------------------------------------------


async def test_progress_is_told_between_the_call_and_its_output() -> None:
    async def crawl(pages: int) -> AsyncIterator[ToolProgress | str]:
        for page in range(pages):
            await asyncio.sleep(1)
            yield ToolProgress(f"page {page}", fraction=page / pages)
        yield "all read"

    tool = function_tool(crawl)
    model = ScriptedModel([[function_call("crawl", {"pages": 2})], DONE])
    run = Runner.run_streamed(Agent("A", model=model, tools=[tool]), "x")
    events = [event async for event in run.stream_events()]
    assert names(events) == [
        "tool_called",
        "tool_progress",
        "tool_progress",
        "tool_output",
        "message_output_created",
    ]
    items = [event.item for event in events if event.type == "run_item_stream_event"]
    progress = [item for item in items if isinstance(item, ToolProgressItem)]
    assert [item.progress.message for item in progress] == ["page 0", "page 1"]
    assert {item.call_id for item in progress} == {"call_crawl"}
    assert not any(isinstance(item, ToolProgressItem) for item in run.new_items)
    assert outputs(run) == ["all read"]


async def test_progress_from_a_thread_is_in_order_too() -> None:
    def count(upto: int) -> Iterator[ToolProgress | str]:
        for number in range(upto):
            yield ToolProgress(f"{number}")
        yield "counted"

    model = ScriptedModel([[function_call("count", {"upto": 50})], DONE])
    run = Runner.run_streamed(Agent("A", model=model, tools=[function_tool(count)]), "x")
    told: list[str | None] = []
    events: list[StreamEvent] = []
    async for event in run.stream_events():
        events.append(event)
        if event.type == "run_item_stream_event" and isinstance(event.item, ToolProgressItem):
            told.append(event.item.progress.message)
    assert told == [f"{number}" for number in range(50)]
    assert names(events)[-2:] == ["tool_output", "message_output_created"]


# --- threads --------------------------------------------------------------------------------


@pytest.mark.real_loop  # its thread is given a second of the loop's time to end
async def test_a_function_in_a_thread_sees_that_the_run_was_cancelled() -> None:
    seen: list[bool] = []
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    @function_tool
    def wait(ctx: ToolContext[Any]) -> str:
        """Wait to be cancelled."""
        loop.call_soon_threadsafe(begun.set)
        seen.append(ctx.wait_cancelled(30))
        seen.append(ctx.cancelled)
        return "late"

    agent = Agent("A", model=ScriptedModel([[function_call("wait")]]), tools=[wait])
    run = Runner.run_streamed(agent, "x")
    await begun.wait()
    await run.aclose()
    assert seen == [True, True]
    assert outputs(run) == []
    given: Any = run.to_input_list()
    assert given[-1]["output"] == "The run was stopped before this call was finished."


# --- what went wrong ------------------------------------------------------------------------


@pytest.mark.parametrize("formatted", [True, False])
async def test_the_item_has_the_error_also_where_the_model_is_told_something_else(
    formatted: bool,
) -> None:
    def formatter(args: ToolErrorFormatterArgs[Any]) -> str:
        assert (args.kind, args.tool_name, args.call_id) == ("tool_exception", "broken", "b")
        return f"Sorry: {args.error}"

    @function_tool
    async def broken() -> str:
        """Break."""
        raise LookupError("gone")

    clock = Clock()
    model = ScriptedModel([[work(1), function_call("broken", call_id="b")], DONE])
    config = RunConfig(tool_error_formatter=formatter if formatted else None)
    agent = Agent("A", model=model, tools=[clock.tool, broken])
    result = await Runner.run(agent, "x", run_config=config)
    items = {i.call_id: i for i in result.new_items if isinstance(i, ToolCallOutputItem)}
    assert items["a"].error is None
    assert isinstance(items["b"].error, LookupError)
    told = "Sorry: gone" if formatted else "The tool failed. You may call it again, or answer"
    assert str(items["b"].output).startswith(told)


async def test_words_of_the_tools_own_go_before_those_of_the_run() -> None:
    def formatter(args: ToolErrorFormatterArgs[Any]) -> str:
        raise AssertionError("not asked")

    @function_tool(failure_error_function=lambda ctx, error: f"Oh: {error}")
    async def broken() -> str:
        """Break."""
        raise LookupError("gone")

    model = ScriptedModel([[function_call("broken")], DONE])
    config = RunConfig(tool_error_formatter=formatter)
    result = await Runner.run(Agent("A", model=model, tools=[broken]), "x", run_config=config)
    item = result.new_items[1]
    assert isinstance(item, ToolCallOutputItem)
    assert item.output == "Oh: gone"


async def test_the_first_that_raises_stops_the_others_of_its_turn() -> None:
    @function_tool(failure_error_function=None)
    async def broken() -> str:
        """Break after a second."""
        await asyncio.sleep(1)
        raise LookupError("gone")

    clock = Clock()
    turn = [work(9), work(0.5, "b"), function_call("broken")]
    agent = Agent("A", model=ScriptedModel([turn]), tools=[clock.tool, broken])
    run = Runner.run_streamed(agent, "x")
    with pytest.raises(ToolCallError):
        await run.pipe(ops.last())
    assert (clock.cancelled, clock.ended) == (1, [0.5])
    assert outputs(run) == ["0.5 s"]
    assert len(asyncio.all_tasks()) == 1


async def test_two_calls_of_one_id_are_both_answered() -> None:
    clock = Clock()
    model = ScriptedModel([[work(1, "same"), work(2, "same")], DONE])
    await Runner.run(Agent("A", model=model, tools=[clock.tool]), "x")
    given: Any = model.calls[-1].input
    assert [each["output"] for each in given if "output" in each] == ["1 s", "2 s"]
