"""Threads, clocks and event loops."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import reactivex
from reactivex import Observable
from reactivex import operators as rx
from reactivex.scheduler.eventloop import AsyncIOScheduler, AsyncIOThreadSafeScheduler
from reactivex.subject import Subject

from rxagents import Stream
from rxagents import operators as ops

from ._trap import LATE, SOON, Button, in_thread, listen, trap, unhandled, until


def timed(library: Any) -> list[Any]:
    return [
        library.debounce(SOON),
        library.throttle_with_timeout(SOON),
        library.delay(SOON),
        library.sample(SOON),
        library.buffer_with_time(SOON),
        library.buffer_with_time_or_count(SOON, 9),
    ]


async def threads_of(
    source: Observable[int], emit: Callable[[int], None], library: Any
) -> set[Any]:
    """The threads on which callbacks are called."""
    seen: set[Any] = set()
    chains = [source.pipe(operator) for operator in timed(library)]
    subscriptions = [
        chain.subscribe(lambda _: seen.add(threading.current_thread())) for chain in chains
    ]
    emit(1)
    await until(lambda: seen)
    for subscription in subscriptions:
        subscription.dispose()
    return seen


@trap(
    "The callbacks of `debounce`, `delay`, `sample`, `buffer_with_time` run on threads.",
    theirs="without a scheduler each of them starts a `threading.Timer`, which calls back",
    ours="a timer of the loop calls back",
    real="plain",
)
class CallbacksOnThreads:
    @staticmethod
    async def plain() -> None:
        source: Subject[int] = Subject()
        seen = await threads_of(source, source.on_next, rx)
        assert seen
        assert threading.main_thread() not in seen

    @staticmethod
    async def ours() -> None:
        button = Button[int]()
        seen = await threads_of(button.presses, button.press, ops)
        assert seen == {threading.main_thread()}


@trap(
    "A callback that starts a task fails, and nobody is told.",
    theirs="`create_task` finds no loop on the timer's thread, which dies; `on_error` is not told",
    ours="callbacks run on the loop",
    real="plain",
)
class TasksFromTimers:
    @staticmethod
    async def plain() -> None:
        errors: list[Exception] = []
        source: Subject[int] = Subject()

        def work(_: int) -> None:
            asyncio.get_running_loop().create_task(asyncio.sleep(0))

        with unhandled() as told:
            source.pipe(rx.debounce(SOON)).subscribe(work, errors.append)
            source.on_next(1)
            await until(lambda: told)
        assert errors == []
        assert [str(error) for error in told] == ["no running event loop"]

    @staticmethod
    async def ours() -> None:
        button = Button[int]()
        done: list[int] = []

        async def work(value: int) -> None:
            done.append(value)

        tasks: list[asyncio.Task[None]] = []
        button.presses.pipe(ops.debounce(SOON)).subscribe(
            lambda value: tasks.append(asyncio.get_running_loop().create_task(work(value)))
        )
        button.press(1)
        await asyncio.sleep(10 * SOON)
        assert done == [1]


@trap(
    "What a timer puts into an `asyncio.Queue` is seen when the loop happens to wake up.",
    theirs="`put_nowait` on a thread does not wake the loop",
    ours="it is put on the loop, when it is due",
    real="plain",
)
class QueueFromTimers:
    @staticmethod
    async def plain() -> None:
        source: Subject[int] = Subject()
        queue: asyncio.Queue[int] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        source.pipe(rx.debounce(SOON)).subscribe(queue.put_nowait)
        started = loop.time()
        loop.call_later(LATE, lambda: None)
        source.on_next(1)
        await queue.get()
        assert loop.time() - started > 0.9 * LATE

    @staticmethod
    async def ours() -> None:
        button = Button[int]()
        queue: asyncio.Queue[int] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        button.presses.pipe(ops.debounce(SOON)).subscribe(queue.put_nowait)
        started = loop.time()
        loop.call_later(LATE, lambda: None)
        button.press(1)
        await queue.get()
        assert loop.time() - started < 2 * SOON


@trap(
    "Each event of `debounce` costs a thread.",
    theirs="100 events start 100 threads",
    ours="none is started",
    real="plain",
)
class ThreadForEachEvent:
    @staticmethod
    async def plain() -> None:
        source: Subject[int] = Subject()
        with patch.object(threading.Thread, "start", autospec=True) as started:
            source.pipe(rx.debounce(SOON)).subscribe()
            for number in range(100):
                source.on_next(number)
        assert started.call_count == 100

    @staticmethod
    async def ours() -> None:
        button = Button[int]()
        with patch.object(threading.Thread, "start", autospec=True) as started:
            out = listen(button.presses.pipe(ops.debounce(SOON)))
            for number in range(100):
                button.press(number)
            await asyncio.sleep(1)
        assert started.call_count == 0
        assert out == [99]


def upstream(library: Any) -> list[Any]:
    return [
        library.delay(SOON),
        library.throttle_first(SOON),
        library.time_interval(),
        library.skip_last_with_time(SOON),
    ]


@trap(
    "The *source* of `delay`, `throttle_first`, `time_interval`, `skip_last_with_time` runs on a "
    "thread.",
    theirs="they hand their default scheduler, which is one of threads, to their source",
    ours="the source is subscribed to on the loop",
    real="plain",
)
class SourceOnThreads:
    @staticmethod
    async def plain() -> None:
        seen: list[Any] = []
        for operator in upstream(rx):
            tapped = reactivex.of(1).pipe(
                rx.do_action(lambda _: seen.append(threading.current_thread())), operator
            )
            tapped.subscribe()
        await until(lambda: len(seen) == 4)
        assert threading.main_thread() not in seen

    @staticmethod
    async def ours() -> None:
        seen: list[Any] = []
        for operator in upstream(ops):
            tapped = Stream.of(1).pipe(
                ops.do_action(lambda _: seen.append(threading.current_thread())), operator
            )
            tapped.subscribe()
        await asyncio.sleep(1)
        assert seen == [threading.main_thread()] * 4


@trap(
    "With the scheduler for asyncio, `switch_map`, `exclusive`, `start_with`, `with_latest_from` "
    "lose events.",
    theirs="`AsyncIOScheduler` puts off what is to happen now: `switch_map(of)` on 0, 1, 2 gives 2",
    ours="now is now, and only what is later is the loop's",
)
class AsyncioSchedulerLosesEvents:
    @staticmethod
    async def plain() -> None:
        source: Subject[int] = Subject()
        scheduler = AsyncIOScheduler(asyncio.get_running_loop())
        chains = [
            source.pipe(rx.switch_map(reactivex.of)),
            source.pipe(rx.map(reactivex.of), rx.exclusive()),
            source.pipe(rx.start_with(-1)),
            source.pipe(rx.with_latest_from(reactivex.of("x"))),
        ]
        outs = [listen(chain, scheduler=scheduler) for chain in chains]
        for number in range(3):
            source.on_next(number)
        await asyncio.sleep(1)
        assert outs == [[2], [0], [-1], []]

    @staticmethod
    async def ours() -> None:
        button = Button[int]()
        latest = Stream.of("x")
        chains: list[Stream[Any]] = [
            button.presses.pipe(ops.switch_map(lambda number: [number])),
            button.presses.pipe(ops.map(lambda number: [number]), ops.exclusive()),
            button.presses.pipe(ops.start_with(-1)),
            button.presses.pipe(ops.with_latest_from(latest)),
        ]
        outs = [listen(chain) for chain in chains]
        await asyncio.sleep(0)
        for number in range(3):
            button.press(number)
        await asyncio.sleep(1)
        pairs = [(0, "x"), (1, "x"), (2, "x")]
        assert outs == [[0, 1, 2], [0, 1, 2], [-1, 0, 1, 2], pairs]


@trap(
    "In tests with a virtual clock `time_interval` tells 0 seconds, `throttle_first` loses events.",
    theirs="`AsyncIOScheduler.now` is the wall clock, while its timers are the loop's",
    ours="the clock is the loop's",
)
class WallClock:
    @staticmethod
    async def plain() -> None:
        scheduler = AsyncIOScheduler(asyncio.get_running_loop())
        every_second = reactivex.interval(1.0, scheduler).pipe(rx.take(3))
        spans = listen(every_second.pipe(rx.time_interval(scheduler)))
        thinned = listen(every_second.pipe(rx.throttle_first(0.5, scheduler)))
        await asyncio.sleep(10)
        assert max(item.interval.total_seconds() for item in spans[:3]) < 0.5
        assert thinned == [0, "|"]

    @staticmethod
    async def ours() -> None:
        every_second = Stream.interval(1.0).pipe(ops.take(3))
        spans = listen(every_second.pipe(ops.time_interval()))
        thinned = listen(every_second.pipe(ops.throttle_first(0.5)))
        await asyncio.sleep(10)
        assert [item.interval.total_seconds() for item in spans[:3]] == [1.0, 1.0, 1.0]
        assert thinned == [0, 1, 2, "|"]


@trap(
    "An event from another thread is debounced until the loop happens to wake up.",
    theirs="`AsyncIOScheduler` sets a timer from that thread without waking the loop",
    ours="the event is handed to the loop first, which wakes up",
    real="plain ours",
)
class EventsFromOtherThreads:
    @staticmethod
    async def plain() -> None:
        source: Subject[int] = Subject()
        loop = asyncio.get_running_loop()
        out: asyncio.Future[float] = loop.create_future()
        chain = source.pipe(rx.debounce(SOON, AsyncIOScheduler(loop)))
        chain.subscribe(lambda _: out.set_result(loop.time()))
        loop.call_later(LATE, lambda: None)
        threading.Timer(SOON, source.on_next, [1]).start()
        started = loop.time()
        assert await out - started > 0.9 * LATE

    @staticmethod
    async def ours() -> None:
        button = Button[int]()
        loop = asyncio.get_running_loop()
        out: asyncio.Future[float] = loop.create_future()
        button.presses.pipe(ops.debounce(SOON)).subscribe(lambda _: out.set_result(loop.time()))
        loop.call_later(LATE, lambda: None)
        threading.Timer(SOON, button.press, [1]).start()
        started = loop.time()
        assert await out - started < 0.9 * LATE


@trap(
    "Disposing on another thread reaches into the loop's timers.",
    theirs="even `AsyncIOThreadSafeScheduler` calls `TimerHandle.cancel` on the disposing thread",
    ours="the loop cancels its timer itself",
    real="plain ours",
)
class DisposingOnThreads:
    @staticmethod
    async def plain() -> None:
        scheduler = AsyncIOThreadSafeScheduler(asyncio.get_running_loop())
        subscription = reactivex.timer(5.0, scheduler=scheduler).subscribe()
        (thread,) = await cancelling_threads(subscription.dispose)
        assert thread is not threading.main_thread()

    @staticmethod
    async def ours() -> None:
        subscription = Stream.timer(5.0).subscribe()
        assert await cancelling_threads(subscription.dispose) == {threading.main_thread()}


async def cancelling_threads(dispose: Callable[[], object]) -> set[Any]:
    """The threads on which timers are cancelled while `dispose` is called on another one."""
    seen: set[Any] = set()
    cancel, now = asyncio.TimerHandle.cancel, asyncio.get_running_loop().time()

    def watched(handle: asyncio.TimerHandle) -> None:
        if handle.when() > now + 1:  # those of `asyncio.sleep` are shorter
            seen.add(threading.current_thread())
        cancel(handle)

    await asyncio.sleep(SOON)
    with patch.object(asyncio.TimerHandle, "cancel", watched):
        await in_thread(dispose)
        await asyncio.sleep(SOON)
    return seen


@trap(
    "A long list holds up everything else.",
    theirs="`from_iterable` is one callback of the loop, however long",
    ours="the loop gets its turn after every 256 events",
)
class LongIterables:
    @staticmethod
    async def plain() -> None:
        scheduler = AsyncIOScheduler(asyncio.get_running_loop())
        assert await turns(reactivex.from_iterable(range(5000), scheduler)) <= 2

    @staticmethod
    async def ours() -> None:
        assert await turns(Stream.from_iterable(range(5000))) > 10


async def turns(source: Observable[Any]) -> int:
    """How often another task has its turn while `source` emits."""
    out = listen(source)
    count = 0
    while "|" not in out[-1:]:
        await asyncio.sleep(0)
        count += 1
    return count


@trap(
    "`await observable` gives something else than `subscribe`.",
    theirs="it subscribes with an `AsyncIOScheduler`, with which `switch_map` loses events",
    ours="`await stream` has the scheduler that every subscription has",
)
class Awaiting:
    @staticmethod
    async def plain() -> None:
        switched = reactivex.of(0, 1, 2).pipe(rx.switch_map(reactivex.of), rx.to_list())
        assert listen(switched) == [[2], "|"] or await switched == [2]
        hot: Subject[int] = Subject()
        waiting = asyncio.ensure_future(
            _awaited(hot.pipe(rx.switch_map(reactivex.of), rx.to_list()))
        )
        await asyncio.sleep(0)
        for number in range(3):
            hot.on_next(number)
        hot.on_completed()
        assert await waiting == [2]

    @staticmethod
    async def ours() -> None:
        button = Button[int]()
        switched = button.presses.pipe(
            ops.take(3), ops.switch_map(lambda number: [number]), ops.to_list()
        )
        waiting = asyncio.ensure_future(_awaited(switched))
        await asyncio.sleep(0)
        for number in range(3):
            button.press(number)
        assert await waiting == [0, 1, 2]


async def _awaited(observable: Any) -> Any:
    return await observable
