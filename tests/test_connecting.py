"""publish, replay and their like: one source, started by hand, and cut in two."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import reactivex
from reactivex.subject import Subject

from rxagents import AsyncCallbackError, Stream
from rxagents import operators as ops
from rxagents.stream import ConnectableStream
from rxagents.testing import cold, expect, hot


def listen(stream: Stream[Any]) -> tuple[list[Any], Any]:
    out: list[Any] = []
    return out, stream.subscribe(out.append, out.append, lambda: out.append("|"))


# --- publish --------------------------------------------------------------------------------


async def test_publish_waits_until_it_is_connected() -> None:
    source = cold("-a-b|")
    published = source.pipe(ops.publish())
    first, _ = listen(published)
    await asyncio.sleep(3)
    assert source.subscriptions == []
    published.connect()
    await asyncio.sleep(2)
    second, _ = listen(published)
    await asyncio.sleep(5)
    late, _ = listen(published)
    await asyncio.sleep(5)
    assert first == ["a", "b", "|"]
    assert second == ["b", "|"]
    assert late == ["|"]
    assert len(source.subscriptions) == 1


async def test_connecting_twice_is_connecting_once() -> None:
    source = cold("-a|")
    published = source.pipe(ops.publish())
    out, _ = listen(published)
    published.connect()
    published.connect()
    await asyncio.sleep(5)
    published.connect()
    await asyncio.sleep(5)
    assert out == ["a", "|"]
    source.expect_subscriptions("^-!")


async def test_leaving_the_connection_leaves_the_source_and_the_next_one_starts_it_anew() -> None:
    source = cold("-a-b-c|")
    published = source.pipe(ops.publish())
    old, _ = listen(published)
    connection = published.connect()
    await asyncio.sleep(2)
    connection.dispose()
    connection.dispose()
    new, _ = listen(published)
    published.connect()
    await asyncio.sleep(10)
    assert old == ["a"]
    assert new == ["a", "b", "c", "|"]
    source.expect_subscriptions("^-!", "--^-----!")


async def test_an_error_of_the_source_reaches_all() -> None:
    error = KeyError("lost")
    published = cold("-a#", error=error).pipe(ops.publish())
    first, second = listen(published)[0], listen(published)[0]
    published.connect()
    await asyncio.sleep(5)
    assert first == second == ["a", error]


async def test_publish_with_a_mapper_subscribes_once_however_often_it_is_used() -> None:
    source = cold("                                                       -a-b-c|")
    doubled = source.pipe(ops.publish(lambda s: s.pipe(ops.zip(s.pipe(ops.skip(1))))))
    pairs = {"x": ("a", "b"), "y": ("b", "c")}
    await expect(doubled).to_be("---x-y|", pairs)
    source.expect_subscriptions("^-----!")
    await expect(doubled).to_be("---x-y|", pairs)


async def test_publish_with_a_mapper_that_is_left_leaves_the_source() -> None:
    source = cold("                                  -a-b-c|")
    await expect(source.pipe(ops.publish(lambda s: s))).to_be("-a-", unsubscribe="---!")
    source.expect_subscriptions("                     ^--!")


async def test_a_synchronous_source_is_published_whole() -> None:
    doubled = ops.publish(lambda s: s.pipe(ops.merge(s)))
    stream = Stream.from_observable(reactivex.of(1, 2)).pipe(doubled, ops.to_list())
    assert sorted(await stream) == [1, 1, 2, 2]


async def test_the_slowest_subscriber_of_a_published_source_sets_the_pace() -> None:
    emitted = 0

    async def count() -> AsyncIterator[int]:
        nonlocal emitted
        for emitted in range(1, 1001):
            yield emitted

    published = Stream.from_async_iterable(count).pipe(ops.publish())
    fast, _ = listen(published)
    async with published.iterate(high=8) as slow:
        published.connect()
        for taken in range(1, 1001):
            assert await anext(slow) == taken
            assert emitted <= taken + 64 + 8 + 1
            if taken % 100 == 0:
                await asyncio.sleep(1)
    await asyncio.sleep(1)
    assert fast == [*range(1, 1001), "|"]


async def test_whoever_leaves_the_mapped_stream_waits_for_the_cleanup_of_the_source() -> None:
    closed = False

    async def read() -> AsyncIterator[int]:
        nonlocal closed
        try:
            while True:
                await asyncio.sleep(1)
                yield 1
        finally:
            await asyncio.sleep(5)
            closed = True

    stream = Stream.from_async_iterable(read).pipe(ops.publish(lambda shared: shared))
    async with stream.iterate() as events:
        await anext(events)
    assert closed


# --- replay, publish_value ------------------------------------------------------------------


async def test_replay_shows_the_last_events_to_those_who_come_later() -> None:
    replayed = cold("a-b-c-d|").pipe(ops.replay(2))
    replayed.connect()
    await asyncio.sleep(5)
    late, _ = listen(replayed)
    await asyncio.sleep(10)
    after, _ = listen(replayed)
    await asyncio.sleep(1)
    assert late == ["b", "c", "d", "|"]
    assert after == ["c", "d", "|"]


async def test_replay_keeps_everything_by_default() -> None:
    replayed = cold("a-b-c|").pipe(ops.replay())
    replayed.connect()
    await asyncio.sleep(10)
    assert [event async for event in replayed] == ["a", "b", "c"]


async def test_replay_forgets_what_is_too_old() -> None:
    replayed = hot("a-b-c-d-----").pipe(ops.replay(window=3.5))
    replayed.connect()
    await asyncio.sleep(6.1)
    late, _ = listen(replayed)
    await asyncio.sleep(4)
    later, _ = listen(replayed)
    await asyncio.sleep(1)
    assert late == ["c", "d"]
    assert later == []


async def test_replay_with_a_window_is_bounded_by_it() -> None:
    source: Subject[int] = Subject()
    replayed: Any = Stream.from_observable(source).pipe(ops.replay(window=10))
    replayed.connect()
    for second in range(1000):
        source.on_next(second)
        await asyncio.sleep(1)
    seen, _ = listen(replayed)
    await asyncio.sleep(0)
    assert seen == list(range(991, 1000))


async def test_publish_value_begins_with_the_latest() -> None:
    state = cold("-a-b|").pipe(ops.publish_value("idle"))
    first, _ = listen(state)
    await asyncio.sleep(1)
    assert first == ["idle"]
    state.connect()
    await asyncio.sleep(2)
    second, _ = listen(state)
    await asyncio.sleep(5)
    assert first == ["idle", "a", "b", "|"]
    assert second == ["a", "b", "|"]


# --- ref_count, auto_connect ----------------------------------------------------------------


async def test_ref_count_connects_with_the_first_and_leaves_with_the_last() -> None:
    source = cold("-a-b-c-d-e|")
    shared = source.pipe(ops.publish(), ops.ref_count())
    first, one = listen(shared)
    await asyncio.sleep(2)
    second, two = listen(shared)
    await asyncio.sleep(2)
    one.dispose()
    await asyncio.sleep(2)
    two.dispose()
    await asyncio.sleep(10)
    assert first == ["a", "b"]
    assert second == ["b", "c"]
    source.expect_subscriptions("^-----!")


async def test_one_ref_count_serves_several_sources() -> None:
    counted = ops.ref_count()
    one, other = cold("-a|").pipe(ops.publish()), cold("-b|").pipe(ops.publish())
    assert await counted(one) == "a"
    assert await counted(other) == "b"


async def test_ref_count_does_not_start_a_source_that_has_ended() -> None:
    source = cold("-a|")
    shared = source.pipe(ops.replay(), ops.ref_count())
    assert await shared == "a"
    assert await shared == "a"
    source.expect_subscriptions("^-!")


async def test_auto_connect_waits_for_its_subscribers_and_stays() -> None:
    source = cold("-a-b-c|")
    published = source.pipe(ops.publish()).auto_connect(2)
    _, one = listen(published)
    await asyncio.sleep(3)
    assert source.subscriptions == []
    _, two = listen(published)
    await asyncio.sleep(2)
    one.dispose()
    two.dispose()
    await asyncio.sleep(10)
    source.expect_subscriptions("---^-----!")
    eager = cold("-a|")
    eager.pipe(ops.publish()).auto_connect(0)
    assert eager.subscriptions == ["^"]


def test_what_cannot_be_connected_is_refused() -> None:
    with pytest.raises(TypeError, match="ref_count needs what publish"):
        Stream.of(1).pipe(ops.ref_count())
    with pytest.raises(ValueError, match="subscriber_count must be 0 subscribers or more, not -1"):
        Stream.of(1).pipe(ops.publish()).auto_connect(-1)
    with pytest.raises(ValueError, match="replay must be 0 events or more"):
        ops.replay(-1)
    with pytest.raises(ValueError, match="window must be more than 0 seconds and finite, not 0"):
        ops.replay(window=0)


async def test_a_connectable_of_reactivex_is_adopted() -> None:
    published = Stream.from_observable(reactivex.of(1, 2).pipe(reactivex.operators.publish()))
    assert isinstance(published, ConnectableStream)
    out, _ = listen(published)
    published.connect()
    assert out == [1, 2, "|"]


# --- partition ------------------------------------------------------------------------------


async def test_partition_cuts_a_source_in_two() -> None:
    source = cold("                     -a-1-b-2|")
    letters, digits = source.pipe(ops.partition(str.isalpha))
    lists = await letters.pipe(ops.to_list(), ops.zip(digits.pipe(ops.to_list())))
    assert lists == (["a", "b"], ["1", "2"])
    source.expect_subscriptions("       ^-------!")


async def test_partition_is_held_back_by_the_slower_half() -> None:
    emitted = 0

    async def count() -> AsyncIterator[int]:
        nonlocal emitted
        for emitted in range(10_000):
            yield emitted

    odd, even = Stream.from_async_iterable(count).pipe(ops.partition(_is_odd))
    listen(even)
    async with odd.iterate(high=4) as events:
        for _ in range(100):
            number = await anext(events)
            await asyncio.sleep(1)
            assert emitted <= number + 2 * (64 + 4)


async def test_a_predicate_that_raises_ends_both_halves() -> None:
    one, other = cold("-a-b|").pipe(ops.partition(lambda x: 1 / (x == "a") > 0))
    first, second = listen(one)[0], listen(other)[0]
    await asyncio.sleep(5)
    assert first[0] == "a"
    assert [type(out[-1]) for out in (first, second)] == [ZeroDivisionError, ZeroDivisionError]


async def test_partition_indexed_knows_the_number() -> None:
    first, rest = Stream.of(*"abc").pipe(ops.partition_indexed(lambda _, i: i < 1))
    both = first.pipe(ops.to_list(), ops.zip(rest.pipe(ops.to_list())))
    assert await both == (["a"], ["b", "c"])


def test_a_coroutine_function_is_refused() -> None:
    async def judge(*_: object) -> bool:
        return True

    operators: list[Any] = [ops.partition, ops.partition_indexed, ops.publish]
    for operator in operators:
        with pytest.raises(AsyncCallbackError, match="is the async function"):
            operator(judge)


def _is_odd(number: int) -> bool:
    return number % 2 == 1
