"""How many events come in a second: rate."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reactivex.disposable import Disposable
from reactivex.subject import Subject
from reactivex.testing import TestScheduler

from rxagents import AsyncCallbackError, NoRunningLoopError, Stream
from rxagents import operators as ops
from rxagents.testing import cold, expect
from rxagents.testing.virtual_time import run


def shown(value: float) -> str:
    return f"{value:.6g}"


RATES = {"0": 0.0, "1": 1 / 3, "2": 2 / 3, "M": 2 / 5}


async def test_rate_tells_events_a_second_every_window() -> None:
    source = cold("           -ab-c--------d--e|")
    rated = source.pipe(ops.rate(3), ops.map(shown))
    result = "                ---2--1--0--0--1-(M|)"
    lasted = "                ^----------------!"
    letters = {letter: shown(value) for letter, value in RATES.items()}
    for _ in range(2):
        await expect(rated).to_be(result, letters)
    source.expect_subscriptions(lasted, "-" * 17 + lasted)


async def test_rate_weighs_events() -> None:
    source = cold("-a-b---", {"a": "four", "b": "eleven more"})
    rated = source.pipe(ops.rate(2, weigh=len))
    await expect(rated).to_be("--x-y-z-z", {"x": 2.0, "y": 5.5, "z": 0.0}, until=8)


async def test_what_is_left_is_told_before_an_error() -> None:
    source = cold("-abc#", error=OSError("cut"))
    await expect(source.pipe(ops.rate(3))).to_be("---x(y#)", {"x": 2 / 3, "y": 3 / 4}, OSError)


async def test_a_short_rest_tells_no_wild_figure() -> None:
    source = cold("aaaaaaaaaaaaaaaaaaaa-a|", frame=0.05)
    rates = await source.pipe(ops.rate(1.0), ops.to_list())
    assert rates[0] == 20.0
    assert rates[1] == pytest.approx(21 / 1.1)


async def test_a_stream_that_is_shorter_than_a_window_counts_as_one() -> None:
    assert await Stream.of(1, 2, 3).pipe(ops.rate(2.0), ops.to_list()) == [1.5]
    assert await cold("-a-b|").pipe(ops.rate(8.0), ops.to_list()) == [0.25]


async def test_the_rate_of_nothing() -> None:
    assert await Stream.empty().pipe(ops.rate(), ops.to_list()) == []
    await expect(cold("----|").pipe(ops.rate(3), ops.map(shown))).to_be("---0|")


async def test_an_exception_in_weigh_ends_the_rate_after_what_was_told() -> None:
    calls: list[str] = []

    def weigh(value: str) -> float:
        calls.append(value)
        return {"a": 1.0}[value]

    source = cold("              a--ab-a-|")
    await expect(source.pipe(ops.rate(2, weigh=weigh))).to_be(
        "--x-(y#)", {"x": 0.5, "y": 0.5}, KeyError
    )
    source.expect_subscriptions("^---!")
    assert calls == ["a", "a", "b"]


async def test_weigh_is_not_called_again_after_it_raised() -> None:
    calls: list[int] = []

    def weigh(value: int) -> float:
        calls.append(value)
        raise KeyError("x")

    def subscribe(observer: Any, scheduler: Any = None) -> Any:
        for number in range(3):  # at once: it cannot be left before
            observer.on_next(number)
        return Disposable()

    errors: list[Exception] = []
    source: Stream[int] = Stream(subscribe)
    source.pipe(ops.rate(weigh=weigh)).subscribe(None, errors.append)
    assert len(errors) == 1
    assert calls == [0]


async def test_windows_that_are_no_round_numbers_give_round_rates() -> None:
    rates = Stream.interval(0.01).pipe(ops.rate(0.1), ops.skip(1), ops.take(20), ops.to_list())
    assert set(await rates) == {100.0}


async def test_no_timer_runs_after_the_rate_is_left_or_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    timers: list[asyncio.TimerHandle] = []
    call_at = loop.call_at

    def noticed(*args: Any, **options: Any) -> asyncio.TimerHandle:
        timers.append(call_at(*args, **options))
        return timers[-1]

    source: Subject[int] = Subject()
    rated = Stream.from_observable(source).pipe(ops.rate(1.0))
    monkeypatch.setattr(loop, "call_at", noticed)

    def running() -> list[asyncio.TimerHandle]:
        return [t for t in timers if not t.cancelled() and t.when() > loop.time()]

    left = rated.subscribe()
    assert len(running()) == 1
    await asyncio.sleep(2.5)
    assert len(running()) == 1
    left.dispose()
    assert running() == []
    assert source.observers == []
    # A consumer that is not ready when the source ends is told later, without a timer.
    iterator = rated.iterate(high=1)
    async with iterator:
        asyncio.get_running_loop().call_later(1.5, source.on_next, 1)
        await anext(iterator)
        await asyncio.sleep(1.5)
        assert iterator.demand.pending == 1
        assert len(running()) == 1
        source.on_next(1)
        source.on_completed()
        assert running() == []
        assert len([rate async for rate in iterator]) == 2
    assert running() == []


async def test_a_slow_consumer_gets_means_and_holds_nothing_back() -> None:
    emitted = 0
    closed: list[bool] = []

    async def read() -> AsyncIterator[int]:
        nonlocal emitted
        try:
            while True:
                emitted += 1
                yield emitted
                await asyncio.sleep(0.25)
        finally:
            await asyncio.sleep(1)
            closed.append(True)

    iterator = Stream.from_async_iterable(read).pipe(ops.rate(1.0)).iterate(high=1)
    async with iterator:
        first = await anext(iterator)
        await asyncio.sleep(99)
        assert emitted >= 399
        assert iterator.demand.peak == 1
        assert first == 4.0
        assert await anext(iterator) == 4.0  # told at 2 s, and not read since
        assert await anext(iterator) == pytest.approx(4.0, abs=0.02)  # of all seconds since
    assert closed == [True], "leaving waits for the source"


def test_the_time_of_a_rate_is_the_schedulers() -> None:
    scheduler = TestScheduler()
    source: Subject[str] = Subject()
    out: list[tuple[float, Any]] = []
    Stream.from_observable(source).pipe(ops.rate(2.0)).subscribe(
        lambda value: out.append((scheduler.clock, value)),
        on_completed=lambda: out.append((scheduler.clock, "|")),
        scheduler=scheduler,
    )
    for time in (0.5, 1.0, 4.5):
        scheduler.schedule_absolute(time, lambda *_: source.on_next("a"))
    scheduler.schedule_absolute(5.0, lambda *_: source.on_completed())
    scheduler.start()
    assert out == [(2.0, 1.0), (4.0, 0.0), (5.0, pytest.approx(1 / 3)), (5.0, "|")]


def test_a_rate_needs_a_loop() -> None:
    errors: list[Exception] = []
    Stream.of(1, 2).pipe(ops.rate()).subscribe(None, errors.append)
    assert isinstance(errors[0], NoRunningLoopError)


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.inf, math.nan])
def test_impossible_windows_are_refused_at_once(wrong: float) -> None:
    with pytest.raises(ValueError, match=f"window must be more than 0 seconds .*, not {wrong:g}"):
        ops.rate(wrong)


def test_an_async_weigh_is_refused_at_once() -> None:
    async def weigh(_: object) -> float:
        return 1.0

    with pytest.raises(AsyncCallbackError, match="weigh is the async function"):
        ops.rate(weigh=weigh)  # type: ignore[arg-type]


@given(st.lists(st.floats(0.001, 1.0), max_size=30), st.floats(0.1, 2.0))
def test_the_rates_of_whole_windows_make_up_the_number_of_events(
    pauses: list[float], window: float
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        source: Subject[int] = Subject()
        counts: list[int] = []
        rates: list[float] = []
        seen = 0

        def note(rate: float) -> None:
            rates.append(rate)
            counts.append(seen)

        Stream.from_observable(source).pipe(ops.rate(window)).subscribe(note)
        for pause in pauses:
            await asyncio.sleep(pause)
            seen += 1
            source.on_next(1)
        await asyncio.sleep(window)
        for number, rate in enumerate(rates):
            before = counts[number - 1] if number else 0
            assert round(rate * window, 3) == counts[number] - before
        assert len(rates) == pytest.approx(loop.time() / window, abs=1.001)
        source.on_completed()

    run(main())
