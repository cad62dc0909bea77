"""Operators that make one event of all."""

from __future__ import annotations

from typing import Any

from reactivex.internal.exceptions import SequenceContainsNoElementsError

from rxagents import Stream
from rxagents import operators as ops

from .choosing import even
from .row import Number, Row, at_most

THE_WHOLE = "it is made of all events, and a source that fails has not told all"
ONE_VALUE = "it keeps one value"
EQUALS = "it keeps all events that are as good as the best one"
EVERYTHING = "it keeps all events"


def itself(value: Any) -> Any:
    return value


def compare(one: Any, other: Any) -> int:
    return int((one > other) - (one < other))


def as_future(**options: Any) -> Any:
    """`to_future` as an operator that gives a stream."""
    return lambda source: Stream.from_awaitable(lambda: ops.to_future(**options)(source))


def folded(name: str, make: Any, result: Any, **fields: Any) -> Row:
    """A row for an operator whose result comes at the end."""
    return Row(
        name,
        make,
        **{
            "source": "-1-2-4-|",
            "result": "-------(R|)",
            "failed": "-------#",
            "empty": "(N|)",
            "lost": THE_WHOLE,
            "free": ONE_VALUE,
            "bound": at_most(5),
            **fields,
            "values": {"R": result, **fields.get("values", {})},
        },
    )


ROWS = [
    folded(
        "all",
        lambda fn: ops.all(fn),
        True,
        functions=(lambda value: value >= 0,),
        empty="(R|)",
    ),
    folded(
        "average",
        lambda fn: ops.average(fn),
        7 / 3,
        functions=(itself,),
        empty="#",
        raises=SequenceContainsNoElementsError,
    ),
    folded(
        "contains",
        lambda fn: ops.contains(7, fn),
        False,
        functions=(lambda one, other: one == -other,),
        empty="(R|)",
    ),
    folded("count", lambda fn: ops.count(fn), 2, functions=(even,), values={"N": 0}),
    folded("is_empty", lambda: ops.is_empty(), True, source="-------|", values={"N": True}),
    folded(
        "max",
        lambda fn: ops.max(fn),
        4,
        functions=(compare,),
        empty="#",
        raises=SequenceContainsNoElementsError,
    ),
    folded(
        "min",
        lambda fn: ops.min(fn),
        1,
        functions=(compare,),
        empty="#",
        raises=SequenceContainsNoElementsError,
    ),
    folded(
        "max_by",
        lambda fn, comparer: ops.max_by(fn, comparer),
        [4],
        functions=(itself, compare),
        values={"N": []},
        event=lambda _: Number(1),
        why=EQUALS,
    ),
    folded(
        "min_by",
        lambda fn, comparer: ops.min_by(fn, comparer),
        [1],
        functions=(itself, compare),
        values={"N": []},
        event=lambda _: Number(1),
        why=EQUALS,
    ),
    folded(
        "reduce",
        lambda fn, initial: ops.reduce(fn, initial=initial),
        4,
        functions=(max, int),
        values={"N": 0},
    ),
    folded(
        "some", lambda fn: ops.some(fn), False, functions=(lambda value: value < 0,), empty="(R|)"
    ),
    folded("sum", lambda fn: ops.sum(fn), 7, functions=(itself,), values={"N": 0}),
    folded(
        "sequence_equal",
        lambda fn, other: ops.sequence_equal(other, fn),
        True,
        others=("1-2-4--|",),
        empty="(F|)",
        functions=(lambda one, other: one == other,),
        fast=lambda fn, other: ops.sequence_equal(Stream.never()),
        values={"F": False},
        free="",
        inside=lambda fast: Stream.never().pipe(ops.sequence_equal(fast)),
        inside_free="it keeps what one source is ahead of the other",
        inside_bound=at_most(1000),
        why="it keeps what one source is ahead of the other",
    ),
    folded("to_future", as_future, 4, empty="#", raises=SequenceContainsNoElementsError),
    # --- all of them ----------------------------------------------------------------------------
    folded("to_list", lambda: ops.to_list(), [1, 2, 4], values={"N": []}, why=EVERYTHING),
    folded("to_set", lambda: ops.to_set(), {1, 2, 4}, values={"N": set()}, why=EVERYTHING),
    folded("to_iterable", lambda: ops.to_iterable(), [1, 2, 4], values={"N": []}, why=EVERYTHING),
    folded(
        "to_dict",
        lambda key, element: ops.to_dict(key, element),
        {1: 1, 2: 2, 4: 4},
        functions=(itself, itself),
        values={"N": {}},
        why=EVERYTHING,
    ),
    folded(
        "to_marbles",
        lambda: ops.to_marbles(timespan=1.0),
        "-1--2--4--|",
        time=True,
        failed="-------(F|)",
        values={"N": "|", "F": "-1--2--4--(the # of a diagram)"},
        why="it writes down every event",
        grows=lambda text: len(text) >= 5000,
    ),
]
