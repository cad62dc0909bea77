"""What docs/differences.md says of rxagents, where no other test shows it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rxagents import (
    Agent,
    ModelRetrySettings,
    ModelSettings,
    RunConfig,
    RunItemStreamEvent,
    Runner,
    RunResultStreaming,
    SQLiteSession,
    Stream,
    function_tool,
    retry_policies,
)
from rxagents import operators as ops
from rxagents.testing import ScriptedModel, assistant_message, function_call


def told(run: RunResultStreaming) -> Stream[RunItemStreamEvent]:
    """The events of a run's items."""
    return run.pipe(ops.of_type(RunItemStreamEvent))


async def names(run: RunResultStreaming) -> list[str]:
    return [event.name async for event in told(run)]


@function_tool
async def look(place: str) -> str:
    await asyncio.sleep(1)
    return f"seen {place}"


def said(text: str) -> Any:
    return assistant_message(text)


async def test_a_model_that_fails_in_the_middle_is_asked_again_where_that_is_wanted() -> None:
    model = ScriptedModel([[said("One."), OSError("cut")], [said("Two.")]])
    retry = ModelRetrySettings(
        max_retries=1, policy=lambda _: True, mid_stream=True, backoff={"initial_delay": 0}
    )
    agent = Agent("A", model=model, model_settings=ModelSettings(retry=retry))
    run = Runner.run_streamed(agent, "Go")
    events = [event async for event in told(run)]
    assert [(event.name, event.attempt) for event in events] == [
        ("message_output_created", 1),
        ("attempt_failed", 1),
        ("message_output_created", 2),
    ]
    failed: Any = events[1].item
    assert failed.superseded == ["scripted-message"]
    assert (run.final_output, len(run.new_items)) == ("Two.", 1)


async def test_another_model_is_asked_when_the_first_has_failed_for_good() -> None:
    other = ScriptedModel([[said("Two.")]])
    agent = Agent("A", model=ScriptedModel([OSError("down")]))
    run = Runner.run_streamed(agent, "Go", run_config=RunConfig(fallback_models=[other]))
    assert await names(run) == ["attempt_failed", "message_output_created"]
    assert run.final_output == "Two."


async def test_without_a_policy_a_failed_model_is_not_asked_again() -> None:
    retry = ModelRetrySettings(max_retries=1, policy=retry_policies.never())
    settings = ModelSettings(retry=retry)
    model = ScriptedModel([OSError("down"), [said("Never said.")]])
    with pytest.raises(OSError, match="down"):
        await Runner.run(Agent("A", model=model, model_settings=settings), "Go")


async def test_a_session_has_whole_turns_only() -> None:
    session = SQLiteSession("s")
    calls: Any = [function_call("look", {"place": "a"})]
    model = ScriptedModel([calls, [function_call("look", {"place": "b"}), OSError("cut")]])
    with pytest.raises(OSError, match="cut"):
        await Runner.run(Agent("A", model=model, tools=[look]), "Go", session=session)
    kept: list[Any] = await session.get_items()
    assert [item.get("type") for item in kept] == [None, "function_call", "function_call_output"]
    session.close()


async def test_settings_that_nobody_gave_are_not_sent() -> None:
    model = ScriptedModel([[said("Hi.")]])
    await Runner.run(Agent("A", model=model), "Go")
    assert model.calls[0].model_settings == ModelSettings()


async def test_cancelling_after_the_turn_before_the_first_lets_that_one_happen() -> None:
    model = ScriptedModel([[function_call("look", {"place": "a"})], [said("Never said.")]])
    run = Runner.run_streamed(Agent("A", model=model, tools=[look]), "Go")
    run.cancel("after_turn")
    assert await names(run) == ["tool_called", "tool_output"]
