"""Operators that put events together in lists, windows and groups."""

from __future__ import annotations

from typing import Any

import reactivex
from reactivex import Observable

from rxagents import Stream
from rxagents import operators as ops

from .changing import together
from .choosing import even
from .row import Row, at_most

A_SIGNAL = "its first event is a signal, and the others are not waited for"
FAILS_TOO = "a window of a source that fails does not close, it fails"


def soon(*_: Any) -> Observable[Any]:
    return Stream.timer(6.0)


def no_end(*_: Any) -> Observable[Any]:
    return Stream.never()


def flat(window: Observable[Any]) -> Observable[Any]:
    """`o`, what a window has, and `c` when it closes."""
    return reactivex.concat(reactivex.of("o"), window, reactivex.of("c"))


def windows(operator: Any) -> Any:
    """The windows that `operator` makes, made flat."""
    return together(operator, ops.flat_map(flat))


def whole(operator: Any) -> Any:
    """Only the events of the windows."""
    return together(operator, ops.merge_all())


def members(operator: Any) -> Any:
    """The groups that `operator` makes, made flat."""
    return together(operator, ops.flat_map(lambda g: g.pipe(ops.map(lambda e: (g.key, e)))))


ROWS = [
    Row(
        "buffer_until",
        lambda fn: ops.buffer_until(fn),
        functions=(even,),
        source="-1-2---3-|",
        result="---A-----(B|)",
        failed="---A-----(B#)",
        values={"A": [1, 2], "B": [3]},
        bound=lambda high: 2 * high + 1,
        why="a list of two is one event",
    ),
    Row(
        "buffer_with_count",
        lambda: ops.buffer_with_count(2),
        source="-1-2---3-|",
        result="---A-----(B|)",
        failed="---A-----(B#)",
        values={"A": [1, 2], "B": [3]},
        bound=lambda high: 2 * high + 1,
        why="a list of two is one event",
    ),
    Row(
        "buffer_time_or_count",
        lambda: ops.buffer_time_or_count(3.0, 2),
        time=True,
        source="-12---3------4-|",
        result="--A------B-----(C|)",
        failed="--A------B-----(C#)",
        values={"A": [1, 2], "B": [3], "C": [4]},
        bound=lambda high: 2 * high + 2,
        why="a list of two is one event, and another may be waiting",
    ),
    Row(
        "buffer_with_time_or_count",
        lambda: ops.buffer_with_time_or_count(3.0, 2),
        time=True,
        source="-12---3------4-|",
        result="--A------B-----(C|)",
        failed="--A------B-----(C#)",
        values={"A": [1, 2], "B": [3], "C": [4]},
        bound=lambda high: 2 * high + 2,
        why="a list of two is one event, and another may be waiting",
    ),
    Row(
        "buffer_with_time",
        lambda: ops.buffer_with_time(4.0),
        time=True,
        source="-1-2------3--|",
        result="----A-------B|",
        values={"A": [1, 2], "B": [3]},
        high=1,
        count=10_000,
        bound=lambda high: 4096 * (high + 1),
        why="a list that only time ends has 4096 events at most",
    ),
    Row(
        "buffer_with_time",
        lambda: ops.buffer_with_time(4.0, 3.0),
        variant="timeshift",
        time=True,
        source="-1-2---3-|",
        result="----A--B-(C|)",
        failed="----A--B-(C#)",
        values={"A": [1, 2], "B": [2], "C": [3]},
        fast=lambda: ops.buffer_with_time(4.0, 5.0),
        high=1,
        count=10_000,
        bound=lambda high: 4096 * (high + 1),
        why="4096 events may be in lists that time ends",
    ),
    # --- by other streams -----------------------------------------------------------------------
    Row(
        "buffer",
        lambda other: ops.buffer(other),
        others=("----x-|",),
        fast=lambda other: ops.buffer(Stream.never()),
        source="-1-2---3-|",
        result="----A----(B|)",
        failed="----A----(B#)",
        empty="(N|)",
        values={"A": [1, 2], "B": [3], "N": []},
        why="a list has whatever comes until the other stream emits",
        inside=lambda fast: Stream.never().pipe(ops.buffer(fast)),
        inside_free="its events only close lists",
        inside_bound=at_most(4),
    ),
    Row(
        "buffer_toggle",
        lambda fn, other: ops.buffer_toggle(other, fn),
        functions=(soon,),
        others=("--x------x-|",),
        fast=lambda fn, other: ops.buffer_toggle(Stream.of("x"), no_end),
        time=True,
        source="-1-2---------3|",
        result="--------A-----(B|)",
        failed="--------A-----(B#)",
        values={"A": [2], "B": [3]},
        why="a list has whatever comes until the other stream emits",
        inside=lambda fast: Stream.never().pipe(ops.buffer_toggle(fast, soon)),
        inside_free="each of its events opens a list at once",
        inside_bound=at_most(1000),
    ),
    Row(
        "buffer_when",
        lambda fn: ops.buffer_when(fn),
        functions=(soon,),
        fast=lambda fn: ops.buffer_when(no_end),
        time=True,
        source="-1-2------3|",
        result="------A----(B|)",
        failed="------A----(B#)",
        empty="(N|)",
        values={"A": [1, 2], "B": [3], "N": []},
        why="a list has whatever comes until the other stream emits",
        inside=lambda fast: Stream.never().pipe(ops.buffer_when(lambda: fast)),
        inside_free=A_SIGNAL,
        inside_bound=at_most(4),
    ),
    # --- windows --------------------------------------------------------------------------------
    Row(
        "window",
        lambda other: windows(ops.window(other)),
        others=("----x-|",),
        fast=lambda other: whole(ops.window(Stream.never())),
        inside=lambda fast: Stream.never().pipe(ops.window(fast), ops.merge_all()),
        inside_free="its events only close windows",
        inside_bound=at_most(4),
        source="-1-2----3-|",
        result="o1-2(co)3-(c|)",
        failed="o1-2(co)3-#",
        lost=FAILS_TOO,
        empty="(oc|)",
    ),
    Row(
        "window_toggle",
        lambda fn, other: windows(ops.window_toggle(other, fn)),
        functions=(soon,),
        others=("--x------x-|",),
        fast=lambda fn, other: whole(ops.window_toggle(Stream.of("x"), no_end)),
        time=True,
        source="-1-2---------3|",
        result="--o2----co---3(c|)",
        failed="--o2----co---3#",
        lost=FAILS_TOO,
        inside=lambda fast: Stream.never().pipe(ops.window_toggle(fast, soon), ops.merge_all()),
        inside_free="each of its events opens a window at once",
        inside_bound=at_most(1000),
    ),
    Row(
        "window_when",
        lambda fn: windows(ops.window_when(fn)),
        functions=(soon,),
        fast=lambda fn: whole(ops.window_when(no_end)),
        time=True,
        source="-1-2------3|",
        result="o1-2--(co)3(c|)",
        failed="o1-2--(co)3#",
        lost=FAILS_TOO,
        empty="(oc|)",
        inside=lambda fast: Stream.never().pipe(ops.window_when(lambda: fast)),
        inside_free=A_SIGNAL,
        inside_bound=at_most(4),
    ),
    Row(
        "window_with_time",
        lambda: windows(ops.window_with_time(6.0)),
        fast=lambda: whole(ops.window_with_time(6.0)),
        time=True,
        source="-1-2------3|",
        result="o1-2--(co)3(c|)",
        failed="o1-2--(co)3#",
        lost=FAILS_TOO,
        empty="(oc|)",
    ),
    Row(
        "window_with_time",
        lambda: windows(ops.window_with_time(12.0, 5.0)),
        variant="timeshift",
        fast=lambda: whole(ops.window_with_time(3.0, 4.0)),
        time=True,
        source="-1----2----|",
        result="o1---o(22)o(ccc|)",
        failed="o1---o(22)o#",
        lost=FAILS_TOO,
        empty="(oc|)",
    ),
    Row(
        "window_with_count",
        lambda: windows(ops.window_with_count(2)),
        fast=lambda: whole(ops.window_with_count(2)),
        source="-1-2------3-|",
        result="o1-(2co)--3-(c|)",
        failed="o1-(2co)--3-#",
        lost=FAILS_TOO,
        empty="(oc|)",
    ),
    Row(
        "window_with_time_or_count",
        lambda: windows(ops.window_with_time_or_count(10.0, 2)),
        fast=lambda: whole(ops.window_with_time_or_count(10.0, 2)),
        time=True,
        source="-1-2-------------3|",
        result="o1-(2co)-----(co)3(c|)",
        failed="o1-(2co)-----(co)3#",
        lost=FAILS_TOO,
        empty="(oc|)",
    ),
    # --- groups ---------------------------------------------------------------------------------
    Row(
        "group_by",
        lambda fn, element: members(ops.group_by(fn, element)),
        functions=(even, int),
        fast=lambda fn, element: whole(ops.group_by(fn)),
        source="-1-2-3-|",
        result="-A-B-C-|",
        values={"A": (False, 1), "B": (True, 2), "C": (False, 3)},
    ),
    Row(
        "group_by_until",
        lambda fn, lasting: members(ops.group_by_until(fn, None, lasting)),
        functions=(even, soon),
        fast=lambda fn, lasting: whole(ops.group_by_until(fn, None, no_end)),
        time=True,
        source="-1-2-3-|",
        result="-A-B-C-|",
        values={"A": (False, 1), "B": (True, 2), "C": (False, 3)},
        inside=lambda fast: Stream.of(1).pipe(ops.group_by_until(even, None, lambda _: fast)),
        inside_free=A_SIGNAL,
        inside_bound=at_most(4),
    ),
]
