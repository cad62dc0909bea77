"""Writes docs/parity.md from docs/parity.toml, and finds what is not as it says.

python docs/parity.py           # after the data has changed; the tests compare
"""

# ruff: noqa: E501 - the page has lines of its own length

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TESTS = HERE.parent / "tests"
PAGE = HERE / "parity.md"

HEAD = """# Beside the OpenAI Agents SDK, feature by feature

This page is written by `docs/parity.py` from `docs/parity.toml`. A test fails where a name or a test on it does not
exist, where a signature is not what it says, or where the page is not what the data say. It compares with version 0.24;
what differs on purpose is in [differences.md](differences.md).

A test of the form `both[name]` is a program in `tests/side_by_side` that is run on both libraries and must tell the
same, event for event, but for the differences that are documented.

"""

TIERS = {
    "A": "What every program meets",
    "B": "What serious programs need",
    "C": "The long tail",
}


def data() -> dict[str, Any]:
    return tomllib.loads((HERE / "parity.toml").read_text(encoding="utf-8"))


def sdk_names() -> list[str]:
    """The public names of the SDK: its `agents.__all__`."""
    return (HERE / "sdk_names.txt").read_text(encoding="utf-8").split()


# --- the page ---------------------------------------------------------------------------------


def page() -> str:
    return HEAD + "\n".join([*_features(), *_names(), *_imports(), *_signatures()]) + "\n"


def _features() -> Iterator[str]:
    for tier, title in TIERS.items():
        rows = [row for row in data()["row"] if row["tier"] == tier]
        yield f"## {title}\n"
        yield f"{_counted(rows)}.\n"
        yield "| | there | here | | shown by |"
        yield "|--:|---|---|---|---|"
        for row in rows:
            names = ", ".join(f"`{name}`" for name in row["ours"])
            tests = "<br>".join(f"`{_shown(test)}`" for test in row["tests"])
            here = f"**{row['verdict']}**: {row['note']}"
            yield f"| {row['number']} | {row['what']} | {here} | {names} | {tests} |"
        yield ""


def _counted(rows: list[Any]) -> str:
    verdicts = list(dict.fromkeys(row["verdict"] for row in rows))
    counts = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in verdicts}
    return f"{len(rows)} rows: " + ", ".join(f"{n} {verdict}" for verdict, n in counts.items())


def _shown(test: str) -> str:
    file, name = test.split(":")
    return f"both[{name}]" if file == "both" else f"test_{file}.py::test_{name}"


def _names() -> Iterator[str]:
    missing = data()["missing"]
    there, lacking = len(sdk_names()), sum(len(group["names"]) for group in missing)
    yield "## Public names\n"
    yield f"`agents.__all__` has {there} names (`docs/sdk_names.txt`); `rxagents` has {there - lacking} of them. Not there are:\n"
    yield "| names | why |"
    yield "|---|---|"
    for group in missing:
        yield f"| {', '.join(f'`{name}`' for name in group['names'])} | {group['why']} |"
    yield ""


def _imports() -> Iterator[str]:
    yield "## Modules\n"
    yield "What the SDK's documentation and examples import from its modules, and works with `rxagents` in place of `agents`:\n"
    for module, names in data()["imports"].items():
        yield f"- `{module}`: {', '.join(f'`{name}`' for name in names)}"
    yield "\nWhat they import and is not there (besides realtime, voice, sandboxes and Codex):\n"
    for module, names in data()["imports_missing"].items():
        yield f"- `{module}`: {', '.join(f'`{name}`' for name in names)}"
    yield ""


def _signatures() -> Iterator[str]:
    yield "## Signatures\n"
    yield "All functions, classes and methods take what the SDK's take, in the same order and with the same defaults (`tests/sdk_signatures.json`), but for these. Results and states are made by runs and not by programs, and are made otherwise.\n"
    yield "| | here |"
    yield "|---|---|"
    for name, found in data()["signatures"].items():
        yield f"| `{name}` | {', '.join(found)} |"


# --- what is not as it says -------------------------------------------------------------------


def problems() -> Iterator[str]:
    """A sentence for each name and test that does not exist."""
    for row in data()["row"]:
        for name in row["ours"]:
            if not exists(name):
                yield f"row {row['number']}: there is no {name}"
        for test in row["tests"]:
            file, name = test.split(":")
            if name not in _programs() if file == "both" else f"test_{name}" not in _tests(file):
                yield f"row {row['number']}: there is no test {_shown(test)}"
        if row["verdict"] != "not done" and not (row["ours"] and row["tests"]):
            yield f"row {row['number']}: what shows it?"


def exists(name: str) -> bool:
    """Whether `rxagents` has the name: of its own, in a module, or as a field of a class."""
    if name.startswith("rxagents."):
        module, _, last = name.rpartition(".")
        return hasattr(import_module(module), last)
    thing: Any = import_module("rxagents")
    for part in name.split("."):
        fields = getattr(thing, "__dataclass_fields__", {})
        if part in fields:
            return True
        if not hasattr(thing, part):
            return False
        thing = getattr(thing, part)
    return True


@cache
def _tests(file: str) -> set[str]:
    return _functions(TESTS / f"test_{file}.py")


@cache
def _programs() -> set[str]:
    folder = TESTS / "side_by_side"
    return {
        name
        for file in ("calls", "steering", "keeping")
        for name in _functions(folder / f"{file}.py")
    }


def _functions(path: Path) -> set[str]:
    if not path.exists():
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


if __name__ == "__main__":
    for problem in problems():
        print(problem)
    PAGE.write_text(page(), encoding="utf-8")
