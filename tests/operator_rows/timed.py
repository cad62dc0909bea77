"""Operators that take time, and those for consumers who do."""

from __future__ import annotations

from typing import Any

from rxagents import Stream
from rxagents import operators as ops
from rxagents.operators import Stalled, StreamTimeout

from .changing import together
from .lists import A_SIGNAL
from .row import Row, at_most


def pause(*_: Any) -> Stream[Any]:
    return Stream.timer(2.0)


def no_pause(*_: Any) -> Stream[Any]:
    return Stream.empty()


def never(*_: Any) -> Stream[Any]:
    return Stream.never()


def newer(_: Any, value: Any) -> Any:
    return value


LATEST: dict[str, Any] = {"bound": lambda high: high + 5, "why": "it keeps the latest"}

ROWS = [
    # --- later ----------------------------------------------------------------------------------
    Row(
        "delay",
        lambda: ops.delay(3.0),
        time=True,
        source="-1-2-|",
        result="----1-2-|",
        failed="----1#",
        lost="an error is not delayed, as in all of Rx",
        empty="---|",
        bound=lambda high: high + 1024,
        why="1024 may be on their way",
    ),
    Row(
        "delay_subscription",
        lambda: ops.delay_subscription(2.0),
        time=True,
        source="-1-|",
        result="---1-|",
        failed="---1-#",
        empty="--|",
        lasts=("--^--!",),
    ),
    Row(
        "delay_with_mapper",
        lambda fn: ops.delay_with_mapper(fn),
        functions=(pause,),
        time=True,
        source="-1--2-|",
        result="---1--(2|)",
        failed="---1--(2#)",
        bound=at_most(1024 + 8),
        why="1024 events are on their way",
        inside=lambda fast: Stream.of(1).pipe(ops.delay_with_mapper(lambda _: fast)),
        inside_free=A_SIGNAL,
        inside_bound=at_most(4),
    ),
    Row(
        "limit_rate",
        lambda: ops.limit_rate(0.5),
        fast=lambda: ops.limit_rate(100.0),
        time=True,
        source="-12-3---|",
        result="-1-2-3--|",
        bound=lambda high: high + 1,
        why="one waits for its time",
    ),
    # --- fewer ----------------------------------------------------------------------------------
    Row(
        "debounce",
        lambda: ops.debounce(3.0),
        time=True,
        source="-1-2-3-----4-|",
        result="--------3----(4|)",
        failed="--------3----(4#)",
        **LATEST,
    ),
    Row(
        "throttle_with_timeout",
        lambda: ops.throttle_with_timeout(3.0),
        time=True,
        source="-1-2-3-----4-|",
        result="--------3----(4|)",
        failed="--------3----(4#)",
        **LATEST,
    ),
    Row(
        "throttle_with_mapper",
        lambda fn: ops.throttle_with_mapper(fn),
        functions=(pause,),
        time=True,
        source="-12-----3-|",
        result="----2-----(3|)",
        failed="----2-----(3#)",
        **LATEST,
        inside=lambda fast: Stream.of(1).pipe(ops.throttle_with_mapper(lambda _: fast)),
        inside_free=A_SIGNAL,
        inside_bound=at_most(4),
    ),
    Row(
        "throttle_first",
        lambda: ops.throttle_first(3.0),
        time=True,
        source="-1-2-3--|",
        result="-1---3--|",
        **LATEST,
    ),
    Row(
        "throttle_latest",
        lambda: ops.throttle_latest(3.0),
        time=True,
        source="-12-----34|",
        result="-1--2---3-(4|)",
        failed="-1--2---3-(4#)",
        **LATEST,
    ),
    Row(
        "audit",
        lambda: ops.audit(3.0),
        time=True,
        source="-1-2----3-|",
        result="----2-----(3|)",
        failed="----2-----(3#)",
        **LATEST,
    ),
    Row(
        "sample",
        lambda: ops.sample(4.0),
        time=True,
        source="-1-2--3--4-|",
        result="----2---3--(4|)",
        failed="----2---3--(4#)",
        **LATEST,
    ),
    Row(
        "sample",
        lambda other: ops.sample(other),
        variant="by-another",
        others=("--x-y-------|",),
        source="-1---2-|",
        result="--1----(2|)",
        failed="--1----(2#)",
        inside=lambda fast: Stream.never().pipe(ops.sample(fast)),
        inside_free="it only asks",
        inside_bound=at_most(4),
        **LATEST,
    ),
    Row(
        "rate",
        lambda fn: together(ops.rate(3.0, weigh=fn), ops.map(lambda rate: round(rate * 3))),
        functions=(int,),
        fast=lambda fn: ops.rate(3.0),
        time=True,
        source="-1-2-3-4|",
        result="---1--5-(5|)",
        bound=lambda high: high + 4,
        why="it keeps a sum",
    ),
    # --- too late -------------------------------------------------------------------------------
    Row(
        "timeout",
        lambda: ops.timeout(3.0),
        time=True,
        source="-1-2----|",
        result="-1-2--#",
        raises=StreamTimeout,
        inside=lambda fast: Stream.never().pipe(ops.timeout(1.0, fast)),
    ),
    Row(
        "timeout_with_mapper",
        lambda fn: ops.timeout_with_mapper(Stream.timer(3.0), fn),
        functions=(pause,),
        fast=lambda fn: ops.timeout_with_mapper(Stream.never(), never),
        time=True,
        source="--12----|",
        result="--12-#",
        raises=Exception,
        inside=lambda fast: Stream.never().pipe(
            ops.timeout_with_mapper(Stream.timer(1.0), never, fast)
        ),
    ),
    Row(
        "stall",
        lambda: ops.stall(2.0),
        time=True,
        source="-1---2|",
        result="-1-S-2|",
        values={"S": Stalled(seconds=2.0)},
    ),
    # --- for slow consumers ---------------------------------------------------------------------
    Row(
        "on_backpressure_buffer",
        lambda: ops.on_backpressure_buffer(3),
        fast=lambda: ops.on_backpressure_buffer(5000),
        source="-1-2-|",
        result="-1-2-|",
        bound=at_most(5001),
        why="as many as it is told",
    ),
    Row(
        "on_backpressure_buffer",
        lambda: ops.on_backpressure_buffer(3, "drop_oldest"),
        variant="drop-oldest",
        kind="conflating",
        source="-1-2-|",
        result="-1-2-|",
        bound=lambda high: high + 3 + 4,
        why="it drops what is more than it is told to keep",
    ),
    Row(
        "on_backpressure_drop",
        lambda fn: ops.on_backpressure_drop(fn),
        functions=(lambda _: None,),
        not_called="it is called when the consumer is slow: test_operator_bounds.py",
        source="-1-2-|",
        result="-1-2-|",
        **LATEST,
    ),
    Row(
        "on_backpressure_latest",
        lambda: ops.on_backpressure_latest(),
        source="-1-2-|",
        result="-1-2-|",
        **LATEST,
    ),
    Row(
        "on_backpressure_error",
        lambda: ops.on_backpressure_error(),
        fast=lambda: together(ops.on_backpressure_error(), ops.fallback(Stream.empty())),
        source="-1-2-|",
        result="-1-2-|",
        kind="conflating",
        bound=lambda high: high + 4,
        why="it fails at the event that it would have to keep",
    ),
    Row(
        "conflate",
        lambda fn: ops.conflate(fn),
        functions=(newer,),
        not_called="it is called when the consumer is slow: test_operator_bounds.py",
        source="-1-2-|",
        result="-1-2-|",
        **LATEST,
    ),
]
