"""docs/parity.md is true: names, tests, imports and signatures are as it says."""

from __future__ import annotations

import json
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sdk_signatures

import rxagents

DOCS = Path(__file__).parent.parent / "docs"
MADE_BY_RUNS = {"RunResult", "RunResultStreaming", "RunState"}


def loaded() -> ModuleType:
    spec = spec_from_file_location("parity", DOCS / "parity.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


parity = loaded()
DATA: dict[str, Any] = parity.data()
THEIRS: dict[str, Any] = json.loads((DOCS.parent / "tests/sdk_signatures.json").read_text("utf-8"))


def test_the_page_is_up_to_date() -> None:
    assert (DOCS / "parity.md").read_text("utf-8") == parity.page(), "run: python docs/parity.py"


def test_every_name_and_every_test_on_it_exists() -> None:
    assert list(parity.problems()) == []


def test_every_row_is_there_once() -> None:
    assert [row["number"] for row in DATA["row"]] == list(range(1, 74))
    verdicts = {row["verdict"] for row in DATA["row"] if row["tier"] != "C"}
    assert verdicts <= {"same", "better", "different", "partly"}


def test_exactly_the_names_that_are_said_to_be_missing_are() -> None:
    missing = {name for group in DATA["missing"] for name in group["names"]}
    assert {name for name in parity.sdk_names() if not hasattr(rxagents, name)} == missing


@pytest.mark.parametrize("module", DATA["imports"])
def test_every_import_that_should_work_does(module: str) -> None:
    ours = module.replace("agents", "rxagents", 1)
    for name in DATA["imports"][module]:
        exec(f"from {ours} import {name}", {})


@pytest.mark.parametrize("module", DATA["imports_missing"])
def test_no_import_works_that_is_said_not_to(module: str) -> None:
    ours = module.replace("agents", "rxagents", 1)
    for name in DATA["imports_missing"][module]:
        with pytest.raises(ImportError):
            exec(f"from {ours} import {name}", {})


def test_signatures_are_the_same() -> None:
    ours = sdk_signatures.signatures("rxagents")
    found = {
        name: difference
        for name, theirs in THEIRS.items()
        if name in ours and name not in MADE_BY_RUNS
        if (difference := sdk_signatures.compared(ours[name], theirs))
    }
    assert found == DATA["signatures"]
    assert len(ours) > 180


def test_the_helpers_of_items_are_there() -> None:
    names = {name for name in THEIRS if name.startswith("ItemHelpers.")}
    assert len(names) == 8
    assert all(parity.exists(name) for name in names)


def test_a_name_that_is_not_there_is_noticed() -> None:
    assert parity.exists("RunConfig.tool_start")
    assert not parity.exists("RunConfig.tool_stop")
    assert not parity.exists("Runner.run_backwards")


def test_the_data_are_of_the_sdk_that_is_installed() -> None:
    agents = pytest.importorskip("agents", reason="openai-agents is not installed")
    assert sorted(agents.__all__) == parity.sdk_names()
    assert sdk_signatures.signatures("agents") == THEIRS
    for module, names in DATA["imports"].items():
        for name in names:
            try:
                exec(f"from {module} import {name}", {})
            except ModuleNotFoundError as error:  # of an extra of the SDK's
                assert import_module("agents").__name__ not in str(error)
            except ImportError as error:
                assert "requires the" in str(error)
