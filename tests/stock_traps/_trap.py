"""What a trap is, and what the programs of all of them share."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from reactivex import Observable, abc

from rxagents import Stream

_T = TypeVar("_T")

SOON = 0.005  # seconds, where time is real
LATE = 50 * SOON  # when an idle loop wakes up by itself


class Halves(Protocol):
    """The two programs of a trap."""

    @staticmethod
    async def plain() -> None: ...
    @staticmethod
    async def ours() -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """A trap; the texts are a row of docs/traps.md."""

    chapter: str
    """The module."""
    name: str
    """The test's name."""
    sentence: str
    """What a program wants, and what becomes of it."""
    theirs: str
    """What reactivex does."""
    ours: str
    """What we do."""
    halves: type[Halves]
    real: frozenset[str]
    """The halves that need real time: threads are in them."""
    missing: str
    """Why ours does no better so far; empty where it does."""


TRAPS: list[Trap] = []


def trap(
    sentence: str, *, theirs: str, ours: str, real: str = "", missing: str = ""
) -> Callable[[type[Halves]], type[Halves]]:
    """Register a class with the two halves; its name is the test's."""

    def register(halves: type[Halves]) -> type[Halves]:
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", halves.__name__).lower()
        TRAPS.append(
            Trap(
                chapter=halves.__module__.rpartition(".")[2],
                name=name,
                sentence=sentence,
                theirs=theirs,
                ours=ours,
                halves=halves,
                real=frozenset(real.split()),
                missing=missing,
            )
        )
        return halves

    return register


def listen(observable: Observable[Any], **options: Any) -> list[Any]:
    """Subscribe, and give the list that fills with values, `repr` of an error, and `|`."""
    out: list[Any] = []
    observable.subscribe(
        out.append, lambda error: out.append(repr(error)), lambda: out.append("|"), **options
    )
    return out


class Button(Generic[_T]):
    """What calls back: a keyboard, a socket, somebody else's library."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[_T], object]] = []
        self.presses: Stream[_T] = Stream.from_callback(
            self._callbacks.append, self._callbacks.remove
        )

    def press(self, value: _T) -> None:
        for callback in list(self._callbacks):
            callback(value)


def pumped(read: Callable[[], AsyncIterator[_T]]) -> Observable[_T]:
    """An async iterator as an Observable, as one writes it with reactivex alone."""

    def subscribe(
        observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        async def pump() -> None:
            async for value in read():
                observer.on_next(value)
            observer.on_completed()

        task = asyncio.ensure_future(pump())
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return _Cancel(task)

    return Observable(subscribe)


class _Cancel(abc.DisposableBase):
    def __init__(self, task: asyncio.Future[None]) -> None:
        self._task = task

    def dispose(self) -> None:
        self._task.cancel()


@contextmanager
def unhandled() -> Iterator[list[BaseException]]:
    """What the event loop is told, and what kills a thread."""
    told: list[BaseException] = []
    loop, before = asyncio.get_running_loop(), threading.excepthook
    handler = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: told.append(context["exception"]))
    threading.excepthook = lambda args: told.append(args.exc_value or SystemExit())
    try:
        yield told
    finally:
        threading.excepthook = before
        loop.set_exception_handler(handler)


async def in_thread(work: Callable[[], object]) -> None:
    """Run `work` on a thread of its own, which the loop does not know."""
    thread = threading.Thread(target=work)
    thread.start()
    while thread.is_alive():  # noqa: ASYNC110 - an event would wake the loop
        await asyncio.sleep(SOON / 5)


async def until(done: Callable[[], object]) -> None:
    """Wait, in real time, until something has happened on another thread."""
    for _ in range(1000):
        if done():
            return
        await asyncio.sleep(SOON)
    raise AssertionError("it has not happened in 5 s")
