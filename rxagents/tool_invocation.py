"""One call of a function tool: its arguments, its failure, its time limit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import TypeAdapter, ValidationError

from .context import ToolContext
from .exceptions import ToolCallError, ToolTimeoutError
from .function_schema import FunctionSchema
from .function_tools import (
    FunctionTool,
    ToolErrorFunction,
    default_tool_error_function,
    default_tool_timeout_error_message,
)
from .maybe_awaitable import settled
from .tool_arguments import problems, read_arguments
from .tool_calling import call_function

_logger = logging.getLogger("rxagents.tools")


async def invoke_function_tool(
    *, function_tool: FunctionTool, context: ToolContext[Any], arguments: str
) -> Any:
    """Call a tool within its time limit, and return its output.

    `context.failure` is afterwards what the tool raised, or its ToolTimeoutError, also where the
    output is a text about that. When this is left early, the tool's threads are told
    (`context.cancelled`), and those that go on are in `context.cancellation.threads`.

    Raises what `on_invoke_tool` raises, and ToolTimeoutError where the tool's `timeout_behavior`
    is "raise_exception".
    """
    context.is_over = False
    try:
        return await _in_time(function_tool, context, arguments)
    except asyncio.CancelledError:
        context.cancellation.cancel()
        raise
    finally:
        context.is_over = True


async def _in_time(tool: FunctionTool, context: ToolContext[Any], arguments: str) -> Any:
    if tool.timeout_seconds is None:
        return await tool.on_invoke_tool(context, arguments)
    loop = asyncio.get_running_loop()
    limit = asyncio.timeout(None)
    try:
        async with limit:

            def end() -> None:
                context.cancellation.cancel()  # first, so that the tool's own cleanup can see it
                limit.reschedule(loop.time())

            timer = loop.call_later(tool.timeout_seconds, end)
            try:
                return await tool.on_invoke_tool(context, arguments)
            finally:
                timer.cancel()
    except TimeoutError:
        if not limit.expired():
            raise  # the tool's own
    return await _too_late(tool, tool.timeout_seconds, context)


async def _too_late(tool: FunctionTool, seconds: float, context: ToolContext[Any]) -> Any:
    error = context.failure = ToolTimeoutError(tool.name, seconds)
    if tool.timeout_behavior == "raise_exception":
        raise error
    _logger.warning("%s; the model is told so", error)
    context.failure_is_default = tool.timeout_error_function is None
    if tool.timeout_error_function is None:
        return default_tool_timeout_error_message(tool_name=tool.name, timeout_seconds=seconds)
    return await settled(tool.timeout_error_function(context, error))


def invocation(
    func: Callable[..., Any],
    schema: FunctionSchema,
    on_failure: ToolErrorFunction | None,
    output_type: TypeAdapter[Any] | None,
) -> Callable[[ToolContext[Any], str], Awaitable[Any]]:
    """The `on_invoke_tool` of a tool that is made of a function."""

    async def invoke(ctx: ToolContext[Any], arguments: str) -> Any:
        ours = True  # what is raised now tells of the call by itself
        try:
            args, kwargs = read_arguments(schema, arguments)
            args = [ctx, *args] if schema.takes_context else args
            ours = False
            output = await call_function(func, ctx, args, kwargs)
            ours = True
            return output if output_type is None else _checked(output, output_type, schema.name)
        except Exception as error:  # a cancellation is none: it is not the tool's to answer
            ctx.failure, ctx.failure_is_default = error, on_failure is default_tool_error_function
            if on_failure is not None:
                _logger.warning(
                    "the tool %r failed; the model is told so", schema.name, exc_info=True
                )
                return await settled(on_failure(ctx, error))
            if ours:
                raise
            message = f"the tool {schema.name!r} raised {type(error).__name__}: {error}"
            raise ToolCallError(message, tool_name=schema.name) from error

    return invoke


def _checked(output: Any, output_type: TypeAdapter[Any], name: str) -> Any:
    try:
        return output_type.validate_python(output)
    except ValidationError as error:
        message = f"the tool {name!r} returned what does not fit its type: {problems(error)}"
        raise ToolCallError(message, tool_name=name) from error
