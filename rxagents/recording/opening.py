"""Opens the file of a recording for writing, behind what is whole in it."""

from __future__ import annotations

import io
import os
from typing import Literal, TypeAlias, cast

from rxagents.exceptions import RecordingError

from .format import HEADER, decode

Mode: TypeAlias = Literal["w", "a", "x"]

_BLOCK = 65536  # bytes read at once when looking for the last line


def open_to_write(path: str, mode: Mode) -> io.FileIO:
    """The file, without a buffer, as `open(path, mode)` opens it.

    To append, what stands behind the last newline is cut off if it is not a whole record: the
    process that wrote it went down in the middle.
    """
    if mode == "a" and os.path.exists(path):
        file = _open(path, "r+b")
        try:
            _go_to_end(file, path)
        except BaseException:
            file.close()
            raise
        return file
    return _open(path, "xb" if mode == "x" else "wb")


def _open(path: str, mode: str) -> io.FileIO:
    return cast("io.FileIO", open(path, mode, buffering=0))


def _go_to_end(file: io.FileIO, path: str) -> None:
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        return
    _check_is_recording(file, path)
    tail = _behind_last_newline(file, size)
    try:
        if tail:
            decode(tail)
    except ValueError:
        file.truncate(size - len(tail))
        file.seek(size - len(tail))
    else:
        file.seek(size)
        if tail:
            file.write(b"\n")


def _check_is_recording(file: io.FileIO, path: str) -> None:
    begin = b'{"type":"' + HEADER.encode() + b'"'
    file.seek(0)
    if file.read(len(begin)) != begin:
        raise RecordingError(
            f"{path} is not a recording, so nothing is appended to it: give another path, or "
            'mode="w" to replace it',
            path=path,
        )


def _behind_last_newline(file: io.FileIO, size: int) -> bytes:
    tail, start = b"", size
    while start > 0 and b"\n" not in tail:
        end, start = start, max(0, start - _BLOCK)
        file.seek(start)
        tail = file.read(end - start) + tail
    return tail.rpartition(b"\n")[2]
