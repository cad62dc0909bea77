"""What the model is told of a tool's result."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from typing_extensions import TypedDict

if TYPE_CHECKING:
    from mcp.types import CallToolResult


class TextPart(TypedDict):
    """A part of a result that is text."""

    type: Literal["text"]
    text: str


class ImagePart(TypedDict):
    """A part of a result that is an image."""

    type: Literal["image"]
    image_url: str
    """A `data:` URL."""


ToolOutputPart: TypeAlias = TextPart | ImagePart
ToolOutput: TypeAlias = str | ToolOutputPart | list[ToolOutputPart]
"""JSON text where structured content was wanted and is there, the one part of a result that has
one, or all its parts."""


def tool_output(result: CallToolResult, use_structured_content: bool) -> ToolOutput:
    """Make a tool's output of a result.

    A result that says that it is an error keeps its parts, which say what went wrong. Parts that
    are neither text nor image become the JSON text of themselves.
    """
    if use_structured_content and result.structured_content and not result.is_error:
        return json.dumps(result.structured_content)
    parts = [_part(block) for block in result.content]
    return parts[0] if len(parts) == 1 else parts


def _part(block: Any) -> ToolOutputPart:
    if block.type == "text":
        return {"type": "text", "text": block.text}
    if block.type == "image":
        return {"type": "image", "image_url": f"data:{block.mime_type};base64,{block.data}"}
    return {"type": "text", "text": block.model_dump_json(by_alias=True, exclude_none=True)}
