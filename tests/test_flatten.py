# mypy: disable-error-code="arg-type, operator, misc"
# It infers no type for the parameter of a lambda that is given to an operator.
"""Streams of streams made flat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import reactivex
from reactivex.subject import Subject

from rxagents import Stream
from rxagents import operators as ops
from rxagents.testing import cold, expect

Operator = Callable[..., Any]


class Source:
    """Counts what it emits, and notices when it is left."""

    alive = 0
    most_alive = 0

    def __init__(self, end: int, *, every: float = 0.0) -> None:
        self.end = end
        self.every = every
        self.emitted = 0
        self.stream = Stream.from_async_iterable(self.read)

    async def read(self) -> AsyncIterator[int]:
        Source.alive += 1
        Source.most_alive = max(Source.most_alive, Source.alive)
        try:
            for number in range(self.end):
                if self.every:
                    await asyncio.sleep(self.every)
                self.emitted += 1
                yield number
        finally:
            Source.alive -= 1


@pytest.fixture(autouse=True)
def count_anew() -> None:
    Source.alive = Source.most_alive = 0


def twice(value: int, after: float = 1.0) -> Stream[int]:
    """The value now, and again a second later."""
    return Stream.timer(after).map(lambda _: value).start_with(value)


ALL: list[Operator] = [ops.flat_map, ops.concat_map, ops.switch_map, ops.exhaust_map]


@pytest.mark.parametrize("operator", ALL)
async def test_inner_sources_of_every_kind(operator: Operator) -> None:
    async def coroutine(x: int) -> int:
        await asyncio.sleep(0.1)
        return x * 10

    async def generator(x: int) -> AsyncIterator[int]:
        yield x * 10

    makers: list[Callable[[int], Any]] = [
        lambda x: Stream.of(x * 10),
        lambda x: reactivex.of(x * 10),
        coroutine,
        lambda x: asyncio.ensure_future(coroutine(x)),
        generator,
        lambda x: [x * 10],
        lambda x: iter((x * 10,)),
    ]
    for make in makers:
        out = [x async for x in Source(3, every=1.0).stream.pipe(operator(make))]
        assert out == [0, 10, 20]


@pytest.mark.parametrize("operator", ALL)
async def test_what_is_no_source_is_told(operator: Operator) -> None:
    with pytest.raises(TypeError, match="must return a stream, an awaitable, .* not int"):
        await Stream.of(1).pipe(operator(lambda x: x))


@pytest.mark.parametrize("operator", ALL)
async def test_an_empty_source_and_empty_inner_sources(operator: Operator) -> None:
    assert await Stream.empty().pipe(operator(twice), ops.to_list()) == []
    assert await Stream.of(1, 2).pipe(operator(lambda _: []), ops.to_list()) == []
    assert await Stream.of(1, 2).pipe(operator(lambda _: Stream.empty()), ops.to_list()) == []


@pytest.mark.parametrize("operator", ALL)
@pytest.mark.parametrize("where", ["source", "function", "inner source", "iterable"])
async def test_the_first_error_ends_it_and_leaves_the_rest(operator: Operator, where: str) -> None:
    outer: Subject[int] = Subject()
    out: list[Any] = []

    def make(x: int) -> Any:
        if x == 2 and where == "function":
            raise KeyError("function")
        if x == 2 and where == "inner source":
            return Stream.throw(KeyError("inner"))
        if x == 2 and where == "iterable":
            return (1 // y for y in (0,))
        return Source(1).stream if x == 1 else Source(10**6, every=1.0).stream

    Stream.from_observable(outer).pipe(operator(make)).subscribe(out.append, out.append)
    outer.on_next(1)
    await asyncio.sleep(1)
    if where == "source":
        outer.on_next(3)
        await asyncio.sleep(1)
        assert Source.alive == 1
        outer.on_error(KeyError("source"))
    else:
        outer.on_next(2)
    await asyncio.sleep(1)
    assert out[0] == 0
    assert isinstance(out[-1], (KeyError, ZeroDivisionError))
    assert Source.alive == 0
    assert outer.observers == []


@pytest.mark.parametrize("operator", ALL)
async def test_leaving_leaves_all(operator: Operator) -> None:
    outer: Subject[int] = Subject()
    flat = Stream.from_observable(outer).pipe(operator(lambda _: Source(10**6, every=1.0).stream))
    subscription = flat.subscribe()
    outer.on_next(1)
    outer.on_next(2)
    await asyncio.sleep(5)
    assert Source.alive >= 1
    subscription.dispose()
    await asyncio.sleep(1)
    assert Source.alive == 0
    assert outer.observers == []


@pytest.mark.parametrize("operator", ALL)
async def test_it_can_be_subscribed_to_again(operator: Operator) -> None:
    flat = Source(3, every=1.0).stream.pipe(operator(lambda x: [x, x]))
    assert [x async for x in flat] == [x async for x in flat] == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("operator", ALL)
async def test_a_slow_consumer_holds_back_inner_sources(operator: Operator) -> None:
    inner = Source(3000)
    taken = 0
    async for _ in Stream.of(1).pipe(operator(lambda _: inner.stream)):
        taken += 1
        assert inner.emitted - taken <= 64
        if taken % 50 == 0:
            await asyncio.sleep(1)
    assert taken == 3000


@pytest.mark.parametrize("operator", ALL)
async def test_a_slow_consumer_holds_back_iterables(operator: Operator) -> None:
    made = taken = 0

    def numbers(_: int) -> Any:
        nonlocal made
        for number in range(3000):
            made += 1
            yield number

    async for _ in Stream.of(1).pipe(operator(numbers)):
        taken += 1
        assert made - taken <= 64
        if taken % 50 == 0:
            await asyncio.sleep(1)
    assert taken == 3000


# --- flat_map, merge_all --------------------------------------------------------------------


async def test_flat_map_subscribes_to_all_at_once_unless_told() -> None:
    make = lambda _: Source(2, every=1.0).stream  # noqa: E731
    assert len(await Source(20).stream.pipe(ops.flat_map(make), ops.to_list())) == 40
    assert Source.most_alive == 20, "all inner ones; the outer one has ended by then"
    Source.most_alive = 0
    mapped = Source(20).stream.pipe(ops.flat_map(make, concurrency=3), ops.to_list())
    assert len(await mapped) == 40
    assert Source.most_alive == 4


@pytest.mark.parametrize("concurrency", [1, 2, 5])
async def test_flat_map_holds_back_its_source(concurrency: int) -> None:
    outer = Source(500)
    done = 0

    async def work(x: int) -> int:
        await asyncio.sleep(0.1)
        return x

    async for _ in outer.stream.pipe(ops.flat_map(work, concurrency=concurrency)):
        done += 1
        assert outer.emitted - done <= concurrency
    assert done == 500


async def test_a_source_that_knows_no_credit_waits_in_line() -> None:
    outer: Subject[int] = Subject()
    out: list[int] = []
    make = lambda x: twice(x)  # noqa: E731
    Stream.from_observable(outer).pipe(ops.flat_map(make, concurrency=2)).subscribe(out.append)
    for number in range(6):
        outer.on_next(number)
    outer.on_completed()
    await asyncio.sleep(10)
    assert sorted(out) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


async def test_a_thousand_inner_sources_that_end_at_once_do_not_recurse() -> None:
    for make in (lambda _: [], lambda _: reactivex.empty(), lambda x: [x]):
        for concurrency in (1, 3, None):
            outer = Stream.from_iterable(range(5000))
            await outer.pipe(ops.flat_map(make, concurrency=concurrency), ops.to_list())
    hot: Subject[int] = Subject()
    out: list[Any] = []
    Stream.from_observable(hot).pipe(ops.concat_map(lambda x: [x])).subscribe(out.append)
    for number in range(5000):
        hot.on_next(number)
    assert out == list(range(5000))


@pytest.mark.parametrize("concurrency", [0, -1])
def test_no_concurrency_is_refused_at_once(concurrency: int) -> None:
    with pytest.raises(ValueError, match="concurrency must be 1 inner source or more"):
        ops.flat_map(twice, concurrency=concurrency)


async def test_the_streams_may_be_the_events() -> None:
    streams = [twice(1), twice(2)]
    assert sorted(await Stream.of(*streams).pipe(ops.merge_all(), ops.to_list())) == [1, 1, 2, 2]
    assert await Stream.of(*streams).pipe(ops.concat_all(), ops.to_list()) == [1, 1, 2, 2]
    assert await Stream.of(*streams).pipe(ops.switch_latest(), ops.to_list()) == [1, 2, 2]


# --- concat_map -----------------------------------------------------------------------------


async def test_concat_map_makes_each_source_when_the_one_before_has_ended() -> None:
    made: list[int] = []

    def make(x: int) -> Stream[int]:
        assert Source.alive <= 1
        made.append(x)
        return Source(2, every=1.0).stream

    out = await Source(3).stream.pipe(ops.concat_map(make), ops.to_list())
    assert out == [0, 1, 0, 1, 0, 1]
    assert made == [0, 1, 2]
    assert Source.most_alive == 2, "the outer one and one inner one"


# --- switch_map, exhaust_map ----------------------------------------------------------------


async def test_switch_map_leaves_the_source_before() -> None:
    out = [x async for x in Source(3, every=2.5).stream.pipe(ops.switch_map(counted(1.0)))]
    assert out == ["0:0", "0:1", "1:0", "1:1", "2:0", "2:1", "2:2"]
    assert Source.alive == 0


async def test_exhaust_map_drops_events_while_it_is_busy() -> None:
    out = [x async for x in Source(4, every=2.0).stream.pipe(ops.exhaust_map(counted(1.0)))]
    assert out == ["0:0", "0:1", "0:2", "2:0", "2:1", "2:2"]


def counted(every: float) -> Callable[[int], Stream[str]]:
    """A source of three events, named after the event it is made for."""

    def make(x: int) -> Stream[str]:
        return Source(3, every=every).stream.map(lambda y: f"{x}:{y}")

    return make


# --- merge, exhaust_all, *_indexed ----------------------------------------------------------


async def test_merge_emits_everything_as_it_comes() -> None:
    one = cold("                                -a---b--|")
    other = cold("                              --x--|")
    await expect(one.pipe(ops.merge(other))).to_be("-ax--b--|")
    one.expect_subscriptions("                  ^-------!")
    other.expect_subscriptions("                ^----!")


async def test_merge_ends_with_the_first_error_and_leaves_the_others() -> None:
    one, other = cold("-a---b--|"), cold("--#")
    await expect(one.pipe(ops.merge(other))).to_be("-a#")
    one.expect_subscriptions("^-!")


async def test_merge_with_a_limit_waits_for_a_place() -> None:
    one, two, three = cold("-a--|"), cold("--b--|"), cold("-c|")
    merged = one.pipe(ops.merge(two, three, max_concurrent=2))
    await expect(merged).to_be("-ab--c|")
    three.expect_subscriptions("----^-!")


async def test_merge_takes_awaitables_and_iterables_too() -> None:
    async def answer() -> str:
        return "answer"

    merged = Stream.of("a").pipe(ops.merge(["b"], answer()), ops.to_list())
    assert sorted(await merged) == ["a", "answer", "b"]


async def test_merge_of_eight_is_held_back_by_a_slow_consumer() -> None:
    emitted = 0

    async def count() -> AsyncIterator[int]:
        nonlocal emitted
        for number in range(1000):
            emitted += 1
            yield number

    streams = [Stream.from_async_iterable(count) for _ in range(8)]
    taken = 0
    async for _ in streams[0].pipe(ops.merge(*streams[1:])).iterate(high=8):
        taken += 1
        assert emitted - taken <= 8 + 8
        if taken % 400 == 0:
            await asyncio.sleep(1)
    assert taken == 8000


async def test_exhaust_all_drops_sources_until_the_first_has_ended() -> None:
    inner = {"a": cold("-1-2|"), "b": cold("-3|"), "c": cold("-4|")}
    source = cold("                                 a-b---c|").pipe(ops.map(inner.__getitem__))
    await expect(source.pipe(ops.exhaust_all())).to_be("-1-2---4|")
    assert ops.exclusive is ops.exhaust_all
    inner["b"].expect_subscriptions()


async def test_indexed_ones_count_from_0_for_each_subscription() -> None:
    flat = Stream.of("a", "b").pipe(ops.flat_map_indexed(lambda x, i: [f"{x}{i}"]), ops.to_list())
    switched = Stream.of("a", "b").pipe(
        ops.switch_map_indexed(lambda x, i: [f"{x}{i}"]), ops.to_list()
    )
    for _ in range(2):
        assert await flat == ["a0", "b1"]
        assert await switched == ["a0", "b1"]


def test_merge_needs_a_place_for_one() -> None:
    with pytest.raises(ValueError, match="max_concurrent must be 1 source or more, not 0"):
        ops.merge(max_concurrent=0)


async def test_a_coroutine_of_a_consumer_that_is_not_ready_has_begun_and_is_cancelled() -> None:
    begun: list[int] = []
    cancelled: list[int] = []

    async def answer(number: int) -> int:
        begun.append(number)
        try:
            await asyncio.sleep(number)
        except asyncio.CancelledError:
            cancelled.append(number)
            raise
        return number

    answers = Stream.of(0, 1, 60).pipe(ops.flat_map(answer))
    async with answers.iterate(high=1) as events:
        assert await anext(events) == 0
        await asyncio.sleep(2)
        assert begun == [0, 1, 60]
        assert events.demand.pending == 1
    assert cancelled == [60]


async def test_the_error_of_a_coroutine_ends_the_stream_and_one_that_is_left_is_reported() -> None:
    async def fails(_: int) -> int:
        raise KeyError("answer")

    with pytest.raises(KeyError, match="answer"):
        await Stream.of(1).pipe(ops.concat_map(fails))

    async def fails_late(_: int) -> int:
        try:
            await asyncio.sleep(60)
        finally:
            raise KeyError("cleanup")

    reported: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: reported.append(about))
    async with Stream.of(1).pipe(ops.flat_map(fails_late)).iterate():
        await asyncio.sleep(1)
    assert [str(about["exception"]) for about in reported] == ["'cleanup'"]


async def test_what_is_raised_after_the_stream_was_left_is_told_to_the_loop() -> None:
    reported: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: reported.append(about))
    source: Subject[int] = Subject()

    def leave_and_fail(_: int) -> list[int]:
        subscription.dispose()
        raise KeyError("too late")

    stream = Stream.from_observable(source).pipe(ops.flat_map(leave_and_fail))
    subscription = stream.subscribe()
    source.on_next(1)
    assert [str(about["exception"]) for about in reported] == ["'too late'"]


async def test_a_chain_that_is_too_deep_is_not_silent() -> None:
    reported: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: reported.append(about))
    deep = Stream.of(1).pipe(*[ops.flat_map(lambda x: [x])] * 1000)
    deep.subscribe(None, lambda error: reported.append({"exception": error}))
    await asyncio.sleep(1)
    assert isinstance(reported[0]["exception"], RecursionError)
