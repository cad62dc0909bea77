"""tool_arguments: the arguments of calls while they are written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import (
    ResponseFunctionCallArgumentsDeltaEvent,
    ResponseOutputItem,
    ResponseStreamEvent,
)
from reactivex.subject import Subject

from rxagents import Agent, Runner, Stream, function_tool
from rxagents.events import RawResponsesStreamEvent
from rxagents.operators import ToolArguments, tool_arguments
from rxagents.testing import ScriptedModel, assistant_message, function_call, response_events


@function_tool
def weather(city: str, days: int = 1) -> str:
    """Tell the weather."""
    return f"rain in {city}"


def told(*events: ResponseStreamEvent, attempt: int = 1) -> list[ToolArguments]:
    source: Subject[Any] = Subject()
    out: list[Any] = []
    Stream.from_observable(source).pipe(tool_arguments()).subscribe(out.append)
    for event in events:
        source.on_next(RawResponsesStreamEvent(data=event, attempt=attempt))
    return out


def without(events: list[ResponseStreamEvent], *ends: str) -> list[ResponseStreamEvent]:
    return [event for event in events if not event.type.endswith(ends)]


def delta(text: str, index: int = 0) -> ResponseFunctionCallArgumentsDeltaEvent:
    return ResponseFunctionCallArgumentsDeltaEvent(
        type="response.function_call_arguments.delta",
        delta=text,
        item_id="same",
        output_index=index,
        sequence_number=0,
    )


async def test_parallel_calls_of_a_run() -> None:
    calls: list[ResponseOutputItem] = [
        function_call("weather", {"city": "Oslo", "days": 12}, call_id="a", item_id="same"),
        function_call("weather", {"city": "Bergen by"}, call_id="b", item_id="same"),
    ]
    model = ScriptedModel([calls, [assistant_message("Rain.")]])
    run = Runner.run_streamed(Agent("A", model=model, tools=[weather]), "go")
    events = [event async for event in run.pipe(tool_arguments())]
    assert [(e.call_id, e.value, e.done) for e in events] == [
        ("a", {}, False),
        ("a", {}, False),  # {"city":
        ("a", {"city": "Oslo"}, False),
        ("a", {"city": "Oslo"}, False),
        ("a", {"city": "Oslo", "days": 12}, False),
        ("a", {"city": "Oslo", "days": 12}, True),
        ("b", {}, False),
        ("b", {}, False),
        ("b", {"city": "Bergen"}, False),
        ("b", {"city": "Bergen by"}, False),
        ("b", {"city": "Bergen by"}, True),
    ]
    assert {(e.name, e.item_id, e.error) for e in events} == {("weather", "same", None)}
    assert events == [event async for event in run.pipe(tool_arguments())], "again from the start"


def test_interleaved_calls_are_told_apart_by_their_place() -> None:
    items: list[ResponseOutputItem] = [
        function_call("one", '{"a": 1}', item_id="same"),
        function_call("two", '{"b": 2}', item_id="same"),
    ]
    begun = [e for e in response_events(items) if e.type == "response.output_item.added"]
    deltas = [delta('{"a"'), delta('{"b": ', 1), delta(": 1}"), delta("2}", 1)]
    out = told(*begun, *deltas)
    assert [(e.name, e.arguments) for e in out[2:]] == [
        ("one", '{"a"'),
        ("two", '{"b": '),
        ("one", '{"a": 1}'),
        ("two", '{"b": 2}'),
    ]
    assert [e.value for e in out[-2:]] == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize(
    "missing",
    [
        (),
        (".delta",),
        ("arguments.done",),
        (".delta", "arguments.done"),
        (".delta", "arguments.done", "item.added"),
        ("item.added",),
        ("item.done",),
        ("item.added", "item.done"),
        ("arguments.done", "item.added", "item.done"),
        ("item.done", "response.completed"),
    ],
)
def test_what_servers_leave_out_is_not_missed(missing: tuple[str, ...]) -> None:
    events = response_events([function_call("f", '{"a": [1, 2]}', call_id="c")])
    out = told(*(without(events, *missing) if missing else events))
    assert [e.done for e in out].count(True) == 1
    last = out[-1]
    assert (last.call_id, last.name, last.done) == ("c", "f", True)
    assert (last.value, last.arguments) == ({"a": [1, 2]}, '{"a": [1, 2]}')


@pytest.mark.parametrize(
    ("arguments", "value", "error"),
    [
        ("", {}, None),
        (" ", {}, None),
        ('{"a": "b', {"a": "b"}, "the arguments are no JSON: the text ends before its JSON does"),
        ('{"a": 1} ]', {"a": 1}, "the arguments are no JSON: ']' after the end of the JSON"),
        ("[1]", {}, "the arguments are JSON, but no object"),
    ],
)
def test_what_is_no_json_object(arguments: str, value: Any, error: str | None) -> None:
    last = told(*response_events([function_call("f", arguments)]))[-1]
    assert (last.done, last.arguments, last.value) == (True, arguments, value)
    assert (last.error or "").startswith(error or "")
    assert (last.error is None) == (error is None)


def test_another_attempt_begins_anew() -> None:
    source: Subject[Any] = Subject()
    out: list[ToolArguments] = []
    Stream.from_observable(source).pipe(tool_arguments()).subscribe(out.append)
    for attempt in (1, 2):
        source.on_next(RawResponsesStreamEvent(data=delta('{"a": "x'), attempt=attempt))
    assert [e.value for e in out] == [{"a": "x"}, {"a": "x"}]


def test_an_error_passes_through_and_leaving_leaves() -> None:
    source: Subject[Any] = Subject()
    out: list[Any] = []
    Stream.from_observable(source).pipe(tool_arguments()).subscribe(out.append, out.append)
    source.on_next(RawResponsesStreamEvent(data=delta('{"a": "x')))
    error = OSError("cut")
    source.on_error(error)
    assert [getattr(e, "done", e) for e in out] == [False, error]
    source = Subject()
    subscription = Stream.from_observable(source).pipe(tool_arguments()).subscribe()
    assert source.observers
    subscription.dispose()
    assert not source.observers


@given(st.lists(st.text(alphabet='{}"a:, 1[]\\', max_size=4), max_size=8))
def test_nothing_that_a_model_writes_fails_the_stream(pieces: list[str]) -> None:
    out = told(*map(delta, pieces), *response_events([function_call("f", "".join(pieces))])[-2:])
    assert out[-1].done
    assert len(out) == len(pieces) + 1
