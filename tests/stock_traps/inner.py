"""Asynchronous work for each event."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import reactivex
from reactivex import Observable
from reactivex import operators as rx
from reactivex.subject import Subject

from rxagents import Stream
from rxagents import operators as ops

from ._trap import Button, listen, trap


class Work:
    """An asynchronous function that knows how often it runs at once."""

    def __init__(self) -> None:
        self.begun = self.most = 0
        self._under_way = 0

    async def __call__(self, value: int) -> int:
        self.begun += 1
        self._under_way += 1
        self.most = max(self.most, self._under_way)
        await asyncio.sleep(10 - value)
        self._under_way -= 1
        return value

    def task(self, value: int) -> asyncio.Future[int]:
        return asyncio.ensure_future(self(value))


async def double(value: int) -> int:
    await asyncio.sleep(1)
    return 2 * value


@trap(
    "`flat_map` is given an `async def`, and fails.",
    theirs="`TypeError: 'coroutine' object is not iterable`",
    ours="the result is awaited",
)
class CoroutineFunctions:
    @staticmethod
    async def plain() -> None:
        made: list[Any] = []

        def project(value: int) -> Any:
            made.append(double(value))
            return made[-1]

        out = listen(reactivex.of(1).pipe(rx.flat_map(project)))
        made[0].close()
        assert out == ["""TypeError("'coroutine' object is not iterable")"""]

    @staticmethod
    async def ours() -> None:
        assert await Stream.of(1, 2).pipe(ops.flat_map(double), ops.to_list()) == [2, 4]


@trap(
    "`concat_map` and `merge(max_concurrent=)` are given tasks: the *producer* gets an "
    "`AttributeError`.",
    theirs="they take none, and raise what they stumble over to whoever calls `on_next`",
    ours="what can be awaited is awaited",
)
class Tasks:
    @staticmethod
    async def plain() -> None:
        work = Work()
        chains: list[list[Any]] = [
            [rx.concat_map(cast("Any", work.task))],
            [rx.map(work.task), rx.merge(max_concurrent=1)],
        ]
        for operators in chains:
            subject: Subject[int] = Subject()
            errors: list[Exception] = []
            subject.pipe(*operators).subscribe(None, errors.append)
            try:
                subject.on_next(1)
            except AttributeError as error:
                assert "subscribe" in str(error)
            else:
                raise AssertionError("the producer is not told")
            assert errors == []
        await asyncio.sleep(20)

    @staticmethod
    async def ours() -> None:
        button = Button[int]()
        work = Work()
        first = listen(button.presses.pipe(ops.concat_map(work.task)))
        second = listen(button.presses.pipe(ops.map(work.task), ops.merge_all(concurrency=1)))
        button.press(1)
        await asyncio.sleep(20)
        assert first == second == [1]


@trap(
    "`concat_map` to tasks has them all under way at once.",
    theirs="`from_future` wants a task, and a task has begun",
    ours="the function is called when it is its turn",
)
class OneAfterAnother:
    @staticmethod
    async def plain() -> None:
        work = Work()

        def project(value: int) -> Observable[int]:
            return reactivex.from_future(work.task(value))

        out = listen(reactivex.of(1, 2, 3).pipe(rx.concat_map(project)))
        await asyncio.sleep(60)
        assert out == [1, 2, 3, "|"]
        assert work.most == 3

    @staticmethod
    async def ours() -> None:
        work = Work()
        out = listen(Stream.of(1, 2, 3).pipe(ops.concat_map(work)))
        await asyncio.sleep(60)
        assert out == [1, 2, 3, "|"]
        assert work.most == 1


@trap(
    "What is to be dropped while the first one runs, runs nevertheless.",
    theirs="`map(task)` before `exclusive` starts every task, and drops the results",
    ours="`exhaust_map` calls its function only when it is free",
)
class Dropping:
    @staticmethod
    async def plain() -> None:
        work = Work()
        subject: Subject[int] = Subject()
        operators: list[Any] = [rx.map(work.task), rx.exclusive()]
        out = listen(subject.pipe(*operators))
        for number in range(3):
            subject.on_next(number)
        await asyncio.sleep(60)
        assert out == [0]
        assert work.begun == 3

    @staticmethod
    async def ours() -> None:
        work = Work()
        button = Button[int]()
        out = listen(button.presses.pipe(ops.exhaust_map(work)))
        for number in range(3):
            button.press(number)
        await asyncio.sleep(60)
        assert out == [0]
        assert work.begun == 1


@trap(
    "`concat_map` and `switch_map` are given a list, and fail.",
    theirs="`flat_map` takes one, these two fail with an `AttributeError`",
    ours="all four ways of flattening take the same",
)
class Iterables:
    @staticmethod
    async def plain() -> None:
        operators: list[Any] = [rx.concat_map(pair), rx.switch_map(pair)]
        for operator in operators:
            out = told_or_raised(reactivex.of(1), operator)
            assert "AttributeError" in out[-1]

    @staticmethod
    async def ours() -> None:
        for operator in (ops.flat_map, ops.concat_map, ops.switch_map, ops.exhaust_map):
            flat: Stream[Any] = Stream.of(1).pipe(operator(pair))
            assert await flat.pipe(ops.to_list()) == [1, 1]


def pair(value: int) -> Any:
    return [value, value]


def told_or_raised(source: Observable[Any], operator: Any) -> list[Any]:
    try:
        return listen(source.pipe(operator))
    except Exception as error:
        return [repr(error)]
