"""The greatest and the least event: max, min, max_by, min_by."""

from __future__ import annotations

import builtins
from datetime import UTC, datetime
from operator import attrgetter, itemgetter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reactivex import operators as rx
from reactivex.internal.exceptions import SequenceContainsNoElementsError

from rxagents import AsyncCallbackError, Stream
from rxagents import operators as ops
from rxagents.testing import cold, expect

ONE = pytest.mark.parametrize("operator", [ops.max, ops.min])
BOTH_BY = pytest.mark.parametrize("operator", [ops.max_by, ops.min_by])


def by_size(one: int, other: int) -> int:
    return abs(one) - abs(other)


def same(value: Any) -> Any:
    return value


def falling(one: float, other: float) -> float:
    return other - one


def size(value: float) -> float:
    return abs(value)


async def test_the_result_comes_at_the_end() -> None:
    source = cold("                        -1-3-2-|")
    await expect(source.pipe(ops.max())).to_be("-------(3|)")
    source.expect_subscriptions("          ^------!")
    await expect(source.pipe(ops.min())).to_be("-------(1|)")
    values = {"A": ["3"], "B": ["1"]}
    await expect(source.pipe(ops.max_by(int))).to_be("-------(A|)", values)
    await expect(source.pipe(ops.min_by(int))).to_be("-------(B|)", values)


@ONE
async def test_an_empty_source_has_neither(operator: Any) -> None:
    error = SequenceContainsNoElementsError
    none: Stream[Any] = cold("--|").pipe(operator())
    await expect(none).to_be("--#", error=error)
    with pytest.raises(error, match=f"{operator.__name__} of no events"):
        await Stream.empty().pipe(operator())


@BOTH_BY
async def test_an_empty_source_gives_an_empty_list(operator: Any) -> None:
    none: Stream[Any] = cold("--|").pipe(operator(size))
    await expect(none).to_be("--(E|)", {"E": []})


@given(st.lists(st.integers(-4, 4), min_size=1))
async def test_they_are_those_of_the_builtins(numbers: list[int]) -> None:
    source: Stream[int] = Stream.from_iterable(numbers)
    assert await source.pipe(ops.max()) == builtins.max(numbers)
    assert await source.pipe(ops.min()) == builtins.min(numbers)
    assert await source.pipe(ops.max(by_size)) == builtins.max(numbers, key=abs)
    assert await source.pipe(ops.min(by_size)) == builtins.min(numbers, key=abs)


@given(st.lists(st.integers(-4, 4)))
async def test_the_lists_are_those_of_reactivex(numbers: list[int]) -> None:
    source: Stream[int] = Stream.from_iterable(numbers)
    pairs: Any = ((ops.max_by, rx.max_by), (ops.min_by, rx.min_by))
    for comparer in (None, falling):
        for ours, theirs in pairs:
            expected: Any = await source.pipe(theirs(size, comparer))
            assert await source.pipe(ours(size, comparer)) == expected


@ONE
async def test_of_equal_ones_it_is_the_first(operator: Any) -> None:
    first: Any = await Stream.of(1.0, 1, True).pipe(operator())
    assert repr(first) == "1.0"
    assert await Stream.of(-1, 1).pipe(operator(by_size)) == -1


async def test_what_has_an_order_need_not_be_a_number() -> None:
    words = Stream.of("b", "a", "c")
    assert (await words.pipe(ops.max()), await words.pipe(ops.min())) == ("c", "a")
    days = [datetime(2026, 1, day, tzinfo=UTC) for day in (2, 3, 1)]
    assert await Stream.from_iterable(days).pipe(ops.max()) == days[1]
    pairs = Stream.of(("a", 2), ("b", 1), ("b", 2))
    assert await pairs.pipe(ops.max_by(itemgetter(0))) == [("b", 1), ("b", 2)]
    assert await pairs.pipe(ops.min_by(itemgetter(1))) == [("b", 1)]


async def test_what_cannot_be_compared_ends_the_stream() -> None:
    mixed: Stream[Any] = Stream.of(1, "a")
    operators: list[Any] = [ops.max(), ops.min(), ops.max_by(same), ops.min_by(same)]
    for operator in operators:
        with pytest.raises(TypeError, match="not supported between"):
            await mixed.pipe(operator)


async def test_a_number_that_is_none_wins_only_as_the_first() -> None:
    nan = float("nan")
    assert await Stream.of(1.0, nan, 2.0).pipe(ops.max()) == 2.0
    assert await Stream.of(1.0, nan, 1.0).pipe(ops.max_by(size)) == [1.0, 1.0]


async def test_no_event_but_the_best_is_kept() -> None:
    alive = most = 0

    class Event:
        def __init__(self, number: int) -> None:
            nonlocal alive, most
            self.hundreds = number // 100
            alive += 1
            most = builtins.max(most, alive)

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def compare(one: Event, other: Event) -> int:
        return one.hundreds - other.hundreds

    events = Stream.from_iterable(range(1000)).pipe(ops.map(Event))
    await events.pipe(ops.max(compare))
    await events.pipe(ops.min(compare))
    assert most <= 5
    assert len(await events.pipe(ops.max_by(attrgetter("hundreds")))) == 100
    assert most <= 105


@BOTH_BY
async def test_each_subscription_has_a_list_of_its_own(operator: Any) -> None:
    stream: Stream[list[int]] = Stream.of(1, 1).pipe(operator(size))
    first = await stream
    first.append(9)
    assert await stream == [1, 1]


async def test_the_fluent_methods_are_these() -> None:
    words = Stream.of("b", "a")
    assert (await words.max(), await words.min()) == ("b", "a")
    assert (await words.max_by(str.lower), await words.min_by(str.lower)) == (["b"], ["a"])


def test_async_functions_are_refused_at_the_call() -> None:
    async def function(*_: Any) -> int:
        return 1

    one: list[Any] = [ops.max, ops.min]
    lists: list[Any] = [ops.max_by, ops.min_by]
    for operator in one:
        with pytest.raises(AsyncCallbackError, match="comparer is the async function"):
            operator(function)
    for operator in lists:
        with pytest.raises(AsyncCallbackError, match="key_mapper is the async function"):
            operator(function)
        with pytest.raises(AsyncCallbackError, match="comparer is the async function"):
            operator(size, function)
