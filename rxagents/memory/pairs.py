"""Calls and their outputs stay together, and a response stays whole.

A model's API refuses an input with an output whose call is missing, a call whose output is
missing, or a reasoning item without what followed it in its response (and, for a reasoning model,
the other way round). These functions cut a conversation so that none of that is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from rxagents.items import TResponseInputItem

OUTPUT_OF = {
    "function_call": "function_call_output",
    "custom_tool_call": "custom_tool_call_output",
    "computer_call": "computer_call_output",
    "local_shell_call": "local_shell_call_output",
    "shell_call": "shell_call_output",
    "apply_patch_call": "apply_patch_call_output",
    "tool_search_call": "tool_search_output",
}
"""By the type of a call, the type of its output: the calls that we answer, not the provider."""

_CALL_OF = {output: call for call, output in OUTPUT_OF.items()}


def whole_turn(items: Sequence[TResponseInputItem]) -> list[TResponseInputItem]:
    """What of a turn's items can be kept: all but calls without an output and outputs without call.

    A reasoning item that led to a call goes with it. Of a turn that was broken off nothing
    remains that a later run would stumble over.
    """
    return without_unasked(without_unanswered(items))


def without_unanswered(
    items: Sequence[TResponseInputItem], among: Iterable[int] | None = None
) -> list[TResponseInputItem]:
    """`items` without calls that have no output, and reasoning that then leads to nothing.

    Only those at the positions `among` are taken out, all by default.
    """
    here = set(range(len(items)) if among is None else among)
    answered = {(_CALL_OF[_type(i)], _call_id(i)) for i in items if _type(i) in _CALL_OF}
    out = {
        index
        for index in here
        if _type(items[index]) in OUTPUT_OF
        and _call_id(items[index]) is not None
        and (_type(items[index]), _call_id(items[index])) not in answered
    }
    return [
        item
        for index, item in enumerate(items)
        if index not in out
        and not (index in here and _type(item) == "reasoning" and _leads_nowhere(items, index, out))
    ]


def _leads_nowhere(items: Sequence[TResponseInputItem], index: int, out: set[int]) -> bool:
    """Whether nothing is left of what follows the reasoning at `index` in its response."""
    index += 1
    while index < len(items) and _type(items[index]) == "reasoning":
        index += 1
    while index < len(items) and is_of_model(items[index]) and _type(items[index]) != "reasoning":
        if index not in out:
            return False
        index += 1
    return True


def without_unasked(
    items: Sequence[TResponseInputItem], among: Iterable[int] | None = None
) -> list[TResponseInputItem]:
    """`items` without outputs that no call asked for.

    Only those at the positions `among` are taken out, all by default.
    """
    asked = {(OUTPUT_OF[_type(i)], _call_id(i)) for i in items if _type(i) in OUTPUT_OF}
    here = set(range(len(items)) if among is None else among)
    return [
        item
        for index, item in enumerate(items)
        if index not in here
        or _type(item) not in _CALL_OF
        or _call_id(item) is None
        or (_type(item), _call_id(item)) in asked
    ]


def from_whole_response(
    before: TResponseInputItem | None, latest: Sequence[TResponseInputItem]
) -> list[TResponseInputItem]:
    """`latest` from the first item on that does not belong to a response that was cut off.

    `before` is the item in front of it in the whole history; None if there is none.
    """
    start = 0
    if before is not None and is_of_model(before):
        while start < len(latest) and is_of_model(latest[start]):
            start += 1
    return without_unasked(latest[start:])


def is_of_model(item: TResponseInputItem) -> bool:
    """Whether a model has said it: a message, reasoning, or a call."""
    kind, role = _type(item), _plain(item).get("role")
    if role is not None:
        return bool(role == "assistant")
    return kind not in _CALL_OF and kind not in ("item_reference", "mcp_approval_response")


def _plain(item: TResponseInputItem) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", item)


def _type(item: TResponseInputItem) -> str:
    return str(_plain(item).get("type") or "message")


def _call_id(item: TResponseInputItem) -> str | None:
    """None where the provider has given none: such calls it answers itself."""
    found = _plain(item).get("call_id")
    return found if isinstance(found, str) else None
