"""Where streams come from, and the ways to wait for their end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from reactivex.internal.exceptions import SequenceContainsNoElementsError

from rxagents import Agent, Runner, Stream, UserError
from rxagents import operators as ops
from rxagents.testing import ScriptedModel, assistant_message


async def values(stream: Stream[int]) -> list[int]:
    return [value async for value in stream]


async def test_of_and_from_iterable() -> None:
    stream = Stream.of(1, 2, 3)
    assert await values(stream) == await values(stream) == [1, 2, 3]
    assert await values(Stream.from_iterable(range(4))) == [0, 1, 2, 3]
    assert await values(Stream.of()) == []


def test_of_works_at_once_where_no_loop_runs() -> None:
    out: list[int] = []
    Stream.of(1, 2, 3).map(lambda x: x * 2).subscribe(out.append)
    assert out == [2, 4, 6]


async def test_a_long_iterable_is_held_back_and_gives_the_loop_back() -> None:
    taken = 0
    made = 0

    def numbers() -> Iterator[int]:
        nonlocal made
        for number in range(1, 5001):
            made = number
            yield number

    async for _ in Stream.from_iterable(numbers()):
        taken += 1
        assert made - taken <= 64
        if taken % 100 == 0:
            await asyncio.sleep(1)
    assert taken == 5000


async def test_from_awaitable_makes_one_for_each_subscription() -> None:
    made = 0

    async def compute() -> int:
        nonlocal made
        made += 1
        await asyncio.sleep(1)
        return made

    stream = Stream.from_awaitable(compute)
    assert made == 0
    assert [await stream, await stream] == [1, 2]


async def test_leaving_an_awaitable_cancels_it() -> None:
    cancelled: list[bool] = []

    async def compute() -> int:
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise
        return 1

    subscription = Stream.from_awaitable(compute).subscribe()
    await asyncio.sleep(1)
    subscription.dispose()
    await asyncio.sleep(1)
    assert cancelled == [True]


class Button:
    """Has the kind of interface that callbacks come from."""

    def __init__(self) -> None:
        self.handlers: list[Callable[[int], None]] = []

    def press(self, value: int) -> None:
        for handler in list(self.handlers):
            handler(value)


async def test_from_callback_installs_and_removes() -> None:
    button = Button()
    stream = Stream.from_callback(button.handlers.append, button.handlers.remove)
    assert button.handlers == []
    out: list[int] = []
    subscription = stream.subscribe(out.append)
    button.press(1)
    button.press(2)
    subscription.dispose()
    button.press(3)
    assert out == [1, 2]
    assert button.handlers == []


@pytest.mark.real_loop
async def test_a_callback_on_another_thread_reaches_the_loop() -> None:
    button = Button()
    arrived = asyncio.Event()
    where: list[int] = []

    def seen(_: int) -> None:
        where.append(threading.get_ident())
        arrived.set()

    Stream.from_callback(button.handlers.append).subscribe(seen)
    thread = threading.Thread(target=button.press, args=(1,))
    thread.start()
    thread.join()
    async with asyncio.timeout(5):
        await arrived.wait()
    assert where == [threading.get_ident()]


async def test_from_events_adopts_what_has_stream_events() -> None:
    class Result:
        async def stream_events(self) -> AsyncIterator[int]:
            yield 1
            yield 2

    assert await values(Stream.from_events(Result())) == [1, 2]
    model = ScriptedModel([[assistant_message("Hello there.")]])
    run = Runner.run_streamed(Agent("A", model=model), "x")
    texts = Stream.from_events(run).pipe(ops.text_deltas())
    assert [text async for text in texts] == ["Hello", " there."]


async def test_defer_makes_a_stream_for_each_subscription() -> None:
    made: list[int] = []

    def make() -> Stream[int]:
        made.append(len(made))
        return Stream.of(len(made))

    stream = Stream.defer(make)
    assert made == []
    assert [await stream, await stream] == [1, 2]


async def test_empty_never_and_throw() -> None:
    assert await values(Stream.empty()) == []
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1000):
            await values(Stream.never())
    with pytest.raises(KeyError):
        await values(Stream.throw(KeyError("x")))


async def test_interval_and_timer_are_on_the_loops_clock() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await values(Stream.interval(0.5).take(3)) == [0, 1, 2]
    assert round(loop.time() - began, 6) == 1.5
    assert await values(Stream.timer(2)) == [0]
    assert round(loop.time() - began, 6) == 3.5


async def test_race_takes_the_first_and_leaves_the_others() -> None:
    left: list[str] = []

    async def source(name: str, seconds: float) -> AsyncIterator[str]:
        try:
            await asyncio.sleep(seconds)
            yield name
            await asyncio.sleep(1)
            yield name
        finally:
            left.append(name)

    race = Stream.race(
        Stream.from_async_iterable(lambda: source("slow", 2)),
        Stream.from_async_iterable(lambda: source("fast", 1)),
    )
    assert [name async for name in race] == ["fast", "fast"]
    assert left == ["slow", "fast"]


async def test_streams_are_put_together_with_the_classes_own_methods() -> None:
    assert await values(Stream.concat(Stream.of(1), Stream.of(2), Stream.of(3))) == [1, 2, 3]
    assert sorted(await values(Stream.merge(Stream.of(1), Stream.of(2)))) == [1, 2]
    assert [pair async for pair in Stream.zip(Stream.of(1, 2), Stream.of(3, 4))] == [(1, 3), (2, 4)]


# --- ends -----------------------------------------------------------------------------------


async def test_first_and_to_list_are_awaited() -> None:
    assert await Stream.of(1, 2, 3).first() == 1
    assert await Stream.of(1, 2, 3).to_list() == [1, 2, 3]
    assert await Stream.of(1, 2, 3).count() == 3


async def test_drain_waits_for_the_end() -> None:
    loop = asyncio.get_running_loop()
    await Stream.interval(1).take(5).drain()
    assert loop.time() >= 5
    await Stream.empty().drain()
    with pytest.raises(KeyError):
        await Stream.throw(KeyError()).drain()


def test_run_sync_is_for_programs_without_a_loop() -> None:
    assert Stream.of(1, 2, 3).run_sync() == 3
    with pytest.raises(SequenceContainsNoElementsError):
        Stream.empty().run_sync()


async def test_run_sync_inside_a_loop_says_what_to_do() -> None:
    with pytest.raises(UserError, match="await"):
        Stream.of(1).run_sync()


async def test_subscribe_async_awaits_each_call_before_the_next() -> None:
    made = 0

    async def numbers() -> AsyncIterator[int]:
        nonlocal made
        for number in range(5):
            made += 1
            yield number

    log: list[str] = []

    async def work(number: int) -> None:
        log.append(f"begin {number}")
        assert made - number <= 2
        await asyncio.sleep(1)
        log.append(f"end {number}")

    Stream.from_async_iterable(numbers).subscribe_async(work, None, lambda: log.append("|"))
    await asyncio.sleep(10)
    assert log == [f"{what} {n}" for n in range(5) for what in ("begin", "end")] + ["|"]


async def test_subscribe_async_tells_errors_and_can_be_left() -> None:
    errors: list[Exception] = []

    async def fail(_: int) -> None:
        raise KeyError("mine")

    Stream.of(1, 2).subscribe_async(fail, errors.append)
    await asyncio.sleep(1)
    assert [type(error) for error in errors] == [KeyError]

    cancelled: list[int] = []

    async def slow(number: int) -> None:
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            cancelled.append(number)
            raise

    subscription = Stream.of(1, 2).subscribe_async(slow)
    await asyncio.sleep(1)
    subscription.dispose()
    await asyncio.sleep(1)
    assert cancelled == [1]
    assert asyncio.all_tasks() == {asyncio.current_task()}
