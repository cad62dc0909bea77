"""The run: turns, tools, handoffs, and the order of their events."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest
from openai.types.responses import ResponseOutputRefusal, ResponseTextDeltaEvent

from rxagents import (
    Agent,
    HandoffOutputItem,
    ItemHelpers,
    MaxTurnsExceeded,
    Model,
    ModelRefusalError,
    ModelSettings,
    RunConfig,
    RunContextWrapper,
    Runner,
    StreamEvent,
    ToolCallError,
    ToolCallItem,
    ToolCallOutputItem,
    ToolContext,
    ToolNotFoundError,
    UserError,
    function_tool,
    handoff,
)
from rxagents.testing import Delay, ScriptedModel, assistant_message, function_call


def names(events: list[StreamEvent]) -> list[str]:
    """The events that are not raw, by name."""
    found: list[str] = []
    for event in events:
        match event.type:
            case "agent_updated_stream_event":
                found.append(f"agent {event.new_agent.name}")
            case "run_item_stream_event":
                found.append(event.name)
            case "raw_response_event":
                continue
    return found


@function_tool
def how_many_jokes() -> int:
    """How many jokes to tell."""
    return 3


def joker(*more: Any) -> Agent:
    model = ScriptedModel([[function_call("how_many_jokes")], [assistant_message("Ha ha ha.")]])
    return Agent("Joker", tools=[how_many_jokes], model=model)


# --- the standard loop ----------------------------------------------------------------------


async def test_the_events_come_in_the_standard_order() -> None:
    run = Runner.run_streamed(joker(), "Hello")
    events = [event async for event in run.stream_events()]
    assert names(events) == ["agent Joker", "tool_called", "tool_output", "message_output_created"]
    assert run.final_output == "Ha ha ha."
    assert run.is_complete
    assert run.current_turn == 2
    called, output, _ = run.new_items
    assert isinstance(called, ToolCallItem)
    assert isinstance(output, ToolCallOutputItem)
    assert (called.tool_name, output.output) == ("how_many_jokes", 3)
    assert called.call_id == output.call_id == "call_how_many_jokes"
    assert ItemHelpers.text_message_outputs(run.new_items) == "Ha ha ha."


async def test_deltas_come_before_the_message_they_make() -> None:
    run = Runner.run_streamed(joker(), "Hello")
    text = ""
    async for event in run.stream_events():
        if event.type == "raw_response_event" and isinstance(event.data, ResponseTextDeltaEvent):
            text += event.data.delta
        elif event.type == "run_item_stream_event" and event.item.type == "message_output_item":
            assert text == ItemHelpers.text_message_output(event.item) == "Ha ha ha."
    assert text


async def test_an_item_is_told_right_behind_the_raw_event_that_finishes_it() -> None:
    events = [event async for event in Runner.run_streamed(joker(), "Hello").stream_events()]
    for before, after in pairwise(events):
        if after.type == "run_item_stream_event" and after.name != "tool_output":
            assert before.type == "raw_response_event"
            assert before.data.type == "response.output_item.done"


async def test_every_event_knows_its_place() -> None:
    run = Runner.run_streamed(joker(), "Hello")
    events = [event async for event in run.stream_events()]
    assert [event.seq for event in events] == list(range(len(events)))
    assert {event.run_id for event in events} == {run.run_id}
    assert [event.turn for event in events] == sorted(event.turn for event in events)
    assert {event.turn for event in events} == {0, 1, 2}
    assert {event.path for event in events} == {("Joker",)}
    assert {event.attempt for event in events} == {1}
    assert [event.time for event in events] == sorted(event.time for event in events)


async def test_the_time_of_an_event_is_the_loops() -> None:
    model = ScriptedModel([[Delay(2.5), assistant_message("Late.")]])
    events = [e async for e in Runner.observe(Agent("A", model=model), "x")]
    assert round(events[-1].time - events[0].time, 6) == 2.5


async def test_items_and_usage_never_lag_the_events() -> None:
    run = Runner.run_streamed(joker(), "Hello")
    seen = 0
    async for event in run.pipe():
        if event.type == "run_item_stream_event":
            seen += 1
            assert event.item in run.new_items
    assert seen == 3
    assert run.context_wrapper.usage.requests == 2
    assert run.context_wrapper.usage.output_tokens == sum(
        response.usage.output_tokens for response in run.raw_responses
    )


async def test_the_second_turn_is_given_the_call_and_its_output() -> None:
    agent = joker()
    await Runner.run(agent, "Hello")
    model = agent.model
    assert isinstance(model, ScriptedModel)
    first, second = model.calls
    assert first.input == [{"role": "user", "content": "Hello"}]
    sent: Any = second.input
    assert [item.get("type", "message") for item in sent] == [
        "message",
        "function_call",
        "function_call_output",
    ]
    assert sent[2] == {
        "type": "function_call_output",
        "call_id": "call_how_many_jokes",
        "output": "3",
    }
    model.assert_complete()


async def test_all_ways_to_run_give_the_same() -> None:
    streamed = Runner.run_streamed(joker(), "Hello")
    events = names([event async for event in streamed.stream_events()])
    observed = names([event async for event in Runner.observe(joker(), "Hello")])
    awaited = await Runner.run(joker(), "Hello")
    assert events == observed
    assert awaited.final_output == streamed.final_output
    assert [item.type for item in awaited.new_items] == [i.type for i in streamed.new_items]
    assert awaited.to_input_list() == streamed.to_input_list()


def test_run_sync_needs_no_loop() -> None:
    assert Runner.run_sync(joker(), "Hello").final_output == "Ha ha ha."


async def test_run_sync_inside_a_loop_says_what_to_use() -> None:
    with pytest.raises(UserError, match=r"await Runner\.run"):
        Runner.run_sync(joker(), "Hello")


async def test_a_conversation_goes_on_from_to_input_list() -> None:
    first = await Runner.run(joker(), "Hello")
    model = ScriptedModel([[assistant_message("Again.")]])
    again = [*first.to_input_list(), {"role": "user", "content": "More"}]
    await Runner.run(Agent("B", model=model), again)  # type: ignore[arg-type]
    assert model.calls[0].input == again


# --- tools ----------------------------------------------------------------------------------


def calls(*tool_names: str) -> list[Any]:
    return [function_call(name, call_id=f"{name}-{i}") for i, name in enumerate(tool_names)]


async def test_tools_run_at_once_and_tell_their_outputs_as_they_end() -> None:
    @function_tool
    async def slow() -> str:
        await asyncio.sleep(5)
        return "slow"

    @function_tool
    async def fast() -> str:
        await asyncio.sleep(1)
        return "fast"

    model = ScriptedModel([calls("slow", "fast"), [assistant_message("Done.")]])
    run = Runner.run_streamed(Agent("A", tools=[slow, fast], model=model), "go")
    loop = asyncio.get_running_loop()
    began = loop.time()
    told: list[tuple[float, Any]] = []
    async for event in run.stream_events():
        if event.type == "run_item_stream_event" and isinstance(event.item, ToolCallOutputItem):
            told.append((round(loop.time() - began, 3), event.item.output))
    assert told == [(1.0, "fast"), (5.0, "slow")]
    given: Any = model.calls[1].input
    outputs = [item["output"] for item in given if item.get("type") == "function_call_output"]
    assert outputs == ["slow", "fast"], "the model sees the order of its calls"


async def test_a_tool_starts_when_the_response_is_whole() -> None:
    started: list[float] = []
    loop = asyncio.get_running_loop()

    @function_tool
    async def tool() -> str:
        started.append(loop.time())
        return "x"

    model = ScriptedModel(
        [
            [function_call("tool"), Delay(3), assistant_message("Calling.")],
            [assistant_message("Done.")],
        ]
    )
    began = loop.time()
    await Runner.run(Agent("A", tools=[tool], model=model), "go")
    assert [round(at - began, 3) for at in started] == [3.0]


async def test_a_plain_function_runs_on_a_thread_and_an_async_one_on_the_loop() -> None:
    where: dict[str, int] = {}

    @function_tool
    def plain() -> str:
        where["plain"] = threading.get_ident()
        return "x"

    @function_tool
    async def asynchronous() -> str:
        where["async"] = threading.get_ident()
        return "x"

    model = ScriptedModel([calls("plain", "asynchronous"), [assistant_message("Done.")]])
    await Runner.run(Agent("A", tools=[plain, asynchronous], model=model), "go")
    assert where["plain"] != threading.get_ident() == where["async"]


async def test_a_tool_is_told_of_its_call_and_shares_the_context() -> None:
    seen: list[Any] = []

    @function_tool
    def tool(ctx: ToolContext[dict[str, int]], city: str) -> str:
        ctx.context["calls"] = 1
        seen.append((ctx.tool_name, ctx.tool_call_id, ctx.tool_arguments, ctx.agent))
        return city

    model = ScriptedModel(
        [[function_call("tool", {"city": "Oslo"}, call_id="c7")], [assistant_message("Done.")]]
    )
    agent = Agent("A", tools=[tool], model=model)
    context: dict[str, int] = {}
    await Runner.run(agent, "go", context=context)
    assert seen == [("tool", "c7", '{"city": "Oslo"}', agent)]
    assert context == {"calls": 1}


async def test_a_tool_that_lets_its_error_out_ends_the_run_and_its_siblings() -> None:
    cancelled: list[str] = []

    @function_tool(failure_error_function=None)
    async def broken() -> str:
        await asyncio.sleep(1)
        raise OSError("disk on fire")

    @function_tool
    async def slow() -> str:
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            cancelled.append("slow")
            raise
        return "never"

    model = ScriptedModel([calls("broken", "slow")])
    run = Runner.run_streamed(Agent("A", tools=[broken, slow], model=model), "go")
    with pytest.raises(ToolCallError, match="broken") as caught:
        async for _ in run.stream_events():
            continue
    assert isinstance(caught.value.__cause__, OSError)
    assert cancelled == ["slow"]
    assert caught.value.run_data is not None
    assert [item.type for item in caught.value.run_data.new_items] == ["tool_call_item"] * 2
    assert run.to_input_list() == [{"role": "user", "content": "go"}], "no call without output"


async def test_by_default_the_model_is_told_that_a_tool_failed() -> None:
    @function_tool
    def broken() -> str:
        raise OSError("the secret path")

    model = ScriptedModel([[function_call("broken")], [assistant_message("Sorry.")]])
    result = await Runner.run(Agent("A", tools=[broken], model=model), "go")
    assert result.final_output == "Sorry."
    (output,) = [i.output for i in result.new_items if isinstance(i, ToolCallOutputItem)]
    assert "failed" in output
    assert "secret" not in output


async def test_an_unknown_tool_ends_the_run_after_everything_it_received() -> None:
    model = ScriptedModel([[assistant_message("Let me see."), function_call("nope")]])
    run = Runner.run_streamed(Agent("A", tools=[how_many_jokes], model=model), "go")
    events: list[StreamEvent] = []
    with pytest.raises(ToolNotFoundError, match=r"'nope', which .*'A' .*has: how_many_jokes"):
        async for event in run.stream_events():
            events.append(event)
    assert names(events) == ["agent A", "message_output_created"]
    last = events[-1]
    assert last.type == "raw_response_event"
    assert last.data.type == "response.completed"


async def test_two_tools_of_one_name_are_refused() -> None:
    agent = Agent("A", tools=[how_many_jokes, how_many_jokes], model=ScriptedModel([]))
    with pytest.raises(UserError, match="two tools or handoffs called 'how_many_jokes'"):
        await Runner.run(agent, "go")


async def test_a_demanded_call_is_demanded_once() -> None:
    agent = joker().clone(model_settings=ModelSettings(tool_choice="required"))
    await Runner.run(agent, "Hello")
    model: Any = agent.model
    assert [call.model_settings.tool_choice for call in model.calls] == ["required", None]


async def test_a_disabled_tool_is_not_offered() -> None:
    @function_tool(is_enabled=lambda context, agent: context.context == "admin")
    def secret() -> str:
        """For admins."""
        return "x"

    for who, offered in (("admin", ["secret"]), ("guest", [])):
        model = ScriptedModel([[assistant_message("Hi.")]])
        await Runner.run(Agent("A", tools=[secret], model=model), "go", context=who)
        assert [tool.name for tool in model.calls[0].tools] == offered


# --- handoffs -------------------------------------------------------------------------------


async def test_a_handoff_is_requested_takes_place_and_updates_the_agent() -> None:
    spanish = Agent("Spanish Agent", model=ScriptedModel([[assistant_message("Hola.")]]))
    triage = Agent(
        "Triage",
        handoffs=[spanish],
        model=ScriptedModel([[function_call("transfer_to_spanish_agent")]]),
    )
    run = Runner.run_streamed(triage, "Hola")
    events = [event async for event in run.stream_events()]
    assert names(events) == [
        "agent Triage",
        "handoff_requested",
        "handoff_occured",
        "agent Spanish Agent",
        "message_output_created",
    ]
    assert run.last_agent is spanish
    assert events[-1].path == ("Spanish Agent",)
    (item,) = [i for i in run.new_items if isinstance(i, HandoffOutputItem)]
    assert (item.source_agent, item.target_agent) == (triage, spanish)
    model: Any = spanish.model
    assert model.calls[0].input[-1]["output"] == '{"assistant": "Spanish Agent"}'


async def test_the_first_of_two_handoffs_is_taken() -> None:
    one = Agent("One", model=ScriptedModel([[assistant_message("I am one.")]]))
    two = Agent("Two", model=ScriptedModel([]))
    model = ScriptedModel([calls("transfer_to_one", "transfer_to_two")])
    run = Runner.run_streamed(Agent("A", handoffs=[one, two], model=model), "go")
    events = [event async for event in run.stream_events()]
    assert names(events)[1:5] == [
        "handoff_requested",
        "handoff_requested",
        "tool_output",
        "handoff_occured",
    ]
    assert run.final_output == "I am one."


async def test_tools_run_before_the_handoff_of_the_same_response() -> None:
    target = Agent("B", model=ScriptedModel([[assistant_message("B here.")]]))
    model = ScriptedModel([calls("how_many_jokes", "transfer_to_b")])
    agent = Agent("A", tools=[how_many_jokes], handoffs=[target], model=model)
    run = Runner.run_streamed(agent, "go")
    events = [event async for event in run.stream_events()]
    assert names(events)[1:6] == [
        "tool_called",
        "handoff_requested",
        "tool_output",
        "handoff_occured",
        "agent B",
    ]


async def test_a_handoff_can_be_named_described_watched_and_disabled() -> None:
    told: list[Any] = []

    async def on_handoff(context: RunContextWrapper[Any]) -> None:
        told.append(context.context)

    target = Agent(
        "B", handoff_description="Knows B.", model=ScriptedModel([[assistant_message("B")]])
    )
    named = handoff(target, "ask_b", "Ask B.", on_handoff)
    hidden = handoff(Agent("C"), is_enabled=False)
    model = ScriptedModel([[function_call("ask_b")]])
    await Runner.run(Agent("A", handoffs=[named, hidden], model=model), "go", context="ctx")
    assert told == ["ctx"]
    assert [(h.tool_name, h.tool_description) for h in model.calls[0].handoffs] == [
        ("ask_b", "Ask B.")
    ]
    assert "Knows B." in handoff(target).tool_description


# --- limits and settings --------------------------------------------------------------------


async def test_max_turns_ends_a_run_that_does_not() -> None:
    model = ScriptedModel([[function_call("how_many_jokes")] for _ in range(5)])
    run = Runner.run_streamed(Agent("A", tools=[how_many_jokes], model=model), "go", max_turns=3)
    events: list[StreamEvent] = []
    with pytest.raises(MaxTurnsExceeded, match="no final output after 3 turns") as caught:
        async for event in run.stream_events():
            events.append(event)
    assert names(events) == ["agent A", *["tool_called", "tool_output"] * 3]
    assert len(model.calls) == 3
    assert caught.value.run_data is not None
    assert len(caught.value.run_data.raw_responses) == 3
    assert len(run.to_input_list()) == 7


async def test_no_limit_of_turns() -> None:
    turns: list[Any] = [[function_call("how_many_jokes")] for _ in range(30)]
    model = ScriptedModel([*turns, [assistant_message("At last.")]])
    agent = Agent("A", tools=[how_many_jokes], model=model)
    result = await Runner.run(agent, "go", max_turns=None)
    assert result.final_output == "At last."


@pytest.mark.parametrize("max_turns", [0, -1])
async def test_an_impossible_limit_is_refused(max_turns: int) -> None:
    with pytest.raises(UserError, match="max_turns must be 1 or more"):
        Runner.run_streamed(joker(), "x", max_turns=max_turns)


async def test_instructions_may_be_a_function() -> None:
    def plain(context: RunContextWrapper[Any], agent: Agent[Any]) -> str:
        return f"{agent.name} serves {context.context}"

    async def asynchronous(context: RunContextWrapper[Any], agent: Agent[Any]) -> str:
        return f"{agent.name} awaits {context.context}"

    for instructions, expected in ((plain, "A serves you"), (asynchronous, "A awaits you")):
        model = ScriptedModel([[assistant_message("Hi.")]])
        await Runner.run(Agent("A", instructions=instructions, model=model), "x", context="you")
        assert model.calls[0].system_instructions == expected


async def test_a_run_config_overrides_the_agents_model_and_settings() -> None:
    model = ScriptedModel([[assistant_message("Hi.")]])
    config = RunConfig(model=model, model_settings=ModelSettings(temperature=0.5))
    agent = Agent("A", model="never-asked", model_settings=ModelSettings(temperature=1, top_p=0.1))
    await Runner.run(agent, "x", run_config=config)
    settings = model.calls[0].model_settings
    assert (settings.temperature, settings.top_p) == (0.5, 0.1)


async def test_what_is_no_agent_is_refused() -> None:
    with pytest.raises(UserError, match="must be an Agent, not str"):
        Runner.run_streamed("Assistant", "x")  # type: ignore[arg-type]


async def test_a_refusal_is_told_as_an_error_after_its_message() -> None:
    refusal = ResponseOutputRefusal(type="refusal", refusal="I would rather not.")
    message = assistant_message("").model_copy(update={"content": [refusal]})
    run = Runner.run_streamed(Agent("A", model=ScriptedModel([[message]])), "x")
    events: list[StreamEvent] = []
    with pytest.raises(
        ModelRefusalError, match=r"refused to answer: I would rather not\."
    ) as caught:
        async for event in run.stream_events():
            events.append(event)
    assert names(events) == ["agent A", "message_output_created"]
    assert caught.value.refusal == "I would rather not."
    assert run.final_output is None


# --- models of others -----------------------------------------------------------------------


async def test_a_model_that_sends_only_the_completed_response_works() -> None:
    class Terse(ScriptedModel):
        async def stream_response(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            async for event in super().stream_response(*args, **kwargs):
                if event.type == "response.completed":
                    yield event

    model = Terse([[function_call("how_many_jokes")], [assistant_message("Ha.")]])
    run = Runner.run_streamed(Agent("A", tools=[how_many_jokes], model=model), "go")
    events = [event async for event in run.stream_events()]
    assert names(events) == ["agent A", "tool_called", "tool_output", "message_output_created"]


async def test_a_model_that_leaves_the_completed_response_empty_works() -> None:
    class Forgetful(ScriptedModel):
        async def stream_response(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            async for event in super().stream_response(*args, **kwargs):
                if event.type == "response.completed":
                    event.response.output = []
                yield event

    model = Forgetful([[function_call("how_many_jokes")], [assistant_message("Ha.")]])
    result = await Runner.run(Agent("A", tools=[how_many_jokes], model=model), "go")
    assert result.final_output == "Ha."
    assert len(result.to_input_list()) == 4


async def test_a_model_gives_its_whole_answer_through_get_response() -> None:
    model: Model = ScriptedModel([[assistant_message("Whole.")]])
    response = await model.get_response(
        None, "x", ModelSettings(), [], None, [], None,  # type: ignore[arg-type]
        previous_response_id=None, conversation_id=None, prompt=None,
    )  # fmt: skip
    assert ItemHelpers.extract_text(response.output[0]) == "Whole."


async def test_the_models_stream_is_closed_when_its_response_has_ended() -> None:
    model = ScriptedModel([[assistant_message("Hi.")]])
    await Runner.run(Agent("A", model=model), "x")
    assert asyncio.all_tasks() == {asyncio.current_task()}
