"""Calling a tool's function: on the event loop or in a thread, generators to their last value."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing, closing
from typing import Any

from typing_extensions import TypeIs

from .context import ToolContext
from .function_schema import underlying_function
from .tool_progress import ToolProgress


async def call_function(
    func: Callable[..., Any], ctx: ToolContext[Any], args: list[Any], kwargs: dict[str, Any]
) -> Any:
    """Call a tool's function and return its output.

    An `async def` runs on the event loop, with or without `yield`; anything else in a thread, with
    the caller's context variables. Cancelling leaves the thread at once; the function in it is
    told (`ctx.cancelled`), and a generator in it is closed at its next `yield`.
    """
    called = underlying_function(func)
    if inspect.iscoroutinefunction(called) or inspect.isasyncgenfunction(called):
        result = func(*args, **kwargs)
    else:
        result = await _in_thread(lambda: _result_of(func(*args, **kwargs), ctx), ctx)
    return await _settled(result, ctx)


async def _settled(result: object, ctx: ToolContext[Any]) -> Any:
    """The value of what is awaitable or yields: a plain function may hand on that of another."""
    if inspect.isawaitable(result):
        result = await result
    if _is_async_generator(result):
        return await _last_of_async(result, ctx)
    if inspect.isgenerator(result):
        generator = result
        return await _in_thread(lambda: _last_of(generator, ctx), ctx)
    return result


def _is_async_generator(value: object) -> TypeIs[AsyncGenerator[Any, Any]]:
    return inspect.isasyncgen(value)


async def _last_of_async(values: AsyncGenerator[Any, Any], ctx: ToolContext[Any]) -> Any:
    output = None
    async with aclosing(values):
        async for value in values:
            if isinstance(value, ToolProgress):
                ctx.report_progress(value)
            else:
                output = value
    return output


def _result_of(result: Any, ctx: ToolContext[Any]) -> Any:
    return _last_of(result, ctx) if inspect.isgenerator(result) else result


def _last_of(values: Generator[Any, Any, Any], ctx: ToolContext[Any]) -> Any:
    output = None
    with closing(values):
        while True:
            try:
                value = next(values)
            except StopIteration as end:
                return output if end.value is None else end.value
            if isinstance(value, ToolProgress):
                ctx.report_progress(value)
            else:
                output = value
            ctx.raise_if_cancelled()


async def _in_thread(work: Callable[[], Any], ctx: ToolContext[Any]) -> Any:
    variables = contextvars.copy_context()
    try:
        return await asyncio.get_running_loop().run_in_executor(
            None, lambda: variables.run(_counted, work, ctx)
        )
    except asyncio.CancelledError:
        ctx.cancellation.cancel()  # now, as whoever called this may catch it and go on
        raise


def _counted(work: Callable[[], Any], ctx: ToolContext[Any]) -> Any:
    with ctx.cancellation.thread_of(ctx.tool_name):
        try:
            return work()
        except StopIteration as error:
            # No future can hold it: until Python 3.12 whoever awaits the thread would wait forever.
            # A coroutine that lets one out raises the same (PEP 479).
            raise RuntimeError("the tool raised StopIteration") from error
