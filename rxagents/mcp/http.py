"""Servers that are reached over HTTP."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NotRequired, Protocol, cast

import httpx2
from typing_extensions import TypedDict

from rxagents.exceptions import UserError

from .client_server import MCPServerWithClientSession

if TYPE_CHECKING:
    from mcp.shared._httpx_utils import McpHttpClientFactory

_TIMEOUT = 5.0  # seconds
_SSE_READ_TIMEOUT = 300.0  # seconds


class HttpClientFactory(Protocol):
    """Makes the HTTP client of a server."""

    def __call__(
        self,
        headers: dict[str, str] | None = None,
        timeout: httpx2.Timeout | None = None,
        auth: httpx2.Auth | None = None,
    ) -> httpx2.AsyncClient:
        """A new client; it is closed with the connection."""
        ...


class MCPServerSseParams(TypedDict):
    """Where a server is, and how it is spoken to."""

    url: str
    headers: NotRequired[dict[str, str]]
    timeout: NotRequired[float]
    """Seconds for all but reading the stream; 5 by default."""

    sse_read_timeout: NotRequired[float]
    """Seconds of silence after which the stream counts as lost; 300 by default."""

    auth: NotRequired[httpx2.Auth | None]
    httpx_client_factory: NotRequired[HttpClientFactory]


class MCPServerStreamableHttpParams(TypedDict):
    """Where a server is, and how it is spoken to."""

    url: str
    headers: NotRequired[dict[str, str]]
    timeout: NotRequired[timedelta | float]
    """Seconds for all but reading an answer; 5 by default."""

    sse_read_timeout: NotRequired[timedelta | float]
    """Seconds of silence after which an answer counts as lost; 300 by default."""

    terminate_on_close: NotRequired[bool]
    """Whether the server is told that its session ends; True by default."""

    httpx_client_factory: NotRequired[HttpClientFactory]
    auth: NotRequired[httpx2.Auth | None]
    ignore_initialized_notification_failure: NotRequired[bool]
    """Refused where it is True: the mcp package 2 has no way to do it."""


class MCPServerSse(MCPServerWithClientSession[MCPServerSseParams]):
    """A server that answers on one stream of server-sent events, the older of the two transports.

    A stream that is lost is opened again when the server is used next.
    """

    @property
    def params(self) -> MCPServerSseParams:
        """Where it is."""
        return self._params

    def create_streams(self) -> AbstractAsyncContextManager[tuple[Any, Any]]:
        """Open the stream."""
        from mcp.client.sse import sse_client

        return sse_client(
            self._params["url"],
            headers=self._params.get("headers"),
            timeout=self._params.get("timeout", _TIMEOUT),
            sse_read_timeout=self._params.get("sse_read_timeout", _SSE_READ_TIMEOUT),
            httpx_client_factory=_checked(self._params.get("httpx_client_factory")),
            auth=_checked_auth(self._params.get("auth")),
        )

    def _default_name(self) -> str:
        return f"sse: {_url(self._params)}"


class MCPServerStreamableHttp(MCPServerWithClientSession[MCPServerStreamableHttpParams]):
    """A server that answers each request by itself, and may stream the answer.

    A session that the server has forgotten, and a connection that is lost, are made again when it
    is used next.
    """

    _session_id: str | None = None
    _last_error: int | None = None

    @property
    def params(self) -> MCPServerStreamableHttpParams:
        """Where it is."""
        return self._params

    @property
    def session_id(self) -> str | None:
        """The id that the server gave the session; None where it has none (from 2026 on)."""
        return self._session_id if self._connection.link is not None else None

    def create_streams(self) -> AbstractAsyncContextManager[tuple[Any, Any]]:
        """Make an HTTP client, and a session with it."""
        if self._params.get("ignore_initialized_notification_failure"):
            raise UserError(
                "ignore_initialized_notification_failure cannot be had with the package mcp 2: "
                "leave it out"
            )
        return self._streams()

    @asynccontextmanager
    async def _streams(self) -> AsyncGenerator[tuple[Any, Any]]:
        from mcp.client.streamable_http import streamable_http_client

        self._session_id = self._last_error = None
        make = _checked(self._params.get("httpx_client_factory"))
        client = make(
            headers=self._params.get("headers"),
            timeout=httpx2.Timeout(
                _seconds(self._params.get("timeout", _TIMEOUT)),
                read=_seconds(self._params.get("sse_read_timeout", _SSE_READ_TIMEOUT)),
            ),
            auth=_checked_auth(self._params.get("auth")),
        )
        client.event_hooks.setdefault("response", []).append(self._note)
        terminate = self._params.get("terminate_on_close", True)
        async with (
            client,
            streamable_http_client(
                self._params["url"], http_client=client, terminate_on_close=terminate
            ) as streams,
        ):
            yield streams

    async def _note(self, response: httpx2.Response) -> None:
        self._session_id = response.headers.get("mcp-session-id", self._session_id)
        self._last_error = response.status_code if response.status_code >= 400 else None

    def _http_status(self) -> int | None:
        return self._last_error

    def _default_name(self) -> str:
        return f"streamable_http: {_url(self._params)}"


def _url(params: MCPServerSseParams | MCPServerStreamableHttpParams) -> str:
    if not isinstance(url := cast("dict[str, object]", params).get("url"), str):
        raise UserError(f"params['url'] must be the server's address, not {url!r}")
    return url


def _seconds(time: timedelta | float) -> float:
    return time.total_seconds() if isinstance(time, timedelta) else time


def _checked_auth(auth: object) -> httpx2.Auth | None:
    if auth is None or isinstance(auth, httpx2.Auth):
        return auth
    raise UserError(f"params['auth'] must be an httpx2.Auth, not {auth!r}")


def _checked(factory: HttpClientFactory | None) -> McpHttpClientFactory:
    def make(
        headers: dict[str, str] | None = None,
        timeout: httpx2.Timeout | None = None,
        auth: httpx2.Auth | None = None,
    ) -> httpx2.AsyncClient:
        client = (factory or _http_client)(headers=headers, timeout=timeout, auth=auth)
        if not isinstance(client, httpx2.AsyncClient):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise UserError(
                f"httpx_client_factory must return an httpx2.AsyncClient, not {client!r}"
            )
        return client

    return make


def _http_client(
    headers: dict[str, str] | None = None,
    timeout: httpx2.Timeout | None = None,
    auth: httpx2.Auth | None = None,
) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(headers=headers, timeout=timeout, auth=auth)
