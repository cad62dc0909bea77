"""Events in windows: window, window_toggle, window_when, window_with_time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
import reactivex
from hypothesis import given
from hypothesis import strategies as st
from reactivex import abc
from reactivex import operators as rx
from reactivex.subject import Subject
from reactivex.testing import TestScheduler

from rxagents import AsyncCallbackError, Stream
from rxagents import operators as ops
from rxagents.testing import MarbleError, cold, expect
from rxagents.testing.virtual_time import run


def after(seconds: float) -> Callable[..., Stream[int]]:
    return lambda *_: Stream.timer(seconds)


def listed(window: Stream[int]) -> Stream[list[int]]:
    return window.to_list()


def counted(window: Stream[int]) -> Stream[int]:
    return window.count()


def never(*_: object) -> Stream[Any]:
    return Stream.never()


def flat(window: Stream[Any]) -> Stream[Any]:
    """`o`, what a window has, and `c` when it completes."""
    parts = reactivex.concat(reactivex.of("o"), window, reactivex.of("c"))
    return Stream.from_observable(parts)


def drawn(source: Stream[Any], operator: Any) -> Stream[Any]:
    """The windows of a source, made flat."""
    return source.pipe(operator, ops.flat_map(flat))


def timers() -> list[Any]:
    """The timers that the loop still has."""
    loop: Any = asyncio.get_running_loop()
    return [timer for timer in loop._scheduled if not timer.cancelled()]


Operator = Callable[[Any], Any]

BY_ANOTHER: list[Callable[[Any], Operator]] = [
    lambda other: ops.window(other),
    lambda other: ops.window_toggle(other, after(2)),
]
WITH_ANOTHER: list[Callable[[Any], Operator]] = [
    lambda other: ops.window(other),
    lambda other: ops.window_toggle(cold("x"), lambda _: other),
    lambda other: ops.window_toggle(Stream.of("x").pipe(ops.concat(other)), never),
    lambda other: ops.window_when(lambda: other),
]


# --- the end of the other streams -----------------------------------------------------------------


@pytest.mark.parametrize("operator", BY_ANOTHER)
async def test_windows_end_with_their_source(operator: Any) -> None:
    source = cold("-a-b-c-|")
    for other in (cold("--x-|"), Stream.interval(2)):
        async with asyncio.timeout(100):
            await source.pipe(operator(other), ops.count())
        assert source.subscriptions[-1].endswith("^------!")


async def test_window_goes_on_to_the_end_of_its_source_when_the_boundaries_have_ended() -> None:
    source = cold("                                         -a-b----d-|")
    boundaries = cold("                                     ----x-|")
    await expect(drawn(source, ops.window(boundaries))).to_be("oa-b(co)d-(c|)")
    source.expect_subscriptions("                           ^---------!")
    boundaries.expect_subscriptions("                       ^-----!")


async def test_window_toggle_goes_on_with_the_open_windows_when_the_openings_have_ended() -> None:
    source = cold("                                                     -a-b-d----|")
    openings = cold("                                                   --x|")
    await expect(drawn(source, ops.window_toggle(openings, after(5)))).to_be("--ob-d-c--|")
    source.expect_subscriptions("                                       ^---------!")
    await expect(drawn(source, ops.window_toggle(openings, never))).to_be("--ob-d----(c|)")


async def test_window_when_makes_its_last_window_where_a_stream_ends_without_an_event() -> None:
    closings = iter([cold("                            --x"), Stream.empty()])
    chain = drawn(
        cold("                               -a-----d-|"), ops.window_when(closings.__next__)
    )
    await expect(chain).to_be("                        oa(co)-d-(c|)")


async def test_the_window_before_is_over_when_the_next_one_comes() -> None:
    """So `concat_map` goes on at once."""
    numbers = Stream.interval(1).pipe(ops.take(6))
    for operator in (
        ops.window(Stream.interval(2.5)),
        ops.window_when(after(2.5)),
        ops.window_with_time(2.5),
    ):
        lists = numbers.pipe(operator, ops.concat_map(listed))
        assert await lists.pipe(ops.to_list()) == [[0, 1], [2, 3], [4, 5]]


# --- windows by the clock -------------------------------------------------------------------------


async def test_windows_by_the_clock_overlap_or_leave_gaps() -> None:
    numbers = Stream.interval(1).pipe(ops.take(8))

    async def of(span: float, shift: float) -> list[Any]:
        return await numbers.pipe(
            ops.window_with_time(span, shift), ops.flat_map(listed), ops.to_list()
        )

    assert await of(3.5, 2.25) == [[0, 1, 2], [2, 3, 4], [4, 5, 6], [6, 7]]
    assert await of(1.5, 3.25) == [[0], [3], [6]]


async def test_windows_follow_each_other_without_drift_and_without_timers_at_the_end() -> None:
    numbers = Stream.interval(0.1).pipe(ops.take(1000))
    counts = numbers.pipe(ops.window_with_time(timedelta(seconds=0.7)), ops.flat_map(counted))
    assert sum(await counts.pipe(ops.to_list())) == 1000
    assert timers() == []


def test_the_time_of_windows_and_lists_may_be_that_of_a_scheduler() -> None:
    clock, source = TestScheduler(), Subject[int]()
    told: list[Any] = []
    windows: Any = source.pipe(ops.window_with_time(3, 2, clock))
    windows.subscribe(lambda w: w.pipe(rx.to_list()).subscribe(told.append))
    source.pipe(ops.buffer_with_time(3, 2, clock)).subscribe(told.append)
    for number in range(5):
        clock.advance_to(number + 0.5)
        source.on_next(number)
    clock.advance_to(5.5)
    assert told == [[0, 1, 2], [0, 1, 2], [2, 3, 4], [2, 3, 4]]


async def test_a_window_that_nobody_has_got_yet_and_that_is_empty_is_the_next_one() -> None:
    """A consumer who is away does not find one for each second."""
    source: Subject[int] = Subject()
    lists = Stream.from_observable(source).pipe(ops.window_with_time(1), ops.flat_map(listed))
    async with lists.iterate(high=2) as each:
        await asyncio.sleep(100)
        source.on_next(7)
        await asyncio.sleep(100)
        source.on_completed()
        assert [numbers async for numbers in each] == [[], [], [7], []]


# --- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("operator", WITH_ANOTHER)
async def test_an_error_of_any_stream_goes_to_the_open_window_and_then_to_the_outer_stream(
    operator: Any,
) -> None:
    for text, other in (("-a-b-c", "----#"), ("-a-b#", "-----")):
        source, failing = cold(text), cold(other)
        told: list[str] = []

        def listen(window: Stream[str], told: list[str] = told) -> None:
            window.subscribe(told.append, lambda _: told.append("window"))

        stream = Stream.from_observable(source).pipe(operator(failing))
        stream.subscribe(listen, lambda _, told=told: told.append("outer"))
        await asyncio.sleep(10)
        assert told == ["a", "b", "window", "outer"]
        assert source.subscriptions[0].endswith("^---!")


@pytest.mark.parametrize("answer", [LookupError("its own"), 7])
async def test_an_error_of_the_function_goes_to_the_open_windows(answer: Any) -> None:
    def closing(opening: str = "y") -> Any:
        if opening == "x":
            return Stream.never()
        if isinstance(answer, Exception):
            raise answer
        return answer

    for operator in (ops.window_toggle(cold("x---y"), closing), ops.window_when(closing)):
        told: list[Any] = []
        windows: Any = cold("-a-b-c").pipe(operator)
        windows.subscribe(lambda w, t=told: w.subscribe(t.append, t.append), told.append)
        await asyncio.sleep(10)
        wrong = "closing_mapper must return a stream, not int" if answer == 7 else "its own"
        assert [str(each) for each in told][-2:] == [wrong, wrong]


# --- leaving --------------------------------------------------------------------------------------


async def test_leaving_leaves_all_streams() -> None:
    streams = [cold(text) for text in ("-a-b-c-|", "x----", "-----x")]
    source, openings, closing = streams
    chain = drawn(source, ops.window_toggle(openings, lambda _: closing))
    await expect(chain).to_be("oa-", unsubscribe="---!")
    for stream in streams:
        stream.expect_subscriptions("^--!")
    assert timers() == []


async def test_the_source_is_left_when_the_outer_stream_and_all_windows_are() -> None:
    source, boundaries = cold("-a-b-c-d-|"), cold("----x---")
    inner: list[abc.DisposableBase] = []
    told: list[str] = []
    outer = source.pipe(ops.window(boundaries)).subscribe(
        lambda window: inner.append(window.subscribe(told.append))
    )
    await asyncio.sleep(2)
    outer.dispose()
    assert source.subscriptions == ["^"], "a window is still wanted"
    await asyncio.sleep(4)
    assert told == ["a", "b"], "which is over, and nobody would get the next one"
    source.expect_subscriptions("^---!")
    boundaries.expect_subscriptions("^---!")
    assert len(inner) == 1


async def test_window_with_time_left_early_leaves_no_timer() -> None:
    source = cold("-a-b-c-|")
    await expect(drawn(source, ops.window_with_time(30, 20))).to_be("oa-", unsubscribe="---!")
    source.expect_subscriptions("^--!")
    assert timers() == []


# --- a slow consumer ------------------------------------------------------------------------------


class Numbers:
    """Counts how many were emitted."""

    def __init__(self, end: int, every: float = 0.0) -> None:
        self.end = end
        self.every = every
        self.emitted = 0
        self.stream = Stream.from_async_iterable(self.read)

    async def read(self) -> AsyncIterator[int]:
        for number in range(self.end):
            await asyncio.sleep(self.every)
            self.emitted += 1
            yield number


@pytest.mark.parametrize("flatten", [ops.flat_map, ops.concat_map])
async def test_a_slow_consumer_holds_back_the_source_and_the_boundaries(flatten: Any) -> None:
    numbers, boundaries = Numbers(300, 0.1), Numbers(1000, 0.25)
    taken: list[int] = []
    windows = numbers.stream.pipe(ops.window(boundaries.stream), flatten(lambda w: w))
    async with windows.iterate(high=4) as events:
        async for number in events:
            taken.append(number)
            await asyncio.sleep(1.0)
            assert numbers.emitted - len(taken) <= 6
            assert boundaries.emitted <= len(taken) + 6
    assert taken == list(range(300)), "nothing is lost"


@given(
    pauses=st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.5]), max_size=20),
    every=st.sampled_from([0.7313, 1.3171, 5.1193]),
    fails=st.booleans(),
)
def test_every_event_is_in_one_window(pauses: list[float], every: float, fails: bool) -> None:
    async def read() -> AsyncIterator[int]:
        for number, pause in enumerate(pauses):
            await asyncio.sleep(pause)
            yield number
        if fails:
            raise MarbleError

    async def numbers(operator: Any) -> list[int]:
        taken: list[int] = []
        stream = Stream.from_async_iterable(read).pipe(operator, ops.flat_map(lambda w: w))
        try:
            async for each in stream:
                taken.append(each)
        except MarbleError:
            assert fails
        return taken

    ticks = Stream.interval(every)
    for operator in (
        ops.window(ticks),
        ops.window(ticks.pipe(ops.take(2))),
        ops.window_when(after(every)),
        ops.window_toggle(ticks.pipe(ops.start_with(0)), after(every)),
        ops.window_with_time(every),
    ):
        assert run(numbers(operator)) == list(range(len(pauses)))


# --- arguments ------------------------------------------------------------------------------------


def test_wrong_arguments_are_refused_at_the_call() -> None:
    with pytest.raises(TypeError, match="window takes a stream, not float"):
        ops.window(1.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="window_toggle takes a stream, not list"):
        ops.window_toggle([], after(1))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="timespan must be more than 0 seconds and finite, not 0"):
        ops.window_with_time(0)
    with pytest.raises(ValueError, match="timeshift must be more than 0 seconds"):
        ops.window_with_time(1, -1)

    async def closing(*_: object) -> Any:
        """Is never awaited."""

    calls: list[Callable[[], Any]] = [
        lambda: ops.window_toggle(Stream.never(), closing),  # type: ignore[arg-type]
        lambda: ops.window_when(closing),  # type: ignore[arg-type]
    ]
    for call in calls:
        with pytest.raises(AsyncCallbackError, match="closing_mapper is the async function"):
            call()


async def test_the_methods_of_a_stream_are_these_and_a_window_is_a_stream() -> None:
    source: Any = cold("-a-b-c-|")
    for windows in (
        source.window(Stream.timer(4)),
        source.window_when(after(4)),
        source.window_toggle(Stream.timer(2), after(2)),
        source.window_with_time(4),
    ):
        assert isinstance(await windows.first(), Stream)
