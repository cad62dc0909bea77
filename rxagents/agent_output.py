"""The type of an agent's final output: its JSON schema, and how the model's answer becomes it."""

from __future__ import annotations

import abc
import json
from types import NoneType, UnionType
from typing import Any, Union, cast, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python
from typing_extensions import TypedDict

from .exceptions import InvalidFinalOutputError, UserError
from .strict_schema import ensure_strict_json_schema

_WRAPPED = "response"  # the key of a type that is no object, as the Agents SDK has it


class AgentOutputSchemaBase(abc.ABC):
    """What a final output must look like; derive from it for schemas of your own."""

    @abc.abstractmethod
    def is_plain_text(self) -> bool:
        """Whether any text will do."""

    @abc.abstractmethod
    def name(self) -> str:
        """The name of the type."""

    @abc.abstractmethod
    def json_schema(self) -> dict[str, Any]:
        """The JSON schema; not asked of plain text."""

    @abc.abstractmethod
    def is_strict_json_schema(self) -> bool:
        """Whether the model's side shall hold the model to the schema."""

    @abc.abstractmethod
    def validate_json(self, json_str: str) -> Any:
        """The output that the model's text describes; raises ModelBehaviorError if it does not."""


class AgentOutputSchema(AgentOutputSchemaBase):
    """The schema of a type: a pydantic model, dataclass, TypedDict, list or else.

    What is no JSON object by itself is asked for as an object with the one key `response`.

    Raises UserError where the type has no JSON schema, or none that can be strict.
    """

    def __init__(self, output_type: type[Any], strict_json_schema: bool = True) -> None:
        self.output_type: type[Any] = output_type
        self._strict = strict_json_schema
        self._plain = output_type in (None, str)
        self._wrapped = not self._plain and not _is_object(output_type)
        if self._plain:
            return
        try:
            self._adapter: TypeAdapter[Any] = TypeAdapter(
                _wrapper(output_type) if self._wrapped else output_type
            )
            self._schema = self._adapter.json_schema()
        except Exception as error:
            raise UserError(f"the output type {self.name()} has no JSON schema: {error}") from error
        if strict_json_schema:
            try:
                self._schema = ensure_strict_json_schema(self._schema)
            except UserError as error:
                raise UserError(
                    f"the output type {self.name()} cannot be held to by the model's side: "
                    f"{error}; change the type, or take "
                    f"AgentOutputSchema({self.name()}, strict_json_schema=False)"
                ) from error

    def is_plain_text(self) -> bool:
        """Whether any text will do."""
        return self._plain

    def is_strict_json_schema(self) -> bool:
        """Whether the model's side shall hold the model to the schema."""
        return self._strict

    def json_schema(self) -> dict[str, Any]:
        """The JSON schema; raises UserError for plain text."""
        if self._plain:
            raise UserError("plain text has no JSON schema")
        return self._schema

    def validate_json(self, json_str: str) -> Any:
        """The output that `json_str` describes.

        Raises InvalidFinalOutputError, a ModelBehaviorError, if it does not.
        """
        try:
            value = self._adapter.validate_json(json_str, strict=True if self._strict else None)
        except ValidationError as error:
            problems = "; ".join(_problem(dict(each)) for each in error.errors(include_url=False))
            raise InvalidFinalOutputError(
                f"the model's answer is no {self.name()}: {problems}", output=json_str
            ) from error
        return value[_WRAPPED] if self._wrapped else value

    def dump_json(self, output: Any) -> str:
        """The JSON in which a model would write `output`; raises ValueError if there is none."""
        value = {_WRAPPED: output} if self._wrapped else output
        return self._adapter.dump_json(value, warnings=False).decode()

    def name(self) -> str:
        """The name of the type, as in an annotation."""
        return _written(self.output_type)


def _wrapper(kind: Any) -> Any:
    """An object with the one key `response`; as a TypedDict, which pydantic needs not to copy."""
    return cast("Any", TypedDict)("Output", {_WRAPPED: kind})


def output_schema_of(output_type: Any) -> AgentOutputSchemaBase | None:
    """The schema for an agent's `output_type`; None for plain text."""
    if output_type is None or output_type is str:
        return None
    if isinstance(output_type, AgentOutputSchemaBase):
        return output_type
    return AgentOutputSchema(output_type)


def as_written(schema: AgentOutputSchemaBase | None, output: Any) -> str:
    """What a model would have written for `output`; raises ValueError if that cannot be told."""
    if schema is None or schema.is_plain_text():
        return str(output)
    if isinstance(schema, AgentOutputSchema):
        return schema.dump_json(output)
    return json.dumps(output, ensure_ascii=False, default=to_jsonable_python)


def _problem(details: dict[str, Any]) -> str:
    where = ".".join(str(step) for step in details["loc"])
    return f"{where}: {details['msg']}" if where else str(details["msg"])


def _is_object(kind: Any) -> bool:
    origin = get_origin(kind) or kind
    return isinstance(origin, type) and issubclass(origin, BaseModel | dict)


def _written(kind: Any) -> str:
    if get_origin(kind) in (Union, UnionType):
        return " | ".join("None" if each is NoneType else _written(each) for each in get_args(kind))
    if (origin := get_origin(kind)) is None:
        return cast("str", getattr(kind, "__name__", repr(kind)))
    inner = ", ".join(_written(each) for each in get_args(kind))
    return f"{getattr(origin, '__name__', origin)}[{inner}]" if inner else str(kind)
