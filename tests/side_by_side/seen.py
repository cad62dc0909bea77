"""What a program has been told, as lines of text."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from .library import Library


@dataclass
class Seen:
    """The events of one or more runs, and whatever else a program wants compared."""

    library: Library
    lines: list[str] = field(default_factory=list[str])

    def note(self, what: str, value: object) -> None:
        self.lines.append(f"{what}: {value}")

    async def events(self, result: Any) -> Any:
        """Note the events of a run and how it ended; the result again."""
        try:
            async for event in result.stream_events():
                self.lines.append(_event(event))
        except Exception as error:
            self.note("raised", public_class(self.library, error))
        else:
            self.note("final output", result.final_output)
        return result

    def asked(self, model: Any) -> None:
        """Note the input of every call of the model."""
        for number, call in enumerate(model.calls, 1):
            for item in _items(call.input):
                self.note(f"model call {number}", item)

    def conversation(self, items: Any) -> None:
        for item in _items(items):
            self.note("conversation", item)


def public_class(library: Library, error: BaseException) -> str:
    """The error's class, or the nearest base class that is public in both libraries."""
    shared = (
        kind.__name__ for kind in type(error).__mro__ if kind.__name__ in _SHARED or kind in _PLAIN
    )
    return next(shared, type(error).__name__)


_SHARED = {
    "MaxTurnsExceeded",
    "ModelBehaviorError",
    "ModelRefusalError",
    "UserError",
    "InputGuardrailTripwireTriggered",
    "OutputGuardrailTripwireTriggered",
    "ToolInputGuardrailTripwireTriggered",
}
_PLAIN = {OSError, RuntimeError, ValueError}


def _event(event: Any) -> str:
    if event.type == "raw_response_event":
        return f"raw {event.data.type}"
    if event.type == "agent_updated_stream_event":
        return f"agent {event.new_agent.name}"
    return f"{event.name} {_item(event.item)}"


def _item(item: Any) -> str:
    if item.type == "handoff_output_item":
        return f"{item.source_agent.name} -> {item.target_agent.name}"
    return _raw(item.to_input_item() if item.type != "tool_approval_item" else item.raw_item)


def _items(items: Any) -> list[str]:
    return [f"user {items}"] if isinstance(items, str) else [_raw(item) for item in items]


def _raw(raw: Any) -> str:
    data = raw if isinstance(raw, dict) else raw.model_dump()
    kind = data.get("type", "message")
    if kind == "function_call":
        return f"call {data['call_id']} {data['name']}({data['arguments']})"
    if kind == "function_call_output":
        return f"output {data['call_id']} {data['output']}"
    content = data["content"]
    text = content if isinstance(content, str) else "".join(part["text"] for part in content)
    return f"{data['role']} {text}"


def dump(seen: dict[str, list[str]]) -> str:
    return json.dumps(seen, indent=1, ensure_ascii=False) + "\n"
