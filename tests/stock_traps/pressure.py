"""Slow consumers.

The sources here are ours, which a consumer that reads with `async for` holds back, 64 events
ahead at most. Reactivex has nothing of the kind; what is shown of its operators is that they hide
a queue from it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from reactivex import Observable
from reactivex import operators as rx
from reactivex.scheduler.eventloop import AsyncIOScheduler
from reactivex.subject import Subject

from rxagents import Stream
from rxagents import operators as ops

from ._trap import Button, pumped, trap

_MANY = 2000
_BOUND = 64 + 64  # a buffer before the consumer, and what an operator may hold


class Fast:
    """A source that never waits by itself; it counts what it has emitted."""

    def __init__(self, most: int = _MANY) -> None:
        self.emitted = 0
        self.most = most
        self.stream = Stream.from_async_iterable(self.read)

    async def read(self) -> AsyncIterator[int]:
        while self.emitted < self.most:
            self.emitted += 1
            yield self.emitted
            if self.emitted % 32 == 0:
                await asyncio.sleep(0)


async def lead(chain: Callable[[Stream[int]], Observable[Any]], most: int = _MANY) -> int:
    """How far a source gets ahead of a consumer that takes 20 events and waits for a second."""
    source = Fast(most)
    ahead = taken = 0
    stream = Stream.from_observable(chain(source.stream))
    async with stream.iterate() as events:
        async for _ in events:
            taken += 1
            if taken % 20 == 0:
                await asyncio.sleep(1)
            ahead = max(ahead, source.emitted - taken)
            if taken == 200:
                break
    return ahead


def later(value: int) -> Stream[int]:
    return Stream.from_awaitable(lambda: asyncio.sleep(0.05, value))


@trap(
    "Between a fast source and a slow consumer a queue grows without end.",
    theirs="there is no demand: a bridge to `async for` has to queue whatever comes",
    ours="the consumer holds back the source, 64 events ahead at most",
)
class NoDemand:
    @staticmethod
    async def plain() -> None:
        source = Fast()
        queue: asyncio.Queue[int] = asyncio.Queue()
        pumped(source.read).subscribe(queue.put_nowait)
        for _ in range(100):
            await queue.get()
            await asyncio.sleep(1)
        assert queue.qsize() == _MANY - 100

    @staticmethod
    async def ours() -> None:
        assert await lead(lambda source: source) <= 65


@trap(
    "`observe_on` queues all that a slow consumer does not take.",
    theirs="its list has no bound, and nobody sees how long it is",
    ours="at most 64 events are on their way",
)
class ObserveOn:
    @staticmethod
    async def plain() -> None:
        scheduler = AsyncIOScheduler(asyncio.get_running_loop())
        assert await lead(lambda source: source.pipe(rx.observe_on(scheduler))) > 2 * _BOUND

    @staticmethod
    async def ours() -> None:
        assert await lead(lambda source: source.pipe(ops.observe_on())) <= _BOUND


@trap(
    "`delay` holds as many events as come in its time.",
    theirs="the source runs on meanwhile, unseen by the consumer",
    ours="1024 events are on their way at most",
)
class Delay:
    @staticmethod
    async def plain() -> None:
        assert await lead(lambda source: source.pipe(rx.delay(0.05)), 5000) > 4000

    @staticmethod
    async def ours() -> None:
        assert await lead(lambda source: source.pipe(ops.delay(0.05)), 5000) <= 1024 + _BOUND


@trap(
    "`zip` of a fast source and a slow one queues all of the fast one.",
    theirs="the fast one runs on to its end",
    ours="it is held back when it is 16 events ahead",
)
class Zip:
    @staticmethod
    async def plain() -> None:
        slow = Stream.interval(1.0)
        assert await lead(lambda source: source.pipe(rx.zip(slow))) > 1000

    @staticmethod
    async def ours() -> None:
        slow = Stream.interval(1.0)
        assert await lead(lambda source: source.pipe(ops.zip(slow))) <= _BOUND


@trap(
    "`concat_map` to asynchronous work reads its source to the end first.",
    theirs="what is not begun is queued",
    ours="the source waits for its turn",
)
class ConcatMap:
    @staticmethod
    async def plain() -> None:
        assert await lead(lambda source: source.pipe(rx.concat_map(later))) > 1000

    @staticmethod
    async def ours() -> None:
        assert await lead(lambda source: source.pipe(ops.concat_map(later))) <= _BOUND


@trap(
    "`merge(max_concurrent=4)` of asynchronous work reads its source to the end first.",
    theirs="the streams that wait for their turn are queued",
    ours="the source waits with them",
)
class MergeSome:
    @staticmethod
    async def plain() -> None:
        def chain(source: Stream[int]) -> Observable[int]:
            return source.pipe(rx.map(later), rx.merge(max_concurrent=4))

        assert await lead(chain) > 1000

    @staticmethod
    async def ours() -> None:
        def chain(source: Stream[int]) -> Observable[int]:
            return source.pipe(ops.map(later), ops.merge_all(concurrency=4))

        assert await lead(chain) <= _BOUND


@trap(
    "`flat_map` to asynchronous work has all of it under way at once.",
    theirs="there is no limit",
    ours="`concurrency=4` is one, and holds back the source",
)
class FlatMap:
    @staticmethod
    async def plain() -> None:
        assert await most_under_way(lambda work: rx.flat_map(work)) > 500

    @staticmethod
    async def ours() -> None:
        assert await most_under_way(lambda work: ops.flat_map(work, concurrency=4)) == 4


async def most_under_way(operator: Callable[[Any], Any]) -> int:
    under_way = most = 0

    async def work(value: int) -> int:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(1)
        under_way -= 1
        return value

    source = Fast(600)
    flat = source.stream.pipe(operator(lambda value: Stream.from_awaitable(lambda: work(value))))
    await Stream.from_observable(flat).drain()
    return most


@trap(
    "Of the consumers of a shared stream the first one alone sets the pace.",
    theirs="the others' queues grow without end",
    ours="the slowest one does",
)
class SharedPace:
    @staticmethod
    async def plain() -> None:
        assert await behind(rx.share()) > 10 * _BOUND

    @staticmethod
    async def ours() -> None:
        assert await behind(ops.share()) <= _BOUND


async def behind(share: Any) -> int:
    """How far the slow one of two consumers gets behind the source."""
    source = Fast()
    shared = source.stream.pipe(share)
    most = 0

    async def slow() -> None:
        nonlocal most
        async for number in shared:
            most = max(most, source.emitted - number)
            await asyncio.sleep(1)

    async def fast() -> None:
        async for _ in shared:
            await asyncio.sleep(0)

    quick = asyncio.ensure_future(fast())  # it is the first to subscribe
    await asyncio.sleep(0)
    await asyncio.gather(quick, slow())
    return most


@trap(
    "The first consumer of a shared stream leaves, and nobody sets the pace any more.",
    theirs="its credit was the only one, and opens for good",
    ours="the others' credit goes on",
)
class SharedPaceAfterLeaving:
    @staticmethod
    async def plain() -> None:
        assert await behind_after_leaving(rx.share()) > 10 * _BOUND

    @staticmethod
    async def ours() -> None:
        assert await behind_after_leaving(ops.share()) <= _BOUND


async def behind_after_leaving(share: Any) -> int:
    source = Fast()
    shared = source.stream.pipe(share)
    first = shared.iterate()
    await anext(first)
    most = 0
    async with shared.iterate() as events:
        begun = await anext(events)
        first.dispose()
        async for number in events:
            most = max(most, source.emitted - number)
            await asyncio.sleep(1)
            if number == begun + 200:
                break
    return most


@trap(
    "The first consumer of a shared stream cannot leave before the others.",
    theirs="the task that reads the source is the first one's, which waits for it",
    ours="who leaves last waits",
)
class LeavingFirst:
    @staticmethod
    async def plain() -> None:
        assert await time_to_leave(rx.share()) > 50

    @staticmethod
    async def ours() -> None:
        assert await time_to_leave(ops.share()) == 0


async def time_to_leave(share: Any) -> float:
    """Seconds that the first of two consumers takes to leave."""
    loop = asyncio.get_running_loop()
    shared = Stream.from_async_iterable(a_minute).pipe(share)
    first = shared.iterate()
    await anext(first)
    second = asyncio.ensure_future(shared.drain())
    await asyncio.sleep(1)
    left = loop.time()
    await first.aclose()
    took = loop.time() - left
    await second
    return took


async def a_minute() -> AsyncIterator[int]:
    for second in range(60):
        await asyncio.sleep(1)
        yield second


@trap(
    "A stream that begins at an event from elsewhere is not held back.",
    theirs="`flat_map` subscribes in the context of whoever emits, where there is no credit",
    ours="the credit is that of the consumer, whoever emits",
)
class BegunFromElsewhere:
    @staticmethod
    async def plain() -> None:
        subject: Subject[int] = Subject()
        assert await lead_of_begun(subject, subject.on_next, rx.flat_map) == _MANY - 20

    @staticmethod
    async def ours() -> None:
        button = Button[int]()
        assert await lead_of_begun(button.presses, button.press, ops.flat_map) <= _BOUND


async def lead_of_begun(
    prompts: Observable[int], emit: Callable[[int], object], flat_map: Any
) -> int:
    answer = Fast()
    chain = Stream.from_observable(prompts).pipe(flat_map(lambda _: answer.stream))
    async with chain.iterate() as events:
        await asyncio.ensure_future(_call(emit))  # in a task, and so in a context, of its own
        for _ in range(20):
            await anext(events)
        await asyncio.sleep(60)
        return answer.emitted - 20


async def _call(emit: Callable[[int], object]) -> None:
    emit(1)


@trap(
    "`distinct` takes the longer for an event, the more there have been.",
    theirs="each key is compared with all before it",
    ours="keys that can be hashed are looked up in a set",
)
class DistinctKeys:
    @staticmethod
    async def plain() -> None:
        assert await comparisons(rx.distinct()) == 500 * 499 / 2

    @staticmethod
    async def ours() -> None:
        assert await comparisons(ops.distinct()) == 0


class Key:
    """A key that counts how often it is compared."""

    compared = 0

    def __init__(self, number: int) -> None:
        self.number = number

    def __eq__(self, other: object) -> bool:
        Key.compared += 1
        return isinstance(other, Key) and self.number == other.number

    def __hash__(self) -> int:
        return self.number * 1_000_003


async def comparisons(distinct: Any) -> int:
    """How many it makes for 500 events."""
    Key.compared = 0
    await Stream.from_iterable(range(500)).pipe(ops.map(Key), distinct)
    return Key.compared


@trap(
    "`max` keeps every event that equals the greatest.",
    theirs="a list of them, of which it emits the first",
    ours="one event is kept",
)
class MaxOfEquals:
    @staticmethod
    async def plain() -> None:
        assert await most_alive(rx.max()) > 900

    @staticmethod
    async def ours() -> None:
        assert await most_alive(ops.max()) < 5


class Equal(float):
    """A number that counts how many there are of it at once."""

    alive = most = 0

    def __init__(self, _: float) -> None:
        Equal.alive += 1
        Equal.most = max(Equal.most, Equal.alive)

    def __del__(self) -> None:
        Equal.alive -= 1


async def most_alive(operator: Any) -> int:
    """How many of 1000 equal events are there at once."""
    Equal.alive = Equal.most = 0
    await Stream.from_iterable([1] * 1000).pipe(ops.map(Equal), operator)
    return Equal.most
