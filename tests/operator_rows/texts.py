"""Operators for text that comes in pieces."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from rxagents import ModelBehaviorError
from rxagents import operators as ops
from rxagents.operators import GuardrailTripped

from .row import Piece, Row, piece

HELD_BACK = "what is held back may be the beginning of a match"
SAFE_ONLY = "it holds back 9 characters"


def in_list(count: int) -> Callable[[int], Piece]:
    """The pieces of a JSON list of so many numbers."""
    return lambda number: Piece(
        f"{'[' * (not number)}{number}{']' if number == count - 1 else ','}"
    )


def cut(
    name: str, pieces: dict[str, Any], source: str, result: str, failed: str, **more: Any
) -> Row:
    """A row for what cuts text anew."""
    return Row(
        name,
        lambda: getattr(ops, name)(),
        **{
            "values": pieces,
            "source": source,
            "result": result,
            "failed": failed,
            "event": piece,
            "bound": lambda high: high + 1,
            "why": "a piece waits for the next",
            **more,
        },
    )


ROWS = [
    cut(
        "words",
        {"a": "On", "b": "e tw", "c": "o", "A": "One ", "B": "two"},
        "-a-b-c-|",
        "---A---(B|)",
        "---A---(B#)",
    ),
    cut(
        "lines",
        {"a": "on", "b": "e\ntw", "c": "o", "A": "one", "B": "two"},
        "-a-b-c-|",
        "---A---(B|)",
        "---A---(B#)",
        event=lambda number: Piece(f"{number} \n"),
    ),
    cut(
        "paragraphs",
        {"a": "on", "b": "e\n\ntw", "c": "o", "A": "one", "B": "two"},
        "-a-b-c-|",
        "---A---(B|)",
        "---A---(B#)",
        event=lambda number: Piece(f"{number} \n\n"),
    ),
    cut(
        "sentences",
        {"a": "On", "b": "e. Tw", "c": "o", "A": "One.", "B": "Two"},
        "-a-b-c-|",
        "---A---(B|)",
        "---A---(B#)",
        event=lambda number: Piece(f"It is {number:04}. "),
    ),
    cut(
        "markdown_blocks",
        {"a": "# On", "b": "e\ntw", "c": "o", "A": "# One", "B": "two"},
        "-a-b-c-|",
        "---A---(B|)",
        "---A---(B#)",
        event=lambda number: Piece(f"# {number} \n"),
    ),
    Row(
        "chunks",
        lambda: ops.chunks(max_chars=4, max_wait=3.0),
        fast=lambda: ops.chunks(max_chars=8),
        time=True,
        values={"a": "one ", "b": "t", "c": "wo"},
        source="-a-b------c-|",
        result="-a----b-----(c|)",
        failed="-a----b-----(c#)",
        event=lambda number: Piece(f"{number:07} "),
    ),
    Row(
        "smooth",
        lambda: ops.smooth(chars_per_second=0.5, max_lag=math.inf),
        fast=lambda: ops.smooth(),
        time=True,
        values={"A": "ab", "B": "cd"},
        source="-A---B|",
        result="-a-b-c-(d|)",
        failed="-a-b-c(d#)",
        event=piece,
        high=1,
        bound=lambda high: 1024 * (high + 1),
        why="it holds back 1024 pieces at most, and types them at once for who is late",
    ),
    Row(
        "redact",
        lambda fn: ops.redact(r"\d+", fn, window=2),
        functions=(lambda match: "x",),
        fast=lambda fn: ops.redact(r"[a-z]+", fn, window=8),
        values={"a": "1 ab", "b": "c 2 d", "A": "x", "B": " abc ", "C": "x d"},
        source="-a-b-|",
        result="-A-B-(C|)",
        failed="-A-B-#",
        lost=HELD_BACK,
        event=lambda number: Piece(f"{number:09} "),
        bound=lambda high: high + 2,
        why=SAFE_ONLY,
    ),
    Row(
        "guard",
        lambda fn: ops.guard(fn, window=2),
        functions=(lambda text: "never" in text,),
        fast=lambda fn: ops.guard(re.compile(r"[a-z]"), window=8),
        values={"a": "abcd", "b": "never", "A": "a"},
        source="-a-b-|",
        result="-A-#",
        raises=GuardrailTripped,
        event=lambda number: Piece(f"{number:09} "),
        bound=lambda high: high + 2,
        why=SAFE_ONLY,
    ),
    # --- JSON -----------------------------------------------------------------------------------
    Row(
        "partial",
        lambda: ops.partial(dict[str, str]),
        values={"a": '{"a": "b', "b": 'c"}', "A": {"a": "b"}, "B": {"a": "bc"}},
        source="-a-b-|",
        result="-A-B-(B|)",
        failed="-A-B-#",
        empty="#",
        raises=ModelBehaviorError,
        fast=lambda: ops.partial(list[int]),
        count=300,
        event=in_list(300),
        reads=lambda event: event[-1:],
        held_back="it emits what has changed",
        bound=lambda high: 9 * high,
        why="a longer text is looked at when it has grown by a 256th",
    ),
    Row(
        "json_items",
        lambda: ops.json_items(),
        values={"a": "[1, 2", "b": ", 3]"},
        source="-a-b----|",
        result="-1-(23)-|",
        empty="#",
        raises=ModelBehaviorError,
        count=300,
        event=in_list(300),
        bound=lambda high: high + 1,
        why="a number may go on",
    ),
    Row(
        "final",
        lambda: ops.final(list[int]),
        values={"a": "[1, 2", "b": ", 3]", "A": [1, 2, 3]},
        source="-a-b-|",
        result="-----(A|)",
        failed="-----#",
        empty="#",
        raises=ModelBehaviorError,
        why="it keeps the text until it is whole",
        count=300,
        event=in_list(300),
    ),
]
