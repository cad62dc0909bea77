"""Text in time: gathered into chunks, and typed out evenly."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, Disposable, SerialDisposable

from rxagents.stream.demand import Demand, demand, demand_in_force
from rxagents.stream.scheduler import LoopScheduler, clock_of

from ._graphemes import last_cluster, whole_clusters


def chunks(
    *, max_chars: int, max_wait: float | None = None
) -> Callable[[Observable[str]], Observable[str]]:
    r"""Text in chunks of at most `max_chars` characters. Lossless.

        source                               --"One t"--"wo three"-----------------|
        chunks(max_chars=8, max_wait=2)      -------------"One two "-----"three"---|

    A chunk is emitted when the next character would not fit, or when a character has waited for
    `max_wait` seconds (None: for any time). A full one ends after white space if there is any in
    it, else between two characters as readers see them. Joined the chunks are the text again.
    What is left when the source ends, or fails, is emitted before that. Raises ValueError now
    unless `max_chars` is 1 or more and `max_wait` more than 0.

    >>> run = Runner.observe(agent, "Oslo?")
    >>> await run.pipe(ops.text_deltas(), ops.chunks(max_chars=12, max_wait=0.2), ops.to_list())
    ['Let me look.', '\n\n', 'It is sunny ', 'in Oslo.']
    """
    if max_chars < 1:
        raise ValueError(f"max_chars must be 1 character or more, not {max_chars}")
    if max_wait is not None and not 0 < max_wait < math.inf:
        raise ValueError(f"max_wait must be more than 0 seconds and finite, not {max_wait}")

    def chunked(source: Observable[str]) -> Observable[str]:
        def subscribe(
            observer: abc.ObserverBase[str], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            clock = scheduler or LoopScheduler()
            timer = SerialDisposable()
            pending = ""

            def on_next(piece: str) -> None:
                nonlocal pending
                if not piece:
                    return
                waited = bool(pending)
                pending += piece
                full, pending = _full_chunks(pending, max_chars)
                # The timer runs for the oldest character, so what is left of `piece` needs a new
                # one unless something older is left too.
                if not pending:
                    timer.disposable = Disposable()
                elif max_wait is not None and (not waited or len(pending) <= len(piece)):
                    timer.disposable = clock.schedule_relative(max_wait, on_time)
                for chunk in full:
                    observer.on_next(chunk)

            def on_time(_: abc.SchedulerBase, __: object = None) -> None:
                emit_rest()

            def emit_rest() -> None:
                nonlocal pending
                chunk, pending = pending, ""
                if chunk:
                    observer.on_next(chunk)

            def on_error(error: Exception) -> None:
                timer.dispose()
                emit_rest()
                observer.on_error(error)

            def on_completed() -> None:
                timer.dispose()
                emit_rest()
                observer.on_completed()

            subscription = source.subscribe(on_next, on_error, on_completed, scheduler=scheduler)
            return CompositeDisposable(subscription, timer)

        return Observable(subscribe)

    return chunked


def _full_chunks(text: str, size: int) -> tuple[list[str], str]:
    """The chunks that can be told now, and what is left: at most `size` characters."""
    chunks: list[str] = []
    start = 0
    while len(text) - start > size or (len(text) - start == size and text[-1].isspace()):
        end = _chunk_end(text, start, start + size)
        chunks.append(text[start:end])
        start = end
    return chunks, text[start:]


def _chunk_end(text: str, start: int, most: int) -> int:
    """Where to cut the chunk that begins at `start` and ends at `most` or before."""
    if most == len(text) or text[most].isspace():
        return most
    for end in range(most, start, -1):
        if text[end - 1].isspace():
            return end
    last = last_cluster(text[start : most + 1], 0)
    return start + last if last else most


def smooth(
    *, chars_per_second: float = 60.0, max_lag: float = 1.0
) -> Callable[[Observable[str]], Observable[str]]:
    """Text typed out evenly, however unevenly it comes. Lossless.

        source                       --"abcd"-------------------"e"-----|
        smooth(chars_per_second=5)   --"a"--"b"--"c"--"d"-------"e"-----|     -- is 0.2 seconds

    It types `chars_per_second` (code points, as `len` counts them), and faster as soon as a
    character would otherwise come more than `max_lag` seconds after it has arrived. Above 60 a
    second several come at once; what a reader sees as one character always does. At the end of
    what has arrived, one that is not ASCII waits half a second at most for marks that belong to
    it. It completes after the last character; when the source fails, the rest is emitted at once
    before that.

    It holds back 1024 pieces at most, and then the source. Only a slow consumer makes it lag more
    than `max_lag`; with `max_lag=math.inf` it never types faster. Raises ValueError now unless
    both numbers are more than 0.

    >>> typed = Stream.of("It is sunny in Oslo.").pipe(ops.smooth(chars_per_second=10, max_lag=3))
    >>> await typed.pipe(ops.buffer_with_time(0.48), ops.map("".join), ops.to_list())
    ['It is', ' sunn', 'y in ', 'Oslo.']
    """
    if not 0 < chars_per_second < math.inf:
        raise ValueError(
            "chars_per_second must be more than 0 characters a second and finite, "
            f"not {chars_per_second}"
        )
    if not max_lag > 0:
        raise ValueError(f"max_lag must be more than 0 seconds, not {max_lag}")

    def smoothed(source: Observable[str]) -> Observable[str]:
        def subscribe(
            observer: abc.ObserverBase[str], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            typist = _Typist(observer, scheduler or LoopScheduler(), chars_per_second, max_lag)
            with demand(typist.credit):
                subscription = source.subscribe(
                    typist.on_next, typist.on_error, typist.on_completed, scheduler=scheduler
                )
            return CompositeDisposable(subscription, Disposable(typist.stop))

        return Observable(subscribe)

    return smoothed


_HELD_BACK = 1024  # pieces: in the default lag of a second more than any model writes
_FRAME = 1 / 60  # seconds between two emissions, at least: screens show no more
_PATIENCE = 0.5  # seconds that a character waits for its marks
_EARLY = 1e-5  # seconds by which a timer may come early: clocks count whole microseconds


class _Typist:
    """Types out the text of one subscription.

    Invariant: `credit.pending` is `len(_due)`, the number of pieces that are not typed whole.
    """

    def __init__(
        self,
        observer: abc.ObserverBase[str],
        clock: abc.SchedulerBase,
        pace: float,
        max_lag: float,
    ) -> None:
        self.credit = Demand(_HELD_BACK, _HELD_BACK - 1)
        self._consumer = demand_in_force()
        if self._consumer is not None:
            self.credit.tasks = self._consumer.tasks  # who waits for the consumer waits for us
        self._observer = observer
        self._clock = clock
        self._now = clock_of(clock)
        self._pace = pace
        self._max_lag = max_lag
        self._text = ""  # what is still to be typed
        self._typed = 0  # characters
        self._due: deque[tuple[int, float]] = deque()  # each piece's last character, its deadline
        self._next = 0.0  # when the next character may be typed
        self._patient_until = 0.0
        self._timer = SerialDisposable()
        self._wakes_at: float | None = None
        self._held_up = False  # by the consumer
        self._ended = False
        self._stopped = False

    def on_next(self, piece: str) -> None:
        if not piece or self._stopped:
            return
        now = self._now()
        self.credit.put()
        self._text += piece
        self._due.append((self._typed + len(self._text), now + self._max_lag))
        self._patient_until = now + min(self._max_lag, _PATIENCE)
        # What comes now may be due before the next character was.
        rate = max(self._pace, len(self._text) / self._max_lag)
        self._next = max(now, min(self._next, now + 1 / rate))
        self._go_on()

    def on_error(self, error: Exception) -> None:
        rest = self._text
        self.stop()
        with demand(self._consumer):
            if rest:
                self._observer.on_next(rest)
            self._observer.on_error(error)

    def on_completed(self) -> None:
        self._ended = True
        self._go_on()

    def stop(self) -> None:
        self._stopped = True
        self._timer.dispose()
        self._text = ""
        self._due.clear()

    def _go_on(self) -> None:
        """Type what is due, and come back when more is; complete after the last character."""
        while self._due and not self._stopped:
            if self._consumer is not None and not self._consumer.open:
                self._wait_for(self._consumer)
                return
            now = self._now()
            if self._next > now + _EARLY:
                self._wake_at(self._next, now)
                return
            rate = self._rate(now)
            count = self._portion(now, rate)
            if not count:
                self._wake_at(self._patient_until, now)
                return
            # A timer that came late is made up for, a stop of the loop or the consumer is not.
            self._next = max(self._next, now - _FRAME) + count / rate
            self._type(count)
        if self._ended and not self._stopped:
            self.stop()
            with demand(self._consumer):
                self._observer.on_completed()

    def _rate(self, now: float) -> float:
        """Characters a second with which every piece comes before its deadline."""
        rate = self._pace
        for last, deadline in self._due:
            rate = max(rate, (last - self._typed) / max(deadline - now, _FRAME))
        return rate

    def _portion(self, now: float, rate: float) -> int:
        """How many characters to type next; 0 if the only one that is left may get marks."""
        end = whole_clusters(self._text, 0, max(1, math.ceil(rate * _FRAME - _EARLY)))
        if end < len(self._text) or self._ended or self._text[-1].isascii():
            return end
        return end if now + _EARLY > self._patient_until else last_cluster(self._text, 0)

    def _type(self, count: int) -> None:
        portion, self._text = self._text[:count], self._text[count:]
        self._typed += count
        whole = 0
        while self._due and self._due[0][0] <= self._typed:
            self._due.popleft()
            whole += 1
        with demand(self._consumer):  # for what the operators that follow subscribe to
            self._observer.on_next(portion)
        for _ in range(whole):
            self.credit.took()

    def _wait_for(self, consumer: Demand) -> None:
        if not self._held_up:
            self._held_up = True
            consumer.when_open(self._opened)

    def _opened(self) -> None:
        self._held_up = False
        self._go_on()

    def _wake_at(self, time: float, now: float) -> None:
        if time != self._wakes_at:
            self._wakes_at = time
            self._timer.disposable = self._clock.schedule_relative(time - now, self._woken)

    def _woken(self, _: abc.SchedulerBase, __: object = None) -> None:
        self._wakes_at = None
        self._go_on()
