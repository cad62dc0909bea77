"""What a model is told of a Python function: its signature and docstring as one JSON schema."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Annotated, Any, Literal, TypeAlias, cast, get_origin, get_type_hints

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, create_model
from pydantic.errors import PydanticUndefinedAnnotation, PydanticUserError
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaWarningKind
from typing_extensions import TypeIs

from .context import RunContextWrapper
from .exceptions import UserError
from .strict_schema import ensure_strict_json_schema

DocstringStyle: TypeAlias = Literal["google", "numpy", "sphinx"]

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass
class FunctionSchema:
    """A function as a model sees it, and the way from the model's arguments to a call."""

    name: str
    description: str
    """The text before the docstring's first section; empty where there is none."""

    params_pydantic_model: type[BaseModel]
    """Validates the arguments' JSON; `*args` is a list, and `**kwargs` an object, in it."""

    params_json_schema: dict[str, Any]

    signature: inspect.Signature
    """Without what a `functools.partial` has given by keyword, which is not the model's to set."""

    takes_context: bool = False
    """Whether the first parameter is a `RunContextWrapper`, which the model does not see."""

    strict_json_schema: bool = True

    def to_call_args(self, parsed: BaseModel) -> tuple[list[Any], dict[str, Any]]:
        """Return the positional and the keyword arguments of the call, without the context."""
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for parameter in list(self.signature.parameters.values())[self.takes_context :]:
            value = getattr(parsed, _field_name(parameter.name))
            match parameter.kind:
                case inspect.Parameter.VAR_POSITIONAL:
                    args.extend(value)
                case inspect.Parameter.VAR_KEYWORD:
                    kwargs.update(value)
                case inspect.Parameter.KEYWORD_ONLY:
                    kwargs[parameter.name] = value
                case _:
                    args.append(value)
        return args, kwargs


def function_schema(
    func: Callable[..., Any],
    docstring_style: DocstringStyle | None = None,
    name_override: str | None = None,
    description_override: str | None = None,
    use_docstring_info: bool = True,
    strict_json_schema: bool = True,
) -> FunctionSchema:
    """Return the schema of `func`: a function, bound method, partial or object with `__call__`.

    The docstring's style is found out where `docstring_style` is None. A parameter's description
    is the docstring's, else that of its `Field`, else a string in its `Annotated`.

    Raises UserError, which names the parameter, where a parameter's type is not known or has no
    JSON schema, where the context is not the first parameter, and, if `strict_json_schema`,
    where an argument would be an object with free keys; and where `func` has no usable name.
    """
    name = name_override or _name_of(func)
    signature, preset = _signature_of(func, name)
    types = _types_of(func, signature, name)
    takes_context = _takes_context(types, signature, name)
    documented = _read_docstring(func, docstring_style) if use_docstring_info else _Docstring()
    shown = list(signature.parameters.values())[takes_context:]
    taken = {p.name for p in signature.parameters.values() if p.kind not in _VARIADIC} | preset
    fields = {
        p.name: _field(p, types[p.name], documented.parameters.get(p.name), taken) for p in shown
    }
    # Where the schema is closed, a key it does not name is an error; elsewhere it is ignored.
    closed = strict_json_schema or any(p.kind is inspect.Parameter.VAR_KEYWORD for p in shown)
    model, json_schema = _model(name, fields, closed)
    if strict_json_schema:
        json_schema = _strict(json_schema, name)
    description = documented.description if description_override is None else description_override
    return FunctionSchema(
        name=name,
        description=description,
        params_pydantic_model=model,
        params_json_schema=json_schema,
        signature=signature,
        takes_context=takes_context,
        strict_json_schema=strict_json_schema,
    )


def underlying_function(func: Callable[..., Any]) -> Callable[..., Any]:
    """Return what calling `func` runs: `__call__` of an object, the function of a partial."""
    while _is_partial(func):
        func = func.func
    return func if inspect.isroutine(func) or inspect.isclass(func) else type(func).__call__


def _is_partial(func: object) -> TypeIs[functools.partial[Any]]:
    return isinstance(func, functools.partial)


def _name_of(func: Callable[..., Any]) -> str:
    own = None if _is_partial(func) else type(func).__name__
    name = getattr(func, "__name__", own)
    # OpenAI's limit: openai.types.shared_params.FunctionDefinition.name
    if name is None or not re.fullmatch(r"[a-zA-Z0-9_-]+", name):
        raise UserError(
            f"{func!r} has no name that a model can call it by (letters a-z, digits, _ and -); "
            "give it one with name_override="
        )
    return cast("str", name)


def _signature_of(func: Callable[..., Any], name: str) -> tuple[inspect.Signature, set[str]]:
    """Return what is left to be given in a call, and the names a partial has given already."""
    try:
        signature = inspect.signature(func)
    except (ValueError, TypeError, NameError) as error:
        raise UserError(f"the function {name!r} has no signature to read: {error}") from error
    preset = set(func.keywords) if _is_partial(func) else set[str]()
    left = [p for p in signature.parameters.values() if p.name not in preset]
    return signature.replace(parameters=left), preset


def _types_of(func: Callable[..., Any], signature: inspect.Signature, name: str) -> dict[str, Any]:
    """Evaluate the annotations one by one, so that each error has its parameter.

    The return type is left alone: it is not part of the schema, and may be unknown at run time.
    """
    names = getattr(inspect.unwrap(underlying_function(func)), "__globals__", {})
    return {
        p.name: Any if p.annotation is p.empty else _type_of(p, names, name)
        for p in signature.parameters.values()
    }


def _type_of(parameter: inspect.Parameter, names: dict[str, Any], function: str) -> Any:
    if _is_context(parameter.annotation):
        return parameter.annotation  # its own argument may be imported for type checkers only
    holder = SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    try:
        return get_type_hints(holder, names, include_extras=True)[parameter.name]
    except Exception as error:  # an annotation is any expression
        if re.match(r"([\w.]+\.)?(RunContextWrapper|ToolContext)\b", str(parameter.annotation)):
            return RunContextWrapper
        raise UserError(
            f"the function {function!r}: the type {parameter.annotation!r} of parameter "
            f"{parameter.name!r} is not known where the function is defined ({error})"
        ) from error


def _is_context(annotation: Any) -> bool:
    if get_origin(annotation) is Annotated:
        annotation = annotation.__origin__
    kind = get_origin(annotation) or annotation
    return inspect.isclass(kind) and issubclass(kind, RunContextWrapper)


def _takes_context(types: Mapping[str, Any], signature: inspect.Signature, name: str) -> bool:
    contexts = [parameter for parameter, kind in types.items() if _is_context(kind)]
    first = next(iter(signature.parameters.values()), None)
    if contexts and (first is None or contexts != [first.name] or first.kind not in _POSITIONAL):
        raise UserError(
            f"the function {name!r}: parameter {contexts[-1]!r} takes the context, "
            "which is given to the first positional parameter only"
        )
    return bool(contexts)


def _field_name(parameter: str) -> str:
    """Return the name of a parameter's field, which may not be one that pydantic uses itself.

    No two parameters get the same name, as one that begins with the prefix gets another.
    """
    reserved = parameter.startswith(("_", "param_")) or hasattr(BaseModel, parameter)
    return f"param_{parameter}" if reserved else parameter


def _field(
    parameter: inspect.Parameter, kind: Any, description: str | None, taken: set[str]
) -> Any:
    """Return the annotation of a parameter's field; of its `Field`s pydantic lets the last win."""
    extras: list[Any] = []
    match parameter.kind:
        case inspect.Parameter.VAR_POSITIONAL:
            kind, extras = list[kind], [Field(default_factory=list)]
        case inspect.Parameter.VAR_KEYWORD:
            kind, extras = dict[str, kind], [Field(default_factory=dict), _refuse(taken)]
        case _ if isinstance(parameter.default, FieldInfo):
            extras = [parameter.default]
        case _ if parameter.default is not parameter.empty:
            extras = [Field(default=parameter.default)]
        case _:
            pass
    notes = [note for note in getattr(kind, "__metadata__", ()) if isinstance(note, str)]
    if _field_name(parameter.name) != parameter.name:
        extras.insert(0, Field(alias=parameter.name))
    if notes:
        extras.insert(0, Field(description=notes[0]))
    if description:
        extras.append(Field(description=description))
    return cast(Any, Annotated)[(kind, *extras)] if extras else kind


def _refuse(taken: set[str]) -> AfterValidator:
    """Keep `**kwargs` from giving a second time what has an argument, or a value, of its own."""

    def check(keywords: dict[str, Any]) -> dict[str, Any]:
        if twice := sorted(taken & keywords.keys()):
            raise ValueError(f"{twice[0]!r} may not be given here")
        return keywords

    return AfterValidator(check)


class _QuietJsonSchema(GenerateJsonSchema):
    # A default that is no JSON, such as a sentinel, is left out of the schema; nobody is warned.
    ignored_warning_kinds: set[JsonSchemaWarningKind] = {  # noqa: RUF012 - as pydantic has it
        "skipped-choice",
        "non-serializable-default",
    }


def _model(
    name: str, fields: dict[str, Any], closed: bool
) -> tuple[type[BaseModel], dict[str, Any]]:
    config = ConfigDict(protected_namespaces=(), extra="forbid" if closed else "ignore")
    try:
        named = {_field_name(parameter): kind for parameter, kind in fields.items()}
        model = create_model(f"{name}_args", __config__=config, **named)
        return model, model.model_json_schema(schema_generator=_QuietJsonSchema)
    except (PydanticUserError, PydanticUndefinedAnnotation) as error:
        raise UserError(_why_not(name, fields, error)) from error


def _why_not(name: str, fields: dict[str, Any], error: Exception) -> str:
    """Find the parameter that pydantic refuses, which its own message does not name."""
    at_fault = "a parameter"
    for parameter, kind in fields.items():
        try:
            TypeAdapter(kind).json_schema(schema_generator=_QuietJsonSchema)
        except (PydanticUserError, PydanticUndefinedAnnotation) as cause:
            at_fault, error = f"parameter {parameter!r}", cause
            break
    reason = str(error).splitlines()[0]
    return f"the function {name!r}: the type of {at_fault} has no JSON schema ({reason})"


def _strict(json_schema: dict[str, Any], name: str) -> dict[str, Any]:
    try:
        return ensure_strict_json_schema(json_schema)
    except UserError as error:
        raise UserError(
            f"the function {name!r}: parameter {error}; name its fields, or use strict_mode=False"
        ) from error


@dataclass(frozen=True)
class _Docstring:
    description: str = ""
    parameters: dict[str, str] = field(default_factory=dict[str, str])


def _read_docstring(func: Callable[..., Any], style: DocstringStyle | None) -> _Docstring:
    text = inspect.getdoc(func if inspect.isroutine(func) else underlying_function(func))
    if not text:
        return _Docstring()
    import griffe  # here, as it takes longer to import than this whole module

    docstring = griffe.Docstring(text)
    parser = style or griffe.infer_docstring_style(docstring)[0]
    if parser is None:  # no section of any style
        return _Docstring(text.strip())
    sections = griffe.parse(docstring, parser, warnings=False)
    texts = [s.value for s in sections if isinstance(s, griffe.DocstringSectionText)]
    parameters = {
        described.name.lstrip("*"): described.description
        for section in sections
        if isinstance(section, griffe.DocstringSectionParameters)
        for described in section.value
    }
    return _Docstring(texts[0].strip() if texts else "", parameters)
