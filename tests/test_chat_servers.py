"""What servers of Chat Completions send that is not as it should be, and is understood."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from chat_chunks import (
    CHAT_ID,
    USAGE,
    WITH_ALL,
    answer,
    call_chunks,
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
    text_chunks,
    texts,
)
from openai.types.responses import ResponseFunctionToolCall

from rxagents import ModelBehaviorError, ModelResponseError, ModelStreamError, UserError
from rxagents.models.chat_decoder import ChatDecoder

# --- what else they send ------------------------------------------------------------------------


def test_a_short_id_is_made_unique() -> None:
    first, second = (
        ended(decode([chunk({"content": "Hi"}, "stop", id="chatcmpl-123")])) for _ in range(2)
    )
    assert first.id.startswith("chatcmpl-123-")
    assert first.id != second.id
    for missing in ("", None):
        check(decode([chunk({"content": "Hi"}, "stop", id=missing)]))


def test_an_id_that_changes_does_not_change_the_response() -> None:
    chunks = [chunk({"content": text}, id=f"{text}-chunk-with-an-id-of-its-own") for text in "abc"]
    events = decode([*chunks, chunk({}, "stop", id="another-one-with-its-own-id")])
    check(events)
    assert ended(events).id == "a-chunk-with-an-id-of-its-own"


@pytest.mark.parametrize(
    "chunks",
    [
        [chunk(prompt_filter_results=[], id="", model=""), *text_chunks("Hi")],
        [chunk({"content": "Hi"}), chunk({"content": None}), chunk({}, "stop")],
        [chunk({"content": "Hi", "tool_calls": None, "function_call": None}), chunk({}, "stop")],
        [chunk({"content": "Hi", "tool_calls": []}), chunk({"content": ""}, "stop")],
        [chunk({"content": "Hi"}), {"type": "ping"}, chunk({}, "stop")],
        [chunk({"content": "H"}), chunk(choices=None), chunk({"content": "i"}, "stop")],
        [chunk({"content": [{"type": "text", "text": "Hi"}]}), chunk({}, "stop")],
        [chunk({"content": "Hi"}), chunk(choices=[{"index": 0, "finish_reason": "stop"}])],
        [chunk({"content": "Hi"}), chunk(choices=[{"delta": None, "finish_reason": "stop"}])],
        [chunk(choices=[{"delta": {"content": "Hi"}}]), chunk({}, "eos")],
        [{"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]}],
        [chunk({"content": "Hi"})],  # and [DONE]
    ],
)
def test_a_text_survives_what_is_left_out_or_put_in(chunks: list[dict[str, Any]]) -> None:
    events = decode(chunks)
    check(events)
    assert texts(events) == ["Hi"]
    assert ended(events).status == "completed"


def test_without_done_the_end_of_the_body_is_the_end() -> None:
    events = decode_bytes(frames(text_chunks("Hi"))[:-1])
    check(events)
    assert events == decode(text_chunks("Hi"))


def test_of_several_choices_the_first_is_the_answer() -> None:
    other = {"index": 1, "delta": {"content": "Ho"}, "finish_reason": None}
    chunks = [chunk({"content": "Hi"}), chunk(choices=[other]), chunk({}, "stop")]
    chunks[0]["choices"].append(other)
    assert texts(decode(chunks)) == ["Hi"]
    with pytest.raises(UserError, match=r"ask for one \(n=1\)"):
        decode(chunks, strict=True)


def test_audio_is_refused() -> None:
    with pytest.raises(ModelBehaviorError, match="answered with audio, which a run cannot take"):
        decode(answer({"audio": {"id": "a", "data": "xx"}}))


SPLIT = [call_delta(0, piece) for piece in ('{"city"', ":", '"Oslo"}')]


@pytest.mark.parametrize(
    "deltas",
    [
        [call_delta(0, '{"city":"Oslo"}', name="weather", call_id="c1")],
        [call_delta(0, "", name="weather", call_id="c1"), *SPLIT],
        [call_delta(0, name="weather", call_id="c1"), *SPLIT, call_delta(0, "")],
        [call_delta(0, call_id="c1"), call_delta(0, "", name="weather"), *SPLIT],
        [call_delta(0, "", name="weather"), call_delta(0, call_id="c1"), *SPLIT],
        [call_delta(0, p, name="weather") for p in ("", '{"city"', ":", '"Oslo"}', "")],
        [call_delta(0, p, name="weather", call_id="c1") for p in ('{"city"', ":", '"Oslo"}')],
        [call_delta(None, p, name="weather", call_id="c1") for p in ('{"city"', ":", '"Oslo"}')],
        [call_delta(None, p, name="weather") for p in ('{"city"', ":", '"Oslo"}')],
        [call_delta(None, "", name="weather"), *(call_delta(None, p) for p in ('{"city":"Oslo"}'))],
        # an id of its own in each delta, as vLLM once had
        [call_delta(0, "", name="weather", call_id="a")]
        + [call_delta(0, p, call_id=f"b{p}") for p in ('{"city"', ":", '"Oslo"}')],
        [call_delta(None, "", name="weather", call_id="a")]
        + [call_delta(None, p, call_id=f"b{p}") for p in ('{"city"', ":", '"Oslo"}')],
        [{"function_call": {"name": "weather", "arguments": '{"city":"Oslo"}'}}],
        [{"tool_calls": [{"function": {"name": "weather", "arguments": {"city": "Oslo"}}}]}],
        [
            {"tool_calls": [{"type": "custom", "index": 1, "id": "x", "custom": {}}]},
            call_delta(0, '{"city":"Oslo"}', name="weather", call_id="c1"),
        ],
    ],
)
def test_one_call_is_one_call_however_it_is_sent(deltas: list[dict[str, Any]]) -> None:
    events = decode(answer(*deltas, finish_reason="tool_calls"))
    check(events)
    (call,) = items_of(events)
    assert isinstance(call, ResponseFunctionToolCall)
    assert call.name == "weather"
    assert json.loads(call.arguments) == {"city": "Oslo"}
    assert call.call_id
    assert call.status == "completed"


@pytest.mark.parametrize(
    "deltas",
    [
        [
            call_delta(0, '{"n":1}', name="f", call_id="a"),
            call_delta(1, '{"n":2}', name="f", call_id="b"),
        ],
        # Ollama had the index 0 for all
        [
            call_delta(0, '{"n":1}', name="f", call_id="a"),
            call_delta(0, '{"n":2}', name="f", call_id="b"),
        ],
        # Gemini's had neither an index nor an id
        [call_delta(None, '{"n":1}', name="f"), call_delta(None, '{"n":2}', name="f")],
        [call_delta(0, '{"n":1}', name="f"), call_delta(0, '{"n":2}', name="f")],
        # the same id for both
        [
            call_delta(None, '{"n":1}', name="f", call_id="f"),
            call_delta(None, '{"n":2}', name="f", call_id="f"),
        ],
        # in pieces, one after the other, without an index
        [
            call_delta(None, '{"n"', name="f", call_id="a"),
            call_delta(None, ":1}"),
            call_delta(None, '{"n"', name="f", call_id="b"),
            call_delta(None, ":2}"),
        ],
        # in pieces that alternate
        [
            call_delta(0, '{"n"', name="f", call_id="a"),
            call_delta(1, '{"n"', name="f", call_id="b"),
            call_delta(0, ":1}"),
            call_delta(1, ":2}"),
        ],
        # both in one delta
        [
            {
                "tool_calls": call_delta(None, '{"n":1}', name="f")["tool_calls"]
                + call_delta(None, '{"n":2}', name="f")["tool_calls"]
            }
        ],
    ],
)
def test_two_calls_are_two_calls_however_they_are_sent(deltas: list[dict[str, Any]]) -> None:
    events = decode(answer(*deltas, finish_reason="tool_calls"))
    check(events)
    calls = [item for item in items_of(events) if isinstance(item, ResponseFunctionToolCall)]
    assert [call.arguments for call in calls] == ['{"n":1}', '{"n":2}']
    assert len({call.call_id for call in calls}) == 2
    assert len({call.id for call in calls}) == 2


def test_a_call_is_told_of_as_soon_as_its_name_is_known() -> None:
    decoder = ChatDecoder()
    first = frame(chunk(call_delta(0, "", name="weather", call_id="c1")))
    events = list(decoder.feed(first))
    assert kinds(events) == ["created", "in_progress", "output_item.added"]
    added: Any = events[-1]
    assert (added.item.name, added.item.call_id, added.item.status) == (
        "weather",
        "c1",
        "in_progress",
    )


def test_held_calls_are_told_of_when_they_are_whole() -> None:
    events = decode(call_chunks("weather", '{"city": "Oslo"}'), hold_calls=True)
    check(events)
    assert kinds(events)[2:] == [
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "completed",
    ]
    assert items_of(events) == items_of(decode(call_chunks("weather", '{"city": "Oslo"}')))


def test_a_call_without_a_name_is_told_of_all_the_same() -> None:
    events = decode(answer(call_delta(0, "{}", call_id="c"), finish_reason="tool_calls"))
    check(events)
    assert texts(events) == ["({})"]


def test_a_text_after_a_call_is_a_message_of_its_own() -> None:
    call = call_delta(0, "{}", name="f", call_id="a")
    events = decode(answer({"content": "a"}, call, {"content": "b"}, finish_reason="tool_calls"))
    check(events)
    assert texts(events) == ["a", "f({})", "b"]


def test_the_mark_of_geminis_call_is_kept() -> None:
    delta = call_delta(0, "{}", name="f", call_id="a")
    delta["tool_calls"][0]["extra_content"] = {"google": {"thought_signature": "sig"}}
    (call,) = items_of(decode(answer(delta, finish_reason="tool_calls")))
    assert plain(call)["provider_data"]["thought_signature"] == "sig"


def test_half_a_surrogate_pair_stops_nothing() -> None:
    data = b'data: {"choices":[{"delta":{"content":"a\\ud83d"}}]}\n\n'
    events = decode_bytes([data, *frames([chunk({"content": "b"}, "stop")])])
    assert kinds(events)[-1] == "completed"
    assert texts(events) == ["a\ud83db"]


# --- a whole completion instead of a stream -------------------------------------------------


def completion(message: Mapping[str, Any], finish_reason: str = "stop") -> dict[str, Any]:
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
    head = {"id": CHAT_ID, "object": "chat.completion", "created": 1741569952, "model": "gpt-test"}
    return {**head, "choices": [choice], "usage": USAGE}


def test_a_completion_that_is_not_streamed_is_the_same_answer() -> None:
    calls = [
        {"id": i, "type": "function", "function": {"name": f, "arguments": a}}
        for i, f, a in (("call_a", "weather", '{"city":"Oslo"}'), ("call_b", "time", "{}"))
    ]
    message = {
        "role": "assistant",
        "content": "Grüße from Oslo 🚀.",
        "refusal": None,
        "reasoning_content": "Let me see.",
        "tool_calls": calls,
        "annotations": [],
    }
    body = json.dumps(completion(message, "tool_calls"), indent=2).encode() + b"\n\n"
    for pieces in ([body], [b"\n", body[:1], body[1:50], body[50:]]):
        events = decode_bytes(pieces)
        check(events)
        assert items_of(events) == items_of(decode(WITH_ALL))
        assert ended(events) == ended(decode(WITH_ALL))


def test_a_completion_that_is_cut_off_is_an_error() -> None:
    body = json.dumps(completion({"content": "Hi"})).encode()
    with pytest.raises(ModelStreamError, match="is not JSON"):
        decode_bytes([body[:60]])
    with pytest.raises(ModelStreamError, match="ended after 0 events without a reason to stop"):
        decode_bytes([b'{"hello": "world"}'])
    with pytest.raises(ModelResponseError, match="0 events: no such model"):
        decode_bytes([b'{"error": {"message": "no such model"}}'])
