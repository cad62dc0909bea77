"""Stream: composing, subscribing, and the fate of errors."""

# mypy: disable-error-code="operator, attr-defined"
# It infers no type for the parameter of a lambda that is given to an operator.

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import reactivex
from reactivex import Observable
from reactivex.internal.exceptions import SequenceContainsNoElementsError
from reactivex.subject import Subject

from rxagents import AsyncCallbackError, NoRunningLoopError, Stream, UserError
from rxagents import operators as ops


async def numbers(count: int, *, every: float = 0.0) -> AsyncIterator[int]:
    for number in range(count):
        if every:
            await asyncio.sleep(every)
        yield number


def stream_of(count: int, *, every: float = 0.0) -> Stream[int]:
    return Stream.from_async_iterable(lambda: numbers(count, every=every))


class Caught:
    """What the loop's exception handler is told."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: self.errors.append(context["exception"])
        )


# --- composing ------------------------------------------------------------------------------


async def test_pipe_and_fluent_methods_give_streams() -> None:
    source = stream_of(4)
    for derived in (
        source.pipe(),
        source.pipe(ops.map(str)),
        source.map(str).filter(bool),
        source + source,
        source[1:3],
        Stream.from_observable(reactivex.of(1)),
        source.publish().auto_connect(1),
    ):
        assert isinstance(derived, Stream)
    assert all(isinstance(part, Stream) for part in source.partition(lambda x: x > 1))


async def test_every_fluent_method_of_an_observable_goes_through_pipe() -> None:
    # The fluent methods are reactivex's own; a few of each mixin stand for all of them.
    source = stream_of(4)
    assert [x async for x in source.map(lambda x: x * 2).skip(1).take(2)] == [2, 4]
    assert sorted([x async for x in source.merge(stream_of(1))]) == [0, 0, 1, 2, 3]
    assert await source.reduce(lambda a, b: a + b) == 6
    assert [x async for x in source.buffer_with_count(3)] == [[0, 1, 2], [3]]


async def test_a_stream_is_a_source_in_any_reactivex_chain() -> None:
    out: list[Any] = []
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    reactivex.zip(stream_of(3), stream_of(3).map(lambda x: x * 10)).subscribe(
        out.append, done.set_exception, lambda: done.set_result(None)
    )
    await done
    assert out == [(0, 0), (1, 10), (2, 20)]


async def test_pipe_is_as_long_as_one_likes() -> None:
    assert await stream_of(1).pipe(*[ops.map(lambda x: x + 1)] * 40) == 40


async def test_publish_connects_once_for_all_subscribers() -> None:
    starts = 0

    async def source() -> AsyncIterator[int]:
        nonlocal starts
        starts += 1
        yield 1

    shared = Stream.from_async_iterable(source).publish()
    first: list[int] = []
    second: list[int] = []
    shared.subscribe(first.append)
    shared.subscribe(second.append)
    connected: Any = shared
    connected.connect()
    await asyncio.sleep(1)
    assert (first, second, starts) == ([1], [1], 1)


# --- subscribing ----------------------------------------------------------------------------


async def test_callbacks_get_the_values_and_then_the_end() -> None:
    out: list[Any] = []
    stream_of(3).subscribe(out.append, out.append, lambda: out.append("end"))
    assert out == [], "nothing is called before subscribe has returned"
    await asyncio.sleep(1)
    assert out == [0, 1, 2, "end"]


async def test_an_observer_object_can_subscribe() -> None:
    subject: Subject[int] = Subject()
    out: list[int] = []
    subject.subscribe(out.append)
    stream_of(3).subscribe(subject)
    await asyncio.sleep(1)
    assert out == [0, 1, 2]


async def test_dispose_stops_the_callbacks_at_once() -> None:
    out: list[int] = []
    subscription = stream_of(100, every=1.0).subscribe(out.append)
    await asyncio.sleep(3.5)
    subscription.dispose()
    subscription.dispose()
    await asyncio.sleep(10)
    assert out == [0, 1, 2]


async def test_a_source_that_emits_at_once_can_be_left() -> None:
    assert [x async for x in Stream.from_observable(reactivex.range(10**9)).pipe(ops.take(3))] == [
        0,
        1,
        2,
    ]


async def plain_async(_: object) -> None:
    """A coroutine function."""


class AsyncCall:
    async def __call__(self, _: object) -> None:
        """Be called, asynchronously."""


@pytest.mark.parametrize("callback", [plain_async, partial(plain_async), AsyncCall()])
async def test_an_async_def_is_refused_as_a_callback(callback: Any) -> None:
    with pytest.raises(AsyncCallbackError, match=r"on_next .*map_async"):
        stream_of(1).subscribe(callback)
    with pytest.raises(AsyncCallbackError, match="on_error"):
        stream_of(1).subscribe(print, callback)
    with pytest.raises(TypeError, match="on_completed"):
        stream_of(1).subscribe(print, print, callback)


def test_without_a_loop_a_plain_chain_works_and_an_asynchronous_source_says_what_it_needs() -> None:
    out: list[int] = []
    Stream.from_observable(reactivex.of(1, 2)).map(lambda x: x * 2).subscribe(out.append)
    assert out == [2, 4]
    errors: list[Exception] = []
    stream_of(1).subscribe(print, errors.append)
    assert isinstance(errors[0], NoRunningLoopError)
    assert "from_async_iterable needs a running event loop" in str(errors[0])
    with pytest.raises(NoRunningLoopError):
        stream_of(1).subscribe(print)


# --- errors ---------------------------------------------------------------------------------


async def test_a_raising_callback_ends_its_own_subscription_and_is_told() -> None:
    errors: list[Exception] = []
    seen: list[int] = []
    stream = stream_of(4, every=1.0)
    stream.subscribe(lambda x: seen.append(1 // (1 - x)), errors.append)
    await asyncio.sleep(10)
    assert seen == [1]
    assert [type(error) for error in errors] == [ZeroDivisionError]


async def test_without_on_error_it_goes_to_the_loops_exception_handler() -> None:
    caught = Caught()
    stream_of(4).subscribe(lambda x: print(1 / x))
    await asyncio.sleep(1)
    assert [type(error) for error in caught.errors] == [ZeroDivisionError]


async def test_an_error_of_the_source_without_on_error_goes_there_too() -> None:
    caught = Caught()
    stream_of(4).pipe(ops.map(lambda x: 1 / x)).subscribe()
    await asyncio.sleep(1)
    assert [type(error) for error in caught.errors] == [ZeroDivisionError]


def test_where_no_loop_runs_such_an_error_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        Stream.from_observable(reactivex.of(0)).map(lambda x: 1 / x).subscribe()


async def test_a_raising_on_error_or_on_completed_is_reported() -> None:
    caught = Caught()

    def fail(*_: object) -> None:
        raise KeyError("in the handler")

    stream_of(1).pipe(ops.map(lambda x: 1 / x)).subscribe(print, fail)
    stream_of(0).subscribe(print, print, fail)
    await asyncio.sleep(1)
    assert [type(error) for error in caught.errors] == [KeyError, KeyError]


async def test_a_callback_that_raises_cancelled_error_does_not_cancel_the_producer() -> None:
    def cancel(_: int) -> None:
        raise asyncio.CancelledError

    errors: list[BaseException] = []
    others: list[int] = []
    subject: Subject[int] = Subject()
    stream = Stream.from_observable(subject)
    stream.subscribe(cancel, errors.append)
    stream.subscribe(others.append)
    subject.on_next(1)
    assert [type(error) for error in errors] == [asyncio.CancelledError]
    assert others == [1]


async def test_a_callback_that_leaves_and_then_raises_is_reported() -> None:
    caught = Caught()
    subscription: list[Any] = []

    def leave(_: int) -> None:
        subscription[0].dispose()
        raise ValueError("too late")

    subscription.append(stream_of(3).subscribe(leave, print))
    await asyncio.sleep(1)
    assert [str(error) for error in caught.errors] == ["too late"]


async def test_the_subscriber_is_let_go_when_it_has_left() -> None:
    import gc
    import weakref

    class Collector:
        def on_next(self, _: int) -> None: ...
        def on_error(self, _: Exception) -> None: ...
        def on_completed(self) -> None: ...

    collector = Collector()
    alive = weakref.ref(collector)
    subscription = stream_of(100, every=1.0).pipe(ops.map(str)).subscribe(collector)  # type: ignore[arg-type]
    await asyncio.sleep(2)
    subscription.dispose()
    del collector, subscription
    await asyncio.sleep(1)
    gc.collect()
    assert alive() is None


# --- await ----------------------------------------------------------------------------------


async def test_await_gives_the_last_value() -> None:
    assert await stream_of(5) == 4
    with pytest.raises(SequenceContainsNoElementsError):
        await stream_of(0)
    with pytest.raises(ZeroDivisionError):
        await stream_of(2).map(lambda x: 1 / x)


async def test_cancelling_an_await_leaves_the_source() -> None:
    left: list[str] = []

    async def endless() -> AsyncIterator[int]:
        try:
            while True:
                await asyncio.sleep(1)
                yield 1
        finally:
            left.append("left")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3):
            await Stream.from_async_iterable(endless)
    await asyncio.sleep(1)
    assert left == ["left"]


# --- from_async_iterable --------------------------------------------------------------------


async def test_a_function_gives_each_subscription_an_iterable_of_its_own() -> None:
    source = stream_of(3)
    assert [x async for x in source] == [0, 1, 2] == [x async for x in source]


async def test_an_iterator_can_be_subscribed_to_once() -> None:
    source = Stream.from_async_iterable(numbers(2))
    assert [x async for x in source] == [0, 1]
    with pytest.raises(UserError, match="give Stream.from_async_iterable a function"):
        await source


async def test_an_iterable_that_is_no_iterator_can_be_read_again() -> None:
    class Three:
        def __aiter__(self) -> AsyncIterator[int]:
            return numbers(3)

    source = Stream.from_async_iterable(Three())
    assert [x async for x in source] == [0, 1, 2] == [x async for x in source]


async def test_an_iterator_without_aclose_is_read_too() -> None:
    class Countdown:
        left = 3

        def __aiter__(self) -> Countdown:
            return self

        async def __anext__(self) -> int:
            if not self.left:
                raise StopAsyncIteration
            self.left -= 1
            return self.left

    assert [x async for x in Stream.from_async_iterable(Countdown())] == [2, 1, 0]


async def test_what_came_before_a_failure_is_delivered() -> None:
    async def failing() -> AsyncIterator[int]:
        yield 1
        yield 2
        raise KeyError("boom")

    got: list[int] = []
    with pytest.raises(KeyError):
        async for value in Stream.from_async_iterable(failing):
            got.append(value)
    assert got == [1, 2]


async def test_a_factory_that_raises_fails_its_subscription() -> None:
    def broken() -> AsyncIterator[int]:
        raise OSError("no source today")

    with pytest.raises(OSError, match="no source today"):
        await Stream.from_async_iterable(broken)


async def test_a_failure_while_closing_is_reported() -> None:
    caught = Caught()

    async def sticky() -> AsyncIterator[int]:
        try:
            yield 1
            await asyncio.sleep(100)
        finally:
            raise OSError("cannot close")

    subscription = Stream.from_async_iterable(sticky).subscribe()
    await asyncio.sleep(1)
    subscription.dispose()
    await asyncio.sleep(1)
    assert [str(error) for error in caught.errors] == ["cannot close"]


async def test_a_source_that_never_waits_gives_the_loop_back() -> None:
    ticks: list[float] = []

    async def tick() -> None:
        while True:
            await asyncio.sleep(0)
            ticks.append(0)

    ticker = asyncio.create_task(tick())
    await stream_of(10_000).pipe(ops.last())
    ticker.cancel()
    assert len(ticks) > 30


def test_a_stream_is_an_observable() -> None:
    assert issubclass(Stream, Observable)
