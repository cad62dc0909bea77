"""Streams of streams made flat: all at once, one after another, only the newest, only the first.

The function that is given makes the inner source of each event. It may return a stream (any
Observable), an awaitable, so that an `async def` will do, an async iterable, or an iterable.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, TypeVar

from reactivex import Observable, abc

from . import _checks
from ._flattening import First, Inner, Newest, Queue, flatten

_A = TypeVar("_A")
_B = TypeVar("_B")


def flat_map(
    project: Callable[[_A], Inner[_B]], *, concurrency: int | None = None
) -> Callable[[Observable[_A]], Observable[_B]]:
    """Everything that the sources made by `project` emit, as it comes. Lossless.

        source                           --1-----2-----|
        flat_map(lambda x: [x] -[x]-|)   --1--1--2--2--|

    With `concurrency`, at most so many inner sources are subscribed to at once, and the source
    is held back meanwhile; without, as many as there are events. The first error, of the source,
    of `project` or of an inner source, ends it and leaves the others. Raises ValueError now if
    `concurrency` is below 1.

    >>> ask = lambda question: Runner.observe(agent, question).pipe(ops.text(), ops.audit(0.1))
    >>> await Stream.of("Oslo?", "Bergen?").pipe(ops.flat_map(ask), ops.to_list())
    ['Let me look.', 'Let me look.', 'It is sunny in Oslo.', 'It is sunny in Oslo.']
    """
    if concurrency is not None:
        _checks.count("concurrency", concurrency, "inner sources")
    return flatten(lambda observer, scheduler: Queue(project, observer, scheduler, concurrency))


def flat_map_indexed(
    mapper_indexed: Callable[[_A, int], Inner[_B]],
) -> Callable[[Observable[_A]], Observable[_B]]:
    """As `flat_map`, with the number of the event, from 0, as second argument. Lossless.

    source                                     --a--b------c--|
    flat_map_indexed(lambda x, i: [x] * i)     -----b------cc-|

    >>> repeated = ops.flat_map_indexed(lambda letter, i: [letter] * i)
    >>> await Stream.of(*"abc").pipe(repeated, ops.to_list())
    ['b', 'c', 'c']
    """
    return flatten(lambda o, scheduler: Queue(_indexed(mapper_indexed), o, scheduler, None))


def concat_map(
    project: Callable[[_A], Inner[_B]],
) -> Callable[[Observable[_A]], Observable[_B]]:
    """What the sources made by `project` emit, one source after another. Lossless.

        source                             --1-2-------------|
        concat_map(lambda x: [x] -[x]-|)   --1--1--2--2------|

    The next inner source is made when the one before it has completed; the source is held back
    meanwhile. The first error ends it.

    >>> turn = lambda q: Runner.observe(agent, q).pipe(ops.text(), ops.last(), ops.start_with(q))
    >>> await Stream.of("Oslo?", "Sure?").pipe(ops.concat_map(turn), ops.to_list())
    ['Oslo?', 'It is sunny in Oslo.', 'Sure?', 'It is sunny in Oslo.']
    """
    return flat_map(project, concurrency=1)


def switch_map(
    project: Callable[[_A], Inner[_B]],
) -> Callable[[Observable[_A]], Observable[_B]]:
    """What the newest source made by `project` emits; a new event leaves the one before.

        source                             --1--2--------|
        switch_map(lambda x: [x] -[x]-|)   --1--2--2-----|     the second 1 is not waited for

    Leaving a run cancels it: with `switch_map(lambda prompt: Runner.observe(agent, prompt))` a
    new prompt stops the answer to the one before. Conflating. The first error ends it.

    >>> turn = lambda q: Runner.observe(agent, q).pipe(ops.text(), ops.last(), ops.start_with(q))
    >>> await Stream.of("Osl", "Oslo?").pipe(ops.switch_map(turn), ops.to_list())
    ['Osl', 'Oslo?', 'It is sunny in Oslo.']
    """
    return flatten(lambda observer, scheduler: Newest(project, observer, scheduler))


flat_map_latest = switch_map
"""Reactivex's other name for `switch_map`."""


def switch_map_indexed(
    project: Callable[[_A, int], Inner[_B]],
) -> Callable[[Observable[_A]], Observable[_B]]:
    """As `switch_map`, with the number of the event, from 0, as second argument. Conflating.

    source                                  --a--b------c--|
    switch_map_indexed(lambda x, i: [i])    --0--1------2--|

    >>> numbers = ops.switch_map_indexed(lambda letter, i: [f"{i}{letter}"])
    >>> await Stream.of(*"abc").pipe(numbers, ops.to_list())
    ['0a', '1b', '2c']
    """
    return flatten(lambda o, scheduler: Newest(_indexed(project), o, scheduler))


def exhaust_map(
    project: Callable[[_A], Inner[_B]],
) -> Callable[[Observable[_A]], Observable[_B]]:
    """What the first source made by `project` emits; events before its end are dropped.

        source                              --1-2------3-----|
        exhaust_map(lambda x: [x] -[x]-|)   --1--1-----3--3--|     2 is dropped

    So a second click does not start a second run. Conflating. The first error ends it.

    >>> turn = lambda q: Runner.observe(agent, q).pipe(ops.text(), ops.last(), ops.start_with(q))
    >>> await Stream.of("click", "click again").pipe(ops.exhaust_map(turn), ops.to_list())
    ['click', 'It is sunny in Oslo.']
    """
    return flatten(lambda observer, scheduler: First(project, observer, scheduler))


def merge_all(
    *, concurrency: int | None = None
) -> Callable[[Observable[Inner[_B]]], Observable[_B]]:
    """Everything that the sources which are the events emit, as it comes. Lossless.

        source        --a----b--------|     a: 1--1--|, b: 2--2--|
        merge_all()   --1--1-2--2-----|

    `flat_map` without a function; `concurrency` as there.

    >>> runs = Stream.of("Oslo?", "Bergen?").pipe(ops.map(lambda q: Runner.observe(agent, q)))
    >>> await runs.pipe(ops.merge_all(), ops.items("tool_output"), ops.count())
    2
    """
    return flat_map(_itself, concurrency=concurrency)


def concat_all() -> Callable[[Observable[Inner[_B]]], Observable[_B]]:
    """What the sources which are the events emit, one source after another. Lossless.

        source         --a-b-----------|     a: 1--1--|, b: 2--2--|
        concat_all()   --1--1--2--2----|

    `concat_map` without a function.

    >>> parts = Stream.of(["Dear Ann,"], Stream.of("it is"), asyncio.sleep(1, "sunny."))
    >>> await parts.pipe(ops.concat_all(), ops.to_list())
    ['Dear Ann,', 'it is', 'sunny.']
    """
    return concat_map(_itself)


def switch_latest() -> Callable[[Observable[Inner[_B]]], Observable[_B]]:
    """What the newest of the sources which are the events emits. Conflating.

        source            --a--b--------|     a: 1--1--|, b: 2--2--|
        switch_latest()   --1--2--2-----|

    `switch_map` without a function.

    >>> runs = Stream.of("Osl", "Oslo?").pipe(ops.map(lambda q: Runner.observe(agent, q)))
    >>> await runs.pipe(ops.switch_latest(), ops.items("tool_output"), ops.count())  # one is left
    1
    """
    return switch_map(_itself)


def exhaust_all() -> Callable[[Observable[Inner[_B]]], Observable[_B]]:
    """What the first of the sources which are the events emits; others are dropped until its end.

        source          --a--b-------c--|     a: 1--1--|, b: 2--2--|, c: 3--3--|
        exhaust_all()   --1--1-------3--3--|

    `exhaust_map` without a function. Conflating.

    >>> clicks = Stream.of(Stream.of(1).pipe(ops.delay(5)), Stream.of(2))
    >>> await clicks.pipe(ops.exhaust_all(), ops.to_list())
    [1]
    """
    return exhaust_map(_itself)


exclusive = exhaust_all
"""Reactivex's name for `exhaust_all`."""


def merge(
    *sources: Inner[_B], max_concurrent: int | None = None
) -> Callable[[Observable[_A]], Observable[_A | _B]]:
    """Everything that the source and `sources` emit, as it comes. Lossless.

        source            --1-----2--|
        sources[0]        ----a-----b---|
        merge(sources)    --1-a---2-b---|

    It completes when all have. The first error ends it and leaves the others. With
    `max_concurrent`, at most so many are subscribed to at once, in the order given. Raises
    ValueError now if that is below 1.

    >>> slow = Stream.of("slow").pipe(ops.delay(2))
    >>> await slow.pipe(ops.merge(Stream.of("quick")), ops.to_list())
    ['quick', 'slow']
    """
    if max_concurrent is not None:
        _checks.count("max_concurrent", max_concurrent, "sources")

    def merged(source: Observable[_A]) -> Observable[_A | _B]:
        def subscribe(
            observer: abc.ObserverBase[_A | _B], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            queue = Queue[Inner[Any], Any](_itself, observer, scheduler, max_concurrent)
            for each in (source, *sources):
                queue.on_next(each)
            queue.on_completed()
            return queue

        return Observable(subscribe)

    return merged


def _indexed(project: Callable[[_A, int], Inner[_B]]) -> Callable[[_A], Inner[_B]]:
    numbers = itertools.count()
    return lambda value: project(value, next(numbers))


def _itself(inner: Inner[_B]) -> Inner[_B]:
    return inner
