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

    One that does not validate, because it is newer or sloppier than the package's types, is made
    leniently, and so is one of an unknown type.
    """
    made = _validated(value, event_classes())
    return lenient_event(value) if made is None else cast("ResponseStreamEvent", made)


def typed_item(value: Mapping[str, Any]) -> ResponseOutputItem:
    """The output item in the class of its type, as `typed_event` makes events."""
    made = _validated(value, item_classes())
    return lenient_item(value) if made is None else cast("ResponseOutputItem", made)


def lenient_event(value: Mapping[str, Any]) -> ResponseStreamEvent:
    """The event in the class of its type, with every value as it stands, fitting or not.

    One of an unknown type is of any of the classes, and has all its values nevertheless.
    """
    kind = _class_of(value, event_classes()) or ResponseStreamEvent
    return cast("ResponseStreamEvent", construct_type(type_=kind, value=value))


def lenient_item(value: Mapping[str, Any]) -> ResponseOutputItem:
    """The output item in the class of its type, as `lenient_event` makes events."""
    kind = _class_of(value, item_classes()) or ResponseOutputItem
    return cast("ResponseOutputItem", construct_type(type_=kind, value=value))


def _by_type(annotated: Any) -> dict[str, type[BaseModel]]:
    union, *_ = get_args(annotated)
    return {
        kind: each
        for each in cast("tuple[type[BaseModel], ...]", get_args(union))
        for kind in get_args(each.model_fields["type"].annotation)
    }


def _class_of(
    value: Mapping[str, Any], classes: Mapping[str, type[BaseModel]]
) -> type[BaseModel] | None:
    kind = value.get("type")
    return classes.get(kind) if isinstance(kind, str) else None


def _validated(
    value: Mapping[str, Any], classes: Mapping[str, type[BaseModel]]
) -> BaseModel | None:
    known = _class_of(value, classes)
    if known is None:
        return None
    try:
        return known.model_validate(value)
    except ValidationError:
        return None
