"""The repaired stream, event by event."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from rxagents.local.dialect import echo
from rxagents.local.events import EventRepair

Json = dict[str, Any]
EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)

BEGUN: Json = {"id": "resp_1", "object": "response", "status": "in_progress"}
MESSAGE: Json = {
    "type": "message",
    "status": "completed",
    "id": "msg_1",
    "role": "assistant",
    "content": [{"type": "output_text", "annotations": [], "logprobs": [], "text": "Grüße"}],
}
CALL: Json = {
    "id": "fc_1",
    "type": "function_call",
    "status": "completed",
    "arguments": '{"city": "Paris"}',
    "call_id": "call_1",
    "name": "get_weather",
}


def completed(output: list[Json], output_tokens: int) -> Json:
    usage = {
        "input_tokens": 11,
        "output_tokens": output_tokens,
        "total_tokens": 11 + output_tokens,
        "input_tokens_details": {"cached_tokens": 0},
    }
    response = {**BEGUN, "created_at": 5, "status": "completed", "model": "/x.gguf"}
    response |= {"output": output, "usage": usage}
    return {"type": "response.completed", "response": response, "timings": {"prompt_n": 11}}


def frames(*events: Json) -> bytes:
    lines = [f"event: {e.get('type')}\ndata: {json.dumps(e, ensure_ascii=False)}" for e in events]
    return "".join(f"{line}\n\n" for line in lines).encode()


def started(item: Json) -> list[Json]:
    return [
        {"type": "response.created", "response": BEGUN},
        {"type": "response.in_progress", "response": BEGUN},
        {"type": "response.output_item.added", "item": {**item, "status": "in_progress"}},
    ]


TEXT = frames(
    *started({**MESSAGE, "content": []}),
    {
        "type": "response.content_part.added",
        "item_id": "msg_1",
        "part": {"type": "output_text", "text": ""},
    },
    {"type": "response.output_text.delta", "item_id": "msg_1", "delta": "Grü"},
    {"type": "response.output_text.delta", "item_id": "msg_1", "delta": "ße"},
    {"type": "response.output_text.done", "item_id": "msg_1", "text": "Grüße"},
    {"type": "response.content_part.done", "item_id": "msg_1", "part": MESSAGE["content"][0]},
    {"type": "response.output_item.done", "item": MESSAGE},
    completed([MESSAGE], output_tokens=6),
)
TOOL = frames(
    *started({**CALL, "arguments": ""}),
    {"type": "response.function_call_arguments.delta", "delta": '{"city"', "item_id": "fc_1"},
    {"type": "response.function_call_arguments.delta", "delta": ': "Paris"}', "item_id": "fc_1"},
    {"type": "response.output_item.done", "item": CALL},
    completed([CALL], output_tokens=6),
)


def repair(*, token_limit: int | None = None, context_tokens: int = 1000) -> EventRepair:
    request: Json = {"input": "Hi", "tools": [{"type": "function", "name": "get_weather"}]}
    fields = echo(request, {"temperature": 0}, model="small", created_at=7)
    return EventRepair(fields, token_limit=token_limit, context_tokens=context_tokens)


def events(stream: bytes, **limits: Any) -> list[Any]:
    """The repaired events; each is checked to be a frame of its own, and valid."""
    parsed: list[Any] = []
    for frame in repair(**limits).feed(stream).decode().split("\n\n")[:-1]:
        kind, data = frame.split("\n")
        event = EVENT.validate_json(data.removeprefix("data: "), strict=True)
        assert kind == f"event: {event.type}"
        parsed.append(event)
    assert [event.sequence_number for event in parsed] == list(range(len(parsed)))
    return parsed


def test_every_event_of_a_text_is_valid() -> None:
    *_, text_done, part_done, item_done, end = events(TEXT)
    assert text_done.text == part_done.part.text == item_done.item.content[0].text == "Grüße"
    assert text_done.output_index == text_done.content_index == 0
    assert end.type == "response.completed"
    assert end.response.output_text == "Grüße"


def test_response_has_the_fields_that_the_request_determines() -> None:
    first, *_, last = events(TEXT)
    for response in (first.response, last.response):
        assert (response.model, response.created_at) == ("small", 7)
        assert response.parallel_tool_calls is False
        assert [tool.name for tool in response.tools] == ["get_weather"]
    assert last.response.usage.output_tokens_details.reasoning_tokens == 0
    assert last.response.usage.input_tokens_details.cache_write_tokens == 0


def test_a_call_gets_its_arguments_done() -> None:
    *_, arguments_done, item_done, end = events(TOOL)
    assert arguments_done.type == "response.function_call_arguments.done"
    assert arguments_done.arguments == item_done.item.arguments == CALL["arguments"]
    assert arguments_done.item_id == "fc_1"
    assert end.response.status == "completed"


def test_several_items_are_counted() -> None:
    second = {**CALL, "id": "fc_2", "call_id": "call_2"}
    stream = frames(
        *started(CALL),
        {"type": "response.output_item.added", "item": second},
        {"type": "response.output_item.done", "item": CALL},
        {"type": "response.output_item.done", "item": second},
        completed([CALL, second], output_tokens=6),
    )
    done = [e for e in events(stream) if e.type == "response.output_item.done"]
    assert [e.output_index for e in done] == [0, 1]


@pytest.mark.parametrize("limits", [{"token_limit": 6}, {"context_tokens": 17}])
def test_a_text_that_was_cut_off_is_incomplete(limits: Json) -> None:
    *_, item_done, end = events(TEXT, **limits)
    assert item_done.item.status == "incomplete"
    assert end.type == "response.incomplete"
    assert end.response.status == "incomplete"
    assert end.response.incomplete_details.reason == "max_output_tokens"
    assert end.response.output[0].status == "incomplete"


def test_a_text_below_the_limit_is_complete() -> None:
    assert events(TEXT, token_limit=7)[-1].type == "response.completed"


def test_a_call_is_cut_off_if_its_arguments_are_no_json() -> None:
    assert events(TOOL, token_limit=6)[-1].type == "response.completed"
    half = {**CALL, "arguments": '{"city'}
    stream = frames(
        *started(CALL),
        {"type": "response.output_item.done", "item": half},
        completed([half], output_tokens=6),
    )
    *_, item_done, end = events(stream, token_limit=6)
    assert item_done.item.status == "incomplete"
    assert end.type == "response.incomplete"


def test_cut_off_before_any_item() -> None:
    stream = frames(*started(CALL)[:2], completed([], output_tokens=6))
    assert events(stream, token_limit=6)[-1].response.output == []


@pytest.mark.parametrize(
    "error",
    [
        {"error": {"code": 500, "message": "out of memory", "type": "server_error"}},
        {"code": 500, "message": "out of memory", "type": "server_error"},
    ],
)
def test_an_error_while_it_answers_becomes_an_event(error: Json) -> None:
    last = events(frames(*started(MESSAGE), error))[-1]
    assert (last.type, last.message, last.code) == ("error", "out of memory", "500")


def test_comments_are_dropped_and_the_end_mark_kept() -> None:
    assert repair().feed(b":\n\n: ping\n\ndata: [DONE]\n\n") == b"data: [DONE]\n\n"


def test_a_frame_that_does_not_end_is_dropped() -> None:
    assert repair().feed(TEXT.rstrip()).endswith(b"\n\n")
    assert b"response.completed" not in repair().feed(TEXT.rstrip())


def test_a_whole_response_without_a_stream() -> None:
    event = completed([MESSAGE], output_tokens=6)
    response = repair(token_limit=6).response(event["response"])
    valid = Response.model_validate_json(json.dumps(response), strict=True)
    assert valid.status == "incomplete"
    assert valid.model == "small"


@given(st.sampled_from([TEXT, TOOL]), st.lists(st.integers(0, len(TEXT)), max_size=12))
def test_the_output_does_not_depend_on_the_chunks(stream: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(TEXT)]
    pieces = [stream[a:b] for a, b in pairwise(edges)]
    one = repair(token_limit=6)
    assert b"".join(map(one.feed, pieces)) == repair(token_limit=6).feed(stream[: len(TEXT)])
