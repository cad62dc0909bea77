"""Traps of plain reactivex in asyncio programs, and the same programs with rxagents.

The traps are in `stock_traps/`, and docs/traps.md lists them: run `python docs/traps.py` to write
it. A test of a `plain` half fails when reactivex does better: then its trap can go.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
from stock_traps import TRAPS

DOCS = Path(__file__).parent.parent / "docs"


def programs(half: str, *, real: bool = False) -> list[Any]:
    """One half of each trap, of those that need real time or of the others."""
    found: list[Any] = []
    for trap in TRAPS:
        marks: list[Any] = []
        if half == "ours" and trap.missing:
            marks.append(pytest.mark.xfail(strict=True, reason=trap.missing))
        if (half in trap.real) == real:
            program = getattr(trap.halves, half)
            found.append(pytest.param(program, id=f"{trap.chapter}-{trap.name}", marks=marks))
    return found


@pytest.mark.parametrize("program", programs("plain"))
async def test_plain_reactivex_has_the_trap(program: Any) -> None:
    await program()


@pytest.mark.real_loop
@pytest.mark.parametrize("program", programs("plain", real=True))
async def test_plain_reactivex_has_the_trap_in_real_time(program: Any) -> None:
    await program()


@pytest.mark.parametrize("program", programs("ours"))
async def test_ours_behaves_well(program: Any) -> None:
    await program()


@pytest.mark.real_loop
@pytest.mark.parametrize("program", programs("ours", real=True))
async def test_ours_behaves_well_in_real_time(program: Any) -> None:
    await program()


# --- the page -------------------------------------------------------------------------------


def test_the_page_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("traps", DOCS / "traps.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written = (DOCS / "traps.md").read_text("utf-8")
    assert written == module.page(), "run: python docs/traps.py"


def test_every_trap_has_a_row_and_two_halves() -> None:
    rows = re.findall(
        r"^\| .* \| `(\w+)` \|$", (DOCS / "traps.md").read_text("utf-8"), re.MULTILINE
    )
    assert sorted(rows) == sorted(trap.name for trap in TRAPS)
    assert len(set(rows)) == len(rows)
    for trap in TRAPS:
        assert {"plain", "ours"} <= set(vars(trap.halves)), trap.name
