"""The declared type of a tool's output, which programs that a model writes are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, get_type_hints

from pydantic import TypeAdapter
from pydantic.errors import PydanticUndefinedAnnotation, PydanticUserError

from .exceptions import UserError
from .function_schema import underlying_function

_UNTYPED = (Any, str, None, type(None))  # what the model reads as it stands


def output_adapter(
    func: Callable[..., Any],
    name: str,
    output_type: Any | None,
    output_json_schema: dict[str, Any] | None,
    allowed_callers: Sequence[str] | None,
) -> TypeAdapter[Any] | None:
    """What validates the outputs of `func`; None where their type is not declared.

    Raises UserError for a type that pydantic does not know, and where both ways to declare it
    are used.
    """
    if output_type is not None and output_json_schema is not None:
        raise UserError(f"the tool {name!r}: give output_type or output_json_schema, not both")
    if output_type is None:
        if output_json_schema is not None or "programmatic" not in (allowed_callers or ()):
            return None
        output_type = _return_type(func, name)
        if output_type in _UNTYPED:
            return None
    try:
        return TypeAdapter(output_type)
    except (PydanticUserError, PydanticUndefinedAnnotation) as error:
        raise UserError(
            f"the tool {name!r}: its output's type {output_type!r} has no JSON schema "
            f"({str(error).splitlines()[0]})"
        ) from error


def schema_of(adapter: TypeAdapter[Any]) -> dict[str, Any]:
    """The JSON schema of the outputs."""
    return adapter.json_schema(mode="serialization")


def _return_type(func: Callable[..., Any], name: str) -> Any:
    try:
        return get_type_hints(underlying_function(func), include_extras=True).get("return")
    except Exception as error:  # an annotation is any expression
        raise UserError(
            f"the tool {name!r}: its return type is not known where the function is defined "
            f"({error}); give it as output_type"
        ) from error
