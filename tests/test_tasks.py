"""map_async, filter_async, scan_async: asynchronous functions in a chain."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from reactivex.subject import Subject

from rxagents import Stream
from rxagents import operators as ops
from rxagents.testing import cold, expect


class Work:
    """An asynchronous function that counts what it does."""

    def __init__(self, *seconds: float) -> None:
        self.seconds = seconds
        self.running = 0
        self.most = 0
        self.cancelled = 0

    async def __call__(self, value: int) -> int:
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(self.seconds[value % len(self.seconds)])
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
        return value * 10


class Count:
    """A source that counts what it emits."""

    def __init__(self, end: int) -> None:
        self.end = end
        self.emitted = 0
        self.stream = Stream.from_async_iterable(self.read)

    async def read(self) -> AsyncIterator[int]:
        for number in range(self.end):
            self.emitted += 1
            yield number


async def test_results_come_in_the_order_of_their_events() -> None:
    work = Work(3, 1, 2)
    assert [x async for x in Count(4).stream.pipe(ops.map_async(work, concurrency=3))] == [
        0,
        10,
        20,
        30,
    ]
    assert work.most == 3


async def test_unordered_results_come_when_they_are_there() -> None:
    work = Work(3, 1, 2)
    mapped = Count(3).stream.pipe(ops.map_async(work, concurrency=3, ordered=False))
    assert [x async for x in mapped] == [10, 20, 0]


async def test_one_at_a_time_by_default() -> None:
    work = Work(1)
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await Count(5).stream.pipe(ops.map_async(work), ops.to_list()) == [0, 10, 20, 30, 40]
    assert work.most == 1
    assert round(loop.time() - began, 3) == 5


@pytest.mark.parametrize(("concurrency", "ordered"), [(1, True), (4, True), (4, False)])
async def test_the_source_is_held_back(concurrency: int, ordered: bool) -> None:
    source, work = Count(2000), Work(0.001, 0.003)
    taken = 0
    mapped = source.stream.pipe(ops.map_async(work, concurrency=concurrency, ordered=ordered))
    async for _ in mapped.iterate(high=8):
        taken += 1
        assert source.emitted - taken <= 8 + concurrency
        if taken % 50 == 0:
            await asyncio.sleep(10)
    assert taken == 2000
    assert work.most == concurrency


async def test_a_source_that_knows_no_credit_waits_in_line() -> None:
    source: Subject[int] = Subject()
    work = Work(1)
    out: list[int] = []
    Stream.from_observable(source).pipe(ops.map_async(work, concurrency=2)).subscribe(out.append)
    for number in range(7):
        source.on_next(number)
    await asyncio.sleep(10)
    assert out == [0, 10, 20, 30, 40, 50, 60]
    assert work.most == 2


async def test_a_failing_call_ends_the_stream_and_cancels_the_others() -> None:
    cancelled = 0

    async def work(value: int) -> int:
        nonlocal cancelled
        if value == 1:
            await asyncio.sleep(1)
            raise KeyError("one")
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            cancelled += 1
            raise
        return value

    with pytest.raises(KeyError):
        await Count(10).stream.pipe(ops.map_async(work, concurrency=3))
    await asyncio.sleep(0)
    assert cancelled == 2


async def test_leaving_cancels_the_calls() -> None:
    work = Work(100)
    subscription = Count(10).stream.pipe(ops.map_async(work, concurrency=3)).subscribe()
    await asyncio.sleep(1)
    subscription.dispose()
    await asyncio.sleep(1)
    assert work.cancelled == 3
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_an_iterate_block_waits_for_the_calls_too() -> None:
    cleaned: list[int] = []

    async def work(value: int) -> int:
        try:
            await asyncio.sleep(value)
        finally:
            if value:
                await asyncio.sleep(5)
                cleaned.append(value)
        return value

    mapped = Count(10).stream.pipe(ops.map_async(work, concurrency=3))
    async with mapped.iterate() as values:
        await anext(values)
    assert len(cleaned) == 3 or len(cleaned) == 2


async def test_an_empty_source_and_a_failing_one() -> None:
    work = Work(1)
    assert await Count(0).stream.pipe(ops.map_async(work), ops.to_list()) == []
    source: Subject[int] = Subject()
    out: list[object] = []
    Stream.from_observable(source).pipe(ops.map_async(work)).subscribe(out.append, out.append)
    source.on_next(1)
    source.on_next(2)
    error = OSError("source")
    source.on_error(error)
    assert out == []
    await asyncio.sleep(5)
    assert out == [10, 20, error], "what was received before it is not lost"


def test_no_concurrency_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="concurrency must be 1 call or more, not 0"):
        ops.map_async(Work(1), concurrency=0)


# --- filter_async, scan_async ---------------------------------------------------------------


async def test_filter_async_keeps_what_the_function_allows() -> None:
    async def allowed(value: str) -> bool:
        await asyncio.sleep(2)
        return value != "b"

    source = cold("                                               -abc|")
    await expect(source.pipe(ops.filter_async(allowed))).to_be("  ---a---(c|)")
    together = source.pipe(ops.filter_async(allowed, concurrency=3))
    await expect(together).to_be("                                ---a-(c|)")
    await expect(cold("-a#").pipe(ops.filter_async(allowed))).to_be("---(a#)")


async def test_filter_async_fails_with_its_function_and_cancels_what_it_has_begun() -> None:
    cancelled = 0

    async def fails(value: str) -> bool:
        nonlocal cancelled
        if value == "b":
            raise KeyError(value)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled += 1
            raise
        return True

    source = cold("-ab---|")
    await expect(source.pipe(ops.filter_async(fails, concurrency=2))).to_be("--#", error=KeyError)
    source.expect_subscriptions("^-!")
    assert cancelled == 1


async def test_scan_async_hands_on_its_last_result() -> None:
    async def join(so_far: str, value: str) -> str:
        await asyncio.sleep(2)
        return so_far + value

    source = cold("                                           -ab-c|")
    grown = {"1": "a", "2": "ab", "3": "abc"}
    await expect(source.pipe(ops.scan_async(join, ""))).to_be("---1-2-(3|)", grown)


async def test_scan_async_gives_each_subscription_a_seed_of_its_own() -> None:
    async def add(so_far: list[int], value: int) -> list[int]:
        so_far.append(value)
        return so_far

    nothing: list[int] = []
    scanned = Stream.of(1, 2).pipe(ops.scan_async(add, nothing))
    assert await scanned == [1, 2]
    assert await scanned == [1, 2]


async def test_scan_async_ends_with_a_call_that_raises() -> None:
    async def fails(so_far: int, value: int) -> int:
        return so_far // value

    with pytest.raises(ZeroDivisionError):
        await Stream.of(1, 0, 2).pipe(ops.scan_async(fails, 10))
