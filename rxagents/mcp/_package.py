"""The `mcp` package, which is an extra: imported with the first server that needs it."""

from __future__ import annotations

from importlib.util import find_spec
from urllib.parse import urlsplit, urlunsplit

from rxagents.exceptions import UserError


def require_mcp() -> None:
    """Raise UserError, saying what to install, where there is no `mcp` package."""
    if find_spec("mcp") is None:
        raise UserError("MCP servers need the package mcp: `pip install 'rxagents[mcp]'`")


def shown_name(name: str) -> str:
    """A server's name as messages and tool names may show it.

    A name made of a URL loses what may be secret in it: user, password, query and fragment.
    """
    kind, separator, url = name.rpartition(": ")
    if not url.lower().startswith(("http://", "https://")):
        return name
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return f"{kind}{separator}<invalid-url>"
    return f"{kind}{separator}{urlunsplit((parts.scheme, host, parts.path, '', ''))}"
