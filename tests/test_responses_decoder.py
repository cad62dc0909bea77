"""Bytes of a Responses stream to typed events."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loopback import sse
from openai.types.responses import ResponseStreamEvent, ResponseTextDeltaEvent

from rxagents import ModelResponseError, ModelStreamError, RequestUsage, Usage
from rxagents.models.responses_decoder import ResponsesDecoder
from rxagents.testing import assistant_message, function_call, response_events

EVENTS = response_events([assistant_message("Grüße from Oslo 🚀."), function_call("f", {"a": 1})])
STREAM = b"".join(sse(event) for event in EVENTS)


def decode(*chunks: bytes) -> list[ResponseStreamEvent]:
    decoder = ResponsesDecoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    decoder.finish()
    return events


def test_events_are_what_was_sent_in_the_openai_packages_classes() -> None:
    events = decode(STREAM)
    assert events == EVENTS
    assert [type(event) for event in events] == [type(event) for event in EVENTS]


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=40))
def test_it_does_not_matter_where_chunks_end(cuts: list[int]) -> None:
    edges = sorted({0, len(STREAM), *cuts})
    chunks = [STREAM[a:b] for a, b in pairwise(edges)]
    assert decode(*chunks) == decode(STREAM)


def test_without_an_event_name_the_type_in_the_data_decides() -> None:
    lines = [line for line in STREAM.splitlines(keepends=True) if not line.startswith(b"event:")]
    assert decode(b"".join(lines)) == decode(STREAM)


def test_an_event_that_lacks_fields_is_built_as_the_client_builds_it() -> None:
    (event,) = ResponsesDecoder().feed(sse({"type": "response.output_text.delta", "delta": "x"}))
    assert isinstance(event, ResponseTextDeltaEvent)
    assert event.delta == "x"


def test_an_event_of_an_unknown_type_passes_with_all_it_has() -> None:
    frame = sse({"type": "response.telepathy.delta", "thought": "hm"})
    (event,) = ResponsesDecoder().feed(frame)
    unknown: Any = event
    assert (unknown.type, unknown.thought) == ("response.telepathy.delta", "hm")


def test_a_type_with_half_a_surrogate_pair_is_an_unknown_type() -> None:
    (event,) = ResponsesDecoder().feed(b'data: {"type":"\\ud83d"}\n\n')
    unknown: Any = event
    assert unknown.type == "\ud83d"


def test_what_comes_after_the_end_of_the_response_is_not_read() -> None:
    assert decode(STREAM + b"event: x\ndata: not json\n\n") == decode(STREAM)


def test_done_is_an_end_but_no_event() -> None:
    decoder = ResponsesDecoder()
    assert len(list(decoder.feed(sse(EVENTS[0]) + b"data: [DONE]\n\n"))) == 1
    assert decoder.ended


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (b"data: {'a': 1}\n\n", r"event 3 of the model's stream is not JSON \(.*\): b\"{'a': 1}\""),
        (b"event: error\ndata: oops\n\n", "event 3 .* is not JSON"),
        (b'data: {"delta": "\xff"}\n\n', r"event 3 .* is not valid UTF-8 \(byte 11\)"),
        (b"data: 42\n\n", "event 3 .* is not a JSON object: b'42'"),
        (b'data: {"x": 1}\n\n', "event 3 .* has no type"),
    ],
)
def test_a_frame_that_is_no_event_is_told_after_those_before_it(frame: bytes, message: str) -> None:
    decoder = ResponsesDecoder()
    got: list[ResponseStreamEvent] = []
    with pytest.raises(ModelStreamError, match=message) as caught:
        for event in decoder.feed(sse(EVENTS[0]) + sse(EVENTS[1]) + frame):
            got.append(event)
    assert len(got) == 2
    assert caught.value.event_index == 2
    assert caught.value.received in frame


def test_a_long_bad_frame_is_told_by_its_beginning() -> None:
    with pytest.raises(ModelStreamError, match=r"x…? ?.*\(50000 bytes\)$") as caught:
        list(ResponsesDecoder().feed(b"data: " + b"x" * 50_000 + b"\n\n"))
    assert len(str(caught.value)) < 250


def test_the_body_of_an_http_error_inside_a_stream_is_an_error() -> None:
    body = json.dumps({"error": {"message": "the engine is overloaded", "code": 503}})
    with pytest.raises(ModelResponseError, match="after 1 event: the engine is overloaded"):
        list(ResponsesDecoder().feed(sse(EVENTS[0]) + f"data: {body}\n\n".encode()))


def test_a_stream_that_just_stops_is_an_error() -> None:
    with pytest.raises(ModelStreamError, match=r"ended after 2 events without .*completed\): the"):
        decode(sse(EVENTS[0]) + sse(EVENTS[1]))
    with pytest.raises(ModelStreamError, match=r"after 1 event .*in the middle of b'event: resp"):
        decode(sse(EVENTS[0]) + sse(EVENTS[1])[:40])
    with pytest.raises(ModelStreamError, match="ended after 0 events"):
        decode(b"<html>hello</html>")


@pytest.mark.parametrize("told", [{}, {"input_tokens": None, "output_tokens": 5}, "all"])
@pytest.mark.parametrize("details", ["nothing", None, {}])
def test_a_usage_that_is_not_whole_can_be_added_up(told: Any, details: object) -> None:
    last: dict[str, Any] = json.loads(EVENTS[-1].model_dump_json())
    usage: dict[str, Any] = last["response"]["usage"] if told == "all" else dict(told)
    for name in ("input_tokens_details", "output_tokens_details"):
        usage.pop(name, None)
        if details != "nothing":
            usage[name] = details
    last["response"]["usage"] = usage
    (event,) = decode(f"event: response.completed\ndata: {json.dumps(last)}\n\n".encode())
    assert event.type == "response.completed"
    total = Usage()
    total.add(Usage.of_response(event.response.usage))
    written, all_in_all = usage.get("output_tokens", 0), usage.get("total_tokens", 0)
    entries = [RequestUsage(0, written, all_in_all)] if written else []
    assert total == Usage(
        requests=1,
        output_tokens=written,
        total_tokens=all_in_all,
        request_usage_entries=entries,
    )
