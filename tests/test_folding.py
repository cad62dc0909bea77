"""All events in one value: scan and reduce."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reactivex.internal.exceptions import SequenceContainsNoElementsError
from reactivex.subject import Subject

from rxagents import Stream
from rxagents import operators as ops
from rxagents.exceptions import AsyncCallbackError
from rxagents.testing import cold, expect

BOTH = pytest.mark.parametrize("operator", [ops.scan, ops.reduce])


def add(total: Any, value: Any) -> Any:
    return total + value


def append(seen: list[Any], value: Any) -> list[Any]:
    """A function that changes what it is given."""
    seen.append(value)
    return seen


def pair(before: Any, value: Any) -> Any:
    return (before, value)


async def outcome(stream: Stream[Any]) -> list[Any]:
    """What comes, lists as they were then, and the error if one does."""
    out: list[Any] = []
    try:
        async for value in stream:
            out.append(list(value) if isinstance(value, list) else value)
    except Exception as error:
        out.append(type(error))
    return out


# --- what comes -----------------------------------------------------------------------------


async def test_scan_emits_at_each_event_and_reduce_at_the_end() -> None:
    values = {"a": 1, "b": 2, "c": 3, "x": 11, "y": 13, "z": 16, "3": 3, "6": 6}
    source = cold("-a-b-c-|", values)
    seeded = "     -x-y-z-|"
    plain = "      -a-3-6-|"
    whole = "      -------(z|)"
    lasted = "     ^------!"
    await expect(source.pipe(ops.scan(add, 10))).to_be(seeded, values)
    source.expect_subscriptions(lasted)
    await expect(source.pipe(ops.scan(add))).to_be(plain, values)
    await expect(source.pipe(ops.scan(add, initial=lambda: 10))).to_be(seeded, values)
    await expect(source.pipe(ops.reduce(add, 10))).to_be(whole, values)
    await expect(source.pipe(ops.reduce(add))).to_be("-------(6|)", values)


async def test_an_empty_source_gives_reduce_the_seed_alone() -> None:
    await expect(cold("--|").pipe(ops.scan(add, "s"))).to_be("--|")
    await expect(cold("--|").pipe(ops.scan(add))).to_be("--|")
    await expect(cold("--|").pipe(ops.reduce(add, "s"))).to_be("--(s|)")
    await expect(cold("--|").pipe(ops.reduce(add, initial=lambda: "s"))).to_be("--(s|)")
    error = SequenceContainsNoElementsError
    await expect(cold("--|").pipe(ops.reduce(add))).to_be("--#", error=error)


async def test_none_and_other_empty_values_are_values() -> None:
    nothing: Stream[Any] = Stream.of(None, 0, None)
    none: Stream[Any] = Stream.of(None)
    assert await nothing.pipe(ops.scan(lambda _, x: x, None), ops.to_list()) == [None, 0, None]
    assert await nothing.pipe(ops.scan(pair), ops.to_list()) == [
        None,
        (None, 0),
        ((None, 0), None),
    ]
    assert await none.pipe(ops.reduce(add), ops.to_list()) == [None]


@BOTH
async def test_an_error_of_the_source_passes(operator: Any) -> None:
    shown = "-a-#" if operator is ops.scan else "---#"
    await expect(cold("-a-#").pipe(operator(lambda _, x: x, ""))).to_be(shown)


@BOTH
async def test_a_function_that_raises_leaves_the_source(operator: Any) -> None:
    source = cold("-1-x-2-|")
    lasted = "     ^--!"
    shown = "      -1-#" if operator is ops.scan else "---#"
    stream = source.pipe(operator(lambda _, x: str(int(x)), ""))
    await expect(stream).to_be(shown, error=ValueError)
    source.expect_subscriptions(lasted)

    def fail() -> int:
        raise KeyError("no seed")

    assert await outcome(cold("-1-|").pipe(operator(add, initial=fail))) == [KeyError]


@BOTH
async def test_leaving_leaves_the_source(operator: Any) -> None:
    source: Subject[int] = Subject()
    subscription = Stream.from_observable(source).pipe(operator(add, 0)).subscribe()
    assert source.observers
    subscription.dispose()
    assert not source.observers


@given(st.lists(st.text(max_size=3)), st.text(max_size=3))
def test_as_itertools_does(texts: list[str], seed: str) -> None:
    scanned: list[str] = []
    reduced: list[str] = []
    Stream.of(*texts).pipe(ops.scan(add, seed)).subscribe(scanned.append)
    Stream.of(*texts).pipe(ops.reduce(add, seed)).subscribe(reduced.append)
    assert scanned == list(accumulate(texts, initial=seed))[1:]
    assert reduced == [seed + "".join(texts)]


# --- the seed -------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("given_as", ["seed", "initial"])
async def test_each_subscription_has_a_seed_of_its_own(operator: Any, given_as: str) -> None:
    seed: list[int] = []
    keywords: dict[str, Any] = {"seed": seed} if given_as == "seed" else {"initial": list}
    stream = Stream.of(1, 2).pipe(operator(append, **keywords))
    one, two = await outcome(stream), await outcome(stream)
    assert one == two
    assert one[-1] == [1, 2]
    assert seed == []


async def test_the_seed_is_what_it_was_at_the_call_and_so_is_what_is_in_it() -> None:
    seed: dict[str, list[int]] = {"seen": []}

    def note(state: dict[str, list[int]], value: int) -> dict[str, list[int]]:
        state["seen"].append(value)
        return state

    stream = Stream.of(1).pipe(ops.reduce(note, seed))
    seed["seen"].append(99)
    assert await stream == {"seen": [1]}
    assert await stream == {"seen": [1]}


@BOTH
def test_a_seed_that_cannot_be_copied_is_refused_at_once(operator: Any) -> None:
    with pytest.raises(TypeError, match=r"cannot be copied .*initial=lambda: \.\.\."):
        operator(add, threading.Lock())


@BOTH
def test_what_cannot_be_is_refused_at_once(operator: Any) -> None:
    async def later(total: int, value: int) -> int:
        return total + value

    async def seed() -> int:
        return 0

    with pytest.raises(TypeError, match=f"{operator.__name__} takes a seed or initial=, not both"):
        operator(add, 0, initial=lambda: 0)
    with pytest.raises(AsyncCallbackError, match="accumulator is the async function"):
        operator(later, 0)
    with pytest.raises(AsyncCallbackError, match="initial is the async function"):
        operator(add, initial=seed)


async def test_a_counter_as_seed() -> None:
    def count(counter: Counter[str], letter: str) -> Counter[str]:
        counter[letter] += 1
        return counter

    empty: Callable[[], Counter[str]] = Counter
    assert await Stream.of(*"abab").pipe(ops.reduce(count, initial=empty)) == {"a": 2, "b": 2}


async def test_a_slow_consumer_holds_back_the_source() -> None:
    emitted = taken = 0

    async def read() -> AsyncIterator[int]:
        nonlocal emitted
        for number in range(500):
            emitted += 1
            yield number

    iterator = Stream.from_async_iterable(read).pipe(ops.scan(add, 0)).iterate(high=8)
    async for _ in iterator:
        taken += 1
        assert emitted - taken <= 8
    assert taken == 500
