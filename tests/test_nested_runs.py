"""Runs inside a run: their events in its stream, its pace, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import groupby
from typing import Any

import pytest
from openai.types.responses import ResponseStreamEvent

from rxagents import (
    Agent,
    RunConfig,
    Runner,
    RunResultStreaming,
    StreamEvent,
    ToolCallOutputItem,
    ToolProgress,
    event_from_dict,
    function_tool,
)
from rxagents.testing import Delay, ScriptedModel, assistant_message, function_call

NESTED = RunConfig(stream_nested=True)
Path = tuple[str, ...]


def says(text: str) -> ScriptedModel:
    return ScriptedModel([[assistant_message(text)]])


def calls(name: str, *tools: Any, more: tuple[Any, ...] = ()) -> Agent:
    """An agent that calls each of its tools once, and says that it is done."""
    turn = [function_call(tool.name, {"input": "Hi."}) for tool in tools]
    return Agent(
        name, model=ScriptedModel([[*turn, *more], [assistant_message("Done.")]]), tools=[*tools]
    )


def as_tool(agent: Agent) -> Any:
    return agent.as_tool(f"ask_{agent.name.lower()}", "")


def runs(agent: Agent, *, config: RunConfig | None = None) -> Any:
    """A tool that runs an agent by itself."""

    async def run(input: str) -> str:
        return str((await Runner.run(agent, input, run_config=config)).final_output)

    return function_tool(run, name_override=f"ask_{agent.name.lower()}")


Way = Callable[[Agent], Any]
WAYS = pytest.mark.parametrize("way", [as_tool, runs], ids=["as_tool", "Runner.run"])


def steps(events: list[StreamEvent]) -> list[tuple[Path, str]]:
    """The events that are not raw, with their paths."""
    return [
        (e.path, "agent" if e.type == "agent_updated_stream_event" else e.name)
        for e in events
        if e.type != "raw_response_event"
    ]


async def events_of(run: RunResultStreaming) -> list[StreamEvent]:
    return [event async for event in run.stream_events()]


# --- in the stream ----------------------------------------------------------------------------


@WAYS
async def test_the_events_of_a_run_inside_come_between_the_call_and_its_output(way: Way) -> None:
    run = Runner.run_streamed(
        calls("A", way(Agent("B", model=says("Hm.")))), "x", run_config=NESTED
    )
    events = await events_of(run)
    assert steps(events) == [
        (("A",), "agent"),
        (("A",), "tool_called"),
        (("A", "B"), "agent"),
        (("A", "B"), "message_output_created"),
        (("A",), "tool_output"),
        (("A",), "message_output_created"),
    ]
    assert [event.seq for event in events] == list(range(len(events)))
    assert {event.run_id for event in events} == {run.run_id}
    assert [event.time for event in events] == sorted(event.time for event in events)
    assert [item.type for item in run.new_items] == [
        "tool_call_item",
        "tool_call_output_item",
        "message_output_item",
    ], "the items of the run itself"
    for event in events:
        assert event_from_dict(event.to_dict()).path == event.path


@WAYS
async def test_they_are_not_there_unless_that_is_wanted(way: Way) -> None:
    run = Runner.run_streamed(calls("A", way(Agent("B", model=says("Hm.")))), "x")
    assert {event.path for event in await events_of(run)} == {("A",)}


@pytest.mark.parametrize("hot", [True, False])
@pytest.mark.parametrize("lowest", [as_tool, runs], ids=["as_tool", "Runner.run"])
@WAYS
async def test_runs_three_levels_deep_tell_their_whole_path(
    way: Way, lowest: Way, hot: bool
) -> None:
    agent = calls("A", way(calls("B", lowest(Agent("C", model=says("Deep."))))))
    start = Runner.run_streamed if hot else Runner.observe
    events = [event async for event in start(agent, "x", run_config=NESTED)]
    assert [event.seq for event in events] == list(range(len(events)))
    assert [path for path, _ in groupby(event.path for event in events)] == [
        ("A",),
        ("A", "B"),
        ("A", "B", "C"),
        ("A", "B"),
        ("A",),
    ]


async def test_a_run_that_wants_none_of_it_hands_it_on_to_one_that_does() -> None:
    """The middle run is watched too, and its own settings hold for its own stream."""
    seen: list[StreamEvent] = []
    middle = calls("B", runs(Agent("C", model=says("Deep."))))

    @function_tool
    async def ask_b(input: str) -> str:
        """Ask B."""
        run = Runner.run_streamed(middle, input)
        seen.extend([event async for event in run.stream_events()])
        return str(run.final_output)

    events = await events_of(Runner.run_streamed(calls("A", ask_b), "x", run_config=NESTED))
    assert {event.path for event in events} == {("A",), ("A", "B"), ("A", "B", "C")}
    assert [event.seq for event in events] == list(range(len(events)))
    assert {event.path for event in seen} == {("B",)}
    assert [event.seq for event in seen] == list(range(len(seen)))


async def test_runs_side_by_side_share_the_stream() -> None:
    b = Agent("B", model=ScriptedModel([[Delay(1), assistant_message("b")]]))
    c = Agent("C", model=ScriptedModel([[Delay(2), assistant_message("c")]]))
    run = Runner.run_streamed(calls("A", as_tool(b), runs(c)), "x", run_config=NESTED)
    events = await events_of(run)
    assert [event.seq for event in events] == list(range(len(events)))
    assert [path for path, name in steps(events) if name == "message_output_created"] == [
        ("A", "B"),
        ("A", "C"),
        ("A",),
    ]


async def test_a_handoff_inside_shows_in_the_path() -> None:
    c = Agent("C", model=says("c"))
    b = Agent("B", handoffs=[c], model=ScriptedModel([[function_call("transfer_to_c")]]))
    run = Runner.run_streamed(calls("A", as_tool(b)), "x", run_config=NESTED)
    paths = [path for path, _ in groupby(path for path, _ in steps(await events_of(run)))]
    assert paths == [("A",), ("A", "B"), ("A", "C"), ("A",)]


async def test_progress_of_a_tool_inside_is_told_too() -> None:
    async def crawl(input: str) -> Any:
        yield ToolProgress("page 1")
        yield "ready"

    inner = calls("B", function_tool(crawl))
    run = Runner.run_streamed(calls("A", as_tool(inner)), "x", run_config=NESTED)
    assert (("A", "B"), "tool_progress") in steps(await events_of(run))


async def test_a_run_in_a_thread_of_its_own_stays_out_of_the_stream() -> None:
    inner = Agent("B", model=says("Hm."))

    def ask(input: str) -> str:
        return str(Runner.run_sync(inner, input).final_output)

    run = Runner.run_streamed(calls("A", function_tool(ask)), "x", run_config=NESTED)
    events = await events_of(run)
    assert {event.path for event in events} == {("A",)}
    item = run.new_items[1]
    assert isinstance(item, ToolCallOutputItem)
    assert item.output == "Hm."


async def test_a_run_that_outlives_the_call_goes_on_unseen() -> None:
    inner = Agent("B", model=ScriptedModel([[Delay(60), assistant_message("late")]]))
    started: list[RunResultStreaming] = []

    @function_tool
    async def begin(input: str) -> str:
        """Start a run and do not wait for it."""
        started.append(Runner.run_streamed(inner, input))
        await asyncio.sleep(1)
        return "begun"

    run = Runner.run_streamed(calls("A", begin), "x", run_config=NESTED)
    events = await events_of(run)
    assert events[-1].path == ("A",)
    assert run.final_output == "Done."
    own = [event async for event in started[0].stream_events()]
    assert started[0].final_output == "late"
    assert [event.seq for event in own] == list(range(len(own)))


# --- pace -------------------------------------------------------------------------------------


@pytest.mark.parametrize("levels", [1, 2])
@WAYS
async def test_a_slow_consumer_holds_the_run_inside_back(way: Way, levels: int) -> None:
    read, ahead = 0, list[int]()

    class Counting(ScriptedModel):
        async def stream_response(
            self, *args: Any, **options: Any
        ) -> AsyncIterator[ResponseStreamEvent]:
            number = 0
            async for event in super().stream_response(*args, **options):
                number += 1
                ahead.append(number - read)
                yield event

    agent = Agent("B", model=Counting([[assistant_message("word " * 1000)]]))
    for level in range(levels):
        agent = calls(f"A{level}", way(agent))
    iterator = Runner.observe(agent, "x", run_config=NESTED).iterate()
    async for _ in iterator:
        read += 1
        await asyncio.sleep(0.01)
    assert len(ahead) > 1000
    assert max(ahead) < 80
    assert iterator.demand.peak <= 70


async def test_a_bounded_log_holds_the_run_inside_back_too() -> None:
    inner = Agent("B", model=says("word " * 1000))
    run = Runner.run_streamed(calls("A", as_tool(inner)), "x", run_config=NESTED, replay=10)
    events: list[StreamEvent] = []
    async for event in run.stream_events():
        events.append(event)
        await asyncio.sleep(0.01)
    assert [event.seq for event in events] == list(range(len(events)))
    assert len(events) > 1000


# --- the end ----------------------------------------------------------------------------------


@pytest.mark.parametrize("nested", [True, False])
@WAYS
async def test_cancelling_the_run_stops_those_inside(way: Way, nested: bool) -> None:
    model = ScriptedModel([[Delay(3600), assistant_message("never")]])
    agent = calls("A", way(calls("B", way(Agent("C", model=model)))))
    run = Runner.run_streamed(agent, "x", run_config=RunConfig(stream_nested=nested))
    await asyncio.sleep(5)
    await run.aclose()
    assert model.closed_early == 1
    assert len(asyncio.all_tasks()) == 1
    given: Any = run.to_input_list()
    assert given[-1]["output"] == "The run was stopped before this call was finished."


@WAYS
async def test_leaving_a_cold_run_stops_those_inside(way: Way) -> None:
    model = ScriptedModel([[Delay(3600), assistant_message("never")]])
    agent = calls("A", way(Agent("B", model=model)))
    source = Runner.observe(agent, "x", run_config=NESTED)
    async for event in source:
        if event.path == ("A", "B"):
            break
    await asyncio.sleep(1)
    assert model.closed_early == 1
    assert len(asyncio.all_tasks()) == 1


@WAYS
async def test_a_failure_of_the_run_stops_those_inside(way: Way) -> None:
    @function_tool(failure_error_function=None)
    async def broken(input: str) -> str:
        """Break after a while."""
        await asyncio.sleep(5)
        raise LookupError("gone")

    model = ScriptedModel([[Delay(3600), assistant_message("never")]])
    agent = calls("A", way(Agent("B", model=model)), broken)
    with pytest.raises(Exception, match="the tool 'broken' raised LookupError: gone"):
        await events_of(Runner.run_streamed(agent, "x", run_config=NESTED))
    assert model.closed_early == 1
