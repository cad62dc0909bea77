"""Operators that turn events into streams and make them flat, and those that await functions."""

from __future__ import annotations

import asyncio
from typing import Any

from rxagents import Stream
from rxagents import operators as ops
from rxagents.testing import cold

from .changing import together
from .row import Row

INNER_LEFT = "an error of the source leaves the inner streams"


def echoed(value: Any, *_: Any) -> Stream[Any]:
    """One second later, and four."""
    return cold("-v--v|", {"v": value})


def at_once(value: Any, *_: Any) -> list[Any]:
    return [value]


async def later(value: Any) -> Any:
    await asyncio.sleep(2.0)
    return value


async def newer(_: Any, value: Any) -> Any:
    await asyncio.sleep(2.0)
    return value


async def even_later(value: Any) -> bool:
    await asyncio.sleep(2.0)
    return bool(value % 2 == 0)


async def soon(value: Any) -> Any:
    return value


def halves(value: Any) -> Stream[Any]:
    """Half of an even number, a second later."""
    return Stream.empty() if value % 2 else cold("-v|", {"v": value // 2})


def flattened(name: str, make: Any, result: str, failed: str, **fields: Any) -> Row:
    """A row for what turns each event into a stream."""
    return Row(
        name,
        make,
        **{
            "functions": (echoed,),
            "may_be_async": True,
            "source": "-1-2-----3-|",
            "result": result,
            "failed": failed,
            "lost": INNER_LEFT,
            "fast": lambda _: make(at_once),
            "inside": lambda inner: Stream.of(1).pipe(make(lambda *_: inner)),
            **fields,
        },
    )


def of_streams(name: str, make: Any, result: str, failed: str, **fields: Any) -> Row:
    """A row for what makes a stream of streams flat."""
    return flattened(
        name,
        lambda: together(ops.map(echoed), make()),
        result,
        failed,
        **{
            "functions": (),
            "fast": lambda: together(ops.map(at_once), make()),
            "inside": lambda inner: Stream.of(inner).pipe(make()),
            **fields,
        },
    )


ALL = ("--1-21-2--3--3|", "--1-21-2--3#")
ONE_BY_ONE = ("--1--1-2--2-3--3|", "--1--1-2--2#")
NEWEST = ("--1-2--2--3--3|", "--1-2--2--3#")
FIRST = ("--1--1----3--3|", "--1--1----3#")
ONE_MORE: dict[str, Any] = {
    "bound": lambda high: high + 1,
    "why": "the event whose stream is active",
}
ONE_ACTIVE: dict[str, Any] = {
    "bound": lambda high: high + 4,
    "why": "the event whose stream is active",
}

ROWS = [
    flattened("flat_map", lambda fn: ops.flat_map(fn), *ALL),
    flattened(
        "flat_map",
        lambda fn: ops.flat_map(fn, concurrency=1),
        *ONE_BY_ONE,
        variant="concurrency",
        **ONE_MORE,
    ),
    flattened("flat_map_indexed", lambda fn: ops.flat_map_indexed(fn), *ALL),
    flattened("concat_map", lambda fn: ops.concat_map(fn), *ONE_BY_ONE, **ONE_MORE),
    flattened("switch_map", lambda fn: ops.switch_map(fn), *NEWEST, **ONE_ACTIVE),
    flattened("flat_map_latest", lambda fn: ops.flat_map_latest(fn), *NEWEST, **ONE_ACTIVE),
    flattened("switch_map_indexed", lambda fn: ops.switch_map_indexed(fn), *NEWEST, **ONE_ACTIVE),
    flattened("exhaust_map", lambda fn: ops.exhaust_map(fn), *FIRST, **ONE_ACTIVE),
    of_streams("merge_all", lambda: ops.merge_all(), *ALL),
    of_streams("concat_all", lambda: ops.concat_all(), *ONE_BY_ONE, **ONE_MORE),
    of_streams("switch_latest", lambda: ops.switch_latest(), *NEWEST, **ONE_ACTIVE),
    of_streams("exhaust_all", lambda: ops.exhaust_all(), *FIRST, **ONE_ACTIVE),
    of_streams("exclusive", lambda: ops.exclusive(), *FIRST, **ONE_ACTIVE),
    Row(
        "merge",
        lambda other: ops.merge(other),
        others=("--a--b-|",),
        source="-1-2-|",
        result="-1a2-b-|",
        failed="-1a2-#",
        lost=INNER_LEFT,
        empty="--a--b-|",
        fast=lambda other: ops.merge(Stream.of("a")),
        inside=lambda fast: Stream.never().pipe(ops.merge(fast)),
    ),
    Row(
        "expand",
        lambda fn: ops.expand(fn),
        functions=(halves,),
        fast=lambda fn: ops.expand(lambda value: Stream.never().pipe(ops.map(lambda _: value))),
        source="-4---1-|",
        result="-421-1-|",
        count=1000,
        why="it subscribes to a stream for each event, and does not wait for any",
        inside=lambda fast: Stream.of(-1).pipe(
            ops.expand(lambda number: fast if number == -1 else Stream.empty())
        ),
    ),
    # --- asynchronous functions -----------------------------------------------------------------
    Row(
        "map_async",
        lambda fn: ops.map_async(fn),
        functions=(later,),
        may_be_async=True,
        time=True,
        fast=lambda fn: ops.map_async(soon),
        source="-1--2-|",
        result="---1--(2|)",
        failed="---1--(2#)",
        bound=lambda high: high + 1,
        why="the event whose call is under way",
    ),
    Row(
        "filter_async",
        lambda fn: ops.filter_async(fn),
        functions=(even_later,),
        may_be_async=True,
        time=True,
        fast=lambda fn: ops.filter_async(soon),
        source="-1--2-|",
        result="------(2|)",
        failed="------(2#)",
        bound=lambda high: high + 2,
        why="0 does not pass, and the event whose call is under way",
    ),
    Row(
        "scan_async",
        lambda fn: ops.scan_async(fn, 0),
        functions=(newer,),
        may_be_async=True,
        time=True,
        fast=lambda fn: ops.scan_async(newest, 0),
        source="-1--2-|",
        result="---1--(2|)",
        failed="---1--(2#)",
        bound=lambda high: high + 1,
        why="the event whose call is under way",
    ),
]


async def newest(_: Any, value: Any) -> Any:
    return value
