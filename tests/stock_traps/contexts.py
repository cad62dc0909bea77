"""Context variables."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar, copy_context
from typing import Any

import reactivex
from reactivex import Observable
from reactivex import operators as rx
from reactivex.scheduler.eventloop import AsyncIOScheduler
from reactivex.subject import Subject

from rxagents import Stream
from rxagents import operators as ops

from ._trap import SOON, Button, pumped, trap, until

who: ContextVar[str] = ContextVar("who", default="nobody")


async def ticks() -> AsyncIterator[int]:
    for number in range(3):
        await asyncio.sleep(1)
        yield number


async def seen_by(source: Observable[Any], *, real: bool = False) -> list[str]:
    """What a subscriber finds in the context of its callback, having set it to "me"."""
    seen: list[str] = []
    token = who.set("me")
    source.subscribe(lambda _: seen.append(who.get()))
    who.reset(token)
    await (until(lambda: seen) if real else asyncio.sleep(10))
    return seen


@trap(
    "What was in the context (a request's id, a trace) is not there in a timer's callback.",
    theirs="a thread has an empty context",
    ours="timers are the loop's, which keep the context",
    real="plain",
)
class EmptyContexts:
    @staticmethod
    async def plain() -> None:
        source = reactivex.of(1).pipe(rx.delay(SOON))
        assert await seen_by(source, real=True) == ["nobody"]

    @staticmethod
    async def ours() -> None:
        assert await seen_by(Stream.of(1).pipe(ops.delay(SOON))) == ["me"]


@trap(
    "A debounced callback has the context of whoever emitted last.",
    theirs="a timer has the context in which it is set, which is the emitter's",
    ours="callbacks have the context of their subscription",
)
class ContextOfTheEmitter:
    @staticmethod
    async def plain() -> None:
        source: Subject[int] = Subject()
        scheduler = AsyncIOScheduler(asyncio.get_running_loop())
        asyncio.get_running_loop().call_later(1, in_context("emitter", source.on_next))
        assert await seen_by(source.pipe(rx.debounce(1, scheduler))) == ["emitter"]

    @staticmethod
    async def ours() -> None:
        button = Button[int]()
        asyncio.get_running_loop().call_later(1, in_context("emitter", button.press))
        assert await seen_by(button.presses.pipe(ops.debounce(1))) == ["me"]


def void(_: object) -> None:
    """Nothing, whatever a call gives."""


def in_context(name: str, emit: Callable[[int], object]) -> Callable[[], object]:
    """A call of `emit` in which the context says `name`."""
    context = copy_context()
    context.run(who.set, name)
    return lambda: context.run(emit, 1)


@trap(
    "All who share a stream find the first one's context in their callbacks.",
    theirs="the source is subscribed to in the first one's context, and all are called there",
    ours="each subscriber has its own",
)
class ContextOfTheFirst:
    @staticmethod
    async def plain() -> None:
        assert await second_of(pumped(ticks).pipe(rx.share())) == ["first"] * 3

    @staticmethod
    async def ours() -> None:
        shared = Stream.from_async_iterable(ticks).pipe(ops.share())
        assert await second_of(shared) == ["me"] * 3


async def second_of(shared: Observable[Any]) -> list[str]:
    token = who.set("first")
    shared.subscribe()
    who.reset(token)
    return await seen_by(shared)


@trap(
    "What a callback sets in the context is set for the source, and for later callbacks.",
    theirs="callbacks run in the context of the task that emits",
    ours="a callback runs in a context of its own",
)
class LeakingContexts:
    @staticmethod
    async def plain() -> None:
        assert await leaked(pumped) == "a callback"

    @staticmethod
    async def ours() -> None:
        assert await leaked(Stream.from_async_iterable) == "nobody"


async def leaked(make: Callable[[Any], Observable[int]]) -> str:
    """What a source finds in its context after a callback has set it."""
    found: list[str] = []

    async def read() -> AsyncIterator[int]:
        yield 1
        found.append(who.get())

    make(read).subscribe(lambda _: void(who.set("a callback")))
    await asyncio.sleep(1)
    return found[0]


@trap(
    "What is subscribed to in a callback, with a context of its own, is called in another one.",
    theirs="`of` emits on the trampoline, in the context of the stream whose callback it is",
    ours="a stream emits in the context in which it was subscribed to",
)
class TrampolineContexts:
    @staticmethod
    async def plain() -> None:
        assert await in_a_callback(reactivex.of) == ["outer"]

    @staticmethod
    async def ours() -> None:
        assert await in_a_callback(Stream.of) == ["inner"]


async def in_a_callback(make: Callable[[int], Observable[int]]) -> list[str]:
    seen: list[str] = []

    def on_next(_: int) -> None:
        context = copy_context()
        context.run(who.set, "inner")
        context.run(lambda: make(1).subscribe(lambda _: seen.append(who.get())))

    token = who.set("outer")
    make(0).subscribe(on_next)
    who.reset(token)
    await asyncio.sleep(1)
    return seen


@trap(
    "What a consumer puts into the context for its source reaches other streams, which a callback "
    "subscribes to.",
    theirs="whatever is subscribed to inside of a callback finds the outer consumer's credit",
    ours="a subscription with callbacks has no credit but its own",
)
class InheritedCredit:
    @staticmethod
    async def plain() -> None:
        found: list[str] = []

        def subscribe(observer: Any, scheduler: Any = None) -> Any:
            found.append(who.get())
            return pumped(ticks).subscribe(observer, scheduler=scheduler)

        source = Observable[int](subscribe)
        token = who.set("the outer consumer's credit")
        pumped(ticks).pipe(rx.take(1)).subscribe(lambda _: void(source.subscribe()))
        who.reset(token)
        await asyncio.sleep(10)
        assert found == ["the outer consumer's credit"]

    @staticmethod
    async def ours() -> None:
        other: list[int] = []

        def on_next(number: int) -> None:
            if number == 0:
                Stream.from_iterable(range(1000)).subscribe(other.append)

        outer = Stream.from_iterable(range(1000)).pipe(ops.do_action(on_next))
        async with outer.iterate() as events:
            await anext(events)
            await asyncio.sleep(10)  # the outer consumer takes nothing meanwhile
        assert len(other) == 1000
