"""Where lists and windows begin and end, as other streams say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from reactivex import Observable

from ._first_event import stream_from


class Spans(Protocol):
    """The lists, or the windows, of one subscription."""

    @property
    def is_over(self) -> bool:
        """Whether they have ended, or were left."""
        ...

    def begin(self) -> Any:
        """Begin one, for the events that come from now on."""
        ...

    def close(self, span: Any, /) -> None:
        """End one, if it has not ended."""
        ...

    def end(self, error: Exception | None = None, /) -> None:
        """End all of them, and the stream."""
        ...

    def listen_to(self, stream: Observable[Any], on_next: Callable[[Any], None], /) -> None:
        """Subscribe to a stream whose end is of no concern, and whose error ends ours."""
        ...

    def wait_for(
        self,
        stream: Observable[Any],
        then: Callable[[], None],
        at_end: Callable[[], None] | None = None,
    ) -> object:
        """The same for its first event alone, or its end if there is none."""
        ...


Bounds: TypeAlias = Callable[[Spans, Callable[[], object]], None]
"""Begins and ends spans from now on; calls a function that subscribes to the source."""


def at_boundaries(boundaries: Observable[Any]) -> Bounds:
    """One span after another, with an event of `boundaries` between them."""

    def start(spans: Spans, subscribe: Callable[[], object]) -> None:
        span = spans.begin()

        def turn(_: object) -> None:
            nonlocal span
            spans.close(span)
            span = spans.begin()

        subscribe()
        spans.listen_to(boundaries, turn)

    return start


def from_openings(
    openings: Observable[Any], closing_mapper: Callable[[Any], Observable[Any]]
) -> Bounds:
    """A span for each event of `openings`, up to the first event, or the end, of its own stream."""

    def start(spans: Spans, subscribe: Callable[[], object]) -> None:
        def opened(opening: Any) -> None:
            try:
                closing = stream_from("closing_mapper", closing_mapper, opening)
            except Exception as error:
                spans.end(error)
                return
            span = spans.begin()
            spans.wait_for(closing, lambda: spans.close(span))

        spans.listen_to(openings, opened)
        subscribe()

    return start


def up_to_closings(closing_mapper: Callable[[], Observable[Any]]) -> Bounds:
    """One span after another, each up to the first event of a stream of its own."""

    def start(spans: Spans, subscribe: Callable[[], object]) -> None:
        span = spans.begin()
        asking = False
        closed = False

        def close() -> None:
            nonlocal span, closed
            spans.close(span)
            span = spans.begin()
            closed = True
            ask()

        def ask() -> None:
            nonlocal asking, closed
            if asking:  # it has closed at once: the loop below goes on
                return
            asking = closed = True
            while closed and not spans.is_over:
                closed = False
                try:
                    closing = stream_from("closing_mapper", closing_mapper)
                except Exception as error:
                    spans.end(error)
                else:
                    spans.wait_for(closing, close, at_end=_last)
            asking = False

        subscribe()
        ask()

    return start


def _last() -> None:
    """Do nothing: without an end of its own, a span ends with the source."""
