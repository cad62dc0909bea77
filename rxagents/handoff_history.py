"""A conversation as one message, for an agent that takes over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openai.types.responses import ResponseInputItemParam

    from .handoffs import HandoffHistoryMapper, HandoffInputData
    from .items import RunItem

_DEFAULT_WRAPPERS = ("<CONVERSATION HISTORY>", "</CONVERSATION HISTORY>")
_INTRODUCTION = "The conversation up to here, which was had with another agent:"

_wrappers = _DEFAULT_WRAPPERS

# What a nested history tells in its message and never as an item of its own: an output without
# its call, or a call without its output, is refused by the provider.
_TOLD = frozenset(
    {
        "function_call",
        "function_call_output",
        "reasoning",
        "computer_call",
        "computer_call_output",
        "file_search_call",
        "web_search_call",
        "code_interpreter_call",
        "image_generation_call",
        "local_shell_call",
        "local_shell_call_output",
        "shell_call",
        "shell_call_output",
        "apply_patch_call",
        "apply_patch_call_output",
        "mcp_call",
        "mcp_list_tools",
        "mcp_approval_request",
        "mcp_approval_response",
        "tool_search_call",
        "tool_search_output",
    }
)


def set_conversation_history_wrappers(*, start: str | None = None, end: str | None = None) -> None:
    """Set the lines around a nested history, for this process; None leaves one as it is."""
    global _wrappers
    _wrappers = (start or _wrappers[0], end or _wrappers[1])


def reset_conversation_history_wrappers() -> None:
    """Set them to what they are by default."""
    global _wrappers
    _wrappers = _DEFAULT_WRAPPERS


def get_conversation_history_wrappers() -> tuple[str, str]:
    """The lines before and after a nested history."""
    return _wrappers


def nest_handoff_history(
    handoff_input_data: HandoffInputData, *, history_mapper: HandoffHistoryMapper | None = None
) -> HandoffInputData:
    """Put the conversation so far into one message of the assistant.

    Messages of the turn that hands over stay as they are, behind it. Nothing is left out: what
    tools were given and gave is in the message. With a `history_mapper`, what it makes of the
    whole conversation is all that is told.
    """
    data = handoff_input_data
    history = data.input_history
    told: list[Any] = (
        [{"role": "user", "content": history}] if isinstance(history, str) else list(history)
    )
    told = [item for each in told for item in _unnested(each)]
    told += _inputs(data.pre_handoff_items)
    verbatim: list[Any] = []
    for item in _inputs(data.new_items):
        (told if item.get("type") in _TOLD else verbatim).append(item)
    if history_mapper is not None:
        nested = history_mapper([*told, *verbatim])
    else:
        nested = [*default_handoff_history_mapper(told), *verbatim]
    return data.clone(input_history=tuple(nested), pre_handoff_items=(), input_items=())


def default_handoff_history_mapper(
    transcript: list[ResponseInputItemParam],
) -> list[ResponseInputItemParam]:
    """One message that tells the conversation, a numbered line for each item."""
    start, end = _wrappers
    lines = [f"{number}. {_line(item)}" for number, item in enumerate(transcript, 1)]
    body = lines or ["(nothing was said before)"]
    content = "\n".join([_INTRODUCTION, start, *body, end])
    return [{"role": "assistant", "content": content}]


def _inputs(items: Iterable[RunItem]) -> list[dict[str, Any]]:
    from .items import NOT_FOR_THE_MODEL

    return [
        cast("dict[str, Any]", item.to_input_item())
        for item in items
        if not isinstance(item, NOT_FOR_THE_MODEL)
    ]


def _unnested(item: Any) -> list[Any]:
    """The items of an earlier nested history, so that histories do not nest in each other."""
    content = item.get("content")
    start, end = (f"{_INTRODUCTION}\n{_wrappers[0]}\n", f"\n{_wrappers[1]}")
    # What a person writes is never one, whatever it looks like.
    if not isinstance(content, str) or item.get("role") != "assistant":
        return [item]
    if not content.startswith(start):
        return [item]
    lines = content.removeprefix(start).removesuffix(end).split("\n")
    return [{"_line": line.partition(". ")[2] or line} for line in lines]


def _line(item: Any) -> str:
    if "_line" in item:
        return str(item["_line"])
    role, content = item.get("role"), item.get("content")
    if role and (content is None or isinstance(content, str)) and "\n" not in (content or ""):
        return f"{role}: {content or ''}"
    return json.dumps(item, ensure_ascii=False, default=str)
