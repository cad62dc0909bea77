"""What type checkers must infer. Checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, assert_type

import reactivex
from openai.types.responses import ResponseStreamEvent
from pydantic import BaseModel
from reactivex import Observable, Observer

from rxagents import (
    Agent,
    FunctionTool,
    RunItem,
    RunItemStreamEvent,
    Runner,
    RunResult,
    RunResultStreaming,
    Stream,
    StreamEvent,
    ToolCallOutputItem,
    Usage,
    event_from_dict,
    function_tool,
    replay,
)
from rxagents import operators as ops


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
                texts.append(entry.status)
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
