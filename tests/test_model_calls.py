"""Calls of models: what they are asked, and what becomes of attempts that fail."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from rxagents import (
    Agent,
    CallModelData,
    GenerateDynamicPromptData,
    ModelInputData,
    ModelProvider,
    ModelRetrySettings,
    ModelSettings,
    ModelStreamCutError,
    ModelTimeoutError,
    Prompt,
    RequestUsage,
    RunConfig,
    RunContextWrapper,
    Runner,
    RunState,
    StreamEvent,
    ToolErrorFormatterArgs,
    ToolNotFoundError,
    Usage,
    UserError,
    function_tool,
    handoff,
    retry_policies,
)
from rxagents import (
    operators as ops,
)
from rxagents.items import AttemptFailedItem
from rxagents.testing import (
    Delay,
    ModelStep,
    ScriptedModel,
    assistant_message,
    function_call,
    response_events,
)

CUT = ModelStreamCutError("cut", event_index=3)


@function_tool
def look() -> str:
    return "seen"


def always(_: Any) -> bool:
    return True


def again(**options: Any) -> ModelSettings:
    """Settings that retry once whatever happens."""
    return ModelSettings(retry=ModelRetrySettings(max_retries=1, policy=always, **options))


def items(events: list[StreamEvent]) -> list[str]:
    return [event.name for event in events if event.type == "run_item_stream_event"]


def failed(events: list[StreamEvent]) -> list[AttemptFailedItem]:
    return [
        event.item
        for event in events
        if event.type == "run_item_stream_event" and isinstance(event.item, AttemptFailedItem)
    ]


# --- what is asked --------------------------------------------------------------------------


@pytest.mark.parametrize("is_async", [True, False])
async def test_a_filter_changes_what_the_model_is_given_and_nothing_else(is_async: bool) -> None:
    seen: list[CallModelData[Any]] = []

    def shorten(data: CallModelData[Any]) -> ModelInputData:
        seen.append(data)
        return ModelInputData(data.model_data.input[-1:], f"{data.model_data.instructions} Now.")

    async def shorten_later(data: CallModelData[Any]) -> ModelInputData:
        return shorten(data)

    model = ScriptedModel([[function_call("look")], [assistant_message("Done.")]])
    agent = Agent("A", instructions="Answer.", tools=[look], model=model)
    config = RunConfig(call_model_input_filter=shorten_later if is_async else shorten)
    run = await Runner.run(agent, "x", context="me", run_config=config)
    assert [len(call.input) for call in model.calls] == [1, 1]
    assert [call.system_instructions for call in model.calls] == ["Answer. Now."] * 2
    assert [(data.agent, data.context) for data in seen] == [(agent, "me")] * 2
    assert len(run.to_input_list()) == 4


async def test_a_filter_that_returns_something_else_is_an_error_of_the_program() -> None:
    def wrong(data: Any) -> Any:
        return data.model_data.input

    with pytest.raises(UserError, match="call_model_input_filter must return a ModelInputData"):
        await Runner.run(
            Agent("A", model=ScriptedModel()), "x", run_config={"call_model_input_filter": wrong}
        )


async def test_instructions_and_prompts_may_be_functions_asked_before_each_turn() -> None:
    async def instructions(context: RunContextWrapper[Any], agent: Agent) -> str:
        return f"{agent.name} has {context.usage.requests}"

    def prompt(data: GenerateDynamicPromptData) -> Prompt:
        return {"id": f"p{data.context.usage.requests}", "version": data.agent.name}

    model = ScriptedModel([[function_call("look")], [assistant_message("Done.")]])
    agent = Agent("A", instructions=instructions, prompt=prompt, tools=[look], model=model)
    await Runner.run(agent, "x")
    assert [call.system_instructions for call in model.calls] == ["A has 0", "A has 1"]
    assert [call.prompt for call in model.calls] == [
        {"id": "p0", "version": "A"},
        {"id": "p1", "version": "A"},
    ]


async def test_a_prompt_without_an_id_is_refused() -> None:
    wrong: Any = {"name": "p"}
    agent = Agent("A", prompt=wrong, model=ScriptedModel())
    with pytest.raises(UserError, match="the prompt of the agent 'A' must be a dictionary with an"):
        await Runner.run(agent, "x")


async def test_names_of_models_are_found_by_the_runs_provider() -> None:
    asked: list[Any] = []

    class Known(ModelProvider):
        def get_model(self, model_name: str | None) -> Any:
            asked.append(model_name)
            return ScriptedModel([[assistant_message("Hi.")]])

    await Runner.run(Agent("A", model="small"), "x", run_config={"model_provider": Known()})
    await Runner.run(Agent("A"), "x", run_config={"model_provider": Known(), "model": "large"})
    assert asked == ["small", "large"]


# --- time and attempts ----------------------------------------------------------------------


async def test_a_model_that_takes_too_long_is_left_in_each_attempt() -> None:
    slow: list[Any] = [Delay(60), assistant_message("Late.")]
    model = ScriptedModel([slow, slow, [assistant_message("In time.")]])
    settings = ModelSettings(timeout=10)
    begun = asyncio.get_running_loop().time()
    with pytest.raises(ModelTimeoutError) as told:
        await Runner.run(Agent("A", model=model, model_settings=settings), "x")
    assert told.value.timeout_seconds == 10
    assert asyncio.get_running_loop().time() - begun == 10
    assert model.closed_early == 1
    retry = ModelRetrySettings(
        max_retries=1, policy=retry_policies.network_error(), backoff={"jitter": False}
    )
    settings = ModelSettings(timeout=10, retry=retry)
    run = await Runner.run(Agent("A", model=model, model_settings=settings), "x")
    assert run.final_output == "In time."
    assert asyncio.get_running_loop().time() - begun == 20.25


async def test_an_attempt_that_failed_is_told_and_the_next_has_a_higher_number() -> None:
    error = ConnectionError("down")
    model = ScriptedModel([[error], [function_call("look")], [assistant_message("Done.")]])
    agent = Agent("A", tools=[look], model=model, model_settings=again())
    run = Runner.run_streamed(agent, "x")
    events = [event async for event in run]
    assert items(events) == [
        "attempt_failed",
        "tool_called",
        "tool_output",
        *["message_output_created"],
    ]
    (told,) = failed(events)
    assert told.error is error
    assert told.raw_item == {
        "type": "attempt_failed",
        "attempt": 1,
        "error": "ConnectionError: down",
        "superseded": [],
    }
    assert {event.attempt for event in events if event.turn == 1} == {1, 2}
    assert [event.attempt for event in events if event.turn == 1][-1] == 2
    assert {event.attempt for event in events if event.turn == 2} == {1}
    assert [event.seq for event in events] == list(range(len(events)))
    assert len(run.new_items) == 3
    assert run.current_turn == 2


async def test_the_first_half_of_an_answer_is_superseded_by_the_whole() -> None:
    half: list[Any] = [
        assistant_message("One.", item_id="m1"),
        *[assistant_message("Two and", item_id="m2"), CUT],
    ]
    whole: list[Any] = [assistant_message("One. Two and three.", item_id="m3")]
    model = ScriptedModel([half, whole])
    agent = Agent("A", model=model, model_settings=again(mid_stream=True))
    run = Runner.run_streamed(agent, "x")
    events = [event async for event in run]
    assert items(events) == [
        *["message_output_created"] * 2,
        "attempt_failed",
        "message_output_created",
    ]
    (told,) = failed(events)
    assert told.superseded == ["m1", "m2"]
    assert [getattr(item.raw_item, "id", None) for item in run.new_items] == ["m3"]
    assert run.final_output == "One. Two and three."
    assert len(run.to_input_list()) == 2
    snapshots = [each async for each in run.pipe(ops.snapshot())]
    last: Any = snapshots[-1]
    assert [entry.text for entry in last.entries] == ["One. Two and three."]
    texts = [text async for text in run.pipe(ops.text())]
    assert texts[-1] == "One. Two and three."


async def test_an_answer_that_has_begun_is_not_asked_for_again_by_default() -> None:
    model = ScriptedModel([[assistant_message("One."), CUT], [assistant_message("Two.")]])
    with pytest.raises(ModelStreamCutError):
        await Runner.run(Agent("A", model=model, model_settings=again()), "x")
    assert model.remaining_steps == 1


async def test_tools_that_a_failed_attempt_has_started_are_cancelled_and_forgotten() -> None:
    log: list[str] = []

    @function_tool
    async def stubborn() -> str:
        log.append("begun")
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            log.append("cancelled")
        return "too late"

    half: list[Any] = [function_call("stubborn", call_id="1"), Delay(1), CUT]
    whole: list[Any] = [function_call("stubborn", call_id="2"), assistant_message("So.")]
    model = ScriptedModel([half, whole, [assistant_message("Done.")]])
    agent = Agent("A", tools=[stubborn], model=model, model_settings=again(mid_stream=True))
    run = Runner.run_streamed(agent, "x", run_config={"tool_start": "on_call"})
    events = [event async for event in run]
    assert items(events) == [
        *["tool_called", "attempt_failed", "tool_called", "message_output_created"],
        *["tool_output", "message_output_created"],
    ]
    assert log == ["begun", "cancelled", "begun"]
    outputs: Any = [
        item for item in run.to_input_list() if item.get("type") == "function_call_output"
    ]
    assert [each["call_id"] for each in outputs] == ["2"]


async def test_another_model_is_asked_when_the_first_has_failed_for_good() -> None:
    first = ScriptedModel([ConnectionError("one"), ConnectionError("two")])
    second = ScriptedModel([ConnectionError("three"), [assistant_message("Here.")]])
    agent = Agent("A", model=first, model_settings=again())
    run = Runner.run_streamed(agent, "x", run_config=RunConfig(fallback_models=[second]))
    events = [event async for event in run]
    assert run.final_output == "Here."
    assert [str(each.error) for each in failed(events)] == ["one", "two", "three"]
    assert [each.raw_item["attempt"] for each in failed(events)] == [1, 2, 3]
    assert events[-1].attempt == 4
    assert first.calls[0].input == second.calls[0].input


async def test_the_last_failure_ends_the_run_and_the_programs_own_mistakes_at_once() -> None:
    models = [ScriptedModel([ConnectionError(text)]) for text in ("one", "two")]
    config = RunConfig(fallback_models=list(models[1:]))
    run = Runner.run_streamed(Agent("A", model=models[0]), "x", run_config=config)
    with pytest.raises(ConnectionError, match="two"):
        async for _ in run:
            pass
    other = ScriptedModel([[assistant_message("Hi.")]])
    with pytest.raises(UserError, match="mine"):
        await Runner.run(
            Agent("A", model=ScriptedModel([UserError("mine")])),
            "x",
            run_config={"fallback_models": [other]},
        )
    assert other.calls == []


# --- usage ----------------------------------------------------------------------------------


def costing(tokens: int, *output: Any) -> ModelStep:
    usage = Usage(requests=1, input_tokens=tokens, output_tokens=1, total_tokens=tokens + 1)
    return ModelStep(list(output), usage)


async def test_usage_is_told_request_by_request_with_those_that_failed() -> None:
    steps: list[Any] = [
        costing(10, function_call("look")),
        ModelStep.raise_error(ConnectionError("down")),
        costing(20, assistant_message("Done.")),
    ]
    agent = Agent("A", tools=[look], model=ScriptedModel(steps), model_settings=again())
    run = await Runner.run(agent, "x")
    usage = run.context_wrapper.usage
    assert (usage.requests, usage.input_tokens, usage.total_tokens) == (3, 30, 32)
    assert usage.request_usage_entries == [
        RequestUsage(10, 1, 11),
        RequestUsage(),
        RequestUsage(20, 1, 21),
    ]
    assert [each.usage.request_usage_entries for each in run.raw_responses] == [[], []]
    assert [each.usage.requests for each in run.raw_responses] == [1, 1]


async def test_usage_goes_with_the_state_of_a_run() -> None:
    model = ScriptedModel([costing(10, function_call("look")), costing(20, assistant_message("."))])
    agent = Agent("A", tools=[look], model=model)
    run = Runner.run_streamed(agent, "x")
    run.cancel("after_turn")
    async for _ in run:
        pass
    state = await RunState.from_string(agent, run.to_state().to_string())
    resumed = await Runner.run(agent, state)
    usage = resumed.context_wrapper.usage
    assert usage.request_usage_entries == [RequestUsage(10, 1, 11), RequestUsage(20, 1, 21)]


def test_usages_add_up() -> None:
    total = Usage()
    one = Usage(requests=1, input_tokens=3, total_tokens=3)
    total.add(one)
    two = Usage()
    two.add(one)
    two.add(Usage(requests=1))  # tells no tokens
    total.add(two)
    assert total.requests == 3
    assert total.request_usage_entries == [RequestUsage(3, 0, 3)] * 2
    assert two.request_usage_entries == [RequestUsage(3, 0, 3)]


# --- names ----------------------------------------------------------------------------------


async def test_a_model_may_be_told_that_there_is_no_such_tool() -> None:
    turn = [function_call("look"), function_call("fly")]
    steps: list[Any] = [turn, [assistant_message("Done.")]]
    model = ScriptedModel(steps)
    agent = Agent("A", tools=[look], model=model)
    run = Runner.run_streamed(
        agent, "x", run_config={"tool_not_found_behavior": "return_error_to_model"}
    )
    events = [event async for event in run]
    assert sorted(items(events)) == [
        *["message_output_created", "tool_called", "tool_called", "tool_output", "tool_output"]
    ]
    sent: Any = model.calls[1].input
    assert [item.get("call_id") for item in sent[1:]] == ["call_look", "call_fly"] * 2
    assert sent[4]["output"] == (
        "the model called the tool 'fly', which the agent 'A' does not have (it has: look)."
    )
    agent.model = ScriptedModel(steps)
    with pytest.raises(ToolNotFoundError) as told:
        await Runner.run(agent, "x")
    assert told.value.tool_name == "fly"


async def test_the_words_about_a_missing_tool_may_be_the_programs() -> None:
    def words(args: ToolErrorFormatterArgs[Any]) -> str | None:
        assert (args.kind, args.tool_name, args.call_id) == ("tool_not_found", "fly", "call_fly")
        return "You cannot fly."

    model = ScriptedModel([[function_call("fly")], [assistant_message("Done.")]])
    config = RunConfig(tool_not_found_behavior="return_error_to_model", tool_error_formatter=words)
    await Runner.run(Agent("A", model=model), "x", run_config=config)
    sent: Any = model.calls[1].input
    assert sent[-1]["output"] == "You cannot fly."


async def test_two_of_one_name_are_refused_or_the_last_is_offered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    @function_tool(name_override="look")
    def look_again() -> str:
        return "seen again"

    model = ScriptedModel([[function_call("look")], [assistant_message("Done.")]])
    agent = Agent("A", tools=[look, look_again], model=model)
    with pytest.raises(UserError, match="'A' has two tools or handoffs called 'look': rename one"):
        await Runner.run(agent, "x")
    with caplog.at_level(logging.WARNING):
        run = await Runner.run(agent, "x", run_config={"tool_name_collision_policy": "warn"})
    assert "has two tools or handoffs called 'look'" in caplog.text
    assert model.calls[0].tools == [look_again]
    assert [getattr(item, "output", None) for item in run.new_items][1] == "seen again"
    other = Agent("B", model=ScriptedModel([[assistant_message("Hi.")]]))
    agent = Agent(
        "A",
        tools=[look],
        handoffs=[handoff(other, tool_name_override="look")],
        model=ScriptedModel([[function_call("look")]]),
    )
    run = await Runner.run(agent, "x", run_config={"tool_name_collision_policy": "warn"})
    assert run.last_agent is other


# --- RunConfig ------------------------------------------------------------------------------


async def test_settings_of_a_run_may_be_a_dictionary_of_dictionaries() -> None:
    model = ScriptedModel([[assistant_message("Hi.")]] * 2)
    agent = Agent("A", model="unknown", model_settings=ModelSettings(temperature=1, top_p=0.5))
    given: Any = {
        "model": model,
        "model_settings": {"temperature": 0},
        "tool_execution": {"max_function_tool_concurrency": 1},
    }
    await Runner.run(agent, "x", run_config=given)
    await Runner.run(agent, "x", run_config=RunConfig(**given))
    for call in model.calls:
        assert (call.model_settings.temperature, call.model_settings.top_p) == (0, 0.5)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"modle": "x"}, "run_config has a key that is no setting: .*'modle'"),
        (
            {"model_settings": {"heat": 1}},
            "model_settings cannot be made of .*heat: Unexpected key",
        ),
        ({"model_settings": 1}, "model_settings must be a ModelSettings or a dictionary, not 1"),
        ({"tool_execution": {"limit": 1}}, "tool_execution has a key that is no setting"),
        (["model"], r"run_config must be a RunConfig or a dictionary, not \['model'\]"),
        ({"model": 5}, "a model must be a Model or the name of one, not 5"),
        ({"fallback_models": "gpt"}, "fallback_models must be a list, not 'gpt'"),
        ({"fallback_models": [5]}, "a model must be a Model or the name of one, not 5"),
        ({"input_guardrails": (1,)}, r"input_guardrails must be a list, not \(1,\)"),
        ({"call_model_input_filter": "x"}, "call_model_input_filter must be a function, not 'x'"),
        ({"tool_start": "early"}, "tool_start must be 'on_response' or 'on_call', not 'early'"),
        ({"approvals": "ask"}, "approvals must be 'interrupt' or 'wait', not 'ask'"),
        ({"tool_name_collision_policy": 1}, "tool_name_collision_policy must be 'warn' or 'erro"),
        ({"tool_execution": {"max_function_tool_concurrency": 0}}, "must be 1 call or more, not 0"),
    ],
)
async def test_impossible_settings_are_refused_at_once(config: Any, words: str) -> None:
    with pytest.raises(UserError, match=words):
        Runner.run_streamed(Agent("A"), "x", run_config=config)


async def test_a_response_that_was_retried_is_whole_in_the_result() -> None:
    events = [*response_events([assistant_message("Hi.")])[:4], CUT]
    model = ScriptedModel([list(events), [assistant_message("Hi there.")]])
    run = await Runner.run(Agent("A", model=model, model_settings=again(mid_stream=True)), "x")
    assert len(run.raw_responses) == 1
    assert run.last_response_id == "resp_2"
