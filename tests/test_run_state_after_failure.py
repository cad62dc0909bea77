"""Going on with a run that was cancelled or has failed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from shredder import Shredder, outputs

from rxagents import (
    Agent,
    GuardrailFunctionOutput,
    InputGuardrailTripwireTriggered,
    MaxTurnsExceeded,
    RunConfig,
    RunHooks,
    Runner,
    RunResultStreaming,
    RunState,
    SQLiteSession,
    StreamEvent,
    ToolCallError,
    function_tool,
    input_guardrail,
)
from rxagents.testing import Delay, ScriptedModel, assistant_message, function_call


async def ended(run: RunResultStreaming) -> list[StreamEvent]:
    return [event async for event in run.stream_events()]


def balanced(items: list[Any]) -> bool:
    """Whether each call has its output, and each output its call."""
    calls = [each["call_id"] for each in items if each.get("type") == "function_call"]
    given = [each["call_id"] for each in items if each.get("type") == "function_call_output"]
    return sorted(calls) == sorted(given)


@function_tool
async def work(seconds: float) -> str:
    """Work for some seconds."""
    await asyncio.sleep(seconds)
    return f"worked {seconds:g} s"


def worker() -> Agent:
    """Writes for 3 s, works for 1 s and for 5 s at once, and writes for 1 s."""
    calls = [function_call("work", {"seconds": each}, call_id=f"{each}") for each in (1, 5)]
    model = ScriptedModel(
        [
            [Delay(1), assistant_message("I see."), Delay(1), calls[0], Delay(1), calls[1]],
            [assistant_message("So."), Delay(1), assistant_message("Done.")],
        ]
    )
    return Agent("A", model=model, tools=[work])


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("mode", ["immediate", "after_turn"])
@pytest.mark.parametrize("seconds", [0, 0.5, 1.5, 2.5, 3.5, 4.5, 8.5, 10])
async def test_a_cancelled_run_can_be_gone_on_from(seconds: float, mode: Any, early: bool) -> None:
    config = RunConfig(tool_start="on_call" if early else "on_response")
    run = Runner.run_streamed(worker(), "x", run_config=config)
    await asyncio.sleep(seconds)
    run.cancel(mode)
    events = await ended(run)
    assert [event.seq for event in events] == list(range(len(events)))
    assert balanced(run.to_input_list())
    model = ScriptedModel([[assistant_message("Again.")]])
    agent = worker().clone(model=model)
    state = await RunState.from_string(agent, run.to_state().to_string())
    result = await Runner.run(agent, state)
    assert result.final_output == "Again."
    given: Any = model.calls[0].input
    assert balanced(given)
    assert given[0] == {"role": "user", "content": "x"}


async def test_what_was_finished_when_the_run_was_cancelled_is_kept() -> None:
    run = Runner.run_streamed(worker(), "x")
    await asyncio.sleep(4.5)
    run.cancel()
    await ended(run)
    assert outputs(run) == ["worked 1 s"]
    said: Any = run.to_input_list()
    assert [each.get("type") for each in said[1:]] == [
        "message",
        "function_call",
        "function_call",
        "function_call_output",
        "function_call_output",
    ]
    assert [each["output"] for each in said[4:]] == [
        "worked 1 s",
        "The run was stopped before this call was finished.",
    ]


async def test_messages_that_were_whole_are_kept_when_the_model_is_stopped() -> None:
    run = Runner.run_streamed(worker(), "x")
    await asyncio.sleep(2.5)
    run.cancel()
    await ended(run)
    said: Any = run.to_input_list()
    assert [each.get("type") for each in said[1:]] == ["message"], "the call counts no more"


async def test_a_run_of_too_many_turns_can_be_allowed_more() -> None:
    shredder = Shredder(["a"], ["b"], ["c"], needs_approval=False)
    run = Runner.run_streamed(shredder.agent, "x", max_turns=2)
    with pytest.raises(MaxTurnsExceeded):
        await ended(run)
    state = run.to_state()
    assert (run.current_turn, state.current_turn) == (3, 2), "as in the Agents SDK, and in truth"
    with pytest.raises(MaxTurnsExceeded, match="no final output after 2 turns"):
        await Runner.run(shredder.agent, state)
    result = await Runner.run(shredder.agent, state, max_turns=4)
    assert (shredder.shredded, result.final_output) == (["a", "b", "c"], "Done.")


async def test_a_tool_that_has_failed_is_tried_again_and_the_others_are_not() -> None:
    calls: list[str] = []

    @function_tool(failure_error_function=None)
    async def shaky() -> str:
        """Fail the first time."""
        calls.append("shaky")
        await asyncio.sleep(5)
        if calls.count("shaky") == 1:
            raise OSError("no network")
        return "fine"

    @function_tool
    async def good() -> str:
        """Work."""
        calls.append("good")
        return "good"

    turn = [function_call("shaky"), function_call("good")]
    model = ScriptedModel([turn, [assistant_message("Done.")]])
    agent = Agent("A", model=model, tools=[shaky, good])
    run = Runner.run_streamed(agent, "x")
    with pytest.raises(ToolCallError):
        await ended(run)
    for state in (run.to_state(), await RunState.from_json(agent, run.to_state().to_json())):
        result = await Runner.run(agent, state)
        assert result.final_output == "Done."
        model.enqueue([assistant_message("Done.")])
    assert sorted(calls) == ["good", "shaky", "shaky", "shaky"]


@pytest.mark.parametrize("seconds", [0.5, 3.5])
async def test_guardrails_that_were_interrupted_are_asked_again(seconds: float) -> None:
    asked = 0

    @input_guardrail
    async def slow(*_: Any) -> GuardrailFunctionOutput:
        nonlocal asked
        asked += 1
        await asyncio.sleep(6)
        return GuardrailFunctionOutput(None, tripwire_triggered=True)

    agent = worker().clone(input_guardrails=[slow])
    run = Runner.run_streamed(agent, "x")
    await asyncio.sleep(seconds)
    run.cancel()
    await ended(run)
    state = await RunState.from_json(agent, run.to_state().to_json())
    agent.model = ScriptedModel([[Delay(60), assistant_message("Never.")]])
    with pytest.raises(InputGuardrailTripwireTriggered):
        await Runner.run(agent, state)
    assert asked == 2


async def test_guardrails_that_have_passed_are_not_asked_again() -> None:
    asked = 0

    @input_guardrail
    async def quick(*_: Any) -> GuardrailFunctionOutput:
        nonlocal asked
        asked += 1
        return GuardrailFunctionOutput(None, tripwire_triggered=False)

    shredder = Shredder()
    shredder.agent.input_guardrails.append(quick)
    state = (await Runner.run(shredder.agent, "x")).to_state()
    state.approve(state.get_interruptions()[0])
    assert (await Runner.run(shredder.agent, state)).final_output == "Done."
    assert asked == 1


@pytest.mark.parametrize("seconds", [0.5, 2.5, 4.5])
async def test_a_session_gets_the_whole_of_a_run_that_was_cancelled_and_resumed(
    seconds: float,
) -> None:
    session = SQLiteSession("s")
    run = Runner.run_streamed(worker(), "x", session=session)
    await asyncio.sleep(seconds)
    run.cancel()
    await ended(run)
    assert await session.get_items() == [], "no half of it"
    agent = worker().clone(model=ScriptedModel([[assistant_message("Again.")]]))
    state = await RunState.from_json(agent, run.to_state().to_json())
    state.add_input("go on")
    result = await Runner.run(agent, state, session=session)
    kept, told = (list[Any](it) for it in (await session.get_items(), result.to_input_list()))
    assert [each.get("role") or each["type"] for each in kept] == [
        each.get("role") or each["type"] for each in told
    ]
    assert balanced(kept)
    assert kept[0] == {"role": "user", "content": "x"}
    session.close()


async def test_a_response_is_kept_if_the_run_is_cancelled_in_the_hook_about_it() -> None:
    class Slow(RunHooks[Any]):
        async def on_llm_end(self, context: Any, agent: Any, response: Any) -> None:
            await asyncio.sleep(60)

    agent = Agent("A", model=ScriptedModel([[assistant_message("Hello.")]]))
    run = Runner.run_streamed(agent, "x", hooks=Slow())
    await asyncio.sleep(5)
    run.cancel()
    await ended(run)
    assert len(run.raw_responses) == 1
    given: Any = run.to_input_list()
    assert [each["role"] for each in given] == ["user", "assistant"]
