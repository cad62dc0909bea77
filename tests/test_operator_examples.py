"""Every operator's example does what it says, as in the asyncio REPL after the page's preamble."""

from __future__ import annotations

import ast
import asyncio
import doctest
import inspect
import io
import re
import subprocess
import sys
import traceback
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from rxagents import operators

PAGE = (Path(__file__).parent.parent / "docs" / "operators.md").read_text("utf-8")
PREAMBLE = re.findall(r"^## The examples\n.*?^```python\n(.*?)^```$", PAGE, re.S | re.M)[0]

OURS = [
    thing
    for name, thing in sorted(vars(operators).items())
    if inspect.isfunction(thing)
    and thing.__module__.startswith("rxagents.operators")
    and thing.__name__ == name
]


def examples_of(text: str) -> list[doctest.Example]:
    return doctest.DocTestParser().get_examples(text)


async def run(source: str, names: dict[str, Any]) -> str:
    """What the REPL prints for `source`, an exception's lines included."""
    out = io.StringIO()
    with redirect_stdout(out):
        try:
            code = compile(source, "<example>", "single", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, True)
            running = eval(code, names)
            if running is not None:
                await running
        except Exception as error:
            print("Traceback (most recent call last):\n    ...")
            print(*traceback.format_exception_only(error), sep="", end="")
    return out.getvalue()


async def differences(examples: list[doctest.Example]) -> str:
    """What the examples print that is not what they say, after the preamble."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(PREAMBLE, "<preamble>", "exec", dont_inherit=True), names)
    checker, found = doctest.OutputChecker(), ""
    for example in examples:
        got = await run(example.source, names)
        if not checker.check_output(example.want, got, doctest.ELLIPSIS):
            found += f"\n>>> {example.source}{checker.output_difference(example, got, 0)}"
    return found


@pytest.mark.parametrize("operator", OURS, ids=lambda operator: operator.__name__)
async def test_its_docstring_ends_with_an_example_that_does_what_it_says(
    operator: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    doc = inspect.getdoc(operator) or ""
    last = doc.rpartition("\n\n")[2]
    assert last.startswith(">>> "), f"the docstring must end with an example, not with {last!r}"
    assert 2 <= len(last.splitlines()) <= 6, "an example has 2 to 6 lines, with what it prints"
    assert examples_of(last)[-1].want, "the last line of the example shows no result"

    monkeypatch.chdir(tmp_path)  # an example may write a file
    monkeypatch.setattr("builtins._", None, raising=False)  # where a value that is shown is kept
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    if found := await differences(examples_of(doc)):
        pytest.fail(found, pytrace=False)
    assert reported == []


async def test_an_example_that_is_wrong_is_told_with_both_results() -> None:
    wrong = ">>> await Stream.of('a').pipe(ops.map(str.upper))\n'B'\n>>> 1 + 1\n2\n"
    assert await differences(examples_of(wrong)) == (
        "\n>>> await Stream.of('a').pipe(ops.map(str.upper))\nExpected:\n    'B'\nGot:\n    'A'\n"
    )


async def test_the_agent_of_the_preamble_answers_any_number_of_runs_even_at_once() -> None:
    example = """
        >>> run = Runner.observe(agent, "Oslo?").pipe(ops.items(), ops.count())
        >>> await asyncio.gather(run, run)
        [4, 4]
        >>> await run
        4
    """
    assert await differences(examples_of(example)) == ""


@pytest.mark.slow
def test_the_preamble_can_be_pasted_into_the_repl_as_it_stands() -> None:
    typed = PREAMBLE + 'await Runner.observe(agent, "Oslo?").pipe(ops.items(), ops.count())\n'
    repl = [sys.executable, "-m", "asyncio"]
    shown = subprocess.run(repl, input=typed, capture_output=True, text=True, check=True)
    assert re.findall(r"^(?:>>> |\.\.\. )*(\d+)$", shown.stdout, re.MULTILINE) == ["4"]
    assert "Error" not in shown.stderr
