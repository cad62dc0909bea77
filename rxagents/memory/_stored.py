"""Items as they are stored: one JSON text each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel

from rxagents.exceptions import UserError

if TYPE_CHECKING:
    from rxagents.items import TResponseInputItem


def written(
    items: Iterable[TResponseInputItem], *, compact: bool = False, ensure_ascii: bool = True
) -> list[str]:
    """The texts of `items`. Raises UserError for one that has no form in JSON.

    `compact` leaves out the blanks, as some stores do since their first version.
    """
    separators = (",", ":") if compact else None
    texts: list[str] = []
    for index, item in enumerate(items):
        plain: Any = item
        if isinstance(plain, BaseModel):
            plain = plain.model_dump(mode="json", by_alias=True, exclude_unset=True)
        try:
            texts.append(json.dumps(plain, separators=separators, ensure_ascii=ensure_ascii))
        except (TypeError, ValueError) as error:
            raise UserError(
                f"item {index} cannot be kept in a session: {error}; give it as a dictionary of "
                "what JSON has"
            ) from error
    return texts


def read(text: str | bytes) -> TResponseInputItem | None:
    """The item in `text`; None if it is damaged: a history with a gap is better than none."""
    try:
        item = json.loads(text)
    except (ValueError, TypeError):
        return None
    return cast("TResponseInputItem", item) if isinstance(item, dict) else None


def read_all(texts: Iterable[str | bytes]) -> list[TResponseInputItem]:
    """The items in `texts`, without those that are damaged."""
    return [item for text in texts if (item := read(text)) is not None]
