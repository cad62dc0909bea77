"""Calls that are given up: what the tool sees of it, and the threads that go on."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from openai.types.responses import ResponseFunctionToolCall

from rxagents.agent import Agent
from rxagents.cancellation import Cancellation, wait_for_threads
from rxagents.context import RunContextWrapper, ToolContext
from rxagents.exceptions import UserError
from rxagents.tool_progress import ToolProgress
from rxagents.tools import FunctionTool, function_tool, invoke_function_tool

real_loop = pytest.mark.real_loop  # threads are real, and so is what waits for them


def context_for(tool: FunctionTool) -> ToolContext[Any]:
    return ToolContext(None, tool_name=tool.name, tool_call_id="c1", tool_arguments="{}")


async def given_up(
    tool: FunctionTool, context: ToolContext[Any], begun: threading.Event | None = None
) -> None:
    """Call the tool and cancel the call once it has begun."""
    call = invoke_function_tool(function_tool=tool, context=context, arguments="{}")
    task = asyncio.create_task(call)
    if begun is None:
        await asyncio.sleep(0)
    else:
        await asyncio.to_thread(begun.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_async_tool_sees_that_its_call_was_given_up() -> None:
    @function_tool
    async def wait(ctx: ToolContext[Any]) -> None:
        await asyncio.sleep(3600)

    context = context_for(wait)
    assert not context.cancelled
    await given_up(wait, context)
    assert context.cancelled
    with pytest.raises(asyncio.CancelledError):
        context.raise_if_cancelled()


async def test_a_call_that_ends_was_not_given_up() -> None:
    @function_tool
    def look(ctx: ToolContext[Any]) -> bool:
        ctx.raise_if_cancelled()
        return ctx.wait_cancelled(0)

    context = context_for(look)
    assert await invoke_function_tool(function_tool=look, context=context, arguments="{}") is False
    assert not context.cancelled
    assert context.cancellation.threads == []


@real_loop
async def test_a_function_in_a_thread_is_told_and_can_end() -> None:
    begun, ended = threading.Event(), threading.Event()

    @function_tool
    def polite(ctx: ToolContext[Any]) -> None:
        begun.set()
        assert ctx.wait_cancelled(60)
        ended.set()

    context = context_for(polite)
    await given_up(polite, context, begun)
    assert await wait_for_threads([context.cancellation], grace=60) == []
    assert ended.is_set()
    assert context.cancellation.threads == []


@real_loop
async def test_a_function_is_told_also_where_the_tool_is_invoked_by_hand() -> None:
    begun, ended = threading.Event(), threading.Event()

    @function_tool
    def polite(ctx: ToolContext[Any]) -> None:
        begun.set()
        ctx.wait_cancelled(60)
        ended.set()

    context = context_for(polite)
    task = asyncio.ensure_future(polite.on_invoke_tool(context, "{}"))
    await asyncio.to_thread(begun.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert context.cancelled
    assert await asyncio.to_thread(ended.wait, 60)


@real_loop
async def test_raise_if_cancelled_ends_a_loop_in_a_thread() -> None:
    begun = threading.Event()

    @function_tool
    def spin(ctx: ToolContext[Any]) -> None:
        begun.set()
        while not ctx.wait_cancelled(0.001):
            ctx.raise_if_cancelled()
        ctx.raise_if_cancelled()
        raise AssertionError("never reached")

    context = context_for(spin)
    await given_up(spin, context, begun)
    assert await wait_for_threads([context.cancellation], grace=60) == []
    assert context.failure is None


@real_loop
async def test_a_plain_generator_is_closed_at_its_next_yield() -> None:
    begun, closed = threading.Event(), threading.Event()

    @function_tool
    def steps(ctx: ToolContext[Any]) -> Iterator[ToolProgress]:
        try:
            begun.set()
            ctx.wait_cancelled(60)
            yield ToolProgress("more")
            raise AssertionError("never reached")
        except GeneratorExit:
            closed.set()

    told: list[ToolProgress] = []
    context = context_for(steps)
    context.on_progress = told.append
    await given_up(steps, context, begun)
    assert await wait_for_threads([context.cancellation], grace=60) == []
    assert closed.is_set()
    assert told == []


@real_loop
async def test_a_thread_that_goes_on_is_named(caplog: pytest.LogCaptureFixture) -> None:
    begun, release = threading.Event(), threading.Event()

    @function_tool
    def stubborn() -> None:
        begun.set()
        release.wait(60)

    context = context_for(stubborn)
    await given_up(stubborn, context, begun)
    (running,) = context.cancellation.threads
    assert running.tool_name == "stubborn"
    assert running.thread.is_alive()
    asyncio.wrap_future(running.done).cancel()  # gives up waiting, and stops nothing
    assert await wait_for_threads([context.cancellation], grace=0.01) == ["stubborn"]
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("rxagents.tools", logging.WARNING)
    assert record.message.startswith("the tool 'stubborn' goes on in its thread 'asyncio_")
    assert "0.01 s after its call was given up; let it look at ctx.cancelled" in record.message
    release.set()
    assert await wait_for_threads([context.cancellation], grace=60) == []


async def test_where_no_thread_runs_there_is_nothing_to_wait_for() -> None:
    assert await wait_for_threads([Cancellation(), Cancellation()], grace=3600) == []
    assert asyncio.get_running_loop().time() == 0


@real_loop
async def test_whoever_waits_for_a_thread_can_stop_waiting() -> None:
    begun, release = threading.Event(), threading.Event()

    @function_tool
    def stubborn() -> None:
        begun.set()
        release.wait(60)

    context = context_for(stubborn)
    await given_up(stubborn, context, begun)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wait_for_threads([context.cancellation], grace=60), 0.01)
    release.set()
    assert await wait_for_threads([context.cancellation], grace=60) == []


async def test_waiting_in_a_thread_is_refused_on_the_event_loop() -> None:
    @function_tool(failure_error_function=None)
    async def blocks(ctx: ToolContext[Any]) -> None:
        ctx.wait_cancelled(1)

    with pytest.raises(UserError, match="in an async tool use `await asyncio.sleep") as caught:
        await blocks.on_invoke_tool(context_for(blocks), "{}")
    assert caught.value.__cause__ is not None


# --- where contexts come from ---


CALL = ResponseFunctionToolCall(type="function_call", call_id="c1", name="look", arguments="{}")


def test_a_calls_context_shares_everything_with_its_runs() -> None:
    run = RunContextWrapper("Ada")
    agent = Agent("a")
    context = ToolContext.from_agent_context(run, "c1", CALL, agent)
    assert (context.context, context.usage) == ("Ada", run.usage)
    assert (context.tool_name, context.tool_arguments, context.tool_call) == ("look", "{}", CALL)
    assert context.agent is agent
    assert context.usage is run.usage
    inner = ToolContext.from_agent_context(context, "c2", tool_name="in", tool_arguments="[]")
    assert (inner.tool_name, inner.agent, inner.tool_call) == ("in", agent, None)
    assert inner.cancellation is not context.cancellation


def test_a_calls_context_must_know_the_tool() -> None:
    with pytest.raises(ValueError, match="give the tool_call, or both"):
        ToolContext.from_agent_context(RunContextWrapper(None), "c1", tool_name="look")


def test_a_tool_in_a_namespace_is_named_with_it() -> None:
    call = CALL.model_copy(update={"namespace": "maps"})
    context = ToolContext.from_agent_context(RunContextWrapper(None), "c1", call)
    assert (context.tool_namespace, context.qualified_tool_name) == ("maps", "maps.look")
    plain = ToolContext.from_agent_context(RunContextWrapper(None), "c1", CALL)
    assert (plain.tool_namespace, plain.qualified_tool_name) == (None, "look")
