"""Disposing, and what is cleaned up by then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import reactivex
from reactivex import abc
from reactivex import operators as rx
from reactivex.disposable import Disposable

from rxagents import Stream
from rxagents import operators as ops

from ._trap import listen, pumped, trap, unhandled


@trap(
    "Who leaves a stream cannot wait until its connection is closed.",
    theirs="`dispose()` returns before the source has cleaned up, and there is nothing to await",
    ours="`async with stream.iterate():` waits for it",
)
class WaitingForCleanup:
    @staticmethod
    async def plain() -> None:
        closed: list[bool] = []
        subscription = pumped(lambda: connection(closed)).subscribe()
        await asyncio.sleep(5)
        subscription.dispose()
        assert closed == []

    @staticmethod
    async def ours() -> None:
        closed: list[bool] = []
        async with Stream.from_async_iterable(lambda: connection(closed)).iterate() as events:
            await anext(events)
        assert closed == [True]


async def connection(closed: list[bool]) -> AsyncIterator[int]:
    try:
        while True:
            await asyncio.sleep(1)
            yield 1
    finally:
        await asyncio.sleep(1)
        closed.append(True)


@trap(
    "A source fails while it is closed, and nobody is told.",
    theirs="what a cancelled task of `from_future` raises goes nowhere",
    ours="the loop's exception handler is told",
)
class FailingCleanup:
    @staticmethod
    async def plain() -> None:
        with unhandled() as told:
            subscription = reactivex.from_future(asyncio.ensure_future(badly_closed())).subscribe()
            await asyncio.sleep(1)
            subscription.dispose()
            await asyncio.sleep(1)
        assert told == []

    @staticmethod
    async def ours() -> None:
        with unhandled() as told:
            subscription = Stream.from_awaitable(badly_closed).subscribe()
            await asyncio.sleep(1)
            subscription.dispose()
            await asyncio.sleep(1)
        assert [type(error) for error in told] == [KeyError]


async def badly_closed() -> int:
    try:
        await asyncio.sleep(60)
    finally:
        raise KeyError("the key of the door")
    return 1


@trap(
    "Two subscribe to the same task: one leaves, and the other gets a `CancelledError`.",
    theirs="disposing of a `from_future` cancels the future, for everybody",
    ours="a stream is made of a function, and each subscription has its own task",
)
class SharedFutures:
    @staticmethod
    async def plain() -> None:
        source = reactivex.from_future(asyncio.ensure_future(asyncio.sleep(1, "x")))
        leaves = source.subscribe()
        stays = listen(source)
        leaves.dispose()
        await asyncio.sleep(5)
        assert stays == ["CancelledError()"]

    @staticmethod
    async def ours() -> None:
        source = Stream.from_awaitable(lambda: asyncio.sleep(1, "x"))
        leaves = source.subscribe()
        stays = listen(source)
        leaves.dispose()
        await asyncio.sleep(5)
        assert stays == ["x", "|"]


@trap(
    "`take(3)` of a long source has all of it made.",
    theirs="a function given to `create` goes on to its end, unless it looks",
    ours="sources are iterators, which are not asked again",
)
class TakingSome:
    @staticmethod
    async def plain() -> None:
        made: list[int] = []

        def subscribe(
            observer: abc.ObserverBase[int], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            for number in numbers(made):
                observer.on_next(number)
            return Disposable()

        assert listen(reactivex.create(subscribe).pipe(rx.take(3))) == [0, 1, 2, "|"]
        assert len(made) == 1000

    @staticmethod
    async def ours() -> None:
        made: list[int] = []
        out = listen(Stream.from_iterable(numbers(made)).pipe(ops.take(3)))
        await asyncio.sleep(1)
        assert out == [0, 1, 2, "|"]
        assert len(made) == 3


def numbers(made: list[int]) -> Iterator[int]:
    for number in range(1000):
        made.append(number)
        yield number
