"""A trace: all that belongs to one piece of an application's work."""

from __future__ import annotations

import abc
from contextvars import ContextVar
from types import TracebackType
from typing import Any

from .processor_interface import TracingProcessor
from .scope import Scoped, current_trace


class Trace(abc.ABC):
    """What spans are part of. As a context manager it is current within the block."""

    metadata: dict[str, Any] | None = None

    @property
    @abc.abstractmethod
    def trace_id(self) -> str:
        """Its id."""

    @property
    @abc.abstractmethod
    def name(self) -> str:
        """The name of the workflow."""

    @property
    @abc.abstractmethod
    def tracing_api_key(self) -> str | None:
        """The key that it is to be exported with, if not with the exporter's own."""

    @abc.abstractmethod
    def start(self, mark_as_current: bool = False) -> None:
        """Start it; with `mark_as_current`, spans made from now on are part of it."""

    @abc.abstractmethod
    def finish(self, reset_current: bool = False) -> None:
        """End it, in whatever task; what has ended is current nowhere."""

    @abc.abstractmethod
    def export(self) -> dict[str, Any] | None:
        """What exporters send; None if it is not recorded."""

    def to_json(self, *, include_tracing_api_key: bool = False) -> dict[str, Any] | None:
        """What `export` gives, and the key if it is asked for."""
        exported = self.export()
        if exported is None:
            return None
        if include_tracing_api_key and self.tracing_api_key:
            return {**exported, "tracing_api_key": self.tracing_api_key}
        return dict(exported)

    def __enter__(self) -> Trace:
        self.start(mark_as_current=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.finish(reset_current=True)


class TraceImpl(Scoped, Trace):
    """A trace that a processor is told of."""

    def __init__(
        self,
        name: str,
        trace_id: str,
        group_id: str | None,
        metadata: dict[str, Any] | None,
        processor: TracingProcessor,
        tracing_api_key: str | None = None,
    ) -> None:
        self._name = name
        self._trace_id = trace_id
        self.group_id = group_id
        self.metadata = metadata
        self._processor = processor
        self._tracing_api_key = tracing_api_key
        self._started = False
        self._finished = False
        self.marks_current: bool = False
        """Whether it is, or was, the current trace where it was started."""

    @property
    def trace_id(self) -> str:
        return self._trace_id

    @property
    def name(self) -> str:
        return self._name

    @property
    def tracing_api_key(self) -> str | None:
        return self._tracing_api_key

    def start(self, mark_as_current: bool = False) -> None:
        if self._started:
            return
        self._started = True
        self.marks_current = mark_as_current
        self._processor.on_trace_start(self)
        if mark_as_current:
            self.make_current()

    def finish(self, reset_current: bool = False) -> None:
        if not self._started or self._finished:
            return
        self._finished = True
        try:
            self._processor.on_trace_end(self)
        finally:
            self.leave()

    def export(self) -> dict[str, Any] | None:
        return {
            "object": "trace",
            "id": self._trace_id,
            "workflow_name": self._name,
            "group_id": self.group_id,
            "metadata": self.metadata,
        }

    def variable(self) -> ContextVar[Scoped | None]:
        return current_trace
