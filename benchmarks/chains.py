"""Chains of 0, 1, 5 and 10 steps, `map` and `filter` in turns, in four libraries.

There are two shapes of sources, and only contenders with the same one are compared:

- pushed: a function that calls `on_next` in a loop. It is what reactivex is fastest with.
- pulled: an async generator that yields in a loop, without waiting.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from reactivex import Observable, abc
from reactivex import operators as rx
from reactivex.disposable import Disposable

from rxagents import Stream
from rxagents import operators as ops

from .measuring import Contender, Row, Scale, listen, measure

aiostream: Any = import_module("aiostream") if find_spec("aiostream") else None
"""Measured where it is there; it is GPL, and nothing of ours imports it but this."""

LENGTHS = (0, 1, 5, 10)

CALLBACKS = "rxagents, callbacks"
REACTIVEX = "reactivex"
ASYNC_FOR = "rxagents, async for"
GENERATORS = "async generators"
AIOSTREAM = "aiostream"


async def measure_chains(scale: Scale) -> list[Row]:
    """All lengths, all contenders."""
    return [
        await measure(str(length), contenders(length, scale.events), scale) for length in LENGTHS
    ]


def contenders(length: int, events: int) -> dict[str, Contender]:
    """Who does a chain of `length` steps; all of them call the same functions."""
    found: dict[str, Contender] = {
        # A Stream and `subscribe(...)`: no credit, no queue, no task.
        CALLBACKS: lambda: listen(Stream(push(range(events))).pipe(*steps(length, ops))),
        # The same with reactivex alone, on the same source.
        REACTIVEX: lambda: listen(Observable(push(range(events))).pipe(*steps(length, rx))),
        # A task reads the generator, and a bounded queue with credit stands before `async for`.
        ASYNC_FOR: lambda: read(
            Stream.from_async_iterable(lambda: pull(events)).pipe(*steps(length, ops))
        ),
        # A generator for each step: no queue, no task, and nothing that can be shared or timed.
        GENERATORS: lambda: read(generators(length, pull(events))),
    }
    if aiostream is not None:
        found[AIOSTREAM] = lambda: read_aiostream(length, pull(events))
    return found


def increase(number: int) -> int:
    """What every `map` does."""
    return number + 1


def is_positive(number: int) -> bool:
    """What every `filter` asks; all pass."""
    return number >= 0


def push(values: Sequence[Any]) -> abc.Subscription[Any]:
    """A subscribe function that emits `values` in one go."""

    def subscribe(
        observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        on_next = observer.on_next
        for value in values:
            on_next(value)
        observer.on_completed()
        return Disposable()

    return subscribe


async def pull(events: int) -> AsyncIterator[int]:
    """An async iterator that never waits."""
    for number in range(events):
        yield number


def steps(length: int, library: Any) -> list[Callable[[Observable[Any]], Observable[Any]]]:
    """Reactivex's operators, which are ours too."""
    return [
        library.filter(is_positive) if place % 2 else library.map(increase)
        for place in range(length)
    ]


async def read(values: AsyncIterator[Any] | Stream[Any]) -> int:
    """Read all with `async for`."""
    count = 0
    async for _ in values:
        count += 1
    return count


def generators(length: int, source: AsyncIterator[int]) -> AsyncIterator[int]:
    """The chain as anybody would write it with async generators."""

    async def mapped(values: AsyncIterator[int]) -> AsyncIterator[int]:
        async for value in values:
            yield increase(value)

    async def filtered(values: AsyncIterator[int]) -> AsyncIterator[int]:
        async for value in values:
            if is_positive(value):
                yield value

    for place in range(length):
        source = filtered(source) if place % 2 else mapped(source)
    return source


async def read_aiostream(length: int, source: AsyncIterator[int]) -> int:
    """The chain with aiostream's `map` and `filter`, given plain functions as it allows."""
    pipe = aiostream.pipe
    chain = aiostream.stream.iterate(source)
    for place in range(length):
        chain |= pipe.filter(is_positive) if place % 2 else pipe.map(increase)
    async with chain.stream() as values:
        return await read(values)
