"""What is said to a model and what it answers, as OpenTelemetry's messages."""

# pyright: reportMissingTypeStubs=false
# opentelemetry-util-genai is annotated, but has no py.typed marker of its own.

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from opentelemetry.util.genai.types import (
    InputMessage,
    MessagePart,
    OutputMessage,
    ReasoningPart,
    TextPart,
    ToolCallRequestPart,
    ToolCallResponsePart,
)
from opentelemetry.util.genai.utils import tool_arguments_to_any_value

from rxagents.events import as_json


def input_messages(given: str | Iterable[Any] | None) -> list[InputMessage]:
    """The input of a model call; what is neither text, reasoning nor a call is left out."""
    if given is None:
        return []
    if isinstance(given, str):
        return [InputMessage("user", [TextPart(given)])]
    messages: list[InputMessage] = []
    for item in map(as_json, given):
        parts = _parts(item)
        if parts:
            messages.append(InputMessage(_role(item), parts))
    return messages


def output_messages(items: Iterable[Any] | None, reason: str | None) -> list[OutputMessage]:
    """The answer, as one message."""
    parts = [part for item in map(as_json, items or ()) for part in _parts(item)]
    return [OutputMessage("assistant", parts, reason)] if parts else []


def _role(item: dict[str, Any]) -> str:
    if item.get("type") == "function_call_output":
        return "tool"
    return str(item.get("role") or "assistant")


def _parts(item: dict[str, Any]) -> list[MessagePart]:
    match item.get("type", "message"):
        case "message":
            content = item.get("content")
            pieces = [{"text": content}] if isinstance(content, str) else content or []
            return [TextPart(text) for text in _texts(pieces)]
        case "reasoning":
            return [ReasoningPart(text) for text in _texts(item.get("summary") or [])]
        case "function_call":
            arguments = tool_arguments_to_any_value(item.get("arguments"))
            name, call_id = str(item.get("name")), item.get("call_id")
            return [ToolCallRequestPart(arguments=arguments, name=name, id=call_id)]
        case "function_call_output":
            return [ToolCallResponsePart(response=item.get("output"), id=item.get("call_id"))]
        case _:
            return []


def _texts(pieces: Iterable[dict[str, Any]]) -> list[str]:
    """The texts of the pieces; a refusal is one."""
    found = (piece.get("text") or piece.get("refusal") for piece in pieces)
    return [text for text in found if isinstance(text, str)]
