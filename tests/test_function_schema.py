"""From a function's signature and docstring to the schema that the model is told."""

# ruff: noqa: D413, D417 - the docstrings in here are what is tested

from __future__ import annotations

import functools
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from pydantic import BaseModel, Field

from rxagents.context import RunContextWrapper, TContext, ToolContext
from rxagents.exceptions import UserError
from rxagents.function_schema import FunctionSchema, function_schema

if TYPE_CHECKING:
    from nowhere import AppContext, Result  # type: ignore[import-not-found]


def descriptions(schema: FunctionSchema) -> dict[str, str | None]:
    properties = schema.params_json_schema["properties"]
    return {name: properties[name].get("description") for name in properties}


def call_args(schema: FunctionSchema, arguments: str) -> tuple[list[Any], dict[str, Any]]:
    return schema.to_call_args(schema.params_pydantic_model.model_validate_json(arguments))


# --- docstrings ---


def google(city: str, days: int = 1, *places: str, **more: int) -> str:
    """Forecast the weather.

    It rains a lot.

    Args:
        city: Where; a town
            or a village.
        days (int): How far ahead.
        *places: Also there.
        **more: What else.

    Returns:
        What to wear.
    """
    return ""


def numpy(city: str, days: int = 1, *places: str, **more: int) -> str:
    """Forecast the weather.

    It rains a lot.

    Parameters
    ----------
    city : str
        Where; a town
        or a village.
    days : int
        How far ahead.
    *places : str
        Also there.
    **more
        What else.

    Returns
    -------
    str
        What to wear.
    """
    return ""


def sphinx(city: str, days: int = 1, *places: str, **more: int) -> str:
    """Forecast the weather.

    It rains a lot.

    :param city: Where; a town
        or a village.
    :param int days: How far ahead.
    :param places: Also there.
    :param more: What else.
    :returns: What to wear.
    """
    return ""


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize("func", [google, numpy, sphinx])
def test_a_docstring_of_each_style_is_read_and_its_style_found_out(
    func: Callable[..., str], given: bool, caplog: pytest.LogCaptureFixture
) -> None:
    style: Any = func.__name__ if given else None
    with caplog.at_level(logging.DEBUG):
        schema = function_schema(func, style, strict_json_schema=False)
    assert schema.description == "Forecast the weather.\n\nIt rains a lot."
    assert descriptions(schema) == {
        "city": "Where; a town\nor a village.",
        "days": "How far ahead.",
        "places": "Also there.",
        "more": "What else.",
    }
    assert caplog.records == []  # griffe would complain of the missing types


def test_the_wrong_style_finds_no_parameters() -> None:
    schema = function_schema(google, "sphinx", strict_json_schema=False)
    assert descriptions(schema)["city"] is None


def test_a_docstring_that_is_not_to_be_used_is_not() -> None:
    schema = function_schema(google, use_docstring_info=False, strict_json_schema=False)
    assert schema.description == ""
    assert descriptions(schema)["city"] is None


def plain(x: int) -> None:
    """One line: no sections."""


def test_a_docstring_without_sections_is_the_description() -> None:
    assert function_schema(plain).description == "One line: no sections."


def test_name_and_description_can_be_overridden() -> None:
    schema = function_schema(plain, name_override="other", description_override="")
    assert (schema.name, schema.description) == ("other", "")


def described(
    a: Annotated[int, "noted a"],
    b: Annotated[int, Field(description="field b", gt=3)],
    c: Annotated[int, "noted c"] = Field(4, description="field c", le=9),
    d: int = 0,
) -> None:
    """Do.

    Args:
        b: documented b
    """


def test_the_docstring_describes_before_a_field_and_a_field_before_a_note() -> None:
    assert descriptions(function_schema(described)) == {
        "a": "noted a",
        "b": "documented b",
        "c": "field c",
        "d": None,
    }


def test_the_constraints_of_fields_and_the_defaults_are_in_the_schema() -> None:
    properties = function_schema(described).params_json_schema["properties"]
    assert properties["b"]["exclusiveMinimum"] == 3
    assert properties["c"]["maximum"] == 9
    assert properties["c"]["default"] == 4


@pytest.mark.slow  # a new interpreter
def test_griffe_is_imported_only_for_a_docstring() -> None:
    program = (
        "import sys\n"
        "from rxagents.function_schema import function_schema\n"
        "def f(x: int): ...\n"
        "function_schema(f)\n"
        "assert 'griffe' not in sys.modules\n"
        "f.__doc__ = 'Do.'\n"
        "function_schema(f)\n"
        "assert 'griffe' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


# --- signatures ---


def every_kind(a: int, /, b: int, *rest: int, c: int, d: int = 4, **more: int) -> None: ...


def test_every_kind_of_parameter_gets_its_argument() -> None:
    schema = function_schema(every_kind, strict_json_schema=False)
    assert schema.params_json_schema["required"] == ["a", "b", "c"]
    assert call_args(schema, '{"a": 1, "b": 2, "c": 3}') == ([1, 2], {"c": 3, "d": 4})
    full = '{"a": 1, "b": 2, "c": 3, "d": 0, "rest": [7, 8], "more": {"e": 9}}'
    assert call_args(schema, full) == ([1, 2, 7, 8], {"c": 3, "d": 0, "e": 9})


def test_a_strict_schema_requires_all_but_the_call_knows_the_defaults() -> None:
    def pay(amount: int, currency: str = "EUR") -> None: ...

    schema = function_schema(pay)
    assert schema.params_json_schema["required"] == ["amount", "currency"]
    assert call_args(schema, '{"amount": 3}') == ([3, "EUR"], {})


@pytest.mark.parametrize("given", ["a", "c"])
def test_free_keywords_do_not_replace_a_parameter_of_their_own(given: str) -> None:
    def f(a: int, *, c: int = 0, **more: Any) -> None: ...

    schema = function_schema(f, strict_json_schema=False)
    with pytest.raises(ValueError, match=f"'{given}' may not be given here"):
        call_args(schema, f'{{"a": 1, "more": {{"{given}": 2}}}}')


def test_free_keywords_may_have_the_name_of_what_collects_them() -> None:
    def f(*rest: int, **more: int) -> None: ...

    schema = function_schema(f, strict_json_schema=False)
    assert call_args(schema, '{"more": {"more": 1, "rest": 2}}') == ([], {"more": 1, "rest": 2})


def test_an_argument_that_a_closed_schema_does_not_name_is_an_error() -> None:
    def f(a: int = 0) -> None: ...

    with pytest.raises(ValueError, match="Extra inputs"):
        call_args(function_schema(f), '{"b": 1}')
    assert call_args(function_schema(f, strict_json_schema=False), '{"b": 1}') == ([0], {})


def test_parameters_may_have_the_names_that_pydantic_keeps_for_itself() -> None:
    def f(_u: int, copy: int, model_config: int, model_dump_x: int, param_copy: int) -> None: ...

    schema = function_schema(f)
    names = ["_u", "copy", "model_config", "model_dump_x", "param_copy"]
    assert list(schema.params_json_schema["properties"]) == names
    arguments = '{"_u": 1, "copy": 2, "model_config": 3, "model_dump_x": 4, "param_copy": 5}'
    assert call_args(schema, arguments) == ([1, 2, 3, 4, 5], {})


def test_a_default_that_is_no_json_is_left_out_of_the_schema() -> None:
    nothing = object()

    def f(x: Any = nothing) -> None: ...

    schema = function_schema(f)
    assert "default" not in schema.params_json_schema["properties"]["x"]
    assert call_args(schema, "{}") == ([nothing], {})


# --- the context ---


def whole(ctx: RunContextWrapper, x: int) -> None: ...  # type: ignore[type-arg, unused-ignore]
def subscripted(ctx: RunContextWrapper[dict[str, int]], x: int) -> None: ...
def of_the_call(ctx: ToolContext[Any], x: int) -> None: ...
def annotated(ctx: Annotated[ToolContext[Any], "the context"], x: int) -> None: ...
def of_checkers_only(ctx: ToolContext[AppContext], x: int) -> Result: ...


@pytest.mark.parametrize("func", [whole, subscripted, of_the_call, annotated, of_checkers_only])
def test_the_context_is_taken_and_not_in_the_schema(func: Callable[..., Any]) -> None:
    schema = function_schema(func)
    assert schema.takes_context
    assert list(schema.params_json_schema["properties"]) == ["x"]
    assert call_args(schema, '{"x": 1}') == ([1], {})


class OwnContext(ToolContext[TContext]): ...


def test_the_context_is_known_where_annotations_are_no_strings() -> None:
    def f(ctx, x): ...  # type: ignore[no-untyped-def]

    f.__annotations__ = {"ctx": OwnContext["AppContext"], "x": int}
    assert function_schema(f).takes_context


def second(x: int, ctx: ToolContext[Any]) -> None: ...
def twice(ctx: ToolContext[Any], again: RunContextWrapper[Any]) -> None: ...
def by_keyword(*, ctx: ToolContext[Any]) -> None: ...


@pytest.mark.parametrize(("func", "name"), [(second, "ctx"), (twice, "again"), (by_keyword, "ctx")])
def test_the_context_is_refused_elsewhere(func: Callable[..., Any], name: str) -> None:
    with pytest.raises(UserError, match=f"parameter '{name}' takes the context, which is given"):
        function_schema(func)


# --- callables that are no plain functions ---


class Counter:
    def add(self, by: int) -> int:
        """Add to it."""
        return by

    def __call__(self, start: int) -> int:
        """Count on."""
        return start


def test_a_bound_method_has_no_self() -> None:
    schema = function_schema(Counter().add)
    assert (schema.name, schema.description) == ("add", "Add to it.")
    assert list(schema.params_json_schema["properties"]) == ["by"]


def test_an_object_that_can_be_called_has_the_name_of_its_class() -> None:
    schema = function_schema(Counter())
    assert (schema.name, schema.description) == ("Counter", "Count on.")
    assert list(schema.params_json_schema["properties"]) == ["start"]


def test_what_a_partial_gives_is_not_the_models_to_set() -> None:
    part = functools.partial(google, "Rome", days=3)
    schema = function_schema(part, name_override="rome", strict_json_schema=False)
    assert list(schema.params_json_schema["properties"]) == ["more"]
    assert schema.description.startswith("Forecast")
    with pytest.raises(ValueError, match="'days' may not be given here"):
        call_args(schema, '{"more": {"days": 9}}')


def test_a_wrapper_has_the_signature_of_what_it_wraps() -> None:
    @functools.wraps(google)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return google(*args, **kwargs)

    schema = function_schema(wrapper, strict_json_schema=False)
    assert list(schema.params_json_schema["properties"]) == ["city", "days", "places", "more"]


class Note(BaseModel):
    labels: dict[str, str]


@functools.cache
def cached(note: Note) -> None: ...


def test_the_annotations_of_a_cached_function_are_known() -> None:
    schema = function_schema(cached, strict_json_schema=False)
    assert schema.params_pydantic_model.model_fields["note"].annotation is Note


def größe(x: int) -> None: ...


@pytest.mark.parametrize("func", [lambda: 0, functools.partial(google, "Rome"), größe])
def test_a_callable_without_a_usable_name_needs_one(func: Callable[..., Any]) -> None:
    with pytest.raises(UserError, match=r"has no name .* name_override=$"):
        function_schema(func)


# --- what has no schema ---


def free_dict(x: int, labels: dict[str, Any]) -> None: ...
def deep(x: int, labels: list[Note]) -> None: ...
def keywords(x: int, **labels: int) -> None: ...


@pytest.mark.parametrize("func", [free_dict, deep, keywords])
def test_what_cannot_be_strict_is_refused_and_fine_without(func: Callable[..., Any]) -> None:
    with pytest.raises(UserError, match=r"parameter 'labels.*use strict_mode=False$"):
        function_schema(func)
    assert not function_schema(func, strict_json_schema=False).strict_json_schema


def locked(x: int, lock: threading.Event) -> None: ...
def callback(x: int, lock: Callable[[], int]) -> None: ...


@pytest.mark.parametrize("func", [locked, callback])
def test_a_type_without_a_schema_is_refused_by_its_parameter(func: Callable[..., Any]) -> None:
    with pytest.raises(UserError, match="type of parameter 'lock' has no JSON schema") as caught:
        function_schema(func)
    assert "\n" not in str(caught.value)


def unknown(x: int, y: Result) -> None: ...


def test_a_type_that_is_not_known_is_refused_by_its_parameter() -> None:
    with pytest.raises(UserError, match=r"the type 'Result' of parameter 'y' is not known"):
        function_schema(unknown)


def test_a_callable_without_a_signature_is_refused() -> None:
    with pytest.raises(UserError, match="'iter' has no signature"):
        function_schema(iter)
