"""An agent that must ask before it shreds, and what its run has told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rxagents import (
    Agent,
    ApprovalRequestedEvent,
    RunResultStreaming,
    StreamEvent,
    ToolCallOutputItem,
    function_tool,
)
from rxagents.testing import ScriptedModel, assistant_message, function_call
from rxagents.tools import FunctionTool


class Shredder:
    """An agent that wants to shred files, with what it has shredded and been told."""

    def __init__(self, *calls: Sequence[str], **options: Any) -> None:
        self.shredded: list[str] = []

        async def shred(name: str) -> str:
            self.shredded.append(name)
            return f"{name} is gone"

        options.setdefault("needs_approval", True)
        tool: Any = function_tool(shred, **options)
        self.tool: FunctionTool = tool
        turns = [
            [function_call("shred", {"name": each}, call_id=each) for each in names]
            for names in calls or [["a.txt"]]
        ]
        self.model = ScriptedModel([*turns, [assistant_message("Done.")]])
        self.agent = Agent("A", model=self.model, tools=[tool])

    @staticmethod
    def last() -> ScriptedModel:
        """A model that has only the last turn to say."""
        return ScriptedModel([[assistant_message("Done.")]])

    @property
    def told(self) -> dict[str, Any]:
        """The outputs that the model was given, by call."""
        given: Any = self.model.calls[-1].input
        return {e["call_id"]: e["output"] for e in given if e.get("type") == "function_call_output"}


def asked(event: StreamEvent) -> ApprovalRequestedEvent | None:
    return event if isinstance(event, ApprovalRequestedEvent) else None


def names(events: Sequence[StreamEvent]) -> list[str]:
    return [event.name for event in events if event.type == "run_item_stream_event"]


def outputs(run: RunResultStreaming) -> list[Any]:
    return [item.output for item in run.new_items if isinstance(item, ToolCallOutputItem)]
