"""debounce and sample; audit and throttle_latest are in test_timing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from reactivex.testing import ReactiveTest, TestScheduler

from rxagents import Stream
from rxagents import operators as ops
from rxagents.testing import cold, expect, hot


def timers() -> int:
    """The timers that are set on the loop."""
    scheduled: list[asyncio.TimerHandle] = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
    return sum(not timer.cancelled() for timer in scheduled)


# --- debounce -------------------------------------------------------------------------------


async def test_debounce_emits_the_latest_after_a_pause() -> None:
    source = hot("                                    -a-bc-----d-|")
    await expect(source.pipe(ops.debounce(3))).to_be("-------c----(d|)")
    source.expect_subscriptions("                     ^-----------!")


async def test_debounce_emits_what_waits_before_an_error() -> None:
    source = hot("                                    -a---b-#")
    await expect(source.pipe(ops.debounce(3))).to_be("----a--(b#)")
    await expect(cold("#").pipe(ops.debounce(3))).to_be("#")
    await expect(cold("---|").pipe(ops.debounce(3))).to_be("---|")


async def test_debounce_that_is_left_leaves_no_timer() -> None:
    source = cold("                                   -a-----")
    stream = source.pipe(ops.debounce(30))
    await expect(stream).to_be("                       ------", unsubscribe="-----!")
    source.expect_subscriptions("                     ^----!")
    assert timers() == 0


async def test_debounce_sets_one_timer_however_many_events_come() -> None:
    async def burst() -> AsyncIterator[int]:
        for number in range(1000):
            yield number
        await asyncio.sleep(5)

    loop: Any = asyncio.get_running_loop()
    set_timers = 0
    original = loop.call_later

    def counting(*args: Any, **kwargs: Any) -> Any:
        nonlocal set_timers
        set_timers += 1
        return original(*args, **kwargs)

    loop.call_later = counting
    try:
        seen = [value async for value in Stream.from_async_iterable(burst).pipe(ops.debounce(1))]
    finally:
        loop.call_later = original
    assert seen == [999]
    assert set_timers < 10


async def test_debounce_of_no_time_passes_everything_on() -> None:
    assert await Stream.of(1, 2, 3).pipe(ops.debounce(0), ops.to_list()) == [1, 2, 3]


async def test_debounce_and_sample_keep_only_the_latest_for_a_slow_consumer() -> None:
    for operator in (ops.debounce(0.1), ops.sample(0.5)):
        seen: list[int] = []
        async with Stream.interval(1).pipe(ops.take(20), operator).iterate(high=1) as events:
            async for value in events:
                seen.append(value)
                await asyncio.sleep(4.75)
        assert seen[0] == 0
        assert seen[-1] == 19
        assert len(seen) < 8


def test_debounce_keeps_to_the_scheduler_it_is_given() -> None:
    scheduler = TestScheduler()
    source: Any = scheduler.create_hot_observable(
        ReactiveTest.on_next(210, "a"),
        ReactiveTest.on_next(250, "b"),
        ReactiveTest.on_completed(400),
    )
    result = scheduler.start(lambda: source.pipe(ops.debounce(timedelta(seconds=30), scheduler)))
    messages: list[Any] = list(result.messages)
    assert [(each.time, each.value.kind) for each in messages] == [
        (240, "N"),
        (280, "N"),
        (400, "C"),
    ]


# --- sample ---------------------------------------------------------------------------------


async def test_sample_emits_the_latest_at_each_tick() -> None:
    source = hot("                                  -ab--c-----d-|")
    await expect(source.pipe(ops.sample(4))).to_be("----b---c---d|")
    source.expect_subscriptions("                   ^------------!")


async def test_sample_emits_what_waits_before_the_end_and_before_an_error() -> None:
    await expect(cold("-a|").pipe(ops.sample(4))).to_be("--(a|)")
    await expect(cold("-a#").pipe(ops.sample(4))).to_be("--(a#)")
    await expect(cold("-a--b").pipe(ops.sample(4))).to_be("----b", unsubscribe="-----!")


async def test_sample_sets_no_timer_while_nothing_has_come() -> None:
    subscription = Stream.never().pipe(ops.sample(1)).subscribe()
    await asyncio.sleep(0)
    assert timers() == 0
    subscription.dispose()


async def test_sample_by_another_stream() -> None:
    source = cold("                                    -a-b---c-|")
    ticks = cold("                                     --x--xx--")
    await expect(source.pipe(ops.sample(ticks))).to_be("--a--b---(c|)")
    source.expect_subscriptions("                      ^--------!")
    ticks.expect_subscriptions("                       ^--------!")


async def test_the_end_of_the_sampler_does_not_end_the_source_but_its_error_does() -> None:
    await expect(cold("-a-b-|").pipe(ops.sample(cold("--x|")))).to_be("--a--(b|)")
    source = cold("                                        -a-b-|")
    await expect(source.pipe(ops.sample(cold("--#")))).to_be("--(a#)")
    source.expect_subscriptions("                          ^-!")


def test_wrong_arguments_are_refused_at_the_call() -> None:
    with pytest.raises(ValueError, match="duetime must be 0 seconds or more and finite, not -1"):
        ops.debounce(-1)
    with pytest.raises(ValueError, match="sampler must be more than 0 seconds and finite, not 0"):
        ops.sample(0)
    with pytest.raises(TypeError, match="sampler must be a number of seconds, not str"):
        ops.sample("1")  # type: ignore[arg-type]
