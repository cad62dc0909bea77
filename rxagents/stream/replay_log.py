"""The log of a hot source: it is written once and read by any number of subscribers.

           oldest          a subscriber's place        end
             |                     |                    |
... gone ... [e4][e5][e6][e7][e8][e9][e10][e11][e12][e13]   <- append()
             |<----------- kept: `replay` events ------>|
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Generic, TypeVar

from reactivex import abc

from .demand import Demand, demand_in_force
from .tasks import loop_or_none

_T = TypeVar("_T")

_SLICE = 256  # events of a backlog delivered in one go, so that the loop is not held up
_A_FEW = 8  # events that may be kept although nobody will read them
_LEAST_ROOM = 64  # events a subscriber may be behind, however little is kept


class ReplayLog(Generic[_T]):
    """Hands every subscriber the whole sequence from its start, whenever it comes.

    With `replay=None` all is kept. With a number the last `replay` events are kept for those who
    come later, and the producer, if it awaits `ready()`, waits for the slowest who is already
    there: nothing is lost to a subscriber once it has subscribed.

    Invariants: oldest + len(_kept) == end; oldest <= reader.place <= end for every reader; a
    reader is in `_live` only if its place is `end`, or will be when `append` returns; `_trim` has
    nothing to do as long as end < `_look_at`, whatever readers do in between.
    """

    def __init__(self, replay: int | None = None) -> None:
        if replay is not None and replay < 0:
            raise ValueError(f"replay must be 0 events or more, or None for all, not {replay}")
        self.replay: int | None = replay
        self.oldest: int = 0
        """The number of the first event that is kept, counted from 0."""
        self.end: int = 0
        """The number of the next event to be appended."""
        self.closed: bool = False
        self.error: BaseException | None = None
        self.error_was_seen: bool = False
        """Whether any subscriber has been told of the error."""
        self._kept: list[_T] = []
        self._readers: dict[_Reader[_T], None] = {}  # as an ordered set
        self._live: dict[_Reader[_T], None] = {}
        self._turn: tuple[_Reader[_T], ...] | None = ()  # those in `_live`; None if it has changed
        self._look_at = 0
        self.keeps_all: bool = replay is None
        """Whether nothing is ever let go."""
        self.room: Demand | None = None if self.keeps_all else Demand(1, 0)
        """Open while the slowest subscriber leaves room; None where everything is kept."""

    @property
    def start(self) -> int:
        """The number of the event with which a subscriber that comes now begins."""
        return self.oldest if self.replay is None else max(self.oldest, self.end - self.replay)

    def append(self, value: _T) -> None:
        """Write one event and deliver it to everyone who is up to date."""
        if self.closed:
            raise RuntimeError("the log is closed")
        self._kept.append(value)
        self.end += 1
        turn = self._turn
        if turn is None:
            turn = self._turn = tuple(self._live)
        for reader in turn:  # which a delivery does not change, whoever comes and goes
            reader.take(value)
        if self.end >= self._look_at and not self.keeps_all:
            self._trim()

    def close(self, error: BaseException | None = None) -> None:
        """End the sequence: everyone is told once they have read to here."""
        if self.closed:
            return
        self.closed, self.error = True, error
        for reader in tuple(self._live):
            reader.advance()

    async def ready(self) -> None:
        """Wait until the slowest subscriber leaves room; returns at once if all is kept."""
        if self.room is not None and not self.room.open:
            await self.room.ready()

    @property
    def has_room(self) -> bool:
        """Whether `ready()` would return at once."""
        return self.room is None or self.room.open

    async def settled(self) -> None:
        """Wait until every subscriber has dealt with everything, and an `async for` asks on."""
        while busy := [reader for reader in self._readers if not reader.settled]:
            await busy[0].settle()

    def subscribe(
        self, observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        """Deliver everything to `observer`, from the oldest event that is kept.

        What is there already follows once the loop is free (Reactive Streams §1.9), or before
        this returns where no loop is running.
        """
        reader = _Reader(self, observer)
        self._readers[reader] = None
        self._look_at = 0
        if reader.place == self.end and not self.closed:
            reader.go_live()
        elif not reader.advance_later():
            reader.advance()
        return reader

    def read(self, place: int) -> _T:
        """The event with the number `place`, which must be kept."""
        return self._kept[place - self.oldest]

    def live(self, reader: _Reader[_T]) -> None:
        self._live[reader] = self._turn = None

    def behind(self, reader: _Reader[_T]) -> None:
        del self._live[reader]
        self._turn = None

    def forget(self, reader: _Reader[_T]) -> None:
        """Let a reader go; raises nothing if it is gone already."""
        self._readers.pop(reader, None)
        self._live.pop(reader, None)
        self._turn = None
        if not self.keeps_all:
            self._trim()

    def moved(self) -> None:
        """A reader that was behind has moved on: there may be room again."""
        if not self.keeps_all:
            self._trim()

    def _trim(self) -> None:
        assert self.room is not None
        end, start = self.end, self.start
        slowest = min((reader.place for reader in self._readers), default=end)
        spare = min(slowest, start) - self.oldest
        # In large steps: deleting from the front of a list moves all the rest.
        if spare > 0 and spare >= len(self._kept) // 2:
            self._drop(spare)
        room = max(self.replay or end - start, _LEAST_ROOM)
        full = end - slowest >= room
        if full and self.room.open:
            self.room.put()
        elif not full and not self.room.open:
            self.room.took()
        # Readers only move on, so before that the slowest cannot be too far behind. What is to be
        # dropped may wait until it is as much as what is kept.
        self._look_at = min(
            end + _LEAST_ROOM if full else slowest + room,
            self.oldest + max(2 * len(self._kept), _A_FEW),
        )

    def _drop(self, count: int) -> None:
        """Let the first `count` events go."""
        del self._kept[:count]
        self.oldest += count


class WindowedLog(ReplayLog[_T]):
    """A log whose later subscribers see nothing that is older than `window` seconds.

    Invariant: `_times` are those of `_kept`, and do not decrease.
    """

    def __init__(self, replay: int | None, window: float, now: Callable[[], float]) -> None:
        if not window > 0:
            raise ValueError(f"window must be more than 0 seconds, not {window}")
        super().__init__(replay)
        self.keeps_all: bool = False
        self.room: Demand | None = self.room or Demand(1, 0)
        self._window = window
        self._now = now
        self._times: list[float] = []

    @property
    def start(self) -> int:
        young = bisect_right(self._times, self._now() - self._window)
        return max(super().start, self.oldest + young)

    def append(self, value: _T) -> None:
        self._times.append(self._now())
        super().append(value)

    def _drop(self, count: int) -> None:
        super()._drop(count)
        del self._times[:count]


class _Reader(abc.DisposableBase, Generic[_T]):
    """One subscriber's place in the log."""

    __slots__ = ("_busy", "_context", "_demand", "_live", "_log", "_observer", "_stopped", "place")

    def __init__(self, log: ReplayLog[_T], observer: abc.ObserverBase[_T]) -> None:
        self.place: int = log.start
        self._log = log
        self._observer: abc.ObserverBase[_T] | None = observer
        self._demand = demand_in_force()
        # What a subscriber finds in its callbacks is its own, and not the writer's: also the
        # credit that streams go by which operators subscribe to from there on.
        self._context: Context = copy_context()
        self._live = False
        self._busy = False
        self._stopped = False

    @property
    def settled(self) -> bool:
        """Whether nothing is left to deliver or to be dealt with."""
        credit = self._demand
        idle = credit is None or credit.closed or (credit.asking and not credit.pending)
        return self._stopped or (self.place == self._log.end and idle)

    async def settle(self) -> None:
        """Wait for the next step towards that."""
        if self._demand is not None and (self._demand.pending or not self._demand.asking):
            await self._demand.idle()
        else:
            await asyncio.sleep(0)  # the loop delivers a backlog, a slice at a time

    def go_live(self) -> None:
        if not self._live:
            self._live = True
            self._log.live(self)

    def take(self, value: _T) -> None:
        """Deliver the event that has just been appended, and what else there is."""
        log, credit, observer = self._log, self._demand, self._observer
        if self._busy or not self._live or observer is None:
            return
        if self.place + 1 != log.end or (credit is not None and not credit.open):
            self.advance()
            return
        self._busy = True
        self.place += 1
        try:
            self._context.run(observer.on_next, value)
        finally:
            self._busy = False
        if self.place != log.end or log.closed:  # the callback has done that
            self.advance()

    def advance(self) -> None:
        """Deliver what there is, as far as the credit goes."""
        if self._busy:  # a callback made the log grow: the loop below will see it
            return
        self._busy = True
        try:
            self._context.run(self._deliver)
        finally:
            self._busy = False

    def advance_later(self) -> bool:
        """Go on once the loop is free; False where no loop runs."""
        loop = loop_or_none()
        if loop is None:
            return False
        loop.call_soon(self.advance)
        return True

    def dispose(self) -> None:
        if not self._stopped:
            self._stopped = True
            self._observer = None
            self._log.forget(self)

    def _deliver(self) -> None:
        log, credit, observer = self._log, self._demand, self._observer
        stop_at = self.place + _SLICE
        while not self._stopped and self.place < log.end:
            if credit is not None and not credit.open:
                self._fall_behind()
                credit.when_open(self.advance)
                return
            if self.place >= stop_at and self.advance_later():
                self._fall_behind()
                return
            assert observer is not None
            value = log.read(self.place)
            self.place += 1
            observer.on_next(value)
        if self._stopped:
            return
        if log.closed:
            self._finish()
        elif not self._live:
            self.go_live()
            log.moved()

    def _fall_behind(self) -> None:
        if self._live:
            self._live = False
            self._log.behind(self)
        self._log.moved()

    def _finish(self) -> None:
        log, observer = self._log, self._observer
        assert observer is not None
        self.dispose()
        if log.error is None:
            observer.on_completed()
        else:
            log.error_was_seen = True
            observer.on_error(log.error)  # type: ignore[arg-type]
