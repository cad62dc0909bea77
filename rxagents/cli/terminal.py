"""The view for people."""

from __future__ import annotations

from types import TracebackType
from typing import Literal, Self

from openai.types.responses import (
    ResponseOutputItemAddedEvent,
    ResponseStreamEvent,
    ResponseTextDeltaEvent,
)
from rich.console import Console
from rich.control import Control
from rich.segment import ControlType, Segment, Segments
from rich.status import Status
from rich.text import Text

from rxagents import (
    AgentUpdatedStreamEvent,
    RawResponsesStreamEvent,
    RunItemStreamEvent,
    StreamEvent,
    ToolCallItem,
    ToolCallOutputItem,
)

from .statistics import Statistics
from .wording import arguments_of, call_id_of, figures, harmless, name_of, one_line, output_of
from .wrap import WordWrap


class TerminalView:
    """Writes the answer as it comes, a line for what else happens, and a spinner meanwhile.

    What is written stays as it is and scrolls away as any text; only the spinner's line is ever
    drawn again. A blank line separates the model's words from all else.
    """

    def __init__(self) -> None:
        self._console = Console(markup=False, emoji=False, highlight=False)
        self._spinner: Status | None = None
        self._wrap = WordWrap()
        self._speaking = False  # whether the cursor is behind a message's words
        self._held = ""  # newlines that are only written if more words follow
        self._last: Literal["nothing", "words", "note", "gap"] = "nothing"
        self._running: dict[str, str] = {}  # the names of the tools under way, by call id
        self._at_once = 0  # of these, the most since there was none
        self._agents = 0

    def __enter__(self) -> Self:
        self._wait("thinking")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop_waiting()
        self._end_words()

    def show(self, event: StreamEvent) -> None:
        match event:
            case RawResponsesStreamEvent():
                self._show_raw(event.data)
            case RunItemStreamEvent(name="message_output_created"):
                self._end_words()
            case RunItemStreamEvent(item=ToolCallItem() as item):
                self._show_call(item)
            case RunItemStreamEvent(item=ToolCallOutputItem() as item):
                self._show_output(item)
            case AgentUpdatedStreamEvent():
                self._agents += 1
                if self._agents > 1:
                    self._note(Text.assemble(("→ ", "magenta"), one_line(event.new_agent.name)))
                    self._wait("thinking")
            case _:
                pass

    def finish(self, statistics: Statistics) -> None:
        self._stop_waiting()
        self._end_words()
        self._set_apart("words")
        self._console.print(Text(figures(statistics), style="dim"))

    # --- what happens -----------------------------------------------------------------------

    def _show_raw(self, data: ResponseStreamEvent) -> None:
        if isinstance(data, ResponseTextDeltaEvent):
            self._words(harmless(data.delta))
        elif isinstance(data, ResponseOutputItemAddedEvent):
            if data.item.type == "function_call":
                self._wait(f"calling {one_line(data.item.name)}")
            elif data.item.type == "reasoning":
                self._wait("thinking")
        elif data.type == "response.created":
            self._wait("thinking")

    def _show_call(self, item: ToolCallItem) -> None:
        name, call_id = name_of(item), call_id_of(item)
        self._note(
            Text.assemble(("● ", "cyan"), (name, "bold"), (f"({arguments_of(item)})", "dim"))
        )
        if call_id:
            self._running[call_id] = name
            self._at_once = max(self._at_once, len(self._running))
            self._wait(f"running {', '.join(dict.fromkeys(self._running.values()))}")

    def _show_output(self, item: ToolCallOutputItem) -> None:
        name = self._running.pop(call_id_of(item), "")
        prefix = f"{name}: " if name and self._at_once > 1 else ""
        self._note(Text.assemble(("  └ ", "cyan"), (prefix, "bold"), (output_of(item), "dim")))
        if self._running:
            self._wait(f"running {', '.join(dict.fromkeys(self._running.values()))}")
        else:
            self._at_once = 0
            self._wait("thinking")

    # --- how it is written ------------------------------------------------------------------

    def _words(self, text: str) -> None:
        if not self._speaking:
            text = text.lstrip()
            if not text:
                return
            self._stop_waiting()
            self._set_apart("words")
            self._speaking = True
        body = text.rstrip("\n")
        if not body:
            self._held += text
            return
        segments: list[Segment] = []
        for part in self._wrap.feed(self._held + body, self._console.width):
            if isinstance(part, str):
                segments.append(Segment(part))
            else:
                segments.append(Control.move(x=-part.cells).segment)
                segments.append(Control((ControlType.ERASE_IN_LINE, 0)).segment)
        self._held = text[len(body) :]
        self._console.print(Segments(segments), end="", crop=False)

    def _end_words(self) -> None:
        self._held = ""
        if self._speaking:
            self._console.line()
            self._wrap.new_line()
            self._speaking = False

    def _note(self, line: Text) -> None:
        self._end_words()
        self._set_apart("note")
        self._console.print(line, no_wrap=True, overflow="ellipsis")

    def _set_apart(self, what: Literal["words", "note"]) -> None:
        if self._last == "words" or (self._last == "note" and what == "words"):
            self._console.line()
        self._last = what

    def _wait(self, what: str) -> None:
        """Say beside a spinner what is waited for."""
        self._end_words()
        if self._last == "words":
            self._console.line()
            self._last = "gap"
        label = Text(one_line(f"{what} …", self._console.width - 4), style="dim")
        if self._spinner is None:
            self._spinner = self._console.status(label, spinner_style="cyan")
            self._spinner.start()
        else:
            self._spinner.update(label)

    def _stop_waiting(self) -> None:
        if self._spinner is not None:
            self._spinner.stop()
            self._spinner = None
