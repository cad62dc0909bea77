"""Traces sent on, in batches and to a server."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from spans import Kept, kept

from rxagents import tracing
from rxagents.tracing import Span, Trace, TracingExporter, custom_span, generation_span, trace
from rxagents.tracing.backend_json import FIELD_LIMIT, encode, fit
from rxagents.tracing.processors import (
    BackendSpanExporter,
    BatchTraceProcessor,
    ConsoleSpanExporter,
    default_exporter,
    default_processor,
)


class Shelf(TracingExporter):
    """Keeps the batches."""

    def __init__(self) -> None:
        self.batches: list[list[Any]] = []
        self.arrived = threading.Event()

    def export(self, items: list[Trace | Span[Any]]) -> None:
        self.batches.append([item.export() for item in items])
        self.arrived.set()


@pytest.fixture
def told() -> Iterator[Kept]:
    with kept() as processor:
        yield processor


def a_trace_of(count: int, api_key: str | None = None) -> None:
    with trace("w", tracing={"api_key": api_key} if api_key else None):
        for number in range(count):
            with custom_span(str(number)):
                pass


def test_a_flush_exports_what_waits_in_batches(told: Kept) -> None:
    shelf = Shelf()
    processor = BatchTraceProcessor(shelf, max_batch_size=2, schedule_delay=3600)
    tracing.set_trace_processors([processor])
    a_trace_of(4)
    tracing.flush_traces()
    assert [[item["object"] for item in batch] for batch in shelf.batches] == [
        ["trace", "trace.span"],
        ["trace.span", "trace.span"],
        ["trace.span"],
    ]
    processor.shutdown()


def test_a_queue_that_fills_is_exported_at_once(told: Kept) -> None:
    shelf = Shelf()
    processor = BatchTraceProcessor(shelf, max_queue_size=8, schedule_delay=3600)
    tracing.set_trace_processors([processor])
    a_trace_of(6)
    assert shelf.arrived.wait(10)
    processor.shutdown()
    assert sum(map(len, shelf.batches)) == 7


def test_what_does_not_fit_is_dropped_and_logged(
    told: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = Shelf()
    processor = BatchTraceProcessor(
        shelf, max_queue_size=3, schedule_delay=3600, export_trigger_ratio=2
    )
    tracing.set_trace_processors([processor])
    a_trace_of(5)
    processor.shutdown()
    assert sum(map(len, shelf.batches)) == 3
    assert caplog.text.count("one is dropped") == 3


def test_an_exporter_that_raises_loses_its_batch_alone(
    told: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Shelf):
        def export(self, items: list[Trace | Span[Any]]) -> None:
            super().export(items)
            if len(self.batches) == 1:
                raise ValueError("broken")

    shelf = Broken()
    processor = BatchTraceProcessor(shelf, max_batch_size=1, schedule_delay=3600)
    tracing.set_trace_processors([processor])
    a_trace_of(1)
    processor.force_flush()
    processor.shutdown()
    assert len(shelf.batches) == 2
    assert "a batch of 1 traces and spans is lost" in caplog.text


def test_what_waits_at_the_end_of_the_program_is_exported() -> None:
    code = (
        "from rxagents import add_trace_processor, trace, custom_span\n"
        "from rxagents.tracing.processors import BatchTraceProcessor, ConsoleSpanExporter\n"
        "add_trace_processor(BatchTraceProcessor(ConsoleSpanExporter()))\n"
        "with trace('w'), custom_span('c'): pass\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [eval(line)["object"] for line in out.stdout.splitlines()] == ["trace", "trace.span"]
    assert out.stderr == ""


def test_shutting_down_exports_also_where_the_thread_is_gone(told: Kept) -> None:
    shelf = Shelf()
    processor = BatchTraceProcessor(shelf, schedule_delay=3600)
    tracing.set_trace_processors([processor])
    a_trace_of(1)
    processor._thread = None  # as in a process that was forked
    processor.shutdown()
    assert sum(map(len, shelf.batches)) == 2


class Server:
    """Answers with these statuses, and keeps the requests."""

    def __init__(self, *answers: int | httpx2.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(answer) if isinstance(answer, int) else answer


def exporter(server: Server, **options: Any) -> BackendSpanExporter:
    made = BackendSpanExporter(**{"api_key": "sk-1", "base_delay": 0.0, **options})
    made._client.close()
    made._client = httpx2.Client(transport=httpx2.MockTransport(server))
    return made


def test_a_request_has_the_key_the_beta_header_and_all_items(told: Kept) -> None:
    server = Server(200)
    a_trace_of(1)
    sent = exporter(server, organization="org", project="proj")
    sent.export([*told.traces, *told.spans])
    sent.close()
    (request,) = server.requests
    assert str(request.url) == "https://api.openai.com/v1/traces/ingest"
    assert request.headers["authorization"] == "Bearer sk-1"
    assert request.headers["openai-beta"] == "traces=v1"
    assert request.headers["openai-organization"] == "org"
    assert request.headers["openai-project"] == "proj"
    items = json.loads(request.content)["data"]
    assert [item["object"] for item in items] == ["trace", "trace.span"]
    assert items[1]["trace_id"] == items[0]["id"]


def test_traces_with_a_key_of_their_own_are_sent_with_it(told: Kept) -> None:
    server = Server(200, 200)
    a_trace_of(1)
    a_trace_of(1, api_key="sk-2")
    exporter(server).export([*told.traces, *told.spans])
    keys = [request.headers["authorization"] for request in server.requests]
    assert keys == ["Bearer sk-1", "Bearer sk-2"]


def test_without_a_key_nothing_is_sent(
    told: Kept, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    server = Server(200)
    a_trace_of(1)
    sent = exporter(server, api_key=None)
    sent.export(list(told.spans))
    assert "OPENAI_API_KEY is not set" in caplog.text
    monkeypatch.setenv("OPENAI_API_KEY", "sk-late")
    sent.export(list(told.spans))
    assert server.requests[0].headers["authorization"] == "Bearer sk-late"


@pytest.mark.parametrize("first", [429, 503, httpx2.ConnectError("no route")])
def test_what_may_pass_is_sent_again(told: Kept, first: Any) -> None:
    server = Server(first, 200)
    a_trace_of(1)
    exporter(server).export(list(told.spans))
    assert len(server.requests) == 2


@pytest.mark.parametrize("answer", [401, httpx2.Response(503, headers={"x-should-retry": "false"})])
def test_what_is_refused_is_not_sent_again(
    told: Kept, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(answer)
    a_trace_of(1)
    exporter(server).export(list(told.spans))
    assert len(server.requests) == 1
    assert "the server refused them" in caplog.text


def test_it_gives_up_after_max_retries_requests(
    told: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(500, 500, 500)
    a_trace_of(1)
    exporter(server).export(list(told.spans))
    assert len(server.requests) == 3
    assert "traces are lost after 3 requests (status 500)" in caplog.text


def test_the_server_may_ask_for_a_pause(told: Kept) -> None:
    waits: list[float | None] = []

    def wait(timeout: float | None = None) -> bool:
        waits.append(timeout)
        return False

    busy = httpx2.Response(429, headers={"retry-after-ms": "1500"})
    later = httpx2.Response(429, headers={"retry-after": "7"})
    sent = exporter(Server(busy, later, 200), max_retries=3)
    sent._closed.wait = wait  # type: ignore[method-assign]
    a_trace_of(1)
    sent.export(list(told.spans))
    assert waits == [1.5, 7.0]


def test_what_is_too_long_is_cut_to_what_the_server_takes(told: Kept) -> None:
    with trace("w"):
        spans: list[Any] = [
            generation_span([{"role": "user", "content": "é" * FIELD_LIMIT}]),
            tracing.function_span("f", "x" * 2 * FIELD_LIMIT, "short"),
        ]
    generation, function = (fit({"span_data": s.span_data.export()})["span_data"] for s in spans)
    assert generation["input"]["truncated"] is True
    assert generation["input"]["original_type"] == "list"
    assert len(encode(function["input"])) <= FIELD_LIMIT
    assert function["input"].endswith("... [truncated]")
    assert function["output"] == "short"


def test_usage_is_sent_as_the_server_takes_it() -> None:
    usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3, "requests": None}
    sent = fit({"span_data": {"type": "generation", "usage": usage}})
    assert sent["span_data"]["usage"] == {
        "input_tokens": 1,
        "output_tokens": 2,
        "details": {"total_tokens": 3},
    }
    assert "usage" not in fit({"span_data": {"type": "response", "usage": usage}})["span_data"]
    broken = fit({"span_data": {"type": "generation", "usage": {"input_tokens": "1"}}})
    assert broken["span_data"]["usage"] is None


def test_what_json_does_not_know_is_told_as_a_text() -> None:
    ring: dict[Any, Any] = {"a": float("nan"), 1: {2}, "b": b"x", "s": "\ud800"}
    ring["self"] = ring
    assert json.loads(encode(ring)) == {
        "a": "nan",
        "1": "{2}",
        "b": "b'x'",
        "s": "\ud800",
        "self": None,
    }


def test_the_console_exporter_prints(told: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    a_trace_of(1)
    ConsoleSpanExporter().export([*told.traces, *told.spans])
    assert capsys.readouterr().out.count("\n") == 2


def test_the_default_ones_are_made_once_and_used_only_if_added(told: Kept) -> None:
    assert default_processor() is default_processor()
    tracing.set_tracing_export_api_key("sk-3")
    assert default_exporter().api_key == "sk-3"
    a_trace_of(1)
    assert default_processor()._waiting == type(default_processor()._waiting)()
