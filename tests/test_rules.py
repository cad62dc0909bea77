"""Every source we ship, put through the rules of Reactive Streams."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from rxagents import (
    Agent,
    Model,
    RawResponsesStreamEvent,
    RecordedRunFailed,
    Runner,
    Stream,
    replay,
)
from rxagents import operators as ops
from rxagents.recording import RecordingWriter
from rxagents.stream import ReplayLog
from rxagents.testing import SourceRules, assistant_message, response_events


class TestFromAsyncIterable(SourceRules):
    def stream(self, count: int, error: Exception | None = None) -> Stream[Any]:
        async def read() -> AsyncIterator[int]:
            for number in range(count):
                yield number
            if error is not None:
                raise error

        return Stream.from_async_iterable(read)


class TestFromIterable(SourceRules):
    def stream(self, count: int, error: Exception | None = None) -> Stream[Any]:
        numbers = Stream.from_iterable(range(count))
        return numbers if error is None else numbers + Stream.throw(error)


class TestThroughOperators(TestFromAsyncIterable):
    def stream(self, count: int, error: Exception | None = None) -> Stream[Any]:
        async def same(number: int) -> int:
            return number

        return (
            super()
            .stream(count, error)
            .pipe(
                ops.map(lambda number: number),
                ops.map_async(same, concurrency=2),
                ops.concat_map(lambda number: [number]),
                ops.share_replay(ref_count=True),
            )
        )


class TestLog(SourceRules):
    cold = False

    def stream(self, count: int, error: Exception | None = None) -> Stream[Any]:
        log = ReplayLog[int]()
        for number in range(min(count, 5000)):
            log.append(number)
        log.close(error)
        return Stream(log.subscribe)


class Talker(Model):
    """Says so many events, and then what ends the stream."""

    def __init__(self, count: int, error: Exception | None) -> None:
        self.events = response_events([assistant_message("a " * 10)])
        self.count = count
        self.error = error

    async def stream_response(self, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        for _ in range(self.count):
            yield self.events[5]
        if self.error is not None:
            raise self.error
        yield self.events[-1]


class TestColdRun(SourceRules):
    def stream(self, count: int, error: Exception | None = None) -> Stream[Any]:
        agent = Agent("A", model=Talker(count, error))
        return Runner.observe(agent, "x").pipe(ops.raw("response.output_text.delta"))


class TestHotRun(SourceRules):
    cold = False

    def stream(self, count: int, error: Exception | None = None) -> Stream[Any]:
        agent = Agent("A", model=Talker(min(count, 5000), error))
        return Runner.run_streamed(agent, "x").pipe(ops.raw("response.output_text.delta"))


class TestReplay(SourceRules):
    @pytest.fixture(autouse=True)
    def in_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def stream(self, count: int, error: Exception | None = None) -> Stream[Any]:
        path = self.folder / f"{count} {error!r}.jsonl"
        event = RawResponsesStreamEvent(response_events([assistant_message("a")])[5])
        writer = RecordingWriter(path)
        for _ in range(min(count, 5000)):
            writer.write(event)
        writer.end("completed" if error is None else "failed", error)
        return replay(path, "max")

    def tells(self, told: Any, error: Exception) -> bool:
        return (
            type(told) is RecordedRunFailed
            and told.class_name == type(error).__name__
            and told.message == str(error)
        )
