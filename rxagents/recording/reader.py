"""Reads a recording, a line at a time."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any, TypeAlias

from rxagents.exceptions import RecordingError

from .format import END, HEADER, VERSION, End, Start, decode

Record: TypeAlias = Start | dict[str, Any] | End
"""A header, an event's dictionary, or an end."""


class RecordingReader:
    """Reads a file of recordings, and knows where it stands.

        for record in RecordingReader("run.jsonl").records():
            if isinstance(record, End):
                print(record.how)          # completed, failed, left or cut off

    Only the line it stands at is in memory.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: str = os.fspath(path)
        self.line: int = 0
        """The number of the line that was read last, from 1."""
        self._offset = 0
        self._inside = False  # between a header and its end

    def records(self) -> Generator[Record, None, None]:
        """The records of each recording in the file: its Start, its events, its End.

        Iterating again goes on behind the record that was read last. A last line that is torn,
        because what wrote it went down, is left out. A recording without an end ends with
        `End("cut off")`, also one that somebody still writes.

        Raises OSError, and RecordingError at a line that is no record.
        """
        with open(self.path, "rb") as file:
            file.seek(self._offset)
            for line in file:
                record = self._record(line)
                if record is None:
                    break
                if self._inside and isinstance(record, Start):
                    self._inside = False
                    yield End("cut off")
                self.line += 1
                self._offset += len(line)
                self._inside = not isinstance(record, End)
                yield record
        if self.line == 0:
            raise self.error("there is no recording in it, not one whole line")
        if self._inside:
            self._inside = False
            yield End("cut off")

    def error(self, message: str, line: int = 0) -> RecordingError:
        """An error of this file, at a line of it or as a whole."""
        where = f"{self.path}, line {line}" if line else self.path
        return RecordingError(f"{where}: {message}", path=self.path, line=line)

    def _record(self, line: bytes) -> Record | None:
        """The record in a line; None if the line is torn."""
        try:
            data = decode(line)
            if data.get("type") == HEADER:
                return self._start(data)
            record = End.from_dict(data) if data.get("type") == END else data
        except ValueError:
            if not line.endswith(b"\n"):
                return None
            raise self._no_record(line) from None
        if self.line == 0:
            raise self._no_record(line)
        if not self._inside:
            raise self.error("a recording needs a header before this line", self.line + 1)
        return record

    def _start(self, data: dict[str, Any]) -> Start:
        start = Start.from_dict(data)
        if start.version > VERSION:
            raise self.error(
                f"this is a recording of version {start.version}, and this rxagents reads those "
                f"up to version {VERSION}: install a newer one",
                self.line + 1,
            )
        return start

    def _no_record(self, line: bytes) -> RecordingError:
        shown = repr(line) if len(line) <= 80 else f"{line[:80]!r}… ({len(line)} bytes)"
        if self.line == 0:
            return self.error(f"this is not the header of a recording: {shown}", 1)
        return self.error(
            f"this is not a record: {shown}. To read what comes before it, delete the file's "
            "lines from this one on",
            self.line + 1,
        )
