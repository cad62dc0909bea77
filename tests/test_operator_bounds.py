"""What every operator does with a slow consumer is what its class says.

A source of thousands of events that never waits, but for its consumer's credit, stands before it,
and behind it a consumer who pauses after each of the first events.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from operator_rows import ROWS, Row, class_of, functions, rows
from operator_rows.fast import Fast, Taken

from rxagents import Stream
from rxagents.stream.demand import Demand, demand_in_force

A_WHILE = 60.0  # virtual seconds: in it, everything happens that does not wait for the consumer
SLOWLY = 12  # pauses of so long
FEW = 300  # events of which none may be lost, or twice what an operator may have of them


class Other:
    """An event of a stream that is given to an operator."""


def fast_stream(row: Row, fast: Fast, *functions: Callable[..., Any]) -> Stream[Any]:
    """The row's operator behind a fast source, with others besides."""
    others = [Fast(lambda _: Other(), 500).stream for _ in row.others]
    operator = (row.fast or row.make)(*(functions or row.functions), *others)
    return Stream.from_observable(operator(fast.stream))


@rows(lambda row: class_of(row) != "unbounded")
async def test_a_slow_consumer_bounds_what_lies_in_between(row: Row) -> None:
    fast = Fast(row.event, row.count)
    await read(row, fast, to_the_end=False)
    if row.free or (class_of(row) == "conflating" and not row.held_back):
        assert fast.kept <= row.bound(row.high)
    else:
        assert fast.lead <= row.bound(row.high)


@rows(lambda row: class_of(row) == "lossless")
async def test_a_slow_consumer_loses_nothing(row: Row) -> None:
    count = min(row.count, max(FEW, 2 * row.bound(row.high)))
    fast = Fast(row.event, count)
    taken = await read(row, fast, to_the_end=True)
    assert taken.numbers == await unpaced(row, Fast(row.event, count))


def test_every_row_says_why_its_bound_is_not_the_consumers_credit() -> None:
    assert [str(row) for row in ROWS if row.bound(8) != 8 and not (row.why or row.free)] == []


async def read(row: Row, fast: Fast, *, to_the_end: bool) -> Taken:
    """What a consumer takes who pauses after each of the first events."""
    taken = Taken(row.reads)
    pauses = 0
    async with fast_stream(row, fast).iterate(high=row.high) as events:
        async for event in events:
            taken.add(event)
            del event  # it would count as kept
            fast.seen = taken.newest + 1
            if pauses < SLOWLY:
                pauses += 1
                await asyncio.sleep(A_WHILE)
            elif not to_the_end:
                break
    taken.finish()
    return taken


async def unpaced(row: Row, fast: Fast) -> list[int]:
    """What comes to a subscriber who sets no pace."""
    taken = Taken(row.reads)
    over = asyncio.Event()

    def end(_: Exception | None = None) -> None:
        over.set()

    fast_stream(row, fast).subscribe(taken.add, end, end)
    await over.wait()
    taken.finish()
    return taken.numbers


class Raising:
    """A function of a row, which raises when it is called for the third time."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.error = LookupError("the function's own")
        self.calls = 0
        self._function = function

    def __call__(self, *args: Any) -> Any:
        self.calls += 1
        if self.calls == 3:
            raise self.error
        return self._function(*args)


@functions(lambda row: len(row.lasts) <= 1)
async def test_what_a_function_raises_leaves_the_source_before_a_slow_consumer_is_told(
    row: Row, number: int
) -> None:
    fast = Fast(row.event, row.count)
    raising = Raising(row.functions[number])
    given: list[Any] = [*row.functions[:number], raising, *row.functions[number + 1 :]]
    told: list[Any] = []
    async with fast_stream(row, fast, *given).iterate(high=row.high) as events:
        while not told and raising.calls < 10 * FEW:
            await asyncio.sleep(A_WHILE)
            if raising.calls >= 3:
                assert fast.left
                assert fast.emitted < row.count
            try:
                async with asyncio.timeout(A_WHILE):
                    await anext(events)
            except Exception as error:
                told.append(error)
    if "test_operator_bounds.py" in row.not_called:
        assert raising.calls == 3
    if raising.calls >= 3:
        assert told == [raising.error]


@rows(lambda row: class_of(row) == "unbounded")
async def test_what_an_unbounded_one_keeps_grows_with_its_source(row: Row) -> None:
    assert row.why, "say in the row what grows"
    fast = Fast(row.event, row.count)
    told: list[Any] = []

    def keep_the_last(event: Any) -> None:
        told[:] = [event]

    subscription = fast_stream(row, fast).subscribe(keep_the_last)
    await asyncio.sleep(A_WHILE)
    assert row.grows(told[0]) if row.grows else fast.kept >= row.count // 2
    subscription.dispose()


@rows(lambda row: row.inside)
async def test_what_it_subscribes_to_is_held_back_too(row: Row) -> None:
    assert row.inside is not None
    fast = Fast(row.event, 1000)
    credits: list[Demand | None] = []

    def watched() -> Stream[Any]:
        credits.append(demand_in_force())
        return fast.stream

    taken = Taken(row.reads)
    async with row.inside(Stream.defer(watched)).iterate(high=row.high) as events:
        for _ in range(SLOWLY):
            with suppress(TimeoutError):
                async with asyncio.timeout(A_WHILE):
                    taken.add(await anext(events, None))
            fast.seen = taken.newest + 1
            await asyncio.sleep(A_WHILE)
        assert credits
        assert all(credits)
        bound = row.inside_bound(row.high)
        if row.inside_free:
            assert fast.kept <= bound
        else:
            assert fast.emitted > 0
            assert fast.lead <= bound


def test_every_row_with_other_streams_shows_that_it_holds_them_back() -> None:
    assert [str(row) for row in ROWS if row.others and row.inside is None] == []
