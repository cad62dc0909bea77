"""The view for pipes and files."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from openai.types.responses import ResponseTextDeltaEvent

from rxagents import (
    AgentUpdatedStreamEvent,
    RawResponsesStreamEvent,
    RunItemStreamEvent,
    StreamEvent,
    ToolCallItem,
    ToolCallOutputItem,
)

from .statistics import Statistics
from .wording import arguments_of, errors, harmless, name_of, one_line, output_of


class PlainView:
    """Writes the answer's text as it comes, and what else happens to standard error.

    Each message ends with a newline, and nothing else is added to the model's words. Nothing is
    taken from them either, but for control characters where they go to a (dumb) terminal.
    """

    def __init__(self) -> None:
        self._errors = errors()
        self._terminal = sys.stdout.isatty()
        self._within_line = False
        self._agents = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not isinstance(error, BrokenPipeError):
            self._end_line()

    def show(self, event: StreamEvent) -> None:
        match event:
            case RawResponsesStreamEvent(data=ResponseTextDeltaEvent() as data):
                self._write(harmless(data.delta) if self._terminal else data.delta)
            case RunItemStreamEvent(name="message_output_created"):
                self._end_line()
            case RunItemStreamEvent(item=ToolCallItem() as item):
                self._note(f"● {name_of(item)}({arguments_of(item)})")
            case RunItemStreamEvent(item=ToolCallOutputItem() as item):
                self._note(f"  └ {output_of(item)}")
            case AgentUpdatedStreamEvent():
                self._agents += 1
                if self._agents > 1:
                    self._note(f"→ {one_line(event.new_agent.name)}")
            case _:
                pass

    def finish(self, statistics: Statistics) -> None:
        """Add nothing: the output is the answer alone."""

    def _write(self, text: str) -> None:
        if text:
            sys.stdout.write(text)
            sys.stdout.flush()
            self._within_line = not text.endswith("\n")

    def _end_line(self) -> None:
        if self._within_line:
            self._write("\n")

    def _note(self, line: str) -> None:
        self._errors.print(line, soft_wrap=True)
