"""Writes a recording, a whole line at a time."""

from __future__ import annotations

import errno
import math
import os
import time
from contextlib import suppress
from typing import Any, Literal, TypeAlias, get_args
from weakref import WeakValueDictionary

from rxagents.events import EventPosition
from rxagents.exceptions import RecordingError
from rxagents.stream.tasks import loop_or_none

from .format import End, Start, encode
from .opening import Mode, open_to_write

FsyncPolicy: TypeAlias = Literal["never", "end", "always"] | float

_being_written: WeakValueDictionary[str, RecordingWriter] = WeakValueDictionary()


class RecordingWriter:
    """A recording that is being written.

    Each line is written by one write, with no buffer in between: when `write` has returned, the
    line is in the file, also if the process is killed at once. What a loss of power may cost is
    up to `fsync`. A line that could not be written as a whole is taken back.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, mode: Mode = "w", fsync: FsyncPolicy = "end"
    ) -> None:
        """Open the file and write the header; arguments as of `ops.record`.

        Raises OSError if that is not possible; RecordingError if this process is writing to the
        file already, or if it is to be appended to and is no recording.
        """
        check_mode(mode)
        self._sync_at_end, self._sync_every = _policy(fsync)
        self._path = os.fspath(path)
        self._key = os.path.realpath(self._path)
        if self._key in _being_written:
            raise RecordingError(
                f"{self._path} is being recorded to by another subscription: share() the stream "
                "behind the recording, or give each subscription a path of its own",
                path=self._path,
            )
        loop = loop_or_none()
        self._clock = time.monotonic if loop is None else loop.time
        self._synced_at = self._clock()
        self._last, self._last_seen = 0.0, 0.0  # the last event's time, and the clock's then
        self._ended = False
        self._file = open_to_write(self._path, mode)
        try:
            self._size = self._file.tell() if self._file.seekable() else 0
            self._write(Start(time.time()).to_dict())
        except BaseException:
            self._file.close()
            raise
        _being_written[self._key] = self

    def write(self, event: EventPosition) -> None:
        """Write an event.

        Raises OSError if that fails, TypeError or ValueError for what cannot be written.
        """
        if not isinstance(event, EventPosition):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(
                f"only a run's events can be recorded, not {type(event).__name__}: record before "
                "the operators that make something else of them"
            )
        if event.time > 0:
            self._last, self._last_seen = event.time, self._clock()
        self._write(event.to_dict())

    def end(
        self, how: Literal["completed", "failed", "left"], error: BaseException | None = None
    ) -> None:
        """Write how it ended, and close the file; the second time, nothing happens.

        Raises OSError if that fails; the file is closed all the same.
        """
        if self._ended:
            return
        try:
            now = self._now()
            end = End(how, now) if error is None else End.failed(error, now)
            self._write(end.to_dict())
            if self._sync_at_end and self._sync_every > 0:  # else it has just been done
                self._sync()
        finally:
            self.close()

    def close(self) -> None:
        """Close the file as it is; if it was not ended, it reads as cut off."""
        self._ended = True
        self._file.close()
        _being_written.pop(self._key, None)

    def __del__(self) -> None:
        # A stream that nobody can hear of any more was let go of: no reason for a warning.
        if hasattr(self, "_file"):
            self._file.close()

    def _now(self) -> float:
        """The time, on the clock of the events: replayed, the last gap is then as it was."""
        if self._last == 0:
            return time.time()
        return self._last + (self._clock() - self._last_seen)

    def _write(self, record: dict[str, Any]) -> None:
        line = encode(record)
        try:
            written = self._file.write(line) or 0
            while written < len(line):
                written += self._file.write(line[written:]) or 0
        except OSError:
            with suppress(OSError):
                self._file.seek(self._size)
                self._file.truncate()
            raise
        self._size += written
        if self._sync_every < math.inf and self._clock() - self._synced_at >= self._sync_every:
            self._sync()

    def _sync(self) -> None:
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            if error.errno != errno.EINVAL:  # a pipe or a terminal: there is nothing to do
                raise
        self._synced_at = self._clock()


def check_mode(mode: object) -> None:
    """Raise ValueError unless it is one of the modes."""
    if mode not in get_args(Mode):
        raise ValueError(f'mode must be "w", "a" or "x", not {mode!r}')


def check_fsync(policy: FsyncPolicy) -> None:
    """Raise ValueError unless it is a policy."""
    _policy(policy)


def _policy(fsync: FsyncPolicy) -> tuple[bool, float]:
    """Whether to sync at the end, and the seconds between syncs before that."""
    if fsync == "never":
        return False, math.inf
    if fsync == "end":
        return True, math.inf
    if fsync == "always":
        return True, 0.0
    if isinstance(fsync, int | float) and 0 < fsync < math.inf:  # pyright: ignore[reportUnnecessaryIsInstance]
        return True, float(fsync)
    raise ValueError(
        'fsync must be "never", "end", "always" or a number of seconds greater than 0, not '
        f"{fsync!r}"
    )
