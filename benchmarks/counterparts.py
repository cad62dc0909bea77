"""Our operators beside reactivex's of the same name and with the same options.

Both have the same source, which pushes its events in one go, and the same scheduler: now is the
trampoline and later is the loop's timers. With reactivex's own default a timer is a thread, and
with its AsyncIOScheduler some of these operators lose events. Where an operator is reactivex's
own in both columns, the row tells what a Stream adds at the two ends of the chain.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import reactivex
import reactivex.operators
from reactivex import Observable

from rxagents import Stream, operators
from rxagents.stream import LoopScheduler

from .chains import increase, is_positive, push
from .measuring import Contender, Row, Scale, listen, measure

OURS = "rxagents"
THEIRS = "reactivex"

_SOON = 0.001  # seconds: the time of operators that have one


@dataclass(frozen=True, slots=True)
class Kit:
    """A library: its operators, and streams of its own kind."""

    ops: Any
    of: Callable[[Any], Observable[Any]]
    pushed: Callable[[Sequence[Any]], Observable[Any]]
    numbers: range


Steps = Callable[[Kit], list[Any]]

CASES: dict[str, Steps] = {
    "map": lambda kit: [kit.ops.map(increase)],
    "filter": lambda kit: [kit.ops.filter(is_positive)],
    "scan": lambda kit: [kit.ops.scan(operator.add, 0)],
    "reduce": lambda kit: [kit.ops.reduce(operator.add, 0)],
    "do_action": lambda kit: [kit.ops.do_action(is_positive)],
    "pairwise": lambda kit: [kit.ops.pairwise()],
    "distinct_until_changed": lambda kit: [kit.ops.distinct_until_changed()],
    "take_while": lambda kit: [kit.ops.take_while(is_positive)],
    "start_with": lambda kit: [kit.ops.start_with(0)],
    "to_list": lambda kit: [kit.ops.to_list()],
    "catch": lambda kit: [kit.ops.catch(kit.of(0))],
    "retry": lambda kit: [kit.ops.retry(3)],
    "concat": lambda kit: [kit.ops.concat(kit.of(0))],
    "merge": lambda kit: [kit.ops.merge(kit.pushed(kit.numbers))],
    "zip": lambda kit: [kit.ops.zip(kit.pushed(kit.numbers))],
    "combine_latest": lambda kit: [kit.ops.combine_latest(kit.of(0))],
    "with_latest_from": lambda kit: [kit.ops.with_latest_from(kit.of(0))],
    "group_by, merge_all": lambda kit: [kit.ops.group_by(_last_digit), kit.ops.merge_all()],
    "buffer_with_count": lambda kit: [kit.ops.buffer_with_count(10)],
    "window_with_count, merge_all": lambda kit: [
        kit.ops.window_with_count(10),
        kit.ops.merge_all(),
    ],
    "share": lambda kit: [kit.ops.share()],
    "publish, ref_count": lambda kit: [kit.ops.publish(), kit.ops.ref_count()],
    "replay, ref_count": lambda kit: [kit.ops.replay(), kit.ops.ref_count()],
    "observe_on": lambda kit: [kit.ops.observe_on(LoopScheduler())],
    "delay": lambda kit: [kit.ops.delay(_SOON)],
    "debounce": lambda kit: [kit.ops.debounce(_SOON)],
    "throttle_first": lambda kit: [kit.ops.throttle_first(_SOON)],
    "sample": lambda kit: [kit.ops.sample(_SOON)],
    "timeout": lambda kit: [kit.ops.timeout(5.0)],
    "time_interval": lambda kit: [kit.ops.time_interval()],
    "timestamp": lambda kit: [kit.ops.timestamp()],
    "buffer_with_time": lambda kit: [kit.ops.buffer_with_time(_SOON)],
    "buffer_with_time_or_count": lambda kit: [kit.ops.buffer_with_time_or_count(_SOON, 10)],
    "flat_map to an iterable": lambda kit: [kit.ops.flat_map(_listed)],
    "flat_map to of(x)": lambda kit: [kit.ops.flat_map(kit.of)],
    "concat_map to of(x)": lambda kit: [kit.ops.concat_map(kit.of)],
    "switch_map to of(x)": lambda kit: [kit.ops.switch_map(kit.of)],
}

_BY_TIME = {
    "throttle_first",
    "sample",
    "buffer_with_time",
    "buffer_with_time_or_count",
    "switch_map to of(x)",
}
"""What is emitted depends on when it comes, and at which step of the loop."""
_COSTLY = 10  # so many times fewer events for what subscribes, or sets a timer, for each


async def measure_counterparts(scale: Scale) -> list[Row]:
    """All cases, ours and theirs."""
    rows: list[Row] = []
    for name, steps in CASES.items():
        events = scale.events // _COSTLY if name.endswith("of(x)") else scale.events
        numbers = range(events)
        ours = Kit(operators, Stream.of, lambda values: Stream(push(values)), numbers)
        theirs = Kit(
            reactivex.operators,
            reactivex.of,
            lambda values: Observable(push(values)),
            numbers,
        )
        contenders: dict[str, Contender] = {
            OURS: partial(_run, ours, steps),
            THEIRS: partial(_run, theirs, steps),
        }
        rows.append(
            await measure(name, contenders, scale, events=events, same_results=name not in _BY_TIME)
        )
    return rows


async def _run(kit: Kit, steps: Steps) -> int:
    chain = kit.pushed(kit.numbers).pipe(*steps(kit))
    # A Stream finds this scheduler by itself; for both to do the same it is named.
    return await listen(chain, LoopScheduler())


def _listed(number: int) -> list[int]:
    return [number]


def _last_digit(number: int) -> int:
    return number % 10
