"""Final outputs: their types, what ends a run with one, and what is made of a failure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from openai.types.responses import (
    ResponseFunctionWebSearch,
    ResponseOutputMessage,
    ResponseOutputRefusal,
    ResponseOutputText,
    ResponseReasoningItem,
)
from openai.types.responses.response_function_web_search import ActionSearch
from pydantic import BaseModel
from typing_extensions import TypedDict

from rxagents import (
    Agent,
    AgentOutputSchema,
    AgentOutputSchemaBase,
    InvalidFinalOutputError,
    MaxTurnsExceeded,
    ModelBehaviorError,
    ModelRefusalError,
    ModelSettings,
    RunContextWrapper,
    RunErrorHandlerInput,
    RunErrorHandlerResult,
    Runner,
    StopAtTools,
    ToolsToFinalOutputResult,
    UserError,
    function_tool,
)
from rxagents.agent import FunctionToolResult
from rxagents.testing import ScriptedModel, assistant_message, function_call


class Place(BaseModel):
    name: str
    height: int


@dataclass
class Point:
    x: int
    y: int


class Pair(TypedDict):
    left: str
    right: str


def giving(output: Any) -> Any:
    """A handler of errors."""

    def handle(_: Any) -> Any:
        return output

    return handle


def count(_: Any, results: list[FunctionToolResult]) -> ToolsToFinalOutputResult:
    return ToolsToFinalOutputResult(True, len(results))


def yes(_: Any, results: Any) -> Any:
    return True


def saying(*texts: str, **options: Any) -> Agent:
    return Agent("A", model=ScriptedModel([[assistant_message(t)] for t in texts]), **options)


def model_of(agent: Agent) -> ScriptedModel:
    assert isinstance(agent.model, ScriptedModel)
    return agent.model


# --- types ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text", "output", "name"),
    [
        (Place, '{"name": "Oslo", "height": 23}', Place(name="Oslo", height=23), "Place"),
        (Point, '{"response": {"x": 1, "y": 2}}', Point(1, 2), "Point"),
        (Pair, '{"left": "a", "right": "b"}', {"left": "a", "right": "b"}, "Pair"),
        (list[int], '{"response": [1, 2]}', [1, 2], "list[int]"),
        (int, '{"response": 7}', 7, "int"),
        (int | Place, '{"response": 7}', 7, "int | Place"),
        (str | None, '{"response": null}', None, "str | None"),
        (list[Place], '{"response": [{"name": "a", "height": 1}]}', None, "list[Place]"),
    ],
)
async def test_an_answer_becomes_an_instance_of_the_type(
    kind: Any, text: str, output: Any, name: str
) -> None:
    agent = saying(text, output_type=kind)
    run = await Runner.run(agent, "x")
    expected = [Place(name="a", height=1)] if kind == list[Place] else output
    assert run.final_output == expected
    schema = model_of(agent).calls[0].output_schema
    assert schema is not None
    assert (schema.name(), schema.is_plain_text(), schema.is_strict_json_schema()) == (
        name,
        False,
        True,
    )
    asked = schema.json_schema()
    assert asked["additionalProperties"] is False
    assert asked["required"] == list(json.loads(text))


@pytest.mark.parametrize("kind", [None, str])
async def test_without_a_type_the_text_is_the_output(kind: Any) -> None:
    agent = saying('{"a": 1}', output_type=kind)
    assert (await Runner.run(agent, "x")).final_output == '{"a": 1}'
    assert model_of(agent).calls[0].output_schema is None


async def test_the_text_of_all_parts_of_the_last_message_counts() -> None:
    parts: list[Any] = [
        ResponseOutputText(type="output_text", text=text, annotations=[])
        for text in ('{"name": "Oslo",', ' "height": 23}')
    ]
    message = ResponseOutputMessage(
        id="m", type="message", role="assistant", status="completed", content=parts
    )
    model = ScriptedModel([[assistant_message("Let me see."), message]])
    run = await Runner.run(Agent("A", model=model, output_type=Place), "x")
    assert run.final_output == Place(name="Oslo", height=23)


async def test_a_type_without_a_strict_schema_says_what_to_do() -> None:
    agent = saying('{"a": 1}', output_type=dict[str, int])
    with pytest.raises(UserError, match=r"AgentOutputSchema\(dict\[str, int\], strict_json_sch"):
        await Runner.run(agent, "x")
    agent = saying('{"a": 1}', output_type=AgentOutputSchema(dict[str, int], False))
    assert (await Runner.run(agent, "x")).final_output == {"a": 1}
    schema = model_of(agent).calls[0].output_schema
    assert schema is not None
    assert not schema.is_strict_json_schema()


async def test_without_strictness_values_are_converted() -> None:
    text = '{"name": "Oslo", "height": "23"}'
    agent = saying(text, output_type=AgentOutputSchema(Place, strict_json_schema=False))
    assert (await Runner.run(agent, "x")).final_output == Place(name="Oslo", height=23)
    with pytest.raises(InvalidFinalOutputError, match=r"no Place: height: Input should be a valid"):
        await Runner.run(saying(text, output_type=Place), "x")


async def test_a_schema_of_ones_own_decides_everything() -> None:
    class Lines(AgentOutputSchemaBase):
        def is_plain_text(self) -> bool:
            return False

        def name(self) -> str:
            return "Lines"

        def json_schema(self) -> dict[str, Any]:
            return {"type": "object"}

        def is_strict_json_schema(self) -> bool:
            return False

        def validate_json(self, json_str: str) -> Any:
            if not json_str.startswith("{"):
                raise ModelBehaviorError("no lines")
            return json_str.splitlines()

    agent = saying("{\n}", output_type=Lines())
    assert (await Runner.run(agent, "x")).final_output == ["{", "}"]
    with pytest.raises(ModelBehaviorError, match="no lines"):
        await Runner.run(saying("nothing", output_type=Lines()), "x")


async def test_an_answer_that_does_not_fit_is_told_first_and_then_ends_the_run() -> None:
    run = Runner.run_streamed(saying("Oslo, 23 m", output_type=Place), "x")
    names: list[str] = []
    with pytest.raises(InvalidFinalOutputError, match=r"the model's answer is no Place: ") as told:
        async for event in run:
            if event.type == "run_item_stream_event":
                names.append(event.name)
    assert names == ["message_output_created"]
    assert told.value.output == "Oslo, 23 m"
    assert told.value.run_data is not None
    assert len(told.value.run_data.new_items) == 1
    assert run.final_output is None


async def test_final_output_as() -> None:
    run = await Runner.run(saying('{"name": "Oslo", "height": 23}', output_type=Place), "x")
    assert run.final_output_as(Place).name == "Oslo"
    assert run.final_output_as(Point) is run.final_output  # unchecked, as in the standard
    with pytest.raises(TypeError, match="the final output is Place, not Point"):
        run.final_output_as(Point, raise_if_incorrect_type=True)


# --- what is no answer yet ------------------------------------------------------------------


async def test_a_model_that_was_asked_for_json_and_said_nothing_is_asked_again() -> None:
    agent = saying("", '{"name": "Oslo", "height": 23}', output_type=Place)
    run = await Runner.run(agent, "x")
    assert run.final_output.name == "Oslo"
    assert len(model_of(agent).calls) == 2


async def test_a_search_of_the_providers_alone_is_no_answer() -> None:
    search = ResponseFunctionWebSearch(
        id="ws",
        type="web_search_call",
        status="completed",
        action=ActionSearch(type="search", query="Oslo", queries=["Oslo"]),
    )
    model = ScriptedModel([[search], [assistant_message("Found.")]])
    run = await Runner.run(Agent("A", model=model), "x")
    assert run.final_output == "Found."
    assert len(model.calls) == 2
    silent = ScriptedModel([[ResponseReasoningItem(id="r", type="reasoning", summary=[])]])
    assert (await Runner.run(Agent("A", model=silent), "x")).final_output == ""


# --- tool_use_behavior ----------------------------------------------------------------------


@function_tool
def first() -> int:
    return 1


@function_tool
def second() -> int:
    return 2


def calling(**options: Any) -> Agent:
    turn = [function_call("first"), function_call("second")]
    model = ScriptedModel([turn, [assistant_message("Done.")]])
    return Agent("A", tools=[first, second], model=model, **options)


async def only_twos(
    context: RunContextWrapper[Any], results: list[FunctionToolResult]
) -> ToolsToFinalOutputResult:
    assert [each.tool.name for each in results] == ["first", "second"]
    assert context.usage.requests == 1
    return ToolsToFinalOutputResult(context.context == "end", results[1].output * 10)


@pytest.mark.parametrize(
    ("behavior", "context", "output", "turns"),
    [
        ("run_llm_again", None, "Done.", 2),
        ("stop_on_first_tool", None, 1, 1),
        (StopAtTools(stop_at_tool_names=["second"]), None, 2, 1),
        (StopAtTools(stop_at_tool_names=["third"]), None, "Done.", 2),
        (only_twos, "end", 20, 1),
        (only_twos, "go on", "Done.", 2),
        (count, None, 2, 1),
    ],
)
async def test_what_follows_the_tools_of_a_turn(
    behavior: Any, context: Any, output: Any, turns: int
) -> None:
    run = await Runner.run(calling(tool_use_behavior=behavior), "x", context=context)
    assert run.final_output == output
    assert len(run.raw_responses) == turns
    assert all("output" in item for item in run.to_input_list()[3:5])


async def test_a_behavior_that_answers_something_else_is_an_error_of_the_program() -> None:
    agent = calling(tool_use_behavior=yes)
    with pytest.raises(UserError, match="must return a ToolsToFinalOutputResult, not True"):
        await Runner.run(agent, "x")
    with pytest.raises(UserError, match="tool_use_behavior of 'A' must be 'run_llm_again'"):
        calling(tool_use_behavior="stop")


@pytest.mark.parametrize(
    ("reset", "choices"), [(True, ["required", None]), (False, ["required"] * 2)]
)
async def test_a_demand_for_a_call_is_dropped_once_something_was_called(
    reset: bool, choices: list[Any]
) -> None:
    agent = calling(model_settings=ModelSettings(tool_choice="required"), reset_tool_choice=reset)
    await Runner.run(agent, "x")
    assert [call.model_settings.tool_choice for call in model_of(agent).calls] == choices


async def test_a_handoff_counts_as_something_called() -> None:
    model = ScriptedModel(
        [
            [function_call("transfer_to_b", call_id="1")],
            [function_call("transfer_to_a", call_id="2")],
            [assistant_message("Done.")],
        ]
    )
    one = Agent("A", model=model, model_settings=ModelSettings(tool_choice="required"))
    one.handoffs = [Agent("B", model=model, handoffs=[one])]
    await Runner.run(one, "x")
    assert [call.model_settings.tool_choice for call in model.calls] == ["required", None, None]


# --- instead of a failure -------------------------------------------------------------------


def refusing(**options: Any) -> Agent:
    parts: list[Any] = [
        ResponseOutputText(type="output_text", text="Well, ", annotations=[]),
        ResponseOutputRefusal(type="refusal", refusal="I would rather not."),
    ]
    message = ResponseOutputMessage(
        id="m", type="message", role="assistant", status="completed", content=parts
    )
    return Agent("A", model=ScriptedModel([[message]]), **options)


async def test_a_refusal_is_an_error_also_beside_some_text() -> None:
    with pytest.raises(ModelRefusalError, match="refused to answer: I would rather not") as told:
        await Runner.run(refusing(), "x")
    assert told.value.refusal == "I would rather not."
    assert told.value.run_data is not None


async def test_a_handler_gives_an_output_in_place_of_a_refusal() -> None:
    given: list[RunErrorHandlerInput[Any]] = []

    async def handle(asked: RunErrorHandlerInput[Any]) -> str:
        given.append(asked)
        return "Sorry."

    run = Runner.run_streamed(
        refusing(), "x", context="me", error_handlers={"model_refusal": handle}
    )
    names = [e.name async for e in run if e.type == "run_item_stream_event"]
    assert names == ["message_output_created"] * 2
    assert run.final_output == "Sorry."
    assert isinstance(given[0].error, ModelRefusalError)
    assert given[0].context.context == "me"
    data = given[0].run_data
    assert (data.input, data.last_agent.name, len(data.raw_responses)) == ("x", "A", 1)
    assert data.history[0] == {"role": "user", "content": "x"}
    assert data.output == data.history[1:]
    assert len(data.output) == len(data.new_items) == 1
    last: Any = run.to_input_list()[-1]
    assert last["content"][0]["text"] == "Sorry."


@pytest.mark.parametrize(
    ("given", "history"),
    [
        (RunErrorHandlerResult("None found."), 1),
        (RunErrorHandlerResult("None found.", include_in_history=False), 0),
        ({"final_output": "None found.", "include_in_history": False}, 0),
    ],
)
async def test_the_output_of_a_handler_may_stay_out_of_the_history(
    given: Any, history: int
) -> None:
    agent = calling()
    run = await Runner.run(agent, "x", max_turns=1, error_handlers={"max_turns": giving(given)})
    assert run.final_output == "None found."
    assert len(run.to_input_list()) == 5 + history
    assert len(run.new_items) == 4 + history


async def test_what_a_handler_gives_is_made_to_fit_the_type() -> None:
    handlers: Any = {"invalid_final_output": giving({"name": "nowhere", "height": 0})}
    run = await Runner.run(saying("?", output_type=Place), "x", error_handlers=handlers)
    assert run.final_output == Place(name="nowhere", height=0)
    last: Any = run.to_input_list()[-1]
    assert json.loads(last["content"][0]["text"]) == {"name": "nowhere", "height": 0}
    handlers = {"invalid_final_output": giving(Point(3, 4))}
    run = await Runner.run(saying("?", output_type=Point), "x", error_handlers=handlers)
    assert run.final_output == Point(3, 4)
    last = run.to_input_list()[-1]
    assert json.loads(last["content"][0]["text"]) == {"response": {"x": 3, "y": 4}}
    handlers = {"invalid_final_output": giving("nowhere")}
    with pytest.raises(UserError, match=r"handler for 'invalid_final_output' gave 'nowhere', whi"):
        await Runner.run(saying("?", output_type=Place), "x", error_handlers=handlers)


async def test_a_handler_that_gives_nothing_lets_the_run_fail() -> None:
    handlers: Any = {"max_turns": giving(None)}
    with pytest.raises(MaxTurnsExceeded):
        await Runner.run(calling(), "x", max_turns=1, error_handlers=handlers)
    handlers = {"max_turn": giving(1)}
    with pytest.raises(UserError, match=r"error_handlers has the key 'max_turn'; there are invali"):
        await Runner.run(calling(), "x", error_handlers=handlers)
    handlers = {"max_turns": giving({"final_output": 1, "history": True})}
    with pytest.raises(UserError, match="an error handler's result has an unknown key"):
        await Runner.run(calling(), "x", max_turns=1, error_handlers=handlers)


async def test_too_many_turns_carry_what_the_run_had() -> None:
    run = Runner.run_streamed(calling(), "x", max_turns=1)
    with pytest.raises(MaxTurnsExceeded, match=r"no final output after 1 turns: raise max_turns"):
        async for _ in run:
            pass
    assert run.current_turn == 2
    error = run.run_loop_exception
    assert isinstance(error, MaxTurnsExceeded)
    data = error.run_data
    assert data is not None
    assert (data.input, data.last_agent.name) == ("x", "A")
    assert data.new_items == run.new_items
    assert len(data.new_items) == 4
    assert data.raw_responses == run.raw_responses
    assert data.context_wrapper is run.context_wrapper
