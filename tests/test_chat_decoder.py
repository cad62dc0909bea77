"""Bytes of Chat Completions to the events of a Responses stream."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from chat_chunks import (
    CHAT_ID,
    USAGE,
    WITH_ALL,
    answer,
    call_delta,
    check,
    chunk,
    decode,
    decode_bytes,
    ended,
    frame,
    frames,
    items_of,
    kinds,
    plain,
    said,
    text_chunks,
    texts,
)
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import (
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseReasoningItem,
    ResponseStreamEvent,
    ResponseTextDeltaEvent,
)

from rxagents import ModelResponseError, ModelStreamError
from rxagents.models.chat_decoder import ChatDecoder

# --- what servers send as they should ---------------------------------------------------------


def test_a_text_is_the_same_events_as_of_the_responses_api() -> None:
    events = decode(text_chunks("Hi ", "there."))
    check(events)
    assert kinds(events) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    (message,) = items_of(events)
    assert isinstance(message, ResponseOutputMessage)
    assert message.id == f"msg_{CHAT_ID}_0"
    assert message.status == "completed"
    assert said(message) == "Hi there."
    response = ended(events)
    assert (response.id, response.model, response.created_at) == (CHAT_ID, "gpt-test", 1741569952)
    assert response.status == "completed"


def test_each_item_is_over_before_the_next_of_another_kind_begins() -> None:
    events = decode(WITH_ALL)
    check(events)
    assert kinds(events) == [
        "created",
        "in_progress",
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "completed",
    ]
    assert texts(events) == [
        "Let me see.",
        "Grüße from Oslo 🚀.",
        'weather({"city":"Oslo"})',
        "time({})",
    ]
    _, _, weather, time = items_of(events)
    assert isinstance(weather, ResponseFunctionToolCall)
    assert isinstance(time, ResponseFunctionToolCall)
    assert (weather.call_id, time.call_id) == ("call_a", "call_b")


def test_the_items_are_over_when_the_model_stops_and_the_usage_is_still_to_come() -> None:
    decoder = ChatDecoder()
    *before, usage, done = frames(text_chunks("Hi"))
    events = [event for piece in before for event in decoder.feed(piece)]
    assert kinds(events)[-1] == "output_item.done"
    assert decoder.whole
    assert not decoder.ended
    assert list(decoder.feed(usage)) == []
    assert kinds(decoder.feed(done)) == ["completed"]
    assert decoder.ended


def test_the_usage_has_what_was_cached_and_what_was_thought() -> None:
    usage = ended(decode(text_chunks("Hi"))).usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (19, 10, 29)
    assert usage.input_tokens_details.cached_tokens == 4
    assert usage.output_tokens_details.reasoning_tokens == 3


@pytest.mark.parametrize(
    ("told", "numbers"),
    [
        (None, None),
        ({}, None),
        ({"prompt_tokens": 3, "completion_tokens": None}, (3, 0, 0, 3)),
        (
            {"prompt_tokens": 3, "completion_tokens": 2, "prompt_cache_hit_tokens": 1},
            (3, 1, 2, 5),
        ),
        ({"prompt_tokens": 3, "prompt_tokens_details": None, "total_tokens": 9}, (3, 0, 0, 9)),
    ],
)
def test_a_usage_that_is_not_whole_is_told_as_far_as_it_goes(told: Any, numbers: Any) -> None:
    usage = ended(decode([chunk({"content": "Hi"}, "stop", usage=told)])).usage
    got = usage and (
        usage.input_tokens,
        usage.input_tokens_details.cached_tokens,
        usage.output_tokens,
        usage.total_tokens,
    )
    assert got == numbers


def test_the_usage_that_comes_last_counts() -> None:
    chunks = [chunk({"content": "Hi"}, usage={"prompt_tokens": 1, "completion_tokens": 1})]
    usage = ended(decode([*chunks, chunk({}, "stop"), chunk(usage=USAGE)])).usage
    assert usage is not None
    assert usage.total_tokens == 29
    choice = {"index": 0, "delta": {}, "finish_reason": "stop", "usage": USAGE}
    usage = ended(decode([*chunks, chunk(choices=[choice])])).usage
    assert usage is not None
    assert usage.total_tokens == 29


@pytest.mark.parametrize(
    ("finish_reason", "reason"),
    [("length", "max_output_tokens"), ("content_filter", "content_filter")],
)
def test_an_answer_that_was_cut_off_is_incomplete(finish_reason: str, reason: str) -> None:
    events = decode(text_chunks("Hi ", "th", finish_reason=finish_reason))
    check(events)
    response = ended(events)
    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == reason
    (message,) = response.output
    assert isinstance(message, ResponseOutputMessage)
    assert message.status == "incomplete"


def test_a_refusal_is_a_part_of_its_own() -> None:
    events = decode(answer({"content": "Well. "}, {"refusal": "I "}, {"refusal": "cannot."}))
    check(events)
    assert kinds(events)[3:] == [
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "content_part.added",
        "refusal.delta",
        "refusal.delta",
        "refusal.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    (message,) = items_of(events)
    assert isinstance(message, ResponseOutputMessage)
    assert [part.type for part in message.content] == ["output_text", "refusal"]
    assert plain(message.content[1])["refusal"] == "I cannot."


def test_log_probabilities_are_told_with_the_text_and_at_its_end() -> None:
    top = {"token": "Hey", "logprob": -2.5, "bytes": None}
    token = {"token": "Hi", "logprob": -0.1, "bytes": [72, 105], "top_logprobs": [top]}
    choice = {"index": 0, "delta": {"content": "Hi"}, "logprobs": {"content": [token]}}
    events = decode([chunk(choices=[choice]), chunk({}, "stop")])
    check(events)
    delta = next(event for event in events if isinstance(event, ResponseTextDeltaEvent))
    assert [(each.token, each.logprob) for each in delta.logprobs] == [("Hi", -0.1)]
    (message,) = items_of(events)
    part = plain(message)["content"][0]
    assert part["logprobs"] == [{**token, "top_logprobs": [{**top, "bytes": []}]}]


def test_what_is_cited_is_told_once_its_text_has_begun() -> None:
    cited = {"url": "https://x.org", "title": "X", "start_index": 0, "end_index": 2}
    annotations = [
        {"type": "url_citation", "url_citation": cited},
        {"type": "url_citation", "url_citation": {"url": "https://y.org"}},
        {"type": "file_citation"},
    ]
    events = decode(answer({"annotations": annotations}, {"content": "Hi"}))
    check(events)
    added = [event for event in events if event.type == "response.output_text.annotation.added"]
    assert [event.annotation_index for event in added] == [0]
    (message,) = items_of(events)
    assert plain(message)["content"][0]["annotations"] == [{"type": "url_citation", **cited}]
    assert texts(decode(answer({"content": "Hi"}, {"annotations": annotations}))) == ["Hi"]


def test_reasoning_in_the_other_field_is_the_items_content() -> None:
    events = decode(answer({"reasoning": "Hm"}, {"reasoning": "m."}, {"content": "Yes."}))
    check(events)
    assert kinds(events)[2:7] == [
        "output_item.added",
        "reasoning_text.delta",
        "reasoning_text.delta",
        "reasoning_text.done",
        "output_item.done",
    ]
    thought, _ = items_of(events)
    assert isinstance(thought, ResponseReasoningItem)
    assert thought.summary == []
    assert said(thought) == "Hmm."


def test_reasoning_that_is_sent_in_both_fields_is_told_once() -> None:
    events = decode(answer({"reasoning": "Hm.", "reasoning_content": "Hm."}, {"content": "Yes."}))
    check(events)
    assert texts(events) == ["Hm.", "Yes."]


def test_reasoning_that_changes_its_field_is_another_item() -> None:
    events = decode(answer({"reasoning_content": "a"}, {"reasoning": "b"}, {"content": "c"}))
    check(events)
    assert texts(events) == ["a", "b", "c"]


def test_reasoning_that_goes_on_beside_an_answer_does_not_divide_the_answer() -> None:
    events = decode(
        answer({"reasoning": "a"}, {"content": "b"}, {"reasoning": "c"}, {"content": "d"})
    )
    check(events)
    assert texts(events) == ["a", "bd", "c"]


def test_details_of_reasoning_are_kept_whole_for_the_server_that_sent_them() -> None:
    def detail(**fields: Any) -> dict[str, Any]:
        return {"reasoning_details": [{"type": "reasoning.text", "index": 0, **fields}]}

    events = decode(
        answer(
            detail(text="Hm", signature=None),
            detail(text="m.", signature="abc"),
            {"reasoning_details": [{"type": "reasoning.encrypted", "index": 1, "data": "xyz"}]},
            {"content": "Yes."},
        )
    )
    check(events)
    thought, _ = items_of(events)
    assert said(thought) == "Hmm."
    assert plain(thought)["provider_data"]["reasoning_details"] == [
        {"type": "reasoning.text", "index": 0, "text": "Hmm.", "signature": "abc"},
        {"type": "reasoning.encrypted", "index": 1, "data": "xyz"},
    ]


def test_items_are_marked_with_the_model_they_are_of() -> None:
    for item in items_of(decode(WITH_ALL)):
        assert plain(item)["provider_data"] == {"model": "gpt-test", "response_id": CHAT_ID}


# --- what is no answer ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"data: {'a': 1}\n\n", r"event 6 of the model's stream is not JSON \(.*\): b\"{'a': 1}\""),
        (b'data: {"delta": "\xff"}\n\n', r"event 6 .* is not valid UTF-8 \(byte 11\)"),
        (b"data: 42\n\n", "event 6 .* is not a JSON object: b'42'"),
        (b'data: {"choices": ["x"]}\n\n', "event 6 .* is no chunk of a chat completion"),
        (b'data: {"choices": 7}\n\n', "event 6 .* is no chunk of a chat completion"),
        (b'data: {"choices": [{"delta": "x"}]}\n\n', "event 6 .* is no chunk"),
        (
            b'data: {"choices": [{"delta": {"tool_calls": [{"function": "f"}]}}]}\n\n',
            "event 9 .* is no chunk",
        ),
    ],
)
def test_a_frame_that_is_no_chunk_is_told_after_those_before_it(data: bytes, message: str) -> None:
    decoder = ChatDecoder()
    got: list[ResponseStreamEvent] = []
    with pytest.raises(ModelStreamError, match=message) as caught:
        for event in decoder.feed(frame(chunk({"content": "Hi"})) + data):
            got.append(event)
    assert len(got) == caught.value.event_index >= 5
    assert caught.value.received in data


@pytest.mark.parametrize(
    ("data", "reason", "code"),
    [
        (frame({"error": {"message": "overloaded", "code": 503}}), "overloaded", "503"),
        (frame({"error": "overloaded"}), "overloaded", None),
        (frame(chunk({"content": ""}, "error", error={"message": "lost"})), "lost", None),
        (frame({"object": "error", "message": "too long", "code": 400}), "too long", "400"),
        (b'event: error\ndata: {"detail": "gone"}\n\n', "gone", None),
        (frame(chunk({}, "abort")), "it gives the reason 'abort'", None),
    ],
)
def test_a_failure_in_the_stream_is_told_in_its_words(
    data: bytes, reason: str, code: str | None
) -> None:
    decoder = ChatDecoder()
    got: list[ResponseStreamEvent] = []
    with pytest.raises(ModelResponseError, match=f"broke off .* after . events: {reason}") as info:
        for event in decoder.feed(frame(chunk({"content": "Hi"})) + data):
            got.append(event)
    assert kinds(got)[:5] == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
    ]
    assert (info.value.event_type, info.value.code, info.value.reason) == ("error", code, reason)


def test_a_stream_that_just_stops_is_an_error() -> None:
    one, two, *_ = frames(text_chunks("Hi", "there"))
    with pytest.raises(ModelStreamError, match=r"after 2 events without .*finish_reason\): the"):
        decode_bytes([one])
    with pytest.raises(ModelStreamError, match=r"in the middle of b'data: \{\"id\"") as caught:
        decode_bytes([one, two[:30]])
    assert caught.value.received == two[:30]
    for nothing in ([], [b"data: [DONE]\n\n"], [b"<html>hello</html>"], [b": ping\n\n"]):
        with pytest.raises(ModelStreamError, match="after 0 events .* no Chat Completions API"):
            decode_bytes(nothing)


# --- whatever the pieces --------------------------------------------------------------------

STREAM = b"".join(frames(WITH_ALL))


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=40))
def test_it_does_not_matter_where_bytes_are_divided(cuts: list[int]) -> None:
    edges = sorted({0, len(STREAM), *cuts})
    assert decode_bytes([STREAM[a:b] for a, b in pairwise(edges)]) == decode(WITH_ALL)


@st.composite
def answers(draw: st.DrawFn) -> tuple[list[str], list[dict[str, Any]]]:
    """What an answer says, item by item, and deltas that say it in arbitrary pieces."""
    text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
    values = st.dictionaries(text, st.integers() | text, max_size=3)
    whole: list[str] = []
    deltas: list[dict[str, Any]] = []
    for field in ("reasoning_content", "content"):
        if draw(st.booleans()):
            whole.append(draw(text))
            deltas += [{field: piece} for piece in pieces(draw, whole[-1])]
    calls = draw(st.lists(values, min_size=0 if whole else 1, max_size=3))
    queues: list[list[dict[str, Any]]] = []
    for index, arguments in enumerate(calls):
        written = json.dumps(arguments, ensure_ascii=False)
        whole.append(f"f{index}({written})")
        begun = call_delta(index, "", name=f"f{index}", call_id=f"call_{index}")
        queues.append([begun, *(call_delta(index, p) for p in pieces(draw, written))])
    alternate = draw(st.booleans())
    while any(queues):
        for queue in queues:
            while queue:
                deltas.append(queue.pop(0))
                if alternate:
                    break
    return whole, deltas


def pieces(draw: st.DrawFn, text: str) -> list[str]:
    cuts = draw(st.lists(st.integers(0, len(text)), max_size=6))
    return [text[a:b] for a, b in pairwise(sorted({0, len(text), *cuts}))]


@given(answers(), st.booleans())
def test_the_items_are_what_was_said_whatever_the_pieces(
    said_in: tuple[list[str], list[dict[str, Any]]], held: bool
) -> None:
    whole, deltas = said_in
    events = decode(answer(*deltas), hold_calls=held)
    check(events)
    assert texts(events) == whole
    ids = [plain(item)["id"] for item in items_of(events)]
    assert ids == [
        plain(item)["id"] for item in items_of(decode(answer(*deltas), hold_calls=not held))
    ]
