"""The trace of a run: the one it is started in, or one of its own."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from .config import TracingConfig
from .setup import get_trace_provider
from .traces import Trace


def trace_for_run(
    workflow_name: str,
    trace_id: str | None,
    group_id: str | None,
    metadata: dict[str, Any] | None,
    tracing: TracingConfig | None,
    disabled: bool,
) -> Trace | None:
    """A new trace, or None within another. Where it is disabled, one that hides the other."""
    provider = get_trace_provider()
    if provider.get_current_trace() is not None and not disabled:
        return None
    return provider.create_trace(
        workflow_name,
        trace_id=trace_id,
        group_id=group_id,
        metadata=metadata,
        disabled=disabled,
        tracing=tracing,
    )


class TraceCtxManager:
    """A trace for the block, if there is none already."""

    def __init__(
        self,
        workflow_name: str,
        trace_id: str | None,
        group_id: str | None,
        metadata: dict[str, Any] | None,
        tracing: TracingConfig | None,
        disabled: bool,
    ) -> None:
        self.trace: Trace | None = None
        """The trace that was made; None where there is one already, or none yet."""
        self._wanted = (workflow_name, trace_id, group_id, metadata, tracing, disabled)

    def __enter__(self) -> TraceCtxManager:
        self.trace = trace_for_run(*self._wanted)
        if self.trace is not None:
            self.trace.start(mark_as_current=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.trace is not None:
            self.trace.finish(reset_current=True)
