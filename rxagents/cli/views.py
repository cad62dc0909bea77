"""What a view is, and the view for programs."""

from __future__ import annotations

import json
import os
import sys
from types import TracebackType
from typing import Protocol, Self

from rxagents import StreamEvent

from .statistics import Statistics


class View(Protocol):
    """Shows one run. Leaving it leaves the output in order, however the run ended."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def show(self, event: StreamEvent) -> None:
        """Show an event of the run, now."""
        ...

    def finish(self, statistics: Statistics) -> None:
        """Show what the run took; called once, if it was successful."""
        ...


def choose_view(*, json: bool) -> View:
    """The view that fits standard output."""
    if json:
        return JsonView()
    # A dumb terminal cannot take a word back to the next line, nor show a spinner.
    if sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        from .terminal import TerminalView

        return TerminalView()
    from .plain import PlainView

    return PlainView()


class JsonView:
    """Writes each event as a line of JSON."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave: every line is whole already."""

    def show(self, event: StreamEvent) -> None:
        sys.stdout.write(json.dumps(event.to_dict(), ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def finish(self, statistics: Statistics) -> None:
        """Add nothing: whoever reads the events can count them."""
