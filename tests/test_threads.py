"""observe_on: events from other threads, and for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
import reactivex
from reactivex.scheduler import EventLoopScheduler, ThreadPoolScheduler
from reactivex.scheduler.eventloop import AsyncIOScheduler
from reactivex.subject import Subject

from rxagents import NoRunningLoopError, Stream
from rxagents import operators as ops
from rxagents.stream import LoopScheduler
from rxagents.testing import cold, expect


async def test_events_from_another_thread_come_on_the_loop_in_their_order() -> None:
    source: Subject[int] = Subject()
    where: set[threading.Thread] = set()
    stream = Stream.from_observable(source).pipe(
        ops.observe_on(), ops.do_action(lambda _: where.add(threading.current_thread()))
    )

    def produce() -> None:
        for number in range(1000):
            source.on_next(number)
        source.on_completed()

    seen: list[Any] = []
    ended = asyncio.Event()
    stream.subscribe(seen.append, seen.append, ended.set)
    await asyncio.get_running_loop().run_in_executor(None, produce)
    await ended.wait()
    assert seen == list(range(1000))
    assert where == {threading.current_thread()}


async def test_an_error_from_another_thread_comes_after_the_events_before_it() -> None:
    source: Subject[int] = Subject()
    error = KeyError("lost")
    seen: list[Any] = []
    Stream.from_observable(source).pipe(ops.observe_on()).subscribe(seen.append, seen.append)

    def produce() -> None:
        source.on_next(1)
        source.on_error(error)

    await asyncio.get_running_loop().run_in_executor(None, produce)
    await asyncio.sleep(1)
    assert seen == [1, error]


@pytest.mark.parametrize("scheduler", [None, "ours", "asyncio"])
async def test_on_the_loop_it_is_drawn_as_its_source(scheduler: str | None) -> None:
    chosen = {
        None: None,
        "ours": LoopScheduler(),
        "asyncio": AsyncIOScheduler(asyncio.get_running_loop()),
    }[scheduler]
    source = cold("                                           -a-b|")
    await expect(source.pipe(ops.observe_on(chosen))).to_be("  -a-b|")
    source.expect_subscriptions("                             ^---!")
    await expect(cold("-a#").pipe(ops.observe_on(chosen))).to_be("-a#")
    left = cold("                                             -a-b")
    chain = left.pipe(ops.observe_on(chosen))
    await expect(chain).to_be("                               -a-", unsubscribe="--!")
    left.expect_subscriptions("                               ^-!")


async def test_on_the_loop_events_come_in_a_later_turn() -> None:
    source: Subject[int] = Subject()
    seen: list[int] = []
    Stream.from_observable(source).pipe(ops.observe_on()).subscribe(seen.append)
    source.on_next(1)
    assert seen == []
    await asyncio.sleep(0)
    assert seen == [1]


async def test_a_slow_consumer_holds_back_the_source() -> None:
    emitted = 0

    async def count() -> AsyncIterator[int]:
        nonlocal emitted
        for emitted in range(5000):
            yield emitted

    async with Stream.from_async_iterable(count).pipe(ops.observe_on()).iterate(high=4) as events:
        async for number in events:
            assert emitted - number <= 64 + 4 + 1
            if number % 500 == 0:
                await asyncio.sleep(1)
        assert number == 4999


async def test_a_thread_gets_one_event_at_a_time_and_all_come_back() -> None:
    inside = 0
    threads: set[str] = set()

    def work(number: int) -> int:
        nonlocal inside
        inside += 1
        assert inside == 1
        threads.add(threading.current_thread().name)
        inside -= 1
        return number * 2

    with_pool = Stream.of(*range(500)).pipe(
        ops.observe_on(ThreadPoolScheduler(4)), ops.map(work), ops.observe_on(), ops.to_list()
    )
    assert await with_pool == [number * 2 for number in range(500)]
    assert threading.current_thread().name not in threads


async def test_a_thread_that_is_slow_holds_back_the_source() -> None:
    emitted = 0
    gate = threading.Event()

    async def count() -> AsyncIterator[int]:
        nonlocal emitted
        for emitted in range(1, 1001):
            yield emitted

    thread = EventLoopScheduler()

    def wait(_: int) -> None:
        gate.wait(10)

    chain = Stream.from_async_iterable(count).pipe(
        ops.observe_on(thread), ops.do_action(wait), ops.observe_on()
    )
    async with chain.iterate() as events:
        for _ in range(100):
            await asyncio.sleep(0)
        assert emitted <= 64
        gate.set()
        assert len([number async for number in events]) == 1000
    thread.dispose()


async def test_an_error_on_a_thread_comes_back_too() -> None:
    def fail(_: int) -> int:
        raise ZeroDivisionError

    thread = EventLoopScheduler()
    chain = Stream.of(1).pipe(ops.observe_on(thread), ops.map(fail), ops.observe_on())
    with pytest.raises(ZeroDivisionError):
        await chain
    thread.dispose()


def test_without_a_loop_it_says_what_is_missing() -> None:
    errors: list[Exception] = []
    reactivex.of(1).pipe(ops.observe_on()).subscribe(None, errors.append)
    assert isinstance(errors[0], NoRunningLoopError)
    assert "ops.observe_on needs a running event loop" in str(errors[0])
