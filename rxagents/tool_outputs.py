"""What a tool returns, in the form in which the model is told of it."""

from __future__ import annotations

import logging
from functools import cache
from typing import Annotated, Any, Literal, NotRequired, Self, TypeAlias, cast

import pydantic_core
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, model_validator
from typing_extensions import TypedDict

_logger = logging.getLogger("rxagents.tools")


class ToolOutputText(BaseModel):
    """Text, as one of several parts of an output."""

    type: Literal["text"] = "text"
    text: str


class ToolOutputTextDict(TypedDict, total=False):
    """A ToolOutputText as a dictionary."""

    type: Literal["text"]
    text: str


class ToolOutputImage(BaseModel):
    """An image: `image_url` (a URL or a data URL), or the `file_id` of one that was uploaded."""

    type: Literal["image"] = "image"
    image_url: str | None = None
    file_id: str | None = None
    detail: Literal["low", "high", "auto"] | None = None
    """How closely the model looks; its own choice where it is None."""

    @model_validator(mode="after")
    def _has_an_image(self) -> Self:
        if self.image_url is None and self.file_id is None:
            raise ValueError("an image needs its image_url or its file_id")
        return self


class ToolOutputImageDict(TypedDict, total=False):
    """A ToolOutputImage as a dictionary."""

    type: Literal["image"]
    image_url: NotRequired[str]
    file_id: NotRequired[str]
    detail: NotRequired[Literal["low", "high", "auto"]]


class ToolOutputFileContent(BaseModel):
    """A file: `file_data` (base64), or `file_url`, or the `file_id` of one that was uploaded."""

    type: Literal["file"] = "file"
    file_data: str | None = None
    file_url: str | None = None
    file_id: str | None = None
    filename: str | None = None

    @model_validator(mode="after")
    def _has_a_file(self) -> Self:
        if self.file_data is None and self.file_url is None and self.file_id is None:
            raise ValueError("a file needs its file_data, its file_url or its file_id")
        return self


class ToolOutputFileContentDict(TypedDict, total=False):
    """A ToolOutputFileContent as a dictionary."""

    type: Literal["file"]
    file_data: NotRequired[str]
    file_url: NotRequired[str]
    file_id: NotRequired[str]
    filename: NotRequired[str]


ToolOutputPart: TypeAlias = ToolOutputText | ToolOutputImage | ToolOutputFileContent
"""An output, or one of several parts of it, that is more than plain text."""


def tool_output_content(output: object, *, as_json: bool = False) -> str | list[dict[str, Any]]:
    """The `output` of a `function_call_output` item for what a tool has returned.

    A text stays a text. A ToolOutputText, -Image or -FileContent, as an instance or a dictionary,
    or a list of nothing else, becomes a list of `input_text`, `input_image` and `input_file`
    parts. Anything else becomes its `str()`, or with `as_json` its JSON, which is for tools that
    have an `output_json_schema`. It never raises: what cannot be written is told in a sentence.
    """
    if isinstance(output, str):
        return _sendable(output)
    parts = _parts(output, dictionaries=not as_json)
    if parts is not None:
        return [_content(part) for part in parts]
    try:
        return _sendable(_json(output) if as_json else str(output))
    except Exception:  # it is the code of the application's classes
        form = "JSON" if as_json else "text"
        kind = type(output).__name__
        _logger.warning("an output of type %r cannot be written as %s", kind, form, exc_info=True)
        return f"The tool gave a result of the type {kind!r}, which cannot be written as {form}."


def _sendable(text: str) -> str:
    """The text without halves of surrogate pairs, which no request can carry."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _json(value: object) -> str:
    return pydantic_core.to_json(value, by_alias=True, inf_nan_mode="null").decode()


def _parts(output: object, *, dictionaries: bool) -> list[ToolOutputPart] | None:
    values = cast("list[object]", output) if isinstance(output, (list, tuple)) else [output]
    parts = [part for value in values if (part := _part(value, dictionaries)) is not None]
    return parts if parts and len(parts) == len(values) else None


def _part(value: object, dictionaries: bool) -> ToolOutputPart | None:
    if isinstance(value, (ToolOutputText, ToolOutputImage, ToolOutputFileContent)):
        return value
    if not dictionaries or not isinstance(value, dict) or "type" not in value:
        return None
    try:
        return _reader().validate_python(value)
    except ValidationError:
        return None  # a dictionary of the application's own, which happens to have a type


@cache
def _reader() -> TypeAdapter[ToolOutputPart]:
    return TypeAdapter(Annotated[ToolOutputPart, Field(discriminator="type")])


def _content(part: ToolOutputPart) -> dict[str, Any]:
    return {**part.model_dump(exclude_none=True), "type": f"input_{part.type}"}
