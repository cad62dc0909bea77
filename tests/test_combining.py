"""Events put together: zip, with_latest_from and buffer_until."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import reactivex
from hypothesis import given
from hypothesis import strategies as st
from reactivex.subject import Subject

from rxagents import Stream
from rxagents import operators as ops
from rxagents.testing import cold, expect


class Count:
    """Emits 0, 1, 2 ... `every` so many seconds, counts, and notes when it was left."""

    def __init__(self, end: int, *, every: float = 0.0, error: Exception | None = None) -> None:
        self.end = end
        self.every = every
        self.error = error
        self.emitted = 0
        self.closed_at: float | None = None
        self.stream = Stream.from_async_iterable(self.read)

    async def read(self) -> AsyncIterator[int]:
        try:
            for number in range(self.end):
                if self.every:
                    await asyncio.sleep(self.every)
                self.emitted += 1
                yield number
            if self.error is not None:
                raise self.error
        finally:
            self.closed_at = asyncio.get_running_loop().time()


def listen(stream: Stream[Any]) -> tuple[list[Any], Any]:
    """What comes, and when."""
    loop = asyncio.get_running_loop()
    out: list[Any] = []

    def note(value: Any) -> None:
        out.append((loop.time(), value))

    return out, stream.subscribe(note, note, lambda: note("|"))


# --- zip ------------------------------------------------------------------------------------


async def test_zip_pairs_the_first_with_the_first_for_each_subscription() -> None:
    zipped = Count(3, every=1).stream.pipe(ops.zip(Count(3, every=2).stream))
    expected = [(2.0, (0, 0)), (4.0, (1, 1)), (6.0, (2, 2)), (6.0, "|")]
    first, _ = listen(zipped)
    await asyncio.sleep(10)
    assert first == expected
    second, _ = listen(zipped)
    await asyncio.sleep(10)
    assert [(time - 10, value) for time, value in second] == expected


async def test_zip_takes_any_number_of_sources() -> None:
    others = [Stream.of("a", "b"), Stream.of(True, False), reactivex.of(None, None)]
    assert await Stream.of(1, 2).pipe(ops.zip(*others), ops.to_list()) == [
        (1, "a", True, None),
        (2, "b", False, None),
    ]
    assert await Stream.of(1, 2).pipe(ops.zip(), ops.to_list()) == [(1,), (2,)]


def test_zip_without_a_loop() -> None:
    out: list[Any] = []
    zipped = Stream.of(1, 2, 3).pipe(ops.zip(Stream.of("a", "b")))
    zipped.subscribe(out.append, out.append, lambda: out.append("|"))
    assert out == [(1, "a"), (2, "b"), "|"]


async def test_zip_ends_with_the_source_that_has_no_more_and_leaves_the_others() -> None:
    short, long = Count(2, every=3), Count(100, every=1)
    for source, other in ((short, long), (long, short)):
        began = asyncio.get_running_loop().time()
        out, _ = listen(source.stream.pipe(ops.zip(other.stream)))
        await asyncio.sleep(20)
        assert [(time - began, value) for time, value in out] == [
            (3.0, (0, 0)),
            (6.0, (1, 1)),
            (6.0, "|"),
        ]
        assert long.closed_at == began + 6
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_zip_ends_with_the_last_tuple_of_a_source_that_has_ended_before() -> None:
    out, _ = listen(Count(2).stream.pipe(ops.zip(Count(100, every=1).stream)))
    await asyncio.sleep(20)
    assert out == [(1.0, (0, 0)), (2.0, (1, 1)), (2.0, "|")]


async def test_zip_with_an_empty_source_ends_at_once() -> None:
    endless = Count(10**9)
    out, _ = listen(endless.stream.pipe(ops.zip(Stream.empty())))
    await asyncio.sleep(1)
    assert out == [(0.0, "|")]
    out, _ = listen(Stream.empty().pipe(ops.zip(endless.stream)))
    await asyncio.sleep(1)
    assert out == [(1.0, "|")]
    assert endless.emitted == 0


async def test_zip_fails_with_the_first_error_and_leaves_the_others() -> None:
    error = OSError("cut")
    other = Count(100, every=1)
    out, _ = listen(other.stream.pipe(ops.zip(Count(1, every=2.5, error=error).stream)))
    await asyncio.sleep(10)
    assert out == [(2.5, (0, 0)), (2.5, error)]
    assert other.closed_at == 2.5


async def test_zip_tells_a_slow_consumer_the_tuples_before_the_error() -> None:
    left: Subject[int] = Subject()
    right: Subject[int] = Subject()
    iterator = Stream.from_observable(left).pipe(ops.zip(right)).iterate(high=1)
    out: list[Any] = []
    async with iterator:
        for number in range(4):
            left.on_next(number)
        for number in range(3):
            right.on_next(number)
        right.on_error(OSError("cut"))
        with pytest.raises(OSError, match="cut"):
            async for pair in iterator:
                out.append(pair)
    assert out == [(0, 0), (1, 1), (2, 2)]
    assert iterator.demand.peak == 1


@pytest.mark.parametrize("fast_first", [True, False])
async def test_zip_holds_back_the_source_that_is_ahead(fast_first: bool) -> None:
    fast, slow = Count(500), Count(500, every=1)
    one, other = (fast, slow) if fast_first else (slow, fast)
    ahead: list[int] = []
    out = 0
    async for pair in one.stream.pipe(ops.zip(other.stream)):
        assert pair == (out, out)
        out += 1
        ahead.append(fast.emitted - out)
    assert out == 500
    assert max(ahead) <= 16


async def test_zip_is_held_back_by_a_slow_consumer() -> None:
    one, other = Count(2000), Count(2000)
    taken = 0
    async for pair in one.stream.pipe(ops.zip(other.stream)).iterate(high=8):
        assert pair == (taken, taken)
        taken += 1
        assert max(one.emitted, other.emitted) - taken <= 8 + 16
        if taken % 50 == 0:
            await asyncio.sleep(1)
    assert taken == 2000


async def test_zip_that_is_left_closes_all_sources_and_waits_for_them() -> None:
    closed: list[int] = []

    def source(seconds: int) -> Stream[int]:
        async def read() -> AsyncIterator[int]:
            try:
                while True:
                    yield seconds
                    await asyncio.sleep(100)
            finally:
                await asyncio.sleep(seconds)
                closed.append(seconds)

        return Stream.from_async_iterable(read)

    async with source(1).pipe(ops.zip(source(2), source(3))).iterate() as values:
        assert await anext(values) == (1, 2, 3)
    assert closed == [1, 2, 3]


def test_zip_refuses_what_is_no_stream_at_once() -> None:
    with pytest.raises(TypeError, match="zip takes streams, not list: .* ops.zip_with_iterable"):
        ops.zip([1, 2])  # type: ignore[call-overload]


# --- with_latest_from -----------------------------------------------------------------------


async def test_with_latest_from_puts_the_newest_of_the_others_beside_each_event() -> None:
    source = cold("-1---2-3---4-|")
    other = cold(" --a-----b-c-----|")
    third = cold(" ---x-y|")
    pairs = "     -----A-B---C-|"
    lasted = "    ^------------!"
    ended = "     ^-----!"
    joined = source.pipe(ops.with_latest_from(other, third))
    shown = {"A": ("2", "a", "y"), "B": ("3", "a", "y"), "C": ("4", "c", "y")}
    await expect(joined).to_be(pairs, shown)
    source.expect_subscriptions(lasted)
    other.expect_subscriptions(lasted)
    third.expect_subscriptions(ended)
    await expect(joined).to_be(pairs, shown)


async def test_with_latest_from_of_a_source_or_others_without_events() -> None:
    await expect(cold("--|").pipe(ops.with_latest_from(cold("a-a|")))).to_be("--|")
    await expect(cold("-1-|").pipe(ops.with_latest_from(cold("-|")))).to_be("---|")
    await expect(cold("-1-|").pipe(ops.with_latest_from())).to_be("-A-|", {"A": ("1",)})
    none: Stream[Any] = Stream.of(None)
    assert await Stream.of(0).pipe(ops.delay(1), ops.with_latest_from(none)) == (0, None)


async def test_with_latest_from_fails_with_the_first_error_and_leaves_the_others() -> None:
    source, other, failing = cold("-1-2-3-|"), cold("a-------|"), cold("b---#")
    joined = source.pipe(ops.with_latest_from(other, failing))
    await expect(joined).to_be("-A-B#", {"A": ("1", "a", "b"), "B": ("2", "a", "b")})
    for left in (source, other):
        left.expect_subscriptions("^---!")
    await expect(cold("-#").pipe(ops.with_latest_from(other))).to_be("-#")


async def test_with_latest_from_that_is_left_closes_all_sources_and_waits_for_them() -> None:
    closed: list[int] = []

    def source(seconds: int) -> Stream[int]:
        async def read() -> AsyncIterator[int]:
            try:
                while True:
                    await asyncio.sleep(seconds)
                    yield seconds
            finally:
                await asyncio.sleep(seconds)
                closed.append(seconds)

        return Stream.from_async_iterable(read)

    async with source(2).pipe(ops.with_latest_from(source(1), source(3))).iterate() as values:
        assert await anext(values) == (2, 1, 3)
    assert closed == [1, 2, 3]


async def test_with_latest_from_holds_back_the_source_but_not_what_must_be_new() -> None:
    source, clock = Count(600), Count(10**9, every=1)
    taken: list[tuple[int, int]] = []
    joined = source.stream.pipe(ops.delay_subscription(1.5), ops.with_latest_from(clock.stream))
    async for pair in joined.iterate(high=4):
        taken.append(pair)
        await asyncio.sleep(10)
        if len(taken) == 100:
            break
    assert [number for number, _ in taken] == list(range(100))
    assert source.emitted <= 100 + 4
    assert taken[-1][1] > 900, "seconds, of the some 990 that have gone by"


def test_with_latest_from_refuses_what_is_no_stream() -> None:
    with pytest.raises(TypeError, match="with_latest_from takes streams, not list"):
        ops.with_latest_from([1])  # type: ignore[call-overload]


# --- buffer_until ---------------------------------------------------------------------------


def full_stop(event: str) -> bool:
    return event == "."


def cut(*events: str, error: Exception | None = None) -> list[Any]:
    source: Subject[str] = Subject()
    out: list[Any] = []
    buffered = Stream.from_observable(source).pipe(ops.buffer_until(full_stop))
    buffered.subscribe(out.append, out.append, lambda: out.append("|"))
    for event in events:
        source.on_next(event)
    if error is not None:
        source.on_error(error)
    source.on_completed()
    return out


def test_buffer_until_closes_a_list_with_the_event() -> None:
    assert cut("a", "b", ".", "c", ".") == [["a", "b", "."], ["c", "."], "|"]
    assert cut(".", ".") == [["."], ["."], "|"]
    assert cut() == ["|"]


def test_buffer_until_emits_the_rest_before_the_end_and_before_an_error() -> None:
    error = OSError("cut")
    assert cut("a", ".", "b") == [["a", "."], ["b"], "|"]
    assert cut("a", ".", "b", error=error) == [["a", "."], ["b"], error]
    assert cut("a", ".", error=error) == [["a", "."], error]


@given(st.lists(st.sampled_from("ab."), max_size=30))
def test_buffer_until_loses_nothing(events: list[str]) -> None:
    *lists, end = cut(*events)
    assert end == "|"
    assert [event for each in lists for event in each] == events
    assert all(each and "." not in each[:-1] for each in lists)
    assert all(each[-1] == "." for each in lists[:-1])


async def test_buffer_until_starts_anew_with_each_subscription() -> None:
    stream = Count(5).stream.pipe(ops.buffer_until(_odd))
    for _ in range(2):
        assert await stream.pipe(ops.to_list()) == [[0, 1], [2, 3], [4]]


async def test_buffer_until_fails_with_its_predicate() -> None:
    source = Count(10, every=1)

    def fails(number: int) -> bool:
        if number == 2:
            raise KeyError(number)
        return False

    out, _ = listen(source.stream.pipe(ops.buffer_until(fails)))
    await asyncio.sleep(20)
    assert out[0] == (3.0, [0, 1, 2])
    assert isinstance(out[1][1], KeyError)
    assert source.closed_at == 3.0


async def test_buffer_until_that_is_left_leaves_the_source() -> None:
    source = Count(10, every=1)
    out, subscription = listen(source.stream.pipe(ops.buffer_until(_never)))
    await asyncio.sleep(3.5)
    subscription.dispose()
    await asyncio.sleep(10)
    assert out == []
    assert source.closed_at == 3.5


async def test_buffer_until_is_held_back_by_a_slow_consumer() -> None:
    source, taken = Count(3000), 0
    async for pair in source.stream.pipe(ops.buffer_until(_odd)).iterate(high=4):
        taken += len(pair)
        assert source.emitted - taken <= 2 * 4
        if taken % 100 == 0:
            await asyncio.sleep(1)
    assert taken == 3000


def _odd(number: int) -> bool:
    return number % 2 == 1


def _never(_: object) -> bool:
    return False


# --- combine_latest -------------------------------------------------------------------------


async def test_combine_latest_has_the_latest_of_each() -> None:
    source, other = cold("-a---b-|"), cold("---x--|")
    pairs = {"1": ("a", "x"), "2": ("b", "x")}
    await expect(source.pipe(ops.combine_latest(other))).to_be("---1-2-|", pairs)
    source.expect_subscriptions("^------!")
    other.expect_subscriptions("^-----!")


async def test_combine_latest_ends_with_the_first_error_and_leaves_the_other() -> None:
    source, other = cold("-a---b-|"), cold("---x#")
    pairs = {"1": ("a", "x")}
    await expect(source.pipe(ops.combine_latest(other))).to_be("---1#", pairs)
    source.expect_subscriptions("^---!")
    with pytest.raises(TypeError, match="combine_latest takes streams, not list"):
        ops.combine_latest([1])  # type: ignore[call-overload]
