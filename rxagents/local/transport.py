"""The way from an unmodified `openai` client to the embedded model: an HTTP transport."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2

from .conversation import UnsupportedRequest
from .dialect import Chooser, cut_off_at, echo, rewrite
from .events import EventRepair
from .serve import CONTEXT_TOKENS
from .server import shared_server
from .weights import ensure, model_name


class LocalTransport(httpx2.AsyncBaseTransport):
    """Sends every request to the embedded model, whatever host it is addressed to.

    The first one fetches the weights and starts the server, where that has not been done; it
    raises ModelUnavailableError where it cannot be. Requests to `/responses` and their answers are
    translated; others pass as they are. It may be used on several event loops after one another.
    """

    def __init__(self, choose: Chooser) -> None:
        """`choose` decides which tools are called; see `choose_tools`."""
        self._choose = choose
        self._gguf: Path | None = None
        # After a streamed answer llama.cpp drops a connection that it had promised to keep, so
        # that a second request on it fails in one of four cases.
        self._http = httpx2.AsyncHTTPTransport(limits=httpx2.Limits(max_keepalive_connections=0))

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request."""
        content = await request.aread()
        if request.method != "POST" or not request.url.path.endswith("/responses"):
            return await self._send(request, content)
        asked: dict[str, Any] = json.loads(content)
        try:
            body = rewrite(asked, self._choose)
        except UnsupportedRequest as error:
            return _refusal(str(error))
        response = await self._send(request, json.dumps(body).encode())
        if response.status_code != 200:
            return response
        assert self._gguf  # known since something was sent
        repair = EventRepair(
            echo(asked, body, model=model_name(self._gguf), created_at=int(time.time())),
            token_limit=cut_off_at(asked, body),
            context_tokens=CONTEXT_TOKENS,
        )
        if body.get("stream"):
            headers = {"content-type": "text/event-stream"}
            return httpx2.Response(200, headers=headers, stream=_RepairedStream(response, repair))
        return httpx2.Response(200, json=repair.response(json.loads(await response.aread())))

    async def aclose(self) -> None:
        """Close the connections. The server runs on, for other clients in this process."""
        await self._http.aclose()

    async def _send(self, request: httpx2.Request, content: bytes) -> httpx2.Response:
        self._gguf = self._gguf or await ensure()
        address = await shared_server(self._gguf, model_name(self._gguf)).start()
        base = httpx2.URL(address.url)
        return await self._http.handle_async_request(
            httpx2.Request(
                request.method,
                request.url.copy_with(scheme=base.scheme, host=base.host, port=base.port),
                headers={
                    "accept": request.headers.get("accept", "*/*"),
                    "authorization": f"Bearer {address.token}",  # in the place of the user's key
                    "content-type": "application/json",
                },
                content=content,
                extensions=request.extensions,  # the time limits among them
            )
        )


class _RepairedStream(httpx2.AsyncByteStream):
    """The body of a streamed answer; closing it closes the connection, and so ends the answer."""

    def __init__(self, response: httpx2.Response, repair: EventRepair) -> None:
        self._response = response
        self._repair = repair

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._response.aiter_raw():
            if frames := self._repair.feed(chunk):
                yield frames

    async def aclose(self) -> None:
        await self._response.aclose()


def _refusal(message: str) -> httpx2.Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return httpx2.Response(400, json={"error": error})
