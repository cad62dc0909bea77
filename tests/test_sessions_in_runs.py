"""Sessions in runs: what is read, what is saved and when, and conversations at the provider."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rxagents import (
    Agent,
    GuardrailFunctionOutput,
    MaxTurnsExceeded,
    OutputGuardrailTripwireTriggered,
    RunConfig,
    Runner,
    RunState,
    SessionSettings,
    SQLiteSession,
    ToolCallError,
    UserError,
    function_tool,
    handoff,
    input_guardrail,
    output_guardrail,
)
from rxagents.testing import Delay, ScriptedModel, assistant_message, function_call


class Listed:
    """A session that is a list, and fails when it is told to."""

    def __init__(self, items: list[Any] | None = None) -> None:
        self.session_id: str = "s"
        self.session_settings: SessionSettings | None = None
        self.items: list[Any] = list(items or [])
        self.adds: list[int] = []
        self.fails: list[str] = []

    async def get_items(self, limit: int | None = None) -> list[Any]:
        await self._step("get")
        return list(self.items if limit is None else self.items[-limit:])

    async def add_items(self, items: list[Any]) -> None:
        await self._step("add")
        self.adds.append(len(items))
        self.items += items

    async def pop_item(self) -> Any:
        return self.items.pop() if self.items else None

    async def clear_session(self) -> None:
        self.items.clear()

    async def _step(self, name: str) -> None:
        await asyncio.sleep(1)
        if name in self.fails:
            raise ConnectionError(f"cannot {name}")


def kinds(items: Any) -> list[str]:
    """A conversation in short: what people and models say, calls and outputs."""
    return [
        item.get("type", "message").removeprefix("function_")
        if item.get("type", "message") != "message"
        else item["role"]
        for item in items
    ]


@function_tool
async def work() -> str:
    await asyncio.sleep(10)
    return "done"


def worker(**options: Any) -> Agent:
    model = ScriptedModel(
        [
            [assistant_message("First."), Delay(5), function_call("work")],
            [Delay(5), assistant_message("Ready.")],
        ]
    )
    return Agent("A", tools=[work], model=model, **options)


def model_of(agent: Agent) -> ScriptedModel:
    assert isinstance(agent.model, ScriptedModel)
    return agent.model


WHOLE = ["user", "assistant", "call", "call_output", "assistant"]


# --- read and saved -------------------------------------------------------------------------


async def test_the_history_is_joined_and_every_whole_turn_is_added() -> None:
    session = Listed([{"role": "user", "content": "old"}])
    agent = worker()
    run = await Runner.run(agent, "new", session=session)
    first, second = model_of(agent).calls
    assert kinds(first.input) == ["user", "user"]
    assert kinds(second.input) == ["user", *WHOLE[:-1]]
    assert kinds(session.items) == ["user", *WHOLE]
    assert session.adds == [4, 1]
    assert kinds(run.to_input_list()) == ["user", *WHOLE]
    again = Agent("B", model=ScriptedModel([[assistant_message("Hi.")]]))
    await Runner.run(again, "and now", session=session)
    assert kinds(model_of(again).calls[0].input) == ["user", *WHOLE, "user"]


async def test_a_turn_that_hands_over_and_the_next_agents_are_saved_too() -> None:
    session = Listed()
    second = Agent("B", model=ScriptedModel([[assistant_message("Hi.")]]))
    model = ScriptedModel([[function_call("transfer_to_b")]])
    first = Agent("A", model=model, handoffs=[handoff(second, input_filter=lambda data: data)])
    await Runner.run(first, "x", session=session)
    assert kinds(session.items) == ["user", "call", "call_output", "assistant"]
    assert session.adds == [3, 1]


@pytest.mark.parametrize("is_async", [True, False])
async def test_a_callback_makes_the_input_of_the_history_and_what_is_new(is_async: bool) -> None:
    session = Listed([{"role": "user", "content": "old"}, {"role": "user", "content": "older"}])

    def join(history: list[Any], new: list[Any]) -> list[Any]:
        return [*history[-1:], {"role": "developer", "content": "be kind"}, *new]

    async def join_later(history: list[Any], new: list[Any]) -> list[Any]:
        return join(history, new)

    agent = worker()
    config = RunConfig(session_input_callback=join_later if is_async else join)
    await Runner.run(agent, "new", session=session, run_config=config)
    given: Any = model_of(agent).calls[0].input
    assert [item["content"] for item in given] == ["older", "be kind", "new"]
    assert kinds(session.items)[2:] == ["developer", *WHOLE]


async def test_a_callback_that_returns_no_list_is_an_error_of_the_program() -> None:
    def wrong(history: Any, new: Any) -> str:
        return "new"

    with pytest.raises(UserError, match="session_input_callback must return the run's input"):
        await Runner.run(
            worker(), "x", session=Listed(), run_config={"session_input_callback": wrong}
        )


@pytest.mark.parametrize("limit", [SessionSettings(limit=1), {"limit": 1}])
async def test_the_run_may_limit_what_is_read(limit: Any) -> None:
    session = Listed([{"role": "user", "content": str(n)} for n in range(5)])
    agent = worker()
    await Runner.run(agent, "new", session=session, run_config=RunConfig(session_settings=limit))
    given: Any = model_of(agent).calls[0].input
    assert [item["content"] for item in given] == ["4", "new"]


async def test_what_is_sent_in_the_middle_and_what_a_handler_gives_are_saved() -> None:
    session = Listed()

    def sorry(_: Any) -> str:
        return "Sorry."

    handlers: Any = {"max_turns": sorry}
    run = Runner.run_streamed(worker(), "x", session=session, max_turns=1, error_handlers=handlers)
    async for event in run:
        if event.type == "run_item_stream_event" and event.name == "tool_output":
            run.send("in feet")
    assert run.final_output == "Sorry."
    assert kinds(session.items) == [*WHOLE[:-1], "user", "assistant"]
    assert kinds(run.to_input_list()) == kinds(session.items)


# --- a run that does not end well -----------------------------------------------------------

PHASES: list[tuple[float, list[str], str]] = [
    (0.5, [], "reading the session"),
    (3, [], "the first answer"),
    (12, [], "the tool"),
    (16.5, [], "saving the turn"),
    (19, WHOLE[:-1], "the second answer"),
]


@pytest.mark.parametrize(("after", "kept", "phase"), PHASES, ids=[each[2] for each in PHASES])
async def test_a_run_that_is_cancelled_leaves_only_whole_turns(
    after: float, kept: list[str], phase: str
) -> None:
    session = Listed()
    run = Runner.run_streamed(worker(), "x", session=session)
    await asyncio.sleep(after)
    await run.aclose()
    assert kinds(session.items) == kept
    begun = kinds(run.to_input_list())
    assert begun.count("call") == begun.count("call_output")
    again = Agent("B", model=ScriptedModel([[assistant_message("Hi.")]]))
    await Runner.run(again, "go on", session=session)
    assert kinds(session.items) == [*kept, "user", "assistant"]


@pytest.mark.parametrize("after", [3, 12, 19])
@pytest.mark.parametrize("through_json", [False, True])
async def test_what_was_not_saved_when_a_run_was_cancelled_is_saved_when_it_goes_on(
    after: float, through_json: bool
) -> None:
    session, agent = Listed(), worker()
    run = Runner.run_streamed(agent, "x", session=session)
    await asyncio.sleep(after)
    await run.aclose()
    state: Any = run.to_state()
    if through_json:
        state = await RunState.from_string(agent, state.to_string())
    agent.model = ScriptedModel([[assistant_message("Back.")]])
    resumed = await Runner.run(agent, state, session=session)
    assert resumed.final_output == "Back."
    assert session.items == resumed.to_input_list()


@pytest.mark.parametrize("mode", ["after_turn", "immediate"])
async def test_a_run_that_ends_after_its_turn_has_saved_it(mode: Any) -> None:
    session = Listed()
    run = Runner.run_streamed(worker(), "x", session=session)
    await asyncio.sleep(8)
    run.cancel(mode)
    async for _ in run:
        pass
    assert kinds(session.items) == (WHOLE[:-1] if mode == "after_turn" else [])


async def test_a_run_that_fails_leaves_only_whole_turns() -> None:
    @function_tool(failure_error_function=None)
    def broken() -> str:
        raise ValueError("no")

    session = Listed()
    model = ScriptedModel([[function_call("work")], [function_call("broken")]])
    with pytest.raises(ToolCallError):
        await Runner.run(Agent("A", tools=[work, broken], model=model), "x", session=session)
    assert kinds(session.items) == ["user", "call", "call_output"]
    session = Listed()
    with pytest.raises(MaxTurnsExceeded):
        await Runner.run(worker(), "x", session=session, max_turns=1)
    assert kinds(session.items) == WHOLE[:-1]
    session = Listed()
    model = ScriptedModel([[function_call("work")], ConnectionError("down")])
    with pytest.raises(ConnectionError):
        await Runner.run(Agent("A", tools=[work], model=model), "x", session=session)
    assert kinds(session.items) == ["user", "call", "call_output"]


async def test_what_a_guardrail_refuses_is_not_remembered() -> None:
    @output_guardrail
    def refuse(context: Any, agent: Any, output: Any) -> GuardrailFunctionOutput:
        return GuardrailFunctionOutput(None, True)

    session = Listed()
    with pytest.raises(OutputGuardrailTripwireTriggered):
        await Runner.run(worker(output_guardrails=[refuse]), "x", session=session)
    assert kinds(session.items) == WHOLE[:-1]

    @input_guardrail
    def refuse_input(context: Any, agent: Any, input: Any) -> GuardrailFunctionOutput:
        return GuardrailFunctionOutput(None, True)

    session = Listed()
    with pytest.raises(Exception, match="refuse_input"):
        await Runner.run(worker(input_guardrails=[refuse_input]), "x", session=session)
    assert session.items == []


async def test_an_interrupted_turn_is_saved_when_it_is_whole() -> None:
    @function_tool(needs_approval=True)
    def pay() -> str:
        return "paid"

    session = Listed()
    model = ScriptedModel([[function_call("pay")], [assistant_message("Paid.")]])
    agent = Agent("A", tools=[pay], model=model)
    run = await Runner.run(agent, "x", session=session)
    assert kinds(session.items) == ["user"]
    state = run.to_state()
    state.approve(run.interruptions[0])
    await Runner.run(agent, state, session=session)
    assert kinds(session.items) == ["user", "call", "call_output", "assistant"]


async def test_a_session_that_raises_ends_the_run_after_everything_that_was_received() -> None:
    session = Listed()
    session.fails = ["get"]
    agent = worker()
    with pytest.raises(ConnectionError, match="cannot get"):
        await Runner.run(agent, "x", session=session)
    assert model_of(agent).calls == []
    session.fails = ["add"]
    run = Runner.run_streamed(worker(), "x", session=session)
    names: list[str] = []
    with pytest.raises(ConnectionError, match="cannot add"):
        async for event in run:
            if event.type == "run_item_stream_event":
                names.append(event.name)
    assert names == ["message_output_created", "tool_called", "tool_output"]
    assert kinds(run.to_input_list()) == WHOLE[:-1]
    session.fails = []
    state = run.to_state()
    agent.model = ScriptedModel([[assistant_message("Ready.")]])
    state.record.current_agent.model = agent.model
    await Runner.run(agent, state, session=session)
    assert kinds(session.items) == WHOLE


async def test_a_real_session_remembers_across_runs() -> None:
    session = SQLiteSession("s")
    await Runner.run(worker(), "x", session=session)
    assert kinds(await session.get_items()) == WHOLE


# --- conversations at the provider ----------------------------------------------------------


async def test_a_provider_that_remembers_is_told_only_what_is_new() -> None:
    agent = worker()
    await Runner.run(agent, "x", conversation_id="conv")
    first, second = model_of(agent).calls
    assert [call.conversation_id for call in (first, second)] == ["conv", "conv"]
    assert [call.previous_response_id for call in (first, second)] == [None, None]
    assert kinds(first.input) == ["user"]
    assert kinds(second.input) == ["call_output"]


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ({"previous_response_id": "resp_0"}, ["resp_0", "resp_1"]),
        ({"auto_previous_response_id": True}, [None, "resp_1"]),
    ],
)
async def test_each_call_goes_on_from_the_response_before(
    options: Any, ids: list[str | None]
) -> None:
    agent = worker()
    run = await Runner.run(agent, "x", **options)
    calls = model_of(agent).calls
    assert [call.previous_response_id for call in calls] == ids
    assert [kinds(call.input) for call in calls] == [["user"], ["call_output"]]
    assert run.last_response_id == "resp_2"
    assert kinds(run.to_input_list()) == WHOLE


async def test_without_any_of_them_everything_is_told() -> None:
    agent = worker()
    await Runner.run(agent, "x")
    assert [kinds(call.input) for call in model_of(agent).calls] == [["user"], WHOLE[:-1]]
    assert [call.previous_response_id for call in model_of(agent).calls] == [None, None]


@pytest.mark.parametrize(
    "options",
    [
        {"conversation_id": "c", "previous_response_id": "r"},
        {"conversation_id": "c", "auto_previous_response_id": True},
        {"conversation_id": "c", "session": Listed()},
        {"previous_response_id": "r", "session": Listed()},
        {"auto_previous_response_id": True, "session": Listed()},
    ],
)
async def test_only_one_may_keep_the_conversation(options: Any) -> None:
    with pytest.raises(UserError, match="give one of them"):
        Runner.run_streamed(worker(), "x", **options)


async def test_a_filter_cannot_change_what_the_provider_keeps() -> None:
    second = Agent("B", model=ScriptedModel([[assistant_message("Hi.")]]))
    model = ScriptedModel([[function_call("transfer_to_b")]])
    first = Agent("A", model=model, handoffs=[handoff(second, input_filter=lambda data: data)])
    with pytest.raises(UserError, match=r"the handoff to 'B' changes the history, which the prov"):
        await Runner.run(first, "x", conversation_id="c")
