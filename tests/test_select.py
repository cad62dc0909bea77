"""Operators that choose events."""

from __future__ import annotations

from typing import Any

import pytest
from reactivex.subject import Subject

from rxagents import (
    Agent,
    AgentUpdatedStreamEvent,
    Runner,
    Stream,
    ToolCallItem,
    ToolCallOutputItem,
    function_tool,
)
from rxagents import operators as ops
from rxagents.testing import ScriptedModel, assistant_message, function_call


@function_tool
def look() -> str:
    """Look out of the window."""
    return "rain"


def run() -> Stream[Any]:
    after = Agent("After", model=ScriptedModel([[assistant_message("It rains.")]]))
    model = ScriptedModel([[function_call("look")], [function_call("transfer_to_after")]])
    return Runner.run_streamed(Agent("Before", tools=[look], handoffs=[after], model=model), "go")


async def test_raw_gives_the_models_events() -> None:
    events = [event async for event in run()]
    raw = [event async for event in run().pipe(ops.raw())]
    assert [e.data.type for e in events if e.type == "raw_response_event"] == [e.type for e in raw]
    deltas = run().pipe(ops.raw("response.output_text.delta"))
    assert [event.delta async for event in deltas] == ["It", " rains."]  # type: ignore[union-attr]


async def test_items_by_name_by_class_and_all() -> None:
    source = run()
    assert [item.type async for item in source.pipe(ops.items())] == [
        "tool_call_item",
        "tool_call_output_item",
        "handoff_call_item",
        "handoff_output_item",
        "message_output_item",
    ]
    called = [item async for item in source.pipe(ops.items("tool_called"))]
    assert [type(item) for item in called] == [ToolCallItem]
    outputs = [item.output async for item in source.pipe(ops.items(ToolCallOutputItem))]
    assert outputs == ["rain"]


def test_an_unknown_name_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match=r"'tool_outputs'; there are: .*tool_output"):
        ops.items("tool_outputs")  # type: ignore[call-overload]


async def test_agent_updates_gives_the_agents() -> None:
    assert [agent.name async for agent in run().pipe(ops.agent_updates())] == ["Before", "After"]


async def test_of_type_keeps_what_is_of_the_type() -> None:
    source: Subject[Any] = Subject()
    seen: list[Any] = []
    Stream.from_observable(source).pipe(ops.of_type(int)).subscribe(
        seen.append, lambda error: seen.append(repr(error)), lambda: seen.append("|")
    )
    for value in (1, "a", 2.0, 0, None):
        source.on_next(value)
    source.on_completed()
    assert seen == [1, 0, "|"]


async def test_an_error_in_the_source_passes_through() -> None:
    model = ScriptedModel([[assistant_message("Half"), OSError("cut")]])
    texts: list[str] = []
    with pytest.raises(OSError, match="cut"):
        async for text in Runner.observe(Agent("A", model=model), "go").pipe(ops.text_deltas()):
            texts.append(text)
    assert texts == ["Half"]


async def test_a_selecting_operator_leaves_its_source_when_it_fails() -> None:
    class Touchy:
        @property  # type: ignore[misc]
        def __class__(self) -> Any:
            raise KeyError("do not look")

    source: Subject[Any] = Subject()
    errors: list[Exception] = []
    Stream.from_observable(source).pipe(ops.of_type(int)).subscribe(print, errors.append)
    source.on_next(Touchy())
    assert [type(error) for error in errors] == [KeyError]
    assert source.observers == []


async def test_by_name_gives_the_events_whole() -> None:
    events = await run().pipe(ops.by_name("tool_called", "tool_output"), ops.to_list())
    assert [(event.seq > 0, event.name) for event in events] == [
        (True, "tool_called"),
        (True, "tool_output"),
    ]
    with pytest.raises(ValueError, match="no item event is called 'tool_call'"):
        ops.by_name("tool_call")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="by_name needs at least 1 name"):
        ops.by_name()


async def test_from_agent_tells_agents_apart() -> None:
    events: list[Any] = [
        AgentUpdatedStreamEvent(Agent("A"), path=path)
        for path in [("A",), ("A", "B"), ("A", "B", "A"), ("B",), ()]
    ]
    stream = Stream.from_iterable(events)
    own = await stream.pipe(ops.from_agent("B"), ops.to_list())
    assert [event.path for event in own] == [("A", "B"), ("B",)]
    nested = await stream.pipe(ops.from_agent("B", nested=True), ops.to_list())
    assert [event.path for event in nested] == [("A", "B"), ("A", "B", "A"), ("B",)]
