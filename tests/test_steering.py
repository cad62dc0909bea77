"""Telling a run something while it goes on: `run.send` and `inbox=`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
import reactivex
from reactivex import Observable
from reactivex.subject import Subject
from shredder import names

from rxagents import (
    Agent,
    InputItem,
    MaxTurnsExceeded,
    Runner,
    RunResultStreaming,
    StreamEvent,
    UserError,
    function_tool,
)
from rxagents import operators as ops
from rxagents.testing import Delay, ScriptedModel, assistant_message, function_call


@function_tool
async def work() -> str:
    """Work for ten seconds."""
    await asyncio.sleep(10)
    return "worked"


def worker(*more: str) -> Agent:
    """Writes for 1 s, works for 10 s, writes for 1 s and is done; then it says `more`."""
    turns: list[Any] = [
        [Delay(1), function_call("work")],
        [Delay(1), assistant_message("Done.")],
        *([assistant_message(text)] for text in more),
    ]
    return Agent("A", model=ScriptedModel(turns), tools=[work])


def told(agent: Agent) -> list[list[str]]:
    """What the model was given at each of its calls: the kinds, or the texts of input."""
    model: Any = agent.model
    return [
        [
            str(each["content"] if each.get("role") == "user" else each["type"])
            for each in call.input
        ]
        for call in model.calls
    ]


async def read(run: RunResultStreaming) -> list[StreamEvent]:
    return [event async for event in run.stream_events()]


# --- run.send -------------------------------------------------------------------------------


async def test_what_is_sent_is_told_before_the_next_model_call() -> None:
    agent = worker()
    run = Runner.run_streamed(agent, "x")
    await asyncio.sleep(5)
    run.send("hurry")
    run.send([{"role": "user", "content": "and"}, {"role": "user", "content": "be kind"}])
    events = await read(run)
    assert told(agent) == [
        ["x"],
        ["x", "function_call", "function_call_output", "hurry", "and", "be kind"],
    ]
    assert names(events) == [
        "tool_called",
        "tool_output",
        *["input_admitted"] * 3,
        "message_output_created",
    ]
    admitted = [item for item in run.new_items if isinstance(item, InputItem)]
    contents: list[Any] = [item.raw_item for item in admitted]
    assert [each["content"] for each in contents] == ["hurry", "and", "be kind"]
    assert len({item.input_id for item in admitted}) == 3
    assert [item.type for item in run.new_items][2:5] == ["input_item"] * 3
    given: Any = run.to_input_list()
    assert [each.get("content") for each in given[3:6]] == ["hurry", "and", "be kind"]


async def test_what_is_sent_before_the_first_call_comes_behind_the_input() -> None:
    agent = worker()
    run = Runner.run_streamed(agent, "x")
    run.send("hurry")
    events = await read(run)
    assert told(agent)[0] == ["x", "hurry"]
    assert names(events)[0] == "input_admitted"


async def test_a_model_that_has_just_finished_is_asked_again() -> None:
    agent = worker("All right.")
    run = Runner.run_streamed(agent, "x")
    await asyncio.sleep(11.5)
    run.send("wait")
    events = await read(run)
    assert told(agent)[-1] == ["x", "function_call", "function_call_output", "message", "wait"]
    assert names(events)[-3:] == [
        "message_output_created",
        "input_admitted",
        "message_output_created",
    ]
    assert run.final_output == "All right."


async def test_what_is_sent_when_the_last_event_is_seen_is_admitted_too() -> None:
    agent = worker("All right.")
    run = Runner.run_streamed(agent, "x")
    sent = False

    def steer(event: StreamEvent) -> None:
        nonlocal sent
        if names([event]) == ["message_output_created"] and not sent:
            sent = True
            run.send("wait")

    run.subscribe(steer)
    await run.run_loop_task
    assert run.final_output == "All right."


async def test_an_output_of_a_tool_that_ends_the_run_ends_it() -> None:
    agent = worker().clone(tool_use_behavior="stop_on_first_tool")
    run = Runner.run_streamed(agent, "x")
    await asyncio.sleep(5)
    run.send("wait")
    await read(run)
    assert run.final_output == "worked"
    assert run.to_state().pending_input == [{"role": "user", "content": "wait"}]


async def test_nothing_can_be_sent_to_a_run_that_has_ended() -> None:
    run = Runner.run_streamed(worker(), "x")
    await read(run)
    with pytest.raises(UserError, match="the run has ended: start another one with this input"):
        run.send("too late")


@pytest.mark.parametrize("wrong", [5, None, {"role": "user", "content": "x"}, ["x"]])
async def test_what_is_no_input_is_refused_at_once(wrong: Any) -> None:
    run = Runner.run_streamed(worker(), "x")
    with pytest.raises(UserError, match="what is sent to a run is a text or a list of items, not"):
        run.send(wrong)
    await read(run)
    assert run.final_output == "Done."


async def test_a_message_does_not_give_the_run_more_turns() -> None:
    run = Runner.run_streamed(worker("never"), "x", max_turns=2)
    await asyncio.sleep(11.5)
    run.send("wait")
    with pytest.raises(MaxTurnsExceeded):
        await read(run)


async def test_what_is_sent_behind_after_turn_waits_in_the_state() -> None:
    agent = worker()
    run = Runner.run_streamed(agent, "x")
    await asyncio.sleep(5)
    run.cancel("after_turn")
    run.send("hurry")
    await read(run)
    state = run.to_state()
    assert state.pending_input == [{"role": "user", "content": "hurry"}]
    assert (await Runner.run(agent, state)).final_output == "Done."
    assert told(agent)[-1][-1] == "hurry"


# --- inbox= ---------------------------------------------------------------------------------


def after(seconds: float, text: str) -> Observable[Any]:
    return reactivex.timer(seconds).pipe(ops.map(lambda _: text))


Start = Callable[..., Any]


@pytest.mark.parametrize("start", [Runner.run_streamed, Runner.observe])
async def test_what_an_inbox_emits_is_admitted(start: Start) -> None:
    agent = worker("All right.")
    inbox = reactivex.concat(after(5, "hurry"), after(6.5, "wait"))
    events = [event async for event in start(agent, "x", inbox=inbox)]
    assert names(events).count("input_admitted") == 2
    assert told(agent)[1][-1] == "hurry"
    assert told(agent)[2][-1] == "wait"


async def test_an_inbox_of_stock_reactivex_starts_no_thread() -> None:
    before = threading.active_count()
    run = Runner.run_streamed(worker(), "x", inbox=after(5, "hurry"))
    assert threading.active_count() == before
    assert "input_admitted" in names(await read(run))


@pytest.mark.parametrize("start", [Runner.run_streamed, Runner.observe])
async def test_an_inbox_that_completes_changes_nothing(start: Start) -> None:
    agent = worker()
    events = [event async for event in start(agent, "x", inbox=reactivex.of("hurry", "please"))]
    assert told(agent)[0] == ["x", "hurry", "please"]
    assert names(events)[-1] == "message_output_created"


async def test_an_inbox_that_fails_is_logged_and_the_run_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    agent = worker()
    inbox = reactivex.concat(after(5, "hurry"), reactivex.throw(OSError("line is dead")))
    run = Runner.run_streamed(agent, "x", inbox=inbox)
    await read(run)
    assert run.final_output == "Done."
    assert told(agent)[1][-1] == "hurry"
    assert caplog.messages == ["the inbox of a run has failed, and the run goes on without it"]


async def test_what_an_inbox_emits_that_is_no_input_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wrong: Any = reactivex.of(5, "hurry")
    agent = worker()
    run = Runner.run_streamed(agent, "x", inbox=wrong)
    await read(run)
    assert told(agent)[0] == ["x", "hurry"]
    (message,) = caplog.messages
    assert "a text or a list of items, not 5" in message


async def test_an_inbox_is_left_when_the_run_ends() -> None:
    inbox: Subject[Any] = Subject()
    run = Runner.run_streamed(worker(), "x", inbox=inbox)
    assert len(inbox.observers) == 1
    await read(run)
    await asyncio.sleep(0)
    assert inbox.observers == []
    inbox.on_next("too late")
    assert run.to_state().pending_input == []


@pytest.mark.parametrize("start", [Runner.run_streamed, Runner.observe])
async def test_an_inbox_is_left_when_the_run_is_stopped(start: Start) -> None:
    inbox: Subject[Any] = Subject()
    source = start(worker(), "x", inbox=inbox)
    async with source.iterate() as events:
        await anext(events)
        assert len(inbox.observers) == 1
        if isinstance(source, RunResultStreaming):
            source.cancel()
    await asyncio.sleep(1)
    assert inbox.observers == []


async def test_each_subscription_of_a_cold_run_has_the_inbox_for_itself() -> None:
    subscribed = 0

    def letters() -> Any:
        nonlocal subscribed
        subscribed += 1
        return reactivex.of(f"hello {subscribed}")

    models = [ScriptedModel([[assistant_message("Done.")]]) for _ in range(2)]
    agent = Agent("A", model=models[0])
    source = Runner.observe(agent, "x", inbox=reactivex.defer(lambda _: letters()))
    await source.pipe(ops.last())
    agent.model = models[1]
    await source.pipe(ops.last())
    given: list[Any] = [model.calls[0].input[-1] for model in models]
    assert [each["content"] for each in given] == ["hello 1", "hello 2"]
