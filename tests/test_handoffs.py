"""Handoffs: their input, what the agent that takes over is told, and what may go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import ResponseReasoningItem
from pydantic import BaseModel

from rxagents import (
    Agent,
    Handoff,
    HandoffInputData,
    HandoffOutputItem,
    MaxTurnsExceeded,
    RunConfig,
    RunContextWrapper,
    Runner,
    RunResult,
    ToolArgumentsError,
    UserError,
    function_tool,
    get_conversation_history_wrappers,
    handoff,
    nest_handoff_history,
    reset_conversation_history_wrappers,
    set_conversation_history_wrappers,
)
from rxagents.extensions.handoff_filters import remove_all_tools
from rxagents.extensions.handoff_prompt import (
    RECOMMENDED_PROMPT_PREFIX,
    prompt_with_handoff_instructions,
)
from rxagents.testing import ScriptedModel, assistant_message, function_call


class Reason(BaseModel):
    why: str
    urgent: bool


@function_tool
def look() -> str:
    return "seen"


def ignore(context: Any, given: Any) -> None:
    """Take what a handoff is given."""


def only_context(context: Any) -> None:
    """Take the context alone."""


TO_B = '{"why": "tired", "urgent": true}'


def taking_over(text: str = "Hello from B.") -> Agent:
    return Agent("B", model=ScriptedModel([[assistant_message(text)]]))


def told(agent: Agent, call: int = 0) -> Any:
    """What the agent's model was given."""
    assert isinstance(agent.model, ScriptedModel)
    return agent.model.calls[call].input


def short(given: Any) -> list[str]:
    return [str(each.get("type") or each["role"]) for each in given]


def handing(*handoffs: Any, arguments: str = "{}", before: bool = False) -> Agent:
    """An agent that looks, if it is to, and hands over, after a few words."""
    turn: list[Any] = [
        ResponseReasoningItem(id="r", type="reasoning", summary=[]),
        assistant_message("Let me ask B."),
        function_call("transfer_to_b", arguments),
    ]
    turns: list[Any] = [[function_call("look")], turn] if before else [turn]
    return Agent("A", tools=[look], handoffs=list(handoffs), model=ScriptedModel(turns))


# --- its input ------------------------------------------------------------------------------


@pytest.mark.parametrize("is_async", [True, False])
async def test_what_the_model_gives_reaches_on_handoff_as_an_instance(is_async: bool) -> None:
    seen: list[Any] = []

    def note(context: RunContextWrapper[Any], reason: Reason) -> None:
        seen.append((context.context, reason))

    async def note_later(context: RunContextWrapper[Any], reason: Reason) -> None:
        await asyncio.sleep(1)
        note(context, reason)

    offered = handoff(taking_over(), on_handoff=note_later if is_async else note, input_type=Reason)
    assert offered.input_json_schema["required"] == ["why", "urgent"]
    assert offered.input_json_schema["additionalProperties"] is False
    run = await Runner.run(handing(offered, arguments=TO_B), "x", context="me")
    assert seen == [("me", Reason(why="tired", urgent=True))]
    assert run.final_output == "Hello from B."


async def test_on_handoff_without_an_input_is_given_the_context() -> None:
    seen: list[Any] = []
    await Runner.run(handing(handoff(taking_over(), on_handoff=seen.append)), "x", context="me")
    assert [each.context for each in seen] == ["me"]


@pytest.mark.parametrize("arguments", ['{"why": 1}', "", "{"])
async def test_arguments_that_do_not_fit_end_the_run_before_the_handoff(arguments: str) -> None:
    second = taking_over()
    offered = handoff(second, on_handoff=ignore, input_type=Reason)
    run = Runner.run_streamed(handing(offered, arguments=arguments), "x")
    with pytest.raises(ToolArgumentsError, match="for the handoff 'transfer_to_b' do not fit: "):
        async for _ in run:
            pass
    assert [item.type for item in run.new_items][-1] == "handoff_call_item"
    assert run.last_agent.name == "A"


async def test_what_on_handoff_raises_ends_the_run() -> None:
    def refuse(context: Any) -> None:
        raise KeyError("not now")

    with pytest.raises(KeyError, match="not now"):
        await Runner.run(handing(handoff(taking_over(), on_handoff=refuse)), "x")


def test_callbacks_that_cannot_be_called_are_refused_at_once() -> None:
    with pytest.raises(UserError, match="has an input_type and nobody who takes the input"):
        handoff(taking_over(), input_type=Reason)
    with pytest.raises(UserError, match="must take the context and the input"):
        handoff(taking_over(), on_handoff=only_context, input_type=Reason)
    with pytest.raises(UserError, match="must take the context: "):
        handoff(taking_over(), on_handoff=lambda: None)
    with pytest.raises(UserError, match="on_handoff of 'transfer_to_b' must be a function, not 5"):
        handoff(taking_over(), on_handoff=5)  # type: ignore[arg-type]


async def test_a_handoff_of_ones_own_must_give_an_agent() -> None:
    async def invoke(context: Any, arguments: str) -> Any:
        return "B"

    own: Any = Handoff("transfer_to_b", "", {}, invoke, "B")
    with pytest.raises(UserError, match="'transfer_to_b' must return the agent that takes over, n"):
        await Runner.run(handing(own), "x")


# --- filters --------------------------------------------------------------------------------


@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.parametrize("of_run", [True, False])
async def test_a_filter_decides_what_the_next_agent_is_told(is_async: bool, of_run: bool) -> None:
    seen: list[HandoffInputData] = []

    def change(data: HandoffInputData) -> HandoffInputData:
        seen.append(data)
        return data.clone(pre_handoff_items=(), new_items=data.new_items[-2:])

    async def change_later(data: HandoffInputData) -> HandoffInputData:
        await asyncio.sleep(1)
        return change(data)

    second, chosen = taking_over(), change_later if is_async else change
    offered = handoff(second, input_filter=None if of_run else chosen)
    config = RunConfig(handoff_input_filter=chosen if of_run else None)
    run = await Runner.run(handing(offered, before=True), "x", run_config=config)
    (data,) = seen
    assert data.input_history == "x"
    assert [item.type for item in data.pre_handoff_items] == [
        "tool_call_item",
        "tool_call_output_item",
    ]
    assert [item.type for item in data.new_items] == [
        "reasoning_item",
        "message_output_item",
        "handoff_call_item",
        "handoff_output_item",
    ]
    assert data.run_context is run.context_wrapper
    assert short(told(second)) == ["user", "function_call", "function_call_output"]
    everything = ["user", "function_call", "function_call_output", "reasoning", "message"]
    everything += ["function_call", "function_call_output"]
    assert short(run.to_input_list()) == [*everything, "message"]
    assert short(run.to_input_list(mode="normalized")) == [*short(told(second)), "message"]
    with pytest.raises(ValueError, match="mode must be 'preserve_all' or 'normalized', not 'all'"):
        run.to_input_list(mode="all")  # type: ignore[arg-type]


async def test_the_filter_of_the_handoff_goes_before_the_runs() -> None:
    def own(data: HandoffInputData) -> HandoffInputData:
        return data.clone(input_history="own")

    def of_run(data: HandoffInputData) -> HandoffInputData:
        raise AssertionError("not to be asked")

    second = taking_over()
    config = RunConfig(handoff_input_filter=of_run, nest_handoff_history=True)
    await Runner.run(handing(handoff(second, input_filter=own)), "x", run_config=config)
    assert told(second)[0]["content"] == "own"


async def test_input_items_are_told_in_place_of_the_new_ones() -> None:
    second = taking_over()
    offered = handoff(second, input_filter=lambda data: data.clone(input_items=()))
    await Runner.run(handing(offered, before=True), "x")
    assert short(told(second)) == ["user", "function_call", "function_call_output"]


async def test_a_filter_that_returns_something_else_is_an_error_of_the_program() -> None:
    wrong: Any = handoff(taking_over(), input_filter=lambda data: data.new_items)  # type: ignore[arg-type,return-value]
    with pytest.raises(
        UserError, match=r"the handoff to 'B' must return a HandoffInputData, not t"
    ):
        await Runner.run(handing(wrong), "x")


async def test_all_tools_can_be_left_out() -> None:
    second = taking_over()
    given: Any = [
        {"role": "user", "content": "x"},
        {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "seen"},
    ]
    first = handing(handoff(second, input_filter=remove_all_tools), before=True)
    run = await Runner.run(first, given)
    assert short(told(second)) == ["user", "message"]
    assert len(run.to_input_list()) == 3 + 2 + 4 + 1


# --- nested histories -----------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _wrappers() -> Iterator[None]:
    yield
    reset_conversation_history_wrappers()


async def nested(*, own: bool | None, of_run: bool, **options: Any) -> tuple[Agent, RunResult]:
    second = taking_over()
    offered = handoff(second, nest_handoff_history=own)
    config = RunConfig(nest_handoff_history=of_run, **options)
    return second, await Runner.run(handing(offered, before=True), "Hi!", run_config=config)


@pytest.mark.parametrize(
    ("own", "of_run", "is_nested"),
    [(None, True, True), (True, False, True), (False, True, False), (None, False, False)],
)
async def test_the_handoff_or_else_the_run_says_whether_the_history_is_nested(
    own: bool | None, of_run: bool, is_nested: bool
) -> None:
    second, run = await nested(own=own, of_run=of_run)
    if not is_nested:
        assert len(told(second)) == 7
        return
    history, said = told(second)
    assert history["role"] == "assistant"
    lines = history["content"].split("\n")
    assert lines[1] == "<CONVERSATION HISTORY>"
    assert lines[2] == "1. user: Hi!"
    assert [line.partition(". ")[0] for line in lines[2:-1]] == list("123456")
    assert '"output": "seen"' in lines[4]
    assert lines[-1] == "</CONVERSATION HISTORY>"
    assert said["content"][0]["text"] == "Let me ask B."
    assert run.final_output == "Hello from B."
    assert len(run.to_input_list()) == 8


async def test_a_mapper_makes_what_stands_for_the_conversation() -> None:
    def shorten(items: list[Any]) -> list[Any]:
        return [{"role": "developer", "content": f"{len(items)} items"}]

    second, _ = await nested(own=None, of_run=True, handoff_history_mapper=shorten)
    assert told(second) == [{"role": "developer", "content": "7 items"}]


async def test_the_lines_around_a_history_can_be_set() -> None:
    set_conversation_history_wrappers(start="[[")
    assert get_conversation_history_wrappers() == ("[[", "</CONVERSATION HISTORY>")
    set_conversation_history_wrappers(end="]]")
    second, _ = await nested(own=True, of_run=False)
    lines = told(second)[0]["content"].split("\n")
    assert (lines[1], lines[-1]) == ("[[", "]]")
    reset_conversation_history_wrappers()
    assert get_conversation_history_wrappers()[0] == "<CONVERSATION HISTORY>"


async def test_a_second_handoff_goes_on_with_the_lines_of_the_first() -> None:
    third = Agent("C", model=ScriptedModel([[assistant_message("Done.")]]))
    turn: list[Any] = [assistant_message("Ask C."), function_call("transfer_to_c")]
    second = Agent("B", handoffs=[third], model=ScriptedModel([turn]))
    config = RunConfig(nest_handoff_history=True)
    await Runner.run(handing(second), "Hi!", run_config=config)
    first_history = told(second)[0]["content"].split("\n")
    history, said = told(third)
    lines = history["content"].split("\n")
    assert lines[: len(first_history) - 1] == first_history[:-1]
    assert history["content"].count("<CONVERSATION HISTORY>") == 1
    assert said["content"][0]["text"] == "Ask C."


@given(st.text())
def test_what_was_said_keeps_its_one_line_however_often_it_is_nested(text: str) -> None:
    data = HandoffInputData(({"role": "user", "content": text},), (), ())
    once = nest_handoff_history(data)
    twice = nest_handoff_history(once)
    assert twice.input_history == once.input_history
    only: Any = once.input_history[0]
    assert len(only["content"].split("\n")) == 4


def test_a_person_cannot_pass_words_off_as_a_history() -> None:
    history: Any = nest_handoff_history(HandoffInputData("Hi!", (), ())).input_history
    forged: Any = {**history[0], "role": "user"}
    told_next: Any = nest_handoff_history(HandoffInputData((forged,), (), ())).input_history
    assert '1. {"role": "user"' in told_next[0]["content"]


# --- in a run -------------------------------------------------------------------------------


async def test_two_handoffs_and_a_tool_of_one_response() -> None:
    second, third = taking_over(), Agent("C", model=ScriptedModel())
    turn = [function_call("transfer_to_b"), function_call("look"), function_call("transfer_to_c")]
    first = Agent("A", tools=[look], handoffs=[second, third], model=ScriptedModel([turn]))
    run = Runner.run_streamed(first, "x")
    events = [event async for event in run]
    names = [event.name for event in events if event.type == "run_item_stream_event"]
    assert names == [
        *["handoff_requested", "tool_called", "handoff_requested"],
        *["tool_output", "tool_output", "handoff_occured", "message_output_created"],
    ]
    outputs: Any = told(second)[4:]
    assert [each["call_id"] for each in outputs] == [
        "call_transfer_to_b",
        "call_look",
        "call_transfer_to_c",
    ]
    assert [each["output"] for each in outputs] == [
        '{"assistant": "B"}',
        "seen",
        "Not done: another handoff of the same response was taken, and there can be one.",
    ]
    (item,) = [each for each in run.new_items if isinstance(each, HandoffOutputItem)]
    assert (item.source_agent, item.target_agent) == (first, second)
    assert run.last_agent is second


async def test_agents_that_hand_over_to_each_other_for_ever_are_stopped() -> None:
    def over(name: str) -> Any:
        return ScriptedModel([[function_call(name, call_id=str(n))] for n in range(10)])

    one, two = Agent("A", model=over("transfer_to_b")), Agent("B", model=over("transfer_to_a"))
    one.handoffs, two.handoffs = [two], [one]
    run = Runner.run_streamed(one, "x", max_turns=5)
    agents: list[str] = []
    with pytest.raises(MaxTurnsExceeded, match="no final output after 5 turns"):
        async for event in run:
            if event.type == "agent_updated_stream_event":
                agents.append(event.new_agent.name)
    assert agents == ["A", "B", "A", "B", "A", "B"]


async def test_events_after_a_handoff_carry_the_new_agents_path() -> None:
    run = Runner.run_streamed(handing(taking_over()), "x")
    paths = [event.path async for event in run]
    assert paths == sorted(paths)
    assert set(paths) == {("A",), ("B",)}


def test_the_recommended_words_come_before_the_instructions() -> None:
    prompt = prompt_with_handoff_instructions("Be brief.")
    assert prompt.startswith(RECOMMENDED_PROMPT_PREFIX)
    assert prompt.endswith("Be brief.")
    assert "transfer_to_" in RECOMMENDED_PROMPT_PREFIX
