"""What traces and spans are told to."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .spans import Span
    from .traces import Trace


class TracingProcessor(abc.ABC):
    """Is told of each trace and span when it starts and when it ends.

    The methods are called where that happens, mostly on the event loop, so they must not block;
    they may be called from several threads. What they raise is logged, and changes nothing for
    the run.
    """

    @abc.abstractmethod
    def on_trace_start(self, trace: Trace) -> None:
        """A trace has started."""

    @abc.abstractmethod
    def on_trace_end(self, trace: Trace) -> None:
        """A trace has ended; its spans have too, unless somebody holds one open."""

    @abc.abstractmethod
    def on_span_start(self, span: Span[Any]) -> None:
        """A span has started; its data may not be complete."""

    @abc.abstractmethod
    def on_span_end(self, span: Span[Any]) -> None:
        """A span has ended, and changes no more."""

    @abc.abstractmethod
    def shutdown(self) -> None:
        """The program ends: send what is left, and stop. May block."""

    @abc.abstractmethod
    def force_flush(self) -> None:
        """Send what is waiting now. May block."""


class TracingExporter(abc.ABC):
    """Sends traces and spans somewhere, a batch at a time."""

    @abc.abstractmethod
    def export(self, items: list[Trace | Span[Any]]) -> None:
        """Send the batch; may block, as it is called from a thread of its own."""
