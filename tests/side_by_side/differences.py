"""What may differ between the two libraries, each by the first words of its line in the docs.

A difference is a function that makes lines of both libraries the same where they differ in that
way alone. The line itself is in docs/differences.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Lines: TypeAlias = list[str]
Difference: TypeAlias = Callable[[Lines], Lines]

_ITEMS = ("message_output_created", "tool_called", "handoff_requested", "reasoning_item_created")


def items_after_the_response(lines: Lines) -> Lines:
    """Move the items that a response finishes behind its end, where the SDK tells them."""
    moved: Lines = []
    waiting: Lines = []
    for line in lines:
        if line.startswith(_ITEMS):
            waiting.append(line)
            continue
        if not line.startswith("raw "):
            moved, waiting = moved + waiting, []
        moved.append(line)
        if line == "raw response.completed":
            moved, waiting = moved + waiting, []
    return moved + waiting


def outputs_in_any_order(lines: Lines) -> Lines:
    """Sort outputs that follow one another."""
    told: Lines = []
    outputs: Lines = []
    for line in [*lines, ""]:
        if line.startswith("tool_output"):
            outputs.append(line)
            continue
        told += [*sorted(outputs), line]
        outputs = []
    return told[:-1]


def without(*beginnings: str) -> Difference:
    """Leave out the lines that begin so."""
    return lambda lines: [line for line in lines if not line.startswith(beginnings)]


def other_words(*beginnings: str) -> Difference:
    """Leave out the words of the lines that begin so."""

    def cut(line: str) -> str:
        return next((start for start in beginnings if line.startswith(start)), line)

    return lambda lines: [cut(line) for line in lines]


ITEMS = "`tool_called`, `message_output_created`, `reasoning_item_created`, `handoff_requested`"
OUTPUTS = "`tool_output`"
WORDS = "what the model is told where the program says nothing"
FILTERED = "a handoff whose filter leaves out the handoff itself"
TRIPPED = "an input guardrail that trips while tools run"
ASKED = "a call that needs an approval"

NAMED: dict[str, dict[str, Difference]] = {
    "tools_of_one_turn": {OUTPUTS: outputs_in_any_order},
    "a_tool_that_fails": {WORDS: other_words("tool_output output c1")},
    "a_handoff_with_a_filter": {WORDS: other_words("described as")},
    "a_handoff_that_leaves_out_all": {
        FILTERED: without("handoff_occured"),
        WORDS: other_words("described as"),
    },
    "a_handoff_without_tools": {
        FILTERED: without("handoff_occured"),
        WORDS: other_words("described as"),
    },
    "an_unknown_tool_that_is_told": {WORDS: other_words("tool_output output c1")},
    "two_handoffs_and_a_tool": {WORDS: other_words("tool_output output c3")},
    "an_input_guardrail_beside_the_model": {TRIPPED: without("side effect", "tool_output")},
    "approvals_and_a_state": {ASKED: without("approval_requested")},
}
"""By program, beside ITEMS, which nearly all of them show."""

EXACTLY_THE_SAME = {
    "a_tool_that_there_is_not",
    "an_input_guardrail_before_the_model",
    "hooks_of_run_and_agent",
    "a_state_as_text",
    "a_model_that_fails",
}


def differences_of(program: str) -> dict[str, Difference]:
    """What may differ between the two runs of a program."""
    if program in EXACTLY_THE_SAME:
        return {}
    return {ITEMS: items_after_the_response, **NAMED.get(program, {})}
