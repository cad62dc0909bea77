"""Operators over several streams: one after another, put together, or instead of each other."""

from __future__ import annotations

from typing import Any

from rxagents import Stream
from rxagents import operators as ops

from .changing import together
from .row import Row, at_most

NEXT_ONES = "what would follow a source that completes does not follow one that fails"
BROKEN = ConnectionError("cut")


def for_ever(_: Any) -> bool:
    return True


def the_error(error: Any, *_: Any) -> Stream[Any]:
    return Stream.of(9)


def a_while(*_: Any) -> Stream[Any]:
    return Stream.timer(2.0)


def no_time(*_: Any) -> Stream[Any]:
    return Stream.never()


def joined(left: Any) -> Any:
    """The events of `group_join`, made flat."""
    value, right = left
    return right.pipe(ops.map(lambda each: (value, each)))


ROWS = [
    # --- one after another ----------------------------------------------------------------------
    Row(
        "concat",
        lambda other: ops.concat(other),
        others=("-a|",),
        source="-1-|",
        result="-1--a|",
        failed="-1-#",
        lost=NEXT_ONES,
        empty="-a|",
        inside=lambda fast: Stream.empty().pipe(ops.concat(fast)),
    ),
    Row(
        "end_with",
        lambda: ops.end_with("x", "y"),
        source="-1-|",
        result="-1-(xy|)",
        failed="-1-#",
        lost=NEXT_ONES,
        empty="(xy|)",
        fast=lambda: ops.end_with(),
    ),
    Row(
        "switch_if_empty",
        lambda other: ops.switch_if_empty(other),
        others=("-a|",),
        source="-1-|",
        result="-1-|",
        empty="-a|",
        inside=lambda fast: Stream.empty().pipe(ops.switch_if_empty(fast)),
    ),
    Row(
        "repeat",
        lambda: ops.repeat(2),
        source="-1-|",
        result="-1--1-|",
        failed="-1-#",
        lost=NEXT_ONES,
        lasts=("^--!", "---^--!"),
        lasts_failed=("^--!",),
        fast=lambda: ops.repeat(1),
    ),
    Row(
        "while_do",
        lambda fn: together(ops.while_do(fn), ops.take(3)),
        functions=(for_ever,),
        source="-1-|",
        result="-1--1--(1|)",
        failed="-1-#",
        lost=NEXT_ONES,
        lasts=("^--!", "---^--!", "------^!"),
        lasts_failed=("^--!",),
        empty="",
        fast=lambda fn: together(ops.while_do(fn), ops.take(4000)),
    ),
    Row(
        "do_while",
        lambda fn: together(ops.do_while(fn), ops.take(3)),
        functions=(for_ever,),
        source="-1-|",
        result="-1--1--(1|)",
        failed="-1-#",
        lost=NEXT_ONES,
        lasts=("^--!", "---^--!", "------^!"),
        lasts_failed=("^--!",),
        empty="",
        fast=lambda fn: together(ops.do_while(fn), ops.take(4000)),
    ),
    Row(
        "on_error_resume_next",
        lambda other: ops.on_error_resume_next(other),
        others=("-a|",),
        source="-1-|",
        result="-1--a|",
        failed="-1--a|",
        empty="-a|",
        inside=lambda fast: Stream.throw(BROKEN).pipe(ops.on_error_resume_next(fast)),
    ),
    Row(
        "catch",
        lambda fn: ops.catch(fn),
        functions=(the_error,),
        source="-1-2-|",
        result="-1-2-|",
        failed="-1-2-(9|)",
        inside=lambda fast: Stream.throw(BROKEN).pipe(ops.catch(fast)),
    ),
    Row(
        "fallback",
        lambda fn, other: ops.fallback(other, when=fn),
        functions=(for_ever,),
        others=("-a|",),
        source="-1-|",
        result="-1-|",
        failed="-1--a|",
        inside=lambda fast: Stream.throw(BROKEN).pipe(ops.fallback(fast)),
    ),
    Row(
        "retry",
        lambda fn: ops.retry(2, backoff=2.0, when=fn),
        functions=(for_ever,),
        time=True,
        source="-1-|",
        result="-1-|",
        failed="-1----1-#",
        lasts_failed=("^--!", "-----^--!"),
    ),
    # --- instead of each other ------------------------------------------------------------------
    Row(
        "amb",
        lambda other: ops.amb(other),
        others=("--a-|",),
        source="-1-2-|",
        result="-1-2-|",
        inside=lambda fast: Stream.never().pipe(ops.amb(fast)),
    ),
    Row(
        "hedge",
        lambda other: ops.hedge(2.0, other),
        others=("-a-b-|",),
        time=True,
        source="------1-|",
        result="---a-b-|",
        lasts=("^--!",),
        lasts_failed=("^--!",),
        inside=lambda fast: Stream.never().pipe(ops.hedge(2.0, fast)),
    ),
    # --- put together ---------------------------------------------------------------------------
    Row(
        "zip",
        lambda other: ops.zip(other),
        others=("--a---b-|",),
        source="-1-2--3-|",
        result="--A---B-|",
        values={"A": (1, "a"), "B": (2, "b")},
        bound=lambda high: high + 16,
        why="a source may be 16 events ahead of the others",
        inside=lambda fast: Stream.interval(1.0).pipe(ops.zip(fast)),
        inside_bound=lambda high: high + 16,
    ),
    Row(
        "zip_latest",
        lambda other: ops.zip_latest(other),
        others=("--a----b-|",),
        source="-1-2-3---|",
        result="--A----B-|",
        values={"A": (1, "a"), "B": (3, "b")},
        bound=lambda high: high + 5,
        why="it keeps the latest of each",
        inside=lambda fast: Stream.interval(1.0).pipe(ops.zip_latest(fast)),
        inside_free="it keeps the latest of each",
        inside_bound=lambda high: high + 5,
    ),
    Row(
        "zip_with_iterable",
        lambda: ops.zip_with_iterable("ab"),
        source="-1-2-|",
        result="-A-B-|",
        values={"A": (1, "a"), "B": (2, "b")},
        fast=lambda: ops.zip_with_iterable("a" * 5000),
    ),
    Row(
        "zip_with_list",
        lambda: ops.zip_with_list(["a", "b"]),
        source="-1-2-|",
        result="-A-B-|",
        values={"A": (1, "a"), "B": (2, "b")},
        fast=lambda: ops.zip_with_list(["a"] * 5000),
    ),
    Row(
        "combine_latest",
        lambda other: ops.combine_latest(other),
        others=("--a--b-|",),
        source="-1-2--3-|",
        result="--AB-CD-|",
        empty="--|",
        values={"A": (1, "a"), "B": (2, "a"), "C": (2, "b"), "D": (3, "b")},
        fast=lambda other: together(ops.start_with(-1), ops.combine_latest(Stream.of("a"))),
        inside=lambda fast: Stream.of("a").pipe(ops.combine_latest(fast)),
    ),
    Row(
        "with_latest_from",
        lambda other: ops.with_latest_from(other),
        others=("--a-b-|",),
        source="-1-2-3-|",
        result="---A-B-|",
        values={"A": (2, "a"), "B": (3, "b")},
        bound=lambda high: high + 5,
        why="it keeps the latest of the others",
        inside=lambda fast: Stream.interval(1.0).pipe(ops.with_latest_from(fast)),
        inside_free="it keeps the latest",
        inside_bound=lambda high: high + 5,
    ),
    Row(
        "fork_join",
        lambda other: ops.fork_join(other),
        others=("-a|",),
        source="-1-2-|",
        result="-----(A|)",
        failed="-----#",
        values={"A": (2, "a")},
        lost="the last of each is known at the end",
        free="it keeps the latest of each",
        bound=at_most(6),
        inside=lambda fast: Stream.of(1).pipe(ops.fork_join(fast)),
        inside_free="it keeps the latest of each",
        inside_bound=at_most(6),
    ),
    Row(
        "join",
        lambda left, right, other: ops.join(other, left, right),
        functions=(a_while, a_while),
        others=("--a----b-|",),
        fast=lambda left, right, other: ops.join(Stream.of("x"), no_time, no_time),
        time=True,
        source="-1----2--|",
        result="--A----B-|",
        values={"A": (1, "a"), "B": (2, "b")},
        count=1000,
        why="it keeps every event for the time that it lasts",
        inside=lambda fast: Stream.of("a").pipe(ops.join(fast, a_while, a_while)),
        inside_free="it keeps every event for the time that it lasts",
        inside_bound=at_most(1000),
    ),
    Row(
        "group_join",
        lambda left, right, other: together(
            ops.group_join(other, left, right), ops.flat_map(joined)
        ),
        functions=(a_while, a_while),
        others=("--a----b-|",),
        fast=lambda left, right, other: (
            lambda source: ops.group_join(source, no_time, no_time)(Stream.never())
        ),
        time=True,
        source="-1----2--|",
        result="--A----B-|",
        values={"A": (1, "a"), "B": (2, "b")},
        count=1000,
        why="it keeps every event for the time that it lasts",
        inside=lambda fast: Stream.of("a").pipe(ops.group_join(fast, a_while, a_while)),
        inside_free="it keeps every event for the time that it lasts",
        inside_bound=at_most(1000),
    ),
]
