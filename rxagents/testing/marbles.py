"""Marble tests: draw the sources, draw what must come out, on the running loop's clock.

    async def test_debounce_waits_for_a_pause() -> None:
        source = hot("-a-bc-----d-|")
        waited = "    -------c----(d|)"
        lasted = "    ^-----------!"
        await expect(source.pipe(ops.debounce(3))).to_be(waited)
        source.expect_subscriptions(lasted)

Each character is one second (`frame` sets another time) of the event loop, which should be a
`VirtualLoop`: its seconds take no time and its times are exact. Sources may be anything, also ones
with tasks and timers of their own. The syntax, that of RxJS, is in `marble_diagram`.
"""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Callable, Mapping
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from reactivex import Observable, abc
from reactivex.disposable import Disposable
from reactivex.notification import Notification, OnCompleted, OnError, OnNext

from rxagents.stream import Stream
from rxagents.stream.tasks import loop_or_none, running_loop

from .marble_diagram import (
    Lifetime,
    Record,
    Remark,
    difference,
    draw_lifetime,
    length,
    parse,
    parse_lifetime,
    picture,
    refusal,
    refuse_zero,
)
from .virtual_time import VirtualLoop

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)

_LONGER = 100  # frames that a stream is watched after its diagram, for what should not come
_TURNS = 100  # turns of the loop in which the tasks of one instant are through
_TOLERANCE = 0.01  # frames: a virtual clock has whole nanoseconds, a datetime microseconds
_looks_no_longer: ContextVar[bool] = ContextVar("rxagents_marbles_looks_no_longer", default=False)


@overload
def cold(
    diagram: str, values: None = None, error: Exception | None = None, *, frame: float = 1.0
) -> ColdMarbles[str]: ...
@overload
def cold(
    diagram: str, values: Mapping[str, _T], error: Exception | None = None, *, frame: float = 1.0
) -> ColdMarbles[_T]: ...
def cold(
    diagram: str,
    values: Mapping[str, Any] | None = None,
    error: Exception | None = None,
    *,
    frame: float = 1.0,
) -> ColdMarbles[Any]:
    """A stream that plays `diagram` to each subscriber, from its subscription on.

        source = cold("-a-b|", {"a": 1, "b": 2})

    `#` is `error`, or else a MarbleError. Raises ValueError for what is no diagram.
    """
    return ColdMarbles(diagram, values, error, frame=frame)


@overload
def hot(
    diagram: str, values: None = None, error: Exception | None = None, *, frame: float = 1.0
) -> HotMarbles[str]: ...
@overload
def hot(
    diagram: str, values: Mapping[str, _T], error: Exception | None = None, *, frame: float = 1.0
) -> HotMarbles[_T]: ...
def hot(
    diagram: str,
    values: Mapping[str, Any] | None = None,
    error: Exception | None = None,
    *,
    frame: float = 1.0,
) -> HotMarbles[Any]:
    """A stream that plays `diagram` once, from now on, to whoever is subscribed.

        source = hot("-a-^-b--|")      b comes 2 s after this line; a has been

    What is drawn before `^` has happened before now, so nobody sees it. Who subscribes after the
    end is told of the end. `#` is `error`, or else a MarbleError. Raises ValueError for what is
    no diagram, and NoRunningLoopError where no loop is running.
    """
    return HotMarbles(diagram, values, error, frame=frame)


def expect(stream: Observable[Any], *, frame: float = 1.0) -> Expectation:
    """What must come out of `stream`: see `Expectation.to_be`."""
    return Expectation(stream, frame=frame)


class Marbles(Stream[_T_co]):
    """A drawn source, which knows when it was subscribed to and left.

    It knows no credit: its events come at their times, whatever its consumer does.
    """

    def __init__(
        self,
        diagram: str,
        values: Mapping[str, _T_co] | None = None,
        error: Exception | None = None,
        *,
        frame: float = 1.0,
    ) -> None:
        """Use `cold` or `hot`."""
        super().__init__()
        self.diagram: str = diagram
        self.frame: float = frame
        self._records: list[Record[_T_co]] = parse(diagram, values, error)
        self._log: list[_Stay] = []
        self._grid = _Grid.now(frame)
        self._begin()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.diagram.replace(' ', '')!r})"

    @property
    def subscriptions(self) -> list[str]:
        """Each subscription until now: `"--^---!"`, or `"--^"` if it lasts.

        The first character is the frame in which this source was made, or first subscribed to if
        no loop was running.
        """
        return [draw_lifetime(lifetime) for lifetime in self._lifetimes()]

    def expect_subscriptions(self, *diagrams: str) -> None:
        """Raise AssertionError unless the subscriptions until now are those drawn, and no other.

            source.expect_subscriptions("^--!", "---^----!")

        A subscription that lasts is drawn without `!`; `(^!)` is for one that ended when it
        began.
        """
        __tracebackhide__ = True
        for diagram in diagrams:
            if parse_lifetime(diagram).begin is None:
                raise refusal(diagram, 0, "a subscription begins with a ^")
        lifetimes = [parse_lifetime(diagram) for diagram in diagrams]
        times = [time for stay in self._log for time in (stay.begin, stay.end) if time is not None]
        remarks = [self._grid.remark(time) for time in times] if self._grid else []
        off = [f"\n  {remark.text}" for remark in remarks if remark]
        if off or lifetimes != self._lifetimes():
            raise AssertionError(
                f"the subscriptions of {self!r} are not as drawn{_scale(self.frame)}\n"
                + "\n".join(_pairs(diagrams, self.subscriptions))
                + "".join(off)
            )

    def _lifetimes(self) -> list[Lifetime]:
        return [self._grid.lifetime(stay) for stay in self._log] if self._grid else []

    def _begin(self) -> None:
        """What there is to do at once."""

    def _stay(self, leave: Callable[[], None]) -> abc.DisposableBase:
        """Log a subscription, until what this returns is disposed of; then call `leave`."""
        loop = running_loop("a marble source")
        if self._grid is None:
            self._grid = _Grid.now(self.frame)
        stay = _Stay(loop.time())
        self._log.append(stay)

        def end() -> None:
            leave()
            # A source that is left because the test looks no longer is drawn as still in use.
            if not _looks_no_longer.get():
                stay.end = loop.time()

        return Disposable(end)


class ColdMarbles(Marbles[_T_co]):
    """What `cold` makes: it starts anew with each subscription."""

    def _begin(self) -> None:
        why = "a cold source begins when it is subscribed to: a ^ is for hot()"
        refuse_zero(self.diagram, why)

    def _subscribe_core(
        self, observer: abc.ObserverBase[_T_co], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        loop = running_loop("a cold marble source")
        now, frame = loop.time(), self.frame
        timers = [
            loop.call_at(now + at * frame, _tell, observer, event) for at, event in self._records
        ]

        def leave() -> None:
            for timer in timers:
                timer.cancel()

        return self._stay(leave)


class HotMarbles(Marbles[_T_co]):
    """What `hot` makes: it started when it was made."""

    def _begin(self) -> None:
        self._end: Notification[_T_co] | None = None
        self._seats: list[tuple[abc.ObserverBase[_T_co], Context]] = []
        loop = running_loop("a hot marble source")
        now = loop.time()
        for at, event in self._records:
            if at < 0:
                self._emit(event)  # nobody hears it, but it may be the end
            else:
                loop.call_at(now + at * self.frame, self._emit, event)

    def _subscribe_core(
        self, observer: abc.ObserverBase[_T_co], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        seat = (observer, copy_context())
        stay = self._stay(lambda: self._seats.remove(seat))
        self._seats.append(seat)
        if self._end is not None:
            _tell(observer, self._end)
        return stay

    def _emit(self, event: Notification[_T_co]) -> None:
        if event.kind != "N":
            self._end = event
        for observer, context in tuple(self._seats):
            # In the context of the subscription: a chain finds its consumer's credit there.
            context.run(_tell, observer, event)


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
        grid = _Grid.now(self._frame)
        assert grid is not None
        watched = min(leave, until)
        seen = await self._watch(grid, watched, left=leave <= until)
        got = [(grid.frame(time), event) for time, event in seen]
        off = next(filter(None, (grid.remark(time) for time, _ in seen)), None)
        wrong = off or difference(diagram, got, values, error)
        if wrong is not None:
            shown = picture(diagram, got, values, wrong, watched=math.ceil(watched))
            raise AssertionError(f"the stream is not as drawn{_scale(self._frame)}\n{shown}")

    async def _watch(
        self, grid: _Grid, frames: float, *, left: bool
    ) -> list[tuple[float, Notification[Any]]]:
        """What comes in so many frames; with `left`, that is when to unsubscribe."""
        loop = asyncio.get_running_loop()
        seen: list[tuple[float, Notification[Any]]] = []
        over = asyncio.Event()

        def note(event: Notification[Any]) -> None:
            # A hot source's timers may be older than the one that unsubscribes in this frame.
            if not left or grid.place(loop.time()) < frames - _TOLERANCE:
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
            token = _looks_no_longer.set(True)
            subscription.dispose()
            _looks_no_longer.reset(token)
        return seen


@dataclass(frozen=True)
class _Grid:
    """The frames on a loop's clock."""

    zero: float
    seconds: float
    exact: bool
    """Whether to tell of a time between two frames; on a real clock, all are."""

    @classmethod
    def now(cls, frame: float) -> _Grid | None:
        """Frame 0 is now; None where no loop runs."""
        if not 0 < frame < math.inf:
            raise ValueError(f"frame must be more than 0 seconds, not {frame}")
        loop = loop_or_none()
        return None if loop is None else cls(loop.time(), frame, isinstance(loop, VirtualLoop))

    def place(self, time: float) -> float:
        return (time - self.zero) / self.seconds

    def frame(self, time: float) -> int:
        return math.floor(self.place(time) + 0.5)  # `round` would take 1.5 and 2.5 for the same

    def remark(self, time: float) -> Remark | None:
        """What there is to say of a time that is in no frame."""
        frame = self.frame(time)
        if not self.exact or abs(self.place(time) - frame) <= _TOLERANCE:
            return None
        between = f"at {time - self.zero:g} s, between two frames of {self.seconds:g} s"
        return Remark(frame, f"{between}: set a smaller `frame`")

    def lifetime(self, stay: _Stay) -> Lifetime:
        end = None if stay.end is None else self.frame(stay.end)
        return Lifetime(self.frame(stay.begin), end)


@dataclass
class _Stay:
    """The times of a subscription."""

    begin: float
    end: float | None = None


def _tell(observer: abc.ObserverBase[_T], event: Notification[_T]) -> None:
    event.accept(observer)


def _leave(unsubscribe: str) -> int:
    begin, end = parse_lifetime(unsubscribe)
    if begin:
        raise refusal(unsubscribe, unsubscribe.index("^"), "it subscribes in frame 0: no other ^")
    if end is None:
        raise refusal(unsubscribe, len(unsubscribe), "unsubscribe draws a !, as in ---!")
    return end


def _scale(frame: float) -> str:
    return "" if frame == 1 else f" (a frame is {frame:g} s)"


def _pairs(expected: tuple[str, ...], got: list[str]) -> list[str]:
    """The drawings of subscriptions in pairs, with a pointer where two begin to differ."""
    rows: list[str] = []
    for want, have in itertools.zip_longest(expected, got):
        wanted = "none" if want is None else want.replace(" ", "")
        came = "none" if have is None else have
        if want is not None and have is not None and "!" not in have:
            came = came.ljust(len(wanted), "-")
        rows += [f"  expected  {wanted}", f"  got       {came}"]
        if want is not None and have is not None and wanted.rstrip("-") != came.rstrip("-"):
            pairs = itertools.zip_longest(wanted, came)
            place = next(place for place, (one, other) in enumerate(pairs) if one != other)
            rows.append(" " * (12 + place) + "^")
    return rows or ["  expected  none", "  got       none"]
