"""Whoever leaves a run closes its connection: the server sees its client gone."""

# mypy: disable-error-code="arg-type"
# It infers no type for the parameter of a lambda that is given to an operator.

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from loopback import Hold, LoopbackServer, endless, sse, stream, text_events

from rxagents import (
    Agent,
    OpenAIResponsesModel,
    Runner,
    RunResultStreaming,
    Stream,
    StreamEvent,
    function_tool,
)
from rxagents import operators as ops
from rxagents.testing import ScriptedModel, assistant_message, function_call

EVENTS = [sse(event) for event in text_events("one two three four five six")]


@asynccontextmanager
async def silent_after(events: int) -> AsyncIterator[tuple[LoopbackServer, Agent]]:
    """A server that sends so many events and then holds the connection; an agent that asks it."""
    async with LoopbackServer([stream(*EVENTS[:events], Hold())]) as server:
        yield server, Agent("A", model=OpenAIResponsesModel("m", server.client()))


async def gone(server: LoopbackServer) -> None:
    """Wait until the client has left, and check that no task of ours has stayed."""
    async with asyncio.timeout(5):
        await server.wait_gone()
        await server.wait_closed()
    assert server.gone == 1
    ours = [task for task in asyncio.all_tasks() if "unner" in task.get_name()]
    assert ours == []


# --- a cold run is left by its subscriber ---------------------------------------------------


async def test_dispose() -> None:
    async with silent_after(7) as (server, agent):
        third = asyncio.Event()
        seen: list[StreamEvent] = []

        def on_next(event: StreamEvent) -> None:
            seen.append(event)
            if len(seen) == 3:
                third.set()

        subscription = Runner.observe(agent, "x").subscribe(on_next)
        await third.wait()
        subscription.dispose()
        count = len(seen)
        await gone(server)
        assert len(seen) == count


async def test_dispose_inside_a_callback() -> None:
    async with silent_after(7) as (server, agent):
        texts: list[str] = []
        subscription: list[Any] = []

        def on_next(delta: str) -> None:
            texts.append(delta)
            subscription[0].dispose()

        deltas = Runner.observe(agent, "x").pipe(ops.text_deltas())
        subscription.append(deltas.subscribe(on_next))
        await gone(server)
        assert texts == ["one"]


async def test_break() -> None:
    async with silent_after(7) as (server, agent):
        async for delta in Runner.observe(agent, "x").pipe(ops.text_deltas()):
            if delta == " two":
                break
        await gone(server)


async def test_an_exception_in_the_body() -> None:
    async with silent_after(7) as (server, agent):
        with pytest.raises(KeyError):
            async for _ in Runner.observe(agent, "x").pipe(ops.text_deltas()):
                raise KeyError
        await gone(server)


async def read_on(stream: Stream[Any]) -> None:
    async for _ in stream:
        continue


async def test_a_cancelled_task() -> None:
    async with silent_after(7) as (server, agent):
        task = asyncio.create_task(read_on(Runner.observe(agent, "x")))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await gone(server)


async def test_a_timeout() -> None:
    async with silent_after(7) as (server, agent):
        try:
            async with asyncio.timeout(10):
                await read_on(Runner.observe(agent, "x"))
        except TimeoutError:
            await gone(server)  # while the error, and the traceback it holds, is still alive


async def test_an_anyio_scope() -> None:
    async with silent_after(7) as (server, agent):
        with anyio.move_on_after(10) as scope:
            await read_on(Runner.observe(agent, "x"))
        assert scope.cancelled_caught
        await gone(server)


async def test_an_iterate_block_has_closed_the_connection_when_it_is_left() -> None:
    async with silent_after(7) as (server, agent):
        async with Runner.observe(agent, "x").iterate() as events:
            async for event in events:
                if event.type == "raw_response_event":
                    break
        ours = [task for task in asyncio.all_tasks() if "unner" in task.get_name()]
        assert ours == []
        await gone(server)


async def test_take_and_switch_map() -> None:
    async with silent_after(7) as (server, agent):
        first = Runner.observe(agent, "x").pipe(ops.text_deltas(), ops.take(2))
        assert [delta async for delta in first] == ["one", " two"]
        await gone(server)


async def test_a_new_prompt_cancels_the_run_before_it() -> None:
    script = [stream(*EVENTS[:7], Hold()), stream(*EVENTS)]
    async with LoopbackServer(script) as server:
        client = server.client()
        agent = Agent("A", model=OpenAIResponsesModel("m", client))

        async def prompts() -> AsyncIterator[str]:
            yield "first"
            await asyncio.sleep(5)
            yield "second"

        answers = Stream.from_async_iterable(prompts).pipe(
            ops.switch_map(lambda prompt: Runner.observe(agent, prompt)),
            ops.text_deltas(),
        )
        got = [delta async for delta in answers]
        await client.close()  # and with it the connection of the second, which could go on
        await gone(server)
    assert "".join(got) == "one two three\n\none two three four five six"


async def test_run_awaited_and_cancelled() -> None:
    async with silent_after(7) as (server, agent):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await Runner.run(agent, "x")
        await gone(server)


@pytest.mark.parametrize("how", ["dispose", "break", "cancel"])
async def test_no_tool_starts_for_who_has_left_when_it_is_called(how: str) -> None:
    started: list[int] = []

    @function_tool
    async def launch() -> str:
        started.append(1)
        return "launched"

    model = ScriptedModel([[function_call("launch")], [assistant_message("Done.")]])
    agent = Agent("A", tools=[launch], model=model)
    if how == "dispose":
        subscription: list[Any] = []
        called = Runner.observe(agent, "x").pipe(ops.items("tool_called"))
        subscription.append(called.subscribe(lambda _: subscription[0].dispose()))
    elif how == "break":
        async for _ in Runner.observe(agent, "x").pipe(ops.items("tool_called")):
            break
    else:
        run = Runner.run_streamed(agent, "x")
        async for _ in run.pipe(ops.items("tool_called")):
            run.cancel()
    await asyncio.sleep(1)
    assert started == []


# --- a hot run is stopped by its owner ------------------------------------------------------


async def test_a_hot_run_goes_on_when_its_consumers_leave() -> None:
    async with LoopbackServer([stream(*EVENTS)]) as server:
        agent = Agent("A", model=OpenAIResponsesModel("m", server.client()))
        run = Runner.run_streamed(agent, "x")
        async for _ in run.stream_events():
            break
        await asyncio.sleep(5)
        assert run.is_complete
        assert run.final_output == "one two three four five six"
        assert server.gone == 0


@pytest.mark.parametrize("how", ["cancel", "block", "error in block", "aclose"])
async def test_a_hot_run_is_stopped(how: str) -> None:
    async with silent_after(7) as (server, agent):
        run: RunResultStreaming = Runner.run_streamed(agent, "x")
        seen: list[StreamEvent] = []
        ended: list[str] = []
        run.subscribe(
            seen.append, lambda error: ended.append(repr(error)), lambda: ended.append("|")
        )
        await asyncio.sleep(1)
        if how == "cancel":
            run.cancel()
        elif how == "block":
            async with run:
                assert not run.is_complete
        elif how == "error in block":
            with pytest.raises(KeyError):
                async with run:
                    raise KeyError
        else:
            await run.aclose()
        if how != "cancel":
            ours = [task for task in asyncio.all_tasks() if "unner" in task.get_name()]
            assert ours == [], "left only when all is cleaned up"
        await gone(server)
        assert ended == ["|"], "a cancelled run ends without an exception"
        assert run.is_complete
        assert run.final_output is None
        assert [event async for event in run.stream_events()] == seen
        assert len(seen) == 8
        run.cancel()


async def test_a_run_that_is_cancelled_before_it_began() -> None:
    async with silent_after(7) as (server, agent):
        run = Runner.run_streamed(agent, "x")
        run.cancel()
        assert [event async for event in run.stream_events()] == []
        assert run.is_complete
        assert server.requests == []


async def test_leaving_the_block_of_a_run_under_a_cancelled_scope_still_cleans_up() -> None:
    async with silent_after(7) as (server, agent):
        with anyio.move_on_after(5):
            async with Runner.run_streamed(agent, "x") as run:
                await read_on(run)
        ours = [task for task in asyncio.all_tasks() if "unner" in task.get_name()]
        assert ours == []
        await gone(server)


# --- a slow reader --------------------------------------------------------------------------


async def test_a_slow_reader_of_a_cold_run_holds_back_the_server() -> None:
    delta = EVENTS[4]
    script = endless(lambda number: EVENTS[number] if number < 4 else delta)
    async with LoopbackServer([script]) as server:
        agent = Agent("A", model=OpenAIResponsesModel("m", server.client()))
        async with Runner.observe(agent, "x").iterate() as events:
            for _ in range(10):
                await anext(events)
            await asyncio.sleep(100)
            held_at = server.sent
            await asyncio.sleep(1000)
            assert server.sent == held_at, "the server waits for us"
            assert events.demand.peak <= 64
        await gone(server)
