"""Time is the event loop's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import reactivex
from reactivex.subject import Subject

from rxagents import NoRunningLoopError, Stream
from rxagents import operators as ops
from rxagents.stream import LoopScheduler


async def letters() -> AsyncIterator[str]:
    """A at 1 s, b at 1.2 s, c at 3 s; the end at 4 s."""
    for pause, letter in ((1.0, "a"), (0.2, "b"), (1.8, "c")):
        await asyncio.sleep(pause)
        yield letter
    await asyncio.sleep(1.0)


async def timed(operator: Any) -> list[tuple[float, Any]]:
    loop = asyncio.get_running_loop()
    began = loop.time()
    out: list[tuple[float, Any]] = []
    async for value in Stream.from_async_iterable(letters).pipe(operator):
        out.append((round(loop.time() - began, 3), value))
    return out


async def test_times_are_exact() -> None:
    assert await timed(ops.debounce(0.5)) == [(1.7, "b"), (3.5, "c")]
    assert await timed(ops.delay(0.5)) == [(1.5, "a"), (1.7, "b"), (3.5, "c")]
    assert await timed(ops.throttle_first(1.0)) == [(1.0, "a"), (3.0, "c")]
    assert await timed(ops.sample(0.9)) == [(1.8, "b"), (3.6, "c")]
    assert await timed(ops.buffer_with_time(2.5)) == [(2.5, ["a", "b"]), (4.0, ["c"])]
    spans = await timed(ops.time_interval())
    assert [round(each.interval.total_seconds(), 3) for _, each in spans] == [1.0, 0.2, 1.8]


_TIMED: dict[str, Callable[[], Any]] = {
    "debounce": lambda: ops.debounce(0.02),
    "buffer_with_time": lambda: ops.buffer_with_time(0.02),
    "delay": lambda: ops.delay(0.02),
    "sample": lambda: ops.sample(0.02),
    "throttle_first": lambda: ops.throttle_first(0.02),
    "timeout": lambda: ops.timeout(10.0),
    "time_interval": lambda: ops.time_interval(),
    "timestamp": lambda: ops.timestamp(),
    "take_with_time": lambda: ops.take_with_time(10.0),
    "skip_last_with_time": lambda: ops.skip_last_with_time(0.001),
    "window_with_time": lambda: ops.window_with_time(0.02),
    "delay_subscription": lambda: ops.delay_subscription(0.02),
}


@pytest.mark.parametrize("name", _TIMED)
@pytest.mark.real_loop
async def test_no_thread_is_started_and_callbacks_run_on_the_loop(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[threading.Thread] = []
    start = threading.Thread.start

    def noticed(thread: threading.Thread) -> None:
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", noticed)
    seen: list[int] = []
    done = asyncio.Event()

    async def source() -> AsyncIterator[int]:
        for number in range(3):
            yield number
            await asyncio.sleep(0.03)

    Stream.from_async_iterable(source).pipe(
        ops.do_action(lambda _: seen.append(threading.get_ident())), _TIMED[name]()
    ).subscribe(
        lambda _: seen.append(threading.get_ident()),
        lambda error: pytest.fail(repr(error)),
        done.set,
    )
    async with asyncio.timeout(5):
        await done.wait()
    assert len(seen) >= 3
    assert set(seen) == {threading.get_ident()}
    assert started == []


async def test_immediate_work_keeps_its_order_in_operators_that_switch_and_start() -> None:
    async def three() -> AsyncIterator[int]:
        for number in range(3):
            yield number

    source = Stream.from_async_iterable(three)
    assert [x async for x in source.pipe(ops.switch_map(reactivex.of))] == [0, 1, 2]
    assert [x async for x in source.pipe(ops.start_with(9))] == [9, 0, 1, 2]
    assert [x async for x in source.pipe(ops.with_latest_from(reactivex.of("w")))] == [
        (0, "w"),
        (1, "w"),
        (2, "w"),
    ]
    hot: Subject[int] = Subject()
    out: list[Any] = []
    Stream.from_observable(hot).pipe(ops.map(reactivex.of), ops.exclusive()).subscribe(out.append)
    for number in range(3):
        hot.on_next(number)
    assert out == [0, 1, 2]


async def test_now_is_wall_clock_time_moved_by_the_loop() -> None:
    scheduler = LoopScheduler()
    first = scheduler.now
    assert abs(first - datetime.now(UTC)) < timedelta(seconds=5)
    await asyncio.sleep(3600)
    assert scheduler.now - first == timedelta(hours=1)


async def test_an_interval_does_not_drift_and_can_be_left() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    ticks: list[float] = []
    subscription = Stream.from_observable(reactivex.interval(0.1)).subscribe(
        lambda _: ticks.append(round(loop.time() - began, 6))
    )
    await asyncio.sleep(10.05)
    subscription.dispose()
    await asyncio.sleep(10)
    assert ticks == [round(0.1 * n, 6) for n in range(1, 101)]


async def test_an_interval_of_zero_gives_the_loop_back() -> None:
    ticks: list[int] = []
    subscription = Stream.from_observable(reactivex.interval(0.0)).subscribe(ticks.append)
    for _ in range(20):
        await asyncio.sleep(0)
    subscription.dispose()
    assert 5 < len(ticks) < 25


async def test_an_absolute_time_is_on_the_same_clock() -> None:
    loop = asyncio.get_running_loop()
    scheduler = LoopScheduler()
    fired: list[float] = []
    scheduler.schedule_absolute(
        scheduler.now + timedelta(seconds=2), lambda *_: fired.append(loop.time())
    )
    began = loop.time()
    await asyncio.sleep(5)
    assert [round(at - began, 3) for at in fired] == [2.0]


async def test_a_cancelled_timer_does_not_fire() -> None:
    fired: list[int] = []
    LoopScheduler().schedule_relative(1.0, lambda *_: fired.append(1)).dispose()
    await asyncio.sleep(5)
    assert fired == []


@pytest.mark.real_loop
async def test_an_event_from_another_thread_wakes_the_loop() -> None:
    hot: Subject[int] = Subject()
    arrived = asyncio.Event()
    Stream.from_observable(hot).pipe(ops.debounce(0.01)).subscribe(lambda _: arrived.set())
    thread = threading.Thread(target=hot.on_next, args=(1,))
    thread.start()
    thread.join()
    async with asyncio.timeout(5):
        await arrived.wait()


def test_a_timer_without_a_loop_says_what_it_needs() -> None:
    errors: list[Exception] = []
    Stream.from_observable(reactivex.of(1)).pipe(ops.debounce(1.0)).subscribe(print, errors.append)
    assert isinstance(errors[0], NoRunningLoopError)
