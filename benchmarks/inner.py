"""What it costs to subscribe to an inner stream, and to get its one event.

A number of lanes, each a chain with the operator, get an event each in turn; then the loop runs
until all have their result. So a step of the loop is shared by the lanes, as on a server, and
also `exhaust_map`, which drops what comes while it is busy, has an inner stream for each event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import reactivex
from reactivex import Observable
from reactivex import operators as rx
from reactivex.subject import Subject

from rxagents import Stream
from rxagents import operators as ops
from rxagents.stream import LoopScheduler

from .measuring import Contender, Row, Scale, measure

LANES = 64

STREAM = "Stream.of(x)"
AWAITABLE = "an awaitable"
ITERABLE = "an iterable"
REACTIVEX = "reactivex, of(x)"

Step = Callable[[Observable[Any]], Observable[Any]]


async def _same(value: int) -> int:
    return value


def _listed(value: int) -> list[int]:
    return [value]


def _exhaust(project: Callable[[Any], Any]) -> Step:
    """What reactivex has for `exhaust_map`."""
    return lambda source: source.pipe(rx.map(project), rx.exclusive())


OPERATORS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "flat_map": (ops.flat_map, rx.flat_map),
    "concat_map": (ops.concat_map, rx.concat_map),
    "switch_map": (ops.switch_map, rx.switch_map),
    "exhaust_map": (ops.exhaust_map, _exhaust),
}


async def measure_inner(scale: Scale) -> list[Row]:
    """Our four ways of flattening, over three kinds of inner sources; and reactivex's."""
    rounds = max(scale.events // LANES // 10, 1)
    rows: list[Row] = []
    for name, (ours, theirs) in OPERATORS.items():
        contenders: dict[str, Contender] = {
            STREAM: partial(_run, ours(Stream.of), rounds),
            AWAITABLE: partial(_run, ours(_same), rounds),
            ITERABLE: partial(_run, ours(_listed), rounds),
            REACTIVEX: partial(_run, theirs(reactivex.of), rounds),
        }
        rows.append(await measure(name, contenders, scale, events=rounds * LANES))
    return rows


async def _run(step: Step, rounds: int) -> int:
    results = 0

    def on_next(_: object) -> None:
        nonlocal results
        results += 1

    lanes = [Subject[int]() for _ in range(LANES)]
    scheduler = LoopScheduler()
    subscriptions = [step(lane).subscribe(on_next, scheduler=scheduler) for lane in lanes]
    for number in range(1, rounds + 1):
        for lane in lanes:
            lane.on_next(number)
        while results < number * LANES:  # noqa: ASYNC110 - a step of the loop is what it costs
            await asyncio.sleep(0)
        await asyncio.sleep(0)  # an inner stream may end a step after its event
    for subscription in subscriptions:
        subscription.dispose()
    return results
