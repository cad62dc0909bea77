"""What an item carries for the provider it came from, and for no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from openai.types.responses import ResponseInputItemParam

KEY = "provider_data"
"""The item's field; it is no field of the Responses API."""


def provider_data(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """What `item` was marked with; empty if it was not."""
    data = item.get(KEY)
    return cast("Mapping[str, Any]", data) if isinstance(data, Mapping) else {}


def without_provider_data(items: list[ResponseInputItemParam]) -> list[ResponseInputItemParam]:
    """`items` for the Responses API, which refuses marks, and thoughts that are not its own."""
    plain: list[ResponseInputItemParam] = []
    for item in items:
        fields = cast("Mapping[str, Any]", item)
        if KEY not in fields:
            plain.append(item)
        elif fields.get("type") != "reasoning":
            kept = {name: value for name, value in fields.items() if name not in (KEY, "id")}
            plain.append(cast("ResponseInputItemParam", kept))
    return plain
