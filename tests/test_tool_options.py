"""The options of a function tool: its time limit, its callers, and the type of its output."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import inspect
import logging
from typing import Any

import pytest
from pydantic import BaseModel
from typing_extensions import TypedDict

from rxagents import Agent, Runner, ToolCallOutputItem
from rxagents.context import RunContextWrapper, ToolContext
from rxagents.exceptions import ToolCallError, ToolTimeoutError, UserError
from rxagents.function_tools import custom_data_of
from rxagents.testing import ScriptedModel, assistant_message, function_call
from rxagents.tools import (
    FunctionTool,
    FunctionToolCustomDataContext,
    FunctionToolOptions,
    function_tool,
    invoke_function_tool,
)


def context_for(tool: FunctionTool, arguments: str = "{}") -> ToolContext[Any]:
    return ToolContext(None, tool_name=tool.name, tool_call_id="c1", tool_arguments=arguments)


async def call(tool: FunctionTool, context: ToolContext[Any] | None = None) -> Any:
    return await invoke_function_tool(
        function_tool=tool, context=context or context_for(tool), arguments="{}"
    )


async def nothing(ctx: ToolContext[Any], arguments: str) -> None: ...


# --- fields ---


def test_the_options_become_the_fields_of_the_tool() -> None:
    def asked(ctx: RunContextWrapper[Any], arguments: dict[str, Any], call_id: str) -> bool:
        return bool(arguments)

    tool = function_tool(lambda: None, name_override="look", needs_approval=asked, timeout=2)
    assert tool.needs_approval is asked
    assert (tool.timeout_seconds, tool.timeout_behavior) == (2, "error_as_result")
    assert tool.qualified_name == "look"
    plain = function_tool(lambda: None, name_override="look")
    assert plain.needs_approval is False
    assert plain.defer_loading is False
    for name in (
        "timeout_seconds",
        "tool_input_guardrails",
        "tool_output_guardrails",
        "custom_data_extractor",
        "allowed_callers",
        "output_json_schema",
    ):
        assert getattr(plain, name) is None


def test_the_positions_of_the_fields_are_the_standard_ones() -> None:
    tool = FunctionTool("look", "", {}, nothing, True, True, None, None, True, 5, "raise_exception")
    assert (tool.needs_approval, tool.timeout_seconds) == (True, 5)
    assert tool.timeout_behavior == "raise_exception"
    assert copy.copy(tool) == tool == dataclasses.replace(tool)


def test_the_overloads_have_every_option_of_the_function() -> None:
    options = set(inspect.signature(function_tool).parameters) - {"func"}
    assert options == FunctionToolOptions.__optional_keys__


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"timeout": 0}, ValueError, "timeout_seconds must be more than 0 and finite, not 0"),
        ({"timeout": float("inf")}, ValueError, "more than 0 and finite, not inf"),
        ({"timeout": float("nan")}, ValueError, "more than 0 and finite, not nan"),
        ({"timeout": True}, TypeError, "must be a number of seconds, not True"),
        ({"timeout": "5"}, TypeError, "must be a number of seconds, not '5'"),
        ({"timeout_behavior": "ignore"}, ValueError, "or 'raise_exception', not 'ignore'"),
        ({"timeout_error_function": "late"}, TypeError, "must be a function, not 'late'"),
        ({"allowed_callers": []}, UserError, "of the tool 'look' must be one or both of"),
        ({"allowed_callers": ["me"]}, UserError, r"'programmatic', not \['me'\]"),
        ({"allowed_callers": ["direct", "direct"]}, UserError, r"not \['direct', 'direct'\]"),
        ({"output_type": int}, UserError, "this is the schema of 'integer'"),
        ({"output_type": dict[str, int]}, UserError, "keys without fixed names"),
        ({"output_type": object()}, UserError, "output's type <object .* has no JSON schema"),
        ({"output_json_schema": {"type": "array"}}, UserError, "this is the schema of 'array'"),
        (
            {"output_type": int, "output_json_schema": {"type": "object"}},
            UserError,
            "give output_type or output_json_schema, not both",
        ),
    ],
)
def test_options_that_make_no_sense_are_refused_at_decoration(
    options: Any, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        function_tool(lambda: None, name_override="look", **options)


async def test_an_extractor_gives_data_for_the_application() -> None:
    told: list[FunctionToolCustomDataContext] = []

    def extract(about: FunctionToolCustomDataContext) -> dict[str, int]:
        told.append(about)
        return {"rows": len(about.output)}

    tool = function_tool(lambda: "abc", name_override="look", custom_data_extractor=extract)
    context = context_for(tool)
    assert await custom_data_of(tool, context, "abc", {"call_id": "c1"}) == {"rows": 3}
    assert (told[0].tool, told[0].tool_context, told[0].raw_item) == (
        tool,
        context,
        {"call_id": "c1"},
    )
    assert await custom_data_of(FunctionTool("x", "", {}, nothing), context, "", {}) is None


# --- the time limit ---


@function_tool(timeout=5)
async def sleepy() -> str:
    await asyncio.sleep(3600)
    return "awake"


async def test_a_call_that_takes_too_long_is_told_to_the_model(
    caplog: pytest.LogCaptureFixture,
) -> None:
    context = context_for(sleepy)
    assert await call(sleepy, context) == (
        "The tool 'sleepy' gave no result within 5 seconds. "
        "You may call it again, or answer without it."
    )
    assert asyncio.get_running_loop().time() == 5
    assert isinstance(context.failure, ToolTimeoutError)
    assert context.failure_is_default
    assert context.cancelled
    assert caplog.record_tuples == [
        (
            "rxagents.tools",
            logging.WARNING,
            "the tool 'sleepy' gave no result within 5 seconds; the model is told so",
        )
    ]


async def test_a_run_goes_on_after_a_tool_that_took_too_long() -> None:
    model = ScriptedModel([[function_call("sleepy", {})], [assistant_message("Never mind.")]])
    run = Runner.run_streamed(Agent("a", tools=[sleepy], model=model), "Sleep")
    items = [e.item async for e in run.stream_events() if e.type == "run_item_stream_event"]
    (output,) = [item for item in items if isinstance(item, ToolCallOutputItem)]
    assert output.output.startswith("The tool 'sleepy' gave no result within 5 seconds.")
    assert run.final_output == "Never mind."


async def test_a_call_that_takes_too_long_can_raise() -> None:
    tool = dataclasses.replace(sleepy, timeout_behavior="raise_exception")
    with pytest.raises(ToolTimeoutError, match="'sleepy' gave no result within 5 s") as caught:
        await call(tool)
    assert (caught.value.tool_name, caught.value.timeout_seconds) == ("sleepy", 5)


def late(ctx: RunContextWrapper[Any], error: Exception) -> str:
    assert isinstance(error, ToolTimeoutError)
    return f"{error.tool_name} is late"


async def late_too(ctx: RunContextWrapper[Any], error: Exception) -> str:
    return late(ctx, error)


@pytest.mark.parametrize("function", [late, late_too])
async def test_ones_own_words_for_a_call_that_takes_too_long(function: Any) -> None:
    tool = dataclasses.replace(sleepy, timeout_error_function=function)
    context = context_for(tool)
    assert await call(tool, context) == "sleepy is late"
    assert not context.failure_is_default


async def test_a_tool_made_by_hand_has_a_time_limit_too() -> None:
    async def wait(ctx: ToolContext[Any], arguments: str) -> str:
        await asyncio.sleep(3600)
        return "never"

    told = await call(FunctionTool("wait", "", {}, wait, timeout_seconds=0.5))
    assert told.startswith("The tool 'wait' gave no result within 0.5 seconds.")


async def test_a_call_in_time_leaves_no_timer() -> None:
    @function_tool(timeout=5)
    async def quick() -> str:
        await asyncio.sleep(1)
        return "done"

    context = context_for(quick)
    assert await call(quick, context) == "done"
    assert context.failure is None
    await asyncio.sleep(10)
    assert not context.cancelled


async def test_a_timeout_of_the_tools_own_is_a_failure_and_not_its_time_limit() -> None:
    async def raise_timeout(ctx: ToolContext[Any], arguments: str) -> None:
        raise TimeoutError("the server is slow")

    with pytest.raises(TimeoutError, match="the server is slow"):
        await call(FunctionTool("ask", "", {}, raise_timeout, timeout_seconds=5))


async def test_the_tools_cleanup_sees_that_the_call_was_given_up() -> None:
    seen: list[bool] = []

    @function_tool(timeout=5)
    async def careful(ctx: ToolContext[Any]) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            seen.append(ctx.cancelled)

    await call(careful)
    assert seen == [True]


async def test_cancelling_the_call_is_no_timeout() -> None:
    context = context_for(sleepy)
    task = asyncio.create_task(call(sleepy, context))
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert context.cancelled
    assert context.failure is None


@pytest.mark.real_loop
async def test_a_plain_function_is_left_in_its_thread_when_its_time_is_up() -> None:
    @function_tool(timeout=0.01)
    def stubborn(ctx: ToolContext[Any]) -> str:
        ctx.wait_cancelled(60)
        return "stopped"

    context = context_for(stubborn)
    assert "gave no result within 0.01 seconds" in await call(stubborn, context)
    assert context.cancelled


# --- the output's type ---


class Weather(BaseModel):
    city: str
    degrees: int


class Place(TypedDict):
    city: str


def test_the_schema_of_the_output_comes_from_its_type() -> None:
    tool = function_tool(lambda: None, name_override="look", output_type=Weather)
    assert tool.output_json_schema == {
        "title": "Weather",
        "type": "object",
        "properties": {
            "city": {"title": "City", "type": "string"},
            "degrees": {"title": "Degrees", "type": "integer"},
        },
        "required": ["city", "degrees"],
        "additionalProperties": False,
    }


def test_the_return_type_is_the_outputs_type_where_programs_may_call() -> None:
    def find() -> Place:
        return {"city": "Oslo"}

    def say() -> str:
        return "Oslo"

    assert function_tool(find).output_json_schema is None
    schema = function_tool(find, allowed_callers=["programmatic"]).output_json_schema
    assert schema is not None
    assert schema["required"] == ["city"]
    assert function_tool(say, allowed_callers=["programmatic"]).output_json_schema is None


def test_a_return_type_that_is_not_known_is_refused_where_programs_may_call() -> None:
    def find() -> Unknown:  # type: ignore[name-defined]  # noqa: F821
        ...

    assert function_tool(find).output_json_schema is None
    with pytest.raises(UserError, match="'find': its return type .* give it as output_type"):
        function_tool(find, allowed_callers=["programmatic"])


async def test_an_output_is_validated_by_its_type() -> None:
    right = function_tool(
        lambda: {"city": "Oslo", "degrees": "21"}, name_override="look", output_type=Weather
    )
    assert await call(right) == Weather(city="Oslo", degrees=21)
    wrong = function_tool(
        lambda: {"city": "Oslo"},
        name_override="look",
        output_type=Weather,
        failure_error_function=None,
    )
    with pytest.raises(
        ToolCallError, match="^the tool 'look' returned what does not fit its type: 'degr"
    ):
        await call(wrong)
