"""Time between events: delay, limit_rate, throttle_latest, audit."""

from __future__ import annotations

import asyncio
import itertools
import math
import threading
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from reactivex.subject import Subject
from reactivex.testing import TestScheduler

from rxagents import NoRunningLoopError, Stream
from rxagents import operators as ops

Operator = Callable[[Any], Any]

OPERATORS: dict[str, Callable[[], Operator]] = {
    "delay": lambda: ops.delay(3.0),
    "limit_rate": lambda: ops.limit_rate(1 / 3),
    "throttle_latest": lambda: ops.throttle_latest(3.0),
    "audit": lambda: ops.audit(3.0),
}


class Source:
    """Tells each letter after its pause in seconds, counts, and notes when it was left."""

    def __init__(self, *score: str | float, error: Exception | None = None) -> None:
        self.score = score
        self.error = error
        self.emitted = 0
        self.closed_at: float | None = None
        self.stream = Stream.from_async_iterable(self.read)

    async def read(self) -> AsyncIterator[str]:
        try:
            for each in self.score:
                if isinstance(each, str):
                    self.emitted += 1
                    yield each
                else:
                    await asyncio.sleep(each)
            if self.error:
                raise self.error
        finally:
            self.closed_at = asyncio.get_running_loop().time()


def letters(error: Exception | None = None) -> Source:
    """A at 1 s, b at 1.2 s, c at 3 s, d at 4.1 s, e at 9 s; the end at 10 s."""
    return Source(1.0, "a", 0.2, "b", 1.8, "c", 1.1, "d", 4.9, "e", 1.0, error=error)


async def timed(stream: Stream[Any], operator: Operator) -> list[tuple[float, Any]]:
    """What comes, and when: in seconds since the subscription."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    out: list[tuple[float, Any]] = []
    done = asyncio.Event()

    def note(what: Any) -> None:
        out.append((round(loop.time() - began, 4), what))

    def end(error: Exception | None = None) -> None:
        note("|" if error is None else str(error))
        done.set()

    stream.pipe(operator).subscribe(note, end, end)
    await done.wait()
    return out


TIMES: dict[str, list[tuple[float, str]]] = {
    "delay": [(4.0, "a"), (4.2, "b"), (6.0, "c"), (7.1, "d"), (12.0, "e"), (13.0, "|")],
    # The source is held back: c comes 1.8 s after b was emitted, and so on.
    "limit_rate": [(1.0, "a"), (4.0, "b"), (7.0, "c"), (10.0, "d"), (14.9, "e"), (15.9, "|")],
    "throttle_latest": [(1.0, "a"), (4.0, "c"), (7.0, "d"), (10.0, "e"), (10.0, "|")],
    "audit": [(4.0, "c"), (7.1, "d"), (10.0, "e"), (10.0, "|")],
}


@pytest.mark.parametrize("name", OPERATORS)
async def test_times_are_exact_for_each_subscription(name: str) -> None:
    stream, operator = letters().stream, OPERATORS[name]()
    assert await timed(stream, operator) == TIMES[name]
    assert await timed(stream, operator) == TIMES[name]


ERRORS: dict[str, list[tuple[float, str]]] = {
    "delay": [*TIMES["delay"][:4], (10.0, "cut")],  # e is on its way, and dropped
    "limit_rate": [*TIMES["limit_rate"][:5], (15.9, "cut")],
    "throttle_latest": [*TIMES["throttle_latest"][:4], (10.0, "cut")],
    "audit": [*TIMES["audit"][:3], (10.0, "cut")],
}


@pytest.mark.parametrize("name", OPERATORS)
async def test_an_error_comes_when_it_should(name: str) -> None:
    out = await timed(letters(OSError("cut")).stream, OPERATORS[name]())
    assert out == ERRORS[name]
    await asyncio.sleep(50)
    assert out == ERRORS[name], "nothing follows"


@pytest.mark.parametrize("name", OPERATORS)
async def test_an_empty_source(name: str) -> None:
    end = 3.0 if name == "delay" else 0.0
    assert await timed(Stream.empty(), OPERATORS[name]()) == [(end, "|")]


@pytest.mark.parametrize("name", OPERATORS)
async def test_leaving_closes_the_source_and_cancels_the_timer(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    timers: list[asyncio.TimerHandle] = []
    call_at = loop.call_at

    def noticed(*args: Any, **options: Any) -> asyncio.TimerHandle:
        timers.append(call_at(*args, **options))
        return timers[-1]

    source = letters()
    out: list[str] = []
    subscription = source.stream.pipe(OPERATORS[name]()).subscribe(out.append)
    await asyncio.sleep(3.5)
    monkeypatch.setattr(loop, "call_at", noticed)
    await asyncio.sleep(0.8)  # d has come
    seen = len(out)
    subscription.dispose()
    await asyncio.sleep(0)
    assert source.closed_at == 4.3
    assert all(timer.cancelled() or timer.when() <= 4.3 for timer in timers)
    await asyncio.sleep(50)
    assert len(out) == seen
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("name", ["delay", "limit_rate"])
async def test_a_slow_consumer_holds_back_the_source_and_loses_nothing(name: str) -> None:
    emitted = 0

    async def read() -> AsyncIterator[int]:
        nonlocal emitted
        for number in range(5000):
            emitted += 1
            yield number

    operator: Operator = ops.delay(0.5) if name == "delay" else ops.limit_rate(1000)
    line = 1024 if name == "delay" else 1
    most = taken = 0
    async for number in Stream.from_async_iterable(read).pipe(operator).iterate(high=8):
        assert number == taken
        taken += 1
        most = max(most, emitted - taken)
        if taken % 50 == 0:
            await asyncio.sleep(1)
    assert taken == 5000
    assert most <= line + 8


@pytest.mark.parametrize("name", ["throttle_latest", "audit"])
async def test_a_slow_consumer_gets_the_latest_when_it_is_ready(name: str) -> None:
    source: Subject[int] = Subject()
    operator: Operator = ops.throttle_latest(0.1) if name == "throttle_latest" else ops.audit(0.1)
    iterator = Stream.from_observable(source).pipe(operator).iterate(high=1)
    async with iterator:
        for number in range(100):
            source.on_next(number)
            await asyncio.sleep(0.1)
        assert iterator.demand.peak == 1
        await anext(iterator)
        assert await anext(iterator) == 99


async def test_an_iterate_block_waits_for_the_source() -> None:
    for make in OPERATORS.values():
        closed: list[bool] = []

        async def read(closed: list[bool] = closed) -> AsyncIterator[int]:
            try:
                while True:
                    yield 1
                    await asyncio.sleep(1)
            finally:
                await asyncio.sleep(5)
                closed.append(True)

        async with Stream.from_async_iterable(read).pipe(make()).iterate() as values:
            await anext(values)
        assert closed == [True]


async def test_delay_takes_a_timedelta_and_zero() -> None:
    source = letters()
    assert await timed(source.stream, ops.delay(timedelta(seconds=3))) == TIMES["delay"]
    assert await timed(source.stream, ops.delay(0)) == [
        (1.0, "a"),
        (1.2, "b"),
        (3.0, "c"),
        (4.1, "d"),
        (9.0, "e"),
        (10.0, "|"),
    ]


async def test_limit_rate_keeps_its_gaps_after_a_pause_of_the_consumer() -> None:
    loop = asyncio.get_running_loop()
    source: Subject[int] = Subject()
    limited = Stream.from_observable(source).pipe(ops.limit_rate(10)).iterate(high=1)
    times: list[float] = []
    async with limited:
        for number in range(30):
            source.on_next(number)  # it cannot be held back, and waits in line
        source.on_completed()
        await asyncio.sleep(5)
        async for _ in limited:
            times.append(loop.time())
    assert len(times) == 30
    gaps = [after - before for before, after in itertools.pairwise(times[1:])]
    assert min(gaps) >= 0.0999


async def test_limit_rate_is_exact_over_many_events() -> None:
    out = await timed(Stream.from_iterable(range(301)), ops.limit_rate(30))
    assert out[-2] == (10.0, 300)
    assert out[-1] == (10.0, "|")


async def test_no_timer_runs_while_nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    timers: list[float] = []
    source: Subject[int] = Subject()
    for make in OPERATORS.values():
        Stream.from_observable(source).pipe(make()).subscribe()
    source.on_next(1)
    await asyncio.sleep(10)
    call_at = loop.call_at

    def noticed(when: float, *args: Any, **options: Any) -> asyncio.TimerHandle:
        timers.append(when)
        return call_at(when, *args, **options)

    monkeypatch.setattr(loop, "call_at", noticed)
    await asyncio.sleep(100)
    assert len(timers) == 1, "this test's own"


@pytest.mark.parametrize("name", OPERATORS)
def test_time_is_the_schedulers(name: str) -> None:
    scheduler = TestScheduler()
    source: Subject[str] = Subject()
    out: list[tuple[float, str]] = []
    Stream.from_observable(source).pipe(OPERATORS[name]()).subscribe(
        lambda value: out.append((scheduler.clock, value)),
        on_completed=lambda: out.append((scheduler.clock, "|")),
        scheduler=scheduler,
    )
    scheduler.schedule_absolute(1.0, lambda *_: source.on_next("a"))
    scheduler.schedule_absolute(2.0, lambda *_: source.on_next("b"))
    scheduler.schedule_absolute(9.0, lambda *_: source.on_completed())
    scheduler.start()
    assert (
        out
        == {
            "delay": [(4.0, "a"), (5.0, "b"), (12.0, "|")],
            "limit_rate": [(1.0, "a"), (4.0, "b"), (9.0, "|")],
            "throttle_latest": [(1.0, "a"), (4.0, "b"), (9.0, "|")],
            "audit": [(4.0, "b"), (9.0, "|")],
        }[name]
    )


@pytest.mark.real_loop
@pytest.mark.parametrize("name", OPERATORS)
async def test_no_thread_is_started(name: str) -> None:
    operators: dict[str, Operator] = {
        "delay": ops.delay(0.01),
        "limit_rate": ops.limit_rate(100),
        "throttle_latest": ops.throttle_latest(0.01),
        "audit": ops.audit(0.01),
    }
    threads = threading.active_count()
    seen: list[int] = []
    async for _ in Stream.of(1, 2, 3).pipe(operators[name]):
        seen.append(threading.get_ident())
        assert threading.active_count() == threads
    assert set(seen) == {threading.get_ident()}


@pytest.mark.parametrize("name", OPERATORS)
def test_without_a_loop_it_says_what_it_needs(name: str) -> None:
    errors: list[Exception] = []
    Stream.of(1, 2).pipe(OPERATORS[name]()).subscribe(None, errors.append)
    assert isinstance(errors[0], NoRunningLoopError)


def test_impossible_times_are_refused_at_once() -> None:
    for wrong in (-1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="duetime must be 0 seconds or more"):
            ops.delay(wrong)
    for wrong in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match="events_per_second must be more than 0"):
            ops.limit_rate(wrong)
        with pytest.raises(ValueError, match="seconds must be more than 0"):
            ops.throttle_latest(wrong)
        with pytest.raises(ValueError, match="seconds must be more than 0"):
            ops.audit(wrong)
