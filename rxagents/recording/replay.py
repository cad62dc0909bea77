"""A recording as a stream."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from typing import Any

from rxagents.agent import Agent
from rxagents.event_json import EventReader, KnownAgents, agents_by_name
from rxagents.events import StreamEvent
from rxagents.exceptions import RecordedRunFailed
from rxagents.stream.stream import Stream

from .format import End, Start
from .reader import RecordingReader
from .tempo import Speed, Tempo, check_speed


def replay(
    path: str | os.PathLike[str],
    speed: Speed = 1.0,
    *,
    agents: KnownAgents = (),
    run_id: str | None = None,
) -> Stream[StreamEvent]:
    """The events of a recording, in its rhythm. Lossless.

        recorded                 --1--2----3-4----|
        replay(path)             1--2----3-4----|
        replay(path, 2.0)        1-2--3-4-|
        replay(path, "max")      (1234|)

    Each subscription reads the file anew, a line at a time, and makes the events again as they
    were written; `agents` are as for `event_from_dict`. The first event comes at once, and the
    others as long after it as their `time` tells, divided by `speed`. One without a time, made by
    hand, comes with the one before it.

    A slow consumer with `async for` holds the reading back. That time is not made up for: behind
    the events that wait for it already, the rest is later by as much, in the recorded rhythm.

    The stream ends as the recording did. If that failed, it fails with RecordedRunFailed, which
    tells the class and the message. If it was left, or cut off by a crash, it just completes
    (`RecordingReader` tells which). Of several recordings in a file, one is played after another
    until one has failed; with `run_id`, only the events of that run, and the end of its recording.

    Raises ValueError now unless `speed` is more than 0, and for two agents of the same name; sends
    OSError or RecordingError later, after what could be read, if the file cannot be.

        async for sentence in replay("run.jsonl").pipe(ops.text_deltas(), ops.sentences()): ...
    """
    path = os.fspath(path)
    check_speed(speed)
    known = agents_by_name(agents)

    def play() -> AsyncIterator[StreamEvent]:
        return _play(RecordingReader(path), speed, known, run_id)

    return Stream.from_async_iterable(play)


async def _play(
    reader: RecordingReader, speed: Speed, agents: Mapping[str, Agent[Any]], run_id: str | None
) -> AsyncIterator[StreamEvent]:
    events = EventReader(agents)
    tempo = Tempo(speed)
    wanted = False  # whether this recording has, so far, anything that is asked for
    found: set[str] = set()
    with closing(reader.records()) as records:
        for record in records:
            if isinstance(record, Start):
                tempo, wanted = Tempo(speed), run_id is None
            elif isinstance(record, End):
                if wanted:
                    await tempo.until(record.time)
                    if record.how == "failed":
                        raise RecordedRunFailed(record.error_class, record.message)
            else:
                if run_id is not None:
                    found.add(str(record.get("run_id")))
                if run_id in (None, record.get("run_id")):
                    wanted = True
                    event = _event(events, record, reader)
                    await tempo.until(event.time)
                    yield event
    if run_id is not None and run_id not in found:
        raise reader.error(f"it has no run {run_id!r}, only {', '.join(sorted(found)) or 'none'}")


def _event(events: EventReader, record: dict[str, Any], reader: RecordingReader) -> StreamEvent:
    try:
        return events.read(record)
    except ValueError as error:
        raise reader.error(str(error), reader.line) from error
