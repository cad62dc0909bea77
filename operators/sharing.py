"""One subscription to a source, for any number of subscribers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from reactivex import Observable, abc

from rxagents.stream.connection import Connection
from rxagents.stream.replay_log import ReplayLog
from rxagents.stream.scheduler import LoopScheduler

_T = TypeVar("_T")


def share(
    *,
    replay: int | None = 0,
    reset_on_error: bool = True,
    reset_on_complete: bool = False,
    reset_on_ref_count_zero: bool | float = True,
) -> Callable[[Observable[_T]], Observable[_T]]:
    """One subscription to the source, shared by all who subscribe. Lossless.

        source          --1--2--3--|
        first           --1--2--3--|
        second              -2--3--|     it came after the 1
        third                         |  it came after the end

    The source is subscribed to with the first subscriber, and left when the last one leaves. It
    goes at the pace of the slowest subscriber, who may lag by 64 events (or `replay`, if that is
    more). Later subscribers see the last `replay` events first; None keeps them all.

    The `reset_*` options are RxJS's: whether the next subscriber starts the source anew after an
    error, after its completion, or after everybody has left; the last one may be a number of
    seconds that the source is kept for a subscriber to come back. By default a source that has
    completed is not started again: late subscribers see its end (and what is replayed).

    >>> run = Runner.observe(agent, "Oslo?").pipe(ops.share())
    >>> answer = run.pipe(ops.text(), ops.last())
    >>> tool = run.pipe(ops.items("tool_called"), ops.map(lambda call: call.tool_name))
    >>> await asyncio.gather(answer, tool)
    ['It is sunny in Oslo.', 'weather']
    """
    if not isinstance(reset_on_ref_count_zero, bool) and reset_on_ref_count_zero < 0:
        raise ValueError(
            "reset_on_ref_count_zero must be True, False or 0 seconds or more, not "
            f"{reset_on_ref_count_zero}"
        )
    ReplayLog[object](replay)  # checks the number now

    def shared(source: Observable[_T]) -> Observable[_T]:
        return Observable(
            _Shared(
                source,
                replay,
                reset_on_error=reset_on_error,
                reset_on_complete=reset_on_complete,
                reset_on_ref_count_zero=reset_on_ref_count_zero,
            ).subscribe
        )

    return shared


def share_replay(
    buffer_size: int | None = None, *, ref_count: bool = False
) -> Callable[[Observable[_T]], Observable[_T]]:
    """One subscription to the source, whose events are kept for those who come late. Unbounded.

        source   --1--2--3--|
        first    --1--2--3--|
        second       (12)3--|       it came after the 2
        third                (123|) it came after the end

    `buffer_size` is the number of events kept, all by default; with one it is lossless, at the
    pace of the slowest subscriber, as `share`. With `ref_count` the source is left when the last
    subscriber leaves, and started anew for the next one; without, it runs on.

    >>> run = Runner.observe(agent, "Oslo?").pipe(ops.share_replay())
    >>> await run.pipe(ops.text(), ops.last())
    'It is sunny in Oslo.'
    >>> await run.pipe(ops.items("tool_output"), ops.map(lambda item: item.output))
    'Sunny, 21 degrees.'
    """
    return share(replay=buffer_size, reset_on_ref_count_zero=ref_count)


class _Shared(Generic[_T]):
    """What the subscribers of one shared stream have in common."""

    def __init__(
        self,
        source: Observable[_T],
        replay: int | None,
        *,
        reset_on_error: bool,
        reset_on_complete: bool,
        reset_on_ref_count_zero: bool | float,
    ) -> None:
        self._source = source
        self._replay = replay
        self._reset_on_error = reset_on_error
        self._reset_on_complete = reset_on_complete
        self._reset_on_zero = reset_on_ref_count_zero
        self._connection: Connection[_T] | None = None

    def subscribe(
        self, observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        connection = self._connection
        if connection is None:
            log = ReplayLog[_T](self._replay)
            connection = self._connection = Connection(log, self._ended, self._left)
        subscription = connection.add(observer)
        connection.connect(self._source, scheduler)
        return subscription

    def _ended(self, connection: Connection[_T], error: Exception | None) -> None:
        reset = self._reset_on_complete if error is None else self._reset_on_error
        if reset:
            self._forget(connection)

    def _left(self, connection: Connection[_T]) -> None:
        """Nobody is subscribed any more."""
        if self._reset_on_zero is False or connection.log.closed:
            return
        if self._reset_on_zero is True:
            self._end(connection)
            return

        def give_up(*_: object) -> None:
            if not connection.count:
                self._end(connection)

        connection.leaving = LoopScheduler().schedule_relative(self._reset_on_zero, give_up)

    def _end(self, connection: Connection[_T]) -> None:
        self._forget(connection)
        connection.dispose()

    def _forget(self, connection: Connection[_T]) -> None:
        if self._connection is connection:
            self._connection = None
