"""Operators that let some events by and others not."""

from __future__ import annotations

from typing import Any

from rxagents import Stream
from rxagents import operators as ops

from .row import Row, at_most

ONLY_AT_THE_END = "which it is, is known at the end"
ALL_PASS = "what it does not emit it forgets"


def even(value: Any) -> bool:
    return bool(value % 2 == 0)


def even_at(value: Any, index: int) -> bool:
    return index % 2 == 1


def found(value: Any, index: int, source: object) -> bool:
    return bool(value == 2)


def late(value: Any) -> bool:
    """For a fast source: whether an event is one of the last."""
    return bool(value >= 250)


def one_more(high: int) -> int:
    return high + 1


def twice_as_far(high: int) -> int:
    return 2 * high


ROWS = [
    Row(
        "filter",
        lambda fn: ops.filter(fn),
        functions=(even,),
        source="-1-2-3-4-|",
        result="---2---4-|",
        bound=twice_as_far,
        why="every second event passes",
    ),
    Row(
        "filter_indexed",
        lambda fn: ops.filter_indexed(fn),
        functions=(even_at,),
        source="-1-2-3-4-|",
        result="---2---4-|",
        bound=twice_as_far,
        why="every second event passes",
    ),
    Row(
        "of_type",
        lambda: ops.of_type(float),
        source="-a-b-a-b-|",
        result="---b---b-|",
        values={"b": 0.5},
    ),
    Row(
        "ignore_elements",
        lambda: ops.ignore_elements(),
        source="-1-2-|",
        result="-----|",
        free=ALL_PASS,
        bound=at_most(4),
    ),
    Row(
        "distinct",
        lambda fn: ops.distinct(fn),
        functions=(lambda value: value % 3,),
        fast=lambda fn: ops.distinct(),
        source="-1-2-4-3-|",
        result="-1-2---3-|",
        count=1000,
        why="it keeps the key of every event",
    ),
    Row(
        "distinct",
        lambda fn, compare, other: ops.distinct(fn, compare, flushes=other),
        variant="flushed",
        functions=(lambda value: value % 3, lambda one, other: one == other),
        others=("----x--|",),
        source="-1-1-1-4-|",
        result="-1---1---|",
        fast=lambda fn, compare, other: ops.distinct(flushes=other),
        count=1000,
        why="it keeps the key of every event, until it is told to forget them",
        inside=lambda fast: Stream.never().pipe(ops.distinct(flushes=fast)),
        inside_free="it keeps nothing of it",
        inside_bound=at_most(3),
    ),
    Row(
        "distinct_until_changed",
        lambda fn, compare: ops.distinct_until_changed(fn, compare),
        functions=(lambda value: value % 10, lambda one, other: one == other),
        source="-1-1-2-1-|",
        result="-1---2-1-|",
    ),
    Row(
        "default_if_empty",
        lambda: ops.default_if_empty(9),
        source="-1-2-|",
        result="-1-2-|",
        empty="(9|)",
    ),
    # --- from the beginning ---------------------------------------------------------------------
    Row(
        "take",
        lambda: ops.take(2),
        fast=lambda: ops.take(4000),
        source="-1-2-3-|",
        result="-1-(2|)",
    ),
    Row(
        "take_while",
        lambda fn: ops.take_while(fn),
        functions=(lambda value: value < 3,),
        fast=lambda fn: ops.take_while(lambda value: not late(value)),
        source="-1-2-3-1-|",
        result="-1-2-|",
    ),
    Row(
        "take_while",
        lambda fn: ops.take_while(fn, inclusive=True),
        variant="inclusive",
        functions=(lambda value: value < 3,),
        fast=lambda fn: ops.take_while(lambda value: not late(value), inclusive=True),
        source="-1-2-3-1-|",
        result="-1-2-(3|)",
    ),
    Row(
        "take_while_indexed",
        lambda fn: ops.take_while_indexed(fn),
        functions=(lambda value, index: index < 2,),
        fast=lambda fn: ops.take_while_indexed(lambda value, index: index < 4000),
        source="-1-2-3-1-|",
        result="-1-2-|",
    ),
    Row(
        "take_until",
        lambda other: ops.take_until(other),
        others=("----x-y-|",),
        fast=lambda other: ops.take_until(Stream.never()),
        source="-1-2-3-|",
        result="-1-2|",
        failed="-1-2|",
        inside=lambda fast: Stream.never().pipe(ops.take_until(fast)),
    ),
    Row(
        "take_until_with_time",
        lambda: ops.take_until_with_time(4.0),
        fast=lambda: ops.take_until_with_time(1e6),
        time=True,
        source="-1-2-3-|",
        result="-1-2|",
        empty="|",
    ),
    Row(
        "take_with_time",
        lambda: ops.take_with_time(4.0),
        fast=lambda: ops.take_with_time(1e6),
        time=True,
        source="-1-2-3-|",
        result="-1-2|",
    ),
    Row(
        "slice",
        lambda: ops.slice(1, 3),
        fast=lambda: ops.slice(1, 4000),
        bound=one_more,
        why="the first is left out",
        source="-1-2-3-4-|",
        result="---2-(3|)",
    ),
    # --- not from the beginning -----------------------------------------------------------------
    Row(
        "skip",
        lambda: ops.skip(1),
        bound=one_more,
        why="the first is left out",
        source="-1-2-3-|",
        result="---2-3-|",
    ),
    Row(
        "skip_while",
        lambda fn: ops.skip_while(fn),
        functions=(lambda value: value < 2,),
        bound=lambda high: high + 2,
        why="0 and 1 are left out",
        source="-1-2-1-|",
        result="---2-1-|",
    ),
    Row(
        "skip_while_indexed",
        lambda fn: ops.skip_while_indexed(fn),
        functions=(lambda value, index: index < 1,),
        bound=one_more,
        why="the first is left out",
        source="-1-2-1-|",
        result="---2-1-|",
    ),
    Row(
        "skip_until",
        lambda other: ops.skip_until(other),
        others=("--x---|",),
        fast=lambda other: ops.skip_until(Stream.of(0)),
        source="-1-2-3-|",
        result="---2-3-|",
        inside=lambda fast: Stream.never().pipe(ops.skip_until(fast)),
    ),
    Row(
        "skip_until_with_time",
        lambda: ops.skip_until_with_time(2.0),
        fast=lambda: ops.skip_until_with_time(0.0),
        time=True,
        source="-1-2-3-|",
        result="---2-3-|",
    ),
    Row(
        "skip_with_time",
        lambda: ops.skip_with_time(2.0),
        fast=lambda: ops.skip_with_time(0.0),
        time=True,
        source="-1-2-3-|",
        result="---2-3-|",
    ),
    # --- by what comes after --------------------------------------------------------------------
    Row(
        "skip_last",
        lambda: ops.skip_last(1),
        source="-1-2-3-|",
        result="---1-2-|",
        bound=one_more,
        why="it holds one back",
    ),
    Row(
        "skip_last_with_time",
        lambda: ops.skip_last_with_time(3.0),
        fast=lambda: ops.skip_last_with_time(9.0),
        time=True,
        source="-1-2----3----|",
        result="--------(12)-(3|)",
        failed="--------(12)-#",
        why="it keeps all events of a time, however many come in it",
    ),
    Row(
        "take_last",
        lambda: ops.take_last(2),
        source="-1-2-3-|",
        result="-------(23|)",
        failed="-------#",
        lost=ONLY_AT_THE_END,
        free="it keeps the last two",
        bound=at_most(6),
    ),
    Row(
        "take_last_buffer",
        lambda: ops.take_last_buffer(2),
        source="-1-2-3-|",
        result="-------(A|)",
        failed="-------#",
        empty="(B|)",
        values={"A": [2, 3], "B": []},
        lost=ONLY_AT_THE_END,
        free="it keeps the last two",
        bound=at_most(6),
    ),
    Row(
        "take_last_with_time",
        lambda: ops.take_last_with_time(3.0),
        time=True,
        source="-1-2-3-|",
        result="-------(3|)",
        failed="-------#",
        why="it keeps all events of a time, however many come in it",
    ),
]
