"""The state of a run as JSON, there and back and in another process."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from openai.types.responses import ResponseReasoningItem
from shredder import Shredder, asked

from rxagents import (
    Agent,
    ItemHelpers,
    RunConfig,
    Runner,
    RunState,
    ToolNotFoundError,
    UserError,
    function_tool,
)
from rxagents.testing import ScriptedModel, assistant_message, function_call


async def stopped(shredder: Shredder, **options: Any) -> RunState[Any, Any]:
    return (await Runner.run(shredder.agent, "x", **options)).to_state()


async def there_and_back(state: RunState[Any, Any], agent: Agent, **options: Any) -> Any:
    """The state from its JSON, which must be the same as before."""
    text = state.to_string()
    again = await RunState.from_string(agent, text, **options)
    if not options:
        assert json.loads(again.to_string()) == json.loads(text)
    return again


async def test_a_state_goes_on_from_its_json() -> None:
    shredder = Shredder(["a", "b"], ["c"])
    state = await stopped(shredder)
    first, second = state.get_interruptions()
    state.approve(first, always_approve=True)
    state.reject(second, rejection_message="Not that one.")
    state.add_input("and hurry")
    again = await there_and_back(state, shredder.agent)
    assert again.current_agent is shredder.agent
    assert [item.agent for item in again.get_interruptions()] == [shredder.agent] * 2
    result = await Runner.run(shredder.agent, again)
    assert shredder.shredded == ["a", "c"]
    assert shredder.told == {"a": "a is gone", "b": "Not that one.", "c": "c is gone"}
    assert result.run_id == state.record.run_id
    assert result.context_wrapper.usage.requests == 3
    assert len(result.raw_responses) == 3


async def test_it_can_be_decided_about_after_it_was_read() -> None:
    shredder = Shredder()
    again = await there_and_back(await stopped(shredder), shredder.agent)
    again.approve(again.get_interruptions()[0])
    assert (await Runner.run(shredder.agent, again)).final_output == "Done."


async def test_calls_that_are_answered_are_not_made_again() -> None:
    made: list[str] = []

    @function_tool
    async def count() -> dict[str, int]:
        """Count the calls."""
        made.append("count")
        return {"calls": len(made)}

    shredder = Shredder()
    calls = [function_call("count"), function_call("shred", {"name": "a"})]
    model = ScriptedModel([calls, [assistant_message("Done.")]])
    agent = Agent("A", model=model, tools=[count, shredder.tool])
    state = (await Runner.run(agent, "x")).to_state()
    again = await there_and_back(state, agent)
    again.approve(again.get_interruptions()[0])
    stop = agent.clone(tool_use_behavior="stop_on_first_tool")
    for_stop = await there_and_back(state, stop)
    for_stop.approve(for_stop.get_interruptions()[0])
    assert (await Runner.run(agent, again)).final_output == "Done."
    assert (await Runner.run(stop, for_stop)).final_output == {"calls": 1}
    assert made == ["count"]


async def test_a_run_that_was_handed_over_goes_on_at_the_agent_that_has_it() -> None:
    shredder = Shredder()
    first = Agent("First", handoffs=[shredder.agent])
    first.model = ScriptedModel([[function_call("transfer_to_a")]])
    shredder.agent.handoffs.append(first)
    result = await Runner.run(first, "x")
    again = await there_and_back(result.to_state(), first)
    assert again.current_agent is shredder.agent
    again.approve(again.get_interruptions()[0])
    assert (await Runner.run(first, again)).last_agent is shredder.agent
    with pytest.raises(UserError, match=r"at the agent 'A', which cannot .*\(reached: 'Other'\)"):
        await RunState.from_json(Agent("Other"), result.to_state().to_json())


async def test_reasoning_is_told_without_its_id_where_the_resumed_run_wants_it() -> None:
    shredder = Shredder()
    thought = ResponseReasoningItem(id="rs_1", type="reasoning", summary=[])
    call = function_call("shred", {"name": "a"})
    model = ScriptedModel([[thought, call], [assistant_message("Done.")]])
    agent = shredder.agent.clone(model=model)
    state = (await Runner.run(agent, "x")).to_state()
    again = await there_and_back(state, agent)
    again.approve(again.get_interruptions()[0])
    await Runner.run(agent, again, run_config=RunConfig(reasoning_item_id_policy="omit"))
    given: Any = model.calls[-1].input
    assert given[1] == {"type": "reasoning", "summary": []}


# --- another process ------------------------------------------------------------------------

SCRIPT = '''
import asyncio, sys
from rxagents import Agent, Runner, RunState, function_tool
from rxagents.testing import ScriptedModel, assistant_message, function_call

@function_tool(needs_approval=True)
async def shred(name: str) -> str:
    """Shred a file."""
    return f"{name} is gone"

async def main(step: str, path: str) -> None:
    if step == "begin":
        model = ScriptedModel([[function_call("shred", {"name": "ä.txt"})]])
        run = Runner.run_streamed(Agent("A", model=model, tools=[shred]), "x", context={"user": 7})
        events = [event async for event in run.stream_events()]
        with open(path, "w", encoding="utf-8") as file:
            file.write(run.to_state().to_string(strict_context=True))
        print(run.run_id, len(events))
        return
    model = ScriptedModel([[assistant_message("Done.")]])
    agent = Agent("A", model=model, tools=[shred])
    with open(path, encoding="utf-8") as file:
        state = await RunState.from_string(agent, file.read(), strict_context=True)
    state.approve(state.get_interruptions()[0])
    run = Runner.run_streamed(agent, state)
    events = [event async for event in run.stream_events()]
    print(events[0].run_id, events[0].seq)
    print(run.context_wrapper.context, run.final_output, model.calls[-1].input[-1]["output"])

asyncio.run(main(*sys.argv[1:]))
'''


def test_a_state_goes_on_in_another_process(tmp_path: Path) -> None:
    script, kept = tmp_path / "script.py", tmp_path / "state.json"
    script.write_text(SCRIPT, encoding="utf-8")

    def run(step: str) -> str:
        command = [sys.executable, "-X", "utf8", str(script), step, str(kept)]
        return subprocess.run(
            command, check=True, capture_output=True, text=True, encoding="utf-8"
        ).stdout

    begun, (resumed, said) = run("begin").strip(), run("resume").splitlines()
    assert resumed == begun, "run_id and seq go on"
    assert said == "{'user': 7} Done. ä.txt is gone"


# --- what is no state, or none any more -----------------------------------------------------


async def test_what_is_no_state_is_refused() -> None:
    agent = Agent("A")
    with pytest.raises(UserError, match="this is no run state: it is not JSON"):
        await RunState.from_string(agent, "{")
    others: list[Any] = [{}, [], "x", None, {"$schemaVersion": "1.8"}, {"rxagents_run_state": True}]
    for other in others:
        with pytest.raises(UserError, match="this is no run state of rxagents"):
            await RunState.from_string(agent, json.dumps(other))
    with pytest.raises(UserError, match="has the version 99, and this rxagents reads up to 1"):
        await RunState.from_json(agent, {"rxagents_run_state": 99})


async def test_a_damaged_state_is_refused_wherever_the_damage_is() -> None:
    shredder = Shredder(["a", "b"])
    state = await stopped(shredder, context={"name": "Ada"})
    state.approve(state.get_interruptions()[0], always_approve=True)
    good = state.to_json()
    for path in _paths(good):
        for damage in (_MISSING, None, 5, "x", [], {}, [5], {"x": 5}):
            data = copy.deepcopy(good)
            _damage(data, path, damage)
            try:
                again = await RunState.from_json(shredder.agent, data)
            except UserError as error:
                assert re.match(
                    "this run state is damaged|this is no run state|.*agent", str(error)
                )
            else:
                again.to_string()


_MISSING: Any = object()


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to everything in a JSON value that is not deeper than 4."""
    parts: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        parts = list(cast("dict[Any, Any]", value).items())
    elif isinstance(value, list):
        parts = list(enumerate(cast("list[Any]", value)))
    found = [(*path, key) for key, _ in parts]
    if len(path) < 3:
        for key, each in parts:
            found += _paths(each, (*path, key))
    return found


def _damage(data: Any, path: tuple[Any, ...], damage: Any) -> None:
    for key in path[:-1]:
        data = data[key]
    if damage is _MISSING:
        del data[path[-1]]
    else:
        data[path[-1]] = damage


async def test_a_tool_that_is_gone_is_one_the_agent_does_not_have() -> None:
    shredder = Shredder()
    state = await stopped(shredder)
    state.approve(state.get_interruptions()[0])
    agent = Agent("A", model=shredder.last())
    again = await RunState.from_json(agent, state.to_json())
    with pytest.raises(ToolNotFoundError, match="called the tool 'shred', which the agent 'A'"):
        await Runner.run(agent, again)
    told = RunConfig(tool_not_found_behavior="return_error_to_model")
    run = Runner.run_streamed(agent, again, run_config=told)
    assert not [event async for event in run.stream_events() if asked(event)]
    assert run.final_output == "Done."
    assert len([item for item in run.new_items if item.type == "tool_call_item"]) == 1
    assert len(ItemHelpers.input_to_new_input_list(run.to_input_list())) == 4


async def test_items_that_were_admitted_keep_their_ids() -> None:
    shredder = Shredder(["a"])
    run = Runner.run_streamed(shredder.agent, "x")
    run.send("hello")
    async for _ in run.stream_events():
        pass
    again = await there_and_back(run.to_state(), shredder.agent)
    ids = [item.input_id for item in run.new_items if item.type == "input_item"]
    assert [e.input_id for e in again.record.new_items if e.type == "input_item"] == ids
