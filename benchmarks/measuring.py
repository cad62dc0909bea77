"""Contenders in turns: A B C A B C, all in this process, on this loop."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from reactivex import Observable, abc

Contender = Callable[[], Awaitable[int]]
"""Does the work once, and gives the number of results."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much to measure."""

    events: int
    repeats: int


@dataclass(slots=True)
class Times:
    """What one contender took for one event, in microseconds, each time it was its turn."""

    cpu: list[float] = field(default_factory=list[float])
    """Time of this thread on the processor; what the ratios are made of."""
    wall: list[float] = field(default_factory=list[float])

    @property
    def least(self) -> float:
        """The least disturbed run's."""
        return min(self.cpu)

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.cpu)


@dataclass(slots=True)
class Row:
    """One case: the same work, done by each contender."""

    name: str
    events: int
    times: dict[str, Times]

    def ratio(self, ours: str, theirs: str) -> float | None:
        """How many times as much `ours` takes; None where one of them is not there."""
        if ours not in self.times or theirs not in self.times:
            return None
        return self.times[ours].least / self.times[theirs].least


async def measure(
    name: str,
    contenders: Mapping[str, Contender],
    scale: Scale,
    *,
    events: int | None = None,
    same_results: bool = True,
) -> Row:
    """Time each contender `scale.repeats` times, in turns, after one round that does not count.

    `events` is the number that the times are divided by. Raises AssertionError if the contenders
    give different numbers of results, where they must not: they would not do the same work.
    """
    count = events or scale.events
    row = Row(name, count, {each: Times() for each in contenders})
    results = {each: await contender() for each, contender in contenders.items()}
    assert not same_results or len(set(results.values())) == 1, f"{name}: {results}"
    for _ in range(scale.repeats):
        for each, contender in contenders.items():
            gc.collect()
            gc.disable()  # as timeit does: a collection would hit whoever's turn it is
            try:
                wall, cpu = time.perf_counter(), time.thread_time()
                await contender()
                cpu, wall = time.thread_time() - cpu, time.perf_counter() - wall
            finally:
                gc.enable()
            row.times[each].cpu.append(cpu / count * 1e6)
            row.times[each].wall.append(wall / count * 1e6)
    return row


async def listen(observable: Observable[Any], scheduler: abc.SchedulerBase | None = None) -> int:
    """Subscribe with callbacks, wait for the end, and give the number of events."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    count = 0

    def on_next(_: object) -> None:
        nonlocal count
        count += 1

    observable.subscribe(
        on_next, done.set_exception, lambda: done.set_result(None), scheduler=scheduler
    )
    await done
    return count
