"""Writes docs/traps.md from the traps in tests/stock_traps.

python docs/traps.py            # after a trap has changed; the tests compare
"""

# ruff: noqa: E501 - the page has lines of its own length

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.append(str(Path(__file__).parent.parent / "tests"))

import stock_traps
from stock_traps import TRAPS

if TYPE_CHECKING:
    from stock_traps import Trap

PAGE = Path(__file__).parent / "traps.md"

HEAD = """# Traps of plain reactivex in asyncio programs

This page is written by `docs/traps.py` from the programs in `tests/stock_traps`: {count} traps, each as a program
that falls into it with plain [reactivex](https://github.com/ReactiveX/RxPY) 6.1, and as the same program with names
from `rxagents`. Both are tests: if a reactivex comes that does better, one fails, and the row can go.

    python -m pytest tests/test_stock_traps.py -k callbacks_on_threads

Most of it is no fault of reactivex, which is older than asyncio and works without it. It is what a program meets that
takes it as it is.
"""


def page() -> str:
    """The whole page, as it must stand in docs/traps.md."""
    lines = [HEAD.format(count=len(TRAPS))]
    for chapter in re.findall(r"^ {4}([a-z]+) {2,}", stock_traps.__doc__ or "", re.MULTILINE):
        lines += [*table(chapter), ""]
    return "\n".join(lines)


def table(chapter: str) -> Iterator[str]:
    """One module's traps."""
    doc = inspect.getdoc(import_module(f"stock_traps.{chapter}")) or ""
    title, _, rest = doc.partition("\n")
    yield f"## {title.removesuffix('.')}\n"
    if rest.strip():
        yield f"{rest.strip()}\n"
    yield "| trap | reactivex | rxagents | test |"
    yield "|---|---|---|---|"
    for trap in TRAPS:
        if trap.chapter == chapter:
            yield f"| {trap.sentence} | {trap.theirs} | {ours(trap)} | `{trap.name}` |"


def ours(trap: Trap) -> str:
    """What we do, or what is missing."""
    return f"not yet ({trap.missing}): {trap.ours}" if trap.missing else trap.ours


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE}\n")
