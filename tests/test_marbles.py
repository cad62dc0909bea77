"""Marble diagrams, drawn sources and drawn expectations."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import reactivex
from hypothesis import given
from hypothesis import strategies as st
from reactivex.notification import Notification, OnCompleted, OnError, OnNext
from reactivex.subject import Subject

from rxagents import Agent, NoRunningLoopError, RunItem, Runner, Stream, function_tool
from rxagents import operators as ops
from rxagents.testing import Delay, ScriptedModel, assistant_message, function_call
from rxagents.testing.marble_diagram import (
    Lifetime,
    MarbleError,
    draw,
    draw_lifetime,
    letters,
    parse,
    parse_lifetime,
)
from rxagents.testing.marbles import ColdMarbles, HotMarbles, cold, expect, hot
from rxagents.testing.virtual_time import VirtualLoop, run


def times(diagram: str, values: dict[str, Any] | None = None) -> list[tuple[int, Any]]:
    """What `diagram` shows, short: values as they are, `|` and `#`."""
    ends = {"C": "|", "E": "#"}
    return [
        (frame, event.value if event.has_value else ends[event.kind])
        for frame, event in parse(diagram, values)
    ]


# --- parse ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("diagram", "shows"),
    [
        ("", []),
        ("---", []),
        ("-a-b|", [(1, "a"), (3, "b"), (4, "|")]),
        ("-a-#--", [(1, "a"), (3, "#")]),
        ("  -a - b|", [(1, "a"), (3, "b"), (4, "|")]),
        ("-(ab|)", [(1, "a"), (1, "b"), (1, "|")]),
        ("(ab)-c|", [(0, "a"), (0, "b"), (5, "c"), (6, "|")]),
        ("( a b )c", [(0, "a"), (0, "b"), (4, "c")]),
        ("()a", [(2, "a")]),
        ("-a-^-b|", [(-2, "a"), (2, "b"), (3, "|")]),
        ("-a|-^-", [(-3, "a"), (-2, "|")]),
        ("--(^a)b", [(0, "a"), (4, "b")]),
        ("1-2", [(0, "1"), (2, "2")]),
    ],
)
def test_parse_gives_frames_and_events(diagram: str, shows: list[tuple[int, Any]]) -> None:
    assert times(diagram) == shows


def test_parse_looks_values_up_and_takes_other_characters_for_themselves() -> None:
    assert times("ab", {"a": [1, 2]}) == [(0, [1, 2]), (1, "b")]
    error = KeyError("x")
    ((_, event),) = parse("#", error=error)
    assert isinstance(event, OnError)
    assert event.exception is error
    ((_, event),) = parse("#")
    assert isinstance(event, OnError)
    assert isinstance(event.exception, MarbleError)


@pytest.mark.parametrize(
    ("diagram", "place", "why"),
    [
        ("-a|b", 3, "nothing can happen after the end"),
        ("#|", 1, "nothing can happen after the end"),
        ("(|a)", 2, "nothing can happen after the end"),
        ("(a(b))", 2, "a group cannot hold another"),
        ("-a)", 2, "this ) closes no group"),
        ("-(ab", 1, "this group is not closed"),
        ("-(a-b)", 3, "a group is one instant, in which no time passes"),
        ("a^b^", 3, "there is a ^ already"),
        ("--a!", 3, "! is for the lifetime of a subscription"),
        ("-a\t-b", 2, r"'\t' cannot be part of a diagram"),
        ("a 10s b", 2, "no times in words: draw it, or set `frame`"),
        ("1.5ms |", 0, "no times in words: draw it, or set `frame`"),
    ],
)
def test_parse_refuses_what_is_no_diagram_and_points_there(
    diagram: str, place: int, why: str
) -> None:
    message = f"{why}\n    {diagram}\n    {' ' * place}^"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse(diagram)


@pytest.mark.parametrize("letter", ["ab", "", "-", "|", "("])
def test_a_letter_that_no_diagram_can_show_is_refused(letter: str) -> None:
    with pytest.raises(ValueError, match="which no diagram can show: a value is drawn as one"):
        cold("-a", {letter: 1})


@st.composite
def drawable(draw_: st.DrawFn) -> list[tuple[int, Notification[str]]]:
    """Events in order, with as much time after a group as its drawing takes."""
    letter = st.characters(exclude_characters="-|#()^! ", exclude_categories=("C", "Z"))
    groups = draw_(st.lists(st.tuples(st.integers(0, 4), st.lists(letter, min_size=1, max_size=4))))
    end = draw_(st.sampled_from([None, OnCompleted[str](), OnError[str](MarbleError("x"))]))
    records: list[tuple[int, Notification[str]]] = []
    frame = 0
    for number, (gap, group) in enumerate(groups):
        frame += gap
        events: list[Notification[str]] = [OnNext(value) for value in group]
        if end is not None and number == len(groups) - 1:
            events.append(end)
        records += [(frame, event) for event in events]
        frame += 1 if len(events) == 1 else len(events) + 2
    return records


@given(drawable())
def test_what_is_drawn_can_be_parsed(records: list[tuple[int, Notification[str]]]) -> None:
    back = parse(draw(records), error=MarbleError("x"))
    assert back == records
    assert draw(back) == draw(records)


@given(drawable(), st.data())
def test_spaces_change_nothing(
    records: list[tuple[int, Notification[str]]], data: st.DataObject
) -> None:
    line = draw(records)
    spaces = data.draw(st.lists(st.integers(0, 2), min_size=len(line), max_size=len(line)))
    wide = "".join(" " * n + sign for n, sign in zip(spaces, line, strict=True))
    try:
        assert draw(parse(wide)) == line.rstrip("-")
    except ValueError as error:
        assert "no times in words" in str(error)


@given(st.text(alphabet="ab-|#()^! 1s", max_size=12))
def test_anything_is_parsed_or_refused(diagram: str) -> None:
    try:
        records = parse(diagram)
    except ValueError as error:
        assert str(error).count("\n") == 2
    else:
        assert sum(event.kind != "N" for _, event in records) <= 1


def test_draw_gives_letters_to_values_that_have_none() -> None:
    records = parse("-a-b-c-d|", {"a": 1, "b": "A", "c": [2], "d": "|"})
    assert letters(records) == {"B": 1, "C": [2], "D": "|"}, "A stands for itself"
    assert draw(records) == "-B-A-C-D|"
    assert draw(records, {"x": [2]}) == "-B-A-x-C|"
    assert draw(parse("a", {"a": "b"}), {"b": 7}) == "A", "b is taken"


def test_draw_says_when_a_group_leaves_no_room() -> None:
    records = [(1, OnNext("a")), (1, OnNext("b")), (2, OnNext("c"))]
    with pytest.raises(ValueError, match=re.escape("no room for frame 2 after '-(ab)'")):
        draw(records)
    with pytest.raises(ValueError, match="no room for frame -1 after ''"):
        draw(parse("a^"))


@pytest.mark.parametrize(
    ("diagram", "lifetime"),
    [
        ("^--!", Lifetime(0, 3)),
        ("--^-!", Lifetime(2, 4)),
        ("--^", Lifetime(2, None)),
        ("-(^!)", Lifetime(1, 1)),
    ],
)
def test_lifetimes_are_parsed_and_drawn(diagram: str, lifetime: Lifetime) -> None:
    assert parse_lifetime(diagram) == lifetime
    assert parse_lifetime(f"   {diagram} ") == lifetime
    assert draw_lifetime(lifetime) == diagram


@pytest.mark.parametrize(
    ("diagram", "why"),
    [
        ("^-^", "one ^, and then one ! at most"),
        ("^!!", "one ^, and then one ! at most"),
        ("!^", "one ^, and then one ! at most"),
        ("^a!", "drawn with ^, - and ! alone"),
    ],
)
def test_other_lifetimes_are_refused(diagram: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        parse_lifetime(diagram)


# --- cold and hot ---------------------------------------------------------------------------


async def test_a_cold_source_begins_with_each_subscription() -> None:
    source = cold("             -a-b|")
    await expect(source).to_be("-a-b|")
    await expect(source).to_be("-a-b|")
    source.expect_subscriptions(
        "                       ^---!",
        "                       ----^---!",
    )
    assert source.subscriptions == ["^---!", "----^---!"]


async def test_a_hot_source_began_when_it_was_made() -> None:
    source = hot("            ab-^-c--d|")
    await expect(source).to_be(" --c--d|")
    source.expect_subscriptions("^-----!")


async def test_a_late_subscriber_of_a_hot_source_missed_what_was_before() -> None:
    source = hot("              --a--b--|")
    await asyncio.sleep(3)
    await expect(source).to_be("   --b--|")
    source.expect_subscriptions("---^----!")


async def test_a_hot_source_has_several_subscribers() -> None:
    source = hot("                              --a--b--c|")
    await asyncio.gather(
        expect(source).to_be("                  --a--b--c|"),
        expect(source.pipe(ops.take(1))).to_be("--(a|)"),
        expect(source.pipe(ops.skip(2))).to_be("--------c|"),
    )
    source.expect_subscriptions("               ^--------!", "^-!", "^--------!")


async def test_who_comes_after_the_end_of_a_hot_source_is_told_of_it() -> None:
    source = hot("          -a|--^--")
    await expect(source).to_be(" |")
    source.expect_subscriptions("(^!)")


async def test_who_comes_after_the_error_of_a_hot_source_is_told_of_it() -> None:
    source = hot("              -#", error=OSError("gone"))
    await asyncio.sleep(2)
    await expect(source).to_be("   #", error=OSError("gone"))
    source.expect_subscriptions("--(^!)")


async def test_events_in_frame_0_are_not_missed() -> None:
    await expect(hot("(ab|)")).to_be("(ab|)")
    await expect(hot("-(^a)-b|")).to_be("a----b|")
    await expect(cold("a|")).to_be("a|")


async def test_groups_take_as_many_frames_as_characters() -> None:
    source = cold("              -(ab)-c(d|)")
    await expect(source).to_be(" -(ab)-c(d|)")
    source.expect_subscriptions("^------!")


async def test_a_source_that_is_not_subscribed_to_has_no_lifetime() -> None:
    source = cold("-a|")
    assert source.subscriptions == []
    source.expect_subscriptions()


async def test_a_subscription_that_lasts_has_no_end() -> None:
    source = cold("              -a-")
    await expect(source).to_be(" -a------")
    source.expect_subscriptions("^-------")
    assert source.subscriptions == ["^"]


async def test_sources_know_no_credit() -> None:
    loop = asyncio.get_running_loop()
    taken: list[tuple[float, str]] = []
    async for value in cold("abcd|").iterate(high=1):
        await asyncio.sleep(10)
        taken.append((loop.time(), value))
    assert taken == [(10, "a"), (20, "b"), (30, "c"), (40, "d")]


async def test_a_chain_on_a_hot_source_finds_its_consumers_credit() -> None:
    emitted = 0

    async def numbers() -> AsyncIterator[int]:
        nonlocal emitted
        for number in range(1000):
            emitted += 1
            yield number

    inner = Stream.from_async_iterable(numbers)
    taken: list[int] = []
    async for number in hot("-#", {"a": 1}).pipe(reactivex.operators.catch(inner)).iterate(high=4):
        await asyncio.sleep(1)
        taken.append(number)
        assert emitted <= len(taken) + 4
        if len(taken) == 8:
            break
    assert taken == [0, 1, 2, 3, 4, 5, 6, 7]


def test_a_cold_source_can_be_made_before_the_loop_and_a_hot_one_cannot() -> None:
    source = cold("-a|")

    async def main() -> None:
        await asyncio.sleep(5)
        await expect(source).to_be("-a|")

    run(main())
    source.expect_subscriptions("^-!")
    with pytest.raises(NoRunningLoopError, match="a hot marble source needs a running event loop"):
        hot("-a|")


async def test_a_frame_can_be_any_time() -> None:
    source = cold("                        --a--b|", frame=0.1)
    await expect(source, frame=0.1).to_be("--a--b|")
    assert asyncio.get_running_loop().time() == 0.6
    source.expect_subscriptions("          ^-----!")
    for frame in (0, -1, math.inf, math.nan):
        with pytest.raises(ValueError, match="frame must be more than 0 seconds, not"):
            cold("-a", frame=frame)
        with pytest.raises(ValueError, match="frame must be more than 0 seconds, not"):
            await expect(source, frame=frame).to_be("-a")


def test_caret_is_for_hot_sources() -> None:
    with pytest.raises(ValueError, match="a cold source begins when it is subscribed to"):
        cold("-a-^-b")


async def test_sources_name_themselves() -> None:
    assert repr(cold("-a|")) == "ColdMarbles('-a|')"
    assert repr(hot("^a|")) == "HotMarbles('^a|')"
    assert isinstance(cold("|"), ColdMarbles)
    assert isinstance(hot("|"), HotMarbles)


# --- operators that take time ---------------------------------------------------------------


async def test_debounce() -> None:
    source = hot("                                    -a-bc-----d-|")
    await expect(source.pipe(ops.debounce(3))).to_be("-------c----(d|)")
    source.expect_subscriptions("                     ^-----------!")


async def test_delay() -> None:
    source = cold("                                -a--b|")
    await expect(source.pipe(ops.delay(2))).to_be("---a--b|")
    source.expect_subscriptions("                  ^----!")


async def test_sample() -> None:
    source = hot("                                  -ab--c---d-|")
    await expect(source.pipe(ops.sample(4))).to_be("----b---c--(d|)")
    source.expect_subscriptions("                   ^----------!")


async def test_switch_map_leaves_the_one_before() -> None:
    first, second = cold("-1-2-3|"), cold("-4-5|")
    inner = {"a": first, "b": second}
    source = hot("                --a---b-|")
    switched = source.pipe(ops.switch_map(inner.__getitem__))
    await expect(switched).to_be("---1-2-4-5|")
    source.expect_subscriptions(" ^-------!")
    first.expect_subscriptions("  --^---!")
    second.expect_subscriptions(" ------^---!")


async def test_buffer_with_time() -> None:
    source = hot("                -a-b-----c|")
    buffers = {"x": ["a", "b"], "z": ["c"]}
    buffered = source.pipe(ops.buffer_with_time(4))
    await expect(buffered).to_be("----x-----(z|)", buffers)
    source.expect_subscriptions(" ^---------!")


async def test_take() -> None:
    source = hot("                                -a--b--c--|")
    await expect(source.pipe(ops.take(2))).to_be("-a--(b|)")
    source.expect_subscriptions("                 ^---!")


async def test_merge() -> None:
    one, other = cold("                   -a---b---|"), cold("--x---y|")
    await expect(reactivex.merge(one, other)).to_be("-ax--by--|")
    one.expect_subscriptions("                       ^--------!")
    other.expect_subscriptions("                     ^------!")


async def test_retry_subscribes_again() -> None:
    source = cold("                                -a-#")
    await expect(source.pipe(ops.retry(2))).to_be("-a--a-#")
    source.expect_subscriptions("                  ^--!", "---^--!")


async def test_timeout_is_an_error() -> None:
    source = hot("                                   -a----b|")
    await expect(source.pipe(ops.timeout(3))).to_be("-a--#", error=ops.StreamTimeout)
    source.expect_subscriptions("                    ^---!")


# --- asynchronous sources, our own operators ------------------------------------------------


async def letters_with_pauses() -> AsyncIterator[str]:
    for letter in "abc":
        await asyncio.sleep(2)
        yield letter


async def test_an_asynchronous_source() -> None:
    source = Stream.from_async_iterable(letters_with_pauses)
    await expect(source).to_be("--a-b-(c|)")
    await expect(source.pipe(ops.delay(1))).to_be("---a-b-(c|)")


async def test_map_async() -> None:
    async def shout(word: str) -> str:
        await asyncio.sleep(3)
        return word.upper()

    source = cold("              -ab------c|")
    shouted = source.pipe(ops.map_async(shout))
    await expect(shouted).to_be("----A--B----(C|)")
    at_once = source.pipe(ops.map_async(shout, concurrency=2))
    await expect(at_once).to_be("----AB------(C|)")


async def test_sentences() -> None:
    words = {"a": "Hi.", "b": " How", "c": " are you?", "d": " I", "x": "How are you?", "y": "I"}
    source = cold("                                   --a--b--c--d--|", words)
    told = words | {"a": "Hi."}
    await expect(source.pipe(ops.sentences())).to_be("-----a-----x--(y|)", told)
    source.expect_subscriptions("                     ^-------------!")


@function_tool
async def look() -> str:
    """Look out of the window."""
    await asyncio.sleep(2)
    return "rain"


def kind(item: RunItem) -> str:
    return item.type


async def test_the_items_of_a_run() -> None:
    model = ScriptedModel(
        [[Delay(1), function_call("look")], [assistant_message("It rains."), Delay(5)]]
    )
    run = Runner.observe(Agent("A", tools=[look], model=model), "go")
    types = {"c": "tool_call_item", "o": "tool_call_output_item", "m": "message_output_item"}
    await expect(run.pipe(ops.items(), ops.map(kind))).to_be("-c-(om)-|", types)


# --- expect ---------------------------------------------------------------------------------


async def failure(stream: Any, diagram: str, *args: Any, frame: float = 1.0, **options: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        await expect(stream, frame=frame).to_be(diagram, *args, **options)
    return "\n" + str(caught.value) + "\n"


async def test_unsubscribe_leaves_the_stream() -> None:
    source = cold("              -a--b--c--|")
    await expect(source).to_be(" -a--b-", unsubscribe="------!")
    source.expect_subscriptions("^-----!")


@pytest.mark.parametrize("make", [cold, hot])
async def test_what_comes_in_the_frame_of_the_unsubscription_is_not_seen(make: Any) -> None:
    source = make("              -a--b|")
    await expect(source).to_be(" -a---", unsubscribe="^---!")
    source.expect_subscriptions("^---!")
    assert asyncio.get_running_loop().time() == 4


async def test_leaving_cancels_tasks_before_it_returns() -> None:
    closed: list[float] = []

    async def forever() -> AsyncIterator[str]:
        try:
            while True:
                await asyncio.sleep(2)
                yield "a"
        finally:
            closed.append(asyncio.get_running_loop().time())

    await expect(Stream.from_async_iterable(forever)).to_be("--a-a", unsubscribe="-----!")
    assert closed == [5]


async def test_until_ends_the_watch_after_its_frame() -> None:
    beat = reactivex.interval(1)
    ticks = {str(number): number for number in range(10)}
    await expect(beat).to_be("-0123", ticks, until=4)

    async def late() -> AsyncIterator[str]:
        await asyncio.sleep(2)
        yield "a"

    async def echo(value: str) -> str:
        return value

    source = Stream.from_async_iterable(late).pipe(ops.map_async(echo), ops.map_async(echo))
    await expect(source).to_be("--(a|)", until=2)


async def test_a_stream_that_does_not_end_is_watched_for_what_should_not_come() -> None:
    text = await failure(cold("-a" + "-" * 90 + "b"), "-a--")
    assert "^ frame 92: expected nothing, got b" in text
    await expect(reactivex.never()).to_be("---")


async def test_synchronous_sources_and_any_observable() -> None:
    await expect(reactivex.of(1, 2)).to_be("(ab|)", {"a": 1, "b": 2})
    await expect(reactivex.empty()).to_be("|")
    await expect(reactivex.throw(KeyError("x"))).to_be("#", error=KeyError)
    subject: Subject[str] = Subject()
    asyncio.get_running_loop().call_later(2, subject.on_next, "a")
    await expect(subject).to_be("--a")


async def test_the_same_object_is_equal_to_itself() -> None:
    await expect(cold("-a|", {"a": math.nan})).to_be("-a|", {"a": math.nan})


async def test_errors_match_by_type_or_by_likeness() -> None:
    source = cold("-#", error=KeyError("x"))
    await expect(source).to_be("-#", error=KeyError)
    await expect(source).to_be("-#", error=LookupError)
    await expect(source).to_be("-#", error=KeyError("x"))
    await expect(cold("-#")).to_be("-#")
    assert (
        await failure(source, "-#", error=KeyError("y"))
        == """
the stream is not as drawn
  expected  -#
  got       -#
             ^ frame 1: expected # with KeyError('y'), got # with KeyError('x')
"""
    )
    assert "expected # with OSError, got # with" in await failure(source, "-#", error=OSError)
    assert "expected # with LookupError('x')" in await failure(source, "-#", error=LookupError("x"))
    assert "expected # with MarbleError('the # of a diagram')" in await failure(source, "-#")


async def test_a_failure_at_another_time() -> None:
    assert (
        await failure(cold("--a---(b|)"), "--a--(b|)")
        == """
the stream is not as drawn
  expected  --a--(b|)
  got       --a---(b|)
                 ^ frame 5: expected (b|), got nothing
"""
    )


async def test_a_failure_with_another_value_shows_both_in_a_legend() -> None:
    source = cold("-a-b|", {"a": 1, "b": 2})
    assert (
        await failure(source, "-a-b|", {"a": 1, "b": 3})
        == """
the stream is not as drawn
  expected  -a-b|
  got       -a-A|
               ^ frame 3: expected b, got A
  where a = 1
        b = 3
        A = 2
"""
    )
    assert (
        await failure(source, "-a-b|", {"a": 1})
        == """
the stream is not as drawn
  expected  -a-b|
  got       -a-A|
               ^ frame 3: expected b, got A
  where a = 1
        A = 2
"""
    )


async def test_a_failure_of_a_stream_that_has_not_ended() -> None:
    assert (
        await failure(cold("-a"), "-a---|")
        == """
the stream is not as drawn
  expected  -a---|
  got       -a----
                 ^ frame 5: expected |, got nothing
"""
    )


async def test_a_failure_with_an_error() -> None:
    assert (
        await failure(cold("-a(b#)", error=ValueError("no")), "-a-b|")
        == """
the stream is not as drawn
  expected  -a-b|
  got       -a(b#)
              ^ frame 2: expected nothing, got (b#) with ValueError('no')
"""
    )


async def test_a_failure_that_no_diagram_can_show() -> None:
    source = cold("(ab)-|").merge(cold("-c|"))
    assert (
        await failure(source, "(ab)c|")
        == """
the stream is not as drawn
  expected  (ab)c|
  got       frame 0: (ab)
            frame 1: c
            frame 5: |
            (a group hides the frames after it: a smaller frame shows them)
  frame 1: expected nothing, got c
"""
    )


async def test_a_smaller_frame_shows_what_follows_a_group() -> None:
    source = cold("(ab)-|").merge(cold("-c|"))
    fine = "(ab)------c---------------------------------------|"
    await expect(source, frame=0.1).to_be(fine)
    assert "not as drawn (a frame is 0.1 s)\n" in await failure(source, "(ab)-c", frame=0.1)


async def test_an_event_between_two_frames_is_told() -> None:
    source = cold("-a-b|").pipe(ops.delay(0.5))
    assert (
        await failure(source, "--a-b-|")
        == """
the stream is not as drawn
  expected  --a-b-|
  got       --a-b|
              ^ at 1.5 s, between two frames of 1 s: set a smaller `frame`
"""
    )


async def test_a_long_failure_is_cut() -> None:
    text = await failure(reactivex.interval(1), "--", until=10_000)
    lines = text.splitlines()
    assert len(lines[3]) < 80
    assert lines[3].endswith("…")
    assert len(lines) < 70
    long = await failure(cold("a|", {"a": "x" * 10_000}), "b|")
    assert len(long) < 600


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"diagram": "-^-a"}, "what comes out is drawn from frame 0 on"),
        ({"diagram": "-(a"}, "this group is not closed"),
        ({"diagram": "-a", "unsubscribe": "-^--!"}, "it subscribes in frame 0"),
        ({"diagram": "-a", "unsubscribe": "---"}, "unsubscribe draws a !"),
        ({"diagram": "-a", "values": {"ab": 1}}, "which no diagram can show"),
    ],
)
async def test_what_cannot_be_expected_is_refused_before_anything_happens(
    options: dict[str, Any], why: str
) -> None:
    source = cold("-a|")
    with pytest.raises(ValueError, match=re.escape(why)):
        await expect(source).to_be(**options)
    source.expect_subscriptions()


async def test_a_failure_of_subscriptions_is_drawn() -> None:
    source = cold("-a-|")
    await expect(source).to_be("-a-|")
    await expect(source).to_be("-a", unsubscribe="--!")
    with pytest.raises(AssertionError) as caught:
        source.expect_subscriptions("  ^--!", "  ---^--!", "^")
    assert (
        "\n" + str(caught.value) + "\n"
        == """
the subscriptions of ColdMarbles('-a-|') are not as drawn
  expected  ^--!
  got       ^--!
  expected  ---^--!
  got       ---^-!
                 ^
  expected  ^
  got       none
"""
    )
    with pytest.raises(AssertionError, match=r"\n  expected  \^---!\n  got       \^--!\n"):
        source.expect_subscriptions("^---!", "---^-!")
    with pytest.raises(AssertionError, match=r"\n  expected  none\n  got       \^--!\n"):
        source.expect_subscriptions()
    with pytest.raises(ValueError, match=r"a subscription begins with a \^"):
        source.expect_subscriptions("---!")
    with pytest.raises(AssertionError, match="\n  expected  \\^--\n  got       none$"):
        cold("-a").expect_subscriptions("^--")


async def test_a_subscription_between_two_frames_is_told() -> None:
    source = cold("-a-|")
    await asyncio.sleep(0.5)
    await expect(source).to_be("-a-|")
    with pytest.raises(AssertionError, match=r"\n  at 0.5 s, between two frames of 1 s"):
        source.expect_subscriptions("^--!")


@pytest.mark.real_loop
async def test_on_a_real_clock_times_are_rounded() -> None:
    assert not isinstance(asyncio.get_running_loop(), VirtualLoop)
    source = cold("-a-b|", frame=0.05)
    await expect(source, frame=0.05).to_be("-a-b|")
    source.expect_subscriptions("^---!")
