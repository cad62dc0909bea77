"""Looking at what passes, without changing it: for side effects, logs and debugging.

Nothing here has a queue or a task: the credit of the consumer reaches the source.
"""

from __future__ import annotations

import itertools
import logging
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeAlias, TypeVar, cast

from reactivex import Observable, abc

from rxagents.stream.demand import Demand, demand_in_force
from rxagents.stream.scheduler import LoopScheduler, clock_of
from rxagents.stream.subscriber import refuse_async
from rxagents.stream.tasks import loop_or_none

from ._describe import describe, describe_error
from ._look import Actions, look

_T = TypeVar("_T")

_Logger: TypeAlias = "logging.Logger | logging.LoggerAdapter[Any]"


def tap(
    on_next: abc.ObserverBase[Any] | Callable[[Any], object] | None = None,
    on_error: Callable[[Exception], object] | None = None,
    on_completed: Callable[[], object] | None = None,
    *,
    on_subscribe: Callable[[], object] | None = None,
    on_dispose: Callable[[], object] | None = None,
) -> Callable[[Observable[_T]], Observable[_T]]:
    """The source as it is, with functions that are called for what passes. Lossless.

        source       --1--2--3--|
        tap(print)   --1--2--3--|     prints 1, 2, 3

    The functions are called before what they are called for is passed on: `on_next` with each
    event, `on_error` with the error, `on_completed` at the end. `on_subscribe` is called before
    the source is subscribed to, and `on_dispose` once when all is over, like `finally`: after the
    end or the error was passed on, or when the source was left. An observer may stand for the
    first three. `do_action` and `do` are other names of `tap`.

    A function that raises ends the subscription with its exception, instead of what it was called
    for, and leaves the source; what `on_dispose` raises goes to the loop's exception handler.
    Raises AsyncCallbackError now for an `async def`, and TypeError for an observer together with
    `on_error` or `on_completed`.

    >>> seen = []
    >>> await Stream.of(1, 2).pipe(ops.tap(seen.append, on_dispose=lambda: seen.append("over")))
    2
    >>> seen
    [1, 2, 'over']
    """
    if hasattr(on_next, "on_next"):
        if on_error is not None or on_completed is not None:
            raise TypeError("tap() takes an observer or three functions, not both")
        observer = cast("abc.ObserverBase[Any]", on_next)
        on_next, on_error = observer.on_next, observer.on_error
        on_completed = observer.on_completed
    watched = cast("Callable[[Any], object] | None", on_next)
    actions = Actions[Any](watched, on_error, on_completed, on_dispose)
    for name, function in {**vars(actions), "on_subscribe": on_subscribe}.items():
        refuse_async(name, function)

    def begin(_: abc.SchedulerBase | None) -> Actions[Any]:
        if on_subscribe is not None:
            on_subscribe()
        return actions

    return look(begin)


class _Tap(Protocol):
    """What `tap` is called with, for its other names."""

    def __call__(
        self,
        on_next: abc.ObserverBase[Any] | Callable[[Any], object] | None = None,
        on_error: Callable[[Exception], object] | None = None,
        on_completed: Callable[[], object] | None = None,
        *,
        on_subscribe: Callable[[], object] | None = None,
        on_dispose: Callable[[], object] | None = None,
    ) -> Callable[[Observable[_T]], Observable[_T]]: ...


do: _Tap = tap
do_action: _Tap = tap


def log(
    logger: str | _Logger | None = None,
    *,
    level: int = logging.DEBUG,
    label: str | None = None,
    format: Callable[[Any], str] | None = None,
) -> Callable[[Observable[_T]], Observable[_T]]:
    """The source as it is, with a line in a log for each event. Lossless.

        source   --A--r--"Hel"--"lo"--i--|
        log()    --A--r--"Hel"--"lo"--i--|     a line for each, and one for the end

    An event of a run is told with its number, its turn and what matters of it, anything else as
    its repr, shortened; or else `format` makes the text. `label` comes before it. Events, the end
    and being left are logged at `level`, an error at ERROR.

    `logger` is a logger of the standard library or the name of one, "rxagents.events" by default.
    Whether it is enabled counts when the stream is subscribed to: if it is neither for `level`
    nor for ERROR, the source itself is subscribed to, and nothing is in between; if it is for
    ERROR alone, events pass unseen. Raises TypeError now for another `logger` or `level`, and
    AsyncCallbackError for an `async def`; what `format` raises goes to on_error.

    >>> import logging; chat, handler = logging.Logger("chat"), logging.Handler()
    >>> handler.emit = lambda record: print(record.getMessage()); chat.addHandler(handler)
    >>> await Stream.of("Hello").pipe(ops.log(chat, label="answer"))
    answer: 'Hello'
    answer: completed
    'Hello'
    """
    if logger is None or isinstance(logger, str):
        logger = logging.getLogger("rxagents.events" if logger is None else logger)
    if not hasattr(logger, "isEnabledFor"):
        raise TypeError(f"logger must be a logger or the name of one, not {logger!r}")
    if not isinstance(level, int):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"level must be a number such as logging.INFO, not {level!r}")
    refuse_async("format", format)
    target = logger
    prefix = "" if label is None else f"{label}: "

    def begin(_: abc.SchedulerBase | None) -> Actions[Any] | None:
        if target.isEnabledFor(level):
            return _logging(target, level, prefix, format or describe)
        if target.isEnabledFor(logging.ERROR):
            return Actions(on_error=partial(_log_error, target, prefix))
        return None

    return look(begin)


def trace(
    label: str = "", *, write: Callable[[str], object] | None = None
) -> Callable[[Observable[_T]], Observable[_T]]:
    """The source as it is, with a line written for each signal. Lossless.

        source    --1--2--3--|
        trace()   --1--2--3--|     lines for subscribe, 1, 2, 3, completed, dispose

    Rx's `debug`: for finding out what goes on at some place of a chain. A line has `label` and
    the number of the subscription; the seconds since that was made, by the loop's clock; where a
    consumer paces this place, how many events it has not taken yet and how many that may be, with
    a `!` while it holds the source back; and the signal. An operator with a queue or with sources
    of its own (`concat_map`, `delay`) paces them by another credit than it is paced by, so a
    trace before it and one behind it show who holds back whom.

    `write` is called with each line, without its line break; by default lines go to standard
    error. What it raises goes to on_error. Raises AsyncCallbackError now for an `async def`.

    >>> await Stream.of("Hello").pipe(ops.trace("answer", write=print))
    answer#1    0.000   0/64  subscribe
    answer#1    0.000   0/64  next 'Hello'
    answer#1    0.000   1/64  completed
    answer#1    0.000   1/64  dispose
    'Hello'
    """
    refuse_async("write", write)
    tell = write or _to_standard_error
    numbers = itertools.count(1)

    def begin(scheduler: abc.SchedulerBase | None) -> Actions[Any]:
        name = f"{label}#{next(numbers)}"
        consumer, clock = demand_in_force(), _clock(scheduler)
        began = clock()

        def line(signal: str) -> None:
            tell(f"{name} {clock() - began:8.3f}  {_credit(consumer)}{signal}")

        line("subscribe")
        return Actions(
            lambda value: line(f"next {describe(value)}"),
            lambda error: line(f"error {describe_error(error)}"),
            lambda: line("completed"),
            lambda: line("dispose"),
        )

    return look(begin)


def _logging(logger: _Logger, level: int, prefix: str, text: Callable[[Any], str]) -> Actions[Any]:
    ended = False

    def on_next(value: object) -> None:
        if logger.isEnabledFor(level):  # it may have been turned down since
            try:
                line = text(value)
            except Exception as error:
                on_error(error)
                raise
            logger.log(level, "%s%s", prefix, line)

    def on_error(error: Exception) -> None:
        nonlocal ended
        ended = True
        _log_error(logger, prefix, error)

    def on_completed() -> None:
        nonlocal ended
        ended = True
        logger.log(level, "%scompleted", prefix)

    def on_dispose() -> None:
        if not ended:
            logger.log(level, "%sleft", prefix)

    return Actions(on_next, on_error, on_completed, on_dispose)


def _log_error(logger: _Logger, prefix: str, error: Exception) -> None:
    logger.error("%sfailed: %s", prefix, describe_error(error))


def _credit(consumer: Demand | None) -> str:
    if consumer is None:
        return ""
    width = len(str(consumer.high))
    held = " " if consumer.open else "!"
    return f"{consumer.pending:>{width}}/{consumer.high}{held} "


def _clock(scheduler: abc.SchedulerBase | None) -> Callable[[], float]:
    """The clock in seconds. A chain that is traced may have no loop, and no need of one."""
    if loop_or_none() is None and (scheduler is None or isinstance(scheduler, LoopScheduler)):
        return time.monotonic
    return clock_of(scheduler or LoopScheduler())


def _to_standard_error(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
