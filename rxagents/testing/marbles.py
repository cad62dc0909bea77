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

import itertools
from collections.abc import Callable, Mapping
from contextvars import Context, copy_context
from typing import Any, TypeVar, overload

from reactivex import Observable, abc
from reactivex.disposable import Disposable
from reactivex.notification import Notification

from rxagents.stream import Stream
from rxagents.stream.tasks import running_loop

from .marble_diagram import (
    Lifetime,
    Record,
    draw_lifetime,
    parse,
    parse_lifetime,
    refusal,
    refuse_zero,
)
from .marble_expectation import Expectation as Expectation
from .marble_grid import Grid, Stay, looks_no_longer, scale

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)


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
        self._log: list[Stay] = []
        self._grid = Grid.now(frame)
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
                f"the subscriptions of {self!r} are not as drawn{scale(self.frame)}\n"
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
            self._grid = Grid.now(self.frame)
        stay = Stay(loop.time())
        self._log.append(stay)

        def end() -> None:
            leave()
            # A source that is left because the test looks no longer is drawn as still in use.
            if not looks_no_longer.get():
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


def _tell(observer: abc.ObserverBase[_T], event: Notification[_T]) -> None:
    event.accept(observer)


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
