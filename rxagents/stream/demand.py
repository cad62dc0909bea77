"""Credit: how a consumer that reads with `async for` holds back the source it reads from.

Reactivex has no demand, so between a fast source and a slow consumer a queue grows without end.
A consumer that cares therefore puts a `Demand` into a context variable while it subscribes. Each
asynchronous source finds it there, through whatever operators lie between, and emits only while
it is open. What a source emits, it emits in the context in which it was subscribed to; so the
streams that operators subscribe to later (`concat`, `retry`, `switch_map`) find the credit too.

A subscription with callbacks sets no pace: it puts None in force, also where it is made inside a
callback of a stream that somebody paces.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

_in_force: ContextVar[Demand | None] = ContextVar("rxagents_demand", default=None)


class Demand:
    """The credit of one consumer, counted in events.

    It is open until `high` events are pending (emitted and not yet taken), and opens again when
    the consumer has taken them down to `low`: the two thresholds keep a source from being woken
    for every single event.

    Invariant: open or pending > low or both.
    """

    __slots__ = (
        "_idle_waiters",
        "_waiters",
        "asking",
        "closed",
        "high",
        "low",
        "open",
        "peak",
        "pending",
        "tasks",
    )

    def __init__(self, high: int = 64, low: int | None = None) -> None:
        """Open for `high` events at most; raises ValueError unless 0 <= low < high."""
        if high < 1:
            raise ValueError(f"high must be 1 event or more, not {high}")
        if low is None:
            low = high // 2
        if not 0 <= low < high:
            raise ValueError(f"low must be from 0 to {high - 1} events (high - 1), not {low}")
        self.high: int = high
        self.low: int = low
        self.pending: int = 0
        """Events that were emitted and not yet taken."""
        self.peak: int = 0
        """The most events that were ever pending."""
        self.open: bool = True
        """Whether a source may emit. Sources test this before they await `ready()`."""
        self.closed: bool = False
        self.tasks: set[asyncio.Task[Any]] = set()
        """The tasks that work for this consumer; who leaves properly waits for them."""
        self.asking: bool = False
        """Whether the consumer waits for an event, having dealt with all that it has taken."""
        self._waiters: list[Callable[[], None]] = []
        self._idle_waiters: list[Callable[[], None]] = []

    def put(self) -> None:
        """Count an event that was emitted."""
        self.pending += 1
        if self.pending > self.peak:
            self.peak = self.pending
        if self.pending >= self.high and not self.closed:
            self.open = False

    def took(self) -> None:
        """Count an event that the consumer has taken."""
        self.pending -= 1
        if self.pending <= self.low and not self.open:
            self._reopen()

    def close(self) -> None:
        """Open for good: the consumer has left, and nobody must wait for it."""
        self.closed = True
        if not self.open:
            self._reopen()
        self._tell_idle()

    def when_open(self, callback: Callable[[], None]) -> None:
        """Call `callback` once, the next time this opens."""
        self._waiters.append(callback)

    async def ready(self) -> None:
        """Wait until this is open."""
        while not self.open:
            opened = asyncio.Event()
            self.when_open(opened.set)
            await opened.wait()

    def ask(self) -> None:
        """The consumer waits for an event: it is done with those before."""
        self.asking = True
        if self._idle_waiters and not self.pending:
            self._tell_idle()

    async def idle(self) -> None:
        """Wait until the consumer has dealt with everything and asks for more, or has left."""
        while not self.closed and (self.pending or not self.asking):
            reached = asyncio.Event()
            self._idle_waiters.append(reached.set)
            await reached.wait()

    def _tell_idle(self) -> None:
        waiters, self._idle_waiters = self._idle_waiters, []
        for resume in waiters:
            resume()

    def _reopen(self) -> None:
        self.open = True
        waiters, self._waiters = self._waiters, []
        for resume in waiters:
            resume()


def demand_in_force() -> Demand | None:
    """The demand of the consumer that is subscribing right now; None where it sets no pace."""
    return _in_force.get()


class demand:
    """Put `consumer` in force for the subscriptions made in this block.

    A class and not a generator, as it stands around deliveries, and costs a third.
    """

    __slots__ = ("_consumer", "_token")

    def __init__(self, consumer: Demand | None) -> None:
        self._consumer = consumer

    def __enter__(self) -> None:
        self._token = _in_force.set(self._consumer)

    def __exit__(self, *_: object) -> None:
        _in_force.reset(self._token)
