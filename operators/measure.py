"""What a run takes: seconds, tokens, events a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

from reactivex import Observable, abc, defer

from rxagents.events import RawResponsesStreamEvent, StreamEvent
from rxagents.stream.subscriber import refuse_async
from rxagents.usage import Usage

from . import _checks
from ._choose import choose
from ._line import TimedLine, in_line
from ._reading import reading
from ._stopwatch import Stopwatch
from .measured import Timing

_T = TypeVar("_T")

_ENDS = frozenset({"response.completed", "response.incomplete", "response.failed"})
_NEAR = 1e-4  # seconds by which a window may be off and count as whole: it is what timers take


def timings() -> Callable[[Observable[StreamEvent]], Observable[Timing]]:
    """How long everything in a run takes, each as soon as it is known. Lossless.

        source      --A--r--d--d--c--C-----o--r--d--C--|
        timings()   --------1-------------(Tt)---1--t--(R|)

        c: a call, o: its output, C: the response is whole
        1: first_token, T: tool, t: turn, R: run

    Each has its `kind` and its `seconds`:

    - `first_token`: from the beginning of a turn to its first delta that is not empty, of text,
      reasoning, a refusal or arguments. Another attempt at the turn has one of its own.
    - `tool`: from a call, when it is whole, to its output. A handoff is none.
    - `turn`: from its beginning to its end. The first turn begins with the run's first event, and
      the others with the last event of the turn before: it is then that the model is asked. It
      ends when its response is whole and each call has its output, or its handoff has taken
      place; where a stream does not tell these, with the last event before the next turn. An
      attempt that was lost takes time, and its deltas do not count.
    - `run`: from its first event to its last, when the source completes.

    Times are those of the events. So a recording gives what the run gave, and a slow consumer
    changes nothing but a run that it holds back. Events made by hand have the time 0.

    An error comes after the timings of the turn and the run that it cuts off, which are not
    `complete`. A stream of several runs gives the timings of each; one that has come to its
    answer is over when another begins.

    >>> await Runner.observe(agent, "Weather?").pipe(
    ...     ops.timings(), ops.map(lambda t: f"{t.kind} {t.seconds}"), ops.to_list())
    ['first_token 0.0', 'tool 1.0', 'turn 1.0', 'first_token 0.0', 'turn 0.0', 'run 1.0']
    """
    return reading(Stopwatch)


def usage() -> Callable[[Observable[StreamEvent]], Observable[Usage]]:
    """The tokens and requests so far, after each response of a model. Lossless.

        source    --A--d--d--C--o--d--d--C--|     C: the response is whole
        usage()   -----------1-----------2--|     2: the sum of both

    A response that failed, or stopped half way, counts if the model tells its usage; so the sum
    may be more than the run's own, which counts whole responses only. Every sum is an object of
    its own. Those of several runs in one stream are added up.

    >>> await Runner.observe(agent, "Weather?").pipe(
    ...     ops.usage(), ops.map(lambda u: (u.requests, u.output_tokens)), ops.to_list())
    [(1, 5), (2, 10)]
    """

    def summed(source: Observable[StreamEvent]) -> Observable[Usage]:
        total = Usage()

        def pick(event: StreamEvent) -> Usage | None:
            nonlocal total
            if type(event) is not RawResponsesStreamEvent or event.data.type not in _ENDS:
                return None
            # By name, as a failing provider's events are the least likely to be complete.
            told = getattr(getattr(event.data, "response", None), "usage", None)
            if told is None and event.data.type != "response.completed":
                return None
            before, total = total, Usage()  # a new one, as those who were told keep theirs
            total.add(before)
            total.add(Usage.of_response(told))
            return total

        return choose(pick)(source)

    return lambda source: defer(lambda _: summed(source))


@overload
def rate(
    window: float = 1.0, *, weigh: None = None
) -> Callable[[Observable[Any]], Observable[float]]: ...
@overload
def rate(
    window: float = 1.0, *, weigh: Callable[[_T], float]
) -> Callable[[Observable[_T]], Observable[float]]: ...


def rate(
    window: float = 1.0, *, weigh: Callable[[Any], float] | None = None
) -> Callable[[Observable[Any]], Observable[float]]:
    """How many events come in a second, every `window` seconds. Conflating.

        source    -ab-c--------d--e|
        rate(3)   ---2--1--0--0--1-(M|)     2: 2/3, 1: 1/3, M: 2/5, in events a second

    With `weigh`, the sum of what it makes of the events instead of their number: `weigh=len` on
    text gives characters a second. While nothing comes, 0.0. The source is not held back, and a
    consumer that is not ready gets fewer values, each of the time since the one before.

    What came after the last window is told at the end, before an error too, as the mean of that
    window and the time since, so that a short rest tells no wild figure; a stream that is shorter
    than a window counts as one. An exception in `weigh` is treated as one of the source.

    `window` is in seconds of the loop's clock; raises ValueError now unless it is more than 0.
    One timer runs until the source ends or is left.

    >>> await Runner.observe(agent, "Weather?").pipe(
    ...     ops.text_deltas(), ops.rate(0.7, weigh=len), ops.to_list())
    [20.0, 34.0]
    """
    seconds = _checks.positive_seconds("window", window)
    if weigh is not None:
        refuse_async("weigh", weigh)
    return in_line(lambda observer, clock: _Meter(observer, clock, seconds, weigh))


class _Meter(TimedLine[None, float], Generic[_T]):
    """The window that is open: it is all that ever waits, and goes when it is over."""

    def __init__(
        self,
        observer: abc.ObserverBase[float],
        scheduler: abc.SchedulerBase | None,
        window: float,
        weigh: Callable[[_T], float] | None,
    ) -> None:
        super().__init__(observer, scheduler)
        self._window = window
        self._weigh = weigh
        self._number = 1  # windows end at multiples of their length, whenever they are told
        self._since = 0.0
        self._sum = 0.0
        self._before = 0.0  # sum and seconds of the window before
        self._before_seconds = 0.0
        # Never used up: the source runs freely, and who waits for the consumer's tasks waits for
        # its tasks too.
        self.credit = self.child(1)
        self.waiting.append(None)
        self.go_on()

    def on_next(self, value: _T) -> None:
        if self.ended or self.stopped:
            return
        try:
            self._sum += 1.0 if self._weigh is None else self._weigh(value)
        except Exception as error:
            self.end(error)

    def end(self, error: Exception | None = None) -> None:
        self._cancel()
        if not self._sum and not self.ended:
            self.waiting.clear()
        super().end(error)

    def due(self) -> float:
        return 0.0 if self.ended else self._number * self._window

    def leaves(self) -> float:
        self.waiting.clear()
        now = self.now()
        seconds = now - self._since
        if self.ended:
            return (self._before + self._sum) / max(self._before_seconds + seconds, self._window)
        if abs(seconds - self._window) < _NEAR:
            seconds = self._window
        self._before, self._before_seconds = self._sum, seconds
        self._sum, self._since = 0.0, now
        self._number = max(self._number, int(now / self._window + _NEAR)) + 1
        self.waiting.append(None)
        return self._before / seconds
