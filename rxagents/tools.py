"""Python functions as tools: what a model may call while a run goes on."""

from __future__ import annotations

import asyncio
import inspect
import logging
import reprlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, overload

from pydantic import ValidationError

from .context import RunContextWrapper, ToolContext
from .exceptions import ToolArgumentsError, ToolCallError, UserError
from .function_schema import DocstringStyle, FunctionSchema, function_schema, underlying_function
from .strict_schema import ensure_strict_json_schema

if TYPE_CHECKING:
    from .agent import Agent

_T = TypeVar("_T")

MaybeAwaitable: TypeAlias = Awaitable[_T] | _T

ToolErrorFunction: TypeAlias = Callable[[RunContextWrapper[Any], Exception], MaybeAwaitable[str]]
"""From the context of a call and the error that it met to the text that the model is told."""

_logger = logging.getLogger(__name__)

_MOST_PROBLEMS = 5  # in one sentence; a union of models alone can have dozens


@dataclass
class FunctionTool:
    """A tool that runs here, in this process.

    Raises UserError where `strict_json_schema` is True and `params_json_schema` cannot be strict.
    """

    name: str
    """What the model calls it by."""

    description: str
    """What the model is told that it does, and when to use it."""

    params_json_schema: dict[str, Any]
    """Of the arguments. A strict tool replaces the schema it is given by its strict form."""

    on_invoke_tool: Callable[[ToolContext[Any], str], Awaitable[Any]]
    """Does what the tool does. The string is the arguments as the model wrote them, in JSON, or
    empty; the result is what the model is told, as text. What it raises ends the run."""

    strict_json_schema: bool = True
    """Whether the model's side shall hold the model to the schema (OpenAI's strict mode)."""

    is_enabled: bool | Callable[[RunContextWrapper[Any], Agent[Any]], MaybeAwaitable[bool]] = True
    """Whether the model is offered the tool; a function, plain or async, is asked every turn."""

    def __post_init__(self) -> None:
        if self.strict_json_schema:
            self.params_json_schema = ensure_strict_json_schema(self.params_json_schema)


Tool: TypeAlias = FunctionTool
"""Everything that can stand in `Agent(tools=[...])`."""


def default_tool_error_function(ctx: RunContextWrapper[Any], error: Exception) -> str:
    """Tell the model what was wrong with its arguments, or that the tool failed.

    What the tool raised is not told: its message may hold what the model, and whoever reads its
    answer, is not to see.
    """
    if isinstance(error, ToolArgumentsError) and _is_about(ctx, error):
        return f"{error}. Correct the arguments and call the tool again."
    return "The tool failed. You may call it again, or answer without it."


def _is_about(ctx: RunContextWrapper[Any], error: ToolArgumentsError) -> bool:
    # A tool that runs an agent of its own may raise an error about a tool of that agent.
    return not isinstance(ctx, ToolContext) or ctx.tool_name == error.tool_name


@overload
def function_tool(
    func: Callable[..., Any],
    *,
    name_override: str | None = None,
    description_override: str | None = None,
    docstring_style: DocstringStyle | None = None,
    use_docstring_info: bool = True,
    failure_error_function: ToolErrorFunction | None = default_tool_error_function,
    strict_mode: bool = True,
    is_enabled: bool | Callable[[RunContextWrapper[Any], Agent[Any]], MaybeAwaitable[bool]] = True,
) -> FunctionTool: ...


@overload
def function_tool(
    func: None = None,
    *,
    name_override: str | None = None,
    description_override: str | None = None,
    docstring_style: DocstringStyle | None = None,
    use_docstring_info: bool = True,
    failure_error_function: ToolErrorFunction | None = default_tool_error_function,
    strict_mode: bool = True,
    is_enabled: bool | Callable[[RunContextWrapper[Any], Agent[Any]], MaybeAwaitable[bool]] = True,
) -> Callable[[Callable[..., Any]], FunctionTool]: ...


def function_tool(
    func: Callable[..., Any] | None = None,
    *,
    name_override: str | None = None,
    description_override: str | None = None,
    docstring_style: DocstringStyle | None = None,
    use_docstring_info: bool = True,
    failure_error_function: ToolErrorFunction | None = default_tool_error_function,
    strict_mode: bool = True,
    is_enabled: bool | Callable[[RunContextWrapper[Any], Agent[Any]], MaybeAwaitable[bool]] = True,
) -> FunctionTool | Callable[[Callable[..., Any]], FunctionTool]:
    """Make a tool of a function: `@function_tool`, `@function_tool(...)` or `function_tool(f)`.

    Name, description and schema come from the function's name, docstring and annotations. The
    model's arguments are validated by them, so that a parameter that is a pydantic model gets an
    instance of it. A first parameter annotated `RunContextWrapper` or `ToolContext` gets the
    context of the call. An `async def` runs on the event loop; any other function in a thread
    with the caller's context variables, and cancelling the call does not stop that thread.

    Arguments that do not fit are a ToolArgumentsError. That, or whatever the tool raises, goes to
    `failure_error_function(ctx, error)`, plain or async, and its text goes to the model. With
    None, calling the tool raises: the ToolArgumentsError, or ToolCallError from what was raised.

    Raises UserError at once for a generator function, where `func` cannot be called or has no
    name, for parameters without a JSON schema and, where `strict_mode` is True, for those whose
    schema cannot be strict (such as `dict[str, int]` and `**kwargs`).
    """

    def decorate(func: Callable[..., Any]) -> FunctionTool:
        _refuse_what_is_no_tool(func)
        schema = function_schema(
            func,
            docstring_style=docstring_style,
            name_override=name_override,
            description_override=description_override,
            use_docstring_info=use_docstring_info,
            strict_json_schema=strict_mode,
        )
        return FunctionTool(
            name=schema.name,
            description=schema.description,
            params_json_schema=schema.params_json_schema,
            on_invoke_tool=_invocation(func, schema, failure_error_function),
            strict_json_schema=strict_mode,
            is_enabled=is_enabled,
        )

    return decorate if func is None else decorate(func)


def _refuse_what_is_no_tool(func: Any) -> None:
    if not callable(func):
        raise UserError(f"a tool is a function or another callable, not {func!r}")
    called = underlying_function(func)
    if inspect.isasyncgenfunction(called) or inspect.isgeneratorfunction(called):
        raise UserError(f"a tool returns one result, but {func!r} yields; return a list instead")


def _invocation(
    func: Callable[..., Any], schema: FunctionSchema, on_failure: ToolErrorFunction | None
) -> Callable[[ToolContext[Any], str], Awaitable[Any]]:
    async def invoke(ctx: ToolContext[Any], arguments: str) -> Any:
        began = False
        try:
            args, kwargs = _read_arguments(schema, arguments)
            began = True
            return await _call(func, [ctx, *args] if schema.takes_context else args, kwargs)
        except Exception as error:  # a cancellation is none: it is not the tool's to answer
            _logger.debug("a call of tool %r failed", schema.name, exc_info=True)
            if on_failure is not None:
                return await _settled(on_failure(ctx, error))
            if not began and isinstance(error, ToolArgumentsError):
                raise
            message = f"the tool {schema.name!r} raised {type(error).__name__}: {error}"
            raise ToolCallError(message, tool_name=schema.name) from error

    return invoke


def _read_arguments(schema: FunctionSchema, arguments: str) -> tuple[list[Any], dict[str, Any]]:
    try:
        # Some models write nothing at all where there is nothing to give.
        parsed = schema.params_pydantic_model.model_validate_json(arguments.strip() or "{}")
    except ValidationError as error:
        message = f"the arguments for the tool {schema.name!r} do not fit: {_problems(error)}"
        raise ToolArgumentsError(message, tool_name=schema.name, arguments=arguments) from None
    return schema.to_call_args(parsed)


def _problems(error: ValidationError) -> str:
    problems = [_problem(details) for details in error.errors(include_url=False)]
    if (more := len(problems) - _MOST_PROBLEMS) > 0:
        problems[_MOST_PROBLEMS:] = [f"and {more} more"]
    return "; ".join(problems)


def _problem(details: Mapping[str, Any]) -> str:
    where = repr(".".join(str(step) for step in details["loc"]))
    given = reprlib.repr(details["input"])  # short, however much the model wrote
    match details["type"], details["loc"]:
        case "missing", _:
            return f"{where} is missing"
        case "extra_forbidden", _:
            return f"there is no argument {where}"
        case "json_invalid", _:
            return f"they are no {str(details['msg']).removeprefix('Invalid ')}"
        case _, ():
            return f"they must be one JSON object (they were {given})"
        case _:
            return f"{where}: {str(details['msg']).removeprefix('Value error, ')} (it was {given})"


async def _call(func: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> Any:
    if inspect.iscoroutinefunction(underlying_function(func)):
        return await func(*args, **kwargs)
    return await _settled(await asyncio.to_thread(_call_in_thread, func, args, kwargs))


def _call_in_thread(func: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> Any:
    try:
        return func(*args, **kwargs)
    except StopIteration as error:
        # No future can hold it: until Python 3.12 whoever awaits the thread would wait forever.
        # A coroutine that lets one out raises the same (PEP 479).
        raise RuntimeError("the tool raised StopIteration") from error


async def _settled(result: object) -> Any:
    """Await what is awaitable: a plain function may hand on the coroutine of another."""
    return await result if inspect.isawaitable(result) else result
