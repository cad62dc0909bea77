"""Validation of a value that is not whole yet: objects of the wanted class, with what has come.

A type's own pydantic schema is rewritten, so that everything in it may be missing. Schemas are
public (`TypeAdapter.core_schema`, `pydantic_core.core_schema`); kinds that are not known here stay
as they are, and what they describe is then left out until it is whole.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, cast

from pydantic import BaseModel, TypeAdapter
from pydantic_core import CoreSchema, SchemaValidator, to_json

_Schema = Mapping[str, Any]
_Defaults = dict[str, Callable[[dict[str, Any]], Any]]

_ONE = ("schema", "lax_schema", "strict_schema", "json_schema", "python_schema")
_MANY = ("steps", "definitions", "choices")
_COLLECTIONS = {"list", "set", "frozenset", "tuple"}
_CHECKS = {"function-after", "function-wrap"}
_OBJECTS = {"model", "dataclass", "definition-ref"}


class PartialValidator:
    """Makes a value of `adapter`'s type from a part of it."""

    def __init__(self, adapter: TypeAdapter[Any]) -> None:
        self._validator = SchemaValidator(cast("CoreSchema", _lenient(adapter.core_schema)))

    def validate(self, value: Any) -> Any:
        """The object, or any exception: also validators of the user's may not like a part."""
        # From JSON rather than from Python objects, as a strict model takes a date from JSON only.
        return self._validator.validate_json(to_json(value, inf_nan_mode="constants"))


def _lenient(schema: _Schema) -> dict[str, Any]:
    kind = schema["type"]
    if kind in _CHECKS and _is_object(schema["schema"]):
        # It checks an object as a whole: that is for the end.
        return _keep_ref(schema, _lenient(schema["schema"]))
    if kind in {"model", "dataclass"}:
        return _keep_ref(schema, _object(schema))
    changed = {**schema}
    changed.pop("min_length", None)
    if kind == "typed-dict":
        fields = {name: _field(field) for name, field in schema["fields"].items()}
        return {**changed, "fields": fields, "extra_behavior": _extra(schema)}
    for key in _ONE:
        if key in schema:
            changed[key] = _lenient(schema[key])
    for key in _MANY:
        if key in schema:
            changed[key] = _each(schema[key])
    if kind in _COLLECTIONS and "items_schema" in schema:
        changed["items_schema"] = _items(schema)
    if kind == "dict" and "values_schema" in schema:
        changed["values_schema"] = _left_out_if_wrong(_lenient(schema["values_schema"]))
    return changed


def _is_object(schema: _Schema) -> bool:
    kind = schema["type"]
    inner = schema.get("schema") if kind.startswith("function-") else None
    return kind in _OBJECTS or (inner is not None and _is_object(inner))


def _keep_ref(schema: _Schema, changed: dict[str, Any]) -> dict[str, Any]:
    return {**changed, "ref": schema["ref"]} if "ref" in schema else changed


def _each(schemas: Any) -> Any:
    if isinstance(schemas, Mapping):
        choices = cast("Mapping[Any, _Schema]", schemas)
        return {name: _lenient(each) for name, each in choices.items()}
    # The choices of a union are schemas, or pairs of a schema and a label.
    some = cast("list[_Schema | tuple[_Schema, str]]", schemas)
    return [(_lenient(s[0]), *s[1:]) if isinstance(s, tuple) else _lenient(s) for s in some]


def _items(schema: _Schema) -> Any:
    if schema["type"] != "tuple":
        return _left_out_if_wrong(_lenient(schema["items_schema"]))
    variadic = schema.get("variadic_item_index")
    return [
        _left_out_if_wrong(_lenient(item)) if index == variadic else _lenient(item)
        for index, item in enumerate(schema["items_schema"])
    ]


def _left_out_if_wrong(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "default", "schema": schema, "on_error": "omit"}


def _object(schema: _Schema) -> dict[str, Any]:
    """A schema for the fields that are there, and a function that makes an object of them."""
    cls = schema["cls"]
    inner = schema["schema"]
    if schema.get("root_model"):
        return _after(_lenient(inner), lambda root: cls.model_construct(root))
    if inner["type"] not in {"model-fields", "dataclass-args"}:  # a validator stands between
        return {**schema}
    named: Any = inner["fields"]
    if isinstance(named, list):
        named = {field["name"]: field for field in cast("list[Any]", named)}
    given = {name: field for name, field in named.items() if field.get("init", True)}
    fields = {
        "type": "typed-dict",
        "fields": {name: _field(field) for name, field in given.items()},
        "extra_behavior": _extra({**inner, "config": schema.get("config", {})}),
        "config": schema.get("config", {}),
    }
    attributes = {
        name: _default(field["schema"]) for name, field in named.items() if not _init_only(field)
    }
    build = _model if issubclass(cls, BaseModel) else _dataclass
    return _after(fields, lambda values: build(cls, attributes, values))


def _after(schema: dict[str, Any], function: Callable[[Any], Any]) -> dict[str, Any]:
    called = {"type": "no-info", "function": function}
    return {"type": "function-after", "schema": schema, "function": called}


def _field(field: _Schema) -> dict[str, Any]:
    schema = field["schema"]
    if schema["type"] == "default":
        schema = schema["schema"]
    changed = {"type": "typed-dict-field", "required": False}
    if "validation_alias" in field:
        changed["validation_alias"] = field["validation_alias"]
    return {**changed, "schema": _left_out_if_wrong(_lenient(schema))}


def _extra(schema: _Schema) -> str:
    configured = schema.get("config", {}).get("extra_fields_behavior")
    return "allow" if schema.get("extra_behavior", configured) == "allow" else "ignore"


def _init_only(field: _Schema) -> bool:
    return bool(field.get("init_only", False))


def _default(schema: _Schema) -> Callable[[dict[str, Any]], Any]:
    """What a field has that has not come: its default, or None."""
    if schema["type"] == "default" and "default_factory" in schema:
        factory = schema["default_factory"]
        takes_data = schema.get("default_factory_takes_data", False)
        return lambda values: factory(values) if takes_data else factory()
    default = schema.get("default") if schema["type"] == "default" else None
    return lambda _: deepcopy(default)


def _model(cls: type[BaseModel], defaults: _Defaults, values: dict[str, Any]) -> BaseModel:
    come = set(values)
    for name, default in defaults.items():
        if name not in values:
            values[name] = default(values)
    return cls.model_construct(come, **values)


def _dataclass(cls: type[Any], defaults: _Defaults, values: dict[str, Any]) -> Any:
    made: Any = object.__new__(cls)
    for field in dataclasses.fields(cls):
        name = field.name
        if name in defaults:
            value = values[name] if name in values else defaults[name](values)
            object.__setattr__(made, name, value)  # it may be frozen
    return made
