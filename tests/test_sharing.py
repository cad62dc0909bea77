"""share and share_replay: one source, any number of subscribers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from rxagents import Stream
from rxagents import operators as ops


class Source:
    """Counts how often it is started and left."""

    def __init__(self, end: int = 5, *, every: float = 1.0, error: Exception | None = None) -> None:
        self.end = end
        self.every = every
        self.error = error
        self.started = 0
        self.running = 0
        self.emitted = 0
        self.stream = Stream.from_async_iterable(self.read)

    async def read(self) -> AsyncIterator[int]:
        self.started += 1
        self.running += 1
        try:
            for number in range(self.end):
                if self.every:
                    await asyncio.sleep(self.every)
                self.emitted += 1
                yield number
            if self.error is not None:
                raise self.error
        finally:
            self.running -= 1


def listen(stream: Stream[Any]) -> tuple[list[Any], Any]:
    out: list[Any] = []
    return out, stream.subscribe(out.append, out.append, lambda: out.append("|"))


async def test_the_source_is_started_once_for_all() -> None:
    source = Source()
    shared = source.stream.pipe(ops.share())
    assert source.started == 0
    first, _ = listen(shared)
    await asyncio.sleep(2.5)
    second, _ = listen(shared)
    await asyncio.sleep(10)
    late, _ = listen(shared)
    await asyncio.sleep(10)
    assert first == [0, 1, 2, 3, 4, "|"]
    assert second == [2, 3, 4, "|"]
    assert late == ["|"]
    assert source.started == 1


async def test_what_is_replayed_comes_first() -> None:
    source = Source()
    shared = source.stream.pipe(ops.share(replay=2))
    listen(shared)
    await asyncio.sleep(3.5)
    second, _ = listen(shared)
    await asyncio.sleep(10)
    late, _ = listen(shared)
    await asyncio.sleep(1)
    assert second == [1, 2, 3, 4, "|"]
    assert late == [3, 4, "|"]
    assert source.started == 1


async def test_share_replay_keeps_everything_and_runs_on() -> None:
    source = Source()
    shared = source.stream.pipe(ops.share_replay())
    first, subscription = listen(shared)
    await asyncio.sleep(2.5)
    subscription.dispose()
    await asyncio.sleep(10)
    late, _ = listen(shared)
    await asyncio.sleep(1)
    assert first == [0, 1]
    assert late == [0, 1, 2, 3, 4, "|"]
    assert source.started == 1


async def test_when_the_last_one_leaves_the_source_is_left_and_the_next_starts_it_anew() -> None:
    source = Source()
    shared = source.stream.pipe(ops.share_replay(ref_count=True))
    _, one = listen(shared)
    _, two = listen(shared)
    await asyncio.sleep(2.5)
    one.dispose()
    await asyncio.sleep(0.1)
    assert source.running == 1
    two.dispose()
    two.dispose()
    await asyncio.sleep(0.1)
    assert source.running == 0
    again, _ = listen(shared)
    await asyncio.sleep(10)
    assert again == [0, 1, 2, 3, 4, "|"], "nothing of the first time is spliced in"
    assert source.started == 2


async def test_the_source_is_kept_for_a_while() -> None:
    source = Source(end=100)
    shared = source.stream.pipe(ops.share(reset_on_ref_count_zero=5.0))
    _, one = listen(shared)
    await asyncio.sleep(2.5)
    one.dispose()
    await asyncio.sleep(4)
    _, two = listen(shared)
    await asyncio.sleep(10)
    assert source.started == source.running == 1
    two.dispose()
    await asyncio.sleep(6)
    assert source.running == 0


async def test_retry_after_an_error_starts_the_source_anew() -> None:
    source = Source(end=2, error=KeyError("x"))
    shared = source.stream.pipe(ops.share())
    with pytest.raises(KeyError):
        await shared.pipe(ops.retry(3))
    assert source.started == 3
    kept = Source(end=2, error=KeyError("x"))
    with pytest.raises(KeyError):
        await kept.stream.pipe(ops.share(reset_on_error=False), ops.retry(3))
    assert kept.started == 1


async def test_repeat_after_completion_if_asked() -> None:
    source = Source(end=2)
    shared = source.stream.pipe(ops.share(reset_on_complete=True), ops.repeat(2))
    assert await shared.pipe(ops.to_list()) == [0, 1, 0, 1]
    assert source.started == 2


async def test_every_subscriber_is_told_the_error() -> None:
    error = KeyError("x")
    shared = Source(end=2, error=error).stream.pipe(ops.share())
    first, _ = listen(shared)
    second, _ = listen(shared)
    await asyncio.sleep(10)
    assert first == second == [0, 1, error]


async def test_one_failing_subscriber_leaves_the_others_alone() -> None:
    shared = Source().stream.pipe(ops.share())

    def fail(number: int) -> None:
        raise KeyError(number)

    errors: list[Exception] = []
    shared.subscribe(fail, errors.append)
    other, _ = listen(shared)
    await asyncio.sleep(10)
    assert other == [0, 1, 2, 3, 4, "|"]
    assert len(errors) == 1


@pytest.mark.parametrize("replay", [0, 10])
async def test_the_slowest_subscriber_sets_the_pace(replay: int) -> None:
    source = Source(end=3000, every=0.0)
    shared = source.stream.pipe(ops.share(replay=replay))
    counts = {"fast": 0, "slow": 0}
    most_behind = 0

    async def read(name: str, every: int) -> None:
        nonlocal most_behind
        async for _ in shared:
            counts[name] += 1
            most_behind = max(most_behind, source.emitted - counts[name])
            if counts[name] % every == 0:
                await asyncio.sleep(1)

    await asyncio.gather(read("fast", 200), read("slow", 20))
    assert counts == {"fast": 3000, "slow": 3000}
    assert most_behind <= 64 + 64 + 2


async def test_a_slow_subscriber_that_leaves_no_longer_holds_anyone_back() -> None:
    source = Source(end=3000, every=0.0)
    shared = source.stream.pipe(ops.share())
    slow = shared.iterate()
    reading = asyncio.ensure_future(shared.pipe(ops.to_list()))
    await anext(slow)
    await asyncio.sleep(10)
    assert not reading.done()
    await slow.aclose()
    assert len(await reading) == 3000


async def test_who_leaves_last_waits_for_the_source_to_be_closed() -> None:
    closed: list[bool] = []

    async def read() -> AsyncIterator[int]:
        try:
            while True:
                await asyncio.sleep(1)
                yield 1
        finally:
            await asyncio.sleep(5)
            closed.append(True)

    shared = Stream.from_async_iterable(read).pipe(ops.share())
    async with shared.iterate() as last:
        async with shared.iterate() as first:
            await anext(first)
        assert closed == []
        await anext(last)
    assert closed == [True]


async def test_a_source_that_emits_at_once() -> None:
    shared = Stream.of(1, 2, 3).pipe(ops.share())
    first, _ = listen(shared)
    second, _ = listen(shared)
    await asyncio.sleep(1)
    assert first == second == [1, 2, 3, "|"]


def test_impossible_numbers_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="replay must be"):
        ops.share(replay=-1)
    with pytest.raises(ValueError, match="seconds or more, not -2"):
        ops.share(reset_on_ref_count_zero=-2)
