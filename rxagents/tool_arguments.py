"""The arguments a model wrote, validated; and what is wrong with them, in one sentence."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from .exceptions import ToolArgumentsError
from .function_schema import FunctionSchema

_MOST_PROBLEMS = 5  # in one sentence; a union of models alone can have dozens


def read_arguments(schema: FunctionSchema, arguments: str) -> tuple[list[Any], dict[str, Any]]:
    """The positional and the keyword arguments of the call, without the context.

    Raises ToolArgumentsError where the model's JSON does not fit the schema.
    """
    try:
        # Some models write nothing at all where there is nothing to give.
        parsed = schema.params_pydantic_model.model_validate_json(arguments.strip() or "{}")
    except ValidationError as error:
        message = f"the arguments for the tool {schema.name!r} do not fit: {problems(error)}"
        raise ToolArgumentsError(message, tool_name=schema.name, arguments=arguments) from None
    return schema.to_call_args(parsed)


def validated(adapter: TypeAdapter[Any], arguments: str, name: str, what: str = "tool") -> Any:
    """What the model has written for the tool, or the handoff, `name`.

    Raises ToolArgumentsError where it does not fit the type.
    """
    try:
        return adapter.validate_json(arguments.strip() or "{}")
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'input'}: {each['msg']}"
            for each in error.errors(include_url=False)
        )
        message = f"the arguments for the {what} {name!r} do not fit: {wrong}"
        raise ToolArgumentsError(message, tool_name=name, arguments=arguments) from None


def problems(error: ValidationError) -> str:
    """What is wrong, each with the place where it is."""
    found = [_problem(details) for details in error.errors(include_url=False)]
    if (more := len(found) - _MOST_PROBLEMS) > 0:
        found[_MOST_PROBLEMS:] = [f"and {more} more"]
    return "; ".join(found)


def _problem(details: Mapping[str, Any]) -> str:
    where = repr(".".join(str(step) for step in details["loc"]))
    given = reprlib.repr(details["input"])  # short, however much the model wrote
    match details["type"], details["loc"]:
        case "missing", _:
            return f"{where} is missing"
        case "extra_forbidden", _:
            return f"there is no argument {where}"
        case "json_invalid", _:
            return f"they are no {str(details['msg']).removeprefix('Invalid ')}"
        case _, ():
            return f"they must be one JSON object (they were {given})"
        case _:
            return f"{where}: {str(details['msg']).removeprefix('Value error, ')} (it was {given})"
