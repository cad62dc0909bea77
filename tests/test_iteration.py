"""`async for` over a stream: bounded, lossless, cancelling."""

# mypy: disable-error-code="operator"
# It infers no type for the parameter of a lambda that is given to an operator.

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import pytest
import reactivex
from reactivex import compose

from rxagents import Stream, UserError
from rxagents import operators as ops
from rxagents.stream import Demand, ReplayLog


class Source:
    """Counts what it emits, and notices when it is left."""

    def __init__(self, count: int = 10**9, *, every: float = 0.0, cleanup: float = 0.0) -> None:
        self.count = count
        self.every = every
        self.cleanup = cleanup
        self.emitted = 0
        self.left = 0
        self.stream = Stream.from_async_iterable(self.read)

    async def read(self) -> AsyncIterator[int]:
        try:
            for number in range(self.count):
                if self.every:
                    await asyncio.sleep(self.every)
                self.emitted += 1
                yield number
        finally:
            if self.cleanup:
                await asyncio.sleep(self.cleanup)
            self.left += 1


async def no_task_is_left() -> bool:
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return asyncio.all_tasks() == {asyncio.current_task()}


# --- bounded and lossless -------------------------------------------------------------------


async def test_a_million_events_never_pile_up_before_a_slow_reader() -> None:
    count = 1_000_000
    source = Source(count)
    events = source.stream.pipe(
        ops.map(lambda x: x + 1), ops.filter(lambda x: True), ops.map(lambda x: x - 1)
    ).iterate()
    taken = 0
    most_ahead = 0
    async for value in events:
        assert value == taken
        taken += 1
        if source.emitted - taken > most_ahead:
            most_ahead = source.emitted - taken
        if taken % 200 == 0:
            await asyncio.sleep(0.001)
    assert taken == source.emitted == count
    assert events.demand.peak <= 64
    assert most_ahead <= 64


@pytest.mark.parametrize(("high", "low"), [(1, 0), (2, None), (7, 6), (64, 0)])
async def test_the_high_water_mark_is_never_passed(high: int, low: int | None) -> None:
    source = Source(1000)
    taken = 0
    async for value in source.stream.iterate(high=high, low=low):
        assert value == taken
        taken += 1
        assert source.emitted - taken <= high
        if taken % 10 == 0:
            await asyncio.sleep(1)
    assert taken == 1000


@pytest.mark.parametrize(("high", "low"), [(0, None), (-1, None), (4, 4), (4, -1)])
def test_impossible_water_marks_are_refused(high: int, low: int | None) -> None:
    with pytest.raises(ValueError, match=r"must be"):
        Demand(high, low)


async def test_a_source_waits_from_the_start_where_there_is_no_reader() -> None:
    source = Source()
    async with source.stream.iterate(high=4) as events:
        await asyncio.sleep(100)
        assert source.emitted == 4
        assert [await anext(events) for _ in range(3)] == [0, 1, 2]
        await asyncio.sleep(100)
        assert source.emitted == 7, "one is left of the first 4, and it was filled up again"


# --- leaving --------------------------------------------------------------------------------


async def test_break_stops_the_source() -> None:
    source = Source(every=1.0)
    async for value in source.stream:
        if value == 3:
            break
    assert await no_task_is_left()
    assert source.left == 1
    await asyncio.sleep(100)
    assert source.emitted == 4


async def test_an_exception_in_the_loops_body_stops_the_source() -> None:
    source = Source(every=1.0)
    with pytest.raises(KeyError):
        async for value in source.stream:
            if value == 3:
                raise KeyError(value)
    assert await no_task_is_left()
    assert source.left == 1


async def test_cancelling_the_reading_task_stops_the_source() -> None:
    source = Source(every=1.0)

    async def read() -> None:
        async for _ in source.stream:
            await asyncio.sleep(0)

    task = asyncio.create_task(read())
    await asyncio.sleep(3.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await no_task_is_left()
    assert source.left == 1


async def test_a_timeout_stops_the_source_while_its_error_is_still_handled() -> None:
    source = Source(every=1.0)
    try:
        async with asyncio.timeout(3.5):
            async for _ in source.stream:
                await asyncio.sleep(0)
    except TimeoutError as error:
        # The traceback that `error` holds must not hold the subscription.
        assert error is not None
        assert await no_task_is_left()
        assert source.left == 1


async def test_an_anyio_scope_stops_the_source() -> None:
    source = Source(every=1.0)
    with anyio.move_on_after(3.5):
        async for _ in source.stream:
            await asyncio.sleep(0)
    assert await no_task_is_left()
    assert source.left == 1


@pytest.mark.parametrize("leave", ["break", "error", "timeout", "cancel scope"])
async def test_an_iterate_block_waits_until_the_source_is_closed(leave: str) -> None:
    source = Source(every=1.0, cleanup=5.0)

    async def read() -> None:
        async with source.stream.iterate() as events:
            async for value in events:
                if value == 2 and leave == "break":
                    break
                if value == 2 and leave == "error":
                    raise KeyError(value)

    if leave == "error":
        with pytest.raises(KeyError):
            await read()
    elif leave == "timeout":
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3.5):
                await read()
    elif leave == "cancel scope":
        with anyio.move_on_after(3.5):
            await read()
    else:
        await read()
    assert source.left == 1


async def test_take_ends_the_source_and_the_iteration() -> None:
    source = Source()
    assert [x async for x in source.stream.pipe(ops.take(3))] == [0, 1, 2]
    assert await no_task_is_left()
    assert source.left == 1


async def test_a_closed_iterator_gives_nothing_more() -> None:
    source = Source(100)
    events = source.stream.iterate()
    assert await anext(events) == 0
    await events.aclose()
    await events.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(events)


async def test_an_iterator_closed_before_it_was_read_never_subscribes() -> None:
    source = Source(100)
    events = source.stream.iterate()
    await events.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(events)
    assert source.emitted == 0


async def test_an_iterator_that_is_forgotten_unread_does_nothing() -> None:
    source = Source(100)
    source.stream.iterate()
    gc.collect()
    assert source.emitted == 0


# --- waiting --------------------------------------------------------------------------------


async def test_a_wait_that_times_out_loses_nothing() -> None:
    events = Source(3, every=10.0).stream.iterate()
    got: list[int] = []
    polls = 0
    while len(got) < 3:
        polls += 1
        try:
            got.append(await asyncio.wait_for(anext(events), 3))
        except TimeoutError:
            continue
    assert got == [0, 1, 2]
    assert polls == 12


async def test_two_tasks_cannot_wait_on_one_iterator() -> None:
    events = Source(3, every=10.0).stream.iterate()
    first = asyncio.create_task(anext(events))
    await asyncio.sleep(1)
    with pytest.raises(UserError, match="another task is already waiting"):
        await anext(events)
    assert await first == 0


async def test_after_an_error_the_iterator_is_at_its_end() -> None:
    async def read() -> AsyncIterator[int]:
        yield 1
        raise KeyError("boom")

    events = Stream.from_async_iterable(read).iterate()
    assert await anext(events) == 1
    with pytest.raises(KeyError):
        await anext(events)
    with pytest.raises(StopAsyncIteration):
        await anext(events)


async def test_two_loops_over_a_cold_stream_are_two_readings() -> None:
    source = Source(3)
    async with source.stream.iterate() as a, source.stream.iterate() as b:
        assert [x async for x in a] == [x async for x in b] == [0, 1, 2]
    assert source.left == 2


async def test_a_subscription_made_in_a_callback_is_not_held_back_by_the_outer_reader() -> None:
    inner: list[int] = []

    def start(value: int) -> None:
        if value == 0:
            Source(1000).stream.subscribe(inner.append)

    outer = Source(200).stream.pipe(ops.do_action(start))
    async with outer.iterate() as events:
        await anext(events)
        await asyncio.sleep(1)
        assert len(inner) == 1000


async def test_the_context_of_the_reader_is_seen_by_the_source() -> None:
    from contextvars import ContextVar

    who: ContextVar[str] = ContextVar("who")
    who.set("the reader")

    async def read() -> AsyncIterator[str]:
        yield who.get()

    assert [x async for x in Stream.from_async_iterable(read)] == ["the reader"]


# --- the bound, operator by operator --------------------------------------------------------

_BOUNDED: dict[str, Any] = {
    "map": ops.map(lambda x: x),
    "scan": ops.scan(lambda a, b: b),
    "pairwise": ops.pairwise(),
    "do_action": ops.do_action(lambda x: None),
    "distinct_until_changed": ops.distinct_until_changed(),
    "materialize": ops.materialize(),
    "take_while": ops.take_while(lambda x: True),
    "timeout": ops.timeout(1e6),
    "of_type": ops.of_type(int),
    "start_with": ops.start_with(0),
    "take": ops.take(10**6),
    "concat": ops.concat(reactivex.of(1)),
    "catch": ops.catch(reactivex.of(1)),
    "retry": ops.retry(2),
    "merge": ops.merge(reactivex.of(1)),
    "flat_map": ops.flat_map(reactivex.of),
    "switch_map": ops.switch_map(reactivex.of),
    "group_by": compose(ops.group_by(lambda x: x % 4), ops.merge_all()),
}


async def test_the_bound_holds_for_merged_sources_together() -> None:
    sources = [Source(1000) for _ in range(8)]
    taken = 0
    async for _ in Stream.from_observable(reactivex.merge(*(s.stream for s in sources))):
        taken += 1
        assert sum(source.emitted for source in sources) - taken <= 64 + len(sources)
        if taken % 20 == 0:
            await asyncio.sleep(1)
    assert taken == 8000


async def test_the_bound_of_buffers_is_in_buffers() -> None:
    source = Source(3000)
    taken = 0
    async for buffer in source.stream.pipe(ops.buffer_with_count(10)):
        taken += len(buffer)
        assert source.emitted - taken <= 64 * 10
        await asyncio.sleep(1)
    assert taken == 3000


_AGAIN: dict[str, Callable[[Stream[int], Stream[int]], Stream[int]]] = {
    "concat": lambda a, b: a.pipe(ops.concat(b)),
    "catch": lambda a, b: a.pipe(ops.concat(reactivex.throw(KeyError("x"))), ops.catch(b)),
    "repeat": lambda a, b: a.pipe(ops.repeat(2)),
    "retry": lambda a, b: a.pipe(ops.concat(reactivex.throw(KeyError("x"))), ops.retry(2)),
    "switch_map": lambda a, b: Stream.from_observable(reactivex.of(1)).pipe(
        ops.switch_map(lambda _: a), ops.concat(b)
    ),
    "a stream of streams": lambda a, b: Stream.from_async_iterable(lambda: each(a, b)).pipe(
        ops.merge_all()
    ),
}


async def each(*streams: Stream[int]) -> AsyncIterator[Stream[int]]:
    for stream in streams:
        await asyncio.sleep(0.001)
        yield stream


@pytest.mark.parametrize("name", _AGAIN)
async def test_the_credit_reaches_what_operators_subscribe_to_later(name: str) -> None:
    first, second = Source(1000), Source(1000)
    taken = 0
    failed = False
    try:
        async for _ in _AGAIN[name](first.stream, second.stream):
            taken += 1
            assert first.emitted + second.emitted - taken <= 66
            if taken % 20 == 0:
                await asyncio.sleep(1)
    except KeyError:
        failed = True
    assert taken == 2000
    assert failed is (name == "retry")


@pytest.mark.parametrize("source", ["log", "map_async", "iterable"])
async def test_the_credit_reaches_what_is_subscribed_to_behind_other_contexts(source: str) -> None:
    async def same(x: int) -> int:
        await asyncio.sleep(0)
        return x

    log = ReplayLog[int]()
    before: dict[str, Stream[int]] = {
        "log": Stream(log.subscribe),
        "map_async": Stream.of(1).pipe(ops.map_async(same)),
        "iterable": Stream.of(1).pipe(ops.flat_map(lambda x: [x])),
    }
    behind = Source(1000)
    taken = 0
    asyncio.get_running_loop().call_later(1, log.append, 1)
    asyncio.get_running_loop().call_later(2, log.close)
    async for _ in before[source].pipe(ops.concat(behind.stream)):
        taken += 1
        assert behind.emitted - taken <= 64
        if taken % 20 == 0:
            await asyncio.sleep(1)
    assert taken == 1001


@pytest.mark.parametrize("name", _BOUNDED)
async def test_the_bound_holds_through(name: str) -> None:
    source = Source(3000)
    taken = 0
    async for _ in source.stream.pipe(_BOUNDED[name]):
        taken += 1
        assert source.emitted - taken <= 65
        if taken % 20 == 0:
            await asyncio.sleep(1)
    assert taken >= 2999
