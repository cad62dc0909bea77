"""Operators that give one of the events."""

from __future__ import annotations

from typing import Any

from reactivex.internal.exceptions import (
    ArgumentOutOfRangeException,
    SequenceContainsNoElementsError,
)

from rxagents import operators as ops

from .choosing import ALL_PASS, ONLY_AT_THE_END, even, late
from .row import Row, at_most


def found(value: Any, index: int, source: object) -> bool:
    return bool(value == 2)


ROWS = [
    Row(
        "first",
        lambda fn: ops.first(fn),
        functions=(even,),
        fast=lambda fn: ops.first(late),
        source="-1-2-4-|",
        result="---(2|)",
        empty="#",
        raises=SequenceContainsNoElementsError,
        free=ALL_PASS,
        bound=at_most(4),
    ),
    Row(
        "first_or_default",
        lambda fn: ops.first_or_default(fn, 9),
        functions=(even,),
        fast=lambda fn: ops.first_or_default(late),
        source="-1-2-4-|",
        result="---(2|)",
        empty="(9|)",
        free=ALL_PASS,
        bound=at_most(4),
    ),
    Row(
        "find",
        lambda fn: ops.find(fn),
        functions=(found,),
        fast=lambda fn: ops.find(lambda value, index, source: late(value)),
        source="-1-2-4-|",
        result="---(2|)",
        empty="(n|)",
        values={"n": None},
        free=ALL_PASS,
        bound=at_most(4),
    ),
    Row(
        "find_index",
        lambda fn: ops.find_index(fn),
        functions=(found,),
        fast=lambda fn: ops.find_index(lambda value, index, source: late(value)),
        source="-1-2-4-|",
        result="---(1|)",
        empty="(n|)",
        values={"n": -1},
        free=ALL_PASS,
        bound=at_most(4),
    ),
    Row(
        "element_at",
        lambda: ops.element_at(1),
        fast=lambda: ops.element_at(250),
        source="-1-2-4-|",
        result="---(2|)",
        empty="#",
        raises=ArgumentOutOfRangeException,
        free=ALL_PASS,
        bound=at_most(4),
    ),
    Row(
        "element_at_or_default",
        lambda: ops.element_at_or_default(1, 9),
        fast=lambda: ops.element_at_or_default(250),
        source="-1-2-4-|",
        result="---(2|)",
        empty="(9|)",
        free=ALL_PASS,
        bound=at_most(4),
    ),
    Row(
        "last",
        lambda fn: ops.last(fn),
        functions=(even,),
        source="-1-2-3-|",
        result="-------(2|)",
        failed="-------#",
        empty="#",
        raises=SequenceContainsNoElementsError,
        lost=ONLY_AT_THE_END,
        free=ALL_PASS,
        bound=at_most(4),
    ),
    Row(
        "last_or_default",
        lambda fn: ops.last_or_default(9, fn),
        functions=(even,),
        source="-1-2-3-|",
        result="-------(2|)",
        failed="-------#",
        empty="(9|)",
        lost=ONLY_AT_THE_END,
        free=ALL_PASS,
        bound=at_most(4),
    ),
    Row(
        "single",
        lambda fn: ops.single(fn),
        functions=(even,),
        fast=lambda fn: ops.single(lambda value: value == 250),
        source="-1-2-3-|",
        result="-------(2|)",
        failed="-------#",
        empty="#",
        raises=SequenceContainsNoElementsError,
        lost=ONLY_AT_THE_END,
        free=ALL_PASS,
        bound=at_most(4),
    ),
    Row(
        "single_or_default",
        lambda fn: ops.single_or_default(fn, 9),
        functions=(even,),
        fast=lambda fn: ops.single_or_default(lambda value: value == 250),
        source="-1-2-3-|",
        result="-------(2|)",
        failed="-------#",
        empty="(9|)",
        lost=ONLY_AT_THE_END,
        free=ALL_PASS,
        bound=at_most(4),
    ),
    Row(
        "single_or_default_async",
        lambda: ops.single_or_default_async(True, 9),
        source="-1---|",
        result="-----(1|)",
        failed="-----#",
        empty="(9|)",
        lost=ONLY_AT_THE_END,
        free="it fails at the second event",
        count=1,
        bound=at_most(4),
    ),
]
