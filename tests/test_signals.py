"""Each event when a stream of its own says so: delay_with_mapper, throttle_with_mapper."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import reactivex
from hypothesis import given
from hypothesis import strategies as st

from rxagents import AsyncCallbackError, Stream
from rxagents import operators as ops
from rxagents.testing import MarbleError, cold, expect
from rxagents.testing.virtual_time import run


def after(number: float) -> Callable[[Any], Stream[int]]:
    return lambda _: Stream.timer(number)


def over(_: int) -> Stream[Any]:
    return Stream.empty()


def never(_: object) -> Stream[Any]:
    return Stream.never()


OPERATORS: list[Callable[[Any], Any]] = [ops.delay_with_mapper, ops.throttle_with_mapper]
BOTH = pytest.mark.parametrize("operator", OPERATORS)


# --- when events go -------------------------------------------------------------------------------


async def test_delay_with_mapper_emits_an_event_when_its_stream_emits_or_ends() -> None:
    source = cold("       -a-b-c-|")
    own = {"a": cold("     -----x-y|"), "b": cold("--|"), "c": cold("----x")}
    chain = source.pipe(ops.delay_with_mapper(own.__getitem__))
    await expect(chain).to_be("-----ba--(c|)")
    source.expect_subscriptions("^------!")
    own["a"].expect_subscriptions("-^----!")
    own["c"].expect_subscriptions("-----^---!")


async def test_delay_with_mapper_ends_with_its_source_where_nothing_is_on_its_way() -> None:
    await expect(cold("-a---|").pipe(ops.delay_with_mapper(after(2)))).to_be("---a-|")
    await expect(cold("--|").pipe(ops.delay_with_mapper(never))).to_be("--|")
    at_once = ops.delay_with_mapper(over)
    assert await Stream.of(1, 2).pipe(at_once, ops.to_list()) == [1, 2]


async def test_delay_with_mapper_begins_when_another_stream_emits_or_ends() -> None:
    for first in (cold("--x-x-|"), cold("--|")):
        source = cold("             -a-|")
        chain = source.pipe(ops.delay_with_mapper(first, after(1)))
        await expect(chain).to_be("----a|")
        assert [stay.lstrip("-") for stay in source.subscriptions] == ["^--!"], "once"
        assert [stay.lstrip("-") for stay in first.subscriptions] == ["^-!"]
    for at_once in (Stream.empty(), reactivex.return_value(1)):
        now = ops.delay_with_mapper(at_once, over)
        assert await Stream.of(1, 2).pipe(now, ops.to_list()) == [1, 2]
    failing, source = cold("-#"), cold("-a")
    await expect(source.pipe(ops.delay_with_mapper(failing, after(1)))).to_be("-#")
    source.expect_subscriptions()
    waiting = cold("---x")
    chain = source.pipe(ops.delay_with_mapper(waiting, after(1)))
    await expect(chain).to_be("--", unsubscribe="--!")
    waiting.expect_subscriptions("^-!")


async def test_throttle_with_mapper_emits_the_event_after_which_none_came_in_time() -> None:
    source = cold("                   -a-b------c-|")
    own = {"a": cold("                 ---x"), "b": cold("---x"), "c": cold("---x")}
    chain = source.pipe(ops.throttle_with_mapper(own.__getitem__))
    await expect(chain).to_be("       ------b-----(c|)")
    source.expect_subscriptions("     ^-----------!")
    own["a"].expect_subscriptions("   -^-!")
    own["c"].expect_subscriptions("   ----------^-!")


async def test_throttle_with_mapper_is_debounce_where_all_pauses_are_the_same() -> None:
    for text in ("-abc---d-e----f|", "-ab#", "|", "-a---|"):
        ours = cold(text).pipe(ops.throttle_with_mapper(after(2.5)), ops.materialize())
        debounced = cold(text).pipe(ops.debounce(2.5), ops.materialize())
        assert [e async for e in ours] == [e async for e in debounced]


async def test_throttle_with_mapper_of_streams_that_are_over_emits_all() -> None:
    at_once = ops.throttle_with_mapper(over)
    assert await Stream.of(1, 2, 3).pipe(at_once, ops.to_list()) == [1, 2, 3]


# --- errors and leaving ---------------------------------------------------------------------------


async def test_what_is_on_its_way_comes_before_an_error() -> None:
    source = cold("       -a-b-#")
    own = cold("           --------x")
    await expect(source.pipe(ops.delay_with_mapper(lambda _: own))).to_be("-----(ab#)")
    assert [stay.count("!") for stay in own.subscriptions] == [1, 1]
    await expect(source.pipe(ops.throttle_with_mapper(lambda _: own))).to_be("-----(b#)")


async def test_what_is_on_its_way_comes_before_an_error_of_another_stream() -> None:
    own = {"a": cold("--------x"), "b": cold("--#")}
    for operator, result in ((ops.delay_with_mapper, "(ab#)"), (ops.throttle_with_mapper, "(b#)")):
        source = cold("-a-b---c")
        await expect(source.pipe(operator(own.__getitem__))).to_be(f"-----{result}")
        source.expect_subscriptions("^----!")


@BOTH
@pytest.mark.parametrize("answer", [LookupError("its own"), 7])
async def test_what_is_on_its_way_comes_before_an_error_of_the_function(
    operator: Callable[[Any], Any], answer: Any
) -> None:
    def own(event: str) -> Any:
        if event == "a":
            return Stream.never()
        if isinstance(answer, Exception):
            raise answer
        return answer

    told: list[Any] = []
    source = cold("-a-b-c")
    Stream.from_observable(operator(own)(source)).subscribe(told.append, told.append)
    await asyncio.sleep(10)
    assert told[-2] == "b"
    assert re.search("its own|duration_mapper must return a stream, not int", str(told[-1]))
    source.expect_subscriptions("^--!")


@BOTH
async def test_leaving_leaves_all_streams(operator: Callable[[Any], Any]) -> None:
    source, own = cold("-a-b-c-|"), cold("------x")
    await expect(source.pipe(operator(lambda _: own))).to_be("----", unsubscribe="----!")
    source.expect_subscriptions("^---!")
    assert all("!" in stay for stay in own.subscriptions)
    assert await source.pipe(operator(after(1)), ops.take(1), ops.to_list()) == ["a"]
    loop: Any = asyncio.get_running_loop()
    assert [timer for timer in loop._scheduled if not timer.cancelled()] == []


@BOTH
async def test_each_subscription_has_events_of_its_own(operator: Callable[[Any], Any]) -> None:
    stream = cold("-a---b---|").pipe(operator(after(2)))
    for _ in range(2):
        await asyncio.gather(*(expect(stream).to_be("---a---b-|") for _ in range(2)))


# --- a slow consumer ------------------------------------------------------------------------------


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


async def test_a_slow_consumer_of_delay_with_mapper_holds_back_the_source() -> None:
    numbers, taken = Numbers(3000), list[int]()
    async with numbers.stream.pipe(ops.delay_with_mapper(after(1))).iterate(high=4) as events:
        async for number in events:
            taken.append(number)
            if number % 100 == 0:
                await asyncio.sleep(10)
            assert numbers.emitted - len(taken) <= 1024 + 4
    assert taken == list(range(3000)), "nothing is lost"


async def test_a_slow_consumer_of_throttle_with_mapper_gets_the_latest() -> None:
    ticks = Stream.interval(1).pipe(ops.take(100), ops.throttle_with_mapper(after(0.5)))
    taken: list[int] = []
    async with ticks.iterate(high=1) as events:
        async for number in events:
            taken.append(number)
            await asyncio.sleep(30)
    assert len(taken) < 10
    assert taken[-1] == 99


@given(delays=st.lists(st.sampled_from([0.0, 0.3, 1.0, 7.0]), max_size=12), fails=st.booleans())
def test_delay_with_mapper_loses_nothing(delays: list[float], fails: bool) -> None:
    async def read() -> AsyncIterator[int]:
        for number in range(len(delays)):
            await asyncio.sleep(0.5)
            yield number
        if fails:
            raise MarbleError

    async def delayed() -> list[int]:
        taken: list[int] = []

        def own(number: int) -> Stream[int]:
            return Stream.timer(delays[number])

        try:
            async for number in Stream.from_async_iterable(read).pipe(ops.delay_with_mapper(own)):
                taken.append(number)
        except MarbleError:
            assert fails
        return taken

    numbers = run(delayed())
    assert sorted(numbers) == list(range(len(delays)))
    due = {number: 0.5 * (number + 1) + delay for number, delay in enumerate(delays)}
    end = 0.5 * len(delays) if fails else 1e9
    in_time = [number for number in numbers if due[number] < end]
    assert in_time == sorted(in_time, key=due.__getitem__)


# --- arguments ------------------------------------------------------------------------------------


def test_wrong_arguments_are_refused_at_the_call() -> None:
    calls: list[tuple[Callable[[], Any], str]] = [
        (lambda: ops.delay_with_mapper(), "must be a function .*, not NoneType"),  # type: ignore[call-overload]
        (lambda: ops.delay_with_mapper(Stream.never()), "must be a function"),  # type: ignore[call-overload]
        (lambda: ops.delay_with_mapper(3), "must be a function .*, not int"),  # type: ignore[call-overload]
        (lambda: ops.delay_with_mapper(3, never), "subscription_delay must be a stream"),  # type: ignore[call-overload]
        (lambda: ops.throttle_with_mapper(3), "must be a function .*, not int"),  # type: ignore[arg-type]
    ]
    for call, message in calls:
        with pytest.raises(TypeError, match=message):
            call()


@BOTH
def test_an_async_function_is_refused_at_the_call(operator: Callable[[Any], Any]) -> None:
    async def own(_: object) -> Any:
        """Is never awaited."""

    with pytest.raises(AsyncCallbackError, match="duration_mapper is the async function"):
        operator(own)


async def test_the_methods_of_a_stream_are_these() -> None:
    source: Any = cold("-a-b-#")
    failing = source.delay_with_mapper(never).materialize().count()
    assert await failing == 3
    assert await source.throttle_with_mapper(never).materialize().count() == 2
