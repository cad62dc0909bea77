"""The state of a run that has stopped, gone on from in the same process."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from shredder import Shredder, asked, names

from rxagents import (
    RunConfig,
    Runner,
    RunResult,
    RunResultStreaming,
    RunState,
    SQLiteSession,
    StreamEvent,
    UserError,
)
from rxagents import operators as ops
from rxagents.testing import ScriptedModel, function_call


async def stopped(shredder: Shredder, **options: Any) -> RunState[Any, Any]:
    """The state of a run that waits for approvals."""
    return (await Runner.run(shredder.agent, "x", **options)).to_state()


async def ended(run: RunResultStreaming) -> list[StreamEvent]:
    return [event async for event in run.stream_events()]


# --- approving and resuming -----------------------------------------------------------------


@pytest.mark.parametrize("way", ["run", "run_streamed", "observe"])
async def test_an_approved_state_goes_on_in_every_way(way: str) -> None:
    shredder = Shredder()
    state = await stopped(shredder)
    (item,) = state.get_interruptions()
    assert (item.name, item.call_id, item.agent) == ("shred", "a.txt", shredder.agent)
    state.approve(item)
    if way == "run":
        assert (await Runner.run(shredder.agent, state)).final_output == "Done."
    elif way == "run_streamed":
        run = Runner.run_streamed(shredder.agent, state)
        await ended(run)
        assert run.final_output == "Done."
    else:
        await Runner.observe(shredder.agent, state).pipe(ops.last())
    assert shredder.shredded == ["a.txt"]
    assert shredder.told == {"a.txt": "a.txt is gone"}
    assert len(shredder.model.calls) == 2


async def test_a_rejected_call_is_answered_with_the_message() -> None:
    shredder = Shredder(["a", "b"], ["c"])
    state = await stopped(shredder)
    first, second = state.get_interruptions()
    state.reject(first, rejection_message="Not that one.")
    state.approve(second)
    result = await Runner.run(shredder.agent, state)
    assert shredder.shredded == ["b"]
    assert shredder.told == {"a": "Not that one.", "b": "b is gone"}
    assert [item.call_id for item in result.interruptions] == ["c"], "another is another"


@pytest.mark.parametrize("approve", [True, False])
async def test_always_holds_for_the_rest_of_the_run(approve: bool) -> None:
    shredder = Shredder(["a"], ["b", "c"])
    state = await stopped(shredder)
    if approve:
        state.approve(state.get_interruptions()[0], always_approve=True)
    else:
        state.reject(state.get_interruptions()[0], always_reject=True, rejection_message="No.")
    result = await Runner.run(shredder.agent, state)
    assert result.final_output == "Done."
    assert shredder.shredded == (["a", "b", "c"] if approve else [])
    assert set(shredder.told) == {"a", "b", "c"}


async def test_a_state_about_which_nothing_was_decided_asks_again() -> None:
    shredder = Shredder(["a", "b"])
    state = await stopped(shredder)
    state.approve(state.get_interruptions()[0])
    again = Runner.run_streamed(shredder.agent, state)
    events = await ended(again)
    assert sorted(names(events)) == ["approval_requested", "tool_output"]
    assert [item.call_id for item in again.interruptions] == ["b"]
    last = again.to_state()
    last.approve(last.get_interruptions()[0])
    result = await Runner.run(shredder.agent, last)
    assert shredder.shredded == ["a", "b"]
    assert result.final_output == "Done."


async def test_events_go_on_where_they_have_stopped() -> None:
    shredder = Shredder()
    first = Runner.run_streamed(shredder.agent, "x")
    before = await ended(first)
    state = first.to_state()
    state.approve(state.get_interruptions()[0])
    await asyncio.sleep(60)
    second = Runner.run_streamed(shredder.agent, state)
    after = await ended(second)
    assert second.run_id == first.run_id
    assert {event.run_id for event in after} == {first.run_id}
    assert [event.seq for event in [*before, *after]] == list(range(len(before) + len(after)))
    assert [e.type for e in after[:3]] == [
        "agent_updated_stream_event",
        "run_item_stream_event",
        "raw_response_event",
    ]
    assert names(after) == ["tool_output", "message_output_created"]
    assert [event.turn for event in after] == sorted(event.turn for event in after)
    assert (after[0].turn, after[-1].turn) == (1, 2)
    assert after[0].time > before[-1].time, "time does not begin again"
    assert [item.type for item in second.new_items] == [
        "tool_call_item",
        "tool_call_output_item",
        "message_output_item",
    ]
    assert len(second.raw_responses) == 2
    assert second.context_wrapper.usage.requests == 2


async def test_the_state_stays_as_it_was_however_often_it_is_gone_on_from() -> None:
    shredder = Shredder(["a"], ["b"])
    state = await stopped(shredder)
    state.approve(state.get_interruptions()[0])
    before = state.to_json()
    results: list[RunResult] = []
    for _ in range(2):
        model = ScriptedModel([[function_call("shred", {"name": "b"}, call_id="b")]])
        config = RunConfig(model=model)
        results.append(await Runner.run(shredder.agent, state, run_config=config))
        assert state.to_json() == before
    assert shredder.shredded == ["a", "a"]
    assert [result.context_wrapper.usage.requests for result in results] == [2, 2]
    inner = [result.to_state() for result in results]
    inner[0].approve(results[0].interruptions[0], always_approve=True)
    wrapper = results[1].context_wrapper
    assert wrapper.is_tool_approved("shred", "b") is None, "a decision is of one of them"


async def test_a_context_can_be_given_anew() -> None:
    shredder = Shredder()
    state = await stopped(shredder, context="old")
    state.approve(state.get_interruptions()[0])
    assert (await Runner.run(shredder.agent, state)).context_wrapper.context == "old"
    result = await Runner.run(
        shredder.agent, state, context="new", run_config=RunConfig(model=shredder.last())
    )
    assert result.context_wrapper.context == "new"


async def test_what_is_added_is_told_before_the_next_model_call() -> None:
    shredder = Shredder()
    state = await stopped(shredder)
    state.add_input("never mind")
    state.clear_pending_input()
    state.add_input("and hurry")
    assert state.pending_input == [{"role": "user", "content": "and hurry"}]
    wrong: Any = 5
    with pytest.raises(UserError, match="a text or a list of items, not 5"):
        state.add_input(wrong)
    state.approve(state.get_interruptions()[0])
    run = Runner.run_streamed(shredder.agent, state)
    events = await ended(run)
    assert names(events) == ["tool_output", "input_admitted", "message_output_created"]
    given: Any = shredder.model.calls[-1].input
    assert [e.get("type") or e["content"] for e in given] == [
        "x",
        "function_call",
        "function_call_output",
        "and hurry",
    ]
    assert run.to_input_list()[3] == {"role": "user", "content": "and hurry"}


async def test_what_was_sent_and_not_admitted_is_a_part_of_the_state() -> None:
    shredder = Shredder()
    run = Runner.run_streamed(shredder.agent, "x")
    async for event in run.stream_events():
        if asked(event):
            run.send("and hurry")
    state = run.to_state()
    assert state.pending_input == [{"role": "user", "content": "and hurry"}]
    state.approve(state.get_interruptions()[0])
    await Runner.run(shredder.agent, state)
    given: Any = shredder.model.calls[-1].input
    assert given[-1] == {"role": "user", "content": "and hurry"}


async def test_only_what_waits_can_be_decided_about() -> None:
    shredder = Shredder()
    state = await stopped(shredder)
    (item,) = state.get_interruptions()
    item.raw_item.call_id = "other"
    other = (await Runner.run(Shredder(["z"]).agent, "x")).interruptions[0]
    with pytest.raises(UserError, match=r"'z' of 'shred' does not wait .*those that do: 'other'"):
        state.approve(other)


async def test_a_run_that_goes_on_has_no_state() -> None:
    run = Runner.run_streamed(Shredder().agent, "x")
    with pytest.raises(UserError, match="a run that goes on has no state"):
        run.to_state()
    await run.aclose()
    run.to_state()


async def test_a_session_has_everything_once() -> None:
    shredder, session = Shredder(), SQLiteSession("s")
    state = await stopped(shredder, session=session)
    assert [e.get("role") or e.get("type") for e in await session.get_items()] == ["user"]
    state.approve(state.get_interruptions()[0])
    state.add_input("and hurry")
    await Runner.run(shredder.agent, state, session=session)
    assert [e.get("role") or e.get("type") for e in await session.get_items()] == [
        "user",
        "function_call",
        "function_call_output",
        "user",
        "assistant",
    ]
    session.close()
