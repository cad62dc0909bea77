"""docs/operators.md is what the docstrings say."""

from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path
from types import ModuleType

from rxagents import operators

DOCS = Path(__file__).parent.parent / "docs"


def catalogue() -> ModuleType:
    spec = importlib.util.spec_from_file_location("catalogue", DOCS / "catalogue.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date() -> None:
    written = (DOCS / "operators.md").read_text("utf-8")
    assert written == catalogue().page(), "run: python docs/catalogue.py"


def test_every_operator_is_on_the_page() -> None:
    page = catalogue().page()
    for name, thing in vars(operators).items():
        ours = inspect.isfunction(thing) and thing.__module__.startswith("rxagents.operators")
        if ours and thing.__name__ == name:
            assert f"### `{name}(" in page, f"{name}: is its module in the package's docstring?"
