"""Server-sent events, from bytes.

The grammar is the WHATWG's (https://html.spec.whatwg.org/multipage/server-sent-events.html, §9.2.5
and §9.2.6), read incrementally: a chunk may end anywhere, also between CR and LF, inside the byte
order mark or inside a UTF-8 character. Data stays bytes, as whoever parses it wants bytes.
"""

from __future__ import annotations

from typing import NamedTuple

_BOM = b"\xef\xbb\xbf"


class ServerSentEvent(NamedTuple):
    """One dispatched event."""

    event: bytes
    """Its type; empty where the stream names none (which stands for `message`)."""

    data: bytes
    """Its data lines, joined by LF."""

    id: bytes
    """The last event id the stream has given so far; empty if none."""


class SSEDecoder:
    """Turns chunks of an event stream into events, each as soon as its blank line has come."""

    def __init__(self) -> None:
        self.last_event_id: bytes = b""
        """The last id the stream has given: what a client sends as `Last-Event-ID`."""
        self.retry: int | None = None
        """The reconnection time the stream asked for, in milliseconds."""
        self._parts: list[bytes] = []  # text after the last blank line; a list, to join it once
        self._ends_line = False  # whether _parts ends with LF
        self._skip_lf = False  # whether an LF would be the second half of a CRLF
        self._head: bytes | None = b""  # the first bytes, until they are known to be a BOM or not

    @property
    def pending(self) -> bytes:
        """What has come after the last whole event."""
        return b"".join(self._parts)

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Take the next bytes of the stream; return the events that they complete.

        What stands after the last blank line when the stream ends is no event (§9.2.6).
        """
        if self._head is not None or self._skip_lf or b"\r" in chunk:
            chunk = self._text(chunk)
        if not chunk:
            return []
        starts_blank = self._ends_line and chunk[0] == 10
        if b"\n\n" not in chunk and not starts_blank:
            self._parts.append(chunk)
            self._ends_line = chunk[-1] == 10
            return []
        if self._parts:
            chunk = b"".join((*self._parts, chunk))
        blocks = chunk.split(b"\n\n")
        rest = blocks.pop()
        self._parts = [rest] if rest else []
        self._ends_line = rest.endswith(b"\n")
        events: list[ServerSentEvent] = []
        for block in blocks:
            event = self._dispatch(block)
            if event is not None:
                events.append(event)
        return events

    def _text(self, chunk: bytes) -> bytes:
        """`chunk` with LF for every line end, and without a byte order mark at the start."""
        if self._head is not None:
            chunk = self._head + chunk
            if len(chunk) < len(_BOM) and _BOM.startswith(chunk):
                self._head = chunk
                return b""
            self._head = None
            chunk = chunk.removeprefix(_BOM)
        if self._skip_lf and chunk:
            self._skip_lf = False
            chunk = chunk.removeprefix(b"\n")
        if b"\r" in chunk:
            # CR ends the line at once: waiting for an LF would hold an event back.
            self._skip_lf = chunk[-1] == 13
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return chunk

    def _dispatch(self, block: bytes) -> ServerSentEvent | None:
        # The two forms that nearly every model server writes, without a loop over lines.
        if block.startswith(b"data: ") and b"\n" not in block:
            return ServerSentEvent(b"", block[6:], self.last_event_id)
        if block.startswith(b"event: "):
            data_at = block.find(b"\n")
            if block.startswith(b"data: ", data_at + 1) and block.find(b"\n", data_at + 1) < 0:
                return ServerSentEvent(block[7:data_at], block[data_at + 7 :], self.last_event_id)
        return self._dispatch_lines(block)

    def _dispatch_lines(self, block: bytes) -> ServerSentEvent | None:
        event = b""
        data: list[bytes] = []
        for line in block.split(b"\n"):
            name, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            match name:
                case b"data":
                    data.append(value)
                case b"event":
                    event = value
                case b"id" if b"\0" not in value:
                    self.last_event_id = value
                case b"retry" if value.isdigit():
                    self.retry = int(value)
                case _:  # a comment (empty name), an empty line, or a field nobody knows
                    continue
        if not data:
            return None
        return ServerSentEvent(event, b"\n".join(data), self.last_event_id)
