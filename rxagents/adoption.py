"""Events of the OpenAI Agents SDK made ours, which its classes resemble in all their fields."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Any

from .events import (
    AgentUpdatedStreamEvent,
    EventPosition,
    RawResponsesStreamEvent,
    RunItemStreamEvent,
)


class Adoption:
    """Makes the events of one run ours, and gives them the places that they do not carry.

    The turn is counted from the beginnings of the model's responses.
    """

    def __init__(self) -> None:
        self._run_id = f"run_{uuid.uuid4().hex}"
        self._seq = 0
        self._turn = 0
        self._path: tuple[str, ...] = ()
        self._clock = asyncio.get_running_loop().time
        self._epoch = time.time() - self._clock()

    def __call__(self, event: Any) -> Any:
        """The event as one of ours; itself if it is one, or of a kind that we do not know."""
        if isinstance(event, EventPosition):
            return event
        match getattr(event, "type", None):
            case "raw_response_event":
                self._turn += event.data.type == "response.created"
                return RawResponsesStreamEvent(event.data, **self._position())
            case "run_item_stream_event":
                return RunItemStreamEvent(event.name, event.item, **self._position())
            case "agent_updated_stream_event":
                self._path = (event.new_agent.name,)
                return AgentUpdatedStreamEvent(event.new_agent, **self._position())
            case _:
                return event

    def _position(self) -> dict[str, Any]:
        self._seq += 1
        return {
            "run_id": self._run_id,
            "seq": self._seq - 1,
            "turn": self._turn,
            "time": self._epoch + self._clock(),
            "path": self._path,
        }
