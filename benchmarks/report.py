"""The tables, the budgets, and the page that both go to."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from . import alone, chains, counterparts, inner
from .measuring import Row, Scale

PAGE = Path(__file__).parent / "README.md"

MOST_OF_REACTIVEX = 1.5
LEAST_OF_AIOSTREAM = 4.0
MOST_A_STEP = 0.4  # microseconds
MOST_AN_INNER = 20.0  # microseconds

HEAD = """# Benchmarks

What an event costs in a chain of operators, beside other libraries. This page is written by

    python benchmarks/operators.py --write

which installs its peers outside of the repository. All contenders run in one process, in turns
(A B C A B C), each on the same loop and over the same events; what each of them does is in the
comments of the files here. Numbers are **microseconds of processor time an event**: the least of
the repetitions, and in brackets their median; a ratio is made of the least ones (`--json` writes
every single time, and wall time too). Compare numbers of one run only.
"""


@dataclass(frozen=True, slots=True)
class Results:
    """All that was measured in one run."""

    scale: Scale
    chains: Sequence[Row]
    counterparts: Sequence[Row]
    alone: Sequence[Row]
    inner: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Budget:
    """What was promised, and what breaks it."""

    promise: str
    broken_by: Sequence[str]
    measured: bool = True

    def __str__(self) -> str:
        if not self.measured:
            return f"{self.promise}: **not measured**."
        if not self.broken_by:
            return f"{self.promise}: **yes**."
        return f"{self.promise}: **no**, not with {', '.join(self.broken_by)}."


def budgets(results: Results) -> list[Budget]:
    """What the design promises of operators."""
    return [
        Budget(
            f"At most {MOST_OF_REACTIVEX} times what the same chain costs with reactivex",
            [
                *_over(results.chains, chains.CALLBACKS, chains.REACTIVEX, "a chain of "),
                *_over(results.counterparts, counterparts.OURS, counterparts.THEIRS),
            ],
        ),
        *(_beside_aiostream(results.chains, name) for name in (chains.CALLBACKS, chains.ASYNC_FOR)),
        Budget(
            f"One more map or filter costs at most {MOST_A_STEP} us",
            [
                f"{name} ({cost:.2f})"
                for name in (chains.CALLBACKS, chains.ASYNC_FOR)
                if (cost := step_cost(results.chains, name)) > MOST_A_STEP
            ],
        ),
        Budget(
            f"An inner subscription costs at most {MOST_AN_INNER:g} us",
            [
                f"{row.name} over {kind} ({row.times[kind].least:.1f})"
                for row in results.inner
                for kind in (inner.STREAM, inner.AWAITABLE, inner.ITERABLE)
                if row.times[kind].least > MOST_AN_INNER
            ],
        ),
    ]


def _beside_aiostream(rows: Sequence[Row], ours: str) -> Budget:
    return Budget(
        f"At least {LEAST_OF_AIOSTREAM:g} times as fast as aiostream ({ours})",
        [
            f"a chain of {row.name} ({faster:.1f})"
            for row in rows
            if row.name != "0"
            and (faster := row.ratio(chains.AIOSTREAM, ours)) is not None
            and faster < LEAST_OF_AIOSTREAM
        ],
        measured=chains.AIOSTREAM in rows[0].times,
    )


def step_cost(rows: Sequence[Row], name: str) -> float:
    """What one step of a chain costs, from the shortest and the longest one."""
    first, last = rows[0], rows[-1]
    steps = int(last.name) - int(first.name)
    return (last.times[name].least - first.times[name].least) / steps


def _over(rows: Sequence[Row], ours: str, theirs: str, prefix: str = "") -> Iterator[str]:
    for row in rows:
        ratio = row.ratio(ours, theirs)
        if ratio is not None and ratio > MOST_OF_REACTIVEX:
            yield f"{prefix}{row.name} ({ratio:.1f})"


def page(results: Results, command: str) -> str:
    """The page, as it is written to the README."""
    return f"{HEAD}\n{figures(results, command)}"


def figures(results: Results, command: str) -> str:
    """What was measured, on what; in Markdown that can be read in a terminal too."""
    lines = [*_machine(results, command), *_tables(results)]
    return "".join(f"{line}\n" for line in lines)


def _tables(results: Results) -> Iterator[str]:
    yield "## Budgets\n"
    yield from (f"- {budget}" for budget in budgets(results))
    yield "\n## Chains of map and filter\n"
    yield from _chains(results.chains)
    yield "\n## Operators that reactivex has too\n"
    pairs = (counterparts.OURS, counterparts.THEIRS)
    yield from _table("operator", results.counterparts, pairs, ratio=pairs)
    yield "\n## Our own operators\n"
    pairs = (alone.OURS, alone.FLOOR)
    yield from _table("operator", results.alone, pairs, ratio=pairs)
    yield "\n## An inner stream: subscription, one event, end\n"
    kinds = (inner.STREAM, inner.AWAITABLE, inner.ITERABLE, inner.REACTIVEX)
    yield from _table("operator", results.inner, kinds)


def _chains(rows: Sequence[Row]) -> Iterator[str]:
    pushed = (chains.CALLBACKS, chains.REACTIVEX)
    yield "An event that is pushed, to callbacks:\n"
    yield from _table("steps", rows, pushed, ratio=pushed)
    pulled = [chains.ASYNC_FOR, chains.GENERATORS, chains.AIOSTREAM]
    yield "\nAn event that an async generator yields, to `async for`:\n"
    yield from _table("steps", rows, pulled, ratio=(chains.AIOSTREAM, chains.ASYNC_FOR))
    each = ", ".join(
        f"{step_cost(rows, name):.2f} ({name})"
        for name in (*pushed, *pulled)
        if name in rows[0].times
    )
    yield f"\nOne more step: {each}."


def _table(
    head: str,
    rows: Sequence[Row],
    names: Sequence[str],
    *,
    ratio: tuple[str, str] | None = None,
) -> Iterator[str]:
    names = [name for name in names if name in rows[0].times]
    cells = [[head, *names]]
    if ratio is not None and set(ratio) <= set(names):
        cells[0].append(f"{ratio[0]} / {ratio[1]}")
    for row in rows:
        line = [row.name, *(_shown(row, name) for name in names)]
        if len(cells[0]) > len(line) and ratio is not None:
            line.append(f"{row.ratio(*ratio):.2f}")
        cells.append(line)
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    cells.insert(1, ["-" * width for width in widths])
    for line in cells:
        padded = [
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        yield f"| {' | '.join(padded)} |"


def _shown(row: Row, name: str) -> str:
    times = row.times[name]
    return f"{times.least:.2f} ({times.middle:.2f})"


def _machine(results: Results, command: str) -> Iterator[str]:
    yield f"    $ {command}\n"
    scale = results.scale
    yield f"{datetime.now(UTC).date()}, {machine()}. {', '.join(versions())}."
    yield f"{scale.events} events, fewer where they are costly; repetitions: {scale.repeats}.\n"


def machine() -> str:
    """The processor, in a few words."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} cores of {_processor()}, {platform.system()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def versions() -> Iterator[str]:
    """Of Python and of what is measured."""
    yield f"Python {platform.python_version()}"
    for package in ("rxagents", "reactivex", "aiostream"):
        try:
            yield f"{package} {version(package)}"
        except PackageNotFoundError:
            yield f"{package} is not installed"


def as_json(results: Results, command: str) -> dict[str, Any]:
    """Every single time, and how they came about."""
    return {
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": list(versions()),
        "unit": "microseconds an event",
        "budgets": [str(budget) for budget in budgets(results)],
        **asdict(results),
    }
