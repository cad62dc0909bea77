"""What type checkers must infer. Checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, assert_type

import reactivex
from openai.types.responses import ResponseStreamEvent
from pydantic import BaseModel
from reactivex import Observable, Observer
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from rxagents import (
    Agent,
    AgentSpanData,
    CustomSpanData,
    FunctionTool,
    OpenAIConversationsSession,
    RunContextWrapper,
    RunItem,
    RunItemStreamEvent,
    Runner,
    RunResult,
    RunResultStreaming,
    Session,
    SessionInputCallback,
    SessionSettings,
    Span,
    SQLiteSession,
    Stream,
    StreamEvent,
    Tool,
    ToolCallOutputItem,
    ToolContext,
    ToolGuardrailFunctionOutput,
    ToolInputGuardrail,
    ToolInputGuardrailData,
    ToolProgress,
    Trace,
    TResponseInputItem,
    Usage,
    agent_span,
    custom_span,
    event_from_dict,
    function_tool,
    get_current_span,
    replay,
    tool_input_guardrail,
    trace,
)
from rxagents import operators as ops
from rxagents.extensions.memory import RedisSession, SQLAlchemySession
from rxagents.mcp import (
    MCPServer,
    MCPServerManager,
    MCPServerStdio,
    MCPServerStdioParams,
    MCPServerStreamableHttp,
    MCPUtil,
    create_static_tool_filter,
)
from rxagents.memory.turns import RunMemory


async def numbers() -> AsyncIterator[int]:
    yield 1


async def halve(number: int) -> float:
    return number / 2


def streams() -> None:
    stream = Stream.from_async_iterable(numbers)
    assert_type(stream, Stream[int])
    assert_type(Stream.from_async_iterable(numbers()), Stream[int])
    assert_type(Stream.from_observable(reactivex.of("a")), Stream[str])
    assert_type(stream.pipe(), Stream[int])
    assert_type(stream.pipe(ops.map(str)), Stream[str])
    assert_type(stream.pipe(ops.map(str), ops.map(len), ops.to_list()), Stream[list[int]])
    assert_type(stream.pipe(ops.map_async(halve)), Stream[float])
    as_observable: Observable[int] = stream
    del as_observable


def fluent_methods(stream: Stream[int]) -> None:
    assert_type(stream.map(str), Stream[str])
    assert_type(stream.filter(lambda number: number > 1), Stream[int])
    assert_type(stream.take(3).skip(1).distinct_until_changed(), Stream[int])
    assert_type(stream.scan(lambda a, b: a + b), Stream[int])
    assert_type(stream.buffer_with_count(2), Stream[list[int]])
    assert_type(stream.debounce(0.1).retry(3).to_list(), Stream[list[int]])
    assert_type(stream[1:3], Stream[int])


def a_long_chain(stream: Stream[int]) -> None:
    nine = stream.pipe(
        ops.map(str),
        ops.map(len),
        ops.map(str),
        ops.map(len),
        ops.map(str),
        ops.map(len),
        ops.map(str),
        ops.map(len),
        ops.map(str),
    )
    assert_type(nine, Stream[str])


async def ways_in(agent: Agent, context_agent: Agent[dict[str, int]]) -> None:
    run = Runner.run_streamed(agent, "Hi")
    assert_type(run, RunResultStreaming)
    assert_type(Runner.observe(agent, "Hi"), Stream[StreamEvent])
    assert_type(await Runner.run(agent, "Hi"), RunResult)
    Runner.run_streamed(context_agent, "Hi", context={"a": 1})
    Runner.run_streamed(agent, "Hi", session=SQLiteSession("of mine"))
    async for event in run.stream_events():
        assert_type(event, StreamEvent)
        if event.type == "raw_response_event":
            assert_type(event.data, ResponseStreamEvent)
        elif event.type == "agent_updated_stream_event":
            assert_type(event.new_agent, Agent[Any])
        else:
            assert_type(event.item, RunItem)
            if event.item.type == "tool_call_output_item":
                assert_type(event.item, ToolCallOutputItem)
    async for text in run.pipe(ops.text_deltas(), ops.sentences()):
        assert_type(text, str)
    assert_type(run.final_output_as(str), str)


def operators_on_runs(run: RunResultStreaming) -> None:
    assert_type(run.pipe(ops.raw()), Stream[ResponseStreamEvent])
    assert_type(run.pipe(ops.items()), Stream[RunItem])
    assert_type(run.pipe(ops.items("tool_called")), Stream[RunItem])
    assert_type(run.pipe(ops.items(ToolCallOutputItem)), Stream[ToolCallOutputItem])
    assert_type(run.pipe(ops.agent_updates()), Stream[Agent[Any]])
    assert_type(run.pipe(ops.text()), Stream[str])
    assert_type(run.pipe(ops.items(), ops.of_type(ToolCallOutputItem)), Stream[ToolCallOutputItem])


def patience_and_recovery(run: RunResultStreaming) -> None:
    text = run.pipe(ops.text_deltas(), ops.retry(3), ops.timeout(first=5.0), ops.hedge(2.0))
    assert_type(text, Stream[str])
    assert_type(text.pipe(ops.stall(1.0)), Stream[str | ops.Stalled])
    assert_type(text.pipe(ops.guard(lambda t: False), ops.redact("x")), Stream[str])
    assert_type(text.pipe(ops.fallback(text), ops.share(), ops.delay(1)), Stream[str])
    assert_type(text.pipe(ops.zip(text)), Stream[tuple[str, str]])
    assert_type(text.pipe(ops.skip_until(text)), Stream[str])


def measures(run: RunResultStreaming, text: Stream[str]) -> None:
    assert_type(run.pipe(ops.usage()), Stream[Usage])
    assert_type(text.pipe(ops.rate()), Stream[float])
    assert_type(text.pipe(ops.rate(0.5, weigh=len)), Stream[float])
    timings = run.pipe(ops.timings())
    assert_type(timings, Stream[ops.Timing])

    def told(timing: ops.Timing) -> float | None:
        if timing.kind == "tool":
            assert_type(timing, ops.ToolTiming)
            return timing.waited
        if isinstance(timing, ops.TurnTiming):
            return timing.mean_gap
        return timing.seconds

    assert_type(timings.pipe(ops.map(told)), Stream[float | None])


def onlookers(run: RunResultStreaming, text: Stream[str], seen: list[str]) -> None:
    assert_type(text.pipe(ops.tap(seen.append), ops.log(), ops.trace()), Stream[str])
    assert_type(text.pipe(ops.tap(on_dispose=seen.clear)), Stream[str])
    assert_type(text.pipe(ops.tap(lambda _: None, on_completed=seen.clear)), Stream[str])
    assert_type(text.pipe(ops.do(Observer[str]()), ops.do_action(print)), Stream[str])
    assert_type(text.pipe(ops.log("x", format=str.upper)), Stream[str])
    assert_type(run.pipe(ops.log(label="run"), ops.text_deltas()), Stream[str])
    assert_type(text.tap(lambda each: seen.append(each.upper())).log().trace("t"), Stream[str])
    assert_type(text.rate(weigh=len), Stream[float])


def folding(numbers: Stream[int]) -> None:
    def add(total: int, number: int) -> int:
        return total + number

    def spell(text: str, number: int) -> str:
        return text + str(number)

    assert_type(numbers.pipe(ops.scan(add)), Stream[int])
    assert_type(numbers.pipe(ops.scan(spell, "")), Stream[str])
    assert_type(numbers.pipe(ops.scan(spell, initial=str)), Stream[str])
    assert_type(numbers.scan(spell, initial=str), Stream[str])
    assert_type(numbers.pipe(ops.reduce(add)), Stream[int])
    assert_type(numbers.pipe(ops.reduce(spell, seed="")), Stream[str])


def comparing(numbers: Stream[int], texts: Stream[str]) -> None:
    def longer(one: str, other: str) -> int:
        return len(one) - len(other)

    def same(one: int, other: int) -> bool:
        return one == other

    assert_type(numbers.pipe(ops.map(str), ops.max()), Stream[str])
    assert_type(texts.pipe(ops.max(longer), ops.min(longer)), Stream[str])
    assert_type(texts.pipe(ops.max_by(len)), Stream[list[str]])
    assert_type(numbers.pipe(ops.map(str), ops.min_by(str.upper)), Stream[list[str]])
    assert_type(numbers.pipe(ops.map(str), ops.distinct()), Stream[str])
    assert_type(texts.pipe(ops.distinct(str.upper)), Stream[str])
    assert_type(texts.pipe(ops.distinct(len, same), ops.distinct()), Stream[str])
    assert_type(numbers.pipe(ops.distinct(comparer=same)), Stream[int])
    assert_type(texts.distinct(len, flushes=numbers), Stream[str])


def joining(numbers: Stream[int], texts: Stream[str]) -> None:
    assert_type(numbers.pipe(ops.switch_if_empty(texts)), Stream[int | str])
    assert_type(numbers.pipe(ops.switch_if_empty(numbers)), Stream[int])
    assert_type(numbers.pipe(ops.end_with(0)), Stream[int])
    assert_type(numbers.pipe(ops.end_with("end")), Stream[int | str])
    assert_type(numbers.end_with("end"), Stream[int | str])


def shape(numbers: Stream[int], run: RunResultStreaming) -> None:
    def words(turn: ops.Group[int, StreamEvent]) -> Stream[str]:
        assert_type(turn.key, int)
        return turn.pipe(ops.text_deltas())

    def called(call: ops.CallGroup) -> str:
        assert_type(call.key, str)
        return call.name

    assert_type(numbers.pipe(ops.group_by(str)), Stream[ops.Group[str, int]])
    assert_type(numbers.pipe(ops.group_by(str, float)), Stream[ops.Group[str, float]])
    assert_type(run.pipe(ops.by_turn()), Stream[ops.Group[int, StreamEvent]])
    assert_type(run.pipe(ops.by_turn(), ops.flat_map(words)), Stream[str])
    assert_type(run.pipe(ops.by_agent()), Stream[ops.Group[str, StreamEvent]])
    assert_type(run.pipe(ops.by_tool_call(), ops.map(called)), Stream[str])


def snapshots(run: RunResultStreaming) -> None:
    assert_type(run.pipe(ops.snapshot()), Stream[ops.Snapshot])
    assert_type(run.pipe(ops.snapshot(), ops.diff()), Stream[ops.SnapshotDiff])

    def shown(snapshot: ops.Snapshot) -> list[str]:
        texts: list[str] = []
        for entry in snapshot.entries:
            if entry.kind == "message":
                assert_type(entry, ops.MessageEntry)
                texts.append(entry.text)
            elif entry.kind == "call":
                assert_type(entry, ops.CallEntry)
                assert_type(entry.progress, ToolProgress | None)
                assert_type(entry.error, str | None)
                texts.append(entry.status)
            elif entry.kind == "input":
                assert_type(entry, ops.InputEntry)
                texts.append(entry.text)
        return texts

    assert_type(run.pipe(ops.snapshot(), ops.map(shown)), Stream[list[str]])


class Report(BaseModel):
    title: str


def structure(text: Stream[str], run: RunResultStreaming) -> None:
    assert_type(text.pipe(ops.partial(Report)), Stream[Report])
    assert_type(text.pipe(ops.final(list[Report])), Stream[list[Report]])
    assert_type(text.pipe(ops.json_items("a", type=Report)), Stream[Report])
    assert_type(run.pipe(ops.tool_arguments()), Stream[ops.ToolArguments])


def tools() -> None:
    @function_tool
    def plain(city: str) -> str:
        return city

    @function_tool(name_override="other")
    async def asynchronous(city: str) -> str:
        return city

    assert_type(plain, FunctionTool)
    assert_type(asynchronous, FunctionTool)


def recordings(run: Stream[StreamEvent], data: dict[str, Any], agent: Agent) -> None:
    assert_type(run.pipe(ops.record("run.jsonl", mode="a", fsync=0.5)), Stream[StreamEvent])
    items = run.pipe(ops.of_type(RunItemStreamEvent), ops.record("items.jsonl"))
    assert_type(items, Stream[RunItemStreamEvent])
    assert_type(replay("run.jsonl", "max", agents=[agent]), Stream[StreamEvent])
    assert_type(event_from_dict(data, {"Poet": agent}), StreamEvent)
    assert_type(RunItemStreamEvent.from_dict(data), RunItemStreamEvent)


def tools_and_their_options() -> None:
    async def steps(ctx: ToolContext[str]) -> AsyncIterator[ToolProgress | str]:
        ctx.report_progress("begun")
        yield ToolProgress(fraction=0.5)
        yield "done"

    def check(data: ToolInputGuardrailData) -> ToolGuardrailFunctionOutput:
        return ToolGuardrailFunctionOutput.allow()

    assert_type(function_tool(steps, timeout=5, needs_approval=True), FunctionTool)
    assert_type(function_tool(timeout_behavior="raise_exception")(steps), FunctionTool)
    assert_type(tool_input_guardrail(check), ToolInputGuardrail[Any])
    assert_type(tool_input_guardrail(name="check")(check), ToolInputGuardrail[Any])


def spans() -> None:
    assert_type(trace("w"), Trace)
    assert_type(agent_span("a"), Span[AgentSpanData])
    with custom_span("c") as span:
        assert_type(span, Span[CustomSpanData])
        assert_type(span.span_data.data, dict[str, Any])
    assert_type(get_current_span(), Span[Any] | None)


async def mcp_servers(agent: Agent, context: RunContextWrapper) -> None:
    params: MCPServerStdioParams = {"command": "uvx", "args": ["mcp-server-time"]}
    names = create_static_tool_filter(allowed_tool_names=["now"])
    local = MCPServerStdio(params, tool_filter=names, require_approval={"now": "always"})
    far = MCPServerStreamableHttp(params={"url": "https://host/mcp"}, cache_tools_list=True)
    async with local as entered, MCPServerManager([local, far]) as manager:
        assert_type(entered, MCPServerStdio)
        assert_type(manager.active_servers, list[MCPServer])
        tools = await MCPUtil.get_all_function_tools([local, far], True, context, agent)
        assert_type(tools, list[Tool])


async def sessions(redis: Redis, engine: AsyncEngine) -> None:
    session: Session = SQLiteSession("s", "chat.db", session_settings={"limit": 20})
    assert_type(await session.get_items(3), list[TResponseInputItem])
    assert_type(await session.pop_item(), TResponseInputItem | None)
    await session.add_items([{"role": "user", "content": "hello"}])
    session = OpenAIConversationsSession(session_settings=SessionSettings(limit=20))
    session = SQLAlchemySession("s", engine=engine, create_tables=True)
    session = RedisSession("s", redis_client=redis, ttl=60)
    url = "redis://localhost"
    assert_type(RedisSession.from_url("s", url=url, ttl=60), RedisSession)
    assert_type(SQLAlchemySession.from_url("s", url=url, create_tables=True), SQLAlchemySession)

    async def latest(
        history: list[TResponseInputItem], new: list[TResponseInputItem]
    ) -> list[TResponseInputItem]:
        return history[-3:] + new

    memory = RunMemory(session, callback=latest, settings={"limit": 2})
    assert_type(await memory.begin("hello"), list[TResponseInputItem])
    callbacks: list[SessionInputCallback] = [latest, lambda history, new: history + new]
    RunMemory(None, callback=callbacks[0])


def lists_and_windows(text: Stream[str], ticks: Stream[int]) -> None:
    def own(event: str) -> Stream[int]:
        return ticks.take(len(event))

    def listed(window: Stream[str]) -> Stream[list[str]]:
        return window.to_list()

    assert_type(text.pipe(ops.buffer(ticks)), Stream[list[str]])
    assert_type(text.pipe(ops.buffer_when(lambda: ticks)), Stream[list[str]])
    assert_type(text.pipe(ops.buffer_toggle(ticks, lambda _: ticks)), Stream[list[str]])
    assert_type(text.pipe(ops.buffer_with_time(2, 1)), Stream[list[str]])
    assert_type(text.pipe(ops.window(ticks)), Stream[Stream[str]])
    assert_type(text.pipe(ops.window_when(lambda: ticks)), Stream[Stream[str]])
    assert_type(text.pipe(ops.window_toggle(ticks, lambda _: ticks)), Stream[Stream[str]])
    windows = text.pipe(ops.window_with_time(2, 1))
    assert_type(windows, Stream[Stream[str]])
    assert_type(windows.pipe(ops.flat_map(listed)), Stream[list[str]])
    assert_type(text.pipe(ops.delay_with_mapper(own)), Stream[str])
    assert_type(text.pipe(ops.delay_with_mapper(ticks, own)), Stream[str])
    assert_type(text.pipe(ops.throttle_with_mapper(own)), Stream[str])
