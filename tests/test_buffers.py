"""Events in lists."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import reactivex
from hypothesis import given
from hypothesis import strategies as st

from rxagents import Stream
from rxagents import operators as ops
from rxagents.testing import cold, expect

A = {"x": ["a", "b"], "y": ["c"], "z": ["c", "d"], "w": ["b", "c"], "u": ["d"], "v": ["a"]}


class Numbers:
    """Counts how many were emitted."""

    def __init__(self, end: int) -> None:
        self.end = end
        self.emitted = 0
        self.stream = Stream.from_async_iterable(self.read)

    async def read(self) -> AsyncIterator[int]:
        for number in range(self.end):
            self.emitted += 1
            yield number


async def test_buffer_with_count() -> None:
    source = cold("                                            -a-b-c|")
    await expect(source.pipe(ops.buffer_with_count(2))).to_be("---x--(y|)", A)
    source.expect_subscriptions("                              ^-----!")


async def test_buffer_with_count_emits_the_rest_before_an_error() -> None:
    await expect(cold("-a-b-c#").pipe(ops.buffer_with_count(2))).to_be("---x--(y#)", A)
    await expect(cold("---|").pipe(ops.buffer_with_count(2))).to_be("---|")
    source = cold("                                           -a-b-c")
    chain = source.pipe(ops.buffer_with_count(2))
    await expect(chain).to_be("                               ---x-", A, unsubscribe="-----!")
    source.expect_subscriptions("                             ^----!")


@given(events=st.lists(st.integers()), count=st.integers(1, 5), skip=st.none() | st.integers(1, 7))
def test_buffer_with_count_makes_the_lists_that_reactivex_makes(
    events: list[int], count: int, skip: int | None
) -> None:
    ours: list[Any] = []
    theirs: list[Any] = []
    reactivex.from_iterable(events).pipe(ops.buffer_with_count(count, skip)).subscribe(ours.append)
    stock = reactivex.operators.buffer_with_count(count, skip)
    reactivex.from_iterable(events).pipe(stock).subscribe(theirs.append)
    assert ours == theirs


async def test_buffer_time_or_count_starts_its_clock_with_the_first_event() -> None:
    source = cold("         -----a-b-----c|")
    chain = source.pipe(ops.buffer_time_or_count(3, 10))
    await expect(chain).to_be("--------x-----(y|)", A)
    source.expect_subscriptions("^-------------!")


async def test_buffer_time_or_count_emits_a_full_list_at_once() -> None:
    chain = cold("            -abc-d|").pipe(ops.buffer_time_or_count(3, 2))
    await expect(chain).to_be("--x--z|", A)


async def test_buffer_time_or_count_emits_the_rest_before_an_error_and_stops_when_left() -> None:
    chain = cold("            -ab#").pipe(ops.buffer_time_or_count(30, 10))
    await expect(chain).to_be("---(x#)", A)
    source = cold("           -ab---")
    chain = source.pipe(ops.buffer_time_or_count(3, 10))
    await expect(chain).to_be("---", unsubscribe="---!")
    source.expect_subscriptions("^--!")


async def test_buffer_with_time_keeps_to_its_spans_and_leaves_out_the_empty_ones() -> None:
    source = cold("                                          -a-b---------c|")
    await expect(source.pipe(ops.buffer_with_time(4))).to_be("----x---------(y|)", A)
    source.expect_subscriptions("                            ^-------------!")


async def test_buffer_with_time_emits_the_rest_before_an_error() -> None:
    await expect(cold("-ab#").pipe(ops.buffer_with_time(30))).to_be("---(x#)", A)


async def test_buffer_with_time_and_a_shorter_shift_makes_lists_that_overlap() -> None:
    source = cold("                                             -a-b-c|")
    await expect(source.pipe(ops.buffer_with_time(4, 2))).to_be("----x-(w1|)", A | {"1": ["c"]})
    source.expect_subscriptions("                               ^-----!")


async def test_buffer_with_time_and_a_longer_shift_drops_what_comes_between_the_lists() -> None:
    chain = cold("            -a-b--c------d|").pipe(ops.buffer_with_time(2, 6))
    values = A | {"1": ["a"], "2": ["d"]}
    await expect(chain).to_be("--1-----y-----(2|)", values)


async def test_buffer_with_time_and_another_shift_emits_the_rest_before_an_error() -> None:
    await expect(cold("-ab#").pipe(ops.buffer_with_time(30, 20))).to_be("---(x#)", A)
    await expect(cold("-ab#").pipe(ops.buffer_with_time(20, 30))).to_be("---(x#)", A)
    await expect(cold("-----|").pipe(ops.buffer_with_time(2, 1))).to_be("-----|")
    source = cold("                                         -ab---")
    chain = source.pipe(ops.buffer_with_time(30, 20))
    await expect(chain).to_be("                             ---", unsubscribe="---!")
    source.expect_subscriptions("                           ^--!")
    loop: Any = asyncio.get_running_loop()
    assert [timer for timer in loop._scheduled if not timer.cancelled()] == []


@given(
    pauses=st.lists(st.sampled_from([0.25, 0.5, 1.0, 2.5]), max_size=20),
    span=st.sampled_from([0.7, 1.1, 3.1]),
    shift=st.sampled_from([0.6, 1.2, 3.3]),
)
def test_shifted_lists_have_what_comes_in_their_time(
    pauses: list[float], span: float, shift: float
) -> None:
    times = [sum(pauses[: number + 1]) for number in range(len(pauses))]

    async def read() -> AsyncIterator[float]:
        for time, pause in zip(times, pauses, strict=True):
            await asyncio.sleep(pause)
            yield time

    from rxagents.testing.virtual_time import run

    spans = [number * shift for number in range(200)]
    expected = [[t for t in times if begin <= t + 1e-6 < begin + span] for begin in spans]
    lists = run(_listed(Stream.from_async_iterable(read).pipe(ops.buffer_with_time(span, shift))))
    assert lists == [each for each in expected if each]


async def test_a_source_is_held_back_while_4096_events_are_in_shifted_lists() -> None:
    numbers = Numbers(20_000)
    lists: list[list[int]] = []
    async with numbers.stream.pipe(ops.buffer_with_time(4, 3)).iterate(high=1) as each:
        async for one in each:
            lists.append(one)
            assert numbers.emitted <= 4096 * (len(lists) + 1)
            await asyncio.sleep(7)
    assert sorted({number for one in lists for number in one}) == list(range(20_000))


@pytest.mark.parametrize(
    "operator",
    [
        lambda: ops.buffer_time_or_count(1, 10),
        lambda: ops.buffer_with_time_or_count(1, 10),
        lambda: ops.buffer_with_count(10),
    ],
)
async def test_a_slow_consumer_holds_back_the_source(operator: Callable[[], Any]) -> None:
    numbers = Numbers(5_000)
    taken: list[int] = []
    async with numbers.stream.pipe(operator()).iterate(high=4) as lists:
        async for each in lists:
            taken += each
            assert len(each) <= 10
            await asyncio.sleep(0.1)
            assert numbers.emitted - len(taken) <= 6 * 10
    assert taken == list(range(5_000)), "nothing is lost"


async def test_a_list_that_only_time_ends_is_bounded() -> None:
    numbers = Numbers(20_000)
    first = await numbers.stream.pipe(ops.buffer_with_time(60)).first()
    assert len(first) == 4096


@given(pauses=st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.5]), max_size=20))
def test_timed_lists_lose_nothing(pauses: list[float]) -> None:
    async def read() -> AsyncIterator[int]:
        for number, pause in enumerate(pauses):
            await asyncio.sleep(pause)
            yield number

    from rxagents.testing.virtual_time import run

    for operator in (ops.buffer_with_time(1.0), ops.buffer_time_or_count(1.0, 3)):
        lists = run(_listed(Stream.from_async_iterable(read).pipe(operator)))
        assert [number for each in lists for number in each] == list(range(len(pauses)))
        assert all(lists)


async def _listed(stream: Stream[Any]) -> list[Any]:
    return [event async for event in stream]


def test_wrong_arguments_are_refused_at_the_call() -> None:
    refused: list[tuple[Callable[[], Any], str]] = [
        (lambda: ops.buffer_with_count(0), "count must be 1 event or more, not 0"),
        (lambda: ops.buffer_with_count(1, 0), "skip must be 1 event or more, not 0"),
        (lambda: ops.buffer_time_or_count(0, 1), "seconds must be more than 0 seconds and finite"),
        (lambda: ops.buffer_time_or_count(1, 0), "count must be 1 event or more, not 0"),
        (lambda: ops.buffer_with_time(-1), "timespan must be more than 0 seconds and finite"),
        (lambda: ops.buffer_with_time(1, 0), "timeshift must be more than 0 seconds and finite"),
    ]
    for call, message in refused:
        with pytest.raises(ValueError, match=message):
            call()
