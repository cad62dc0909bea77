"""diff: what changes from one snapshot to the next."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

from conversations import (
    ITEMS,
    conversations,
    looks_of,
    message,
    output,
    progress,
    raw,
    response,
    said,
    snapshots,
    text_delta,
    three_turns,
)
from hypothesis import given
from hypothesis import strategies as st
from reactivex.subject import Subject

from rxagents import Stream
from rxagents import operators as ops
from rxagents.events import (
    StreamEvent,
)
from rxagents.testing import (
    assistant_message,
    function_call,
    response_events,
)
from rxagents.tool_progress import ToolProgress


def diffs(seen: Sequence[ops.Snapshot]) -> list[ops.SnapshotDiff]:
    source: Subject[Any] = Subject()
    out: list[ops.SnapshotDiff] = []
    Stream.from_observable(source).pipe(ops.diff()).subscribe(out.append)
    for snapshot in seen:
        source.on_next(snapshot)
    return out


def patch(state: dict[str, Any], change: dict[str, Any]) -> None:
    """What a client does with a diff that came over a wire."""
    entries = state["entries"]
    for index in reversed(change.get("removed", [])):
        del entries[index]
    for each in change.get("added", []):
        entries.insert(each["index"], each["entry"])
    for each in change.get("changed", []):
        entry = entries[each["index"]]
        for name, text in each["appended"].items():
            entry[name] += text
        entry.update(each["replaced"])
    for name in ("agent", "turn", "usage", "is_complete", "seq"):
        state[name] = change.get(name, state[name])


def assert_rebuilt(seen: Sequence[ops.Snapshot]) -> None:
    """The diffs, as JSON, make each snapshot of the one before."""
    state = ops.Snapshot().to_dict()
    by_seq = iter(diffs(seen))
    before = ops.Snapshot()
    for snapshot in seen:
        if dataclasses.replace(snapshot, seq=before.seq) != before:
            patch(state, json.loads(json.dumps(next(by_seq).to_dict())))
        state["seq"] = snapshot.seq
        assert state == snapshot.to_dict()
        before = snapshot
    assert next(by_seq, None) is None


async def test_diffs_tell_what_was_added_and_what_grew() -> None:
    run = three_turns()
    seen = [snapshot async for snapshot in run.pipe(ops.snapshot())]
    told = diffs(seen)
    assert told[0] == ops.SnapshotDiff(agent="A", seq=0)
    assert told[1].to_dict() == {"turn": 1, "seq": 1}
    assert told[2].added == (
        ops.EntryAdded(
            index=0, entry=ops.MessageEntry(agent="A", item_id="__fake_id__", is_complete=False)
        ),
    )
    assert told[4].to_dict() == {
        "changed": [{"index": 0, "appended": {"text": " moment."}, "replaced": {}}],
        "seq": told[4].seq,
    }
    assert told[5].to_dict()["changed"] == [
        {"index": 0, "appended": {}, "replaced": {"is_complete": True}}
    ]
    (handed_over,) = [each for each in told if each.removed]
    assert handed_over.removed == (3,)
    assert [(each.index, each.entry.kind) for each in handed_over.added] == [(3, "handoff")]
    assert told[-1].to_dict() == {"is_complete": True, "seq": seen[-1].seq}
    assert_rebuilt(seen)


def test_the_first_diff_is_from_nothing() -> None:
    snapshot = snapshots(response(*ITEMS))[-1]
    (told,) = diffs([snapshot])
    assert [each.index for each in told.added] == [0, 1, 2, 3, 4]
    assert (told.agent, told.turn, told.is_complete) == ("A", 1, None)
    assert diffs([]) == []
    assert diffs([ops.Snapshot(), snapshot, snapshot]) == [told]


def test_a_text_that_was_replaced_is_told_as_a_whole() -> None:
    (*_, done, _) = response_events([message(said("Hello, you"))])
    wrong, right = snapshots([raw(text_delta("Hallo")), raw(done)])
    assert diffs([wrong, right])[1].to_dict()["changed"] == [
        {
            "index": 0,
            "appended": {},
            "replaced": {"text": "Hello, you", "is_complete": True, "item_id": "m"},
        }
    ]
    short, long = snapshots([raw(text_delta("Hello")), raw(done)])
    assert diffs([short, long])[1].changed[0].appended == {"text": ", you"}


def test_an_output_need_not_be_comparable() -> None:
    class Odd:
        def __eq__(self, other: object) -> bool:
            raise RuntimeError("no truth value")

        __hash__ = None  # type: ignore[assignment]

    odd = Odd()
    call = response(function_call("f", "{}", call_id="x"))
    told = diffs(snapshots([*call, output("x", odd)]))
    assert told[-1].changed[0].replaced == ("status", "output")


def test_a_failed_attempt_is_told_as_removed() -> None:
    failed = [raw(text_delta("a", index)) for index in range(3)]
    again = [raw(text_delta("b"), attempt=2)]
    told = diffs(snapshots([*failed, *again]))
    assert told[-1].removed == (0, 1, 2)
    assert [each.index for each in told[-1].added] == [0]


def test_what_has_not_changed_is_not_looked_at() -> None:
    many = [assistant_message("Some words.") for _ in range(1000)]
    seen = snapshots([*response(*many), *[raw(text_delta("x"), turn=2) for _ in range(3)]])
    *_, before, now = (looks_of(each)["entries"] for each in seen)
    changes = now.since(before)
    assert (changes.removed, changes.added, len(changes.changed)) == ([], [], 1)
    whole = [looks_of(each)["entries"]._settled for each in seen[-2:]]
    assert whole[0] is whole[1]


def test_an_attempt_that_has_come_as_far_as_the_one_before_gives_no_difference() -> None:
    events = response_events([assistant_message("Hm, so.")])
    delta = next(each for each in events if each.type.endswith(".delta"))
    seen = snapshots([raw(delta, turn=1, attempt=1), raw(delta, turn=1, attempt=2)])
    assert seen[0].entries == seen[1].entries
    assert len(diffs(seen[:2])) == 1
    assert_rebuilt(seen)


@given(conversations(), st.data())
def test_diffs_rebuild_each_snapshot(events: list[StreamEvent], data: st.DataObject) -> None:
    for number, event in enumerate(events):
        event.seq = number
    seen = snapshots(events, ends=True)
    assert_rebuilt(seen)
    some = [each for each in seen if data.draw(st.booleans())]
    assert_rebuilt(some)
    assert_rebuilt([dataclasses.replace(each) for each in some])
    assert_rebuilt(data.draw(st.permutations(some)))


def test_progress_that_says_the_same_again_is_no_difference() -> None:
    call = function_call("f", "{}", call_id="x")
    told = [progress("x", ToolProgress(fraction=0.5)) for _ in range(2)]
    seen = snapshots([*response(call), *told])
    assert_rebuilt(seen)
    replaced = [change.replaced for each in diffs(seen) for change in each.changed]
    assert sum("progress" in each for each in replaced) == 1
