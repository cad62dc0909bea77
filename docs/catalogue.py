"""Writes docs/operators.md from the operators' own docstrings.

python docs/catalogue.py            # after a docstring has changed; the tests compare
"""

# ruff: noqa: E501 - the page has lines of its own length

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from rxagents import operators

PAGE = Path(__file__).parent / "operators.md"

HEAD = """# Operators

This page is written by `docs/catalogue.py` from the operators' docstrings.

`from rxagents import operators as ops` has the operators below and every operator of
[`reactivex.operators`](https://rxpy.readthedocs.io/en/latest/reference_operators.html) that they do not replace.
Each takes a stream and gives a stream; `stream.pipe(a, b, c)` applies them from left to right.

## What happens when the consumer is slow

A consumer that reads with `async for` grants its sources a credit of 64 events (`stream.iterate(high=...)`). The
credit reaches asynchronous sources through all operators, so what becomes of a slow consumer follows from how an
operator is made. Each of ours says it at the end of its first paragraph:

- **Lossless**: nothing is lost, and what lies in between is bounded. Of reactivex's operators so are `map`, `filter`,
  `scan`, `reduce`, `do_action`, `pairwise`, `take`, `skip` and their variants, `distinct_until_changed`, `materialize`,
  `start_with`, `concat`, `merge` of streams, `catch`, `repeat`, `group_by` with `merge_all`; and, in multiples of
  their size, `buffer_with_count` and `window_with_count`.
- **Conflating**: the source runs freely, memory is constant, and events are dropped or merged on purpose. Of
  reactivex's so are `debounce`, `sample`, `throttle_first`, `buffer_with_time`, `buffer_with_time_or_count`.
- **Unbounded**: a queue is hidden in it that the credit does not see. Of reactivex's so are `observe_on`, `zip_latest`,
  `merge(max_concurrent=)`, and `publish` / `replay` with several consumers; keep them off fast sources with slow
  consumers. (A run from `Runner.run_streamed` has its own log and needs neither of the last two.)

The fluent methods of a stream (`stream.zip(...)`) are reactivex's operators, also where ours replace them in `ops`.

## Time

A subscription without a `scheduler` uses the event loop's clock and timers, whatever the operator. No thread is
started, callbacks run on the loop, and in a test on a `VirtualLoop` times are exact.
"""


def page() -> str:
    """The whole page, as it must stand in docs/operators.md."""
    return "\n".join([HEAD, *(line for module in modules() for line in chapter(module))])


def modules() -> list[str]:
    """The modules with operators, in the order of the table in the package's docstring."""
    table = operators.__doc__ or ""
    return re.findall(r"^ {4}(\w+) {2,}", table, re.MULTILINE)


def chapter(module: str) -> Iterator[str]:
    """One module's operators, with what its docstring says."""
    doc = inspect.getdoc(import_module(f"rxagents.operators.{module}")) or ""
    title, _, rest = doc.partition("\n")
    yield f"## {module}: {title[0].lower()}{title[1:].removesuffix('.')}\n"
    if rest.strip():
        yield f"{rest.strip()}\n"
    for operator in operators_of(module):
        yield f"### `{signature(operator)}`\n"
        yield f"{inspect.getdoc(operator)}\n"


def operators_of(module: str) -> list[Callable[..., Any]]:
    """The public operators that a module defines, in the order in which they stand in it."""
    found = [
        thing
        for name, thing in vars(operators).items()
        if inspect.isfunction(thing)
        and thing.__module__ == f"rxagents.operators.{module}"
        and thing.__name__ == name  # not under a second name
    ]
    return sorted(found, key=lambda thing: thing.__code__.co_firstlineno)


def signature(operator: Callable[..., Any]) -> str:
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
