"""The provider that all of tracing goes through."""

from __future__ import annotations

import atexit
import threading

from .provider import DefaultTraceProvider, TraceProvider

_provider: TraceProvider | None = None
_lock = threading.Lock()


def set_trace_provider(provider: TraceProvider) -> None:
    """Have `provider` make all traces and spans from now on."""
    global _provider
    with _lock:
        if _provider is None:
            atexit.register(_shut_down)
        _provider = provider


def get_trace_provider() -> TraceProvider:
    """The provider in force: one that tells nobody, until processors are added to it."""
    if _provider is None:
        set_trace_provider(DefaultTraceProvider())
    assert _provider is not None
    return _provider


def _shut_down() -> None:
    if _provider is not None:
        _provider.shutdown()
