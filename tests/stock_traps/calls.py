"""Who calls a subscriber, and when."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import reactivex
from reactivex import operators as rx
from reactivex.subject import Subject

from rxagents import AsyncCallbackError, Stream
from rxagents import operators as ops

from ._trap import LATE, SOON, Button, in_thread, listen, trap, until


@trap(
    "A callback causes the next event, and other subscribers see the two in the wrong order.",
    theirs="`Subject.on_next` inside of `on_next` overtakes the event that is being delivered",
    ours="a shared stream delivers one event after the other to each subscriber",
)
class Reentrancy:
    @staticmethod
    async def plain() -> None:
        subject: Subject[int] = Subject()
        subject.subscribe(lambda number: subject.on_next(2) if number == 1 else None)
        second = listen(subject)
        subject.on_next(1)
        assert second == [2, 1]

    @staticmethod
    async def ours() -> None:
        button = Button[int]()
        shared = button.presses.pipe(ops.share())
        shared.subscribe(lambda number: button.press(2) if number == 1 else None)
        second = listen(shared)
        button.press(1)
        await asyncio.sleep(1)
        assert second == [1, 2]


@trap(
    "A callback runs on several threads at once.",
    theirs="`Subject` calls it on whatever threads emit",
    ours="events from threads are handed to the loop, and come one by one",
    real="plain ours",
)
class SeveralThreads:
    @staticmethod
    async def plain() -> None:
        subject: Subject[int] = Subject()
        assert await most_at_once(subject, subject.on_next) > 1

    @staticmethod
    async def ours() -> None:
        button = Button[int]()
        assert await most_at_once(button.presses, button.press) == 1


async def most_at_once(source: Any, emit: Callable[[int], object]) -> int:
    """The most calls of a subscriber that are under way at once, with four threads that emit."""
    inside = most = calls = 0

    def on_next(_: int) -> None:
        nonlocal inside, most, calls
        inside += 1
        most = max(most, inside)
        time.sleep(SOON)
        inside -= 1
        calls += 1

    subscription = source.subscribe(on_next)
    threads = [threading.Thread(target=emit, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    await until(lambda: calls == len(threads))
    subscription.dispose()
    return most


@trap(
    "Slow work on a thread stops the event loop.",
    theirs="`merge` holds its lock while it calls back, and the loop waits for the lock",
    ours="slow work is given to a thread by `map_async`, which waits for nobody's lock",
    real="plain ours",
)
class LocksOfThreads:
    @staticmethod
    async def plain() -> None:
        ours: Subject[str] = Subject()
        theirs: Subject[str] = Subject()
        working = threading.Event()

        def on_next(value: str) -> None:
            if value == "slow":
                working.set()
                time.sleep(LATE)

        ours.pipe(rx.merge(theirs)).subscribe(on_next)
        thread = threading.Thread(target=theirs.on_next, args=["slow"])
        thread.start()
        working.wait()
        started = time.perf_counter()
        ours.on_next("quick")
        assert time.perf_counter() - started > LATE / 2
        thread.join()

    @staticmethod
    async def ours() -> None:
        ours, theirs = Button[str](), Button[str]()
        working = threading.Event()

        def work(value: str) -> str:
            working.set()
            time.sleep(LATE)
            return value

        async def on_a_thread(value: str) -> str:
            return await asyncio.to_thread(work, value)

        slow = theirs.presses.pipe(ops.map_async(on_a_thread))
        out = listen(ours.presses.pipe(ops.merge(slow)))
        await in_thread(lambda: theirs.press("slow"))
        await until(working.is_set)
        started = time.perf_counter()
        ours.press("quick")
        assert time.perf_counter() - started < LATE / 2
        await until(lambda: len(out) == 2)
        assert out == ["quick", "slow"]


@trap(
    "An `async def` is given as a callback, and never runs.",
    theirs="it is called, and the coroutine dropped",
    ours="it is refused at once, with what to do instead",
)
class CoroutinesAsCallbacks:
    @staticmethod
    async def plain() -> None:
        ran: list[int] = []

        async def on_next(value: int) -> None:
            ran.append(value)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            reactivex.of(1).subscribe(on_next)  # type: ignore[arg-type]
            await asyncio.sleep(1)
        assert ran == []

    @staticmethod
    async def ours() -> None:
        async def on_next(value: int) -> None: ...

        try:
            Stream.of(1).subscribe(on_next)  # type: ignore[arg-type]
        except AsyncCallbackError as error:
            assert "map_async" in str(error)
        else:
            raise AssertionError("it is accepted")


@trap(
    "An `async def` is given to an operator for plain functions: `filter` keeps everything.",
    theirs="it takes the coroutine for a true value; `map` emits it, and it is never awaited",
    ours="every operator refuses it at its call",
)
class CoroutinesInOperators:
    @staticmethod
    async def plain() -> None:
        async def is_large(number: int) -> bool:
            return number > 5

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            out = listen(reactivex.of(1, 9).pipe(rx.filter(is_large)))  # type: ignore[arg-type]
        assert out == [1, 9, "|"]

    @staticmethod
    async def ours() -> None:
        async def work(*_: object) -> bool:
            return True

        names = ["map", "filter", "scan", "reduce", "tap", "do_action", "take_while", "group_by"]
        names += ["distinct_until_changed", "buffer_until", "partition", "catch", "starmap"]
        refused: list[str] = []
        for name in names:
            try:
                getattr(ops, name)(work)
            except AsyncCallbackError:
                refused.append(name)
        assert refused == names


@trap(
    "A subscription that a callback makes gets nothing before the stream it is in has ended.",
    theirs="it waits on the trampoline for the outer source, however long that is",
    ours="it gets its events while the outer stream goes on",
)
class SubscribingInCallbacks:
    @staticmethod
    async def plain() -> None:
        log: list[Any] = []

        def on_next(number: int) -> None:
            if number == 0:
                reactivex.of("inner").subscribe(log.append)
            log.append(number)

        reactivex.from_iterable(range(1000)).subscribe(on_next)
        assert log.index("inner") == 1000

    @staticmethod
    async def ours() -> None:
        log: list[Any] = []

        def on_next(number: int) -> None:
            if number == 0:
                Stream.of("inner").subscribe(log.append)
            log.append(number)

        Stream.from_iterable(range(1000)).subscribe(on_next)
        await asyncio.sleep(1)
        assert log.index("inner") < 1000


@trap(
    "A source that emits at once has been read to its end before the first inner stream begins.",
    theirs="`flat_map(of)` puts all inner streams on the trampoline, behind the source",
    ours="an inner iterable is emitted at its event",
)
class InnerAfterTheEnd:
    @staticmethod
    async def plain() -> None:
        log: list[Any] = []
        source = reactivex.of(0, 1, 2).pipe(
            rx.do_action(lambda number: log.append(f"read {number}"))
        )
        source.pipe(rx.flat_map(reactivex.of)).subscribe(log.append)
        assert log == ["read 0", "read 1", "read 2", 0, 1, 2]

    @staticmethod
    async def ours() -> None:
        log: list[Any] = []
        source = Stream.from_iterable(range(3)).pipe(
            ops.do_action(lambda number: log.append(f"read {number}"))
        )
        source.pipe(ops.flat_map(lambda number: [number])).subscribe(log.append)
        await asyncio.sleep(1)
        assert log == ["read 0", 0, "read 1", 1, "read 2", 2]


@trap(
    "Whoever keeps a subscription keeps everything that it called.",
    theirs="a disposed subscription still refers to its observer",
    ours="it lets its callbacks go",
)
class KeptSubscriptions:
    @staticmethod
    async def plain() -> None:
        assert await outlives(reactivex.never())

    @staticmethod
    async def ours() -> None:
        assert not await outlives(Stream.never())


async def outlives(source: Any) -> bool:
    """Whether a disposed subscription that is kept keeps its subscriber alive."""

    class Screen:
        def show(self, _: object) -> None: ...

    screen = Screen()
    alive = weakref.ref(screen)
    subscription = source.subscribe(screen.show)
    subscription.dispose()
    del screen
    gc.collect()
    kept = alive() is not None
    del subscription
    return kept
