"""The rules of Reactive Streams that mean something on one event loop, for any source.

The numbers are those of https://github.com/reactive-streams/reactive-streams-jvm (v1.0.4); its
`request(n)` is the credit of an `async for`, its `cancel()` is `dispose()`. Rules about threads,
about `request` with large numbers and about null are left out.
"""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable
from typing import Any

from rxagents.stream import Stream


class SourceRules:
    """Put a source through the rules: subclass this in a test module, for pytest.

        class TestOf(SourceRules):
            def stream(self, count: int, error: Exception | None = None) -> Stream[int]:
                numbers = Stream.from_iterable(range(count))
                return numbers if error is None else numbers + Stream.throw(error)

    Each rule is a test. They need pytest-asyncio in auto mode and run best on a VirtualLoop.
    """

    paced = True
    """Whether the source waits for its consumer's credit; if not, rules about it do not apply."""

    cold = True
    """Whether each subscription starts the source anew."""

    def stream(self, count: int, error: Exception | None = None) -> Stream[Any]:
        """A stream of `count` events, which then completes, or fails with `error`."""
        raise AssertionError("define stream(count, error) in the subclass")

    def tells(self, told: Any, error: Exception) -> bool:
        """Whether `told` is how the source tells of `error`: by itself, and not by one like it.

        A source whose errors were raised elsewhere, as in another process, has its own.
        """
        return told is error

    async def test_1_01_no_more_events_than_asked_for(self) -> None:
        if not self.paced:
            return
        async with self.stream(1000).iterate(high=4, low=2) as events:
            await _a_while()
            assert events.demand.pending <= 4
            for _ in range(10):
                await anext(events)
                await _a_while()
                assert events.demand.pending <= 4

    async def test_1_02_fewer_events_than_asked_for_and_then_the_end(self) -> None:
        assert len([event async for event in self.stream(3).iterate(high=64)]) == 3

    async def test_1_03_signals_come_one_after_another(self) -> None:
        inside = 0

        def on_next(_: Any) -> None:
            nonlocal inside
            inside += 1
            assert inside == 1
            inside -= 1

        await _ended(self.stream(300), on_next)

    async def test_1_04_a_failure_comes_after_the_events_before_it(self) -> None:
        error = KeyError("the source failed")
        told = _listen(self.stream(3, error))
        await _a_while()
        assert len(told) == 4
        assert self.tells(told[-1], error)

    async def test_1_05_a_finite_source_completes(self) -> None:
        for count in (0, 1, 5):
            assert len([event async for event in self.stream(count)]) == count

    async def test_1_07_nothing_comes_after_the_end(self) -> None:
        for error in (None, KeyError("the source failed")):
            told = _listen(self.stream(2, error))
            await _a_while()
            count = len(told)
            await _a_while()
            assert len(told) == count == 3

    async def test_1_08_nothing_comes_after_a_cancellation(self) -> None:
        seen: list[Any] = []
        subscription: list[Any] = []

        def on_next(event: Any) -> None:
            seen.append(event)
            if len(seen) == 2:
                subscription[0].dispose()

        subscription.append(self.stream(1000).subscribe(on_next))
        await _a_while()
        assert len(seen) == 2

    async def test_1_09_nothing_comes_before_subscribe_has_returned(self) -> None:
        told = _listen(self.stream(3))
        assert told == []
        await _a_while()
        assert told

    async def test_1_10_a_second_subscription_sees_the_whole_too(self) -> None:
        stream = self.stream(5)
        first = [event async for event in stream]
        second = [event async for event in stream]
        assert len(first) == len(second) == 5

    async def test_1_11_several_subscribers_at_once(self) -> None:
        stream = self.stream(200)
        seen = await asyncio.gather(*(_listed(stream) for _ in range(3)))
        assert [len(events) for events in seen] == [200, 200, 200]

    async def test_2_03_leaving_in_a_terminal_signal_changes_nothing(self) -> None:
        for error in (None, KeyError("the source failed")):
            told: list[str] = []
            subscription: list[Any] = []

            def leave(_: Any = None) -> None:
                told.append("end")  # noqa: B023 - called before the next round
                subscription[0].dispose()  # noqa: B023

            subscription.append(self.stream(1, error).subscribe(None, leave, leave))
            await _a_while()
            assert told == ["end"]

    async def test_2_06_leaving_an_iterate_block_leaves_no_task(self) -> None:
        before = asyncio.all_tasks()
        stream = self.stream(1000)
        async with stream.iterate() as events:
            await anext(events)
        if self.cold:
            assert asyncio.all_tasks() <= before

    async def test_2_09_the_end_needs_no_credit(self) -> None:
        async with self.stream(1).iterate(high=1) as events:
            await anext(events)
            await _a_while()
            assert await anext(events, "the end") == "the end"

    async def test_2_13_a_failing_subscriber_is_told_once_and_nobody_else(self) -> None:
        stream = self.stream(5)
        errors: list[Exception] = []
        other: list[Any] = []

        def fail(_: Any) -> None:
            raise KeyError("the subscriber's own")

        stream.subscribe(fail, errors.append)
        stream.subscribe(other.append)
        await _a_while()
        assert [type(error) for error in errors] == [KeyError]
        assert len(other) == 5

    async def test_3_03_asking_from_within_does_not_recurse(self) -> None:
        count = 0
        async for _ in self.stream(3000).iterate(high=1):
            count += 1
        assert count == 3000

    async def test_3_05_leaving_twice_is_leaving_once(self) -> None:
        subscription = self.stream(1000).subscribe()
        await _a_while()
        subscription.dispose()
        subscription.dispose()

    async def test_3_06_after_leaving_there_is_nothing_to_take(self) -> None:
        events = self.stream(1000).iterate()
        await anext(events)
        await events.aclose()
        assert await anext(events, "nothing") == "nothing"

    async def test_3_08_every_event_taken_opens_for_another(self) -> None:
        taken = 0
        async for _ in self.stream(500).iterate(high=2, low=1):
            taken += 1
        assert taken == 500

    async def test_3_13_a_subscriber_that_has_left_is_let_go(self) -> None:
        collector = _Collector()
        alive = weakref.ref(collector)
        stream = self.stream(10**6 if self.paced else 5)
        subscription = stream.subscribe(collector.on_next)
        await asyncio.sleep(0)
        subscription.dispose()
        del collector
        await _a_while()
        gc.collect()
        assert alive() is None


class _Collector:
    def on_next(self, event: Any) -> None:
        """Take the event."""


async def _a_while() -> None:
    """Let everything happen that can, without waiting for anything."""
    for _ in range(200):
        await asyncio.sleep(0)


def _listen(stream: Stream[Any]) -> list[Any]:
    """What a subscriber is told: events, then the error or `|`."""
    told: list[Any] = []
    stream.subscribe(told.append, told.append, lambda: told.append("|"))
    return told


async def _ended(stream: Stream[Any], on_next: Callable[[Any], None]) -> None:
    end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    stream.subscribe(on_next, end.set_exception, lambda: end.set_result(None))
    await end


async def _listed(stream: Stream[Any]) -> list[Any]:
    return [event async for event in stream]
