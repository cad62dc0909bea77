"""What went wrong with a server, in one sentence."""

from __future__ import annotations

from typing import Any, cast

import anyio
import httpx2

from rxagents.exceptions import MCPServerError

from ._package import shown_name

SESSION_GONE = "Session terminated"
"""How the mcp package words a 404 to a request of a session; by specification the client is then
to begin a new one (https://modelcontextprotocol.io/specification/2025-06-18/basic/transports)."""


def server_error(
    error: Exception,
    *,
    server: str,
    doing: str,
    timeout: float | None = None,
    http_status: int | None = None,
) -> MCPServerError:
    """Word an error of a request or a connection; `doing` is as in "connecting to".

    Errors of HTTP are not its cause: their texts have the whole URL, and what is secret in it.
    """
    if isinstance(error, MCPServerError):
        return error
    root = _root(error)
    status = root.response.status_code if isinstance(root, httpx2.HTTPStatusError) else http_status
    made = MCPServerError(
        f"{doing} the MCP server {shown_name(server)!r} failed: {_why(root, timeout, status)}",
        server_name=server,
        code=getattr(root, "code", None) if _is_mcp_error(root) else None,
        http_status=status,
    )
    made.__cause__ = None if isinstance(root, httpx2.HTTPError) else root
    return made


def is_session_gone(error: Exception) -> bool:
    """Whether the server has forgotten the session; it has then not done what it was asked."""
    return _is_mcp_error(error) and str(error) == SESSION_GONE


def _why(error: Exception, timeout: float | None, status: int | None) -> str:
    if _is_mcp_error(error):
        return _said(error, timeout, status)
    match error:
        case httpx2.HTTPStatusError():
            return f"it answered with HTTP {status} ({error.response.reason_phrase})"
        case httpx2.ConnectError():
            return "nobody answers at its address"
        case httpx2.TimeoutException():
            return "it did not answer in time (see `timeout` and `sse_read_timeout` in its params)"
        case httpx2.RequestError():
            return f"the request broke off ({type(error).__name__})"
        case anyio.ClosedResourceError() | anyio.BrokenResourceError():
            return _LOST
        case OSError():
            return str(error)
        case _:
            first = str(error).partition("\n")[0]  # pydantic's are long
            return f"{type(error).__name__}: {first}"


_LOST = "the connection is lost, the server may have ended"


def _said(error: Any, timeout: float | None, status: int | None) -> str:
    from mcp.types import CONNECTION_CLOSED, REQUEST_TIMEOUT

    if error.code == REQUEST_TIMEOUT and timeout:
        return f"no answer within {timeout:g} s; raise client_session_timeout_seconds if it is slow"
    if error.code == CONNECTION_CLOSED:
        return _LOST
    http = f", HTTP {status}" if status is not None else ""
    return f"it says {error.message!r} (code {error.code}{http})"


def _root(error: Exception) -> Exception:
    """The error that a group was raised for: one of HTTP where there is one, or else the first."""
    leaves = _leaves(error)
    return next((each for each in leaves if isinstance(each, httpx2.HTTPError)), leaves[0])


def _leaves(error: Exception) -> list[Exception]:
    if not isinstance(error, ExceptionGroup):
        return [error]
    group = cast("ExceptionGroup[Exception]", error)
    return [leaf for each in group.exceptions for leaf in _leaves(each)]


def _is_mcp_error(error: Exception) -> bool:
    from mcp.shared.exceptions import MCPError

    return isinstance(error, MCPError)
