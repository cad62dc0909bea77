"""The client of the embedded model."""

from __future__ import annotations

import importlib.util

import httpx2
from openai import AsyncOpenAI

from rxagents.exceptions import ModelUnavailableError

from .chooser import choose_tools
from .dialect import Chooser
from .transport import LocalTransport

_TIME_LIMIT = 600.0  # seconds; a request may wait for others, and for a download of 93 MB


def available() -> bool:
    """Whether the extra `rxagents[local]` is installed; the weights may still be missing."""
    return importlib.util.find_spec("xllamacpp") is not None


def local_client(*, choose: Chooser = choose_tools) -> AsyncOpenAI:
    """A client whose every request is answered by the embedded model; it needs no key.

    Making it costs next to nothing. The first request fetches the weights (93 MB, once per
    machine) and starts the server (one second, once per process), and raises
    ModelUnavailableError where that fails.

    `choose` decides which tools are called, since the model cannot: given a request, it returns
    those of its `tools` of which one is to be called now, or none for an answer in words.

    Raises ModelUnavailableError at once where the extra `rxagents[local]` is not installed.
    """
    if not available():
        raise ModelUnavailableError(
            "the embedded model needs llama.cpp, which is not installed: run "
            "`pip install 'rxagents[local]'`"
        )
    return AsyncOpenAI(
        api_key="local",
        base_url="http://local/v1",
        http_client=httpx2.AsyncClient(transport=LocalTransport(choose), timeout=_TIME_LIMIT),
    )
