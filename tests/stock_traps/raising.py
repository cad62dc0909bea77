"""Exceptions in callbacks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import reactivex
from reactivex import operators as rx
from reactivex.scheduler.eventloop import AsyncIOScheduler
from reactivex.subject import Subject

from rxagents import Stream
from rxagents import operators as ops

from ._trap import Button, listen, pumped, trap, unhandled


def fail(value: object) -> Any:
    raise KeyError(value)


async def three() -> AsyncIterator[int]:
    for number in range(3):
        await asyncio.sleep(1)
        yield number


@trap(
    "A callback raises: the stream stops, and its subscriber hears nothing.",
    theirs="the exception kills the task that emits; there is neither an error nor an end",
    ours="the subscriber's own `on_error` is told",
)
class RaisingCallback:
    @staticmethod
    async def plain() -> None:
        heard: list[Any] = []
        pumped(three).subscribe(fail, heard.append, lambda: heard.append("|"))
        await asyncio.sleep(10)
        assert heard == []

    @staticmethod
    async def ours() -> None:
        heard: list[Any] = []
        Stream.from_async_iterable(three).subscribe(fail, heard.append, lambda: heard.append("|"))
        await asyncio.sleep(10)
        assert [type(each) for each in heard] == [KeyError]


@trap(
    "A callback raises at an event that comes from a timer: only the loop is told.",
    theirs="the exception goes to the loop's exception handler; `on_error` is not called",
    ours="`on_error` is called, wherever the event comes from",
)
class RaisingAtTimers:
    @staticmethod
    async def plain() -> None:
        errors: list[Exception] = []
        with unhandled() as told:
            scheduler = AsyncIOScheduler(asyncio.get_running_loop())
            reactivex.timer(1.0, scheduler=scheduler).subscribe(fail, errors.append)
            await asyncio.sleep(10)
        assert errors == []
        assert [type(error) for error in told] == [KeyError]

    @staticmethod
    async def ours() -> None:
        errors: list[Exception] = []
        with unhandled() as told:
            Stream.timer(1.0).subscribe(fail, errors.append)
            await asyncio.sleep(10)
        assert [type(error) for error in errors] == [KeyError]
        assert told == []


@trap(
    "A callback raises: whoever emits gets the exception, and the subscribers after it miss the "
    "event.",
    theirs="`Subject.on_next` raises what a subscriber raises, and goes no further",
    ours="each subscriber of a shared stream is on its own",
)
class RaisingAtTheProducer:
    @staticmethod
    async def plain() -> None:
        subject: Subject[int] = Subject()
        subject.subscribe(fail)
        out = listen(subject)
        try:
            subject.on_next(1)
        except KeyError:
            assert out == []
        else:
            raise AssertionError("the producer is not told")

    @staticmethod
    async def ours() -> None:
        button = Button[int]()
        shared = button.presses.pipe(ops.share())
        errors: list[Exception] = []
        shared.subscribe(fail, errors.append)
        out = listen(shared)
        button.press(1)
        assert out == [1]
        assert len(errors) == 1


@trap(
    "One subscriber raises, and all others of a published stream get the error.",
    theirs="`publish()` sends it to everybody's `on_error`",
    ours="only the one who raised gets it",
)
class RaisingAmongOthers:
    @staticmethod
    async def plain() -> None:
        published = reactivex.of(1, 2).pipe(rx.publish())
        published.subscribe(fail, lambda _: None)
        out = listen(published)
        published.connect()
        assert out == ["KeyError(1)"]

    @staticmethod
    async def ours() -> None:
        published = Stream.of(1, 2).pipe(ops.publish())
        published.subscribe(fail, lambda _: None)
        out = listen(published)
        connectable: Any = published
        connectable.connect()
        await asyncio.sleep(1)
        assert out == [1, 2, "|"]


@trap(
    "A function in a chain raises `CancelledError`, and it is the producer that is cancelled.",
    theirs="every `except Exception` lets it pass, up to who called `on_next`",
    ours="it ends the subscription",
)
class RaisingCancelledError:
    @staticmethod
    async def plain() -> None:
        subject: Subject[int] = Subject()
        out = listen(subject.pipe(rx.map(cancelled)))
        try:
            subject.on_next(1)
        except asyncio.CancelledError:
            assert out == []
        else:
            raise AssertionError("the producer is not cancelled")

    @staticmethod
    async def ours() -> None:
        button = Button[int]()
        out = listen(button.presses.pipe(ops.map(cancelled)))
        button.press(1)
        assert out == ["CancelledError()"]


def cancelled(_: object) -> Any:
    raise asyncio.CancelledError


@trap(
    "An error that nobody asked for is not heard of.",
    theirs="`from_iterable(...)` without an `on_error` swallows what a chain raises",
    ours="the loop's exception handler is told",
)
class SilentErrors:
    @staticmethod
    async def plain() -> None:
        with unhandled() as told:
            reactivex.from_iterable([1]).pipe(rx.map(fail)).subscribe()
            await asyncio.sleep(1)
        assert told == []

    @staticmethod
    async def ours() -> None:
        with unhandled() as told:
            Stream.from_iterable([1]).pipe(ops.map(fail)).subscribe()
            await asyncio.sleep(1)
        assert [type(error) for error in told] == [KeyError]


@trap(
    "One stream fails, and another one that has nothing to do with it stops as well.",
    theirs="an exception clears the trampoline, with all that waits on it",
    ours="streams do not wait for each other",
)
class UnrelatedWork:
    @staticmethod
    async def plain() -> None:
        out: list[Any] = []

        def subscribe_to_both(_: int) -> None:
            reactivex.return_value(1).subscribe(fail)
            reactivex.of("unrelated").subscribe(out.append)

        with contextlib.suppress(KeyError):
            reactivex.of(0).subscribe(subscribe_to_both)
        assert out == []

    @staticmethod
    async def ours() -> None:
        out: list[Any] = []

        def subscribe_to_both(_: int) -> None:
            Stream.of(1).subscribe(fail)
            Stream.of("unrelated").subscribe(out.append)

        with unhandled():
            Stream.of(0).subscribe(subscribe_to_both)
            await asyncio.sleep(1)
        assert out == ["unrelated"]
