"""What to do when a stream fails: try again, or go on with another."""

from __future__ import annotations

import math
import random as _random
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

from reactivex import Observable, abc
from reactivex.disposable import Disposable, SerialDisposable, SingleAssignmentDisposable

from rxagents.stream.demand import demand, demand_in_force
from rxagents.stream.scheduler import LoopScheduler
from rxagents.stream.subscriber import refuse_async
from rxagents.stream.tasks import loop_or_none

from . import _checks

_T = TypeVar("_T")
_B = TypeVar("_B")

_FAIR = 256  # retries in a row without an event, after which the loop gets its turn
_A_TURN = 1e-6  # seconds: the shortest wait that gives the loop back on every scheduler


def retry(
    count: int | None = None,
    *,
    backoff: float = 0.0,
    factor: float = 2.0,
    max_delay: float = 60.0,
    jitter: float = 0.0,
    when: Callable[[Exception], bool] | None = None,
    random: Callable[[], float] = _random.random,
) -> Callable[[Observable[_T]], Observable[_T]]:
    """The source, subscribed to again each time it fails. Lossless.

        source                 --1--#
        retry(2, backoff=3)    --1-----(wait)--1--#

    `count` is the number of subscriptions in all, as in reactivex; None is for any number. The
    first wait takes `backoff` seconds, each one after that `factor` times as long, but never more
    than `max_delay` seconds. `jitter` is the fraction of a wait that may be taken off it by
    chance: 0.25 makes 8 seconds 6 to 8, and 1.0 is "full jitter"; `random` gives the chance, from
    0 to 1. Where `when(error)` is false, and after the last subscription, the error is sent on.
    Events that came before an error have been emitted, and come again if the source repeats them.

    A slow consumer holds back every subscription. Leaving ends the wait. Raises ValueError now
    unless `count` is 1 or more, `backoff` and `max_delay` 0 seconds or more, `factor` 1 or more
    and `jitter` from 0 to 1.

    >>> model = ScriptedModel([OSError("busy"), OSError("busy"), [assistant_message("It rains.")]])
    >>> run = Runner.observe(Agent("Flaky", model=model), "Oslo?")
    >>> await run.pipe(ops.retry(3, backoff=0.5), ops.text(), ops.last())
    'It rains.'
    """
    if count is not None:
        _checks.count("count", count, "subscriptions")
    _checks.seconds("backoff", backoff)
    _checks.seconds("max_delay", max_delay)
    if when is not None:
        refuse_async("when", when)
    if not 1 <= factor < math.inf:
        raise ValueError(f"factor must be 1 or more and finite, not {factor}")
    if not 0 <= jitter <= 1:
        raise ValueError(f"jitter must be a fraction from 0 to 1, not {jitter}")

    def retried(source: Observable[_T]) -> Observable[_T]:
        def plan() -> _Plan[_T]:
            left = math.inf if count is None else count - 1
            delay = min(backoff, max_delay)

            def after(error: Exception) -> tuple[Observable[_T], float] | None:
                nonlocal left, delay
                if left < 1 or (when is not None and not when(error)):
                    return None
                wait = delay * (1 - jitter * random()) if jitter else delay
                left -= 1
                delay = min(delay * factor, max_delay)
                return source, wait

            return after

        return _attempts(source, plan)

    return retried


def fallback(
    *others: Observable[_T], when: Callable[[Exception], bool] | None = None
) -> Callable[[Observable[_T]], Observable[_T]]:
    """The source, and each time one fails, the next of `others`. Lossless.

        source             --1--#
        other                   --2--3--|
        fallback(other)    --1----2--3--|

    Events that came before the error stay; the next stream starts from its own beginning. The
    error of the last one is sent on, and so is an error for which `when(error)` is false. A slow
    consumer holds back whichever is subscribed to; leaving leaves that one. Raises ValueError now
    without any stream to fall back to.

    >>> down = Agent("Down", model=ScriptedModel([OSError("no connection")]))
    >>> run = Runner.observe(down, "Oslo?").pipe(ops.fallback(Runner.observe(agent, "Oslo?")))
    >>> await run.pipe(ops.text(), ops.last())
    'It is sunny in Oslo.'
    """
    if not others:
        raise ValueError("fallback needs at least 1 stream to go on with")
    if when is not None:
        refuse_async("when", when)

    def recovered(source: Observable[_T]) -> Observable[_T]:
        def plan() -> _Plan[_T]:
            rest = iter(others)

            def after(error: Exception) -> tuple[Observable[_T], float] | None:
                if when is not None and not when(error):
                    return None
                other = next(rest, None)
                return None if other is None else (other, 0.0)

            return after

        return _attempts(source, plan)

    return recovered


def catch(
    handler: Observable[_B] | Callable[[Exception, Observable[_T]], Observable[_B]],
) -> Callable[[Observable[_T]], Observable[_T | _B]]:
    """The source, and if it fails, the stream that `handler` is or makes of the error. Lossless.

        source            --1--#
        handler                --2--3--|
        catch(handler)    --1----2--3--|

    A function is called with the error and the source, which it may return to try again. What it
    raises is sent on instead of the error; an error of the second stream is sent on. A slow
    consumer holds back whichever is subscribed to; leaving leaves that one.

    >>> broken = Stream.of("Hello").pipe(ops.concat(Stream.throw(ConnectionError("cut"))))
    >>> await broken.pipe(ops.catch(lambda e, _: Stream.of(f" [{e}]")), ops.to_list())
    ['Hello', ' [cut]']
    """
    handle = cast("Callable[[Exception, Observable[Any]], object]", handler)
    if isinstance(handler, Observable):
        handle = cast("Any", lambda *_: handler)  # pyright: ignore[reportUnknownLambdaType]
    refuse_async("handler", handle)

    def caught(source: Observable[_T]) -> Observable[_T | _B]:
        def plan() -> _Plan[_T | _B]:
            failed_before = False

            def after(error: Exception) -> tuple[Observable[_T | _B], float] | None:
                nonlocal failed_before
                if failed_before:
                    return None
                failed_before = True
                other = handle(error, source)
                if not isinstance(other, Observable):
                    raise TypeError(
                        f"catch: the handler must return a stream, not {type(other).__name__}"
                    )
                return cast("Observable[_T | _B]", other), 0.0

            return after

        return _attempts(cast("Observable[_T | _B]", source), plan)

    return caught


_Plan = Callable[[Exception], tuple[Observable[_T], float] | None]
"""Says with which stream to go on after an error, and in how many seconds; None for an end."""


def _attempts(source: Observable[_T], plan: Callable[[], _Plan[_T]]) -> Observable[_T]:
    """`source`, and after each error what a plan says, which is made for each subscription."""

    def subscribe(
        observer: abc.ObserverBase[_T], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        attempts = _Attempts(observer, scheduler, plan())
        attempts.subscribe_to(source)
        return Disposable(attempts.stop)

    return Observable(subscribe)


class _Attempts(Generic[_T]):
    """One subscription to streams of which each is subscribed to when the one before has failed."""

    def __init__(
        self,
        observer: abc.ObserverBase[_T],
        scheduler: abc.SchedulerBase | None,
        after: _Plan[_T],
    ) -> None:
        self._observer = observer
        self._scheduler = scheduler
        self._clock = scheduler or LoopScheduler()
        self._after = after
        self._consumer = demand_in_force()
        self._current = SerialDisposable()
        self._timer = SerialDisposable()
        self._in_a_row = 0  # attempts that were made at once and without an event in between
        self._stopped = False

    def subscribe_to(self, source: Observable[_T]) -> None:
        inner = SingleAssignmentDisposable()
        self._current.disposable = inner  # leaves the one before
        with demand(self._consumer):
            inner.disposable = source.subscribe(
                self._on_next,
                self._on_error,
                self._observer.on_completed,
                scheduler=self._scheduler,
            )

    def stop(self) -> None:
        self._stopped = True
        self._timer.dispose()
        self._current.dispose()

    def _on_next(self, value: _T) -> None:
        self._in_a_row = 0
        self._observer.on_next(value)

    def _on_error(self, error: BaseException) -> None:
        if self._stopped:
            return
        following = None
        if isinstance(error, Exception):  # a cancelled task sends its CancelledError
            try:
                following = self._after(error)
            except Exception as raised:
                error = raised
        if following is None:
            self._observer.on_error(error)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            return
        source, delay = following

        def go_on(_: abc.SchedulerBase, __: object = None) -> None:
            if not self._stopped:
                self.subscribe_to(source)

        self._in_a_row += 1
        if not delay and self._in_a_row % _FAIR == 0 and loop_or_none() is not None:
            delay = _A_TURN
        timer = SingleAssignmentDisposable()  # what runs at once may set a newer one
        self._timer.disposable = timer
        if not delay:  # on the trampoline: a stream that fails at once must not nest
            timer.disposable = self._clock.schedule(go_on)
            return
        try:
            timer.disposable = self._clock.schedule_relative(delay, go_on)
        except RuntimeError as no_loop:
            self._observer.on_error(no_loop)
