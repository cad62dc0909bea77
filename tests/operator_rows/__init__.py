"""A table of every operator: how it looks in a diagram, and what it does with a slow consumer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from test_catalogue import catalogue

from rxagents import operators as ops

from . import (
    changing,
    choosing,
    flattening,
    folding,
    joining,
    lists,
    picking,
    runs,
    sharing,
    texts,
    timed,
)
from .row import Row as Row

ROWS: list[Row] = [
    row
    for theme in (
        choosing,
        picking,
        changing,
        folding,
        joining,
        flattening,
        lists,
        timed,
        sharing,
        texts,
        runs,
    )
    for row in theme.ROWS
]

_book = catalogue()


def class_of(row: Row) -> str:
    """Lossless, conflating or unbounded: what the docs say of the operator."""
    return row.kind or str(_book.class_of(row.name, getattr(ops, row.name)))


def rows(wanted: Callable[[Row], object] = lambda row: True) -> pytest.MarkDecorator:
    """Every row of the table that is wanted, each as a test of its own."""
    chosen = [row for row in ROWS if wanted(row)]
    return pytest.mark.parametrize("row", chosen, ids=str)


def functions(wanted: Callable[[Row], object] = lambda row: True) -> pytest.MarkDecorator:
    """Every function that a row in the table has, each as a test of its own."""
    chosen = [
        pytest.param(row, number, id=f"{row}-{number}" if number else str(row))
        for row in ROWS
        for number in range(len(row.functions))
        if wanted(row)
    ]
    return pytest.mark.parametrize(("row", "number"), chosen)
