"""A table of every operator: how it looks in a diagram, and what it does with a slow consumer."""

from __future__ import annotations

from . import changing, choosing, flattening, folding, joining, lists, sharing, texts, timed
from .row import Row as Row

ROWS: list[Row] = [
    row
    for theme in (
        choosing,
        changing,
        folding,
        joining,
        flattening,
        lists,
        timed,
        sharing,
        texts,
    )
    for row in theme.ROWS
]
