"""Sources that run freely, and the operators that meet a slow consumer."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import pytest
from reactivex.subject import Subject

from rxagents import RxAgentsError, Stream
from rxagents import operators as ops

Operator = Callable[[Any], Any]


class Ticks:
    """Emits 0, 1, 2 ... one a second from the first second on, and notes how it was left."""

    def __init__(self, end: int, *, error: Exception | None = None) -> None:
        self.end = end
        self.error = error
        self.emitted = 0
        self.closed_at: float | None = None
        self.stream = Stream.from_async_iterable(self.read)

    async def read(self) -> AsyncIterator[int]:
        try:
            for number in range(self.end):
                await asyncio.sleep(1)
                self.emitted += 1
                yield number
            if self.error is not None:
                raise self.error
        finally:
            self.closed_at = asyncio.get_running_loop().time()


async def read_slowly(
    source: Stream[Any], operator: Operator, *, pause: float = 3.5, high: int = 1
) -> list[Any]:
    """What a consumer gets that takes `pause` seconds for each event; the error at the end."""
    out: list[Any] = []
    try:
        async for value in source.pipe(operator).iterate(high=high):
            out.append(value)
            await asyncio.sleep(pause)
    except Exception as error:
        out.append(error)
    return out


def merge(one: str, other: str) -> str:
    return one + other


OPERATORS: dict[str, Callable[[], Operator]] = {
    "buffer": lambda: ops.on_backpressure_buffer(3),
    "drop": lambda: ops.on_backpressure_drop(),
    "latest": lambda: ops.on_backpressure_latest(),
    "error": lambda: ops.on_backpressure_error(),
    "conflate": lambda: ops.conflate(lambda one, _: one),
}


# The consumer takes an event at 1, 4.5, 8 ... seconds, and is ready again when it has taken it.


async def test_buffer_keeps_what_comes_meanwhile() -> None:
    source = Ticks(6)
    out = await read_slowly(source.stream, ops.on_backpressure_buffer(9))
    assert out == [0, 1, 2, 3, 4, 5]
    assert source.closed_at == 6.0, "it was not held back"


async def test_buffer_that_is_full_fails_after_what_it_has_kept() -> None:
    source = Ticks(100)
    out = await read_slowly(source.stream, ops.on_backpressure_buffer(2))
    # 1 is in the consumer's hands, 2 and 3 wait at 4.0; at 4.5 it takes 1, at 6.0 there are 3.
    *values, error = out
    assert values == list(range(len(values)))
    assert isinstance(error, ops.BackpressureOverflowError)
    assert error.capacity == 2
    assert source.closed_at == source.emitted == len(values) + 1
    assert str(error) == (
        "an event has come and the consumer is not ready, and 2 events wait for it already: "
        "read faster, let on_backpressure_buffer() keep more than 2 events, or choose what to drop"
    )


async def test_buffer_drops_the_oldest_or_the_latest() -> None:
    oldest = await read_slowly(Ticks(10).stream, ops.on_backpressure_buffer(2, "drop_oldest"))
    latest = await read_slowly(Ticks(10).stream, ops.on_backpressure_buffer(2, "drop_latest"))
    assert oldest == [0, 1, 2, 5, 8, 9]
    assert latest == [0, 1, 2, 3, 4, 7]


async def test_drop_loses_what_comes_meanwhile_and_says_so() -> None:
    dropped: list[int] = []
    out = await read_slowly(Ticks(8).stream, ops.on_backpressure_drop(dropped.append))
    assert out == [0, 1, 4, 7]
    assert dropped == [2, 3, 5, 6]


async def test_latest_keeps_the_last_event_to_the_end() -> None:
    source = Ticks(12)
    assert await read_slowly(source.stream, ops.on_backpressure_latest()) == [0, 1, 3, 6, 10, 11]
    assert source.closed_at == 12.0


async def test_error_fails_at_the_first_event_that_is_not_wanted() -> None:
    source = Ticks(12)
    *values, error = await read_slowly(source.stream, ops.on_backpressure_error())
    assert values == [0, 1]
    assert isinstance(error, ops.BackpressureOverflowError)
    assert isinstance(error, RxAgentsError)
    assert source.closed_at == 3.0
    assert str(copy.copy(error)) == str(error)
    assert str(error).startswith("an event has come and the consumer is not ready: read faster")


async def test_conflate_merges_and_loses_nothing() -> None:
    source = Ticks(9)
    letters = source.stream.pipe(ops.map(str))
    out = await read_slowly(letters, ops.conflate(merge))
    assert out == ["0", "1", "23", "456", "78"]
    assert source.closed_at == 9.0


@pytest.mark.parametrize("name", OPERATORS)
async def test_callbacks_set_no_pace(name: str) -> None:
    operator = OPERATORS[name]()
    stream = Ticks(5).stream.pipe(operator)
    for _ in range(2):  # and a second subscription knows nothing of the first
        out: list[Any] = []
        stream.subscribe(out.append, out.append, partial(out.append, "|"))
        await asyncio.sleep(10)
        assert out == [0, 1, 2, 3, 4, "|"]


@pytest.mark.parametrize("name", OPERATORS)
async def test_an_empty_source_and_a_failing_one(name: str) -> None:
    assert await read_slowly(Stream.empty(), OPERATORS[name]()) == []
    error = OSError("cut")
    out = await read_slowly(Ticks(2, error=error).stream, OPERATORS[name]())
    assert out == [0, 1, error], "what was emitted comes before the error"


@pytest.mark.parametrize("name", OPERATORS)
async def test_leaving_closes_the_source_and_waits_for_it(name: str) -> None:
    closed: list[bool] = []

    async def read() -> AsyncIterator[int]:
        try:
            for number in range(100):
                yield number
                await asyncio.sleep(5)
        finally:
            await asyncio.sleep(5)
            closed.append(True)

    stream = Stream.from_async_iterable(read).pipe(OPERATORS[name]())
    async with stream.iterate() as values:
        assert await anext(values) == 0
    assert closed == [True]
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("name", ["drop", "conflate"])
async def test_a_function_that_raises_ends_the_stream(name: str) -> None:
    def fail(*_: object) -> Any:
        raise KeyError("mine")

    source = Ticks(100)
    operator = ops.on_backpressure_drop(fail) if name == "drop" else ops.conflate(fail)
    out = await read_slowly(source.stream, operator)
    assert isinstance(out[-1], KeyError)
    assert out[:-1] == ([0, 1] if name == "drop" else [0, 1, 2])
    assert source.closed_at == source.emitted


@pytest.mark.parametrize("name", OPERATORS)
async def test_the_consumers_own_buffer_stays_bounded(name: str) -> None:
    source: Subject[int] = Subject()
    iterator = Stream.from_observable(source).pipe(OPERATORS[name]()).iterate(high=8)
    async with iterator:
        for number in range(1000):
            source.on_next(number)
        assert iterator.demand.peak == 8
        assert [await anext(iterator) for _ in range(8)] == list(range(8))


async def test_operators_after_it_find_the_consumers_credit() -> None:
    source = Ticks(40)
    work = 0

    async def slow(number: int) -> int:
        nonlocal work
        work += 1
        await asyncio.sleep(4)
        return number

    chain = source.stream.pipe(ops.on_backpressure_latest(), ops.map_async(slow))
    out = [number async for number in chain]
    assert out == [0, *range(3, 40, 4)]
    assert work == len(out)


@pytest.mark.parametrize("name", OPERATORS)
async def test_a_source_that_follows_it_is_held_back_again(name: str) -> None:
    chain = Ticks(3).stream.pipe(OPERATORS[name](), ops.concat(Stream.from_iterable(range(500))))
    async with chain.iterate(high=8) as iterator:
        await asyncio.sleep(100)
        assert iterator.demand.peak == 8
        out = [number async for number in iterator]
    assert out == [0, 1, 2, *range(500)]


async def test_a_callback_that_feeds_the_source_keeps_the_order() -> None:
    source: Subject[int] = Subject()
    out: list[int] = []

    def note(number: int) -> None:
        if number < 3:
            source.on_next(number + 1)
            source.on_next(number + 10)
        out.append(number)

    Stream.from_observable(source).pipe(ops.on_backpressure_drop()).subscribe(note)
    source.on_next(2)
    assert out == [2, 3, 12]


def test_impossible_options_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="capacity must be 1 event or more, not 0"):
        ops.on_backpressure_buffer(0)
    with pytest.raises(ValueError, match="on_overflow must be .* not 'suspend'"):
        ops.on_backpressure_buffer(1, "suspend")  # type: ignore[arg-type]
