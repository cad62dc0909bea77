"""An event in one short line, for logs."""

from __future__ import annotations

import reprlib
from typing import Any

from rxagents.events import AgentUpdatedStreamEvent, RawResponsesStreamEvent, RunItemStreamEvent
from rxagents.items import ItemHelpers

_LENGTH = 80  # characters of a text or of a value's repr

_short = reprlib.Repr()
_short.maxstring = _short.maxother = _LENGTH


def describe(value: object) -> str:
    """What a developer wants to see of `value`; it has no line break."""
    if isinstance(value, RawResponsesStreamEvent):
        return f"{_place(value)}{_raw(value.data)}"
    if isinstance(value, RunItemStreamEvent):
        return f"{_place(value)}{value.name} {_item(value)}".rstrip()
    if isinstance(value, AgentUpdatedStreamEvent):
        return f"{_place(value)}agent {value.new_agent.name}"
    return shortened(value)


def describe_error(error: BaseException) -> str:
    """The class and the message of `error`, in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).splitlines())}"


def shortened(value: object) -> str:
    """The repr of `value`, at most about 80 characters of it."""
    if type(value) is str:  # what most deltas are, at a tenth of what reprlib takes
        return repr(value) if len(value) <= _LENGTH else f"{value[:_LENGTH]!r}..."
    return " ".join(_short.repr(value).splitlines())


def _place(event: RawResponsesStreamEvent | RunItemStreamEvent | AgentUpdatedStreamEvent) -> str:
    place = f"#{event.seq} " if event.seq >= 0 else ""
    if event.turn:
        place += f"turn {event.turn} "
    if event.attempt > 1:
        place += f"attempt {event.attempt} "
    if len(event.path) > 1:
        place += f"{' > '.join(event.path)} "
    return place


def _raw(data: Any) -> str:
    # Read by name, as lenient servers leave things out.
    told = str(data.type)
    delta, item = getattr(data, "delta", None), getattr(data, "item", None)
    if delta is not None:
        told += f" {shortened(delta)}"
    if item is not None:
        told += f" {getattr(item, 'type', '')} {getattr(item, 'name', '')}".rstrip()
    return told


def _item(event: RunItemStreamEvent) -> str:
    item = event.item
    match item.type:
        case "tool_call_item":
            arguments = getattr(item.raw_item, "arguments", "")
            return f"{item.tool_name or item.raw_item.type} {_cut(str(arguments))}"
        case "tool_call_output_item":
            return shortened(item.output)
        case "message_output_item":
            return shortened(ItemHelpers.extract_last_content(item.raw_item))
        case "handoff_call_item":
            return item.raw_item.name
        case "handoff_output_item":
            return f"{item.source_agent.name} -> {item.target_agent.name}"
        case "tool_progress_item":
            return item.progress.message or shortened(item.progress.data)
        case "tool_approval_item":
            return f"{item.name} {_cut(item.arguments or '')}"
        case "attempt_failed_item":
            return shortened(item.raw_item["error"])
        case "input_item":
            return shortened(item.raw_item.get("content"))
        case _:
            return ""


def _cut(text: str) -> str:
    line = " ".join(text[: _LENGTH + 1].split())
    return line if len(text) <= _LENGTH else f"{line[: _LENGTH - 3]}..."
