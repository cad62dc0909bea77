"""Text cut into words, lines, sentences and paragraphs, however its pieces are cut."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reactivex import Observable
from reactivex.subject import Subject

from rxagents import Stream
from rxagents import operators as ops

Operator = Callable[[], Callable[[Observable[str]], Observable[str]]]

ALL: dict[str, Operator] = {
    "words": ops.words,
    "lines": ops.lines,
    "sentences": ops.sentences,
    "paragraphs": ops.paragraphs,
    "markdown_blocks": ops.markdown_blocks,
}


def cut(operator: Operator, *pieces: str) -> list[str]:
    """What `operator` makes of a text that comes in `pieces`."""
    return [each for step in steps(operator, *pieces) for each in step]


def steps(operator: Operator, *pieces: str) -> list[list[str]]:
    """What it tells at each of the pieces, and at the end."""
    source: Subject[str] = Subject()
    told: list[list[str]] = []
    Stream.from_observable(source).pipe(operator()).subscribe(lambda each: told[-1].append(each))
    for piece in pieces:
        told.append([])
        source.on_next(piece)
    told.append([])
    source.on_completed()
    return told


# --- words ----------------------------------------------------------------------------------


def test_words_are_told_when_the_next_has_begun() -> None:
    assert steps(ops.words, "On", "e tw", "o.\n", " Thr", "ee") == [
        [],
        ["One "],
        [],
        ["two.\n "],
        [],
        ["Three"],
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("One", ["One"]),
        ("One ", ["One "]),
        ("  One two", ["  One ", "two"]),
        (" \n ", [" \n "]),
        ("a\u00a0b\tc", ["a\u00a0", "b\t", "c"]),
        ("你好 世界", ["你好 ", "世界"]),
    ],
)
def test_words_have_the_white_space_after_them(text: str, words: list[str]) -> None:
    assert cut(ops.words, text) == cut(ops.words, *text) == words


@given(st.lists(st.text(alphabet="ab \n\t"), max_size=9))
def test_words_joined_are_the_text(pieces: list[str]) -> None:
    text = "".join(pieces)
    words = cut(ops.words, *pieces)
    assert "".join(words) == text
    assert [word.strip() for word in words] == (text.split() or [""] * bool(text))


# --- lines ----------------------------------------------------------------------------------


def test_lines_are_told_at_their_line_end() -> None:
    assert steps(ops.lines, "on", "e\ntwo\r", "\n", "\r", "", "\nthr", "ee") == [
        [],
        ["one", "two"],
        [],
        [""],
        [],
        [],
        [],
        ["three"],
    ]


def test_lines_end_like_those_of_a_file() -> None:
    assert cut(ops.lines, "") == []
    assert cut(ops.lines, "a\n") == ["a"]
    assert cut(ops.lines, "\n\na\n\n") == ["", "", "a", ""]
    assert cut(ops.lines, "a\x0bb\u2028c") == ["a\x0bb\u2028c"], "other marks end no line"


@given(st.lists(st.text(alphabet="ab\r\n", max_size=5), max_size=12))
def test_lines_do_not_depend_on_the_pieces(pieces: list[str]) -> None:
    text = "".join(pieces)
    expected = re.split(r"\r\n|\r|\n", text)
    assert cut(ops.lines, *pieces) == (expected if expected[-1] else expected[:-1])


# --- paragraphs -----------------------------------------------------------------------------


def test_paragraphs_are_told_at_the_empty_line_after_them() -> None:
    assert steps(ops.paragraphs, "One,\nstill ", "one.\n", " \n", "\n\nTwo.", "\n") == [
        [],
        [],
        ["One,\nstill one."],
        [],
        [],
        ["Two."],
    ]


def test_paragraphs_keep_their_lines() -> None:
    assert cut(ops.paragraphs, "\n\n  a\r\n    b \r\n\r\nc\r\rd") == ["  a\n    b ", "c", "d"]
    assert cut(ops.paragraphs, "") == cut(ops.paragraphs, " \n \n") == []


@given(st.lists(st.text(alphabet="ab \r\n", max_size=6), max_size=12))
def test_paragraphs_do_not_depend_on_the_pieces(pieces: list[str]) -> None:
    text = "".join(pieces)
    paragraphs = cut(ops.paragraphs, *pieces)
    assert paragraphs == cut(ops.paragraphs, text)
    assert "".join("".join(paragraphs).split()) == "".join(text.split())
    assert not any(re.search(r"\n\s*\n|^\s*\n|\n\s*$|^\s*$", each) for each in paragraphs)


# --- sentences: what test_text.py does not have ---------------------------------------------


@pytest.mark.parametrize(
    "sentences",
    [
        ["It was in 1990.", "Then came more."],
        ["Am 3. Oktober um 9. Mai herum."],
        ["No.", "It is not."],
        ["See No. 5 and nos. 7 to 100.", "Good."],
        ["هل هذا جيد؟", "نعم."],
        ["यह अच्छा है।", "हाँ।"],
    ],
)
def test_sentences_of_numbers_and_of_other_scripts(sentences: list[str]) -> None:
    assert cut(ops.sentences, " ".join(sentences)) == sentences
    assert cut(ops.sentences, *" ".join(sentences)) == sentences


@pytest.mark.parametrize("name", ALL)
def test_a_long_text_without_an_end_takes_linear_time(name: str) -> None:
    pieces = ["word"] * 40_000  # with quadratic searches this takes minutes
    assert cut(ALL[name], *pieces) == ["word" * 40_000]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("stuck", [".", "。", " ", "- ", "> ", "|", "\n", "`", "1. ", "<a "])
def test_a_model_that_is_stuck_does_not_stop_the_loop(name: str, stuck: str) -> None:
    cut(ALL[name], *stuck * 2000)


# --- all of them ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
@given(pieces=st.lists(st.text(alphabet="aB.! #>-`|\r\n\t1", max_size=6), max_size=12))
def test_the_result_does_not_depend_on_the_pieces(name: str, pieces: list[str]) -> None:
    text = "".join(pieces)
    whole = cut(ALL[name], text)
    assert cut(ALL[name], *pieces) == whole
    assert "".join("".join(whole).split()) == "".join(text.split()), "nothing is lost"


@pytest.mark.parametrize("name", ALL)
def test_the_rest_is_told_before_an_error(name: str) -> None:
    source: Subject[str] = Subject()
    out: list[object] = []
    Stream.from_observable(source).pipe(ALL[name]()).subscribe(out.append, out.append)
    source.on_next("left")
    error = OSError("cut")
    source.on_error(error)
    assert out == ["left", error]


TEXT = "# One. \n\nTwo. \n\nThree. \n\n"


@pytest.mark.parametrize("name", ALL)
async def test_each_subscription_starts_anew(name: str) -> None:
    async def source() -> AsyncIterator[str]:
        for char in TEXT:
            yield char

    stream = Stream.from_async_iterable(source).pipe(ALL[name]())
    assert [x async for x in stream] == [x async for x in stream] == cut(ALL[name], TEXT)


@pytest.mark.parametrize("name", ALL)
async def test_leaving_leaves_the_source(name: str) -> None:
    closed = 0

    async def source() -> AsyncIterator[str]:
        nonlocal closed
        try:
            while True:
                yield TEXT
                await asyncio.sleep(1)
        finally:
            closed += 1

    first = Stream.from_async_iterable(source).pipe(ALL[name](), ops.take(1))
    assert len([x async for x in first]) == 1
    await asyncio.sleep(0)
    assert closed == 1


@pytest.mark.parametrize("name", ALL)
async def test_the_source_is_held_back_for_a_slow_consumer(name: str) -> None:
    emitted = taken = 0

    async def source() -> AsyncIterator[str]:
        nonlocal emitted
        for _ in range(2000):
            emitted += 1
            yield "One. \n\n"

    async for _ in Stream.from_async_iterable(source).pipe(ALL[name]()).iterate(high=8):
        taken += 1
        assert emitted - taken <= 10
        if taken % 200 == 0:
            await asyncio.sleep(10)
    assert 1000 <= taken <= 4000
