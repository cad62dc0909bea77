"""Items as they go into a session and out of it: plain, without what means nothing there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from pydantic import BaseModel

from .pairs import OUTPUT_OF

if TYPE_CHECKING:
    from rxagents.items import TResponseInputItem

ReasoningItemIdPolicy: TypeAlias = Literal["preserve", "omit"]
"""Whether the ids of reasoning items are given back to the model."""

PLACEHOLDER_ID = "__fake_id__"
"""The id of items whose provider gives none. No provider knows it, so it is left out."""

_PRIVATE = ("created_by", "_agents_tool_description", "_agents_tool_title")
"""What the OpenAI Agents SDK, or the API in its answers, adds and the API does not take back."""

_FIRST_PLACE = {*OUTPUT_OF, "reasoning", "mcp_approval_request"}


def clean(
    items: Iterable[TResponseInputItem], policy: ReasoningItemIdPolicy | None = None
) -> list[TResponseInputItem]:
    """Copies of `items` as plain dictionaries that a model's API takes.

    Placeholders for ids are left out; with the policy "omit" the ids of reasoning items, too.
    """
    return [_clean(item, policy) for item in items]


def latest_of_each(items: Sequence[TResponseInputItem]) -> list[TResponseInputItem]:
    """`items`, each call, output and other item with an id only once, as it was given last.

    What others follow from (calls, reasoning) keeps its first place, the rest its last. Messages
    are never taken for one another: people say the same thing twice.
    """
    keys = [_identity(item) for item in items]
    last = {key: index for index, key in enumerate(keys) if key is not None}
    first = {key: index for index, key in reversed(list(enumerate(keys))) if key is not None}
    kept: list[TResponseInputItem] = []
    for index, (key, item) in enumerate(zip(keys, items, strict=True)):
        if key is None:
            kept.append(item)
        elif index == (first if key[0] in _FIRST_PLACE else last)[key]:
            kept.append(items[last[key]])
    return kept


def _clean(item: TResponseInputItem, policy: ReasoningItemIdPolicy | None) -> TResponseInputItem:
    plain: Any = item
    if isinstance(plain, BaseModel):
        plain = plain.model_dump(by_alias=True, exclude_unset=True)
    cleaned = {name: value for name, value in plain.items() if name not in _PRIVATE}
    forgets = cleaned.get("type") == "reasoning" and policy == "omit"
    if cleaned.get("id") == PLACEHOLDER_ID or forgets:
        cleaned.pop("id", None)
    return cast("TResponseInputItem", cleaned)


def _identity(item: TResponseInputItem) -> tuple[str, str] | None:
    """By what an item can be told from others of its type; None if by nothing."""
    plain = cast("dict[str, Any]", item)
    kind = plain.get("type")
    if not isinstance(kind, str) or kind == "message" or "role" in plain:
        return None
    if kind == "mcp_approval_response":
        found = plain.get("approval_request_id")
    elif kind in OUTPUT_OF or kind in OUTPUT_OF.values():
        found = plain.get("call_id") or plain.get("id")
    else:
        found = plain.get("id")
    return (kind, found) if isinstance(found, str) else None
