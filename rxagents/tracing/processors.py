"""Sending traces and spans on, in batches."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import Any

from .backend import BackendSpanExporter as BackendSpanExporter
from .global_settings import default_exporter as default_exporter
from .global_settings import default_processor as default_processor
from .processor_interface import TracingExporter, TracingProcessor
from .spans import Span
from .traces import Trace

_logger = logging.getLogger("rxagents.tracing")


class ConsoleSpanExporter(TracingExporter):
    """Prints traces and spans."""

    def export(self, items: list[Trace | Span[Any]]) -> None:
        """Print the batch, a line for each."""
        for item in items:
            print(item.export())


class BatchTraceProcessor(TracingProcessor):
    """Keeps what has started (traces) or ended (spans), and exports it from a thread.

    The thread is started with the first of them and is a daemon: what waits when the program
    ends is sent by `shutdown`, which `atexit` calls.

    `max_queue_size` is how many may wait; what comes on top is dropped, which is logged.
    `max_batch_size` is how many are exported at once, `schedule_delay` the seconds between two
    exports; when the queue is full by `export_trigger_ratio`, one is made at once.
    """

    def __init__(
        self,
        exporter: TracingExporter,
        max_queue_size: int = 8192,
        max_batch_size: int = 128,
        schedule_delay: float = 5.0,
        export_trigger_ratio: float = 0.7,
    ) -> None:
        self._exporter = exporter
        self._waiting: deque[Trace | Span[Any]] = deque()
        self._max_queue_size = max_queue_size
        self._max_batch_size = max_batch_size
        self._delay = schedule_delay
        self._trigger = max(1, int(max_queue_size * export_trigger_ratio))
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._exporting = threading.Lock()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def on_trace_start(self, trace: Trace) -> None:
        self._add(trace)

    def on_trace_end(self, trace: Trace) -> None:
        """Nothing: it was sent when it started."""

    def on_span_start(self, span: Span[Any]) -> None:
        """Nothing: it is sent when it ends."""

    def on_span_end(self, span: Span[Any]) -> None:
        self._add(span)

    def force_flush(self) -> None:
        """Export all that waits, here and now."""
        self._export_all()

    def shutdown(self, timeout: float | None = 5.0) -> None:
        """Export all that waits, for `timeout` seconds at most, and stop the thread.

        None waits as long as it takes.
        """
        self._stopped.set()
        self._wake.set()
        thread = self._thread
        if thread is None or not thread.is_alive():
            self._export_all()  # here: no thread can be started when the program ends
            return
        thread.join(timeout)
        if thread.is_alive():
            _logger.warning("traces were not all exported in the %s s there were", timeout)

    def _add(self, item: Trace | Span[Any]) -> None:
        if len(self._waiting) >= self._max_queue_size:
            _logger.warning("too many spans wait to be exported: one is dropped")
            return
        self._waiting.append(item)
        if self._thread is None or not self._thread.is_alive():
            with self._starting:
                if self._thread is None or not self._thread.is_alive():  # after a fork, too
                    self._start()
        if len(self._waiting) >= self._trigger:
            self._wake.set()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="rxagents traces", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        due = time.monotonic() + self._delay
        while not self._stopped.is_set():
            self._wake.wait(max(0.0, due - time.monotonic()))
            self._wake.clear()
            self._export_all()
            due = time.monotonic() + self._delay
        self._export_all()

    def _export_all(self) -> None:
        with self._exporting:
            while batch := self._batch():
                try:
                    self._exporter.export(batch)
                except Exception:
                    _logger.exception("a batch of %d traces and spans is lost", len(batch))

    def _batch(self) -> list[Trace | Span[Any]]:
        batch: list[Trace | Span[Any]] = []
        while self._waiting and len(batch) < self._max_batch_size:
            batch.append(self._waiting.popleft())
        return batch
