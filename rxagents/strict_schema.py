"""JSON schemas as OpenAI's strict mode wants them: every object closed, every property required.

The rules: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, TypeAlias

from typing_extensions import TypeIs

from .exceptions import UserError

JsonSchema: TypeAlias = dict[str, Any]

_LISTS_OF_SCHEMAS = (  # each with the step to the values they describe; `items` may be one schema
    ("items", "[]"),
    ("prefixItems", "[]"),
    ("anyOf", ""),
    ("oneOf", ""),
    ("allOf", ""),
)


def ensure_strict_json_schema(schema: JsonSchema) -> JsonSchema:
    """Return a strict copy of `schema`, which stays as it is.

    Every object gets `additionalProperties: false` and requires all its properties; a default of
    None goes; `oneOf` becomes `anyOf`; an `allOf` of one schema becomes that schema; a `$ref` with
    keywords beside it becomes what it names, together with them. Where a definition contains
    itself it cannot be written out, so such a `$ref` stays, as the only member of an `anyOf`.
    The empty schema becomes that of an object without properties. A strict schema stays the same.

    Raises UserError where an object takes keys that are not named (`additionalProperties` is
    true or a schema, or there are `patternProperties`), naming the place as in `person.tags[]`,
    and where a `$ref` names nothing inside `schema`.
    """
    if not schema:
        return {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    _refuse_open_objects(schema, schema, "", seen=set())
    strict = deepcopy(schema)
    _close(strict, schema)
    return strict


def _refuse_open_objects(node: JsonSchema, root: JsonSchema, place: str, seen: set[int]) -> None:
    """Raise for the first open object, also behind a `$ref`, so that `place` says who uses it."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if node.get("additionalProperties", False) is not False or "patternProperties" in node:
        where = f"{place!r}" if place else "the schema itself"
        raise UserError(f"{where} takes keys without fixed names, which no strict schema can have")
    for step, child in _children(node):
        _refuse_open_objects(child, root, f"{place}{step}".removeprefix("."), seen)
    if isinstance(ref := node.get("$ref"), str):
        _refuse_open_objects(_resolve(ref, root), root, place, seen)


def _children(node: JsonSchema) -> Iterator[tuple[str, JsonSchema]]:
    """Yield the schemas directly inside `node`, each after the step that leads to its values."""
    for keyword, step in (("properties", ".{}"), ("$defs", "{}"), ("definitions", "{}")):
        if _is_schema(named := node.get(keyword)):
            for name, child in named.items():
                if _is_schema(child):
                    yield step.format(name), child
    for keyword, step in _LISTS_OF_SCHEMAS:
        inside = node.get(keyword)
        for child in inside if _is_list(inside) else [inside]:
            if _is_schema(child):
                yield step, child


def _is_schema(value: object) -> TypeIs[JsonSchema]:
    return isinstance(value, dict)  # true and false are schemas too, but nothing is inside


def _is_list(value: object) -> TypeIs[list[Any]]:
    return isinstance(value, list)


def _close(node: JsonSchema, root: JsonSchema) -> None:
    """Make `node`, a part of the copy, strict; `root` is the original, where `$ref` looks."""
    _unfold(node, root)
    if "oneOf" in node:
        node["anyOf"] = [*node.get("anyOf", []), *node.pop("oneOf")]
    if node.get("default", ...) is None:
        del node["default"]
    if _is_object(node):
        node["additionalProperties"] = False
        if _is_schema(properties := node.get("properties")):
            node["required"] = list(properties)
    for _, child in _children(node):
        _close(child, root)


def _is_object(node: JsonSchema) -> bool:
    kind = node.get("type")
    return kind == "object" or (_is_list(kind) and "object" in kind)


def _unfold(node: JsonSchema, root: JsonSchema) -> None:
    """Replace a `$ref` that has neighbours, and an `allOf` of one, by what they stand for."""
    while True:
        if isinstance(ref := node.get("$ref"), str) and len(node) > 1:
            del node["$ref"]
            if _contains_itself(ref, root):
                _lay_under(node, {"anyOf": [{"$ref": ref}]})
            else:
                _lay_under(node, deepcopy(_resolve(ref, root)))
        elif _is_list(all_of := node.get("allOf")) and len(all_of) == 1 and _is_schema(all_of[0]):
            _lay_under(node, node.pop("allOf")[0])
        else:
            return


def _lay_under(node: JsonSchema, other: JsonSchema) -> None:
    """Add the keywords of `other`; where both have one, `node` is right, or the two are joined."""
    for keyword, value in other.items():
        if keyword in ("properties", "$defs", "definitions"):
            node[keyword] = {**value, **node.get(keyword, {})}
        elif keyword == "allOf":
            node[keyword] = [*value, *node.get(keyword, [])]
        else:
            node.setdefault(keyword, value)


def _contains_itself(ref: str, root: JsonSchema) -> bool:
    reached: set[str] = set()
    ahead = [ref]
    while ahead:
        for found in _refs(_resolve(ahead.pop(), root)):
            if found == ref:
                return True
            if found not in reached:
                reached.add(found)
                ahead.append(found)
    return False


def _refs(node: JsonSchema) -> Iterator[str]:
    if isinstance(ref := node.get("$ref"), str):
        yield ref
    for _, child in _children(node):
        yield from _refs(child)


def _resolve(ref: str, root: JsonSchema) -> JsonSchema:
    """Return the schema in `root` that `ref`, a JSON pointer (RFC 6901) after a #, names."""
    pointer, *steps = ref.split("/")
    found: Any = root if pointer == "#" else None
    for step in steps:
        key = step.replace("~1", "/").replace("~0", "~")
        if _is_list(found):
            found = found[int(key)] if key.isdecimal() and int(key) < len(found) else None
        else:
            found = found.get(key) if _is_schema(found) else None
    if not _is_schema(found):
        raise UserError(f"the schema refers to {ref!r}, which is not in it")
    return found
