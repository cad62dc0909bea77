"""Strict JSON schemas: every object closed, every property required, nothing else changed."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from rxagents.exceptions import UserError
from rxagents.strict_schema import ensure_strict_json_schema


def objects_in(value: Any) -> list[dict[str, Any]]:
    """Every schema of an object at any depth; no property here is called `type`."""
    if isinstance(value, list):
        return [found for member in value for found in objects_in(member)]
    if not isinstance(value, dict):
        return []
    inside = [found for member in value.values() for found in objects_in(member)]
    return [value, *inside] if value.get("type") == "object" else inside


def _nested(schemas: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    objects = st.dictionaries(st.sampled_from(["a", "b", "default"]), schemas, max_size=3).map(
        lambda properties: {"type": "object", "properties": properties, "required": ["a"]}
    )
    listed = st.lists(schemas, min_size=1, max_size=2)
    described = schemas.map(lambda schema: {**schema, "description": "d"})
    single = schemas.map(lambda schema: {"allOf": [schema], "default": None})
    alternatives = st.builds(
        lambda keyword, members: {keyword: members}, st.sampled_from(["anyOf", "oneOf"]), listed
    )
    arrays = schemas.map(lambda schema: {"type": "array", "items": schema})
    return objects | described | single | alternatives | arrays


leaves = st.sampled_from(
    [
        {"type": "string", "default": None},
        {"type": "integer", "default": 3},
        {"type": "object"},
        {"$ref": "#/$defs/Leaf"},
        {"$ref": "#/$defs/Tree", "description": "one more tree"},
    ]
)
definitions = {
    "Leaf": {"type": "object", "properties": {"size": {"type": "integer", "default": None}}},
    "Tree": {
        "type": "object",
        "properties": {"left": {"$ref": "#/$defs/Tree", "description": "the left side"}},
    },
}
schemas = st.recursive(leaves, _nested, max_leaves=8).map(
    lambda schema: deepcopy({"type": "object", "properties": {"x": schema}, "$defs": definitions})
)


@given(schemas)
def test_a_strict_schema_has_closed_objects_that_require_every_property(
    schema: dict[str, Any],
) -> None:
    for found in objects_in(ensure_strict_json_schema(schema)):
        assert found["additionalProperties"] is False
        assert found.get("required", []) == list(found.get("properties", {}))


@given(schemas)
def test_making_a_schema_strict_twice_is_the_same_as_once(schema: dict[str, Any]) -> None:
    once = ensure_strict_json_schema(schema)
    assert ensure_strict_json_schema(once) == once


@given(schemas)
def test_the_schema_that_was_given_is_not_changed(schema: dict[str, Any]) -> None:
    before = deepcopy(schema)
    strict = ensure_strict_json_schema(schema)
    strict["properties"]["x"].clear()
    assert schema == before


def of(value: dict[str, Any], **definitions: Any) -> Any:
    """The strict form of one property's schema."""
    root = {"type": "object", "properties": {"x": value}, "$defs": definitions}
    return ensure_strict_json_schema(root)["properties"]["x"]


def test_the_empty_schema_is_that_of_an_object_without_properties() -> None:
    assert ensure_strict_json_schema({}) == {
        "type": "object",
        "properties": {},
        "required": [],
        "additionalProperties": False,
    }


def test_only_a_default_of_none_goes() -> None:
    assert of({"type": "string", "default": None}) == {"type": "string"}
    assert of({"type": "string", "default": ""}) == {"type": "string", "default": ""}


def test_a_property_that_is_called_default_stays() -> None:
    schema = of({"type": "object", "properties": {"default": {"type": "null"}}})
    assert schema["properties"] == {"default": {"type": "null"}}
    assert schema["required"] == ["default"]


def test_an_object_that_may_be_null_is_closed_too() -> None:
    assert of({"type": ["object", "null"]})["additionalProperties"] is False


def test_one_of_becomes_any_of() -> None:
    assert of({"oneOf": [{"type": "string"}, {"type": "object"}]}) == {
        "anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": False}]
    }


def test_an_all_of_one_is_that_one() -> None:
    assert of({"allOf": [{"type": "string"}], "title": "X"}) == {"type": "string", "title": "X"}


def test_an_all_of_several_stays_and_each_is_closed() -> None:
    several = {"allOf": [{"type": "object"}, {"type": "object", "title": "B"}]}
    assert [s["additionalProperties"] for s in of(several)["allOf"]] == [False, False]


def test_a_plain_ref_stays() -> None:
    assert of({"$ref": "#/$defs/A"}, A={"type": "string"}) == {"$ref": "#/$defs/A"}


def test_a_ref_with_neighbours_is_written_out_and_the_neighbours_win() -> None:
    definition = {"type": "object", "properties": {"n": {"type": "string"}}, "title": "theirs"}
    assert of({"$ref": "#/$defs/A", "title": "mine"}, A=definition) == {
        "type": "object",
        "properties": {"n": {"type": "string"}},
        "required": ["n"],
        "additionalProperties": False,
        "title": "mine",
    }


def test_a_ref_in_an_all_of_one_is_written_out_with_the_neighbours() -> None:
    schema = {"allOf": [{"$ref": "#/$defs/A"}], "description": "d"}
    assert of(schema, A={"type": "string"}) == {"type": "string", "description": "d"}


def test_a_ref_finds_its_definition_by_an_escaped_pointer_and_through_a_list() -> None:
    definitions = {"a/b~c": {"anyOf": [{"type": "null"}, {"type": "string"}]}}
    found = of({"$ref": "#/$defs/a~1b~0c/anyOf/1", "title": "T"}, **definitions)
    assert found == {"type": "string", "title": "T"}


def test_a_described_ref_to_a_type_that_contains_itself_keeps_its_description() -> None:
    tree = {"type": "object", "properties": {"left": {"$ref": "#/$defs/T", "description": "d"}}}
    root = {"type": "object", "properties": {"x": {"$ref": "#/$defs/T"}}, "$defs": {"T": tree}}
    left = ensure_strict_json_schema(root)["$defs"]["T"]["properties"]["left"]
    assert left == {"description": "d", "anyOf": [{"$ref": "#/$defs/T"}]}


def test_a_described_ref_to_a_type_that_only_leads_to_a_circle_is_written_out() -> None:
    definitions: dict[str, Any] = {
        "Way": {"type": "array", "items": {"$ref": "#/$defs/Left"}},
        "Left": {"anyOf": [{"$ref": "#/$defs/Right"}]},
        "Right": {"anyOf": [{"$ref": "#/$defs/Left"}]},
    }
    way = of({"$ref": "#/$defs/Way", "description": "d"}, **definitions)
    assert way == {**definitions["Way"], "description": "d"}


def test_what_is_put_together_keeps_the_properties_of_both() -> None:
    both = {"properties": {"b": {"type": "null"}}, "allOf": [{"$ref": "#/$defs/A"}]}
    a = {"type": "object", "properties": {"a": {"type": "null"}}}
    assert of(both, A=a)["required"] == ["a", "b"]


def test_what_is_put_together_keeps_the_all_of_of_both() -> None:
    both = {"$ref": "#/$defs/A", "allOf": [{"maxLength": 3}]}
    a = {"type": "string", "allOf": [{"minLength": 1}]}
    assert of(both, A=a)["allOf"] == [{"minLength": 1}, {"maxLength": 3}]


def test_the_alternatives_of_any_of_and_one_of_are_all_kept() -> None:
    schema = {"anyOf": [{"type": "string"}], "oneOf": [{"type": "null"}]}
    assert of(schema) == {"anyOf": [{"type": "string"}, {"type": "null"}]}


def test_items_prefix_items_and_definitions_are_reached() -> None:
    strict = ensure_strict_json_schema(
        {
            "type": "array",
            "items": {"type": "object", "title": "items"},
            "prefixItems": [{"type": "object", "title": "prefixItems"}],
            "definitions": {"D": {"type": "object", "title": "definitions"}},
        }
    )
    closed = [found["title"] for found in objects_in(strict) if "additionalProperties" in found]
    assert sorted(closed) == ["definitions", "items", "prefixItems"]


@pytest.mark.parametrize(
    "more",
    [
        {"additionalProperties": True},
        {"additionalProperties": {}},
        {"additionalProperties": {"type": "string"}},
        {"patternProperties": {"^x": {"type": "string"}}},
    ],
)
def test_an_object_with_free_keys_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"^the schema itself takes keys without fixed names"):
        ensure_strict_json_schema({"type": "object", **more})


def test_a_refusal_says_which_argument_it_is_also_behind_a_ref() -> None:
    pet = {
        "type": "object",
        "properties": {"notes": {"type": "object", "additionalProperties": {}}},
    }
    with pytest.raises(UserError, match=r"^'x\[\]\.notes' takes keys"):
        of({"type": "array", "items": {"$ref": "#/$defs/Pet"}}, Pet=pet)


@pytest.mark.parametrize("ref", ["#/$defs/Gone", "#/$defs/A/anyOf/9", "other.json#/A"])
def test_a_ref_to_nothing_is_refused(ref: str) -> None:
    with pytest.raises(UserError, match=re.escape(f"refers to {ref!r}")):
        of({"$ref": ref}, A={"anyOf": [{"type": "string"}]})


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9
    owner: str | None = None


class Dog(BaseModel):
    kind: Literal["dog"]
    friends: list[Dog] = Field(default=[], description="other dogs")
    enemy: Cat | Dog | None = None


class Visit(BaseModel):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    second: Annotated[Cat, Field(description="comes along")]


def test_what_pydantic_writes_for_nested_models_becomes_strict() -> None:
    strict = ensure_strict_json_schema(Visit.model_json_schema())
    assert strict["properties"]["second"]["description"] == "comes along"
    assert strict["properties"]["second"]["required"] == ["kind", "lives", "owner"]
    assert "anyOf" in strict["properties"]["pet"]
    assert len(objects_in(strict)) == 4  # Visit, Cat and Dog, and Cat written out for `second`
    assert all(found["additionalProperties"] is False for found in objects_in(strict))
