"""What is kept of a run: record."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from reactivex import Observable, abc
from reactivex.disposable import Disposable

from rxagents.events import StreamEvent
from rxagents.exceptions import RecordingError
from rxagents.recording import FsyncPolicy, Mode, RecordingWriter
from rxagents.recording.writer import check_fsync, check_mode
from rxagents.stream.subscriber import report

_Event = TypeVar("_Event", bound=StreamEvent)


def record(
    path: str | os.PathLike[str], *, mode: Mode = "w", fsync: FsyncPolicy = "end"
) -> Callable[[Observable[_Event]], Observable[_Event]]:
    """The source, which is written to a file as it passes. Lossless.

        source          --1--2--3--|
        record(path)    --1--2--3--|
        the file        h-1--2--3--e      h: a header, e: how it ended

    `rxagents.replay(path)` plays the file as a stream, `ReplayModel(path)` answers with it, and
    `rxagents.recording.format` describes it: a line of JSON for each event, in its `to_dict()`.

    The file is opened at the subscription. An event is written before it is passed on, so the file
    has whatever the consumer has seen, in whole lines, also if the process is killed. When the
    source completes or fails, or is left, the last line tells so, and the file is closed before
    the consumer is told.

    `mode` is as for `open`: "w" replaces what is there, also at the next subscription (as of
    `retry`); "a" goes on behind the recordings in the file, and cuts off a last line that is torn;
    "x" refuses a file that exists. `fsync` tells when to wait until the data is on the disk, so
    that a loss of power cannot take it: "never"; "end", when the file is closed; "always", with
    each event; or a number of seconds, at the first event after so many, and at the end. That
    holds up the event loop, some milliseconds on a slow disk, because a file that is closed when
    `dispose()` returns cannot be waited for elsewhere.

    Raises ValueError now for another `mode` or `fsync`. Sends, at the subscription, OSError if the
    file cannot be opened, and RecordingError if another subscription of this process is writing to
    it. If writing fails later, the event is passed on, and then the OSError is sent; TypeError if
    it is no event of a run. An error of the source goes before one of the file, which is added to
    it as a note.

    >>> from rxagents import replay
    >>> await Runner.observe(agent, "Oslo?").pipe(ops.record("oslo.jsonl"), ops.count())
    34
    >>> outputs = replay("oslo.jsonl", "max").pipe(ops.items("tool_output"))
    >>> await outputs.pipe(ops.map(lambda item: item.output))
    'Sunny, 21 degrees.'
    """
    path = os.fspath(path)
    check_mode(mode)
    check_fsync(fsync)

    def recorded(source: Observable[_Event]) -> Observable[_Event]:
        def subscribe(
            observer: abc.ObserverBase[_Event], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            try:
                writer = RecordingWriter(path, mode=mode, fsync=fsync)
            except (OSError, RecordingError) as error:
                observer.on_error(error)
                return Disposable()

            failed = False

            def on_next(event: _Event) -> None:
                nonlocal failed
                if failed:
                    return
                try:
                    writer.write(event)
                except Exception as error:
                    failed = True
                    with suppress(OSError):
                        writer.end("failed", error)
                    observer.on_next(event)
                    observer.on_error(error)
                else:
                    observer.on_next(event)

            def on_error(error: Exception) -> None:
                try:
                    writer.end("failed", error)
                except OSError as lost:
                    error.add_note(f"and the end of its recording could not be written: {lost}")
                observer.on_error(error)

            def on_completed() -> None:
                try:
                    writer.end("completed")
                except OSError as lost:
                    observer.on_error(lost)
                else:
                    observer.on_completed()

            def leave() -> None:
                subscription.dispose()
                try:
                    writer.end("left")
                except OSError as lost:
                    report(lost, "the end of a recording could not be written")

            subscription = source.subscribe(on_next, on_error, on_completed, scheduler=scheduler)
            return Disposable(leave)

        return Observable(subscribe)

    return recorded
