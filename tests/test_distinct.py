"""No event twice: distinct."""

from __future__ import annotations

import asyncio
from operator import eq
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reactivex import operators as rx

from rxagents import AsyncCallbackError, Stream
from rxagents import operators as ops
from rxagents.testing import cold, expect

KEYS: st.SearchStrategy[Any] = st.one_of(
    st.integers(0, 3),
    st.booleans(),
    st.sampled_from([{1}, frozenset({1}), [1], (1,), ([1],), {}, b"a", bytearray(b"a"), None]),
)


class Counted:
    """A key that counts how often it is compared with another."""

    compared = 0

    def __init__(self, number: int) -> None:
        self.number = number

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return isinstance(other, Counted) and self.number == other.number

    def __hash__(self) -> int:
        return hash(self.number)


class Broken:
    """A key that cannot be compared."""

    def __eq__(self, _: object) -> bool:
        raise LookupError("the key's own")

    def __hash__(self) -> int:
        return 1


# --- what comes -----------------------------------------------------------------------------------


async def test_distinct_passes_each_event_once() -> None:
    source = cold("                             -1-2-1-3-2-|")
    await expect(source.pipe(ops.distinct())).to_be("-1-2---3---|")
    source.expect_subscriptions("                ^----------!")
    await expect(cold("--|").pipe(ops.distinct())).to_be("--|")
    await expect(cold("-1-1-#").pipe(ops.distinct())).to_be("-1---#")


@given(st.lists(KEYS, max_size=12))
async def test_distinct_passes_what_is_equal_to_nothing_before_it(events: list[Any]) -> None:
    stream: Stream[Any] = Stream.from_iterable(events)
    expected: list[Any] = []
    for event in events:
        if all(event != other for other in expected):
            expected.append(event)
    assert await stream.pipe(ops.distinct(), ops.to_list()) == expected
    assert await stream.pipe(rx.distinct(), ops.to_list()) == expected


async def test_distinct_goes_by_the_key_and_the_comparer() -> None:
    names = Stream.of("Oslo", "OSLO", "Rome", "oslo")
    assert await names.pipe(ops.distinct(str.lower), ops.to_list()) == ["Oslo", "Rome"]
    by_length = ops.distinct(len, lambda one, other: abs(one - other) < 2)
    assert await Stream.of("a", "bb", "ccc", "d").pipe(by_length, ops.to_list()) == ["a", "ccc"]
    assert await Stream.of(1, 1, -1, 2).pipe(ops.distinct(None, opposite), ops.to_list()) == [
        1,
        1,
        2,
    ]


def opposite(one: int, other: int) -> bool:
    return one == -other


async def test_the_comparer_is_called_with_the_older_key_first() -> None:
    pairs: list[tuple[int, int]] = []

    def note(one: int, other: int) -> bool:
        pairs.append((one, other))
        return False

    await Stream.of(1, 2, 3).pipe(ops.distinct(comparer=note))
    assert pairs == [(1, 2), (1, 3), (2, 3)]


async def test_distinct_starts_anew_with_each_subscription() -> None:
    stream = Stream.of(1, 1, [2], [2]).pipe(ops.distinct(), ops.to_list())
    assert await stream == await stream == [1, [2]]


async def test_the_fluent_method_is_this_one() -> None:
    assert await Stream.of(1, 1, 2).distinct(flushes=Stream.never()).to_list() == [1, 2]


# --- what it costs --------------------------------------------------------------------------------


async def test_a_key_is_not_compared_with_all_the_others() -> None:
    Counted.compared = 0
    numbers = Stream.from_iterable(range(2000)).pipe(ops.map(Counted))
    assert await numbers.pipe(ops.distinct(), ops.count()) == 2000
    assert Counted.compared < 20


# --- forgetting -----------------------------------------------------------------------------------


async def test_an_event_of_flushes_makes_it_forget() -> None:
    source = cold("                        -1-1-1-1-2-|")
    flushes = cold("                       ----x---x---")
    distinct = ops.distinct(flushes=flushes)
    await expect(source.pipe(distinct)).to_be("-1---1---2-|")
    flushes.expect_subscriptions("         ^----------!")


@pytest.mark.parametrize("key", [1, [1]])
@pytest.mark.parametrize("options", [{}, {"comparer": eq}])
async def test_it_forgets_keys_of_every_kind(key: Any, options: dict[str, Any]) -> None:
    source = cold("-a-a-a-|", {"a": key})
    flushes = cold("--x----|")
    stream = source.pipe(ops.distinct(flushes=flushes, **options))
    await expect(stream).to_be("-a-a---|", {"a": key})


async def test_the_end_of_flushes_changes_nothing_and_its_error_ends_the_stream() -> None:
    await expect(cold("-1-1-2-|").pipe(ops.distinct(flushes=cold("--|")))).to_be("-1---2-|")
    source = cold("-1-1-2-|")
    await expect(source.pipe(ops.distinct(flushes=cold("--#")))).to_be("-1#")
    source.expect_subscriptions("^-!")


async def test_what_was_before_the_flush_is_not_kept() -> None:
    button: list[Any] = []
    flushes: Stream[Any] = Stream.from_callback(button.append)
    alive: set[int] = set()

    class Key:
        def __init__(self, number: int) -> None:
            self.number = number
            alive.add(number)

        def __del__(self) -> None:
            alive.discard(self.number)

    ticks = Stream.interval(1).pipe(ops.map(Key), ops.distinct(flushes=flushes))
    subscription = ticks.subscribe(lambda _: None)
    await asyncio.sleep(10.5)
    assert len(alive) == 10
    button[0]("forget")
    await asyncio.sleep(1)
    assert len(alive) <= 2
    subscription.dispose()


# --- what goes wrong ------------------------------------------------------------------------------


async def test_a_key_that_cannot_be_compared_ends_the_stream() -> None:
    with pytest.raises(LookupError, match="the key's own"):
        await Stream.of(Broken(), Broken()).pipe(ops.distinct())


def test_what_distinct_refuses_at_the_call() -> None:
    async def key(_: int) -> int:
        return 1

    async def compare(_: int, __: int) -> bool:
        return True

    nothing: Any = 3600
    with pytest.raises(TypeError, match="flushes must be a stream, not int"):
        ops.distinct(flushes=nothing)
    with pytest.raises(AsyncCallbackError, match="key_mapper is the async function"):
        ops.distinct(key)
    with pytest.raises(AsyncCallbackError, match="comparer is the async function"):
        ops.distinct(None, compare)  # type: ignore[arg-type]  # that it is none is the test
