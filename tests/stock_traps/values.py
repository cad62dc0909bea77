"""What operators emit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import reactivex
from reactivex import Observable, abc
from reactivex import operators as rx
from reactivex.disposable import Disposable

from rxagents import Stream
from rxagents import operators as ops
from rxagents.stream import LoopScheduler

from ._trap import Button, listen, trap


def collect(so_far: Any, number: int) -> Any:
    so_far.append(number)
    return so_far


@trap(
    "`scan` into a list: the second subscription begins with the first one's.",
    theirs="all subscriptions have the same seed",
    ours="each one has a copy of its own",
)
class ScanSeed:
    @staticmethod
    async def plain() -> None:
        scanned: Observable[Any] = reactivex.of(1, 2).pipe(rx.scan(collect, []))
        listen(scanned)
        assert listen(scanned)[-2] == [1, 2, 1, 2]

    @staticmethod
    async def ours() -> None:
        scanned: Stream[Any] = Stream.of(1, 2).pipe(ops.scan(collect, []))
        await scanned
        assert await scanned == [1, 2]


@trap(
    "`reduce` into a list: the second subscription begins with the first one's.",
    theirs="all subscriptions have the same seed",
    ours="each one has a copy of its own",
)
class ReduceSeed:
    @staticmethod
    async def plain() -> None:
        reduced: Observable[Any] = reactivex.of(1, 2).pipe(rx.reduce(collect, []))
        listen(reduced)
        assert listen(reduced)[0] == [1, 2, 1, 2]

    @staticmethod
    async def ours() -> None:
        reduced: Stream[Any] = Stream.of(1, 2).pipe(ops.reduce(collect, []))
        await reduced
        assert await reduced == [1, 2]


def three_and_error(
    observer: abc.ObserverBase[int], scheduler: abc.SchedulerBase | None = None
) -> abc.DisposableBase:
    for number in range(3):
        observer.on_next(number)
    observer.on_error(KeyError("x"))
    return Disposable()


async def before_the_error(operator: Callable[[Any], Any], source: Observable[int]) -> list[Any]:
    """What comes of 0, 1, 2 and an error, on the loop's clock."""
    out = listen(source.pipe(operator), scheduler=LoopScheduler())
    await asyncio.sleep(60)
    return out


@trap(
    "When the source fails, `buffer_with_count` drops what it has.",
    theirs="the last events before an error are lost",
    ours="they come before the error",
)
class CountedBuffers:
    @staticmethod
    async def plain() -> None:
        out = await before_the_error(rx.buffer_with_count(2), Observable(three_and_error))
        assert out == [[0, 1], "KeyError('x')"]

    @staticmethod
    async def ours() -> None:
        out = await before_the_error(ops.buffer_with_count(2), Stream(three_and_error))
        assert out == [[0, 1], [2], "KeyError('x')"]


@trap(
    "When the source fails, `buffer_with_time` drops what it has.",
    theirs="the last events before an error are lost",
    ours="they come before the error",
)
class TimedBuffers:
    @staticmethod
    async def plain() -> None:
        out = await before_the_error(rx.buffer_with_time(5.0), Observable(three_and_error))
        assert out == ["KeyError('x')"]

    @staticmethod
    async def ours() -> None:
        out = await before_the_error(ops.buffer_with_time(5.0), Stream(three_and_error))
        assert out == [[0, 1, 2], "KeyError('x')"]


@trap(
    "When the source fails, `debounce` drops the last event.",
    theirs="what waits is lost",
    ours="it comes before the error",
)
class DebouncedErrors:
    @staticmethod
    async def plain() -> None:
        out = await before_the_error(rx.debounce(5.0), Observable(three_and_error))
        assert out == ["KeyError('x')"]

    @staticmethod
    async def ours() -> None:
        out = await before_the_error(ops.debounce(5.0), Stream(three_and_error))
        assert out == [2, "KeyError('x')"]


@trap(
    "`buffer_with_time` emits empty lists where nothing comes.",
    theirs="a list for each span of time",
    ours="a list has at least one event",
)
class EmptyBuffers:
    @staticmethod
    async def plain() -> None:
        button = Button[int]()
        out = listen(button.presses.pipe(rx.buffer_with_time(1.0)), scheduler=LoopScheduler())
        button.press(1)
        await asyncio.sleep(3.5)
        assert out == [[1], [], []]

    @staticmethod
    async def ours() -> None:
        button = Button[int]()
        out = listen(button.presses.pipe(ops.buffer_with_time(1.0)))
        button.press(1)
        await asyncio.sleep(3.5)
        assert out == [[1]]


@trap(
    "The source of `sample` ends, and the stream goes on until the next tick.",
    theirs="the end is looked at when it is time for an event",
    ours="the last event and the end come at once",
)
class SampledEnds:
    @staticmethod
    async def plain() -> None:
        out = listen(reactivex.of(1, 2).pipe(rx.sample(60.0)), scheduler=LoopScheduler())
        await asyncio.sleep(10)
        assert out == []

    @staticmethod
    async def ours() -> None:
        out = listen(Stream.of(1, 2).pipe(ops.sample(60.0)))
        await asyncio.sleep(10)
        assert out == [2, "|"]


@trap(
    "`timeout` cannot be told from other errors.",
    theirs="it raises a plain `Exception('Timeout')`",
    ours="it raises `StreamTimeout`, which is a `TimeoutError` and tells which limit it was",
)
class Timeouts:
    @staticmethod
    async def plain() -> None:
        errors: list[Exception] = []
        silent = reactivex.never().pipe(rx.timeout(1.0))
        silent.subscribe(None, errors.append, scheduler=LoopScheduler())
        await asyncio.sleep(10)
        assert [type(error) for error in errors] == [Exception]

    @staticmethod
    async def ours() -> None:
        errors: list[Exception] = []
        Stream.never().pipe(ops.timeout(1.0)).subscribe(None, errors.append)
        await asyncio.sleep(10)
        assert [type(error) for error in errors] == [ops.StreamTimeout]
        assert isinstance(errors[0], TimeoutError)


@trap(
    "`max` of words fails.",
    theirs="it subtracts one event from another: only numbers have a greatest",
    ours="it compares with `>`, as `max` of Python does",
)
class MaxOfWords:
    @staticmethod
    async def plain() -> None:
        [error] = listen(reactivex.of("a", "b").pipe(rx.max()))
        assert error.startswith("TypeError")

    @staticmethod
    async def ours() -> None:
        assert await Stream.of("a", "b").pipe(ops.max()) == "b"
