"""Approvals that are asked for by runs inside a run."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from shredder import Shredder, asked, names

from rxagents import (
    Agent,
    ApprovalRequestedEvent,
    RunConfig,
    RunHooks,
    Runner,
    RunState,
    StreamEvent,
    ToolCallOutputItem,
    UserError,
    function_tool,
)
from rxagents.testing import ScriptedModel, assistant_message, function_call

NESTED = RunConfig(stream_nested=True)


def asks(name: str, agent: Agent, **options: Any) -> Agent:
    """An agent that asks another one, and says that it is done."""
    tool = agent.as_tool(f"ask_{agent.name.lower()}", "", **options)
    call = function_call(tool.name, {"input": "Shred it."})
    return Agent(name, model=ScriptedModel([[call], [assistant_message("Ready.")]]), tools=[tool])


def last(agent: Agent) -> Agent:
    """The same agent, which has nothing to do but to say that it is done."""
    return agent.clone(model=ScriptedModel([[assistant_message("Ready.")]]))


def deep(shredder: Shredder, levels: int) -> Agent:
    """An agent that has the shredder's one asked, over as many levels."""
    agent = shredder.agent
    for level in range(levels):
        agent = asks("BCD"[level], agent)
    return agent


# --- in the middle of the stream ------------------------------------------------------------


@pytest.mark.parametrize("config", [RunConfig(), NESTED], ids=["plain", "nested"])
@pytest.mark.parametrize("levels", [1, 2, 3])
async def test_the_outermost_run_asks_once_and_says_for_whom(
    levels: int, config: RunConfig
) -> None:
    shredder, requests = Shredder(), list[ApprovalRequestedEvent]()
    agent, events = deep(shredder, levels), list[StreamEvent]()
    run = Runner.run_streamed(agent, "x", run_config=config)
    async for event in run.stream_events():
        events.append(event)
        if request := asked(event):
            requests.append(request)
            await asyncio.sleep(60)
            await request.approve()
    (request,) = requests
    assert request.path == (*"DCB"[3 - levels :], "A")
    assert request.item.agent is shredder.agent
    assert shredder.shredded == ["a.txt"]
    assert run.final_output == "Ready."
    assert [event.seq for event in events] == list(range(len(events)))
    assert len(shredder.model.calls) == 2


async def test_a_rejection_is_told_to_the_agent_inside() -> None:
    shredder = Shredder()
    async for event in Runner.observe(deep(shredder, 2), "x"):
        if request := asked(event):
            await request.reject("Keep it.")
    assert (shredder.shredded, shredder.told) == ([], {"a.txt": "Keep it."})


async def test_always_holds_for_the_runs_inside_too() -> None:
    shredder, requests = Shredder(["a"], ["b"]), 0
    async for event in Runner.run_streamed(deep(shredder, 2), "x").stream_events():
        if request := asked(event):
            requests += 1
            await request.approve(always=True)
    assert (requests, shredder.shredded) == (1, ["a", "b"])


async def test_every_turn_inside_asks_anew() -> None:
    shredder, requests = Shredder(["a"], ["b", "c"]), list[str | None]()
    run = Runner.run_streamed(deep(shredder, 2), "x", run_config=NESTED)
    async for event in run.stream_events():
        if request := asked(event):
            requests.append(request.item.call_id)
            await request.approve()
    assert requests == shredder.shredded == ["a", "b", "c"]


async def test_the_call_of_the_agent_itself_can_need_an_approval() -> None:
    shredder, requests = Shredder(needs_approval=False), list[str | None]()
    run = Runner.run_streamed(asks("B", shredder.agent, needs_approval=True), "x")
    async for event in run.stream_events():
        if request := asked(event):
            requests.append(request.item.name)
            assert shredder.model.calls == []
            await request.approve()
    assert requests == ["ask_a"]
    assert shredder.shredded == ["a.txt"]


class Log(RunHooks[Any]):
    def __init__(self) -> None:
        self.steps: list[str] = []

    async def on_tool_start(self, context: Any, agent: Any, tool: Any) -> None:
        self.steps.append(f"start {tool.name}")

    async def on_tool_end(self, context: Any, agent: Any, tool: Any, result: Any) -> None:
        self.steps.append(f"end {tool.name}")


async def test_hooks_see_one_call_however_often_it_stops() -> None:
    shredder, log = Shredder(["a"], ["b"]), Log()
    run = Runner.run_streamed(deep(shredder, 1), "x", hooks=log)
    async for event in run.stream_events():
        if request := asked(event):
            await request.approve()
    assert log.steps == ["start ask_a", "end ask_a"]


@pytest.mark.parametrize("config", [RunConfig(), NESTED], ids=["plain", "nested"])
async def test_one_that_is_run_by_a_tool_itself_asks_in_the_stream_if_it_is_shown(
    config: RunConfig,
) -> None:
    """Nobody else could: the tool waits for its result."""
    shredder = Shredder()

    @function_tool
    async def ask(input: str) -> str:
        """Ask the other agent."""
        result = await Runner.run(shredder.agent, input)
        return f"{result.final_output} {len(result.interruptions)}"

    call = function_call("ask", {"input": "Shred it."})
    model = ScriptedModel([[call], [assistant_message("Ready.")]])
    run = Runner.run_streamed(Agent("B", model=model, tools=[ask]), "x", run_config=config)
    requests: list[ApprovalRequestedEvent] = []
    async for event in run.stream_events():
        if request := asked(event):
            requests.append(request)
            await asyncio.sleep(60)
            await request.approve()
    item = run.new_items[1]
    assert isinstance(item, ToolCallOutputItem)
    if config.stream_nested:
        assert [request.path for request in requests] == [("B", "A")]
        assert (shredder.shredded, item.output) == (["a.txt"], "Done. 0")
    else:
        assert requests == []
        assert (shredder.shredded, item.output) == ([], "None 1")


async def test_other_calls_go_on_while_one_waits_for_an_agent_that_waits() -> None:
    shredder, order = Shredder(), list[str]()

    @function_tool
    async def slow() -> str:
        """Work for ten seconds."""
        await asyncio.sleep(10)
        order.append("slow")
        return "ready"

    outer = asks("B", shredder.agent)
    first = [function_call("ask_a", {"input": "x"}), function_call("slow")]
    outer.model = ScriptedModel([first, [assistant_message("Ready.")]])
    outer.tools.append(slow)
    async for event in Runner.run_streamed(outer, "x").stream_events():
        if request := asked(event):
            await asyncio.sleep(20)
            order.append("approved")
            await request.approve()
    assert order == ["slow", "approved"]
    assert shredder.shredded == ["a.txt"]


# --- by a state -----------------------------------------------------------------------------


@pytest.mark.parametrize("json", [False, True])
@pytest.mark.parametrize("levels", [1, 2, 3])
async def test_a_state_holds_the_runs_inside(levels: int, json: bool) -> None:
    shredder = Shredder(["a"], ["b"])
    agent = deep(shredder, levels)
    result = await Runner.run(agent, "x", context={"user": 7})
    for name in "ab":
        assert result.final_output is None
        state = result.to_state()
        if json:
            state = await RunState.from_string(agent, state.to_string())
        (item,) = state.get_interruptions()
        assert (item.call_id, item.agent) == (name, shredder.agent)
        state.approve(item)
        result = await Runner.run(agent, state)
    assert shredder.shredded == ["a", "b"]
    assert len(shredder.model.calls) == 3, "no call of a model was made twice"
    assert result.final_output == "Ready."
    assert result.context_wrapper.usage.requests == 3 + 2 * levels
    assert result.context_wrapper.context == {"user": 7}


async def test_a_rejection_in_a_state_reaches_the_run_inside() -> None:
    shredder = Shredder()
    agent = deep(shredder, 2)
    state = (await Runner.run(agent, "x")).to_state()
    state.reject(state.get_interruptions()[0], rejection_message="Keep it.")
    again = await RunState.from_json(agent, state.to_json())
    await Runner.run(agent, again)
    assert (shredder.shredded, shredder.told) == ([], {"a.txt": "Keep it."})


async def test_a_state_with_runs_inside_can_be_gone_on_from_twice() -> None:
    shredder = Shredder()
    agent = deep(shredder, 1)
    state = (await Runner.run(agent, "x")).to_state()
    state.approve(state.get_interruptions()[0])
    before = state.to_json()
    for _ in range(2):
        assert (await Runner.run(agent, state)).final_output == "Ready."
        assert state.to_json() == before
        shredder.model.enqueue([assistant_message("Done.")])
        inner: Any = agent.model
        inner.enqueue([assistant_message("Ready.")])
    assert shredder.shredded == ["a.txt", "a.txt"]


async def test_the_events_of_a_resumed_run_inside_are_shown_too() -> None:
    shredder = Shredder()
    agent = deep(shredder, 1)
    run = Runner.run_streamed(agent, "x", run_config=NESTED)
    before = [event async for event in run.stream_events()]
    state = run.to_state()
    state.approve(state.get_interruptions()[0])
    run = Runner.run_streamed(agent, state, run_config=NESTED)
    after = [event async for event in run.stream_events()]
    assert [event.seq for event in [*before, *after]] == list(range(len(before) + len(after)))
    inner = [event for event in after if event.path == ("B", "A")]
    assert names(inner) == ["tool_output", "message_output_created"]


async def test_a_tool_that_is_no_agents_any_more_cannot_go_on() -> None:
    agent = deep(Shredder(), 1)
    data = (await Runner.run(agent, "x")).to_state().to_json()

    @function_tool
    def ask_a(input: str) -> str:
        """Ask nobody."""
        return ""

    plain = Agent("B", tools=[ask_a])
    for other in (plain, Agent("B")):
        with pytest.raises(UserError, match="at the agent 'A', and the tool that was called is no"):
            await RunState.from_json(other, data)
