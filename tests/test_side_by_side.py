"""The same programs on both libraries tell the same, but for the differences that are documented.

What the OpenAI Agents SDK has told is in side_by_side/sdk.json. Where it is installed, the file is
checked too; `python -m side_by_side`, called in this folder, writes it anew.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from side_by_side import calls, differences, keeping, steering
from side_by_side.differences import Difference, differences_of
from side_by_side.library import Library
from side_by_side.seen import Seen

Program = Callable[[Library], Awaitable[Seen]]

HERE = Path(__file__).parent
THEIRS: dict[str, list[str]] = json.loads((HERE / "side_by_side/sdk.json").read_text("utf-8"))
DOCUMENTED = (HERE.parent / "docs/differences.md").read_text(encoding="utf-8")
PROGRAMS: list[Program] = [*calls.PROGRAMS, *steering.PROGRAMS, *keeping.PROGRAMS]

each_program = pytest.mark.parametrize("program", PROGRAMS, ids=lambda each: each.__name__)


def leveled(lines: list[str], allowed: list[Difference]) -> list[str]:
    for difference in allowed:
        lines = difference(lines)
    return lines


@each_program
async def test_both_tell_the_same(program: Program) -> None:
    name = program.__name__
    ours = (await program(Library.of("rxagents"))).lines
    allowed = differences_of(name)
    assert leveled(ours, [*allowed.values()]) == leveled(THEIRS[name], [*allowed.values()])
    for named in allowed:
        rest = [each for other, each in allowed.items() if other != named]
        assert leveled(ours, rest) != leveled(THEIRS[name], rest), f"is no difference: {named}"


@each_program
async def test_what_the_sdk_tells_is_as_recorded(program: Program) -> None:
    agents: Any = pytest.importorskip("agents", reason="openai-agents is not installed")
    agents.set_tracing_disabled(True)
    theirs = (await program(Library.of("agents"))).lines
    assert theirs == THEIRS[program.__name__]


def test_every_difference_is_a_line_of_the_documentation() -> None:
    named = {key for program in PROGRAMS for key in differences_of(program.__name__)}
    assert len(named) == 6
    for key in named:
        assert f"\n| {key} |" in DOCUMENTED, key


def test_every_exception_names_a_program() -> None:
    names = {program.__name__ for program in PROGRAMS}
    assert names == THEIRS.keys()
    assert names >= {*differences.NAMED, *differences.EXACTLY_THE_SAME}
