"""Tools that tell how far they have come: by yielding, or by `report_progress`."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from typing import Any

import pytest

from rxagents import Agent, Runner, ToolCallOutputItem
from rxagents.context import ToolContext
from rxagents.testing import ScriptedModel, assistant_message, function_call
from rxagents.tool_progress import ToolProgress
from rxagents.tools import FunctionTool, function_tool, invoke_function_tool


class Call:
    """One call of a tool, with the progress that it tells and when."""

    def __init__(self, tool: FunctionTool | Callable[..., Any], arguments: str = "{}") -> None:
        self.tool = tool if isinstance(tool, FunctionTool) else function_tool(tool)
        self.told: list[tuple[float, ToolProgress]] = []
        self.threads: set[int] = set()
        self.arguments = arguments
        self.context = ToolContext(
            None,
            tool_name=self.tool.name,
            tool_call_id="c1",
            tool_arguments=arguments,
            on_progress=self._tell,
        )

    def _tell(self, progress: ToolProgress) -> None:
        self.told.append((asyncio.get_running_loop().time(), progress))
        self.threads.add(threading.get_ident())

    @property
    def messages(self) -> list[str | None]:
        return [progress.message for _, progress in self.told]

    async def run(self) -> Any:
        return await invoke_function_tool(
            function_tool=self.tool, context=self.context, arguments=self.arguments
        )


# --- generators ---


async def crawl(pages: int = 2) -> AsyncIterator[ToolProgress | str]:
    for page in range(1, pages + 1):
        await asyncio.sleep(1)
        yield ToolProgress(f"page {page}", fraction=page / pages)
    yield f"{pages} pages"


async def test_what_an_async_generator_yields_is_told_at_once_and_the_rest_is_its_output() -> None:
    call = Call(crawl)
    assert await call.run() == "2 pages"
    assert call.told == [
        (1, ToolProgress("page 1", fraction=0.5)),
        (2, ToolProgress("page 2", fraction=1)),
    ]


async def test_a_generators_arguments_are_validated_and_described_like_any_others() -> None:
    call = Call(crawl, '{"pages": 1}')
    assert call.tool.params_json_schema["properties"]["pages"]["type"] == "integer"
    assert await call.run() == "1 pages"


def count_in_thread() -> Iterator[ToolProgress | int]:
    yield ToolProgress("one")
    yield 1
    yield ToolProgress("two", data={"thread": threading.get_ident()})
    yield 2


async def test_a_plain_generator_runs_in_a_thread_and_tells_on_the_event_loop() -> None:
    call = Call(count_in_thread)
    assert await call.run() == 2
    assert call.messages == ["one", "two"]
    assert call.threads == {threading.get_ident()}
    assert call.told[1][1].data["thread"] != threading.get_ident()


def returns() -> Generator[ToolProgress, None, str]:
    yield ToolProgress("half way")
    return "all of it"


async def test_what_a_plain_generator_returns_is_its_output() -> None:
    assert await Call(returns).run() == "all of it"


async def yields_nothing() -> AsyncIterator[ToolProgress]:
    return
    yield


def yields_only_progress() -> Iterator[ToolProgress]:
    yield ToolProgress("busy")


@pytest.mark.parametrize("func", [yields_nothing, yields_only_progress])
async def test_a_generator_without_a_result_gives_none(func: Callable[..., Any]) -> None:
    assert await Call(func).run() is None


class Crawler:
    async def crawl(self) -> AsyncIterator[ToolProgress | str]:
        yield ToolProgress("begun")
        yield "done"

    def __call__(self) -> AsyncIterator[ToolProgress | str]:
        return self.crawl()


async def hands_on() -> AsyncIterator[ToolProgress | str]:
    return Crawler().crawl()


async def hands_on_a_plain_one() -> Iterator[Any]:
    def inner() -> Iterator[Any]:
        yield ToolProgress("begun")
        yield "done"

    return inner()


@pytest.mark.parametrize(
    "func",
    [
        Crawler().crawl,
        Crawler(),
        functools.partial(Crawler.crawl, Crawler()),
        hands_on,
        hands_on_a_plain_one,
    ],
)
async def test_generators_that_other_callables_hand_on_are_run_too(func: Any) -> None:
    call = Call(function_tool(func, name_override="crawl"))
    assert await call.run() == "done"
    assert call.messages == ["begun"]


async def test_a_generator_that_raises_is_a_failure_after_what_it_has_told() -> None:
    async def breaks() -> AsyncIterator[ToolProgress]:
        yield ToolProgress("begun")
        raise ValueError("broken")

    call = Call(breaks)
    assert await call.run() == "The tool failed. You may call it again, or answer without it."
    assert call.messages == ["begun"]
    assert isinstance(call.context.failure, ValueError)


async def test_a_cancelled_async_generator_is_closed() -> None:
    closed: list[str] = []

    async def careful() -> AsyncGenerator[ToolProgress, None]:
        try:
            yield ToolProgress("begun")
            await asyncio.sleep(3600)
        finally:
            closed.append("closed")

    call = Call(careful)
    task = asyncio.create_task(call.run())
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert closed == ["closed"]


async def test_a_generator_is_closed_where_whoever_listens_raises() -> None:
    closed: list[str] = []

    async def careful() -> AsyncGenerator[ToolProgress, None]:
        try:
            yield ToolProgress("begun")
        finally:
            closed.append("closed")

    def refuse(progress: ToolProgress) -> None:
        raise ValueError("no room")

    kept = careful()
    call = Call(function_tool(lambda: kept, name_override="careful"))
    call.context.on_progress = refuse
    await call.run()
    assert isinstance(call.context.failure, ValueError)
    assert closed == ["closed"]


async def test_a_plain_generator_is_closed_where_its_call_was_given_up() -> None:
    closed: list[str] = []

    def careful() -> Iterator[ToolProgress]:
        try:
            call.context.cancellation.cancel()
            yield ToolProgress("begun")
        finally:
            closed.append("closed")

    kept = careful()
    call = Call(function_tool(lambda: kept, name_override="careful"))
    with pytest.raises(asyncio.CancelledError):
        await call.run()
    assert closed == ["closed"]
    assert call.told == []


async def test_a_run_takes_the_last_value_of_a_generator_for_the_tools_output() -> None:
    model = ScriptedModel([[function_call("crawl", {"pages": 3})], [assistant_message("Read.")]])
    agent = Agent("a", tools=[function_tool(crawl)], model=model)
    run = Runner.run_streamed(agent, "Read")
    items = [e.item async for e in run.stream_events() if e.type == "run_item_stream_event"]
    assert [i.output for i in items if isinstance(i, ToolCallOutputItem)] == ["3 pages"]


# --- report_progress ---


async def test_any_tool_can_report_progress() -> None:
    async def look(ctx: ToolContext[Any]) -> str:
        ctx.report_progress("looking")
        await asyncio.sleep(2)
        ctx.report_progress(ToolProgress(data=[1], fraction=0.5))
        return "seen"

    call = Call(look)
    assert await call.run() == "seen"
    assert call.told == [(0, ToolProgress("looking")), (2, ToolProgress(data=[1], fraction=0.5))]


async def test_progress_from_a_thread_arrives_on_the_loop_in_order_and_before_the_output() -> None:
    def look(ctx: ToolContext[Any]) -> str:
        for number in range(100):
            ctx.report_progress(str(number))
        return "seen"

    call = Call(look)
    assert await call.run() == "seen"
    assert call.messages == [str(number) for number in range(100)]
    assert call.threads == {threading.get_ident()}


async def test_what_is_reported_after_the_call_is_dropped() -> None:
    kept: list[ToolContext[Any]] = []

    async def keep(ctx: ToolContext[Any]) -> None:
        kept.append(ctx)

    call = Call(keep)
    await call.run()
    kept[0].report_progress("too late")
    assert call.told == []


async def test_a_context_can_be_used_for_a_second_attempt_at_its_call() -> None:
    async def look(ctx: ToolContext[Any]) -> None:
        ctx.report_progress("looking")

    call = Call(look)
    await call.run()
    await call.run()
    assert call.messages == ["looking", "looking"]


async def test_what_is_reported_once_the_call_is_given_up_is_dropped() -> None:
    async def careful(ctx: ToolContext[Any]) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ctx.report_progress("cleaning up")

    call = Call(function_tool(careful, timeout=1))
    await call.run()
    assert call.told == []


async def test_nobody_needs_to_listen() -> None:
    async def look(ctx: ToolContext[Any]) -> str:
        ctx.report_progress("looking")
        return "seen"

    tool = function_tool(look)
    ctx = ToolContext(None, tool_name="look", tool_call_id="c1", tool_arguments="{}")
    assert await tool.on_invoke_tool(ctx, "{}") == "seen"


def test_a_context_made_and_used_where_no_loop_runs_tells_at_once() -> None:
    told: list[ToolProgress] = []
    ctx = ToolContext(
        None, tool_name="x", tool_call_id="c", tool_arguments="{}", on_progress=told.append
    )
    ctx.report_progress("begun")
    assert told == [ToolProgress("begun")]


@pytest.mark.parametrize("fraction", [-0.1, 1.1, float("nan")])
def test_a_fraction_is_between_0_and_1(fraction: float) -> None:
    with pytest.raises(ValueError, match=r"fraction is how much is done, from 0 to 1, not "):
        ToolProgress(fraction=fraction)
