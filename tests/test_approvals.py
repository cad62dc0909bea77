"""Calls that must be approved: in the middle of the stream, or once it has stopped."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from shredder import Shredder, asked, names, outputs

from rxagents import (
    Agent,
    ApprovalRequestedEvent,
    RunConfig,
    Runner,
    StreamEvent,
    UserError,
    event_from_dict,
    function_tool,
)
from rxagents import operators as ops
from rxagents.testing import ScriptedModel, assistant_message, function_call

# --- in the middle of the stream ------------------------------------------------------------


async def test_a_call_is_carried_out_once_it_is_approved() -> None:
    shredder, events = Shredder(), list[StreamEvent]()
    run = Runner.run_streamed(shredder.agent, "x")
    async for event in run.stream_events():
        events.append(event)
        if request := asked(event):
            assert (request.item.name, request.item.call_id) == ("shred", "a.txt")
            assert request.item.arguments == '{"name": "a.txt"}'
            await asyncio.sleep(3600)
            assert shredder.shredded == []
            await request.approve()
    assert names(events) == [
        "tool_called",
        "approval_requested",
        "tool_output",
        "message_output_created",
    ]
    assert [event.seq for event in events] == list(range(len(events)))
    assert run.interruptions == []
    assert [item.type for item in run.new_items] == [
        "tool_call_item",
        "tool_call_output_item",
        "message_output_item",
    ]
    assert shredder.told == {"a.txt": "a.txt is gone"}


async def test_a_call_that_is_rejected_is_answered_with_the_reason() -> None:
    shredder = Shredder(["a", "b"])
    run = Runner.run_streamed(shredder.agent, "x")
    async for event in run.stream_events():
        if request := asked(event):
            await request.reject("Keep it." if request.item.call_id == "a" else None)
    assert shredder.shredded == []
    assert shredder.told["a"] == "Keep it."
    assert shredder.told["b"] == "The call was not approved, and was not carried out."
    assert run.final_output == "Done."


@pytest.mark.parametrize("approved", [True, False])
async def test_always_decides_about_later_calls_of_the_tool_too(approved: bool) -> None:
    shredder, requests = Shredder(["a"], ["b", "c"]), 0
    async for event in Runner.run_streamed(shredder.agent, "x").stream_events():
        if request := asked(event):
            requests += 1
            if approved:
                await request.approve(always=True)
            else:
                await request.reject("Never.", always=True)
    assert requests == 1
    assert shredder.shredded == (["a", "b", "c"] if approved else [])
    if not approved:
        assert shredder.told == {"a": "Never.", "b": "Never.", "c": "Never."}


async def test_a_decision_about_one_call_is_none_about_the_next() -> None:
    shredder, requests = Shredder(["a"], ["b"]), list[str | None]()
    async for event in Runner.run_streamed(shredder.agent, "x").stream_events():
        if request := asked(event):
            requests.append(request.item.call_id)
            await request.approve()
    assert requests == ["a", "b"]


async def test_a_decision_does_not_hold_for_a_later_call_that_has_the_same_id() -> None:
    """Some servers count the calls of each response from 0."""
    shredder = Shredder()
    turn = [function_call("shred", {"name": "a"}, call_id="call_0")]
    again = [function_call("shred", {"name": "b"}, call_id="call_0")]
    shredder.model = ScriptedModel([turn, again, [assistant_message("Done.")]])
    agent, requests = shredder.agent.clone(model=shredder.model), list[str | None]()
    async for event in Runner.run_streamed(agent, "x").stream_events():
        if request := asked(event):
            requests.append(request.item.arguments)
            await (request.approve() if len(requests) == 1 else request.reject())
    assert requests == ['{"name": "a"}', '{"name": "b"}']
    assert shredder.shredded == ["a"]


async def test_callbacks_need_not_await() -> None:
    shredder = Shredder()
    run = Runner.run_streamed(shredder.agent, "x")

    def answer(event: StreamEvent) -> None:
        if request := asked(event):
            request.approve()

    run.subscribe(answer)
    await run.pipe(ops.last())
    assert (shredder.shredded, run.final_output) == (["a.txt"], "Done.")


async def test_whoever_answers_first_decides() -> None:
    shredder = Shredder()
    run = Runner.run_streamed(shredder.agent, "x")

    async def answer(seconds: float, *, approve: bool) -> list[int]:
        seen: list[int] = []
        async for event in run.stream_events():
            seen.append(event.seq)
            if request := asked(event):
                await asyncio.sleep(seconds)
                await (request.approve() if approve else request.reject())
        return seen

    first, second = await asyncio.gather(answer(5, approve=False), answer(1, approve=True))
    assert shredder.shredded == ["a.txt"]
    assert first == second == list(range(len(first)))


async def test_the_run_waits_for_a_consumer_that_is_far_behind() -> None:
    shredder = Shredder()
    shredder.model = ScriptedModel(
        [
            [assistant_message("word " * 500), function_call("shred", {"name": "a"})],
            [assistant_message("Done.")],
        ]
    )
    run = Runner.run_streamed(shredder.agent.clone(model=shredder.model), "x")
    async for event in run.stream_events():
        await asyncio.sleep(1)
        if request := asked(event):
            await request.approve()
    assert shredder.shredded == ["a"]
    assert run.interruptions == []


async def test_other_calls_of_the_turn_go_on_meanwhile() -> None:
    finished: list[float] = []

    @function_tool
    async def slow() -> str:
        """Work for ten seconds."""
        await asyncio.sleep(10)
        finished.append(asyncio.get_running_loop().time())
        return "ready"

    shredder = Shredder()
    calls = [function_call("shred", {"name": "a"}), function_call("slow")]
    model = ScriptedModel([calls, [assistant_message("Done.")]])
    agent = Agent("A", model=model, tools=[shredder.tool, slow])
    run, order = Runner.run_streamed(agent, "x"), list[str]()
    begun = asyncio.get_running_loop().time()
    async for event in run.stream_events():
        order += names([event])
        if request := asked(event):
            await asyncio.sleep(20)
            await request.approve()
    assert order[2:] == [
        "approval_requested",
        "tool_output",
        "tool_output",
        "message_output_created",
    ]
    assert finished == [begun + 10]
    assert outputs(run) == ["ready", "a is gone"]
    given: Any = model.calls[-1].input
    assert [e["call_id"] for e in given if "output" in e] == ["call_shred", "call_slow"]


async def test_observe_asks_as_well() -> None:
    shredder = Shredder()
    async for event in Runner.observe(shredder.agent, "x"):
        if request := asked(event):
            await asyncio.sleep(5)
            await request.approve()
    assert shredder.shredded == ["a.txt"]


# --- nobody answers -------------------------------------------------------------------------


async def test_a_run_that_nobody_answers_stops_with_interruptions() -> None:
    shredder = Shredder(["a", "b"])
    result = await Runner.run(shredder.agent, "x")
    assert [item.call_id for item in result.interruptions] == ["a", "b"]
    assert result.final_output is None
    assert shredder.shredded == []
    assert len(shredder.model.calls) == 1


@pytest.mark.parametrize("consumers", [0, 1, 2])
async def test_a_stream_ends_when_all_have_gone_past_the_request(consumers: int) -> None:
    run = Runner.run_streamed(Shredder().agent, "x")

    async def read() -> list[str]:
        return names([event async for event in run.stream_events()])

    seen = await asyncio.gather(*(read() for _ in range(consumers)))
    await run.run_loop_task
    assert seen == [["tool_called", "approval_requested"]] * consumers
    assert [item.name for item in run.interruptions] == ["shred"]
    assert run.is_complete
    assert run.run_loop_exception is None


async def test_a_consumer_that_leaves_does_not_hold_the_run_up() -> None:
    run = Runner.run_streamed(Shredder().agent, "x")
    async for event in run.stream_events():
        if asked(event):
            break
    await run.run_loop_task
    assert len(run.interruptions) == 1


async def test_the_other_calls_are_finished_before_the_run_stops() -> None:
    shredder = Shredder()

    @function_tool
    async def slow() -> str:
        """Work for ten seconds."""
        await asyncio.sleep(10)
        return "ready"

    calls = [function_call("shred", {"name": "a"}), function_call("slow")]
    agent = Agent("A", model=ScriptedModel([calls]), tools=[shredder.tool, slow])
    run = Runner.run_streamed(agent, "x")
    events = [event async for event in run.stream_events()]
    assert names(events)[-2:] == ["approval_requested", "tool_output"]
    assert outputs(run) == ["ready"]


async def test_a_run_can_wait_for_as_long_as_it_takes() -> None:
    shredder = Shredder()
    run = Runner.run_streamed(shredder.agent, "x", run_config=RunConfig(approvals="wait"))
    requests: list[ApprovalRequestedEvent] = []
    run.subscribe(lambda e: requests.append(e) if isinstance(e, ApprovalRequestedEvent) else None)
    await asyncio.sleep(86400)
    assert not run.is_complete
    requests[0].approve()
    await run.run_loop_task
    assert run.final_output == "Done."


async def test_a_run_that_waits_can_be_cancelled() -> None:
    shredder = Shredder()
    run = Runner.run_streamed(shredder.agent, "x", run_config=RunConfig(approvals="wait"))
    await asyncio.sleep(5)
    await run.aclose()
    assert run.interruptions == []
    assert [event.get("type") for event in run.to_input_list()][1:] == [
        "function_call",
        "function_call_output",
    ]


async def test_a_late_decision_about_a_run_that_has_stopped_is_kept_for_its_state() -> None:
    shredder = Shredder()
    run = Runner.run_streamed(shredder.agent, "x")
    await run.run_loop_task
    async for event in run.stream_events():
        if request := asked(event):
            await request.approve()
    assert shredder.shredded == []
    result = await Runner.run(shredder.agent, run.to_state())
    assert (shredder.shredded, result.final_output) == (["a.txt"], "Done.")


def test_a_request_from_json_says_how_to_decide() -> None:
    event = event_from_dict(
        {
            "type": "run_item_stream_event",
            "name": "approval_requested",
            "item": {
                "type": "tool_approval_item",
                "agent": "A",
                "raw_item": function_call("shred").to_dict(),
                "tool_name": "shred",
            },
        }
    )
    assert isinstance(event, ApprovalRequestedEvent)
    with pytest.raises(UserError, match=r"approve the item with RunState.approve\(item\)"):
        event.approve()
    with pytest.raises(UserError, match="not received from a run in this process"):
        event.reject()
