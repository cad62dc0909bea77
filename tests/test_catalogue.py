"""docs/operators.md is what the docstrings say."""

from __future__ import annotations

import importlib.util
import inspect
import re
from collections import Counter
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
        if inspect.isfunction(thing):
            assert re.search(rf"^\| \[?`{name}`", page, re.MULTILINE), f"{name} is not in the table"
            ours = thing.__module__.startswith("rxagents.operators")
            if ours and thing.__name__ == name:
                section = f"\n### {name}\n\n`{name}("
                assert section in page, f"{name}: is its module in the package's docstring?"


def test_every_link_of_the_page_leads_to_a_heading_and_to_one_only() -> None:
    book = catalogue()
    page = book.page()
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", page, flags=re.S | re.M), re.M)
    anchors = Counter(book.anchor(heading) for heading in headings)
    assert [anchor for anchor, times in anchors.items() if times > 1] == []
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= set(anchors)


def test_a_line_of_the_table_says_something() -> None:
    book = catalogue()
    for name, operator in book.all_operators().items():
        sentence = book.first_sentence(name, operator)
        assert sentence.endswith("."), f"{name}: {sentence}"
        assert not sentence.endswith(" operator."), f"{name}: {sentence}"


def test_the_tests_of_an_operator_are_where_the_table_says() -> None:
    book = catalogue()
    for name, operator in book.all_operators().items():
        file = DOCS.parent / "tests" / book.tests_of(operator).strip("`")
        if book.module_of(operator) and name == operator.__name__:
            assert re.search(rf"\b{name}\b", file.read_text("utf-8")), f"{name}: {file.name}"


def test_the_class_of_an_operator_of_ours_is_the_one_its_docstring_tells() -> None:
    book = catalogue()
    assert book.class_of("words", operators.words) == "lossless"
    assert book.class_of("switch_map", operators.switch_map) == "conflating"
    assert book.class_of("map", operators.map) == "lossless"


def test_examples_become_blocks_of_code_with_their_output() -> None:
    doc = "Twice.\n\n    --a--|\n\n>>> twice(\n...     2)\n4\n\nMore."
    shown = "Twice.\n\n    --a--|\n\n```python\n>>> twice(\n...     2)\n4\n```\n\nMore."
    assert catalogue().with_fences(doc) == shown
