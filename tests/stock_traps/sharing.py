"""One source for many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from reactivex import Observable, abc
from reactivex import operators as rx

from rxagents import Agent, Runner, Stream
from rxagents import operators as ops
from rxagents.testing import Delay, ScriptedModel, assistant_message

from ._trap import listen, pumped, trap, unhandled


class Numbers:
    """Five numbers, one a second; it counts how often it is subscribed to, and how often read."""

    def __init__(self) -> None:
        self.subscriptions = self.started = 0
        self.ours = Stream.from_async_iterable(self._read)
        self.plain: Observable[int] = Observable(self._subscribe)

    def _subscribe(
        self, observer: abc.ObserverBase[int], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        self.subscriptions += 1
        return pumped(self._read).subscribe(observer, scheduler=scheduler)

    async def _read(self) -> AsyncIterator[int]:
        self.started += 1
        for number in range(5):
            await asyncio.sleep(1)
            yield number


async def late(shared: Observable[int]) -> tuple[list[Any], list[Any]]:
    """What the first subscriber gets, and one that comes after the end."""
    first = listen(shared)
    await asyncio.sleep(10)
    second = listen(shared)
    await asyncio.sleep(10)
    return first, second


async def after_leaving(shared: Observable[int]) -> list[Any]:
    """What one gets who comes when the first one has left in the middle."""
    leaves = shared.subscribe()
    await asyncio.sleep(2.5)
    leaves.dispose()
    out = listen(shared)
    await asyncio.sleep(10)
    return out


@trap(
    "Who subscribes to a shared stream after its end starts its source again.",
    theirs="`share` subscribes to the source a second time, and sends its request again",
    ours="the end is the end; `reset_on_complete=True` asks for another start",
)
class SharingAfterTheEnd:
    @staticmethod
    async def plain() -> None:
        source = Numbers()
        await late(source.plain.pipe(rx.share()))
        assert source.subscriptions == 2

    @staticmethod
    async def ours() -> None:
        source = Numbers()
        assert (await late(source.ours.pipe(ops.share())))[1] == ["|"]
        assert source.started == 1


@trap(
    "Who subscribes to a replayed stream after its end starts its source again.",
    theirs="`replay` with `ref_count` replays, and subscribes to the source a second time",
    ours="it replays",
)
class ReplayingAfterTheEnd:
    @staticmethod
    async def plain() -> None:
        source = Numbers()
        first, second = await late(source.plain.pipe(rx.replay(), rx.ref_count()))
        assert first == second == [0, 1, 2, 3, 4, "|"]
        assert source.subscriptions == 2

    @staticmethod
    async def ours() -> None:
        source = Numbers()
        first, second = await late(source.ours.pipe(ops.replay(), ops.ref_count()))
        assert first == second == [0, 1, 2, 3, 4, "|"]
        assert source.started == 1


@trap(
    "The first subscriber leaves, and who comes next gets another run.",
    theirs="`share` leaves the source with its last subscriber, and has no other way",
    ours="`reset_on_ref_count_zero=False`, or a number of seconds, keeps it",
)
class KeepingTheSource:
    @staticmethod
    async def plain() -> None:
        source = Numbers()
        assert await after_leaving(source.plain.pipe(rx.share())) == [0, 1, 2, 3, 4, "|"]
        assert source.started == 2

    @staticmethod
    async def ours() -> None:
        source = Numbers()
        shared = source.ours.pipe(ops.share(reset_on_ref_count_zero=5.0))
        assert await after_leaving(shared) == [2, 3, 4, "|"]
        assert source.started == 1


@trap(
    "The first subscriber leaves, and who comes next gets two runs in one.",
    theirs="`replay` with `ref_count` replays what is left of the run before",
    ours="a new run has a new log",
)
class SplicedRuns:
    @staticmethod
    async def plain() -> None:
        source = Numbers()
        replayed = source.plain.pipe(rx.replay(), rx.ref_count())
        assert await after_leaving(replayed) == [0, 1, 0, 1, 2, 3, 4, "|"]

    @staticmethod
    async def ours() -> None:
        source = Numbers()
        replayed = source.ours.pipe(ops.replay(), ops.ref_count())
        assert await after_leaving(replayed) == [0, 1, 2, 3, 4, "|"]


@trap(
    "A run that everybody can watch from its start cannot be stopped.",
    theirs="`replay().auto_connect(1)` goes on without subscribers, and has no way to end it",
    ours="a run is such a stream, and has `cancel()` and `async with`",
)
class StoppingARun:
    @staticmethod
    async def plain() -> None:
        left: list[bool] = []

        async def read() -> AsyncIterator[int]:
            try:
                while True:
                    await asyncio.sleep(1)
                    yield 1
            finally:
                left.append(True)

        connectable: Any = pumped(read).pipe(rx.replay())
        subscription = connectable.auto_connect(1).subscribe()
        await asyncio.sleep(2.5)
        subscription.dispose()
        await asyncio.sleep(10)
        assert left == []

    @staticmethod
    async def ours() -> None:
        model = ScriptedModel([[assistant_message("One."), Delay(60), assistant_message("Two.")]])
        async with Runner.run_streamed(Agent("A", model=model), "Count.") as run:
            first, second = listen(run), listen(run)
            await asyncio.sleep(1)
        assert model.closed_early == 1
        assert first == second


@trap(
    "`retry` after `share` does not try again.",
    theirs="the subject of `share` has failed for good, and each new subscriber gets the old error",
    ours="a source that has failed is started anew",
)
class RetryingShared:
    @staticmethod
    async def plain() -> None:
        errors: list[Exception] = []
        tries = 0

        def subscribe(observer: Any, scheduler: Any = None) -> Any:
            nonlocal tries
            tries += 1
            observer.on_error(KeyError(tries))

        Observable(subscribe).pipe(rx.share(), rx.retry(3)).subscribe(None, errors.append)
        assert [str(error) for error in errors] == ["1"]

    @staticmethod
    async def ours() -> None:
        tries = 0

        async def read() -> AsyncIterator[int]:
            nonlocal tries
            tries += 1
            if tries < 3:
                raise KeyError(tries)
            yield tries

        assert await Stream.from_async_iterable(read).pipe(ops.share(), ops.retry(3)) == 3


@trap(
    "One `ref_count()` is used for two streams: the second never begins.",
    theirs="the operator counts the subscribers of all its sources together",
    ours="each source has a count of its own",
)
class ReusedRefCount:
    @staticmethod
    async def plain() -> None:
        counted: Any = rx.ref_count()
        outs = [listen(Numbers().plain.pipe(rx.publish(), counted)) for _ in range(2)]
        await asyncio.sleep(10)
        assert outs == [[0, 1, 2, 3, 4, "|"], []]

    @staticmethod
    async def ours() -> None:
        counted: Any = ops.ref_count()
        outs = [listen(Numbers().ours.pipe(ops.publish(), counted)) for _ in range(2)]
        await asyncio.sleep(10)
        assert outs == [[0, 1, 2, 3, 4, "|"]] * 2


@trap(
    "One subscriber of a shared source raises, and all the others wait for ever.",
    theirs="the exception kills the task that reads the source, and nobody is told of an end",
    ours="the others go on",
)
class RaisingSubscribers:
    @staticmethod
    async def plain() -> None:
        shared = Numbers().plain.pipe(rx.share())
        others = listen(shared)
        shared.subscribe(fail)
        await asyncio.sleep(10)
        assert others == [0]

    @staticmethod
    async def ours() -> None:
        with unhandled() as told:
            shared = Numbers().ours.pipe(ops.share())
            others = listen(shared)
            shared.subscribe(fail)
            await asyncio.sleep(10)
        assert others == [0, 1, 2, 3, 4, "|"]
        assert [type(error) for error in told] == [KeyError]


def fail(value: object) -> None:
    raise KeyError(value)
