"""The benchmarks run, and tell what they found. How fast anything is, no test judges."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from benchmarks.measuring import Row

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_everything_is_measured_in_a_quick_run_without_peers(tmp_path: Path) -> None:
    file = tmp_path / "times.json"
    command = [sys.executable, str(ROOT / "benchmarks" / "operators.py")]
    run = subprocess.run(
        [*command, "--here", "--quick", "--json", str(file)], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    for part in ("chains", "counterparts", "alone", "inner"):
        for row in found[part]:
            assert f"| {row['name']} " in run.stdout
            assert all(min(times["cpu"]) > 0 for times in row["times"].values()), row["name"]
    for budget in found["budgets"]:
        assert f"- {budget}\n" in run.stdout


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder can be imported: it is no part of what is installed."""
    monkeypatch.syspath_prepend(str(ROOT))


def rows(times: dict[str, dict[str, float]]) -> list[Row]:
    from benchmarks.measuring import Row, Times

    return [
        Row(name, 1, {each: Times([cpu], [cpu]) for each, cpu in found.items()})
        for name, found in times.items()
    ]


def budgets(*, chain: float = 1.0, scan: float = 1.0, inner: float = 1.0) -> list[str]:
    from benchmarks import report
    from benchmarks.measuring import Scale

    pushed = {"rxagents, callbacks": 1.0, "rxagents, async for": 1.0, "reactivex": 1.0}
    tenfold = {**pushed, "rxagents, callbacks": chain}
    kinds = {"Stream.of(x)": inner, "an awaitable": 1.0, "an iterable": 1.0}
    results = report.Results(
        scale=Scale(1, 1),
        chains=rows({"0": pushed, "10": tenfold}),
        counterparts=rows({"scan": {"rxagents": scan, "reactivex": 1.0}}),
        alone=[],
        inner=rows({"flat_map": kinds}),
    )
    return [str(budget) for budget in report.budgets(results)]


def test_budgets_that_hold() -> None:
    assert [budget.rpartition(": ")[2] for budget in budgets()] == [
        "**yes**.",
        "**not measured**.",  # without aiostream
        "**not measured**.",
        "**yes**.",
        "**yes**.",
    ]


def test_budgets_that_do_not_hold_are_told_with_what_breaks_them() -> None:
    beside_reactivex, _, _, step, inner = budgets(chain=6.0, scan=1.6, inner=20.5)
    assert beside_reactivex.endswith("**no**, not with a chain of 10 (6.0), scan (1.6).")
    assert step.endswith("**no**, not with rxagents, callbacks (0.50).")
    assert inner.endswith("**no**, not with flat_map over Stream.of(x) (20.5).")
