"""Hot and cold: who sees what, and what a log keeps."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from rxagents import Agent, Runner, RunResultStreaming, StreamEvent, function_tool
from rxagents import operators as ops
from rxagents.stream import ReplayLog, Stream
from rxagents.testing import Delay, ScriptedModel, assistant_message, function_call


def slow_run(**options: Any) -> RunResultStreaming:
    """A run of two turns that takes 4 s."""

    @function_tool
    async def look() -> str:
        await asyncio.sleep(1)
        return "rain"

    model = ScriptedModel(
        [
            [Delay(1), function_call("look")],
            [Delay(1), assistant_message("It rains."), Delay(1)],
        ]
    )
    return Runner.run_streamed(Agent("A", tools=[look], model=model), "go", **options)


# --- hot ------------------------------------------------------------------------------------


async def test_every_subscriber_sees_the_whole_run_whenever_it_comes() -> None:
    run = slow_run()
    early: list[StreamEvent] = []
    middle: list[StreamEvent] = []
    late: list[StreamEvent] = []
    run.subscribe(early.append)
    await asyncio.sleep(2.5)
    run.subscribe(middle.append)
    await asyncio.sleep(10)
    assert run.is_complete
    run.subscribe(late.append)
    await asyncio.sleep(0)
    assert len(early) > 15
    assert early == middle == late == [event async for event in run.stream_events()]


async def test_it_starts_by_itself_and_once() -> None:
    run = slow_run()
    await asyncio.sleep(10)
    assert run.is_complete
    assert run.final_output == "It rains."
    readers = await asyncio.gather(*(run.pipe(ops.to_list()) for _ in range(3)))
    assert readers[0] == readers[1] == readers[2]


async def test_two_readers_at_once_do_not_share_events() -> None:
    run = slow_run()

    async def read() -> list[int]:
        return [event.seq async for event in run.stream_events()]

    a, b = await asyncio.gather(read(), read())
    assert a == b == list(range(len(a)))


async def test_the_iterator_can_be_asked_for_again_after_the_end() -> None:
    run = slow_run()
    first = [event async for event in run.stream_events()]
    assert [event async for event in run.stream_events()] == first


async def test_one_failing_subscriber_leaves_the_others_and_the_run_alone() -> None:
    run = slow_run()
    told: list[BaseException] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, c: told.append(c["exception"]))
    errors: list[Exception] = []

    def fail(event: StreamEvent) -> None:
        if event.seq == 3:
            raise KeyError("mine alone")

    seen: list[StreamEvent] = []
    run.subscribe(fail, errors.append)
    run.subscribe(fail)
    run.subscribe(seen.append)
    await asyncio.sleep(10)
    assert [type(error) for error in errors] == [KeyError]
    assert [type(error) for error in told] == [KeyError]
    assert run.final_output == "It rains."
    assert [event.seq for event in seen] == list(range(len(seen)))


async def test_retry_on_a_hot_run_replays_the_same_outcome() -> None:
    model = ScriptedModel([OSError("once"), [assistant_message("never asked")]])
    run = Runner.run_streamed(Agent("A", model=model), "go")
    with pytest.raises(OSError, match="once"):
        await run.pipe(ops.retry(3), ops.to_list())
    assert len(model.calls) == 1


async def test_cancel_after_turn_finishes_the_turn() -> None:
    run = slow_run()
    await asyncio.sleep(0.5)
    run.cancel(mode="after_turn")
    events = [event async for event in run.stream_events()]
    last = events[-1]
    assert last.type == "run_item_stream_event"
    assert last.name == "tool_output"
    assert run.is_complete
    assert run.final_output is None
    assert run.current_turn == 1
    assert [item.get("type") for item in run.to_input_list()] == [
        None,
        "function_call",
        "function_call_output",
    ]


async def test_cancel_immediate_cancels_tools_and_keeps_what_was_received() -> None:
    run = slow_run()
    await asyncio.sleep(1.5)
    run.cancel()
    events = [event async for event in run.stream_events()]
    assert [item.type for item in run.new_items] == ["tool_call_item"]
    assert events[-1].type == "raw_response_event"
    asked, call, output = cast("list[dict[str, Any]]", run.to_input_list())
    assert (asked, call["type"]) == ({"role": "user", "content": "go"}, "function_call")
    assert output["output"] == "The run was stopped before this call was finished."
    assert output["call_id"] == call["call_id"]


async def test_an_unknown_cancel_mode_is_refused() -> None:
    run = slow_run()
    with pytest.raises(ValueError, match="'immediate' or 'after_turn', not 'soon'"):
        run.cancel(mode="soon")  # type: ignore[arg-type]
    await run.aclose()


async def test_a_run_cancelled_from_outside_tells_its_subscribers() -> None:
    run = slow_run()
    errors: list[Any] = []
    run.subscribe(print, errors.append)
    await asyncio.sleep(0.5)
    for task in asyncio.all_tasks():
        if task.get_name() == "Runner.run_streamed":
            task.cancel()
    await asyncio.sleep(1)
    assert [type(error) for error in errors] == [asyncio.CancelledError]


# --- cold -----------------------------------------------------------------------------------


async def test_each_subscription_of_a_cold_run_is_a_run_of_its_own() -> None:
    model = ScriptedModel([[assistant_message("One.")], [assistant_message("Two.")]])
    stream = Runner.observe(Agent("A", model=model), "go")
    assert model.calls == []
    first = [event async for event in stream]
    second = [event async for event in stream]
    assert {e.run_id for e in first}.isdisjoint({e.run_id for e in second})
    assert len(model.calls) == 2


async def test_retry_on_a_cold_run_runs_again() -> None:
    model = ScriptedModel([OSError("once"), OSError("twice"), [assistant_message("Third.")]])
    text = Runner.observe(Agent("A", model=model), "go").pipe(ops.retry(3), ops.text())
    assert await text == "Third."


async def test_a_cold_run_of_impossible_arguments_fails_its_subscription() -> None:
    errors: list[Exception] = []
    Runner.observe(Agent("A"), "go", max_turns=0).subscribe(print, errors.append)
    assert "max_turns" in str(errors[0])


# --- the log --------------------------------------------------------------------------------


def log_stream(log: ReplayLog[int]) -> Stream[int]:
    return Stream(log.subscribe)


async def test_a_bounded_log_keeps_the_last_events_for_those_who_come_late() -> None:
    log = ReplayLog[int](replay=3)
    for number in range(1000):
        log.append(number)
        assert log.end - log.oldest <= 2 * 3 + 1
    log.close()
    assert [n async for n in log_stream(log)] == [997, 998, 999]


async def test_a_log_that_keeps_nothing_delivers_live() -> None:
    log = ReplayLog[int](replay=0)
    log.append(1)
    seen: list[int] = []
    log_stream(log).subscribe(seen.append)
    log.append(2)
    log.append(3)
    assert seen == [2, 3]


async def test_the_writer_of_a_bounded_log_waits_for_the_slowest_who_reads() -> None:
    log = ReplayLog[int](replay=100)
    ahead = 0
    taken = 0

    async def write() -> None:
        nonlocal ahead
        for number in range(5000):
            if not log.has_room:
                await log.ready()
            log.append(number)
            ahead = max(ahead, log.end - taken)
        log.close()

    writer = asyncio.create_task(write())
    fast: list[int] = []
    log_stream(log).subscribe(fast.append)
    async for number in log_stream(log):
        assert number == taken
        taken += 1
        if taken % 10 == 0:
            await asyncio.sleep(0.001)
    await writer
    assert taken == 5000
    assert fast == list(range(5000))
    assert ahead <= 100 + 64 + 1


async def test_the_writer_goes_on_when_the_slow_reader_leaves() -> None:
    log = ReplayLog[int](replay=10)
    log_iterator = log_stream(log).iterate()

    async def write() -> int:
        for number in range(1000):
            await log.ready()
            log.append(number)
        return log.end

    writer = asyncio.create_task(write())
    assert await anext(log_iterator) == 0
    await asyncio.sleep(100)
    assert not writer.done()
    await log_iterator.aclose()
    assert await writer == 1000


async def test_a_bounded_run_is_whole_for_a_reader_that_is_there_from_the_start() -> None:
    run = slow_run(replay=2)
    seqs = [event.seq async for event in run.stream_events()]
    assert seqs == list(range(len(seqs)))
    assert [event.seq async for event in run.stream_events()] == seqs[-2:]


async def test_a_long_backlog_does_not_hold_up_the_loop() -> None:
    log = ReplayLog[int]()
    for number in range(10_000):
        log.append(number)
    longest = 0
    seen: list[int] = []
    log_stream(log).subscribe(seen.append)
    while len(seen) < 10_000:
        before = len(seen)
        await asyncio.sleep(0)
        longest = max(longest, len(seen) - before)
    assert longest <= 256
    log.append(10_000)
    assert seen == list(range(10_001))


async def test_what_is_written_inside_a_callback_keeps_its_order() -> None:
    log = ReplayLog[int]()
    seen: list[int] = []

    def write_more(number: int) -> None:
        if number < 3:
            log.append(number + 1)
        seen.append(number)

    log_stream(log).subscribe(write_more)
    log.append(0)
    assert seen == [0, 1, 2, 3]
    also: list[int] = []
    log_stream(log).subscribe(also.append)
    await asyncio.sleep(0)
    assert also == [0, 1, 2, 3]


@pytest.mark.parametrize("replay", [-1, -100])
def test_an_impossible_replay_is_refused(replay: int) -> None:
    with pytest.raises(ValueError, match="replay must be 0 events or more"):
        ReplayLog[int](replay)


def test_a_log_can_be_read_where_no_loop_runs() -> None:
    async def make() -> RunResultStreaming:
        run = Runner.run_streamed(
            Agent("A", model=ScriptedModel([[assistant_message("a " * 500)]])), "go"
        )
        await run.pipe(ops.last())
        return run

    run = asyncio.run(make())
    texts: list[str] = []
    run.pipe(ops.text_deltas()).subscribe(texts.append)
    assert len(texts) >= 500
