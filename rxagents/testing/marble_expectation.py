"""What must come out of a stream, drawn as marbles."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from typing import Any

from reactivex import Observable
from reactivex.notification import Notification, OnCompleted, OnError, OnNext

from rxagents.stream import Stream
from rxagents.stream.tasks import running_loop

from .marble_diagram import difference, length, parse, parse_lifetime, picture, refusal, refuse_zero
from .marble_grid import TOLERANCE, Grid, looks_no_longer, scale

_LONGER = 100  # frames that a stream is watched after its diagram, for what should not come
_TURNS = 100  # turns of the loop in which the tasks of one instant are through


class Expectation:
    """What `expect` makes."""

    def __init__(self, stream: Observable[Any], *, frame: float = 1.0) -> None:
        self._stream = stream
        self._frame = frame

    async def to_be(
        self,
        diagram: str,
        values: Mapping[str, Any] | None = None,
        error: Exception | type[Exception] | None = None,
        *,
        unsubscribe: str | None = None,
        until: float | None = None,
    ) -> None:
        """Subscribe now, as frame 0, and raise AssertionError unless all comes as drawn.

            source = cold("                           -a--b--c--|")
            await expect(source.pipe(take(2))).to_be("-a--(b|)")
            await expect(source).to_be("              -a--b-", unsubscribe="------!")

        It returns when the stream has ended, and looks at one that does not end for 100 frames
        more than are drawn, or up to and with the frame `until`. Subscriptions that last to there
        are let go then, but drawn as lasting. `unsubscribe` draws when to leave the stream; what
        would come in the frame of its `!` is not seen.

        `#` is an error of the type `error`, or one like the instance `error`, or else a
        MarbleError. On a VirtualLoop, an event that comes between two frames is none that is
        drawn; on another loop, times are rounded to frames.
        """
        __tracebackhide__ = True
        parse(diagram, values)  # it is refused before anything happens
        refuse_zero(diagram, "what comes out is drawn from frame 0 on: a ^ is for hot()")
        leave = math.inf if unsubscribe is None else _leave(unsubscribe)
        if until is None:
            until = length(diagram) + _LONGER
        running_loop("expect")
        grid = Grid.now(self._frame)
        assert grid is not None
        watched = min(leave, until)
        seen = await self._watch(grid, watched, left=leave <= until)
        got = [(grid.frame(time), event) for time, event in seen]
        off = next(filter(None, (grid.remark(time) for time, _ in seen)), None)
        wrong = off or difference(diagram, got, values, error)
        if wrong is not None:
            shown = picture(diagram, got, values, wrong, watched=math.ceil(watched))
            raise AssertionError(f"the stream is not as drawn{scale(self._frame)}\n{shown}")

    async def _watch(
        self, grid: Grid, frames: float, *, left: bool
    ) -> list[tuple[float, Notification[Any]]]:
        """What comes in so many frames; with `left`, that is when to unsubscribe."""
        loop = asyncio.get_running_loop()
        seen: list[tuple[float, Notification[Any]]] = []
        over = asyncio.Event()

        def note(event: Notification[Any]) -> None:
            # A hot source's timers may be older than the one that unsubscribes in this frame.
            if not left or grid.place(loop.time()) < frames - TOLERANCE:
                seen.append((loop.time(), event))
            if event.kind != "N":
                over.set()

        def stop() -> None:
            if left:
                subscription.dispose()
            over.set()

        timer = loop.call_at(grid.zero + frames * grid.seconds, stop)
        subscription = Stream.from_observable(self._stream).subscribe(
            lambda value: note(OnNext(value)),
            lambda error: note(OnError(error)),
            lambda: note(OnCompleted()),
        )
        try:
            await over.wait()
            for _ in range(_TURNS):
                await asyncio.sleep(0)
        finally:
            timer.cancel()
            token = looks_no_longer.set(True)
            subscription.dispose()
            looks_no_longer.reset(token)
        return seen


def _leave(unsubscribe: str) -> int:
    begin, end = parse_lifetime(unsubscribe)
    if begin:
        raise refusal(unsubscribe, unsubscribe.index("^"), "it subscribes in frame 0: no other ^")
    if end is None:
        raise refusal(unsubscribe, len(unsubscribe), "unsubscribe draws a !, as in ---!")
    return end
