"""The event-stream grammar: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxagents.models import ServerSentEvent, SSEDecoder


def decode(*chunks: bytes) -> list[ServerSentEvent]:
    decoder = SSEDecoder()
    return [event for chunk in chunks for event in decoder.feed(chunk)]


def data_of(*chunks: bytes) -> list[bytes]:
    return [event.data for event in decode(*chunks)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def test_each_line_end_ends_a_line(end: bytes) -> None:
    text = end.join([b"event: greeting", b"data: hello", b"", b"data: again", b"", b""])
    assert decode(text) == [
        ServerSentEvent(b"greeting", b"hello", b""),
        ServerSentEvent(b"", b"again", b""),
    ]


def test_the_specifications_examples() -> None:
    # §9.2.6, in the order they stand there.
    assert data_of(b"data: YHOO\ndata: +2\ndata: 10\n\n") == [b"YHOO\n+2\n10"]
    blocks = b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third\n"
    assert decode(blocks + b"event") == [
        ServerSentEvent(b"", b"first event", b"1"),
        ServerSentEvent(b"", b"second event", b""),
    ]
    assert data_of(b"data\n\ndata\ndata\n\ndata:") == [b"", b"\n"]
    assert data_of(b"data:test\n\ndata: test\n\n") == [b"test", b"test"]


def test_a_comment_is_nothing() -> None:
    assert decode(b": keep-alive\n\n:\n\n") == []


def test_a_frame_with_no_data_is_no_event() -> None:
    assert decode(b"event: ping\nid: 7\n\ndata: x\n\n") == [ServerSentEvent(b"", b"x", b"7")]


def test_data_of_several_lines_is_joined_by_lf() -> None:
    assert data_of(b"data: {\ndata:  1}\n\n") == [b"{\n 1}"]


def test_one_space_after_the_colon_is_dropped() -> None:
    assert data_of(b"data:a\n\ndata: a\n\ndata:  a\n\n") == [b"a", b"a", b" a"]


def test_the_id_stays_until_another_comes_and_may_hold_no_null() -> None:
    events = decode(b"id: 1\ndata: a\n\ndata: b\n\nid: 2\0\ndata: c\n\nid:\ndata: d\n\n")
    assert [event.id for event in events] == [b"1", b"1", b"1", b""]


def test_retry_is_read_if_it_is_a_number() -> None:
    decoder = SSEDecoder()
    decoder.feed(b"retry: 250\n\nretry: soon\n\n")
    assert decoder.retry == 250


def test_unknown_fields_are_ignored() -> None:
    assert data_of(b"color: blue\ndata: x\nDATA: y\n data: z\n\n") == [b"x"]


def test_a_byte_order_mark_at_the_start_is_dropped() -> None:
    for cut in range(4):
        text = b"\xef\xbb\xbfdata: x\n\n"
        assert data_of(text[:cut], text[cut:]) == [b"x"]
    assert data_of(b"data: x\n\n\xef\xbb\xbfdata: y\n\n") == [b"x"], "only at the start"


def test_what_only_looks_like_a_byte_order_mark_is_kept() -> None:
    decoder = SSEDecoder()
    assert decoder.feed(b"\xef\xbb") == []
    assert decoder.feed(b"x: y\n\ndata: x\n\n") == [ServerSentEvent(b"", b"x", b"")]


def test_an_event_is_told_with_its_blank_line_and_not_later() -> None:
    decoder = SSEDecoder()
    assert decoder.feed(b"data: a\r\n\r") == [ServerSentEvent(b"", b"a", b"")]
    assert decoder.feed(b"\ndata: b\r\r") == [ServerSentEvent(b"", b"b", b"")]
    assert decoder.feed(b"\n") == []


def test_an_unfinished_event_is_pending_and_no_event() -> None:
    decoder = SSEDecoder()
    assert decoder.feed(b"data: a\n\ndata: half") == [ServerSentEvent(b"", b"a", b"")]
    assert decoder.pending == b"data: half"


def test_an_event_of_many_chunks_costs_no_more_than_its_bytes() -> None:
    decoder = SSEDecoder()
    decoder.feed(b"data: ")
    for _ in range(20_000):
        decoder.feed(b"x" * 100)
    (event,) = decoder.feed(b"\n\n")
    assert len(event.data) == 2_000_000


_FIELDS = st.sampled_from(["data", "event", "id", "retry", "", "other"])
_VALUES = st.text(st.characters(exclude_characters="\r\n\0\ufeff", codec="utf-8"), max_size=8)
_LINES = st.lists(
    st.one_of(
        st.tuples(_FIELDS, _VALUES).map(lambda pair: f"{pair[0]}: {pair[1]}"),
        st.just(""),
        _VALUES,
    ),
    max_size=20,
)


def reference(lines: list[str]) -> list[tuple[bytes, bytes, bytes]]:
    """The specification's algorithm, line by line, as it is written there."""
    events: list[tuple[bytes, bytes, bytes]] = []
    data, kind, last_id = "", "", ""
    for line in lines:
        if line == "":
            if data:
                events.append((kind.encode(), data[:-1].encode(), last_id.encode()))
            data, kind = "", ""
            continue
        if line.startswith(":"):
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            kind = value
        elif field == "data":
            data += value + "\n"
        elif field == "id":
            last_id = value
    return events


# CR before LF would be one line end, so a text has the one or the other beside CRLF.
_ENDS = st.sampled_from([[b"\n", b"\r\n"], [b"\r", b"\r\n"]])


@given(lines=_LINES, ends=_ENDS, choice=st.randoms(), cuts=st.lists(st.integers(0, 400)))
def test_any_text_in_any_chunks_is_read_as_the_specification_reads_it(
    lines: list[str], ends: list[bytes], choice: Random, cuts: list[int]
) -> None:
    text = b"".join(line.encode() + choice.choice(ends) for line in lines)
    edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    chunks = [text[a:b] for a, b in pairwise(edges)]
    assert [tuple(event) for event in decode(*chunks)] == reference(lines)
