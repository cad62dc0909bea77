"""Text in time: chunks and smooth."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import reactivex
from hypothesis import given
from hypothesis import strategies as st
from reactivex import Observable
from reactivex.subject import Subject

from rxagents import NoRunningLoopError, Stream
from rxagents import operators as ops
from rxagents.testing.virtual_time import run

Operator = Callable[[Observable[str]], Observable[str]]


class Source:
    """Tells each piece after its pause in seconds, counts, and notes how it was left."""

    def __init__(self, *score: str | float, error: Exception | None = None) -> None:
        self.score = score
        self.error = error
        self.emitted = 0
        self.closed_at: float | None = None
        self.stream = Stream.from_async_iterable(self.read)

    async def read(self) -> AsyncIterator[str]:
        try:
            for each in self.score:
                if isinstance(each, str):
                    self.emitted += 1
                    yield each
                else:
                    await asyncio.sleep(each)
            if self.error:
                raise self.error
        finally:
            self.closed_at = asyncio.get_running_loop().time()


async def timed(source: Source, operator: Operator) -> list[tuple[float, str]]:
    """What comes, and when: in seconds since the subscription."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    out: list[tuple[float, str]] = []

    done = asyncio.Event()

    def note(what: str) -> None:
        out.append((round(loop.time() - began, 3), what))

    def end(error: Exception | None = None) -> None:
        note("|" if error is None else str(error))
        done.set()

    source.stream.pipe(operator).subscribe(note, end, end)
    await done.wait()
    return out


def cut(operator: Operator, *pieces: str) -> list[str]:
    """What `operator` makes of pieces that come at once."""
    source: Subject[str] = Subject()
    out: list[str] = []
    Stream.from_observable(source).pipe(operator).subscribe(out.append)
    for piece in pieces:
        source.on_next(piece)
    source.on_completed()
    return out


# --- chunks ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "text", "chunks"),
    [
        (8, "One two three", ["One two ", "three"]),
        (7, "One two three", ["One two", " three"]),
        (6, "One two three", ["One ", "two ", "three"]),
        (4, "One two three", ["One ", "two ", "thre", "e"]),
        (1, "ab c", ["a", "b", " ", "c"]),
        (3, "你好。今天天气", ["你好。", "今天天", "气"]),
        (3, "abe\u0301f", ["ab", "e\u0301f"]),  # é in two code points stays whole
        (4, "ab\U0001f469\u200d\U0001f4bbc", ["ab", "\U0001f469\u200d\U0001f4bbc"]),
        (2, "\U0001f469\u200d\U0001f4bb", ["\U0001f469\u200d", "\U0001f4bb"]),  # it cannot
        (9, "", []),
    ],
)
def test_chunks_end_where_there_is_white_space(size: int, text: str, chunks: list[str]) -> None:
    assert cut(ops.chunks(max_chars=size), text) == chunks
    assert cut(ops.chunks(max_chars=size), *text) == chunks, "a character at a time"


async def test_chunks_are_told_when_a_character_has_waited() -> None:
    source = Source("ab", 0.5, "c ", 4.0, "def", 0.2, "ghij", 0.1, "k", 5.0)
    assert await timed(source, ops.chunks(max_chars=5, max_wait=1.0)) == [
        (1.0, "abc "),
        (4.7, "defgh"),
        (5.7, "ijk"),  # i and j came at 4.7, k at 4.8
        (9.8, "|"),
    ]


async def test_chunks_keep_the_time_of_the_oldest_character_that_is_left() -> None:
    source = Source("aaa bb", 0.6, "bbb", 9.0)
    assert await timed(source, ops.chunks(max_chars=8, max_wait=1.0)) == [
        (0.6, "aaa "),
        (1.0, "bbbbb"),
        (9.6, "|"),
    ]


async def test_chunks_without_max_wait_wait_for_any_time() -> None:
    assert await timed(Source("a", 1000.0, "b"), ops.chunks(max_chars=5)) == [
        (1000.0, "ab"),
        (1000.0, "|"),
    ]


async def test_chunks_tell_the_rest_before_an_error() -> None:
    source = Source("a", 0.5, error=OSError("cut"))
    assert await timed(source, ops.chunks(max_chars=5, max_wait=1.0)) == [(0.5, "a"), (0.5, "cut")]
    await asyncio.sleep(5)


@given(st.integers(1, 9), st.lists(st.text(alphabet="ab \n\u0301\u200d好", max_size=7), max_size=9))
def test_chunks_lose_nothing_and_pieces_do_not_matter(size: int, pieces: list[str]) -> None:
    whole = cut(ops.chunks(max_chars=size), "".join(pieces))
    assert "".join(whole) == "".join(pieces)
    assert all(1 <= len(chunk) <= size for chunk in whole)
    assert cut(ops.chunks(max_chars=size), *pieces) == whole


async def test_chunks_hold_the_source_back_for_a_slow_consumer() -> None:
    source = Source(*["word "] * 3000)
    taken = 0
    async for chunk in source.stream.pipe(ops.chunks(max_chars=20, max_wait=0.1)).iterate(high=8):
        taken += chunk.count("word")
        assert source.emitted - taken <= 4 * 9
        if taken % 400 == 0:
            await asyncio.sleep(10)
    assert taken == 3000


# --- smooth ---------------------------------------------------------------------------------


async def test_smooth_types_at_an_even_pace() -> None:
    source = Source("abcd", 5.0, "e", 0.5, "f", 10.0)
    assert await timed(source, ops.smooth(chars_per_second=4, max_lag=9)) == [
        (0.0, "a"),
        (0.25, "b"),
        (0.5, "c"),
        (0.75, "d"),
        (5.0, "e"),
        (5.5, "f"),
        (15.5, "|"),
    ]


async def test_smooth_completes_after_the_last_character() -> None:
    assert await timed(Source("abc"), ops.smooth(chars_per_second=2, max_lag=9)) == [
        (0.0, "a"),
        (0.5, "b"),
        (1.0, "c"),
        (1.0, "|"),
    ]
    assert await timed(Source(), ops.smooth()) == [(0.0, "|")]


async def test_smooth_types_faster_rather_than_lag() -> None:
    source = Source("a" * 5, 0.5, "b" * 15, 3.0)
    out = await timed(source, ops.smooth(chars_per_second=2, max_lag=1.0))
    assert "".join(what for _, what in out) == "a" * 5 + "b" * 15 + "|"
    assert max(at for at, what in out if "a" in what) <= 1.0
    assert 1.3 < max(at for at, what in out if "b" in what) <= 1.5


async def test_smooth_types_several_at_once_above_sixty_a_second() -> None:
    out = await timed(Source("a" * 240), ops.smooth(chars_per_second=240, max_lag=9))
    assert [len(what) for _, what in out] == [4] * 60 + [1]
    assert out[1][0] == 0.017
    assert out[-1][0] == 0.983


async def test_smooth_with_an_infinite_lag_keeps_its_pace_and_holds_the_source_back() -> None:
    source = Source(*"x" * 3000)
    taken = 0
    async for each in source.stream.pipe(ops.smooth(chars_per_second=50, max_lag=math.inf)):
        taken += len(each)
        assert source.emitted - taken <= 1024
    assert taken == 3000
    assert source.closed_at is not None


@pytest.mark.parametrize(
    "cluster",
    [
        "e\u0301",
        "\U0001f469\u200d\U0001f4bb",  # a woman, a joiner, a laptop
        "\U0001f44d\U0001f3fd",  # a thumb and its skin
        "\U0001f1f3\U0001f1f4",  # the flag of Norway
        "1\ufe0f\u20e3",
        "\ud83d\ude00",  # half-characters, as broken decoders give them
        "\r\n",
        "\u0e19\u0e49\u0e33",
    ],
)
async def test_smooth_types_what_readers_see_as_one_character_at_once(cluster: str) -> None:
    out = await timed(Source("a" + cluster + "b"), ops.smooth(chars_per_second=10, max_lag=9))
    assert [what for _, what in out] == ["a", cluster, "b", "|"]


async def test_smooth_waits_a_moment_for_the_marks_of_the_last_character() -> None:
    source = Source("\U0001f469", 0.1, "\u200d", 0.1, "\U0001f4bb", 2.0, "é", 2.0, "n", 2.0)
    assert await timed(source, ops.smooth(chars_per_second=10, max_lag=9)) == [
        (0.7, "\U0001f469\u200d\U0001f4bb"),
        (2.7, "é"),
        (4.2, "n"),
        (6.2, "|"),
    ]
    assert await timed(Source("é"), ops.smooth()) == [(0.0, "é"), (0.0, "|")], "it has ended"


async def test_smooth_tells_the_rest_before_an_error() -> None:
    source = Source("abc", 0.15, error=OSError("cut"))
    assert await timed(source, ops.smooth(chars_per_second=10, max_lag=9)) == [
        (0.0, "a"),
        (0.1, "b"),
        (0.15, "c"),
        (0.15, "cut"),
    ]


async def test_smooth_holds_the_source_back_for_a_slow_consumer() -> None:
    source = Source(*["word "] * 5000)
    typed = ""
    reads = ahead = 0
    async for each in source.stream.pipe(ops.smooth()).iterate(high=8):
        typed += each
        reads += 1
        ahead = max(ahead, source.emitted - len(typed) // 5)
        if reads % 5 == 0:
            await asyncio.sleep(10)
    assert typed == "word " * 5000
    # Pieces held back, as many that were overdue and came as one, and the iterator's other seven.
    assert ahead <= 1024 + 1024 + 7 * 18


async def test_smooth_never_lags_however_the_text_comes() -> None:
    score: list[str | float] = []
    for number in range(300):
        score += [f"{number:06}", (number * 7 % 11) / 50]
    loop = asyncio.get_running_loop()
    arrived: list[float] = []
    typed: list[float] = []

    def note_arrival(piece: str) -> None:
        arrived.extend([loop.time()] * len(piece))

    def note_typing(piece: str) -> None:
        typed.extend([loop.time()] * len(piece))

    await Source(*score).stream.pipe(
        ops.do_action(note_arrival),
        ops.smooth(chars_per_second=20, max_lag=0.7),
        ops.do_action(note_typing),
    )
    assert len(typed) == len(arrived) == 1800
    lags = [late - early for early, late in zip(arrived, typed, strict=True)]
    assert 0.3 < max(lags) <= 0.7001
    assert min(lags) >= 0


@given(
    st.lists(st.text(alphabet="ab \u0301\u200d\U0001f469\U0001f1f3", max_size=8), max_size=8),
    st.floats(0.5, 500),
    st.floats(0.01, 10),
)
def test_smooth_loses_nothing(pieces: list[str], pace: float, lag: float) -> None:
    async def main() -> list[str]:
        smoothed = Source(*pieces).stream.pipe(ops.smooth(chars_per_second=pace, max_lag=lag))
        return [each async for each in smoothed]

    out = run(main())
    assert "".join(out) == "".join(pieces)
    assert all(out)


async def test_smooth_gives_the_operators_that_follow_the_consumers_credit() -> None:
    inner = Source(*["x"] * 500)
    taken = 0
    flat = Source("a").stream.pipe(ops.smooth(), ops.concat_map(lambda _: inner.stream))
    async for _ in flat.iterate(high=8):
        taken += 1
        assert inner.emitted - taken <= 8
        await asyncio.sleep(0.1)
    assert taken == 500


# --- both -----------------------------------------------------------------------------------

BOTH: dict[str, Callable[[], Any]] = {
    "chunks": lambda: ops.chunks(max_chars=4, max_wait=0.3),
    "smooth": lambda: ops.smooth(chars_per_second=3),
}


@pytest.mark.parametrize("name", BOTH)
async def test_each_subscription_starts_anew(name: str) -> None:
    source = Source("One", 0.4, " two", 0.1, " three.")
    operator = BOTH[name]()
    assert await timed(source, operator) == await timed(source, operator)


@pytest.mark.parametrize("name", BOTH)
async def test_leaving_leaves_the_source_and_the_timers(name: str) -> None:
    source = Source("abcdefg", 0.1, "h", 1000.0)
    out: list[str] = []
    subscription = source.stream.pipe(BOTH[name]()).subscribe(out.append)
    await asyncio.sleep(0.15)
    subscription.dispose()
    before = list(out)
    await asyncio.sleep(0)
    left_at = asyncio.get_running_loop().time()
    await asyncio.sleep(100)
    assert source.closed_at is not None
    assert source.closed_at <= left_at
    assert out == before
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("name", BOTH)
async def test_taking_one_leaves_the_source(name: str) -> None:
    source = Source("abcdefg", 1000.0)
    assert len([x async for x in source.stream.pipe(BOTH[name](), ops.take(1))]) == 1
    await asyncio.sleep(0)
    assert source.closed_at is not None


@pytest.mark.real_loop
async def test_time_is_the_loops_and_takes_no_thread() -> None:
    threads = threading.active_count()
    source = Source("abcdefghij", 0.05, "klmnopqrst", 0.02)
    smoothed = source.stream.pipe(ops.smooth(chars_per_second=200))
    out = [each async for each in smoothed.pipe(ops.chunks(max_chars=9, max_wait=0.03))]
    assert "".join(out) == "abcdefghijklmnopqrst"
    assert threading.active_count() == threads


@pytest.mark.parametrize("name", BOTH)
def test_without_a_loop_they_say_what_they_need(name: str) -> None:
    out: list[object] = []
    Stream.from_observable(reactivex.of("ab")).pipe(BOTH[name]()).subscribe(None, out.append)
    assert isinstance(out[0], NoRunningLoopError)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ops.chunks(max_chars=0), "max_chars must be 1 character or more, not 0"),
        (
            lambda: ops.chunks(max_chars=9, max_wait=0),
            "max_wait must be more than 0 seconds and finite, not 0",
        ),
        (
            lambda: ops.chunks(max_chars=9, max_wait=math.nan),
            "max_wait must be more than 0 seconds and finite, not nan",
        ),
        (
            lambda: ops.smooth(chars_per_second=-1),
            "chars_per_second must be more than 0 characters a second and finite, not -1",
        ),
        (lambda: ops.smooth(max_lag=0), "max_lag must be more than 0 seconds, not 0"),
    ],
)
def test_bad_numbers_are_refused_at_once(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        make()
