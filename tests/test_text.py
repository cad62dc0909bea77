"""Operators on the model's words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import (
    ResponseOutputMessage,
    ResponseOutputRefusal,
    ResponseReasoningItem,
    ResponseReasoningTextDeltaEvent,
    ResponseStreamEvent,
)
from openai.types.responses.response_reasoning_item import Summary
from reactivex.subject import Subject

from rxagents import (
    Agent,
    RawResponsesStreamEvent,
    Runner,
    Stream,
    StreamEvent,
    function_tool,
)
from rxagents import operators as ops
from rxagents.testing import (
    Delay,
    ScriptedModel,
    assistant_message,
    function_call,
    response_events,
)


def cut(*pieces: str) -> list[str]:
    """The sentences of a text that comes in `pieces`."""
    source: Subject[str] = Subject()
    out: list[str] = []
    Stream.from_observable(source).pipe(ops.sentences()).subscribe(out.append)
    for piece in pieces:
        source.on_next(piece)
    source.on_completed()
    return out


# --- text_deltas, text ----------------------------------------------------------------------


async def test_text_deltas_are_the_pieces_of_the_answer() -> None:
    model = ScriptedModel([[assistant_message("Hello from Oslo.")]])
    deltas = Runner.observe(Agent("A", model=model), "go").pipe(ops.text_deltas())
    assert [delta async for delta in deltas] == ["Hello", " from", " Oslo."]


def looks_and_tells() -> Agent:
    """Says something, calls a tool that takes 5 s, and says something else."""

    @function_tool
    async def look() -> str:
        await asyncio.sleep(5)
        return "rain"

    turns: list[list[Any]] = [
        [assistant_message("Let me look."), function_call("look")],
        [assistant_message("It rains."), assistant_message("Take a hat!")],
    ]
    return Agent("A", tools=[look], model=ScriptedModel(turns))


async def test_a_separator_stands_between_messages_as_soon_as_another_is_sure_to_come() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    deltas = Runner.observe(looks_and_tells(), "go").pipe(ops.text_deltas())
    told = [(loop.time() - began, delta) async for delta in deltas]
    gap = "\n\n"
    assert told == [
        *((0, piece) for piece in ("Let", " me", " look.", gap)),
        *((5, piece) for piece in ("It", " rains.", gap, "Take", " a", " hat!")),
    ]


async def test_a_sentence_is_whole_while_the_tool_is_at_work() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    spoken = Runner.observe(looks_and_tells(), "go").pipe(ops.text_deltas(), ops.sentences())
    assert [(loop.time() - began, each) async for each in spoken] == [
        (0, "Let me look."),
        (5, "It rains."),
        (5, "Take a hat!"),
    ]


async def test_another_separator_or_none() -> None:
    for separator in ("", " / "):
        deltas = Runner.observe(looks_and_tells(), "go").pipe(
            ops.text_deltas(separator=separator), ops.to_list()
        )
        assert separator.join(["Let me look.", "It rains.", "Take a hat!"]) == "".join(await deltas)


async def test_a_separator_stands_between_runs_that_follow_each_other() -> None:
    model = ScriptedModel([[assistant_message("One.")], [assistant_message("Two.")]])
    agent = Agent("A", model=model)
    runs = Runner.observe(agent, "1").pipe(ops.concat(Runner.observe(agent, "2")))
    assert await runs.pipe(ops.text_deltas(), ops.to_list()) == ["One.", "\n\n", "Two."]


async def test_runs_that_are_merged_have_a_text_each() -> None:
    def agent(text: str) -> Agent:
        events: list[Any] = []
        for piece in response_events([assistant_message(text)]):
            events += [piece, Delay(1)]
        return Agent("A", model=ScriptedModel([events]))

    one, two = agent("One two."), agent("Three four.")
    both = Runner.observe(one, "x").pipe(ops.merge(Runner.observe(two, "x")), ops.text())
    assert [text async for text in both] == ["One", "Three", "One two.", "Three four."]


async def test_runs_that_follow_each_other_have_a_text_each() -> None:
    model = ScriptedModel([[assistant_message("One.")], [assistant_message("Two.")]])
    agent = Agent("A", model=model)
    runs = Runner.observe(agent, "1").pipe(ops.concat(Runner.observe(agent, "2")))
    assert await runs.pipe(ops.text(), ops.to_list()) == ["One.", "Two."]


async def test_text_grows_and_starts_anew_with_each_message() -> None:
    model = ScriptedModel(
        [
            [assistant_message("One moment."), function_call("transfer_to_b")],
        ]
    )
    b = Agent("B", model=ScriptedModel([[assistant_message("It rains.")]]))
    run = Runner.run_streamed(Agent("A", handoffs=[b], model=model), "go")
    grown = ["One", "One moment.", "It", "It rains."]
    assert [text async for text in run.pipe(ops.text())] == grown
    growing = run.pipe(ops.text())
    assert [text async for text in growing] == grown
    assert [text async for text in growing] == grown, "each subscription has its own text"


def said(*data: ResponseStreamEvent) -> Stream[StreamEvent]:
    """Events of a model, as they come in a run."""

    async def events() -> AsyncIterator[StreamEvent]:
        for each in data:
            yield RawResponsesStreamEvent(data=each)

    return Stream.from_async_iterable(events)


SPOKEN: list[ResponseStreamEvent] = response_events(
    [
        ResponseReasoningItem(
            id="rs", type="reasoning", summary=[Summary(type="summary_text", text="Well now.")]
        ),
        assistant_message("Hello there."),
        ResponseOutputMessage(
            id="no",
            type="message",
            role="assistant",
            status="completed",
            content=[ResponseOutputRefusal(type="refusal", refusal="I cannot.")],
        ),
    ]
)


async def test_reasoning_and_refusal_deltas_are_told_apart_from_the_answer() -> None:
    run = said(*SPOKEN)
    assert [each async for each in run.pipe(ops.text_deltas())] == ["Hello", " there."]
    assert [each async for each in run.pipe(ops.reasoning_deltas())] == ["Well", " now."]
    assert [each async for each in run.pipe(ops.refusal_deltas())] == ["I", " cannot."]


async def test_reasoning_deltas_are_those_of_the_reasoning_itself_too() -> None:
    place: dict[str, Any] = {"item_id": "rs", "output_index": 0, "sequence_number": 0}
    run = said(
        ResponseReasoningTextDeltaEvent(
            type="response.reasoning_text.delta", delta="Hm.", content_index=0, **place
        )
    )
    assert [each async for each in run.pipe(ops.reasoning_deltas())] == ["Hm."]
    assert [each async for each in run.pipe(ops.refusal_deltas())] == []


@pytest.mark.parametrize("operator", [ops.reasoning_deltas, ops.refusal_deltas])
async def test_deltas_of_a_failing_source_and_of_one_that_is_left(operator: Any) -> None:
    source: Subject[StreamEvent] = Subject()
    out: list[object] = []
    deltas = Stream.from_observable(source).pipe(operator())
    deltas.subscribe().dispose()
    assert not source.observers
    deltas.subscribe(out.append, out.append)
    error = OSError("cut")
    source.on_error(error)
    assert out == [error]


# --- sentences ------------------------------------------------------------------------------


def test_a_sentence_is_told_when_it_is_known_to_have_ended() -> None:
    source: Subject[str] = Subject()
    out: list[str] = []
    Stream.from_observable(source).pipe(ops.sentences()).subscribe(
        out.append, None, lambda: out.append("|")
    )
    steps = [
        ("Hi", []),
        (".", []),
        (" How are", ["Hi."]),
        (" you?", []),
        (" ", []),
        ("Fine", ["How are you?"]),
    ]
    for piece, told in steps:
        before = len(out)
        source.on_next(piece)
        assert out[before:] == told
    source.on_completed()
    assert out[-2:] == ["Fine", "|"]


@pytest.mark.parametrize(
    "sentences",
    [
        ["It costs 3.50 euros.", "Really?", "Yes!"],
        ["Dr. Hansen met Mr. J. R. Smith, e.g. in Oslo.", "Good."],
        ["“Stop!” she said.", "Then: “Go.”", "End."],
        ["Wait... what?", "Oh…", "I see."],
        ["See www.example.com/a.html for more.", "Bye."],
        ["1. Mix the flour.", "2. Bake it."],
        ["Use `a.b()` now.", "(Or later.)", "Fine."],
        ["At 5 p.m. it closes.", "Hurry!"],
        ["It closes at 5 p.m.", "Hurry, etc. and so on."],
    ],
)
def test_where_sentences_end(sentences: list[str]) -> None:
    assert cut(" ".join(sentences)) == sentences
    assert cut(*" ".join(sentences)) == sentences, "a character at a time"


def test_cjk_sentences_need_no_white_space() -> None:
    assert cut("你好。今天天气好吗？很好！") == ["你好。", "今天天气好吗？", "很好！"]
    assert cut(*"「はい。」と言った。終わり") == ["「はい。」", "と言った。", "終わり"]


def test_an_empty_line_ends_a_sentence() -> None:
    assert cut("A title\n\nThe text. More") == ["A title", "The text.", "More"]
    assert cut("- one\n- two") == ["- one\n- two"]


def test_nothing_and_white_space_give_nothing() -> None:
    assert cut() == cut("") == cut(" \n ", "\n") == []


def test_the_rest_is_told_before_an_error() -> None:
    source: Subject[str] = Subject()
    out: list[object] = []
    Stream.from_observable(source).pipe(ops.sentences()).subscribe(out.append, out.append)
    source.on_next("One. Tw")
    error = OSError("cut")
    source.on_error(error)
    assert out == ["One.", "Tw", error]


@given(st.lists(st.text(alphabet="aB. !?\n\"'。1…", max_size=6), max_size=12))
def test_no_character_is_lost_and_pieces_do_not_matter(pieces: list[str]) -> None:
    text = "".join(pieces)
    whole = cut(text)
    assert "".join("".join(whole).split()) == "".join(text.split())
    assert all(sentence == sentence.strip() != "" for sentence in whole)
    assert cut(*pieces) == whole


async def test_sentences_of_a_cold_stream_start_anew() -> None:
    async def words() -> AsyncIterator[str]:
        yield "One. Two"

    stream = Stream.from_async_iterable(words).pipe(ops.sentences())
    assert [s async for s in stream] == [s async for s in stream] == ["One.", "Two"]
