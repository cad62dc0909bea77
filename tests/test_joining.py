"""One stream after another: switch_if_empty and end_with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reactivex.subject import Subject

from rxagents import Stream
from rxagents import operators as ops
from rxagents.testing import MarbleError, cold, expect


class Numbers:
    """Emits 0, 1, 2 ... and counts what it emits, and when it was closed."""

    def __init__(self, end: int) -> None:
        self.end = end
        self.emitted = 0
        self.closed = 0
        self.stream = Stream.from_async_iterable(self.read)

    async def read(self) -> AsyncIterator[int]:
        try:
            for number in range(self.end):
                self.emitted += 1
                yield number
            if self.end > 10**6:
                await asyncio.sleep(10**6)
        finally:
            await asyncio.sleep(0.5)
            self.closed += 1


# --- switch_if_empty ------------------------------------------------------------------------


async def test_the_other_stream_comes_where_the_source_has_no_event() -> None:
    source = cold(" --|")
    other = cold("    -a-b|")
    joined = "      ---a-b|"
    lasted = "      ^-!"
    later = "       --^---!"
    await expect(source.pipe(ops.switch_if_empty(other))).to_be(joined)
    source.expect_subscriptions(lasted)
    other.expect_subscriptions(later)


async def test_the_other_stream_is_not_subscribed_to_after_an_event() -> None:
    source = cold("-a-|")
    other = cold(" b|")
    joined = "     -a-|"
    await expect(source.pipe(ops.switch_if_empty(other))).to_be(joined)
    other.expect_subscriptions()


async def test_an_error_is_no_completion() -> None:
    source = cold("--#")
    other = cold(" b|")
    await expect(source.pipe(ops.switch_if_empty(other))).to_be("--#")
    other.expect_subscriptions()
    await expect(cold("-|").pipe(ops.switch_if_empty(cold("-b-#")))).to_be("--b-#")
    await expect(cold("-|").pipe(ops.switch_if_empty(cold("-|")))).to_be("--|")


async def test_leaving_leaves_the_one_that_goes_on() -> None:
    source = cold("-----|")
    other = cold("     -a-b-c|")
    joined = source.pipe(ops.switch_if_empty(other))
    await expect(joined).to_be("---", unsubscribe="---!")
    source.expect_subscriptions("^--!")
    other.expect_subscriptions()
    await expect(joined).to_be("------a-", unsubscribe="--------!")
    assert len(other.subscriptions) == 1
    assert other.subscriptions[0].endswith("!")
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_each_subscription_looks_for_itself() -> None:
    source: Subject[int] = Subject()
    joined = Stream.from_observable(source).pipe(ops.switch_if_empty(Stream.of(7)))
    one: list[int] = []
    joined.subscribe(one.append)
    source.on_next(1)
    two: list[int] = []
    joined.subscribe(two.append)
    source.on_completed()
    await asyncio.sleep(1)
    assert (one, two) == ([1], [7])


def test_both_streams_may_emit_at_once() -> None:
    out: list[Any] = []
    Stream.empty().pipe(ops.switch_if_empty(Stream.of(1, 2)), ops.take(1)).subscribe(
        out.append, out.append, lambda: out.append("|")
    )
    assert out == [1, "|"]


async def test_the_other_stream_is_held_back_by_a_slow_consumer() -> None:
    other = Numbers(2000)
    taken = 0
    async for _ in Stream.empty().pipe(ops.switch_if_empty(other.stream)):
        taken += 1
        assert other.emitted - taken <= 64
        if taken % 100 == 0:
            await asyncio.sleep(1)
    assert taken == 2000


async def test_who_leaves_waits_for_the_other_stream_to_be_closed() -> None:
    other = Numbers(10**9)
    async with Stream.empty().pipe(ops.switch_if_empty(other.stream)).iterate() as values:
        assert await anext(values) == 0
    assert other.closed == 1


def test_what_is_no_stream_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="takes a stream, not int: for a value there is"):
        ops.switch_if_empty(3)  # type: ignore[arg-type]


# --- end_with -------------------------------------------------------------------------------


async def test_the_values_come_with_the_end() -> None:
    source = cold("-a-b-|")
    joined = "     -a-b-(xy|)"
    lasted = "     ^----!"
    await expect(source.pipe(ops.end_with("x", "y"))).to_be(joined)
    source.expect_subscriptions(lasted)
    await expect(cold("--|").pipe(ops.end_with("x"))).to_be("--(x|)")
    await expect(cold("-a|").pipe(ops.end_with())).to_be("-a|")


async def test_no_values_come_after_an_error() -> None:
    await expect(cold("-a-#").pipe(ops.end_with("x"))).to_be("-a-#", error=MarbleError)


async def test_leaving_leaves_the_source() -> None:
    source = cold("-a-b-|")
    await expect(source.pipe(ops.end_with("x"))).to_be("-a", unsubscribe="--!")
    source.expect_subscriptions("^-!")
    left = cold("-a|").pipe(ops.end_with("x", "y"), ops.take(2))
    await expect(left).to_be("-a(x|)")


async def test_every_subscription_gets_all_values() -> None:
    joined = Stream.of(1).pipe(ops.end_with(2, 3), ops.to_list())
    assert [await joined, await joined] == [[1, 2, 3]] * 2


async def test_the_values_wait_for_a_slow_consumer() -> None:
    iterator = Stream.of(1).pipe(ops.end_with(*range(100))).iterate(high=4)
    assert [value async for value in iterator] == [1, *range(100)]
    assert iterator.demand.peak <= 4


async def test_a_slow_consumer_holds_back_the_source() -> None:
    source = Numbers(2000)
    taken = 0
    async for _ in source.stream.pipe(ops.end_with(0)):
        taken += 1
        assert source.emitted - taken <= 64
        if taken % 100 == 0:
            await asyncio.sleep(1)
    assert taken == 2001


@given(st.lists(st.integers()), st.lists(st.integers()))
def test_one_list_and_the_other(first: list[int], second: list[int]) -> None:
    out: list[Any] = []
    Stream.of(*first).pipe(ops.end_with(*second)).subscribe(
        out.append, None, lambda: out.append(())
    )
    assert out == [*first, *second, ()]
