"""How calls, outputs, figures and errors are put."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any, Final

import openai
from rich.console import Console

from rxagents import RxAgentsError, ToolCallItem, ToolCallOutputItem

if TYPE_CHECKING:
    from .statistics import Statistics

_LONGEST: Final = 200
"""Characters of a call or an output that are shown; in a terminal a line is less."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def errors() -> Console:
    """The console of standard error. Nothing on it is read as markup."""
    return Console(file=sys.stderr, markup=False, emoji=False, highlight=False)


def harmless(text: str) -> str:
    """`text` without control characters, with which a model could steer the terminal."""
    return _CONTROL.sub("", text)


def one_line(text: str, longest: int = _LONGEST) -> str:
    """`text` on one line, cut where it gets too long."""
    line = harmless(" ".join(text[: 4 * longest].split()))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def name_of(item: ToolCallItem) -> str:
    """The name of the tool that is called; of a hosted tool, its kind."""
    raw: Any = item.raw_item
    return one_line(getattr(raw, "name", None) or str(raw.type).removesuffix("_call"))


def arguments_of(item: ToolCallItem) -> str:
    """The arguments of a call as Python would have them: `city="Oslo", days=3`."""
    text: str = getattr(item.raw_item, "arguments", None) or ""
    try:
        given: Any = json.loads(text or "{}")
        pairs = [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in given.items()]
    except (ValueError, AttributeError):
        return one_line(text)
    return one_line(", ".join(pairs))


def call_id_of(item: ToolCallItem | ToolCallOutputItem) -> str:
    """What a call and its output have in common; empty for hosted tools, which have no output."""
    if isinstance(item, ToolCallOutputItem):
        return str(item.raw_item.get("call_id", ""))
    return getattr(item.raw_item, "call_id", None) or ""


def output_of(item: ToolCallOutputItem) -> str:
    """What the tool said."""
    return one_line(str(item.raw_item["output"])) or "(nothing)"


def figures(statistics: Statistics) -> str:
    """What a run took, on a line."""
    first, rate = statistics.time_to_first_token, statistics.tokens_per_second
    parts = [
        f"{first:.2f} s to first token" if first is not None else "",
        f"{rate:.1f} tokens/s" if rate is not None else "",
        f"{statistics.input_tokens:,} in" if statistics.input_tokens else "",
        f"{statistics.output_tokens:,} out" if statistics.output_tokens else "",
        f"{statistics.turns} turn{'' if statistics.turns == 1 else 's'}",
    ]
    return " · ".join(part for part in parts if part)


def error_sentence(error: Exception) -> str:
    """What went wrong, on one line, whatever the error's own text is like."""
    said = harmless(" ".join(str(error).split()))
    if isinstance(error, (RxAgentsError, openai.OpenAIError)):
        return f"rxagents: {said or type(error).__name__}"
    return f"rxagents: {type(error).__name__}: {said} (--traceback shows where)"
