"""Where lists and windows end, and what is on its way by then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from reactivex import Observable
from reactivex import operators as rx

from rxagents import Stream
from rxagents import operators as ops

from ._trap import listen, trap


async def what_comes(stream: Observable[Any]) -> list[Any]:
    """What comes in a minute of the loop's clock."""
    out = listen(stream)
    await asyncio.sleep(60)
    return out


async def _count(error: Exception | None = None) -> AsyncIterator[int]:
    for number in range(4):
        await asyncio.sleep(1)
        yield number
    if error is not None:
        raise error


FOUR = Stream.from_async_iterable(_count)
"""0 to 3, at 1 to 4 seconds, and the end."""
FAILING = Stream.from_async_iterable(lambda: _count(KeyError("x")))
"""0 to 3, at 1 to 4 seconds, and an error."""


def after(seconds: float) -> Stream[int]:
    return Stream.timer(seconds)


def never(*_: object) -> Stream[Any]:
    return Stream.never()


def listed(window: Any) -> Any:
    return window.pipe(rx.to_list())


@trap(
    "The boundaries of `buffer` or `window` end, and the rest of the source is lost.",
    theirs="the end of either stream is the end",
    ours="there are no more boundaries; the last list, or window, ends with the source",
)
class EndOfTheBoundaries:
    @staticmethod
    async def plain() -> None:
        assert await what_comes(FOUR.pipe(rx.buffer(after(2.5)))) == [[0, 1], [], "|"]
        assert await what_comes(FOUR.pipe(rx.window(after(2.5)), rx.flat_map(listed))) == [
            [0, 1],
            [],
            "|",
        ]

    @staticmethod
    async def ours() -> None:
        assert await what_comes(FOUR.pipe(ops.buffer(after(2.5)))) == [[0, 1], [2, 3], "|"]
        assert await what_comes(FOUR.pipe(ops.window(after(2.5)), ops.flat_map(listed))) == [
            [0, 1],
            [2, 3],
            "|",
        ]


@trap(
    "The source of `buffer_toggle` or `window_toggle` ends, and the stream goes on for ever.",
    theirs="it ends with the openings only, whether the source has ended or not",
    ours="it ends with the source; the end of the openings only means that no other list begins",
)
class EndOfTheOpenings:
    @staticmethod
    async def plain() -> None:
        for toggle in (rx.buffer_toggle, rx.window_toggle):
            operator: Any = toggle(Stream.interval(1.2), lambda _: after(1.0))
            assert "|" not in await what_comes(FOUR.pipe(operator))

    @staticmethod
    async def ours() -> None:
        lists = ops.buffer_toggle(Stream.interval(1.2), lambda _: after(1.0))
        assert await what_comes(FOUR.pipe(lists)) == [[1], [2], [3], "|"]
        windows = ops.window_toggle(Stream.interval(1.2), lambda _: after(1.0))
        listed_windows = FOUR.pipe(windows, ops.flat_map(listed))
        assert await what_comes(listed_windows) == [[1], [2], [3], "|"]


@trap(
    "A stream that is to close a list of `buffer_when` has ended already, and the program hangs.",
    theirs="it closes the list at once, and so does the next one, without end",
    ours="a stream that ends without an event closes nothing: the list ends with the source",
)
class EndedClosings:
    @staticmethod
    async def plain() -> None:
        asked = 0

        def closing() -> Stream[Any]:
            nonlocal asked
            asked += 1
            if asked == 1000:  # or else it would still be asking
                raise KeyError("x")
            return Stream.empty()

        await what_comes(FOUR.pipe(rx.buffer_when(closing)))
        assert asked == 1000

    @staticmethod
    async def ours() -> None:
        closed = ops.buffer_when(Stream.empty)
        assert await what_comes(FOUR.pipe(closed)) == [[0, 1, 2, 3], "|"]


@trap(
    "When the source fails, `buffer`, `buffer_when` and `buffer_toggle` drop what they have.",
    theirs="the last events before an error are lost",
    ours="they come before the error",
)
class BoundedBuffers:
    @staticmethod
    async def plain() -> None:
        for operator in (
            rx.buffer(never()),
            rx.buffer_when(never),
            rx.buffer_toggle(after(0.5).pipe(rx.concat(never())), never),
        ):
            assert await what_comes(FAILING.pipe(operator)) == ["KeyError('x')"]

    @staticmethod
    async def ours() -> None:
        for operator in (
            ops.buffer(never()),
            ops.buffer_when(never),
            ops.buffer_toggle(after(0.5), never),
        ):
            out = await what_comes(FAILING.pipe(operator))
            assert out == [[0, 1, 2, 3], "KeyError('x')"]


@trap(
    "When the source fails, `buffer_with_time` with a `timeshift` drops what it has.",
    theirs="the last events before an error are lost",
    ours="they come before the error",
)
class ShiftedBuffers:
    @staticmethod
    async def plain() -> None:
        out = await what_comes(FAILING.pipe(rx.buffer_with_time(30.0, 20.0)))
        assert out == ["KeyError('x')"]

    @staticmethod
    async def ours() -> None:
        out = await what_comes(FAILING.pipe(ops.buffer_with_time(30.0, 20.0)))
        assert out == [[0, 1, 2, 3], "KeyError('x')"]


@trap(
    "When the source fails, `delay_with_mapper` drops what is on its way.",
    theirs="the last events before an error are lost",
    ours="they come before the error",
)
class DelayedErrors:
    @staticmethod
    async def plain() -> None:
        out = await what_comes(FAILING.pipe(rx.delay_with_mapper(lambda _: after(2.5))))
        assert out == [0, "KeyError('x')"]

    @staticmethod
    async def ours() -> None:
        out = await what_comes(FAILING.pipe(ops.delay_with_mapper(lambda _: after(2.5))))
        assert out == [0, 1, 2, 3, "KeyError('x')"]


@trap(
    "When the source fails, `throttle_with_mapper` drops the last event.",
    theirs="what waits is lost",
    ours="it comes before the error",
)
class ThrottledErrors:
    @staticmethod
    async def plain() -> None:
        out = await what_comes(FAILING.pipe(rx.throttle_with_mapper(lambda _: after(2.5))))
        assert out == ["KeyError('x')"]

    @staticmethod
    async def ours() -> None:
        out = await what_comes(FAILING.pipe(ops.throttle_with_mapper(lambda _: after(2.5))))
        assert out == [3, "KeyError('x')"]
