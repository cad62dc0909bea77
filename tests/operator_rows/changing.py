"""Operators that make of each event another, or look at it."""

from __future__ import annotations

import logging
from typing import Any

from reactivex import Observer
from reactivex import operators as rx
from reactivex.notification import OnCompleted, OnError, OnNext
from reactivex.scheduler import CurrentThreadScheduler

from rxagents import Stream
from rxagents import operators as ops
from rxagents.testing import MarbleError

from .row import Number, Row

LOG = logging.Logger("laws")
LOG.addHandler(logging.NullHandler())
PAIRS = {"1": (1, "a"), "2": (2, "b")}


def boxed(value: Any, *more: Any) -> list[Any]:
    return [value]


def noted(*_: Any) -> None:
    """What `tap` and the like call."""


def seconds(event: Any) -> tuple[Any, float]:
    return event.value, event.interval.total_seconds()


def stamped(event: Any) -> Any:
    return event.value


def together(*operators: Any) -> Any:
    """Several operators as one."""
    return lambda source: Stream.from_observable(source).pipe(*operators)


ROWS = [
    Row(
        "map",
        lambda fn: ops.map(fn),
        functions=(boxed,),
        source="-1-2-|",
        result="-A-B-|",
        values={"A": [1], "B": [2]},
    ),
    Row(
        "map_indexed",
        lambda fn: ops.map_indexed(fn),
        functions=(lambda value, index: [value, index],),
        source="-1-2-|",
        result="-A-B-|",
        values={"A": [1, 0], "B": [2, 1]},
    ),
    Row(
        "starmap",
        lambda fn: ops.starmap(fn),
        functions=(lambda number, letter: [letter, number],),
        source="-1-2-|",
        result="-A-B-|",
        values={**PAIRS, "A": ["a", 1], "B": ["b", 2]},
        event=lambda number: Pair((Number(number), "a")),
    ),
    Row(
        "starmap_indexed",
        lambda fn: ops.starmap_indexed(fn),
        functions=(lambda number, letter: [letter, number],),
        source="-1-2-|",
        result="-A-B-|",
        values={**PAIRS, "A": ["a", 1], "B": ["b", 2]},
        event=lambda number: Pair((Number(number), "a")),
    ),
    Row(
        "pluck",
        lambda: ops.pluck("n"),
        source="-A-B-|",
        result="-1-2-|",
        values={"A": {"n": 1}, "B": {"n": 2}},
        event=lambda number: Keyed(n=Number(number)),
    ),
    Row(
        "pluck_attr",
        lambda: ops.pluck_attr("value"),
        source="-A-B-|",
        result="-1-2-|",
        values={"A": OnNext(1), "B": OnNext(2)},
        event=lambda number: OnNext(Number(number)),
    ),
    Row(
        "as_observable",
        lambda: ops.as_observable(),
        source="-1-2-|",
        result="-1-2-|",
    ),
    Row(
        "pairwise",
        lambda: ops.pairwise(),
        source="-1-2-3-|",
        result="---A-B-|",
        values={"A": (1, 2), "B": (2, 3)},
        bound=lambda high: high + 1,
        why="the first event makes no pair",
    ),
    Row(
        "scan",
        lambda fn, initial: ops.scan(fn, initial=initial),
        functions=(max, int),
        source="-1-3-2-|",
        result="-1-3-3-|",
    ),
    Row(
        "start_with",
        lambda: ops.start_with(0),
        source="-1-2-|",
        result="01-2-|",
        empty="(0|)",
        fast=lambda: ops.start_with("s"),
    ),
    Row(
        "materialize",
        lambda: ops.materialize(),
        source="-1-2-|",
        result="-A-B-(C|)",
        failed="-A-B-(E|)",
        empty="(C|)",
        values={
            "A": OnNext(1),
            "B": OnNext(2),
            "C": OnCompleted(),
            "E": OnError(MarbleError("the # of a diagram")),
        },
    ),
    Row(
        "dematerialize",
        lambda: ops.dematerialize(),
        source="-A-B-|",
        result="-1-2-|",
        values={"A": OnNext(1), "B": OnNext(2)},
        event=lambda number: OnNext(Number(number)),
    ),
    Row(
        "timestamp",
        lambda: together(ops.timestamp(), rx.map(stamped)),
        time=True,
        source="-1-2-|",
        result="-1-2-|",
    ),
    Row(
        "time_interval",
        lambda: together(ops.time_interval(), rx.map(seconds)),
        time=True,
        source="-1---2-|",
        result="-A---B-|",
        values={"A": (1, 1.0), "B": (2, 4.0)},
        reads=lambda event: event[0],
    ),
    # --- beside the stream ----------------------------------------------------------------------
    Row(
        "tap",
        lambda fn: ops.tap(fn),
        functions=(noted,),
        source="-1-2-|",
        result="-1-2-|",
    ),
    Row(
        "do_action",
        lambda fn: ops.do_action(fn),
        functions=(noted,),
        source="-1-2-|",
        result="-1-2-|",
    ),
    Row(
        "do",
        lambda: ops.do(Observer(noted)),
        source="-1-2-|",
        result="-1-2-|",
    ),
    Row(
        "log",
        lambda fn: ops.log(LOG, format=fn),
        functions=(str,),
        source="-1-2-|",
        result="-1-2-|",
    ),
    Row(
        "trace",
        lambda fn: ops.trace("laws", write=fn),
        functions=(noted,),
        time=True,
        source="-1-2-|",
        result="-1-2-|",
    ),
    Row(
        "finally_action",
        lambda fn: ops.finally_action(fn),
        functions=(noted,),
        not_called="it is called when the stream has ended: test_reactivex_operators.py",
        source="-1-2-|",
        result="-1-2-|",
    ),
    # --- on other schedulers --------------------------------------------------------------------
    Row(
        "subscribe_on",
        lambda: ops.subscribe_on(CurrentThreadScheduler()),
        source="-1-2-|",
        result="-1-2-|",
    ),
    Row(
        "observe_on",
        lambda: ops.observe_on(),
        source="-1-2-|",
        result="-1-2-|",
        bound=lambda high: high + 64,
        why="64 may be on their way",
    ),
]


class Pair(list[Any]):
    """Several things as one event; a plain tuple cannot be watched."""


class Keyed(dict[str, Any]):
    """A mapping that can be watched."""
