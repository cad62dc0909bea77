"""snapshot: a run's conversation, at each event that changes it."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import itertools
import json
import pickle
import tracemalloc
from collections.abc import Sequence
from typing import Any

import pytest
from conversations import (
    AGENT,
    ITEMS,
    arguments_delta,
    conversations,
    looks_of,
    message,
    output,
    raw,
    refused,
    response,
    said,
    searching,
    snapshots,
    text_delta,
    three_turns,
    web_search,
)
from hypothesis import given
from openai.types.responses import (
    ResponseReasoningItem,
    ResponseReasoningTextDeltaEvent,
)
from openai.types.responses.response_output_item import McpCall
from openai.types.responses.response_reasoning_item import Content, Summary
from reactivex.subject import Subject

from rxagents import Agent, RequestUsage, Runner, Stream, Usage
from rxagents import operators as ops
from rxagents.events import (
    AgentUpdatedStreamEvent,
    RunItemStreamEvent,
    StreamEvent,
)
from rxagents.items import (
    HandoffCallItem,
    HandoffOutputItem,
    MessageOutputItem,
    ReasoningItem,
    ToolCallItem,
)
from rxagents.testing import (
    ScriptedModel,
    assistant_message,
    function_call,
    response_events,
    response_usage,
)


def last(events: Sequence[StreamEvent]) -> tuple[ops.Entry, ...]:
    return snapshots(events)[-1].entries


def brief(entries: Sequence[ops.Entry]) -> list[Any]:
    """What the entries say, without agents and ids of items."""
    out: list[Any] = []
    for entry in entries:
        match entry:
            case ops.MessageEntry():
                out.append((entry.text + entry.refusal, entry.is_complete))
            case ops.ReasoningEntry():
                out.append((entry.summary, entry.text, entry.is_complete))
            case ops.CallEntry():
                out.append((entry.call_id, entry.name, entry.arguments, entry.status, entry.output))
            case ops.HandoffEntry():
                out.append((entry.call_id, entry.source, entry.target))
    return out


# --- a run ----------------------------------------------------------------------------------


async def test_a_run_with_parallel_calls_and_a_handoff() -> None:
    run = three_turns()
    seen = [snapshot async for snapshot in run.pipe(ops.snapshot())]
    assert seen[0] == ops.Snapshot(agent="A", seq=0)
    end = seen[-1]
    rome, oslo = '{"city": "Rome"}', '{"city": "Oslo"}'
    assert brief(end.entries) == [
        ("One moment.", True),
        ("a", "slow", oslo, "completed", "rain in Oslo"),
        ("b", "quick", rome, "completed", "sun in Rome"),
        ("c", "A", "B"),
        ("Rain and sun.", True),
    ]
    assert [getattr(entry, "agent", None) for entry in end.entries] == ["A", "A", "A", None, "B"]
    assert (end.agent, end.turn, end.is_complete) == ("B", 3, True)
    assert end.usage == run.context_wrapper.usage
    assert end.usage.requests == 3
    events = [event async for event in run.stream_events()]
    assert end.seq == events[-1].seq
    assert seen == [snapshot async for snapshot in run.pipe(ops.snapshot())], "once more"


async def test_what_is_told_of_a_call_in_time() -> None:
    seen: list[tuple[float, Any]] = []
    begun = asyncio.get_running_loop().time()

    def note(snapshot: ops.Snapshot) -> None:
        calls = [each for each in brief(snapshot.entries) if len(each) == 5]
        states = [(call[0], call[3]) for call in calls if call[0] in "ab"]
        if not seen or states != seen[-1][1]:
            seen.append((asyncio.get_running_loop().time() - begun, states))

    three_turns().pipe(ops.snapshot()).subscribe(note)
    await asyncio.sleep(10)
    assert seen == [
        (0, []),
        (0, [("a", "writing")]),
        (0, [("a", "running")]),
        (0, [("a", "running"), ("b", "writing")]),
        (0, [("a", "running"), ("b", "running")]),
        (1, [("a", "running"), ("b", "completed")]),
        (5, [("a", "completed"), ("b", "completed")]),
    ]


async def test_a_snapshot_comes_only_where_something_has_changed() -> None:
    run = three_turns()
    seen = [snapshot async for snapshot in run.pipe(ops.snapshot())]
    for before, now in itertools.pairwise(seen):
        assert dataclasses.replace(now, seq=0) != dataclasses.replace(before, seq=0)
    quiet = response_events([assistant_message("Hi")])
    told = [raw(event) for event in quiet if event.type != "response.output_item.done"]
    assert len(snapshots(told)) == len(told) - 4, "in_progress, two of the part, text.done"
    begun = response(assistant_message("Hi"))[2:3]
    assert len(snapshots([*begun, *begun])) == 1


async def test_an_item_behind_its_raw_events_changes_nothing() -> None:
    one = assistant_message("One.", item_id="same")
    two = assistant_message("Two.", item_id="same")
    call = function_call("f", "{}", call_id="x", item_id="same")
    events = response(one, two, call)
    told = [
        RunItemStreamEvent("message_output_created", MessageOutputItem(AGENT, one)),
        RunItemStreamEvent("message_output_created", MessageOutputItem(AGENT, two)),
        RunItemStreamEvent("tool_called", ToolCallItem(AGENT, call)),
    ]
    for each in told:
        each.run_id, each.turn, each.path = "r", 1, ("A",)
    assert len(snapshots([*events, *told])) == len(snapshots(events))
    assert brief(last([*events, *told])) == [
        ("One.", True),
        ("Two.", True),
        ("x", "f", "{}", "running", None),
    ]


# --- messages and reasoning -----------------------------------------------------------------


def test_a_message_of_several_parts() -> None:
    whole = message(said("One "), refused("No. "), said("and two."), refused("Never."))
    (entry,) = last(response(whole))
    assert isinstance(entry, ops.MessageEntry)
    assert (entry.text, entry.refusal, entry.is_complete) == ("One and two.", "No. Never.", True)
    assert (entry.agent, entry.item_id, entry.kind) == ("A", "m", "message")


def test_parts_that_are_written_at_once() -> None:
    deltas = [("a", 0), ("c", 1), ("b", 0), ("d", 1), ("", 0)]
    seen = snapshots([raw(text_delta(text, part=part)) for text, part in deltas])
    assert [each.entries[0].to_dict()["text"] for each in seen] == ["a", "ac", "abc", "abcd"]


def test_reasoning_and_what_is_told_of_it() -> None:
    thought = ResponseReasoningItem(
        id="rs",
        type="reasoning",
        summary=[Summary(type="summary_text", text=text) for text in ("First I.", "Then.")],
    )
    seen = snapshots(response(thought))
    grown = [each.entries[0] for each in seen if each.entries]
    assert [entry.summary for entry in grown if isinstance(entry, ops.ReasoningEntry)] == [
        "",
        "First",
        "First I.",
        "First I.\n\nThen.",
        "First I.\n\nThen.",
        "First I.\n\nThen.",
    ]
    content = [Content(type="reasoning_text", text=text) for text in ("Hm.", "So.")]
    unstreamed = thought.model_copy(update={"content": content})
    assert brief(last(response(unstreamed, without=(".delta", "text.done")))) == [
        ("First I.\n\nThen.", "Hm.\n\nSo.", True)
    ]
    delta = ResponseReasoningTextDeltaEvent(
        type="response.reasoning_text.delta",
        delta="Hm",
        content_index=0,
        item_id="rs",
        output_index=0,
        sequence_number=0,
    )
    assert brief(last([raw(delta)])) == [("", "Hm", False)]


def test_several_messages_in_a_response_that_share_an_index() -> None:
    items = [assistant_message(text, item_id="__fake_id__") for text in ("One.", "Two.", "Three.")]
    expected = [("One.", True), ("Two.", True), ("Three.", True)]
    assert brief(last(response(*items))) == expected
    at_zero: list[StreamEvent] = [
        raw(event.model_copy(update={"output_index": 0}))
        for event in response_events(items)
        if hasattr(event, "output_index")
    ]
    assert brief(last(at_zero)) == expected
    assert brief(last([*at_zero, response(*items)[-1]])) == expected


# --- calls ----------------------------------------------------------------------------------


def test_calls_that_are_written_at_once() -> None:
    calls = [function_call(name, "", call_id=name, item_id="same") for name in ("f", "g")]
    begun = [raw(e) for e in response_events(calls) if e.type.endswith("item.added")]
    deltas = [raw(arguments_delta(text, i)) for text, i in (("[", 0), ("{", 1), ("]", 0), ("}", 1))]
    assert brief(last([*begun, *deltas])) == [
        ("f", "f", "[]", "writing", None),
        ("g", "g", "{}", "writing", None),
    ]


def test_a_name_and_an_id_that_come_late() -> None:
    call = function_call("f", "{}", call_id="x")
    nameless = call.model_copy(update={"call_id": "", "name": ""})
    (_, _, added, *_, done, _) = response_events([call])
    begun = raw(added.model_copy(update={"item": nameless}))
    for events in ([begun, raw(arguments_delta("{}"))], [raw(arguments_delta("{}")), begun]):
        assert brief(last(events)) == [("", "", "{}", "writing", None)]
        assert brief(last([*events, raw(added)])) == [("x", "f", "{}", "writing", None)]
        ended: list[StreamEvent] = [*events, raw(done), output("x")]
        assert brief(last(ended)) == [("x", "f", "{}", "completed", "x")]


def test_outputs_of_calls_with_the_same_id() -> None:
    calls = [function_call("f", text, call_id="x", item_id=text) for text in ("1", "2")]
    events = [*response(*calls), output("x", "one"), output("x", "two")]
    assert [each[-1] for each in brief(last(events))] == ["one", "two"]


def test_an_output_may_be_anything() -> None:
    class Odd:
        def __eq__(self, other: object) -> bool:
            raise RuntimeError("no truth value")

        __hash__ = None  # type: ignore[assignment]

        def __str__(self) -> str:
            return "odd"

    value = {"path": b"\xff", "when": Odd(), 3: (1, 2)}
    events = [*response(function_call("f", "{}", call_id="x")), output("x", value)]
    (entry,) = last(events)
    assert isinstance(entry, ops.CallEntry)
    assert entry.output is value
    assert json.loads(json.dumps(entry.to_dict()))["output"] == {
        "path": "_w==",
        "when": "odd",
        "3": [1, 2],
    }


def test_tools_that_the_provider_runs() -> None:
    mcp = McpCall(
        id="mcp",
        type="mcp_call",
        name="roll",
        arguments='{"dice": 2}',
        server_label="dice",
        output="7",
    )
    events = response(web_search(), mcp)
    seen = snapshots([*events[:3], searching(), searching(), *events[3:]])
    states = [brief(each.entries)[0][3] for each in seen if each.entries]
    assert states[:3] == ["writing", "running", "completed"]
    assert brief(seen[-1].entries) == [
        ("ws", "web_search_call", "", "completed", None),
        ("mcp", "roll", '{"dice": 2}', "completed", "7"),
    ]
    told = RunItemStreamEvent("tool_called", ToolCallItem(AGENT, mcp))
    assert brief(last([told])) == [("mcp", "roll", '{"dice": 2}', "completed", "7")]


# --- what servers leave out -----------------------------------------------------------------


@pytest.mark.parametrize(
    "missing",
    [
        (),
        (".delta",),
        ("text.done", "arguments.done"),
        ("item.added",),
        ("item.done",),
        ("item.added", "item.done"),
        (".delta", "text.done", "arguments.done"),
        (".delta", "text.done", "arguments.done", "item.added"),
        (".delta", "text.done", "arguments.done", "item.done"),
        (".delta", "text.done", "arguments.done", "item.added", "item.done"),
        ("response.completed",),
        ("item.added", "response.completed"),
    ],
)
def test_what_servers_leave_out_is_not_missed(missing: tuple[str, ...]) -> None:
    assert brief(last(response(*ITEMS, without=missing))) == [
        ("Hm, so.", "", True),
        ("One moment.", True),
        ("x", "f", '{"a": 1}', "running", None),
        ("y", "f", '{"a": 2}', "running", None),
        ("Another one.", True),
    ]


def test_a_response_that_leaves_its_own_list_empty() -> None:
    events = response(*ITEMS, without=("item.done", "response.completed"))
    (*_, completed) = response_events([])
    ended = brief(last([*events, raw(completed)]))
    assert [each[-1] for each in ended] == [True, True, None, None, True]
    assert [each[3] for each in ended if len(each) == 5] == ["running", "running"]


def test_deltas_that_the_item_does_not_repeat_and_text_that_it_corrects() -> None:
    bare = message(said(""))
    (*_, done, _) = response_events([bare])
    assert brief(last([raw(text_delta("Hello")), raw(done)])) == [("Hello", True)]
    (*_, done, _) = response_events([message(said("Hello, you"))])
    assert brief(last([raw(text_delta("Hallo")), raw(done)])) == [("Hello, you", True)]


def test_a_list_of_which_the_indices_are_not_those_of_the_stream() -> None:
    one, two = assistant_message("One."), assistant_message("Two.")
    shifted: list[StreamEvent] = [
        raw(event.model_copy(update={"output_index": event.output_index + 1}))
        for event in response_events([one, two])
        if hasattr(event, "output_index")
    ]
    completed = response(one, two)[-1]
    expected = [("One.", True), ("Two.", True)]
    assert brief(last([*shifted, completed])) == expected
    cut = [each for each in shifted if not each.data.type.endswith("item.done")]  # type: ignore[union-attr]
    assert brief(last([*cut, completed])) == expected
    first_done = [each for each in shifted if each not in shifted[-1:]]
    assert brief(last([*first_done, completed])) == expected
    other = response(one.model_copy(update={"id": "x"}), two.model_copy(update={"id": "y"}))
    assert brief(last([*shifted, other[-1]])) == expected, "as many, though told otherwise"


# --- attempts, agents, runs -----------------------------------------------------------------


def test_another_attempt_takes_the_place_of_what_the_failed_one_began() -> None:
    before = [*response(function_call("f", "{}", call_id="x")), output("x")]
    failed = [
        raw(text_delta("Let me th"), turn=2),
        raw(text_delta("Another", 1), turn=2),
        raw(arguments_delta("{", 2), turn=2),
    ]
    again = [raw(each.data, turn=2, attempt=2) for each in failed[:1]]
    seen = snapshots([*before, *failed, *again])
    kept = ("x", "f", "{}", "completed", "x")
    assert brief(seen[-2].entries) == [
        kept,
        ("Let me th", False),
        ("Another", False),
        ("", "", "{", "writing", None),
    ]
    assert brief(seen[-1].entries) == [kept, ("Let me th", False)]
    (created, *_) = response_events([])
    emptied = snapshots([*before, *failed, raw(created, turn=2, attempt=2)])
    assert brief(emptied[-1].entries) == [kept], "as soon as it is known"
    assert brief(emptied[-2].entries) == brief(seen[-2].entries), "kept ones do not change"


def test_a_call_of_a_failed_attempt_is_not_answered() -> None:
    call = function_call("f", "{}", call_id="x")
    again = [raw(event.data, attempt=2) for event in response(call)]  # type: ignore[union-attr]
    assert brief(last([*response(call), *again, output("x")])) == [
        ("x", "f", "{}", "completed", "x")
    ]


def test_agents_inside_of_a_turn_are_told_by_their_entries() -> None:
    inside = ("A", "inside")
    events = [
        *response(function_call("f", "{}", call_id="x")),
        AgentUpdatedStreamEvent(Agent("inside"), path=inside, run_id="r", turn=1),
        raw(text_delta("Inner"), path=inside, turn=4),
        raw(text_delta("Other"), path=("A", "other"), turn=4),
        raw(text_delta(" words."), path=inside, turn=4),
        output("x"),
    ]
    seen = snapshots(events)
    snapshot = seen[-1]
    assert {(each.agent, each.turn) for each in seen} == {("A", 1)}
    assert brief(snapshot.entries)[1:] == [("Inner words.", False), ("Other", False)]
    agents = [entry.agent for entry in snapshot.entries if isinstance(entry, ops.MessageEntry)]
    assert agents == ["inside", "other"]


def test_runs_in_one_stream_make_one_conversation() -> None:
    events = [raw(text_delta(text), run_id=run) for text, run in (("a", "r"), ("b", "s"))]
    both = [*events, *events]
    assert brief(last(both)) == [("aa", False), ("bb", False)]
    call = function_call("f", "{}", call_id="x")
    calls = [raw(e.data, run_id=run) for run in ("s", "r") for e in response(call)]  # type: ignore[union-attr]
    assert [each[3] for each in brief(last([*calls, output("x")]))] == ["running", "completed"]


def test_items_that_are_made_by_hand() -> None:
    handoff = function_call("transfer_to_b", call_id="h")
    thought = ResponseReasoningItem(id="rs", type="reasoning", summary=[])
    told: dict[str, Any] = {"type": "function_call_output", "call_id": "h", "output": "B"}
    taken = HandoffOutputItem(AGENT, told, source_agent=AGENT, target_agent=Agent("B"))  # type: ignore[arg-type]
    events: list[StreamEvent] = [
        AgentUpdatedStreamEvent(AGENT),
        RunItemStreamEvent("reasoning_item_created", ReasoningItem(AGENT, thought)),
        RunItemStreamEvent(
            "message_output_created", MessageOutputItem(AGENT, assistant_message("Hi."))
        ),
        RunItemStreamEvent(
            "message_output_created", MessageOutputItem(AGENT, assistant_message("Hi."))
        ),
        RunItemStreamEvent("tool_called", ToolCallItem(AGENT, function_call("f", call_id="x"))),
        RunItemStreamEvent("tool_output", output("x").item),
        RunItemStreamEvent("tool_output", output("unknown").item),
        RunItemStreamEvent("handoff_requested", HandoffCallItem(AGENT, handoff)),
        RunItemStreamEvent("handoff_occured", taken),
        RunItemStreamEvent("handoff_occured", taken),
    ]
    snapshot = snapshots(events)[-1]
    assert brief(snapshot.entries) == [
        ("", "", True),
        ("Hi.", True),
        ("Hi.", True),
        ("x", "f", "{}", "completed", "x"),
        ("unknown", "", "", "completed", "x"),
        ("h", "A", "B"),
        ("h", "A", "B"),
    ]
    assert (snapshot.agent, snapshot.turn, snapshot.seq) == ("A", 0, -1)


def test_the_usage_is_the_sum_of_the_finished_responses() -> None:
    one = response_events([], usage=response_usage(10, 5))
    events = [raw(event, turn=turn) for turn in (1, 2) for event in one]
    seen = snapshots(events)
    entries = [RequestUsage(10, 5, 15)] * 2
    assert seen[-1].usage == Usage(
        requests=2,
        input_tokens=20,
        output_tokens=10,
        total_tokens=30,
        request_usage_entries=entries,
    )
    assert [each.usage.requests for each in seen] == [0, 1, 1, 2]
    assert [each.turn for each in seen] == [1, 1, 2, 2]


# --- the end, an error, leaving, a slow consumer --------------------------------------------


async def test_an_empty_source_has_the_last_snapshot_only() -> None:
    assert await Stream.empty().pipe(ops.snapshot(), ops.to_list()) == [
        ops.Snapshot(is_complete=True)
    ]


async def test_the_error_follows_what_there_is() -> None:
    model = ScriptedModel([[assistant_message("Hello you."), OSError("cut")]])
    seen: list[Any] = []
    run = Runner.observe(Agent("A", model=model), "go")
    run.pipe(ops.snapshot()).subscribe(seen.append, seen.append)
    await asyncio.sleep(1)
    *_, before, error = seen
    assert isinstance(error, OSError)
    assert brief(before.entries) == [("Hello you.", True)]
    assert before.is_complete is False


async def test_leaving_leaves_the_source() -> None:
    source: Subject[Any] = Subject()
    subscription = Stream.from_observable(source).pipe(ops.snapshot(), ops.diff()).subscribe()
    assert source.observers
    subscription.dispose()
    assert not source.observers


async def test_a_slow_consumer_holds_back_the_run() -> None:
    model = ScriptedModel([[assistant_message("word " * 3000)]])
    emitted = taken = ahead = 0

    def count(_: object) -> None:
        nonlocal emitted
        emitted += 1

    run = Runner.observe(Agent("A", model=model), "go").pipe(ops.do_action(count))
    async for _ in run.pipe(ops.snapshot(), ops.diff()):
        taken += 1
        ahead = max(ahead, emitted - taken)
        if taken % 100 == 0:
            await asyncio.sleep(1)
    assert taken > 3000
    assert ahead <= 64 + 10, "some events change nothing"


async def test_each_subscription_has_a_conversation_of_its_own() -> None:
    stream = Stream.of(*response(*ITEMS)).pipe(ops.snapshot())
    one, two = await stream.pipe(ops.to_list()), await stream.pipe(ops.to_list())
    assert one == two
    assert one[-1].entries[1] is not two[-1].entries[1]


# --- snapshots as values --------------------------------------------------------------------


def test_snapshots_are_plain_immutable_values() -> None:
    snapshot = snapshots([raw(text_delta("Hel")), raw(text_delta("lo"))])[-1]
    entry = ops.MessageEntry(text="Hello", agent="A")
    by_hand = ops.Snapshot(entries=(entry,), agent="A", turn=1)
    assert snapshot == by_hand
    assert snapshot != dataclasses.replace(by_hand, turn=2)
    assert repr(snapshot) == repr(by_hand)
    assert hash(snapshot.entries) == hash(by_hand.entries)
    assert copy.deepcopy(snapshot) == pickle.loads(pickle.dumps(snapshot)) == by_hand
    (hello,) = snapshot.entries
    assert isinstance(hello, ops.MessageEntry)
    assert dataclasses.replace(hello, is_complete=True).to_dict() == {
        "kind": "message",
        "text": "Hello",
        "refusal": "",
        "is_complete": True,
        "agent": "A",
        "item_id": "",
    }
    with pytest.raises(dataclasses.FrozenInstanceError):
        snapshot.turn = 3  # type: ignore[misc]
    with pytest.raises(AttributeError, match="'Snapshot' object has no attribute 'texts'"):
        snapshot.texts  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(AttributeError, match="'MessageEntry' object has no attribute 'texts'"):
        entry.texts  # type: ignore[attr-defined]  # noqa: B018


async def test_a_snapshot_as_json() -> None:
    end = await three_turns().pipe(ops.snapshot())
    told = json.loads(json.dumps(end.to_dict()))
    assert told == end.to_dict()
    assert [entry["kind"] for entry in told["entries"]] == [
        "message",
        "call",
        "call",
        "handoff",
        "message",
    ]
    assert told["entries"][1] == {
        "kind": "call",
        "call_id": "a",
        "name": "slow",
        "arguments": '{"city": "Oslo"}',
        "status": "completed",
        "progress": None,
        "output": "rain in Oslo",
        "error": None,
        "agent": "A",
        "item_id": "__fake_id__",
    }
    assert told["entries"][3] == {"kind": "handoff", "source": "A", "target": "B", "call_id": "c"}
    assert (told["agent"], told["turn"], told["is_complete"]) == ("B", 3, True)
    assert told["usage"]["requests"] == 3


# --- what it costs --------------------------------------------------------------------------


def test_an_event_costs_the_same_however_long_the_run_is() -> None:
    """What is long is shared, and what is not shared is short: counted in objects and bytes."""
    many = [assistant_message("Some words.") for _ in range(2000)]
    events = [*response(*many), *[raw(text_delta("x"), turn=2) for _ in range(2000)]]
    source: Subject[Any] = Subject()
    kept: list[Any] = []
    Stream.from_observable(source).pipe(ops.snapshot()).subscribe(lambda s: kept.append(s))
    for event in events:
        source.on_next(event)
    settled = {id(looks_of(each)["entries"]._settled) for each in kept}
    assert len(settled) == 1, "one list of entries for all snapshots"
    for each in kept:
        assert len(looks_of(each)["entries"]._open) <= 1
    ends = [looks_of(each)["entries"]._open[0][1] for each in kept[-2000:]]
    assert len({id(looks_of(entry)["text"].pieces) for entry in ends}) == 1, "one list of pieces"
    assert len({id(looks_of(entry)["refusal"]) for entry in ends}) == 1

    del kept[:-1]
    tracemalloc.start()
    for _ in range(500):
        source.on_next(raw(text_delta("x"), turn=2))
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown / 500 < 2000, "bytes for a snapshot of 2001 entries that is kept"
    assert kept[0].entries[-1].text == "x" * 2000
    assert kept[-1].entries[-1].text == "x" * 2500


def test_reading_the_text_each_time_joins_only_what_is_new() -> None:
    seen = snapshots([raw(text_delta("x")) for _ in range(1000)])
    for number, each in enumerate(seen):
        assert each.entries[0].to_dict()["text"] == "x" * (number + 1)
    pieces = looks_of(looks_of(seen[-1])["entries"]._open[0][1])["text"].pieces
    assert pieces._joined == 1000
    assert seen[9].entries[0] == ops.MessageEntry(text="x" * 10, agent="A")


@given(conversations())
def test_a_snapshot_never_changes(events: list[StreamEvent]) -> None:
    kept = snapshots(events)
    at_once: list[Any] = []
    source: Subject[Any] = Subject()
    whole = Stream.from_observable(source).pipe(ops.snapshot(), ops.map(ops.Snapshot.to_dict))
    whole.subscribe(at_once.append)
    for event in events:
        source.on_next(event)
    assert [each.to_dict() for each in kept] == at_once
