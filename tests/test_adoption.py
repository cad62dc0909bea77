"""Stream.from_events makes events with our events' fields ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Literal

from openai.types.responses import ResponseOutputItem

from rxagents import Agent, RawResponsesStreamEvent, Runner, Stream
from rxagents import operators as ops
from rxagents.testing import ScriptedModel, assistant_message, function_call
from rxagents.testing.response_events import response_events


@dataclass
class Foreign:
    """An event of another library."""

    type: str
    data: Any = None
    name: str = ""
    item: Any = None
    new_agent: Any = None


@dataclass
class Named:
    name: str
    kind: Literal["agent"] = "agent"


class Result:
    """A run of another library: it looks, and tells. Both messages have the same id."""

    def __init__(self) -> None:
        self.call = function_call("look", {"city": "Oslo"})

    async def stream_events(self) -> AsyncIterator[Foreign]:
        yield Foreign("agent_updated_stream_event", new_agent=Named("Guide"))
        for event in self._turn(assistant_message("I look."), self.call):
            yield event
        yield Foreign("run_item_stream_event", name="tool_called", item=self.call)
        yield Foreign("progress", data=50)
        for event in self._turn(assistant_message("It rains.")):
            yield event

    def _turn(self, *items: ResponseOutputItem) -> list[Foreign]:
        return [Foreign("raw_response_event", data=event) for event in response_events(items)]


async def test_they_get_a_place_in_their_run() -> None:
    events = await Stream.from_events(Result()).pipe(ops.to_list())
    ours = [event for event in events if not isinstance(event, Foreign)]
    assert [event.seq for event in ours] == list(range(len(ours)))
    assert len({event.run_id for event in ours}) == 1
    assert [ours[0].turn, ours[-1].turn] == [0, 2]
    assert {event.path for event in ours} == {("Guide",)}
    assert all(event.time > 0 for event in ours)


async def test_what_they_carry_stays_what_it_is() -> None:
    result = Result()
    stream = Stream.from_events(result)
    items: list[Any] = [*await stream.pipe(ops.items("tool_called"), ops.to_list())]
    agents: list[Any] = [*await stream.pipe(ops.agent_updates(), ops.to_list())]
    assert items == [result.call]
    assert agents == [Named("Guide")]


async def test_an_event_of_an_unknown_kind_passes_untouched() -> None:
    events = await Stream.from_events(Result()).pipe(ops.to_list())
    assert [event for event in events if isinstance(event, Foreign)] == [
        Foreign("progress", data=50)
    ]


async def test_our_operators_tell_the_turns_apart() -> None:
    stream = Stream.from_events(Result())
    assert await stream.pipe(ops.text(), ops.to_list()) == ["I", "I look.", "It", "It rains."]
    assert await stream.pipe(ops.text(), ops.to_list()) == ["I", "I look.", "It", "It rains."]
    calls = [call async for call in stream.pipe(ops.tool_arguments()) if call.done]
    assert [call.value for call in calls] == [{"city": "Oslo"}]


async def test_our_own_events_are_handed_on() -> None:
    model = ScriptedModel([[assistant_message("Hello there.")]])
    run = Runner.run_streamed(Agent("A", model=model), "x")
    events = await Stream.from_events(run).pipe(ops.to_list())
    assert [event async for event in run] == events
    assert isinstance(events[1], RawResponsesStreamEvent)


@dataclass
class Output:
    """A tool's output as another library has it: with less than ours."""

    agent: Named
    raw_item: dict[str, str]
    output: str
    type: str = "tool_call_output_item"
    custom_data: None = None


class Answered(Result):
    """The same, and the call is answered."""

    async def stream_events(self) -> AsyncIterator[Foreign]:
        async for event in super().stream_events():
            if event.type != "progress":
                yield event
        raw = {"type": "function_call_output", "call_id": self.call.call_id, "output": "Rain."}
        item = Output(Named("Guide"), raw, "Rain.")
        yield Foreign("run_item_stream_event", name="tool_output", item=item)


async def test_an_output_that_has_less_than_ours_is_shown_and_written() -> None:
    run = Stream.from_events(Answered())
    last: Any = await run.pipe(ops.snapshot())
    (call,) = [entry for entry in last.entries if entry.kind == "call"]
    assert (call.output, call.error) == ("Rain.", None)
    event: Any = (await Stream.from_events(Answered()).to_list())[-1]
    assert event.to_dict()["item"]["output"] == "Rain."
