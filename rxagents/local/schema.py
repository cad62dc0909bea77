"""Narrow a JSON schema until whatever is generated under it comes to an end.

Constrained decoding keeps to a schema, but a model this small does not find the end of an open
string, list or map in one of thirty cases, and writes on until it is cut off in the middle. So the
schema that the grammar is made of gets limits. What fits the narrower schema fits the user's too,
except where that asks for more than the limits allow (a map with `minProperties`). A schema that
contains itself stays as deep as it was: what is generated for it may still be cut off.
"""

from __future__ import annotations

from typing import Any, cast

MAX_ITEMS = 5
"""Items of a list that has no smaller limit of its own."""

_MAPS_OF_SCHEMAS = ("properties", "$defs", "definitions")
_LISTS_OF_SCHEMAS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SHAPES = {"type", "properties", "enum", "const", "$ref", "anyOf", "oneOf", "allOf"}


def bounded(schema: Any, max_length: int) -> dict[str, Any]:
    """A schema whose strings have at most `max_length` characters and whose lists `MAX_ITEMS`.

    Objects have no properties but the named ones, so that a free-form map is always empty. Where
    anything is allowed, a string is asked for. A minimum that is larger than a limit wins over it.
    """
    if not isinstance(schema, dict) or not _SHAPES & (given := cast(dict[str, Any], schema)).keys():
        return {"type": "string", "maxLength": max_length}
    narrow = dict(given)
    for key in _MAPS_OF_SCHEMAS:
        if key in given:
            narrow[key] = {name: bounded(each, max_length) for name, each in given[key].items()}
    for key in _LISTS_OF_SCHEMAS:
        if key in given:
            narrow[key] = [bounded(each, max_length) for each in given[key]]
    types = given.get("type", ())
    if "object" in types or "properties" in given:
        narrow["additionalProperties"] = False
    if "array" in types:
        narrow["maxItems"] = _limit(given, "minItems", "maxItems", MAX_ITEMS)
        if "items" in given or "prefixItems" not in given:
            narrow["items"] = bounded(given.get("items"), max_length)
    if "string" in types:
        # llama.cpp lets `enum`, `const`, `pattern` and the formats it knows go before the length.
        narrow["maxLength"] = _limit(given, "minLength", "maxLength", max_length)
    return narrow


def _limit(schema: dict[str, Any], minimum: str, maximum: str, limit: int) -> int:
    least: int = schema.get(minimum, 0)
    most: int = schema.get(maximum, limit)
    return max(least, min(most, limit))
