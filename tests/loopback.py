"""A scripted provider on 127.0.0.1: the Responses API's side of real sockets, good and bad.

    async with LoopbackServer([json_error(429, "slow down"), stream(*text_events("Hi"))]) as server:
        response = await server.client(max_retries=1).responses.create(model="m", input="hi")

Its seconds are the event loop's, so virtual on a VirtualLoop; its bytes are real.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal, Self, TypeAlias

from openai import AsyncOpenAI, BaseModel, DefaultAsyncHttpxClient
from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseOutputItem,
    ResponseStreamEvent,
    ResponseUsage,
)

from rxagents.testing import assistant_message, function_call
from rxagents.testing import response_events as response_events
from rxagents.testing import response_usage as response_usage


@dataclass(frozen=True)
class Pause:
    """Write nothing for so many seconds of the event loop's clock."""

    seconds: float


@dataclass(frozen=True)
class Hold:
    """Write nothing more, and keep the connection open until the client leaves."""


@dataclass(frozen=True)
class Cut:
    """Close the connection here; with `reset` by a TCP reset, else as if the answer were whole."""

    reset: bool = False


@dataclass(frozen=True)
class Endless:
    """Write `make_chunk(0)`, `make_chunk(1)` ... as fast as the client reads, until it leaves."""

    make_chunk: Callable[[int], bytes]


Chunk: TypeAlias = bytes | Pause | Hold | Cut | Endless


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer. The status and headers go out with the first bytes, if only `b""`.

    So `[Cut()]` drops the connection without any answer, `[b"", Cut()]` after the headers.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    chunks: Sequence[Chunk] = ()
    chunked: bool = False
    """Chunked transfer encoding, a chunk for each bytes; else a Content-Length of them all."""

    repeat: bool = False
    """Answer this request and all that follow; only for the last of a script."""

    def head(self) -> bytes:
        length = sum(len(chunk) for chunk in self.chunks if isinstance(chunk, bytes))
        framing = ("Transfer-Encoding", "chunked") if self.chunked else ("Content-Length", length)
        lines = [f"{name}: {value}\r\n" for name, value in [*self.headers.items(), framing]]
        return f"HTTP/1.1 {self.status} {_phrase(self.status)}\r\n{''.join(lines)}\r\n".encode()


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    """By lower-case name."""

    body: Any
    """The JSON, read; None where the body is empty."""

    at: float
    """When it was whole, in seconds of the event loop's clock."""


class ScriptError(AssertionError):
    """The client asked for more answers than the script has."""


class LoopbackServer:
    """Answers the requests it gets, in the order it gets them, with the answers of `script`.

    Leaving the block closes its clients and every connection. It then raises ScriptError if there
    were more requests than answers (they got a 400), or whatever failed in the server.
    """

    def __init__(self, script: Sequence[Reply]) -> None:
        if any(reply.repeat for reply in script[:-1]):
            raise ValueError("only the last answer of a script can be repeated")
        self.requests: list[Request] = []
        """Every request so far."""
        self.connections = 0
        """Connections that were made."""
        self.gone = 0
        """Clients that left before their answer was whole, until the block was left."""
        self.sent = 0
        """Bytes of bodies that were written, in all answers; what the client may have got."""
        self._script = list(script)
        self._clients: list[AsyncOpenAI] = []
        self._connections: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}
        self._failures: list[Exception] = []
        self._closing = False
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", 0)
        self.base_url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._closing = True
        for client in self._clients:
            await client.close()
        self._server.close()
        # Aborted, not cancelled: Python 3.11 reports a cancelled connection as an error.
        for writer in self._connections.values():
            writer.transport.abort()
        if self._connections:
            await asyncio.wait(self._connections)
        await self._server.wait_closed()
        if kind is None and self._failures:
            raise self._failures[0]

    @property
    def open_connections(self) -> int:
        """Connections that neither side has closed, whether in use or kept alive."""
        return len(self._connections)

    def client(self, *, max_retries: int = 0, **options: Any) -> AsyncOpenAI:
        """Make a client of this server, closed with it; `options` are those of AsyncOpenAI."""
        # No proxy of the environment, and no certificates: reading them takes longer than a test.
        http_client = DefaultAsyncHttpxClient(trust_env=False, verify=False)
        options = {"api_key": "test-key", "http_client": http_client, **options}
        client = AsyncOpenAI(base_url=self.base_url, max_retries=max_retries, **options)
        self._clients.append(client)
        return client

    async def wait_gone(self, n: int = 1) -> None:
        """Wait until `n` clients in all have left before their answer was whole."""
        while self.gone < n:
            await self._changed.wait()

    async def wait_closed(self) -> None:
        """Wait until no connection is open."""
        while self._connections:
            await self._changed.wait()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _protocol(self) -> asyncio.StreamReaderProtocol:
        reader = _Reader()
        return asyncio.StreamReaderProtocol(reader, lambda _, writer: self._serve(reader, writer))

    async def _serve(self, reader: _Reader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = writer
        self.connections += 1
        try:
            while (request := await _read_request(reader)) is not None:
                self.requests.append(request)
                if not await self._answer(self._next_reply(), reader, writer):
                    break
        except Exception as error:
            self._failures.append(error)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            del self._connections[task]
            self._notify()

    def _next_reply(self) -> Reply:
        if not self._script:
            message = f"request {len(self.requests)} is beyond the script"
            self._failures.append(ScriptError(message))
            return json_error(400, message)
        return self._script[0] if self._script[0].repeat else self._script.pop(0)

    async def _answer(self, reply: Reply, reader: _Reader, writer: asyncio.StreamWriter) -> bool:
        """Play `reply` while the client is there; True if the connection can be used again."""
        playing = asyncio.create_task(self._play(reply, writer))
        leaving = asyncio.create_task(reader.left.wait())
        await asyncio.wait({playing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        playing.cancel()
        leaving.cancel()
        await asyncio.wait({playing, leaving})
        if not playing.cancelled():
            with suppress(ConnectionError):
                return playing.result()
        if not self._closing:
            self.gone += 1
            self._notify()
        return False

    async def _play(self, reply: Reply, writer: asyncio.StreamWriter) -> bool:
        head = reply.head()

        async def send(data: bytes) -> None:
            nonlocal head
            frame = b"%x\r\n%b\r\n" % (len(data), data) if data and reply.chunked else data
            writer.write(head + frame)
            head = b""
            await writer.drain()
            self.sent += len(data)

        for chunk in reply.chunks:
            match chunk:
                case Pause(seconds):
                    await asyncio.sleep(seconds)
                case Hold():
                    await asyncio.Event().wait()
                case Cut(reset):
                    _cut(writer, reset)
                    return False
                case Endless(make_chunk):
                    for number in itertools.count():
                        await send(make_chunk(number))
                        await asyncio.sleep(0)  # drain alone does not let others run
                case _:
                    await send(chunk)
        await send(b"")
        if reply.chunked:
            writer.write(b"0\r\n\r\n")
            await writer.drain()
        return {k.lower(): v.lower() for k, v in reply.headers.items()}.get("connection") != "close"


class _Reader(asyncio.StreamReader):
    """A stream reader that says at once when the other side has left, though nobody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.left = asyncio.Event()

    def feed_eof(self) -> None:
        self.left.set()
        super().feed_eof()

    def set_exception(self, exc: Exception) -> None:
        self.left.set()
        super().set_exception(exc)


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    """Read the next request; None if the client leaves instead."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    method, path, _ = first.split(" ")
    at = asyncio.get_running_loop().time()
    return Request(method, path, headers, json.loads(body) if body else None, at)


def _cut(writer: asyncio.StreamWriter, reset: bool) -> None:
    if reset:  # closing a socket that may not linger resets the connection
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


# Answers


def sse(event: BaseModel | Mapping[str, Any]) -> bytes:
    """Write one server-sent event as the Responses API does."""
    if isinstance(event, BaseModel):
        event = event.model_dump(mode="json", by_alias=True)
    data = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    return f"event: {event['type']}\ndata: {data}\n\n".encode()


def stream(
    *chunks: BaseModel | Mapping[str, Any] | Chunk,
    headers: Mapping[str, str] | None = None,
    repeat: bool = False,
) -> Reply:
    """Stream events and chunks in chunked transfer encoding, each event in a chunk of its own."""
    return Reply(
        headers={"Content-Type": "text/event-stream; charset=utf-8", **(headers or {})},
        chunks=[sse(c) if isinstance(c, (BaseModel, Mapping)) else c for c in chunks],
        chunked=True,
        repeat=repeat,
    )


def endless(make_chunk: Callable[[int], bytes]) -> Reply:
    """Stream `make_chunk(0)`, `make_chunk(1)` ... until the client leaves."""
    return stream(Endless(make_chunk))


def json_reply(
    body: BaseModel | Mapping[str, Any],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    repeat: bool = False,
) -> Reply:
    """Answer with a JSON document, as to a request without `stream`."""
    data = body.model_dump(mode="json", by_alias=True) if isinstance(body, BaseModel) else body
    return Reply(
        status=status,
        headers={"Content-Type": "application/json", **(headers or {})},
        chunks=[json.dumps(data).encode()],
        repeat=repeat,
    )


def json_error(
    status: int,
    message: str,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    repeat: bool = False,
) -> Reply:
    """Refuse with the error document of the API."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return json_reply({"error": error}, status=status, headers=headers, repeat=repeat)


# Events; `response_events` joins items of any kind


def text_events(
    text: str,
    *,
    deltas: Sequence[str] | None = None,
    response_id: str = "resp_1",
    usage: ResponseUsage | None = None,
) -> list[ResponseStreamEvent]:
    """All events of a response that is one message; `deltas` instead of a word each."""
    items = [assistant_message(text, item_id="msg_1")]
    return _with_deltas(response_events(items, response_id=response_id, usage=usage), deltas)


def call_events(
    name: str,
    arguments: str | Mapping[str, Any],
    call_id: str = "call_1",
    *,
    deltas: Sequence[str] | None = None,
    response_id: str = "resp_1",
    usage: ResponseUsage | None = None,
) -> list[ResponseStreamEvent]:
    """All events of a response that calls one function; `deltas` instead of a word each."""
    items = [function_call(name, arguments, call_id=call_id)]
    return _with_deltas(response_events(items, response_id=response_id, usage=usage), deltas)


def response(
    items: Sequence[ResponseOutputItem] = (),
    *,
    response_id: str = "resp_1",
    status: Literal["completed", "failed", "in_progress", "incomplete"] = "completed",
    usage: ResponseUsage | None = None,
    **fields: Any,
) -> Response:
    """Make the response as it stands in a final event; `fields` such as `error` are put in."""
    last = response_events(items, response_id=response_id, usage=usage)[-1]
    assert isinstance(last, ResponseCompletedEvent)
    return last.response.model_copy(update={"status": status, **fields})


def _with_deltas(
    events: list[ResponseStreamEvent], deltas: Sequence[str] | None
) -> list[ResponseStreamEvent]:
    if deltas is None:
        return events
    places = [i for i, event in enumerate(events) if event.type.endswith(".delta")]
    first, end = places[0], places[-1] + 1
    given = [events[first].model_copy(update={"delta": delta}) for delta in deltas]
    whole = [*events[:first], *given, *events[end:]]
    return [event.model_copy(update={"sequence_number": i}) for i, event in enumerate(whole)]
