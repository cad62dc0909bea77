"""Events from when another stream says so: skip_until."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import reactivex

from rxagents import Stream
from rxagents import operators as ops
from rxagents.testing import MarbleError, cold, expect


async def test_skip_until_lets_by_what_comes_after_the_first_event_of_the_other() -> None:
    source = cold("  -a-b-c-|")
    other = cold("   --x-y-|")
    expected = "     ---b-c-|"
    stream = source.pipe(ops.skip_until(other))
    for _ in range(2):
        await expect(stream).to_be(expected)
    source.expect_subscriptions("^------!", "-------^------!")
    other.expect_subscriptions("^-!", "-------^-!")


async def test_skip_until_completes_with_the_source_although_the_other_never_emits() -> None:
    source = cold("                                             -a-b-|")
    await expect(source.pipe(ops.skip_until(Stream.never()))).to_be("-----|")
    await expect(source.pipe(ops.skip_until(Stream.empty()))).to_be("-----|")
    other = cold("                                              -------x-|")
    await expect(source.pipe(ops.skip_until(other))).to_be("         -----|")
    other.expect_subscriptions("                                ^----!")


async def test_skip_until_of_an_empty_source_is_empty() -> None:
    await expect(Stream.empty().pipe(ops.skip_until(cold("--x")))).to_be("|")


async def test_skip_until_fails_with_either_and_leaves_the_other() -> None:
    source, broken = cold("-a-b-c-|"), cold("--#")
    await expect(source.pipe(ops.skip_until(broken))).to_be("--#", error=MarbleError)
    source.expect_subscriptions("^-!")
    other = cold("-----x")
    await expect(broken.pipe(ops.skip_until(other))).to_be("--#")
    other.expect_subscriptions("^-!")


async def test_skip_until_left_early_leaves_both() -> None:
    source, other = cold("-a-b-c-|"), cold("-----x")
    await expect(source.pipe(ops.skip_until(other))).to_be("---", unsubscribe="---!")
    source.expect_subscriptions("^--!")
    other.expect_subscriptions("^--!")


async def test_skip_until_of_an_other_that_emits_at_once_skips_nothing() -> None:
    assert await Stream.of(1, 2).pipe(ops.skip_until(Stream.of(0)), ops.to_list()) == [1, 2]
    assert await reactivex.of(1, 2).pipe(ops.skip_until(reactivex.of(0)), ops.to_list()) == [1, 2]


def test_skip_until_without_a_loop() -> None:
    out: list[Any] = []
    Stream.of(1, 2).pipe(ops.skip_until(Stream.of(0))).subscribe(out.append)
    assert out == [1, 2]


async def test_skip_until_takes_a_future() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(2, future.set_result, None)
    await expect(cold("-a-b-|").pipe(ops.skip_until(future))).to_be("---b-|")


async def test_skip_until_holds_back_its_source_for_a_slow_consumer() -> None:
    emitted = 0

    async def count() -> AsyncIterator[int]:
        nonlocal emitted
        for emitted in range(1, 1001):
            yield emitted

    counted = Stream.from_async_iterable(count).pipe(ops.skip_until(Stream.of(0)))
    async with counted.iterate(high=4) as numbers:
        assert await anext(numbers) == 1
        await asyncio.sleep(1)
        assert emitted <= 5


def test_skip_until_refuses_what_is_no_stream_now() -> None:
    with pytest.raises(TypeError, match="skip_until takes a stream or a future, not list"):
        ops.skip_until([1])  # type: ignore[arg-type]
