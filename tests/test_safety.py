"""Text that must not get out: redact and guard."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loopback import Hold, LoopbackServer, sse, stream, text_events
from reactivex import Observable
from reactivex.subject import Subject

from rxagents import Agent, OpenAIResponsesModel, Runner, Stream
from rxagents import operators as ops
from rxagents.exceptions import RxAgentsError
from rxagents.operators import (
    GuardrailTripped,
    guard,
    redact,
)

Operator = Callable[[Observable[str]], Observable[str]]


def feed(operator: Operator, *pieces: str, error: Exception | None = None) -> list[Any]:
    """What comes out: the pieces, then the error or "|"."""
    source: Subject[str] = Subject()
    out: list[Any] = []
    Stream.from_observable(source).pipe(operator).subscribe(
        out.append, out.append, lambda: out.append("|")
    )
    for piece in pieces:
        source.on_next(piece)
    if error is not None:
        source.on_error(error)
    else:
        source.on_completed()
    return out


def cut(text: str, places: list[int]) -> list[str]:
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[a:b] for a, b in itertools.pairwise(edges)]


CUTS = st.lists(st.integers(0, 80), max_size=12)

# Each with the longest match, lookaround counted, or what must be seen of an endless one.
PATTERNS = [
    (r"ab", 2),
    (r"a|ab|abc", 3),
    (r"(?:a|ab)(?:bc|c)", 4),
    (r"a{2,4}b?", 5),
    (r"\bab\b", 2),
    (r"^ab|ba$", 2),
    (r"(?m)^a.{0,2}$", 3),
    (r"a(?!b)", 2),
    (r"(?<=ab)c", 2),
    (r"(?<!a)b{1,2}", 2),
    (r"a(?=bc)", 3),
    (r"(?>ab|a)c?", 3),
    (r"(a)(b)?\1", 3),
    (r"abc\w*", 3),
    (r"a+", 1),
    (r"a[bc]+", 2),
]


# --- redact ---------------------------------------------------------------------------------


@given(
    st.sampled_from(PATTERNS),
    st.integers(0, 4),
    st.text("abc \n", max_size=40),
    CUTS,
    st.sampled_from(["[X]", r"<\g<0>>", ""]),
)
def test_redact_is_re_sub_however_the_text_is_cut(
    pattern: tuple[str, int], more: int, text: str, places: list[int], replacement: str
) -> None:
    regex, longest = pattern
    out = feed(redact(regex, replacement, window=longest + more), *cut(text, places))
    assert out[-1] == "|"
    assert "".join(out[:-1]) == re.sub(regex, replacement, text)
    assert "" not in out


@given(st.text("ab1", max_size=30), st.integers(4, 20), st.text("ab ", max_size=8), CUTS)
def test_redact_lets_no_beginning_of_a_secret_out(
    before: str, size: int, after: str, places: list[int]
) -> None:
    secret = "sk-" + "7" * size
    source: Subject[str] = Subject()
    out: list[str] = []
    Stream.from_observable(source).pipe(redact(r"sk-\d{4,}", "*", window=7)).subscribe(out.append)
    for piece in cut(before + secret + after, places):
        source.on_next(piece)
        assert not {"s", "k", "-", "7"} & set("".join(out)), "at no time"


def test_redact_holds_back_no_more_than_it_must() -> None:
    source: Subject[str] = Subject()
    out: list[str] = []
    Stream.from_observable(source).pipe(redact("forbidden", window=9)).subscribe(out.append)
    for letter in "abcdefghijklmnopqrstuvwxyz":
        source.on_next(letter)
    assert "".join(out) == "abcdefghijklmnop", "all but the window and one"


def test_redact_looks_behind_what_has_gone_out() -> None:
    text = "..abc..abxc..ab"
    assert "".join(feed(redact("(?<=ab)c", "X", window=2), *text)) == "..abX..abxc..ab|"
    assert "".join(feed(redact("^ab", "X", window=2), *"abab......ab..")) == "Xab......ab..|"


def test_redact_leaves_matches_of_no_character_alone() -> None:
    assert "".join(feed(redact(r"\b|x", "X", window=2), *"axb x")) == "aXb X|"


def test_redact_as_drawn() -> None:
    operator = redact(r"\d{3}-\d{4}", "x", window=8)
    assert feed(operator, "call 55", "5-1234 ", "now") == ["call ", "x", " now", "|"]


def test_redact_calls_a_function_for_the_replacement_and_sends_its_error() -> None:
    shout = redact(re.compile("a."), lambda match: match[0].upper(), window=2)
    assert "".join(feed(shout, "xa", "bx", "ac")) == "xABxAC|"

    def fail(match: re.Match[str]) -> str:
        raise KeyError(match[0])

    early = feed(redact("ab", fail, window=2), "ab....", "ab")
    assert [repr(each) for each in early] == ["KeyError('ab')"]
    late = feed(redact("ab", fail, window=2), "ab")
    assert [repr(each) for each in late] == ["KeyError('ab')"]


@pytest.mark.parametrize("operator", [redact("secret", window=6), guard(re.compile("secret"))])
def test_what_is_held_back_is_dropped_when_the_source_fails(operator: Operator) -> None:
    error = KeyError()
    assert feed(operator, "a secre", error=error) == [error]


@pytest.mark.parametrize("operator", [redact("secret"), guard(re.compile("secret"))])
async def test_each_subscription_has_its_own_text(operator: Operator) -> None:
    both = Stream.of("sec", "re").pipe(operator)
    assert [piece async for piece in both] == ["secre"]
    assert [piece async for piece in both] == ["secre"]
    assert [piece async for piece in Stream.empty().pipe(operator)] == []


# --- guard ----------------------------------------------------------------------------------


@given(st.sampled_from(PATTERNS), st.integers(0, 4), st.text("abc \n", max_size=40), CUTS)
def test_guard_stops_before_the_first_match_however_the_text_is_cut(
    pattern: tuple[str, int], more: int, text: str, places: list[int]
) -> None:
    regex = re.compile(pattern[0])
    out = feed(guard(regex, window=pattern[1] + more), *cut(text, places))
    match = regex.search(text)
    passed = "".join(out[:-1])
    if match is None:
        assert passed == text
        assert out[-1] == "|"
    else:
        assert text[: match.start()].startswith(passed)
        assert isinstance(out[-1], GuardrailTripped)
        assert out[-1].passed == len(passed)
        assert match[0].startswith(out[-1].matched)


@given(st.text("abc", max_size=40), CUTS)
def test_guard_with_a_function(text: str, places: list[int]) -> None:
    out = feed(guard(lambda text: "abc" in text, window=3), *cut(text, places))
    passed = "".join(out[:-1])
    if "abc" in text:
        assert text[: text.index("abc")].startswith(passed)
        assert isinstance(out[-1], GuardrailTripped)
    else:
        assert passed == text
        assert out[-1] == "|"


def test_guard_as_drawn_and_its_error() -> None:
    out = feed(guard(re.compile("never"), window=5), "I will ", "never tell", "more")
    assert out[0] == "I"
    assert issubclass(GuardrailTripped, RxAgentsError)
    assert str(out[1]) == (
        "the text matches 'never', which is forbidden: the text was stopped before it"
    )
    assert (out[1].matched, out[1].passed, len(out)) == ("never", 1, 2)


def test_guard_puts_a_text_in_place_of_the_rest() -> None:
    operator = guard(re.compile("never"), window=5, replace="[stopped]")
    assert feed(operator, "I will ", "never tell", "more") == ["I", "[stopped]", "|"]


def test_guard_sends_what_its_function_raises() -> None:
    def broken(text: str) -> bool:
        raise KeyError(text)

    def strict(text: str) -> bool:
        raise GuardrailTripped("no letters, please")

    seen: list[str] = []
    assert feed(guard(seen.append), "a", "b") == ["ab", "|"]
    assert seen == ["a", "ab"], "once for each piece"
    operator = guard(broken, replace="[stopped]")
    assert [repr(each) for each in feed(operator, "a", "b")] == ["KeyError('a')"]
    assert [str(each) for each in feed(guard(strict), "a", "b")] == ["no letters, please"]
    assert feed(guard(strict, replace="-"), "a", "b") == ["-", "|"]


def test_guard_does_not_wait_for_the_end_of_an_endless_match() -> None:
    out = feed(guard(re.compile("(?s)ab.*"), window=4), "ab..", "...", "never read")
    assert isinstance(out[0], GuardrailTripped)


@pytest.mark.parametrize("replace", [None, "[stopped]"])
async def test_guard_leaves_the_run_and_closes_its_connection(replace: str | None) -> None:
    events = [sse(event) for event in text_events("one two three four five six")]
    async with LoopbackServer([stream(*events[:9], Hold())]) as server:
        agent = Agent("A", model=OpenAIResponsesModel("m", server.client()))
        guarded = Runner.observe(agent, "x").pipe(
            ops.text_deltas(), guard(re.compile("two"), window=3, replace=replace)
        )
        if replace is None:
            with pytest.raises(GuardrailTripped):
                await guarded.drain()
        else:
            assert await guarded == replace
        async with asyncio.timeout(5):
            await server.wait_gone()


@pytest.mark.parametrize("operator", [redact("secret", window=6), guard(re.compile("secret"))])
async def test_a_slow_reader_holds_back_the_source(operator: Operator) -> None:
    read = 0

    async def words() -> AsyncIterator[str]:
        nonlocal read
        while True:
            read += 1
            yield "a word that is longer than the window is, which is " * 6

    async with Stream.from_async_iterable(words).pipe(operator).iterate(high=4) as pieces:
        await anext(pieces)
        await asyncio.sleep(100)
        assert read <= 6


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: redact("a", window=0), "window must be 1 character or more, not 0"),
        (lambda: redact("a*"), "pattern must not match the empty text, as 'a\\*' does"),
        (lambda: redact("("), "pattern is not a regular expression: "),
        (lambda: redact("a", r"\1"), "replacement does not fit the pattern: "),
        (lambda: guard(re.compile("")), "pattern must not match the empty text, as '' does"),
        (lambda: guard(bool, window=-1), "window must be 1 character or more, not -1"),
    ],
)
def test_arguments_are_checked_at_once(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match="^" + message):
        make()
