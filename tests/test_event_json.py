"""Events to JSON and back."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.responses import (
    ResponseCompletedEvent,
    ResponseFileSearchToolCall,
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseReasoningItem,
    ResponseTextDeltaEvent,
)
from openai_samples import sample, spoil
from pydantic import BaseModel

from rxagents import (
    Agent,
    AgentUpdatedStreamEvent,
    HandoffCallItem,
    HandoffOutputItem,
    MessageOutputItem,
    RawResponsesStreamEvent,
    ReasoningItem,
    RunItem,
    RunItemStreamEvent,
    StreamEvent,
    ToolCallItem,
    ToolCallOutputItem,
    event_from_dict,
)
from rxagents.event_json import EventReader
from rxagents.events import RunItemName
from rxagents.openai_types import event_classes, item_classes, typed_event, typed_item
from rxagents.testing import assistant_message, function_call

POET, CRITIC = Agent("Poet"), Agent("Critic")
OUTPUT: Any = {"type": "function_call_output", "call_id": "call_1", "output": "Rain."}
PLACE: dict[str, Any] = {
    "run_id": "run_1",
    "seq": 7,
    "attempt": 2,
    "turn": 3,
    "time": 1790000000.123456,
    "path": ("Poet", "Critic"),
}


def raw(value: dict[str, Any]) -> RawResponsesStreamEvent:
    return RawResponsesStreamEvent(typed_event(value), **PLACE)


def item(name: RunItemName, item: RunItem) -> RunItemStreamEvent:
    return RunItemStreamEvent(name, item, **PLACE)


def there_and_back(event: StreamEvent) -> StreamEvent:
    """The event from its JSON, which must be the same as before."""
    written = event.to_dict()
    for read in (written, json.loads(json.dumps(written))):
        before = copy.deepcopy(read)
        again = event_from_dict(read)
        assert again.to_dict() == written
        assert type(again) is type(event)
        assert read == before, "what is read is left as it is"
    return again


# --- raw events -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(event_classes()))
def test_every_event_of_the_openai_package_comes_back_as_it_was(kind: str) -> None:
    for seed in range(30):
        event = raw(sample(event_classes()[kind], Random(seed)))
        again = there_and_back(event)
        assert isinstance(again, RawResponsesStreamEvent)
        assert type(again.data) is type(event.data) is event_classes()[kind]
        assert again == event


@settings(deadline=None)  # the first event of a class has its validator built
@given(st.sampled_from(sorted(event_classes())), st.integers(0, 2**32), st.integers(1, 3))
def test_events_that_do_not_fit_their_class_come_back_too(kind: str, seed: int, odd: int) -> None:
    random = Random(seed)
    value = sample(event_classes()[kind], random)
    for _ in range(odd):
        if value:
            spoil(value, random)
    event = raw(value)
    again = there_and_back(event)
    assert isinstance(again, RawResponsesStreamEvent)
    assert type(again.data) is type(event.data)


def test_an_event_of_an_unknown_type_keeps_all_it_has() -> None:
    event = raw({"type": "response.telepathy.\ud83d", "thought": {"deep": [1, None]}})
    again: Any = there_and_back(event)
    assert again.data.thought == {"deep": [1, None]}
    assert type(again.data) is type(event.data), "as the decoder makes it"


def test_what_is_nested_has_its_class() -> None:
    message = assistant_message("Rain.").model_dump()
    value = sample(event_classes()["response.completed"], Random(1))
    value["response"]["output"] = [message, function_call("weather").model_dump()]
    again = there_and_back(raw(value))
    assert isinstance(again, RawResponsesStreamEvent)
    assert isinstance(again.data, ResponseCompletedEvent)
    kinds = [type(each) for each in again.data.response.output]
    assert kinds == [ResponseOutputMessage, ResponseFunctionToolCall]


def test_what_was_not_set_is_not_set_and_none_is_not_nothing() -> None:
    call = {"type": "function_call", "name": "f", "arguments": "{}", "call_id": "c"}
    added = {"type": "response.output_item.done", "output_index": 0, "sequence_number": 1}
    written = raw({**added, "item": {**call, "status": None}}).to_dict()
    assert written["data"]["item"] == {**call, "status": None}
    again: Any = event_from_dict(written)
    assert again.data.item.model_fields_set == {*call, "status"}


def test_a_value_that_validation_would_change_is_kept() -> None:
    values: dict[str, Any] = sample(event_classes()["response.output_text.delta"], Random(1))
    data = ResponseTextDeltaEvent.model_construct(None, **{**values, "output_index": "5"})
    again: Any = there_and_back(RawResponsesStreamEvent(data))
    assert again.data.output_index == "5"
    assert isinstance(again.data, ResponseTextDeltaEvent)


@given(st.floats(allow_nan=False), st.text(), st.integers())
def test_numbers_and_text_are_exact(number: float, text: str, integer: int) -> None:
    extra = {"number": number, "text": text, "integer": integer, text: None}
    there_and_back(raw({"type": "response.output_text.delta", "delta": text, "extra": extra}))


# --- items ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(item_classes()))
def test_every_item_of_the_openai_package_comes_back_as_it_was(kind: str) -> None:
    for seed in range(30):
        raw_item = typed_item(sample(item_classes()[kind], Random(seed)))
        again = there_and_back(item("tool_called", ToolCallItem(POET, raw_item)))
        assert isinstance(again, RunItemStreamEvent)
        assert again.item.raw_item == raw_item
        assert type(again.item.raw_item) is item_classes()[kind]


def test_items_come_back_in_their_classes() -> None:
    search = ResponseFileSearchToolCall(
        id="fs_1", type="file_search_call", queries=["rain"], status="completed"
    )
    thought = ResponseReasoningItem(id="rs_1", type="reasoning", summary=[])
    items: list[tuple[RunItemName, RunItem]] = [
        ("message_output_created", MessageOutputItem(POET, assistant_message("Rain."))),
        ("reasoning_item_created", ReasoningItem(POET, thought)),
        ("tool_called", ToolCallItem(POET, function_call("weather"))),
        ("tool_called", ToolCallItem(POET, search)),
        ("tool_output", ToolCallOutputItem(POET, OUTPUT, output="Rain.")),
        ("handoff_requested", HandoffCallItem(POET, function_call("transfer_to_critic"))),
        (
            "handoff_occured",
            HandoffOutputItem(POET, OUTPUT, source_agent=POET, target_agent=CRITIC),
        ),
    ]
    for name, made in items:
        again = there_and_back(item(name, made))
        assert isinstance(again, RunItemStreamEvent)
        assert (again.name, type(again.item)) == (name, type(made))
        assert again.item.raw_item == made.raw_item
        assert type(again.item.raw_item) is type(made.raw_item)
        assert again.item.to_input_item() == made.to_input_item()


class Weather(BaseModel):
    sky: str
    degrees: int = 21


@dataclass
class Point:
    x: int


@pytest.mark.parametrize(
    ("output", "form"),
    [
        ("Rain.", "Rain."),
        (None, None),
        ([1, 2.5, {"a": None}], [1, 2.5, {"a": None}]),
        ((1, (2,)), [1, [2]]),
        (Weather(sky="clear"), {"sky": "clear", "degrees": 21}),
        (
            {"today": Weather(sky="clear"), 2: True},
            {"today": {"sky": "clear", "degrees": 21}, "2": True},
        ),
        (Point(3), "Point(x=3)"),
        (b"\xff", "b'\\xff'"),
        ({1}, "{1}"),
    ],
)
def test_an_output_comes_back_in_its_json_form(output: object, form: object) -> None:
    again = there_and_back(item("tool_output", ToolCallOutputItem(POET, OUTPUT, output=output)))
    assert isinstance(again, RunItemStreamEvent)
    assert isinstance(again.item, ToolCallOutputItem)
    assert again.item.output == form
    assert again.item.raw_item == OUTPUT, "what the model was told is untouched"


def test_an_output_that_holds_what_json_does_not_know_is_written() -> None:
    class Knot:
        def __str__(self) -> str:
            return "a knot"

    class Holder(BaseModel, arbitrary_types_allowed=True):
        knot: Knot

    again: Any = there_and_back(
        item("tool_output", ToolCallOutputItem(POET, OUTPUT, output=Holder(knot=Knot())))
    )
    assert again.item.output == {"knot": "a knot"}


# --- agents and places ----------------------------------------------------------------------


def test_the_place_in_the_run_comes_back() -> None:
    again = there_and_back(AgentUpdatedStreamEvent(POET, **PLACE))
    assert {name: getattr(again, name) for name in PLACE} == PLACE


def test_the_agents_that_are_given_come_back() -> None:
    handoff = item(
        "handoff_occured", HandoffOutputItem(POET, OUTPUT, source_agent=POET, target_agent=CRITIC)
    ).to_dict()
    for agents in ([POET, CRITIC], {"Poet": POET, "Critic": CRITIC}, iter([POET, CRITIC])):
        event: Any = event_from_dict(handoff, agents)
        assert (event.item.agent, event.item.source_agent) == (POET, POET)
        assert event.item.target_agent is CRITIC
    update = AgentUpdatedStreamEvent.from_dict(AgentUpdatedStreamEvent(POET).to_dict(), [POET])
    assert update.new_agent is POET


def test_an_agent_that_is_not_given_is_one_new_agent_for_a_reader() -> None:
    reader = EventReader([CRITIC])
    first, second = (reader.read(AgentUpdatedStreamEvent(POET).to_dict()) for _ in range(2))
    assert isinstance(first, AgentUpdatedStreamEvent)
    assert isinstance(second, AgentUpdatedStreamEvent)
    assert first.new_agent is second.new_agent
    assert first.new_agent is not POET
    assert first.new_agent.name == "Poet"


def test_what_are_no_agents_is_refused() -> None:
    update = AgentUpdatedStreamEvent(POET).to_dict()
    with pytest.raises(TypeError, match="agents must be Agents, not str"):
        event_from_dict(update, ["Poet"])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="two of the agents are called 'Poet'"):
        event_from_dict(update, [POET, Agent("Poet")])
    event_from_dict(update, [POET, POET])


# --- what is no event -----------------------------------------------------------------------

RAW: dict[str, Any] = {"type": "raw_response_event"}
UPDATE: dict[str, Any] = {"type": "agent_updated_stream_event", "new_agent": "Poet"}
ITEM: dict[str, Any] = {"type": "run_item_stream_event", "name": "tool_called"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "the event lacks its 'type'"),
        (RAW, "the event lacks its 'data'"),
        ({**RAW, "data": "Hi"}, "the event's 'data' must be a JSON object, not 'Hi'"),
        ({"type": "telepathy"}, "no event of the type 'telepathy', only raw_response_event"),
        ({**ITEM, "item": {"type": "dream", "agent": "Poet", "raw_item": 1}}, "the type 'dream'"),
        ({**ITEM, "item": {"type": "tool_call_item", "agent": "Poet"}}, "lacks its 'raw_item'"),
        ({**UPDATE, "time": None}, "'time' must be a number and its 'path' a list, not None and"),
        ({**UPDATE, "path": "Poet"}, "'path' a list, not 0.0 and 'Poet'"),
        ({"type": "agent_updated_stream_event", "new_agent": 5}, "its name, not as 5"),
        ({"type": "agent_updated_stream_event", "new_agent": ""}, "its name, not as ''"),
    ],
)
def test_what_is_no_event_is_refused(data: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        event_from_dict(data)


def test_each_class_reads_its_own_events() -> None:
    written = AgentUpdatedStreamEvent(POET).to_dict()
    with pytest.raises(ValueError, match="is not RawResponsesStreamEvent but AgentUpdated"):
        RawResponsesStreamEvent.from_dict(written)
