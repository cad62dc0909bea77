"""What to do when a stream fails, is late, or falls silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
import reactivex
from hypothesis import given
from hypothesis import strategies as st
from loopback import Hold, LoopbackServer, sse, stream, text_events
from reactivex.subject import Subject
from reactivex.testing import ReactiveTest, TestScheduler

from rxagents import Agent, NoRunningLoopError, OpenAIResponsesModel, Runner, Stream
from rxagents import operators as ops
from rxagents.exceptions import RxAgentsError
from rxagents.operators import (
    Stalled,
    StreamTimeout,
    fallback,
    hedge,
    retry,
    stall,
    timeout,
)
from rxagents.testing.marbles import cold, expect
from rxagents.testing.virtual_time import run

EVENTS = [sse(event) for event in text_events("one two three")]
S = {letter: letter for letter in "abcxy"} | {"S": Stalled(seconds=3)}


def timers() -> int:
    """The timers that are set on the loop."""
    scheduled: list[asyncio.TimerHandle] = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
    return sum(not timer.cancelled() for timer in scheduled)


async def ticks(*pauses: float) -> AsyncIterator[int]:
    for number, pause in enumerate(pauses):
        await asyncio.sleep(pause)
        yield number


# --- retry ----------------------------------------------------------------------------------


async def test_retry_counts_subscriptions_as_reactivex_does() -> None:
    for operator in (retry(3), reactivex.operators.retry(3)):
        source = cold("                     -a#")
        await expect(source.pipe(operator)).to_be("-a-a-a#")
        source.expect_subscriptions("^-!", "--^-!", "----^-!")


async def test_retry_waits_longer_each_time_up_to_a_limit() -> None:
    source = cold("a#")
    seen = retry(5, backoff=1, factor=3, max_delay=5)
    await expect(source.pipe(seen)).to_be("a-a---a-----a-----a#")


async def test_retry_ends_with_a_success() -> None:
    attempts = iter([cold("-#"), cold("-#"), cold("-b|")])
    await expect(Stream.defer(lambda: next(attempts)).pipe(retry(backoff=2))).to_be("---------b|")


async def test_retry_takes_a_part_off_the_wait_by_chance() -> None:
    chances = iter([0.0, 0.5, 1.0])
    source = cold("#")
    chain = source.pipe(retry(4, backoff=4, factor=2, jitter=0.5, random=lambda: next(chances)))
    await expect(chain).to_be("------------------#")  # 4, 8 * 0.75, 16 * 0.5
    source.expect_subscriptions("(^!)", "----(^!)", "----------(^!)", "------------------(^!)")


async def test_retry_asks_which_errors_to_try_again() -> None:
    errors: list[Exception] = [ValueError("busy"), KeyError("wrong")]
    sources = iter([cold("-#", error=error) for error in errors])
    chain = Stream.defer(lambda: next(sources)).pipe(
        retry(when=lambda error: isinstance(error, ValueError))
    )
    await expect(chain).to_be("--#", error=errors[1])


async def test_retry_sends_the_error_of_its_own_question() -> None:
    def when(error: Exception) -> bool:
        raise LookupError("no answer")

    await expect(cold("-#").pipe(retry(when=when))).to_be("-#", error=LookupError)


async def test_retry_starts_anew_with_each_subscription() -> None:
    source = cold("-#")
    both = source.pipe(retry(2, backoff=1))
    await expect(both).to_be("---#")
    await expect(both).to_be("---#")
    assert len(source.subscriptions) == 4


async def test_retry_is_left_while_it_waits() -> None:
    source = cold("                          -a-#")
    await expect(source.pipe(retry(backoff=9))).to_be("-a-----", unsubscribe="------!")
    source.expect_subscriptions("^--!")
    assert timers() == 0


@pytest.mark.parametrize("operator", [retry(2), retry(2, backoff=5)])
async def test_retry_gives_the_credit_to_each_subscription(operator: Any) -> None:
    read = attempts = 0

    async def source() -> AsyncIterator[int]:
        nonlocal read, attempts
        attempts += 1
        if attempts == 1:
            raise ConnectionError
        while True:
            read += 1
            yield read

    async with Stream.from_async_iterable(source).pipe(operator).iterate(high=4) as numbers:
        assert await anext(numbers) == 1
        await asyncio.sleep(100)
        assert read <= 5


async def test_retry_of_what_fails_at_once_gives_the_loop_back() -> None:
    failing = Stream.from_observable(reactivex.throw(KeyError())).pipe(retry())
    subscription = failing.subscribe()
    await asyncio.sleep(1e-5)
    subscription.dispose()
    assert timers() == 0


def test_retry_without_a_loop() -> None:
    out: list[Any] = []
    failing = Stream.from_observable(reactivex.throw(KeyError("k"))).pipe(retry(2000))
    failing.subscribe(out.append, out.append)
    assert [repr(each) for each in out] == ["KeyError('k')"]
    late = Stream.from_observable(reactivex.throw(KeyError())).pipe(retry(2, backoff=1))
    with pytest.raises(NoRunningLoopError):
        late.subscribe()


async def test_retry_does_not_try_a_cancelled_source_again() -> None:
    attempts: list[asyncio.Task[Any] | None] = []

    async def source() -> AsyncIterator[int]:
        attempts.append(asyncio.current_task())
        await asyncio.sleep(100)
        yield 1

    seen: list[BaseException] = []
    Stream.from_async_iterable(source).pipe(retry()).subscribe(None, seen.append)
    await asyncio.sleep(1)
    assert attempts[0] is not None
    attempts[0].cancel()
    await asyncio.sleep(1000)
    assert len(attempts) == 1
    assert isinstance(seen[0], asyncio.CancelledError)


# --- fallback -------------------------------------------------------------------------------


async def test_fallback_goes_on_with_the_next_stream() -> None:
    source, second, third = cold("-a-#"), cold("-b#"), cold("-c|")
    await expect(source.pipe(fallback(second, third))).to_be("-a--b-c|")
    source.expect_subscriptions("^--!")
    second.expect_subscriptions("---^-!")
    third.expect_subscriptions("-----^-!")
    await expect(cold("-a|").pipe(fallback(third))).to_be("-a|")


async def test_fallback_sends_the_last_error_and_those_it_is_not_for() -> None:
    last = KeyError("last")
    await expect(cold("-#").pipe(fallback(cold("-#", error=last)))).to_be("--#", error=last)
    first = ValueError("first")
    chain = cold("-#", error=first).pipe(
        fallback(cold("-b|"), when=lambda error: isinstance(error, KeyError))
    )
    await expect(chain).to_be("-#", error=first)


async def test_fallback_starts_anew_with_each_subscription_and_can_be_left() -> None:
    other = cold("                            --b--c|")
    chain = cold("-#").pipe(fallback(other))
    await expect(chain).to_be("               ---b--c|")
    await expect(chain).to_be("               ---b-", unsubscribe="----!")
    assert other.subscriptions[1].endswith("^--!")


async def test_fallback_gives_the_credit_to_the_other() -> None:
    read = 0

    async def other() -> AsyncIterator[int]:
        nonlocal read
        while True:
            read += 1
            yield read

    chain = Stream.throw(KeyError()).pipe(fallback(Stream.from_async_iterable(other)))
    async with chain.iterate(high=4) as numbers:
        await anext(numbers)
        await asyncio.sleep(10)
        assert read <= 5


# --- timeout --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "source", "result"),
    [
        ({"between": 3}, "-a--b--c-|", "-a--b--c-|"),
        ({"between": 3}, "-a--b----c|", "-a--b--#"),
        ({"between": 3}, "----a|", "---#"),
        ({"between": 3}, "-a------|", "-a--#"),
        ({"between": 3}, "-a-#", "-a-#"),
        ({"first": 3}, "----a|", "---#"),
        ({"first": 3}, "-a----------|", "-a----------|"),
        ({"first": 9, "between": 2}, "------a-b---c|", "------a-b-#"),
        ({"first": 9, "between": 2}, "-a-----b|", "-a-#"),
        ({"first": 2, "between": 4}, "-a---b------|", "-a---b---#"),
        ({"total": 5}, "-a-b-c-d|", "-a-b-#"),
        ({"total": 6, "between": 3}, "-a--b--c|", "-a--b-#"),
        ({"total": 9}, "-a|", "-a|"),
    ],
)
async def test_timeout_is_exact(limits: dict[str, float], source: str, result: str) -> None:
    given_source = cold(source)
    given_source_error = StreamTimeout if len(result) != len(source) else None
    await expect(given_source.pipe(timeout(**limits))).to_be(result, error=given_source_error)
    assert given_source.subscriptions == ["^" + "-" * (len(result) - 2) + "!"]
    assert timers() == 0


async def test_timeout_takes_reactivex_arguments() -> None:
    await expect(cold("-a----b|").pipe(timeout(1.5, cold("x|")))).to_be("-a-", until=2)
    chain = cold("-a----b|").pipe(timeout(timedelta(seconds=2), cold("-x|")))
    await expect(chain).to_be("-a--x|")


@pytest.mark.parametrize(
    ("limits", "pauses", "attributes", "message"),
    [
        ({"between": 3}, (9,), ("between", 3, 0), "no event for 3 s (after 0 events)"),
        ({"first": 3}, (9,), ("first", 3, 0), "no event within the first 3 s (after 0 events)"),
        (
            {"total": 2.5},
            (1, 9),
            ("total", 2.5, 1),
            "the stream has not ended within 2.5 s (after 1 event)",
        ),
    ],
)
async def test_timeout_tells_which_limit(
    limits: dict[str, float], pauses: tuple[float, ...], attributes: object, message: str
) -> None:
    chain = Stream.from_async_iterable(lambda: ticks(*pauses)).pipe(timeout(**limits))
    with pytest.raises(TimeoutError) as raised:
        await chain.drain()
    error: Any = raised.value
    assert issubclass(StreamTimeout, RxAgentsError)
    assert type(error) is StreamTimeout
    assert (error.limit, error.seconds, error.events) == attributes
    assert str(error) == message


async def test_timeout_stands_still_while_the_consumer_holds_the_source_back() -> None:
    source = Stream.from_async_iterable(lambda: ticks(0, 0, 0, 0, 2, 2, 9))
    chain = source.pipe(timeout(3, total=10))
    seen: list[int] = []
    with pytest.raises(StreamTimeout) as raised:
        async with chain.iterate(high=2) as numbers:
            async for number in numbers:
                seen.append(number)
                if number < 4:
                    await asyncio.sleep(100)
    assert seen == [0, 1, 2, 3, 4, 5]
    assert raised.value.limit == "between"
    assert raised.value.events == 6


async def test_timeout_begins_anew_when_the_source_may_go_on() -> None:
    loop = asyncio.get_running_loop()
    source = Stream.from_async_iterable(lambda: ticks(0, 99))
    async with source.pipe(timeout(3)).iterate(high=1) as numbers:
        await asyncio.sleep(50)
        await anext(numbers)
        began = loop.time()
        with pytest.raises(StreamTimeout):
            await anext(numbers)
        assert round(loop.time() - began, 6) == 3


async def test_timeout_stands_still_also_where_another_stream_has_used_up_the_credit() -> None:
    loop = asyncio.get_running_loop()
    silent = Stream.from_async_iterable(lambda: ticks(99)).pipe(timeout(3))
    other = Stream.from_async_iterable(lambda: ticks(1, 99))
    async with Stream.from_observable(reactivex.merge(silent, other)).iterate(high=1) as numbers:
        await asyncio.sleep(50)
        assert await anext(numbers) == 0
        began = loop.time()
        with pytest.raises(StreamTimeout):
            await anext(numbers)
        assert round(loop.time() - began, 6) == 3


async def test_timeout_gives_the_credit_to_the_other() -> None:
    read = 0

    async def other() -> AsyncIterator[int]:
        nonlocal read
        while True:
            read += 1
            yield read

    chain = Stream.never().pipe(timeout(1, Stream.from_async_iterable(other)))
    async with chain.iterate(high=4) as numbers:
        await anext(numbers)
        await asyncio.sleep(10)
        assert read <= 5


async def test_timeout_and_retry_together_ask_a_silent_server_again() -> None:
    script = [stream(*EVENTS[:5], Hold()), stream(*EVENTS)]
    async with LoopbackServer(script) as server:
        agent = Agent("A", model=OpenAIResponsesModel("m", server.client()))
        chain = Runner.observe(agent, "x").pipe(timeout(30), retry(2), ops.text_deltas())
        assert [delta async for delta in chain] == ["one", "\n\n", "one", " two", " three"]
        async with asyncio.timeout(5):
            await server.wait_gone()


async def test_timeout_sets_one_timer_however_many_events_come() -> None:
    loop = asyncio.get_running_loop()
    source: Subject[int] = Subject()
    seen: list[int] = []
    before = timers()
    subscription = Stream.from_observable(source).pipe(timeout(5)).subscribe(seen.append)
    began = loop.time()
    for number in range(1000):
        source.on_next(number)
        assert len(loop._scheduled) == before + 1  # type: ignore[attr-defined]
    assert loop.time() == began
    subscription.dispose()
    assert timers() == before
    assert len(seen) == 1000


def test_timeout_on_the_clock_of_reactivex_tests() -> None:
    scheduler = TestScheduler()
    on_next = ReactiveTest.on_next
    source = scheduler.create_hot_observable(on_next(210, 1), on_next(230, 2), on_next(300, 3))
    result = scheduler.start(lambda: source.pipe(timeout(50.0)))
    assert [each.time for each in result.messages] == [210, 230, 280]
    assert source.subscriptions[0].unsubscribe == 280


@given(st.lists(st.integers(1, 9), max_size=8), st.integers(1, 9), st.integers(1, 30))
def test_timeout_is_what_a_look_at_every_event_would_be(
    pauses: list[int], between: int, total: int
) -> None:
    expected: list[float] = []
    now = 0.0
    for pause in pauses:
        if pause > between or now + pause > total:
            break
        now += pause - 0.001  # just before any limit
        expected.append(now)
    expected.append(min(now + between, total))

    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        source = Stream.from_async_iterable(lambda: ticks(*[p - 0.001 for p in pauses], 99))
        times: list[float] = []
        with pytest.raises(StreamTimeout):
            async for _ in source.pipe(timeout(between, total=total)):
                times.append(loop.time())
        return [*times, loop.time()]

    assert run(main()) == pytest.approx(expected, abs=1e-5)


# --- stall ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("-a--b-|", "-a--b-|"),
        ("-a---------b--c|", "-a--S------b--c|"),
        ("-------a|", "---S---a|"),
        ("-a-----b-----|", "-a--S--b--S--|"),
        ("-a----#", "-a--S-#"),
        ("|", "|"),
    ],
)
async def test_stall_marks_each_silence_once(source: str, result: str) -> None:
    silent = cold(source)
    await expect(silent.pipe(stall(3))).to_be(result, S)
    assert timers() == 0


async def test_stall_starts_anew_with_each_subscription_and_can_be_left() -> None:
    chain = cold("-a-").pipe(stall(3))
    await expect(chain).to_be("-a--S----", S, unsubscribe="--------!")
    await expect(chain).to_be("-a-", S, unsubscribe="---!")
    assert timers() == 0


async def test_stall_is_not_what_the_consumer_does() -> None:
    source = Stream.from_async_iterable(lambda: ticks(0, 0, 0, 5))
    seen: list[int | Stalled] = []
    async with source.pipe(stall(3)).iterate(high=1) as events:
        async for event in events:
            seen.append(event)
            if isinstance(event, int):
                await asyncio.sleep(50 if event < 2 else 0)
    assert seen == [0, 1, 2, Stalled(seconds=3), 3]


# --- hedge ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "other", "result", "first", "second"),
    [
        ("--a-b|", "-x|", "--a-b|", "^----!", None),
        ("------a-b|", "--x--y|", "-----x--y|", "^----!", "---^-----!"),
        ("----a-b|", "--x--y|", "----a-b|", "^------!", "---^!"),
        ("-#", "-x|", "--x|", "^!", "-^-!"),
        ("----#", "--x|", "-----x|", "^---!", "---^--!"),
        ("------a|", "-#", "------a|", "^------!", "---^!"),
        ("-#", "-#", "--#", "^!", "-^!"),
        ("-|", "x|", "-|", "^!", None),
        ("--------a|", "-|", "----|", "^---!", "---^!"),
        ("-a-#", "x|", "-a-#", "^--!", None),
    ],
)
async def test_hedge_lets_the_quicker_one_win(
    source: str, other: str, result: str, first: str, second: str | None
) -> None:
    one, two = cold(source), cold(other)
    await expect(one.pipe(hedge(3, two))).to_be(result)
    one.expect_subscriptions(first)
    two.expect_subscriptions(*([second] if second else []))
    assert timers() == 0


async def test_hedge_subscribes_to_the_source_again_by_default() -> None:
    attempts = iter([cold("---------a|"), cold("-b|")])
    chain = Stream.defer(lambda: next(attempts)).pipe(hedge(3))
    await expect(chain).to_be("----b|")


async def test_hedge_is_left_by_its_subscriber() -> None:
    one, two = cold("---------a|"), cold("---------b|")
    chain = one.pipe(hedge(3, two))
    await expect(chain).to_be("------", unsubscribe="-----!")
    await expect(chain).to_be("--", unsubscribe="-!")
    assert len(two.subscriptions) == 1
    assert two.subscriptions[0].endswith("^-!")
    assert timers() == 0


async def test_hedge_starts_nothing_in_place_of_a_cancelled_task() -> None:
    tasks: list[asyncio.Task[Any] | None] = []

    async def source() -> AsyncIterator[int]:
        tasks.append(asyncio.current_task())
        await asyncio.sleep(100)
        yield 1

    seen: list[BaseException] = []
    Stream.from_async_iterable(source).pipe(hedge(50)).subscribe(None, seen.append)
    await asyncio.sleep(1)
    assert tasks[0] is not None
    tasks[0].cancel()
    await asyncio.sleep(1000)
    assert len(tasks) == 1
    assert isinstance(seen[0], asyncio.CancelledError)


async def test_hedge_gives_the_credit_to_the_other() -> None:
    read = 0

    async def other() -> AsyncIterator[int]:
        nonlocal read
        while True:
            read += 1
            yield read

    chain = Stream.never().pipe(hedge(1, Stream.from_async_iterable(other)))
    async with chain.iterate(high=4) as numbers:
        await anext(numbers)
        await asyncio.sleep(10)
        assert read <= 5


async def test_hedge_closes_the_connection_of_the_one_that_lost() -> None:
    script = [stream(Hold()), stream(*EVENTS)]
    async with LoopbackServer(script) as server:
        agent = Agent("A", model=OpenAIResponsesModel("m", server.client()))
        answer = Runner.observe(agent, "x").pipe(ops.text_deltas(), hedge(2))
        assert [delta async for delta in answer] == ["one", " two", " three"]
        async with asyncio.timeout(5):
            await server.wait_gone()
        assert len(server.requests) == 2
        assert server.gone == 1


# --- arguments ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: retry(0), "count must be 1 subscription or more, not 0"),
        (lambda: retry(backoff=-1), "backoff must be 0 seconds or more and finite, not -1"),
        (lambda: retry(max_delay=-1), "max_delay must be 0 seconds or more and finite, not -1"),
        (lambda: retry(factor=0.5), "factor must be 1 or more and finite, not 0.5"),
        (lambda: retry(jitter=2), "jitter must be a fraction from 0 to 1, not 2"),
        (lambda: fallback(), "fallback needs at least 1 stream to go on with"),
        (lambda: timeout(), "timeout needs a number of seconds: between, first or total"),
        (lambda: timeout(0), "between must be more than 0 seconds and finite, not 0"),
        (lambda: timeout(first=-1), "first must be more than 0 seconds and finite, not -1"),
        (lambda: stall(0), "after must be more than 0 seconds and finite, not 0"),
        (lambda: hedge(float("inf")), "after must be more than 0 seconds and finite, not inf"),
    ],
)
def test_arguments_are_checked_at_once(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match="^" + message):
        make()


# --- catch ----------------------------------------------------------------------------------


async def test_catch_goes_on_with_another_stream() -> None:
    source, other = cold("-a#"), cold("-b|")
    await expect(source.pipe(ops.catch(other))).to_be("-a-b|")
    source.expect_subscriptions("^-!")
    other.expect_subscriptions(" --^-!")


async def test_catch_asks_a_function_which_may_return_the_source() -> None:
    error = KeyError("lost")
    seen: list[Exception] = []

    def handler(raised: Exception, source: Any) -> Any:
        seen.append(raised)
        return source

    source = cold("-a#", error=error)
    chain = source.pipe(ops.catch(handler))
    await expect(chain).to_be("-a-a#", error=error)
    assert seen == [error], "the second error is sent on"


async def test_catch_sends_on_what_its_function_raises_or_returns_wrongly() -> None:
    def fails(*_: object) -> Any:
        raise ValueError("no idea")

    await expect(cold("-a#").pipe(ops.catch(fails))).to_be("-a#", error=ValueError("no idea"))
    returns_a_list: Any = lambda *_: [1]  # noqa: E731
    wrong = cold("-a#").pipe(ops.catch(returns_a_list))
    complaint = TypeError("catch: the handler must return a stream, not list")
    await expect(wrong).to_be("-a#", error=complaint)


async def test_catch_without_an_error_passes_everything_on_and_leaves_with_its_consumer() -> None:
    await expect(cold("-a-|").pipe(ops.catch(Stream.of("x")))).to_be("-a-|")
    source, other = cold("-#"), cold("----b|")
    await expect(source.pipe(ops.catch(other))).to_be("---", unsubscribe="---!")
    other.expect_subscriptions("-^-!")
