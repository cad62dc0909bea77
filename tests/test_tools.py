"""Functions as tools: called with the model's arguments, and what is told when that fails."""

# ruff: noqa: D413, D417 - the docstrings in here are what is tested

from __future__ import annotations

import asyncio
import enum
import functools
import json
import re
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter, field_validator
from typing_extensions import TypedDict

from rxagents.context import RunContextWrapper, ToolContext
from rxagents.exceptions import ToolArgumentsError, ToolCallError, UserError
from rxagents.tools import (
    FunctionTool,
    ToolErrorFunction,
    default_tool_error_function,
    function_tool,
)


async def invoke(tool: FunctionTool, arguments: str = "{}", context: object = None) -> Any:
    ctx = ToolContext(context, tool_name=tool.name, tool_call_id="call_1", tool_arguments=arguments)
    return await tool.on_invoke_tool(ctx, arguments)


# --- making one ---


def test_the_plain_decorator_makes_a_tool_of_name_docstring_and_annotations() -> None:
    @function_tool
    def add(a: int, b: int = 2) -> int:
        """Add two numbers.

        Args:
            a: The first.
        """
        return a + b

    assert isinstance(add, FunctionTool)
    assert (add.name, add.description) == ("add", "Add two numbers.")
    assert add.strict_json_schema
    assert add.is_enabled is True
    assert add.params_json_schema == {
        "title": "add_args",
        "type": "object",
        "properties": {
            "a": {"title": "A", "type": "integer", "description": "The first."},
            "b": {"title": "B", "type": "integer", "default": 2},
        },
        "required": ["a", "b"],
        "additionalProperties": False,
    }


def test_the_decorator_with_arguments_passes_them_on() -> None:
    def only_for_guests(ctx: RunContextWrapper[Any], agent: Any) -> bool:
        return bool(ctx.context == "guest")

    @function_tool(
        name_override="sum",
        description_override="Sum up.",
        use_docstring_info=False,
        strict_mode=False,
        is_enabled=only_for_guests,
    )
    def add(a: int, b: int = 2) -> int:
        """Add.

        Args:
            a: The first.
        """
        return a + b

    assert (add.name, add.description) == ("sum", "Sum up.")
    assert add.params_json_schema["required"] == ["a"]
    assert "description" not in add.params_json_schema["properties"]["a"]
    assert not add.strict_json_schema
    assert add.is_enabled is only_for_guests


def test_the_docstring_style_can_be_given() -> None:
    def add(a: int) -> None:
        """Add.

        :param a: The first.
        """

    read = function_tool(docstring_style="sphinx")(add)
    assert read.params_json_schema["properties"]["a"]["description"] == "The first."
    unread = function_tool(add, docstring_style="google")
    assert ":param a:" in unread.description


async def test_a_tool_can_be_made_without_a_function() -> None:
    async def echo(ctx: ToolContext[Any], arguments: str) -> str:
        return f"{ctx.tool_call_id} {arguments}"

    given: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}}
    tool = FunctionTool("echo", "Say it again.", given, echo)
    assert tool.params_json_schema["required"] == ["a"]
    assert "required" not in given
    assert await invoke(tool, '{"a": "b"}') == 'call_1 {"a": "b"}'
    assert (
        FunctionTool("echo", "", given, echo, strict_json_schema=False).params_json_schema == given
    )


def test_a_tool_made_without_a_function_cannot_be_strict_with_free_keys() -> None:
    async def echo(ctx: ToolContext[Any], arguments: str) -> str:
        return arguments

    with pytest.raises(UserError, match="takes keys without fixed names"):
        FunctionTool("echo", "", {"type": "object", "additionalProperties": True}, echo)


def test_what_cannot_be_called_is_refused() -> None:
    with pytest.raises(UserError, match="or another callable, not 'add'"):
        function_tool("add")  # type: ignore[call-overload]


def test_free_keys_are_refused_by_parameter_at_decoration() -> None:
    with pytest.raises(UserError, match=r"parameter 'labels' .* strict_mode=False") as caught:

        @function_tool
        def tag(labels: dict[str, str]) -> None: ...

    assert "\n" not in str(caught.value)


# --- calling one ---


@function_tool
def no_parameters() -> str:
    return "ok"


@pytest.mark.parametrize("arguments", ["", "{}", " \n"])
async def test_a_tool_without_parameters_is_called_with_nothing(arguments: str) -> None:
    assert await invoke(no_parameters, arguments) == "ok"


async def test_no_arguments_at_all_leave_the_defaults() -> None:
    @function_tool
    def pay(amount: int = 5, tags: list[str] | None = None) -> Any:
        return amount, tags

    assert await invoke(pay, "") == (5, None)


async def test_free_keywords_and_more_positional_arguments_are_passed_on() -> None:
    @function_tool(strict_mode=False)
    def collect(first: int, *rest: int, **named: float) -> Any:
        return first, rest, named

    arguments = '{"first": 1, "rest": [2, 3], "named": {"x": 0.5}}'
    assert await invoke(collect, arguments) == (1, (2, 3), {"x": 0.5})


async def test_the_first_parameter_gets_the_context_of_the_call() -> None:
    @function_tool
    async def who(ctx: ToolContext[str], greeting: str) -> str:
        return f"{greeting} {ctx.context} ({ctx.tool_call_id} of {ctx.tool_name})"

    assert await invoke(who, '{"greeting": "hi"}', "Ada") == "hi Ada (call_1 of who)"


user: ContextVar[str] = ContextVar("user", default="nobody")


async def test_a_plain_function_runs_in_a_thread_with_the_callers_context_variables() -> None:
    @function_tool
    def look() -> Any:
        return user.get(), threading.get_ident()

    user.set("Ada")
    name, thread = await invoke(look)
    assert name == "Ada"
    assert thread != threading.get_ident()


async def test_an_async_function_runs_on_the_event_loop() -> None:
    @function_tool
    async def look() -> Any:
        return asyncio.get_running_loop(), threading.get_ident()

    assert await invoke(look) == (asyncio.get_running_loop(), threading.get_ident())


class Doubler:
    async def double(self, x: int) -> int:
        return 2 * x

    async def __call__(self, x: int) -> int:
        return 2 * x


@pytest.mark.parametrize(
    "func",
    [
        Doubler().double,
        Doubler(),
        functools.partial(Doubler.double, Doubler()),
        lambda x: Doubler().double(x),  # a plain function that hands on a coroutine
    ],
)
async def test_other_callables_are_awaited_too(func: Callable[..., Any]) -> None:
    assert await invoke(function_tool(func, name_override="double"), '{"x": 4}') == 8


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(BaseModel):
    width: int
    height: int = 1


@dataclass
class Box:
    size: Size
    labels: list[str] = field(default_factory=list)


class Point(TypedDict):
    x: float
    y: float


@function_tool(failure_error_function=None)
async def draw(
    box: Box,
    points: list[Point],
    colour: Colour,
    style: Literal["solid", "dashed"],
    day: date | None,
    scale: Annotated[int, Field(ge=1, le=9)] = 3,
) -> Any:
    return box, points, colour, style, day, scale


async def test_arguments_arrive_as_instances_of_what_was_annotated() -> None:
    arguments = {
        "box": {"size": {"width": 2}, "labels": ["a"]},
        "points": [{"x": 1, "y": 2}],
        "colour": "blue",
        "style": "solid",
        "day": "2026-02-03",
    }
    assert await invoke(draw, json.dumps(arguments)) == (
        Box(Size(width=2, height=1), ["a"]),
        [{"x": 1.0, "y": 2.0}],
        Colour.BLUE,
        "solid",
        date(2026, 2, 3),
        3,
    )


sizes = st.builds(Size, width=st.integers(), height=st.integers())
texts = st.text(st.characters(codec="utf-8"))
floats = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None)  # each example starts an event loop
@given(
    st.fixed_dictionaries(
        {
            "box": st.builds(Box, size=sizes, labels=st.lists(texts)),
            "points": st.lists(st.fixed_dictionaries({"x": floats, "y": floats})),
            "colour": st.sampled_from(Colour),
            "style": st.sampled_from(["solid", "dashed"]),
            "day": st.none() | st.dates(),
            "scale": st.integers(1, 9),
        }
    )
)
def test_any_fitting_arguments_reach_the_function_unchanged(values: dict[str, Any]) -> None:
    arguments = TypeAdapter(dict[str, Any]).dump_json(values).decode()
    assert set(json.loads(arguments)) == set(draw.params_json_schema["properties"])
    assert asyncio.run(invoke(draw, arguments)) == tuple(
        values[name] for name in draw.params_json_schema["properties"]
    )


# --- arguments that do not fit ---


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ('{"x": "two"}', r"'x': Input should be a valid integer, .* \(it was 'two'\)"),
        ('{"x": 0}', r"'x': Input should be greater than 0 \(it was 0\)"),
        ("{}", r"'x' is missing"),
        ('{"x": 1, "y": 2}', r"there is no argument 'y'"),
        ('{"x": 1, "size": {}}', r"'size.width' is missing"),
        ('{"x": 1, "even": {"n": 3}}', r"'even.n': an odd number \(it was 3\)"),
        ('{"x": "a", "y": 2}', r"(?=.*'x': )(?=.*there is no argument 'y').*; .*"),
        ('{"x": 1', r"they are no JSON: EOF while parsing an object at line 1 column 7"),
        ("[1]", r"they must be one JSON object \(they were \[1\]\)"),
    ],
)
async def test_arguments_that_do_not_fit_are_told_in_one_sentence(
    arguments: str, problem: str
) -> None:
    with pytest.raises(ToolArgumentsError) as caught:
        await invoke(measure, arguments)
    sentence = str(caught.value)
    assert re.fullmatch(f"the arguments for the tool 'measure' do not fit: {problem}", sentence)
    assert "pydantic" not in "".join(traceback.format_exception(caught.value)).lower()
    assert (caught.value.tool_name, caught.value.arguments) == ("measure", arguments)


class Even(BaseModel):
    n: int

    @field_validator("n", mode="plain")
    @classmethod
    def check(cls, n: int) -> int:
        if n % 2:
            raise ValueError("an odd number")
        return n


@function_tool(failure_error_function=None)
async def measure(
    x: Annotated[int, Field(gt=0)], size: Size | None = None, even: Even | None = None
) -> None:
    raise AssertionError("never called")


async def test_many_problems_are_counted_and_long_values_cut() -> None:
    @function_tool(failure_error_function=None)
    def total(numbers: list[int]) -> None: ...

    with pytest.raises(ToolArgumentsError, match=r"; and 95 more$") as caught:
        await invoke(total, json.dumps({"numbers": ["x" * 1000] * 100}))
    assert len(str(caught.value)) < 1000


async def test_by_default_the_model_is_told_what_to_correct() -> None:
    @function_tool
    def square(x: int) -> int:
        return x * x

    assert await invoke(square, '{"x": null}') == (
        "the arguments for the tool 'square' do not fit: 'x': Input should be a valid integer "
        "(it was None). Correct the arguments and call the tool again."
    )


# --- tools that fail ---


def secret() -> str:
    raise ValueError("the password is 1234")


async def async_secret() -> str:
    raise ValueError("the password is 1234")


@pytest.mark.parametrize("func", [secret, async_secret])
async def test_by_default_the_model_is_told_of_a_failure_but_not_its_message(
    func: Callable[[], Any],
) -> None:
    told = await invoke(function_tool(func))
    assert told == "The tool failed. You may call it again, or answer without it."


@pytest.mark.parametrize("func", [secret, async_secret])
async def test_a_failure_is_raised_where_no_function_answers_it(func: Callable[[], Any]) -> None:
    tool = function_tool(func, failure_error_function=None)
    with pytest.raises(ToolCallError, match=r"raised ValueError: the password") as caught:
        await invoke(tool)
    assert caught.value.tool_name == func.__name__
    assert isinstance(caught.value.__cause__, ValueError)


def told(ctx: RunContextWrapper[Any], error: Exception) -> str:
    return f"{ctx.context}: {type(error).__name__}"


async def told_later(ctx: RunContextWrapper[Any], error: Exception) -> str:
    return told(ctx, error)


@pytest.mark.parametrize("function", [told, told_later])
async def test_ones_own_error_function_gets_the_context_and_the_original_error(
    function: ToolErrorFunction,
) -> None:
    tool = function_tool(secret, failure_error_function=function)
    assert await invoke(tool, "{}", "Ada") == "Ada: ValueError"
    assert await invoke(tool, "[", "Ada") == "Ada: ToolArgumentsError"


async def test_what_ones_own_error_function_raises_comes_out() -> None:
    def give_up(ctx: RunContextWrapper[Any], error: Exception) -> str:
        raise error

    with pytest.raises(ValueError, match="password"):
        await invoke(function_tool(secret, failure_error_function=give_up))


def inner_error() -> None:
    raise ToolArgumentsError("'pin' is 1234", tool_name="of another run", arguments="{}")


async def test_an_argument_error_from_inside_a_tool_is_a_failure_of_that_tool() -> None:
    assert "1234" not in await invoke(function_tool(inner_error))
    with pytest.raises(ToolCallError, match="'inner_error' raised ToolArgumentsError"):
        await invoke(function_tool(inner_error, failure_error_function=None))


async def test_an_iterator_at_its_end_fails_the_tool_and_does_not_hang_the_call() -> None:
    def first() -> int:
        return next(iter([]))

    with pytest.raises(ToolCallError, match="StopIteration"):
        await invoke(function_tool(first, failure_error_function=None))


async def test_a_cancellation_is_not_answered() -> None:
    answered: list[Exception] = []

    def answer(ctx: RunContextWrapper[Any], error: Exception) -> str:
        answered.append(error)
        return "cancelled"

    @function_tool(failure_error_function=answer)
    async def wait() -> None:
        await asyncio.get_running_loop().create_future()

    call = asyncio.create_task(invoke(wait))
    await asyncio.sleep(0)  # until it waits
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert answered == []


async def test_a_cancellation_that_the_tool_raises_itself_is_not_answered() -> None:
    @function_tool
    def cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await invoke(cancelled)


async def test_a_hidden_failure_can_be_seen_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    await invoke(function_tool(secret))
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("rxagents.tools", "WARNING")
    assert record.message == "the tool 'secret' failed; the model is told so"
    assert "Traceback" in caplog.text
    assert "the password is 1234" in caplog.text


@pytest.mark.parametrize("function", [default_tool_error_function, told, None])
async def test_a_hidden_failure_reaches_the_application_in_the_context(
    function: ToolErrorFunction | None,
) -> None:
    tool = function_tool(secret, failure_error_function=function)
    ctx = ToolContext("Ada", tool_name="secret", tool_call_id="c1", tool_arguments="{}")
    with suppress(ToolCallError):
        await tool.on_invoke_tool(ctx, "{}")
    assert isinstance(ctx.failure, ValueError)
    assert ctx.failure_is_default is (function is default_tool_error_function)
