"""Chunks of Chat Completions, as servers of different makes write them.

stream(*frames(text_chunks("Hi")))      # a Reply for a LoopbackServer
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from openai import BaseModel
from openai.types.responses import (
    Response,
    ResponseFunctionToolCall,
    ResponseOutputItem,
    ResponseOutputMessage,
    ResponseReasoningItem,
    ResponseStreamEvent,
)

from rxagents.models.chat_decoder import ChatDecoder
from rxagents.openai_types import event_classes

CHAT_ID = "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT"
USAGE = {
    "prompt_tokens": 19,
    "completion_tokens": 10,
    "total_tokens": 29,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 3},
}


def chunk(
    delta: Mapping[str, Any] | None = None, finish_reason: str | None = None, **fields: Any
) -> dict[str, Any]:
    """One chunk; `fields` are put into it. Without a delta and a reason it has no choices."""
    empty = delta is None and finish_reason is None
    choice = {"index": 0, "delta": delta or {}, "logprobs": None, "finish_reason": finish_reason}
    return {
        "id": CHAT_ID,
        "object": "chat.completion.chunk",
        "created": 1741569952,
        "model": "gpt-test",
        "system_fingerprint": "fp_44709d6fcb",
        "choices": [] if empty else [choice],
        **fields,
    }


def answer(*deltas: Mapping[str, Any], finish_reason: str = "stop") -> list[dict[str, Any]]:
    """The chunks of an answer with these deltas, and a usage, as OpenAI sends them."""
    return [
        chunk({"role": "assistant", "content": "", "refusal": None}),
        *map(chunk, deltas),
        chunk({}, finish_reason),
        chunk(usage=USAGE),
    ]


def text_chunks(*pieces: str, finish_reason: str = "stop") -> list[dict[str, Any]]:
    """The chunks of an answer in words."""
    return answer(*({"content": piece} for piece in pieces), finish_reason=finish_reason)


def call_delta(
    index: int | None = 0, arguments: str | None = None, *, name: Any = None, call_id: Any = None
) -> dict[str, Any]:
    """A delta with a piece of a call; what is None is left out."""
    function = {"name": name, "arguments": arguments}
    given = {"index": index, "id": call_id}
    return {
        "tool_calls": [
            {name: value for name, value in given.items() if value is not None}
            | {"function": {name: value for name, value in function.items() if value is not None}}
        ]
    }


def call_chunks(name: str, arguments: str, call_id: str = "call_1") -> list[dict[str, Any]]:
    """The chunks of an answer that calls one function; the arguments in pieces of 3."""
    pieces = [arguments[i : i + 3] for i in range(0, len(arguments), 3)]
    return answer(
        call_delta(0, "", name=name, call_id=call_id),
        *(call_delta(0, piece) for piece in pieces),
        finish_reason="tool_calls",
    )


def frame(value: object) -> bytes:
    """One server-sent event."""
    return f"data: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


def frames(chunks: Iterable[Mapping[str, Any]]) -> list[bytes]:
    """A whole stream, a frame for each chunk and the end."""
    return [*map(frame, chunks), b"data: [DONE]\n\n"]


WITH_ALL = [
    chunk({"role": "assistant", "content": None, "reasoning_content": None}),
    chunk({"reasoning_content": "Let me "}),
    chunk({"reasoning_content": "see."}),
    chunk({"content": "Grüße "}),
    chunk({"content": "from Oslo 🚀."}),
    chunk(call_delta(0, "", name="weather", call_id="call_a")),
    chunk(call_delta(0, '{"city":')),
    chunk(call_delta(0, '"Oslo"}')),
    chunk(call_delta(1, "", name="time", call_id="call_b")),
    chunk(call_delta(1, "{}")),
    chunk({}, "tool_calls"),
    chunk(usage=USAGE),
]


def decode(chunks: Iterable[Mapping[str, Any]], **options: Any) -> list[ResponseStreamEvent]:
    """The events of a stream with these chunks."""
    return decode_bytes(frames(chunks), **options)


def decode_bytes(pieces: Sequence[bytes], **options: Any) -> list[ResponseStreamEvent]:
    """The events of a body that comes in these pieces."""
    decoder = ChatDecoder(model="gpt-test", **options)
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return [*events, *decoder.finish()]


def kinds(events: Iterable[ResponseStreamEvent]) -> list[str]:
    """The types of events, without what all begin with."""
    return [event.type.removeprefix("response.") for event in events]


def items_of(events: Sequence[ResponseStreamEvent]) -> list[ResponseOutputItem]:
    """The items of the response that ends `events`."""
    last = events[-1]
    assert last.type in ("response.completed", "response.incomplete"), last
    return list(last.response.output)


def plain(value: BaseModel) -> dict[str, Any]:
    """What is set in `value`, as dictionaries."""
    return value.model_dump(exclude_unset=True, by_alias=True)


def ended(events: Sequence[ResponseStreamEvent]) -> Response:
    last = events[-1]
    assert last.type in ("response.completed", "response.incomplete")
    return last.response


def texts(events: Sequence[ResponseStreamEvent]) -> list[str]:
    """What each item says."""
    return [said(item) for item in items_of(events)]


def said(item: Any) -> str:
    match item:
        case ResponseOutputMessage():
            return "".join(getattr(part, "text", "") for part in item.content)
        case ResponseFunctionToolCall():
            return f"{item.name}({item.arguments})"
        case ResponseReasoningItem():
            return "".join(getattr(p, "text", "") for p in [*item.summary, *(item.content or [])])
        case _:
            raise AssertionError(item)


def check(events: Sequence[ResponseStreamEvent]) -> None:
    """What holds of every stream of events, whatever the server sent."""
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert kinds(events)[:2] == ["created", "in_progress"]
    assert kinds(events)[-1] in ("completed", "incomplete")
    begun: dict[int, str] = {}
    over: dict[int, Any] = {}
    pieces: dict[Any, list[str]] = defaultdict(list)
    for event in events:
        assert type(event) is event_classes()[event.type]
        event.model_validate(plain(event))  # nothing was made leniently
        fields: Any = event
        index = getattr(event, "output_index", None)
        if event.type == "response.output_item.added":
            assert event.output_index == len(begun)
            begun[event.output_index] = fields.item.id
        elif event.type == "response.output_item.done":
            assert begun[event.output_index] == fields.item.id
            over[event.output_index] = event.item
        elif index is not None:
            assert begun[index] == fields.item_id
            assert index not in over
        if event.type.endswith(".delta"):
            assert fields.delta != ""
            pieces[event.type.removesuffix(".delta"), index, _part(event)].append(fields.delta)
        elif (event.type.removesuffix(".done"), index, _part(event)) in pieces:
            whole = getattr(event, {"refusal": "refusal"}.get(event.type.split(".")[1], "text"), "")
            whole = getattr(event, "arguments", whole)
            assert whole == "".join(pieces.pop((event.type[:-5], index, _part(event))))
    assert pieces == {}
    assert len(set(begun.values())) == len(begun)
    assert "__fake_id__" not in str(begun)
    assert ended(events).output == [over[i] for i in range(len(begun))]


def _part(event: ResponseStreamEvent) -> Any:
    return getattr(event, "content_index", getattr(event, "summary_index", None))
