"""Reactivex's own operators, where we had to mend something."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rxagents import Stream
from rxagents import operators as ops
from rxagents.testing import cold, expect


def fail(*_: Any) -> None:
    raise LookupError("the action's own")


def reported() -> list[dict[str, Any]]:
    """What goes to the loop's exception handler from now on."""
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    return told


# --- the operators that count ---------------------------------------------------------------------


async def test_map_indexed_counts_from_0_for_each_subscription() -> None:
    numbered = Stream.of("a", "b").pipe(ops.map_indexed(lambda letter, index: (index, letter)))
    for _ in range(2):
        assert await numbered.pipe(ops.to_list()) == [(0, "a"), (1, "b")]
    both = await numbered.pipe(ops.merge(numbered), ops.to_list())
    assert sorted(both) == [(0, "a"), (0, "a"), (1, "b"), (1, "b")]


async def test_skip_while_indexed_counts_from_0_for_each_subscription() -> None:
    rest = Stream.of(*"abc").pipe(ops.skip_while_indexed(lambda _, index: index < 2))
    for _ in range(2):
        assert await rest.pipe(ops.to_list()) == ["c"]


async def test_one_operator_may_be_used_for_several_streams() -> None:
    number = ops.map_indexed(lambda _, index: index)
    for _ in range(2):
        assert await Stream.of(*"ab").pipe(number, ops.to_list()) == [0, 1]


async def test_partition_indexed_counts_from_0_when_the_source_starts_anew() -> None:
    source = cold("                              a-b-|")
    first, rest = source.pipe(ops.partition_indexed(lambda _, index: index < 1))
    await expect(first).to_be("                  a-", unsubscribe="-!")
    both = first.pipe(ops.merge(rest.pipe(ops.map(str.upper))))
    await expect(both).to_be("                   a-B-|")


# --- an action that fails -------------------------------------------------------------------------


async def test_what_finally_action_raises_does_not_keep_the_end_from_anyone() -> None:
    told = reported()
    assert await Stream.of(1, 2).pipe(ops.finally_action(fail), ops.to_list()) == [1, 2]
    assert [type(context["exception"]) for context in told] == [LookupError]
    assert told[0]["message"] == "rxagents: leaving a source raised"


async def test_what_finally_action_raises_does_not_take_the_place_of_an_error() -> None:
    told = reported()
    failing = Stream.of(1).pipe(ops.concat(Stream.throw(OSError("cut"))))
    seen: list[Any] = []
    failing.pipe(ops.finally_action(fail)).subscribe(seen.append, seen.append)
    await asyncio.sleep(1)
    assert [str(each) for each in seen] == ["1", "cut"]
    assert len(told) == 1


async def test_what_finally_action_raises_does_not_keep_anyone_from_leaving() -> None:
    told = reported()
    async with Stream.interval(1).pipe(ops.finally_action(fail)).iterate() as numbers:
        assert await anext(numbers) == 0
    assert len(told) == 1
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_without_a_loop_it_is_raised_by_whoever_leaves() -> None:
    subscription = Stream.never().pipe(ops.finally_action(fail)).subscribe()
    with pytest.raises(LookupError, match="the action's own"):
        subscription.dispose()
    subscription.dispose()
