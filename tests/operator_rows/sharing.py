"""Operators that share one subscription among many."""

from __future__ import annotations

import asyncio
from typing import Any

from reactivex import Observable
from reactivex.subject import Subject

from rxagents import Stream
from rxagents import operators as ops

from .changing import together
from .choosing import even
from .row import Row

ALL = "it keeps everything for who comes later"
LAGS = "it may lag by 64 events behind its source"


def connected(operator: Any) -> Any:
    """A connectable stream that is connected while it is subscribed to."""
    return together(operator, ops.ref_count())


def halves(operator: Any) -> Any:
    """Both halves of a `partition`, in one stream again."""

    def both(source: Observable[Any]) -> Any:
        one, other = Stream.from_observable(source).pipe(operator)
        return one.pipe(ops.map(lambda event: ("yes", event)), ops.merge(other))

    return both


def every(*_: Any) -> bool:
    return True


def beside_a_slow_one(operator: Any) -> Any:
    """A connectable stream that another subscriber reads, an event in a minute."""

    def shared(source: Observable[Any]) -> Any:
        connectable = Stream.from_observable(source).pipe(operator)
        slow = connectable.subscribe_async(lambda _: asyncio.sleep(60.0))
        return connectable.auto_connect().pipe(ops.finally_action(slow.dispose))

    return shared


def itself(shared: Any) -> Any:
    return shared


def lagging(high: int) -> int:
    return high + 64


def shared(name: str, make: Any, again: str, beside: str, **fields: Any) -> Row:
    """A row for what is shared: the second subscriber comes to the same subscription."""
    return Row(
        name,
        make,
        **{
            "source": "-1-2-|",
            "result": "-1-2-|",
            "again": again,
            "beside": beside,
            "bound": lagging,
            "why": LAGS,
            **fields,
        },
    )


ROWS = [
    shared("share", lambda: ops.share(), "|", "--2-|"),
    shared(
        "share_replay",
        lambda: ops.share_replay(),
        "(12|)",
        "1-2-|",
        runs_on="it keeps the source for who comes later",
        why=ALL,
    ),
    shared(
        "share_replay",
        lambda: ops.share_replay(1, ref_count=True),
        "(2|)",
        "1-2-|",
        variant="ref-count",
        kind="lossless",
    ),
    shared("publish", lambda: connected(ops.publish()), "|", "--2-|"),
    Row(
        "publish",
        lambda fn: ops.publish(fn),
        variant="mapper",
        functions=(itself,),
        source="-1-2-|",
        result="-1-2-|",
        bound=lagging,
        why=LAGS,
    ),
    shared(
        "publish_value",
        lambda: connected(ops.publish_value(0)),
        "(2|)",
        "1-2-|",
        result="01-2-|",
        empty="(0|)",
    ),
    shared("replay", lambda: connected(ops.replay()), "(12|)", "1-2-|", why=ALL),
    shared(
        "replay",
        lambda: connected(ops.replay(1)),
        "(2|)",
        "1-2-|",
        variant="size",
        kind="lossless",
    ),
    shared("ref_count", lambda: connected(ops.publish()), "|", "--2-|"),
    shared(
        "multicast",
        lambda: connected(ops.multicast(Subject())),
        "|",
        "--2-|",
        fast=lambda: beside_a_slow_one(ops.multicast(Subject())),
        why="it knows no credit, so a second subscriber is told whatever the first one asks for",
    ),
    Row(
        "partition",
        lambda fn: halves(ops.partition(fn)),
        functions=(even,),
        fast=lambda fn: lambda source: ops.partition(every)(source)[0],
        source="-1-2-|",
        result="-1-B-|",
        again="|",
        beside="--B-|",
        values={"B": ("yes", 2)},
        bound=lagging,
        why=LAGS,
    ),
    Row(
        "partition_indexed",
        lambda fn: halves(ops.partition_indexed(fn)),
        functions=(lambda value, index: index == 1,),
        fast=lambda fn: lambda source: ops.partition_indexed(every)(source)[0],
        source="-1-2-|",
        result="-1-B-|",
        again="|",
        beside="--B-|",
        values={"B": ("yes", 2)},
        bound=lagging,
        why=LAGS,
    ),
]
