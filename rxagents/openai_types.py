"""JSON to the `openai` package's own classes, chosen by `type`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, cast, get_args

from openai import BaseModel
from openai._models import construct_type  # the client's own lenient way; there is no public one
from openai.types.responses import ResponseOutputItem, ResponseStreamEvent
from pydantic import ValidationError


@cache
def event_classes() -> Mapping[str, type[BaseModel]]:
    """The class of each type of event, from the `openai` package's union of them."""
    return _by_type(ResponseStreamEvent)


@cache
def item_classes() -> Mapping[str, type[BaseModel]]:
    """The class of each type of output item."""
    return _by_type(ResponseOutputItem)


def typed_event(value: Mapping[str, Any]) -> ResponseStreamEvent:
    """The event in the class of its type.

    One that does not validate, because it is newer or sloppier than the package's types, or whose
    type is unknown, is made in the client's lenient way.
    """
    return cast("ResponseStreamEvent", _validated(value, event_classes()) or lenient_event(value))


def typed_item(value: Mapping[str, Any]) -> ResponseOutputItem:
    """The output item in the class of its type, as `typed_event` makes events."""
    return cast("ResponseOutputItem", _validated(value, item_classes()) or lenient_item(value))


def lenient_event(value: Mapping[str, Any]) -> ResponseStreamEvent:
    """The event with every value as it stands, whether it fits or not."""
    return cast("ResponseStreamEvent", construct_type(type_=ResponseStreamEvent, value=value))


def lenient_item(value: Mapping[str, Any]) -> ResponseOutputItem:
    """The output item with every value as it stands, whether it fits or not."""
    return cast("ResponseOutputItem", construct_type(type_=ResponseOutputItem, value=value))


def _by_type(annotated: Any) -> dict[str, type[BaseModel]]:
    union, *_ = get_args(annotated)
    return {
        kind: each
        for each in cast("tuple[type[BaseModel], ...]", get_args(union))
        for kind in get_args(each.model_fields["type"].annotation)
    }


def _validated(value: Mapping[str, Any], classes: Mapping[str, type[BaseModel]]) -> Any:
    kind = value.get("type")
    known = classes.get(kind) if isinstance(kind, str) else None
    if known is None:
        return None
    try:
        return known.model_validate(value)
    except ValidationError:
        return None
