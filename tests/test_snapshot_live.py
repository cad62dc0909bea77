"""snapshot: what a run tells while it is under way, approvals, progress, input, failed attempts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from conversations import (
    admitted,
    approval,
    arguments_delta,
    attempt_failed,
    output,
    progress,
    raw,
    response,
    snapshots,
    text_delta,
)
from openai.types.responses.response_output_item import McpCall
from shredder import Shredder, asked

from rxagents import (
    Agent,
    ModelRetrySettings,
    ModelSettings,
    RunConfig,
    Runner,
    Stream,
    StreamEvent,
    ToolProgress,
    event_from_dict,
    function_tool,
)
from rxagents import operators as ops
from rxagents.events import RunItemStreamEvent
from rxagents.items import ToolCallItem
from rxagents.run import RunResultStreaming
from rxagents.testing import ScriptedModel, assistant_message, function_call

CALL = function_call("f", "{}", call_id="x")
NESTED = RunConfig(stream_nested=True)
AGAIN = ModelSettings(
    retry=ModelRetrySettings(
        max_retries=1, policy=lambda _: True, mid_stream=True, backoff={"initial_delay": 0}
    )
)


def calls(snapshot: ops.Snapshot) -> list[ops.CallEntry]:
    return [entry for entry in snapshot.entries if isinstance(entry, ops.CallEntry)]


def states(seen: list[ops.Snapshot]) -> list[list[str]]:
    """The calls' states, each time that one changes."""
    told: list[list[str]] = [[]]
    for snapshot in seen:
        now: list[str] = [call.status for call in calls(snapshot)]
        if now != told[-1]:
            told.append(now)
    return told[1:]


def texts(snapshot: ops.Snapshot) -> list[str]:
    return [
        entry.text
        for entry in snapshot.entries
        if isinstance(entry, ops.MessageEntry | ops.InputEntry)
    ]


async def decided(run: RunResultStreaming, *, reject: bool = False) -> list[ops.Snapshot]:
    """The snapshots of a run whose calls are approved, or rejected, each after a minute."""
    events: list[StreamEvent] = []
    async for event in run.stream_events():
        events.append(event)
        if request := asked(event):
            await asyncio.sleep(60)
            await (request.reject("Keep it.") if reject else request.approve())
    return snapshots(events)


async def all_of(run: RunResultStreaming) -> list[ops.Snapshot]:
    return [snapshot async for snapshot in run.pipe(ops.snapshot())]


# --- approvals ------------------------------------------------------------------------------


async def test_a_call_that_needs_an_approval_waits_for_it() -> None:
    seen = await decided(Runner.run_streamed(Shredder().agent, "x"))
    assert states(seen) == [["writing"], ["running"], ["waiting"], ["completed"]]
    (call,) = calls(seen[-1])
    assert (call.output, call.error) == ("a.txt is gone", None)


async def test_a_rejected_call_is_answered_by_the_rejection() -> None:
    seen = await decided(Runner.run_streamed(Shredder().agent, "x"), reject=True)
    assert states(seen) == [["writing"], ["running"], ["waiting"], ["completed"]]
    assert [call.output for call in calls(seen[-1])] == ["Keep it."]


async def test_a_run_that_has_stopped_for_an_approval_leaves_the_call_waiting() -> None:
    shredder = Shredder()
    run = Runner.run_streamed(shredder.agent, "x")
    (call,) = calls((await all_of(run))[-1])
    assert call.status == "waiting"
    resumed = Runner.run_streamed(shredder.agent, run.to_state())
    seen = await decided(resumed)
    assert states(seen) == [["waiting"], ["completed"]]
    (again,) = calls(seen[-1])
    assert (again.name, again.call_id, again.arguments) == ("shred", "a.txt", call.arguments)
    assert again.agent == "A"


@pytest.mark.parametrize(("config", "inside"), [(RunConfig(), False), (NESTED, True)])
async def test_approvals_that_an_agent_inside_asks_for(config: RunConfig, inside: bool) -> None:
    """Where nothing of that agent is shown, nobody would tell what became of its call."""
    shredder = Shredder()
    tool = shredder.agent.as_tool("ask_a", "")
    turns: list[Any] = [[function_call("ask_a", {"input": "x"})], [assistant_message("Ready.")]]
    outer = Agent("B", model=ScriptedModel(turns), tools=[tool])
    seen = await decided(Runner.run_streamed(outer, "x", run_config=config))
    assert [call.name for call in calls(seen[-1])] == (["ask_a", "shred"] if inside else ["ask_a"])
    assert {call.status for call in calls(seen[-1])} == {"completed"}
    assert any("waiting" in told for told in states(seen)) is inside
    assert not any(told[0] == "waiting" for told in states(seen))


def test_an_approval_inside_does_not_touch_a_call_outside_with_the_same_id() -> None:
    (before, *_, after) = [
        snapshots(events)[-1]
        for events in (response(CALL), [*response(CALL), approval("x", path=("A", "inside"))])
    ]
    assert [call.status for call in calls(after)] == ["running"]
    assert before == after


def test_calls_with_the_same_id_wait_one_after_the_other() -> None:
    events = [*response(CALL, CALL), approval("x"), approval("x"), approval("x")]
    assert states(snapshots(events))[-2:] == [["waiting", "running"], ["waiting", "waiting"]]
    assert len(snapshots(events)) == len(snapshots(events[:-1])), "the third changes nothing"


# --- progress, errors -----------------------------------------------------------------------


async def test_the_last_progress_is_with_its_call() -> None:
    @function_tool
    async def count(to: int) -> AsyncIterator[Any]:
        """Count."""
        for number in range(1, to + 1):
            await asyncio.sleep(1)
            yield ToolProgress(message=f"at {number}", fraction=number / to)
        yield "counted"

    model = ScriptedModel([[function_call("count", {"to": 2})], [assistant_message("Ready.")]])
    seen = await all_of(Runner.run_streamed(Agent("A", model=model, tools=[count]), "x"))
    told: list[Any] = []
    for snapshot in seen:
        for call in calls(snapshot):
            if call.progress not in told:
                told.append(call.progress)
    assert [each and (each.message, each.fraction) for each in told[:3]] == [
        None,
        ("at 1", 0.5),
        ("at 2", 1.0),
    ]
    (call,) = calls(seen[-1])
    assert (call.status, call.progress) == ("completed", told[-1])
    assert json.loads(json.dumps(call.to_dict()))["progress"] == vars(told[-1])


def test_progress_tells_that_a_call_was_approved() -> None:
    some, more = ToolProgress("Hm"), ToolProgress("Hm")
    events = [*response(CALL), approval("x"), progress("x", some), progress("x", more), output("x")]
    seen = snapshots(events)
    assert states(seen)[-3:] == [["waiting"], ["running"], ["completed"]]
    assert calls(seen[-1])[0].progress is more
    assert snapshots([progress("unknown", some)])[-1].entries == ()


async def test_what_a_tool_has_failed_with() -> None:
    @function_tool
    def fail() -> str:
        """Fail."""
        raise OSError("no disk")

    model = ScriptedModel([[function_call("fail")], [assistant_message("Ready.")]])
    run = Runner.run_streamed(Agent("A", model=model, tools=[fail]), "x")
    (call,) = calls((await all_of(run))[-1])
    assert (call.status, call.error) == ("completed", "OSError: no disk")
    assert "no disk" not in call.output, "what the model is told"
    events = [event async for event in run.stream_events()]
    recorded = [event_from_dict(json.loads(json.dumps(event.to_dict()))) for event in events]
    assert calls(snapshots(recorded)[-1])[0].error == call.error


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ({"type": "http_error", "code": 502, "message": "lost"}, "lost"),
        ({"type": "mcp_tool_execution_error", "content": [{"type": "text", "text": "no"}]}, "no"),
        ("as some servers write it", "as some servers write it"),
        (None, None),
    ],
)
def test_what_a_tool_of_the_provider_has_failed_with(error: Any, text: str | None) -> None:
    roll = {"id": "m", "type": "mcp_call", "name": "roll", "arguments": "{}", "error": error}
    told = McpCall.model_construct(None, **roll)
    event = RunItemStreamEvent("tool_called", ToolCallItem(Agent("A"), told))
    (call,) = calls(snapshots([event])[-1])
    assert (call.status, call.output, call.error) == ("completed", None, text)


# --- input ----------------------------------------------------------------------------------


async def test_input_stands_where_the_run_took_it_in() -> None:
    @function_tool
    async def wait() -> str:
        """Wait."""
        run.send("hurry")
        return "waited"

    turns: list[Any] = [
        [assistant_message("One."), function_call("wait")],
        [assistant_message("Two.")],
    ]
    run = Runner.run_streamed(Agent("A", model=ScriptedModel(turns), tools=[wait]), "x")
    end = (await all_of(run))[-1]
    assert [entry.kind for entry in end.entries] == ["message", "call", "input", "message"]
    assert texts(end) == ["One.", "hurry", "Two."]


def test_the_text_of_input_in_parts() -> None:
    image = {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "auto"}
    parts = [{"type": "input_text", "text": text} for text in ("Look ", "here")]
    seen = snapshots([admitted([parts[0], image, parts[1]], "1"), admitted([image], "2")])
    assert [entry.to_dict() for entry in seen[-1].entries] == [
        {"kind": "input", "text": "Look here", "input_id": "1"},
        {"kind": "input", "text": "", "input_id": "2"},
    ]


# --- failed attempts ------------------------------------------------------------------------


def test_a_failed_attempt_is_gone_at_once() -> None:
    begun = [raw(text_delta("Let me")), raw(arguments_delta("{", 1))]
    before = [*response(CALL), output("x")]
    kept = snapshots(before)[-1].entries
    later = [raw(each.data, turn=2) for each in begun]
    seen = snapshots([*before, *later, attempt_failed(turn=2)])
    assert len(seen[-2].entries) == 3
    assert seen[-1].entries == kept
    again = [raw(text_delta("So."), turn=2, attempt=2)]
    assert texts(snapshots([*before, *later, attempt_failed(turn=2), *again])[-1]) == ["So."]
    others = [attempt_failed(turn=1), attempt_failed(turn=2, attempt=2), attempt_failed(path=())]
    assert len(snapshots([*before, *later, *others])[-1].entries) == 3, "of other attempts"


@pytest.mark.parametrize("fallback", [False, True])
async def test_a_run_whose_model_fails_in_the_middle(fallback: bool) -> None:
    @function_tool
    async def look() -> str:
        """Look."""
        return "seen"

    answer: list[Any] = [[assistant_message("It is sunny.")]]
    broken: list[Any] = [
        [function_call("look", call_id="1")],
        [assistant_message("It rains."), function_call("look", call_id="2"), OSError("cut")],
    ]
    model = ScriptedModel(broken if fallback else broken + answer)
    config = RunConfig(fallback_models=[ScriptedModel(answer)]) if fallback else RunConfig()
    agent = Agent("A", model=model, tools=[look], model_settings=AGAIN)
    if fallback:
        model.extend([[assistant_message("It snows."), OSError("cut")]])
    run = Runner.run_streamed(agent, "x", run_config=config)
    events = [event async for event in run.stream_events()]
    failed = [n for n, event in enumerate(events) if getattr(event, "name", "") == "attempt_failed"]
    assert len(failed) == (2 if fallback else 1)
    for number in failed:
        before, after = snapshots(events[:number])[-1], snapshots(events[: number + 1])[-1]
        assert len(before.entries) > len(after.entries) == 1
        assert [call.output for call in calls(after)] == ["seen"]
    end = snapshots(events)[-1]
    assert [entry.kind for entry in end.entries] == ["call", "message"]
    assert texts(end) == ["It is sunny."]


async def test_an_agent_inside_that_is_asked_anew_keeps_what_it_said_before() -> None:
    turns: list[Any] = [
        [assistant_message("One.")],
        [assistant_message("Wrong."), OSError("cut")],
        [assistant_message("Two.")],
    ]
    inner = Agent("In", model=ScriptedModel(turns), model_settings=AGAIN)
    asks = [[function_call("ask", {"input": "x"}, call_id=each)] for each in "12"]
    model = ScriptedModel([*asks, [assistant_message("Ready.")]])
    outer = Agent("A", model=model, tools=[inner.as_tool("ask", "")])
    seen = await all_of(Runner.run_streamed(outer, "x", run_config=NESTED))
    assert texts(seen[-1]) == ["One.", "Two.", "Ready."]
    assert any(texts(each) == ["One.", "Wrong."] for each in seen)


# --- what others make of it -----------------------------------------------------------------


async def test_other_operators_are_not_disturbed() -> None:
    turns: list[Any] = [
        [assistant_message("It rains."), OSError("cut")],
        [assistant_message("One."), function_call("shred", {"name": "a"}, call_id="a")],
        [assistant_message("Two.")],
    ]
    agent = Shredder().agent.clone(model=ScriptedModel(turns), model_settings=AGAIN)
    events: list[StreamEvent] = []
    run = Runner.run_streamed(agent, "x")
    async for event in run.stream_events():
        events.append(event)
        if request := asked(event):
            run.send("hurry")
            await asyncio.sleep(60)
            await request.approve()
    shown = await run.pipe(ops.text(), ops.to_list())
    assert shown == ["It", "It rains.", "One.", "Two."], "it begins anew with another attempt"
    assert await run.pipe(ops.text_deltas(separator=""), ops.to_list()) == [
        "It",
        " rains.",
        "One.",
        "Two.",
    ], "the failed attempt's too"
    numbers = [turn.key for turn in await run.pipe(ops.by_turn(), ops.to_list())]
    assert numbers == sorted(set(numbers))
    assert [call.key for call in await run.pipe(ops.by_tool_call(), ops.to_list())] == ["a"]
    timed = [timing.kind for timing in await run.pipe(ops.timings(), ops.to_list())]
    assert timed == ["first_token"] * 2 + ["tool", "turn", "first_token", "turn", "run"]


async def test_diffs_of_what_is_told_under_way() -> None:
    class Odd:
        def __eq__(self, other: object) -> bool:
            raise RuntimeError("no truth value")

        __hash__ = None  # type: ignore[assignment]

    odd = ToolProgress(data=Odd())
    events = [*response(CALL), approval("x"), progress("x", odd), progress("x", ToolProgress())]
    seen = snapshots([*events, output("x", error=OSError("cut")), admitted("hurry")])
    told = await Stream.of(*seen).pipe(ops.diff(), ops.to_list())
    changed = [change.replaced for diff in told for change in diff.changed]
    assert changed[-4:] == [
        ("status",),
        ("status", "progress"),
        ("progress",),
        ("status", "output", "error"),
    ]
    (added,) = told[-1].added
    assert (added.index, added.entry.to_dict()["text"]) == (1, "hurry")
