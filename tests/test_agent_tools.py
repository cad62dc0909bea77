"""Agents as tools of other agents: what they are given, and what becomes of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel, Field

from rxagents import (
    Agent,
    MaxTurnsExceeded,
    RunConfig,
    RunContextWrapper,
    RunHooks,
    Runner,
    RunResult,
    ToolCallOutputItem,
    ToolErrorFormatterArgs,
    UserError,
    function_tool,
)
from rxagents.testing import ScriptedModel, assistant_message, function_call


def says(*texts: str) -> ScriptedModel:
    return ScriptedModel([[assistant_message(text)] for text in texts])


def caller(tool: Any, arguments: Any = None) -> Agent:
    """An agent that calls the tool of an agent, and says that it is done."""
    call = function_call(tool.name, arguments or {"input": "Hi."}, call_id="c0")
    model = ScriptedModel([[call], [assistant_message("Done.")]])
    return Agent("Outer", model=model, tools=[tool])


def output(result: Any) -> ToolCallOutputItem:
    (item,) = [item for item in result.new_items if isinstance(item, ToolCallOutputItem)]
    return item


# --- what goes in and comes out -------------------------------------------------------------


async def test_the_final_output_of_the_agent_is_the_output_of_the_tool() -> None:
    poet = Agent("Old Poet", instructions="Rhyme.", model=says("A rhyme."))
    tool = poet.as_tool(None, "Writes rhymes.")
    assert (tool.name, tool.description) == ("old_poet", "Writes rhymes.")
    assert list(tool.params_json_schema["properties"]) == ["input"]
    result = await Runner.run(caller(tool), "x")
    assert output(result).output == "A rhyme."
    model: Any = poet.model
    assert model.calls[0].input == [{"role": "user", "content": "Hi."}]
    assert model.calls[0].system_instructions == "Rhyme."


async def test_an_extractor_makes_the_output_of_the_result() -> None:
    seen: list[RunResult] = []

    async def extract(result: RunResult) -> str:
        seen.append(result)
        return str(result.final_output).upper()

    tool = Agent("Inner", model=says("yes")).as_tool("t", "", custom_output_extractor=extract)
    assert output(await Runner.run(caller(tool), "x")).output == "YES"
    invocation = seen[0].agent_tool_invocation
    assert invocation is not None
    assert (invocation.tool_name, invocation.tool_call_id) == ("t", "c0")
    assert json.loads(invocation.tool_arguments) == {"input": "Hi."}


class Order(BaseModel):
    dish: str = Field(description="What to cook.")
    plates: int


async def test_parameters_give_the_run_its_input_as_data() -> None:
    model, inputs = says("Ready."), list[Any]()

    def instructions(context: RunContextWrapper[Any], agent: Agent) -> str:
        inputs.append(context.tool_input)
        return ""

    cook = Agent("Cook", instructions=instructions, model=model)
    tool = cook.as_tool("cook", "", parameters=Order)
    assert set(tool.params_json_schema["properties"]) == {"dish", "plates"}
    await Runner.run(caller(tool, {"dish": "soup", "plates": 2}), "x")
    assert inputs == [{"dish": "soup", "plates": 2}]
    told: Any = model.calls[0].input[0]
    assert '"dish": "soup"' in told["content"]
    assert "- dish (string): What to cook." in told["content"]


async def test_the_schema_is_told_if_that_is_wanted() -> None:
    model = says("Ready.")
    tool = Agent("Cook", model=model).as_tool(
        "cook", "", parameters=Order, include_input_schema=True
    )
    await Runner.run(caller(tool, {"dish": "soup", "plates": 2}), "x")
    told: Any = model.calls[0].input[0]
    assert '"additionalProperties": false' in told["content"]


@pytest.mark.parametrize("schema", [True, False])
async def test_a_builder_makes_the_input_as_it_likes(schema: bool) -> None:
    model, given = says("Ready."), list[Any]()

    async def build(options: Any) -> Any:
        given.append(options)
        return [{"role": "user", "content": f"{options['params']['dish']}!"}]

    tool = Agent("Cook", model=model).as_tool(
        "cook", "", parameters=Order, input_builder=build, include_input_schema=schema
    )
    await Runner.run(caller(tool, {"dish": "soup", "plates": 2}), "x")
    assert model.calls[0].input == [{"role": "user", "content": "soup!"}]
    (options,) = given
    assert set(options) == {"params", "summary", "json_schema"}
    assert (options["json_schema"] is not None) is schema


async def test_arguments_that_do_not_fit_are_told_to_the_model() -> None:
    tool = Agent("Cook", model=says()).as_tool("cook", "", parameters=Order)
    item = output(await Runner.run(caller(tool, {"dish": "soup"}), "x"))
    assert str(item.output).startswith(
        "the arguments for the tool 'cook' do not fit: plates: Field required"
    )
    assert item.error is not None


# --- what is shared -------------------------------------------------------------------------


async def test_context_and_usage_are_those_of_the_caller() -> None:
    seen: list[Any] = []

    @function_tool
    async def look(ctx: RunContextWrapper[Any]) -> str:
        """Look at the context."""
        seen.append((ctx.context, ctx.usage.requests))
        return "seen"

    inner = Agent("Inner", tools=[look])
    inner.model = ScriptedModel([[function_call("look")], [assistant_message("ok")]])
    result = await Runner.run(caller(inner.as_tool("t", "")), "x", context="mine")
    assert seen == [("mine", 2)]
    assert result.context_wrapper.usage.requests == 4
    assert len(result.raw_responses) == 2, "those of the run itself"


class Log(RunHooks[Any]):
    def __init__(self) -> None:
        self.agents: list[str] = []

    async def on_agent_start(self, context: Any, agent: Any) -> None:
        self.agents.append(agent.name)


async def test_hooks_are_each_of_their_own_run() -> None:
    outer, inner = Log(), Log()
    tool = Agent("Inner", model=says("yes")).as_tool("t", "", hooks=inner)
    await Runner.run(caller(tool), "x", hooks=outer)
    assert (outer.agents, inner.agents) == (["Outer"], ["Inner"])


async def test_the_settings_of_the_caller_hold_unless_others_are_given() -> None:
    call = function_call("t", {"input": "Hi."})
    model = ScriptedModel([[call], [assistant_message("In.")], [assistant_message("Out.")]])
    agent = Agent("Outer", tools=[Agent("Inner", model=says("own")).as_tool("t", "")])
    result = await Runner.run(agent, "x", run_config=RunConfig(model=model))
    assert output(result).output == "In."
    tool = Agent("Inner", model=says("own")).as_tool("t", "", run_config=RunConfig())
    model = ScriptedModel([[call], [assistant_message("Out.")]])
    result = await Runner.run(Agent("Outer", tools=[tool]), "x", run_config=RunConfig(model=model))
    assert output(result).output == "own"


# --- what goes wrong ------------------------------------------------------------------------


def looping() -> Agent:
    return Agent(
        "Inner",
        model=ScriptedModel([[function_call("look", call_id=f"{n}")] for n in range(9)]),
        tools=[function_tool(lambda: "nothing", name_override="look")],
    )


async def test_what_ends_the_run_inside_is_told_to_the_model() -> None:
    item = output(await Runner.run(caller(looping().as_tool("t", "", max_turns=2)), "x"))
    assert item.output == "The tool failed. You may call it again, or answer without it."
    assert isinstance(item.error, MaxTurnsExceeded)
    assert "no final output after 2 turns" in str(item.error)


async def test_a_function_of_ones_own_tells_the_model() -> None:
    async def told(context: RunContextWrapper[Any], error: Exception) -> str:
        return f"Sorry: {type(error).__name__}"

    tool = looping().as_tool("t", "", max_turns=2, failure_error_function=told)
    assert output(await Runner.run(caller(tool), "x")).output == "Sorry: MaxTurnsExceeded"


async def test_without_one_it_ends_the_run_that_calls() -> None:
    tool = looping().as_tool("t", "", max_turns=2, failure_error_function=None)
    with pytest.raises(MaxTurnsExceeded, match="after 2 turns"):
        await Runner.run(caller(tool), "x")


async def test_the_runs_formatter_has_its_say_about_default_words() -> None:
    seen: list[ToolErrorFormatterArgs[Any]] = []

    def formatter(args: ToolErrorFormatterArgs[Any]) -> str:
        seen.append(args)
        return "Sorry."

    config = RunConfig(tool_error_formatter=formatter)
    tool = looping().as_tool("t", "", max_turns=2)
    assert output(await Runner.run(caller(tool), "x", run_config=config)).output == "Sorry."
    assert [(args.kind, args.tool_name) for args in seen] == [("tool_exception", "t")]
    assert isinstance(seen[0].error, MaxTurnsExceeded)


def test_unusable_options_are_refused_at_once() -> None:
    agent: Any = Agent("Inner")
    with pytest.raises(UserError, match="on_stream must be a function, not 5"):
        agent.as_tool("t", "", on_stream=5)
    with pytest.raises(UserError, match="on_stream_max_pending_events must be 1 event or more"):
        agent.as_tool("t", "", on_stream=print, on_stream_max_pending_events=0)
