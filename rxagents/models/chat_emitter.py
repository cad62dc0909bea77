"""Makes the events of a response that came in another form."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from openai.types.responses import ResponseOutputItem, ResponseStreamEvent
from pydantic import ValidationError

from rxagents.openai_types import event_classes, lenient_event, typed_event, typed_item


@cache
def _validator(kind: str) -> Callable[[Any], Any]:
    """`model_validate` of the class of a type of event, without a quarter of its cost."""
    event_class = event_classes()[kind]
    event_class.model_rebuild()  # the `openai` package puts that off
    return event_class.__pydantic_validator__.validate_python


class Emitter:
    """Makes the events of one response, and keeps its finished items."""

    def __init__(self) -> None:
        self.count: int = 0
        """Events so far, which is the next one's number."""
        self._events: list[ResponseStreamEvent] = []
        self._places = 0
        self._done: dict[int, ResponseOutputItem] = {}

    @property
    def output(self) -> list[ResponseOutputItem]:
        """The items that are over, in the order in which they began."""
        return [self._done[index] for index in sorted(self._done)]

    def take(self) -> list[ResponseStreamEvent]:
        """The events since the last time."""
        events, self._events = self._events, []
        return events

    def emit(self, fields: dict[str, Any]) -> None:
        """Make an event of `fields`, in the class of its `type`."""
        self._events.append(typed_event({**fields, "sequence_number": self.count}))
        self.count += 1

    def deltas(self, fields: dict[str, Any]) -> Callable[[str], None]:
        """What makes an event of `fields` and a delta: thousands of them, so it is made fast."""
        validate = _validator(fields["type"])
        fields = dict(fields)

        def say(delta: str) -> None:
            fields["delta"] = delta
            fields["sequence_number"] = self.count
            self.count += 1
            try:
                event: ResponseStreamEvent = validate(fields)
            except ValidationError:  # half a surrogate pair in a text shall not stop anything
                event = lenient_event(fields)
            self._events.append(event)

        return say

    def next_index(self) -> int:
        """The `output_index` of an item that begins."""
        self._places += 1
        return self._places - 1

    def item_begun(self, index: int, item: dict[str, Any]) -> None:
        """Tell of an item that has begun."""
        kind = "response.output_item.added"
        self.emit({"type": kind, "output_index": index, "item": typed_item(item)})

    def item_over(self, index: int, item: dict[str, Any]) -> None:
        """Tell of an item that is whole, or will not become it any more."""
        self._done[index] = done = typed_item(item)
        self.emit({"type": "response.output_item.done", "output_index": index, "item": done})
