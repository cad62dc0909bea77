"""Input filters for handoffs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from rxagents.handoff_history import (
    default_handoff_history_mapper as default_handoff_history_mapper,
)
from rxagents.handoff_history import nest_handoff_history as nest_handoff_history
from rxagents.handoffs import HandoffInputData
from rxagents.items import InputItem, MessageOutputItem, RunItem


def remove_all_tools(handoff_input_data: HandoffInputData) -> HandoffInputData:
    """Leave only what was said: no calls, outputs, handoffs, reasoning nor hosted tools' items."""
    data = handoff_input_data
    history = data.input_history
    if not isinstance(history, str):
        history = tuple(item for item in history if _is_message(item))
    return data.clone(
        input_history=history,
        pre_handoff_items=_messages(data.pre_handoff_items),
        new_items=_messages(data.new_items),
        input_items=None if data.input_items is None else _messages(data.input_items),
    )


def _messages(items: Iterable[RunItem]) -> tuple[RunItem, ...]:
    return tuple(item for item in items if isinstance(item, MessageOutputItem | InputItem))


def _is_message(item: Any) -> bool:
    kind: object = cast("dict[str, Any]", item).get("type", "message")
    return kind == "message"
