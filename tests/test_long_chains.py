"""Chains that are too long for Python's stack: their consumer is told, and does not wait."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rxagents import Stream
from rxagents import operators as ops

OPERATORS: dict[str, Callable[[], Any]] = {
    "map": lambda: ops.map(lambda value: value),
    "flat_map": lambda: ops.flat_map(Stream.of),
    "flat_map to lists": lambda: ops.flat_map(lambda value: [value]),
    "concat_map": lambda: ops.concat_map(lambda value: [value]),
    "switch_map": lambda: ops.switch_map(Stream.of),
    "scan": lambda: ops.scan(lambda _, value: value),
    "delay": lambda: ops.delay(0.01),
    "conflate": lambda: ops.conflate(lambda _, value: value),
    "share": lambda: ops.share(),
    "tap": lambda: ops.tap(lambda _: None),
    "retry": lambda: ops.retry(1),
}
LENGTHS = [20, *range(80, 260, 11), 400]


@pytest.fixture(autouse=True)
def no_collecting() -> Iterator[None]:
    """What is collected while the stack is full has no room to be left."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def nested(operator: Callable[[], Any], length: int, source: Stream[Any]) -> Stream[Any]:
    for _ in range(length):
        source = source.pipe(operator())
    return source


def piped(operator: Callable[[], Any], length: int, source: Stream[Any]) -> Stream[Any]:
    operators: list[Any] = [operator() for _ in range(length)]
    chain: Stream[Any] = source.pipe(*operators)
    return chain


CHAINS = pytest.mark.parametrize("chain", [nested, piped])
EACH = pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)


async def outcome(stream: Stream[Any]) -> str:
    """What `async for` sees, which must come within a minute."""
    try:
        async with asyncio.timeout(60):
            return str([value async for value in stream])
    except (RecursionError, KeyError) as error:
        return type(error).__name__


@CHAINS
@EACH
async def test_a_consumer_gets_all_or_is_told_that_the_chain_is_too_long(
    chain: Any, operator: Any
) -> None:
    sources = {"[1]": Stream.of(1), "KeyError": Stream.throw(KeyError("the source failed"))}
    for result, source in sources.items():
        seen = [await outcome(chain(operator, length, source)) for length in LENGTHS]
        assert seen[0] == result
        assert seen[-1] == "RecursionError"
        assert set(seen) == {result, "RecursionError"}


@CHAINS
@EACH
async def test_a_subscriber_is_told_once(chain: Any, operator: Any) -> None:
    for length in LENGTHS:
        told: list[Any] = []
        stream = chain(operator, length, Stream.of(1, 2))
        stream.subscribe(None, told.append, lambda told=told: told.append("|"))
        await asyncio.sleep(60)
        assert len(told) == 1
        assert told[0] == "|" or isinstance(told[0], RecursionError)


async def test_what_is_no_plain_stream_can_be_in_a_long_chain_anywhere() -> None:
    for before in (30, 31, 32):
        through: list[Any] = [ops.map(lambda value: value) for _ in range(before)]
        chain: Stream[Any] = Stream.of(1, 2).pipe(*through, ops.publish(), ops.ref_count())
        assert await chain.pipe(ops.to_list()) == [1, 2]
        future: Any = Stream.of(1, 2).pipe(*[*through, ops.to_future()])
        assert await future == 2


async def test_who_leaves_before_is_not_told() -> None:
    told: list[Any] = []
    stream = nested(OPERATORS["map"], 400, Stream.of(1, 2))
    stream.subscribe(told.append, told.append).dispose()
    await asyncio.sleep(60)
    assert told == []


async def test_a_function_that_calls_itself_for_ever_is_told_of_as_any_that_raises() -> None:
    def forever(value: int) -> int:
        return forever(value) + 1

    stream = Stream.of(1, 2).pipe(ops.map(forever))
    told: list[Any] = []
    stream.subscribe(told.append, told.append)
    await asyncio.sleep(1)
    assert [type(each) for each in told] == [RecursionError]
    assert await stream.pipe(ops.catch(Stream.of(0)), ops.to_list()) == [0]


async def test_an_on_error_that_calls_itself_for_ever_is_called_once() -> None:
    calls: list[Exception] = []
    reported: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: reported.append(context["exception"])
    )

    def forever(error: Exception) -> None:
        if error not in calls:
            calls.append(error)
        forever(error)

    error = KeyError("the source failed")
    source = Stream.throw(error)
    source.subscribe(None, forever)
    await asyncio.sleep(1)
    assert calls == [error]
    assert [type(each) for each in reported] == [RecursionError]


@pytest.mark.parametrize("depth", range(0, 24, 3))
def test_without_a_loop_the_error_is_raised_however_deep_the_caller_is(depth: int) -> None:
    def subscribe(levels: int) -> None:
        if levels:
            subscribe(levels - 1)
        else:
            nested(OPERATORS["map"], 400, Stream.of(1, 2)).subscribe(None)

    with pytest.raises(RecursionError):
        subscribe(depth)
