"""Writes docs/operators.md from the operators' own docstrings.

python docs/catalogue.py            # after a docstring has changed; the tests compare
"""

# ruff: noqa: E501 - the page has lines of its own length

from __future__ import annotations

import inspect
import re
import runpy
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from rxagents import operators

PAGE = Path(__file__).parent / "operators.md"

Operator = Callable[..., Any]

WORDS: dict[str, str] = runpy.run_path(str(Path(__file__).parent / "reactivex_words.py"))["WORDS"]
"""A sentence for each of reactivex's own operators, whose docstrings are not made for a table."""

CLASSES: dict[str, str] = import_module("rxagents.operators._guards").CLASSES
"""What becomes of a slow consumer with each of reactivex's own operators."""

HEAD = """# Operators

This page is written by `docs/catalogue.py` from the operators' docstrings.

`from rxagents import operators as ops` has the operators below and every operator of
[`reactivex.operators`](https://rxpy.readthedocs.io/en/latest/reference_operators.html) that they do not replace.
Each takes a stream and gives a stream; `stream.pipe(a, b, c)` applies them from left to right.

In the diagrams time runs to the right. `|` is the end, `#` an error, and what stands in parentheses comes at once.
"""

LAWS = """## What happens when the consumer is slow

A consumer that reads with `async for` grants its sources a credit of 64 events (`stream.iterate(high=...)`). The
credit reaches asynchronous sources through all operators, so what becomes of a slow consumer follows from how an
operator is made:

- **Lossless**: nothing is lost, and what lies in between is bounded; with lists and windows in multiples of their size.
- **Conflating**: the source runs freely, memory is constant, and events are dropped or merged on purpose.
- **Unbounded**: what it keeps grows with the source, or with time, whatever the credit; keep it off fast sources with
  slow consumers.

A Stream has the operators that any stream can use as methods, too: `stream.zip(other)` is `stream.pipe(ops.zip(other))`.

## What is checked at the call

A wrong argument is refused when the operator is called, not at the first event: a negative time, no place for a single
event, a pattern that does not compile, an `async def` where a plain function is due. A function that raises later ends
that subscription, with its exception, after what was emitted before; other subscriptions go on.

## Time

A subscription without a `scheduler` uses the event loop's clock and timers, whatever the operator. No thread is
started, callbacks run on the loop, and in a test on a `VirtualLoop` times are exact.
"""

# With an empty line after each block and none within, as the REPL wants it.
PREAMBLE = '''\
import asyncio

from rxagents import Agent, Runner, Stream, function_tool, operators as ops
from rxagents.testing import ScriptedModel, assistant_message, function_call


@function_tool
async def weather(city: str) -> str:
    """Tell the weather of a city."""
    await asyncio.sleep(1)
    return "Sunny, 21 degrees."


LOOK = [assistant_message("Let me look."), function_call("weather", {"city": "Oslo"})]
TELL = [assistant_message("It is sunny in Oslo.")]


class Forecaster(ScriptedModel):  # looks first, and tells when it has looked
    def stream_response(self, instructions, input, *others, **options):
        self.enqueue(TELL if input[-1].get("call_id") == "call_weather" else LOOK)
        return super().stream_response(instructions, input, *others, **options)


agent = Agent("Forecaster", tools=[weather], model=Forecaster())
'''

EXAMPLES = f"""## The examples

Each operator of ours has an example. They all run as tests, and in Python's asyncio REPL, `python -m asyncio`, where
`await` may stand anywhere. Paste this there first. Asked anything, `agent` says "Let me look.", calls its tool, which
takes a second, and then says "It is sunny in Oslo."

```python
{PREAMBLE}```
"""


def page() -> str:
    """The whole page, as it must stand in docs/operators.md."""
    return "\n".join(
        [
            HEAD,
            *contents(),
            LAWS,
            *table(),
            EXAMPLES,
            *(line for module in modules() for line in chapter(module)),
        ]
    )


def contents() -> Iterator[str]:
    """The modules and their operators, with links."""
    yield "## Contents\n"
    before = "\n".join([LAWS, *table(), EXAMPLES])
    for title in re.findall(r"^## (.+)$", before, re.MULTILINE):
        yield f"- [{title}](#{anchor(title)})"
    for module in modules():
        names = ", ".join(link(operator.__name__, operator) for operator in operators_of(module))
        yield f"- [{title_of(module)}](#{anchor(title_of(module))}): {names}"
    yield ""


COLUMNS: dict[str, Callable[[str, Operator], str]] = {
    "operator": lambda name, operator: link(name, operator),
    "class": lambda name, operator: class_of(name, operator),
    "what it gives": lambda name, operator: first_sentence(name, operator).replace("|", r"\|"),
    "module": lambda _, operator: module_of(operator) or "reactivex",
    "shown by": lambda _, operator: tests_of(operator),
}
"""The columns of the table: what stands in them for an operator, under one of its names."""


def table() -> Iterator[str]:
    """Every name, with what there is to be told in a line."""
    yield "## All operators\n"
    yield (
        "`tests/test_operator_laws.py` and `test_operator_bounds.py` show of every operator that it ends, "
        "fails and is left as it should, leaves no timer behind, and is of its class. The last column names "
        "the file with the tests that it has of its own.\n"
    )
    yield f"| {' | '.join(COLUMNS)} |"
    yield f"|{'---|' * len(COLUMNS)}"
    for name, operator in sorted(all_operators().items()):
        yield f"| {' | '.join(cell(name, operator) for cell in COLUMNS.values())} |"
    yield ""


def chapter(module: str) -> Iterator[str]:
    """One module's operators, with what its docstring says."""
    yield f"## {title_of(module)}\n"
    yield f"{inspect.getdoc(import_module(f'rxagents.operators.{module}'))}\n"
    for operator in operators_of(module):
        yield f"### {operator.__name__}\n"
        yield f"`{signature(operator)}`\n"
        yield f"{with_fences(inspect.getdoc(operator) or '')}\n"


def modules() -> dict[str, str]:
    """The modules with operators and their subjects: the table in the package's docstring."""
    table = operators.__doc__ or ""
    return dict(re.findall(r"^ {4}(\w+) +(.+?):", table, re.MULTILINE))


def title_of(module: str) -> str:
    """The heading of its chapter."""
    return f"{module}: {modules()[module]}"


def all_operators() -> dict[str, Operator]:
    """Every operator, ours and reactivex's, by each of its names."""
    return {
        name: thing
        for name, thing in vars(operators).items()
        if inspect.isfunction(thing) and not name.startswith("_")
    }


def operators_of(module: str) -> list[Operator]:
    """The public operators that a module defines, in the order in which they stand in it."""
    found = [
        operator
        for name, operator in all_operators().items()
        if module_of(operator) == module and operator.__name__ == name  # not under a second name
    ]
    return sorted(found, key=lambda operator: operator.__code__.co_firstlineno)


def module_of(operator: Operator) -> str:
    """The module of ours that defines it; empty for reactivex's own."""
    package, _, module = operator.__module__.rpartition(".")
    return module if package == operators.__name__ else ""


def class_of(name: str, operator: Operator) -> str:
    """What becomes of a slow consumer: lossless, conflating, unbounded."""
    if module_of(operator):
        told = re.search(r"\b(Lossless|Conflating|Unbounded)\.", inspect.getdoc(operator) or "")
        return told[1].lower() if told else ""
    return CLASSES.get(name, "")


def first_sentence(name: str, operator: Operator) -> str:
    """The first sentence of its docstring; for reactivex's own, ours."""
    if not module_of(operator):
        return WORDS[name]
    paragraph = " ".join((inspect.getdoc(operator) or "").partition("\n\n")[0].split())
    return re.sub(r"(?<=[.])\s.*", "", paragraph)


ELSEWHERE = {
    "audit": "timing",
    "throttle_latest": "timing",
    "buffer_until": "combining",
    "hedge": "recovery",
    "stall": "recovery",
    "timeout": "recovery",
    "rate": "rate",
    "record": "recording",
    "diff": "diff",
    "sentences": "text",
}
"""Operators whose tests are not in the file that is called after their module."""


def tests_of(operator: Operator) -> str:
    """The file with its own tests; all operators are in the one of the laws."""
    module = module_of(operator)
    return f"`test_{ELSEWHERE.get(operator.__name__, module) if module else 'operator_laws'}.py`"


def with_fences(doc: str) -> str:
    """`doc` with its examples as Markdown's blocks of code."""
    return re.sub(r"^(>>> .*(?:\n.+)*)", r"```python\n\1\n```", doc, flags=re.MULTILINE)


def link(name: str, operator: Operator) -> str:
    """The name, for ours with a link to its section."""
    return f"[`{name}`](#{operator.__name__})" if module_of(operator) else f"`{name}`"


def anchor(heading: str) -> str:
    """What GitHub makes of a heading, to link to it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def signature(operator: Operator) -> str:
    """The operator's name and parameters, without types."""
    parameters = [
        parameter.replace(annotation=parameter.empty, default=_shown(parameter.default))
        for parameter in inspect.signature(operator).parameters.values()
    ]
    return f"{operator.__name__}{inspect.Signature(parameters)}"


class _Dots:
    def __repr__(self) -> str:
        return "..."


def _shown(default: Any) -> Any:
    plain = default is inspect.Parameter.empty or isinstance(default, (str, int, float))
    return default if plain or default is None else _Dots()


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE}\n")
