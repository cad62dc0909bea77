"""A run at the pace of a screen."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import ResponseTextDeltaEvent
from openai.types.responses.response_text_delta_event import Logprob
from reactivex.subject import Subject

from rxagents import Agent, RawResponsesStreamEvent, Runner, Stream, StreamEvent
from rxagents import operators as ops
from rxagents.events import AgentUpdatedStreamEvent
from rxagents.testing import Delay, ScriptedModel, assistant_message
from rxagents.testing.virtual_time import run


def delta(text: str, number: int = 0, *, item: str = "m", part: int = 0) -> StreamEvent:
    data = ResponseTextDeltaEvent(
        type="response.output_text.delta",
        delta=text,
        item_id=item,
        content_index=part,
        output_index=0,
        sequence_number=number,
        logprobs=[Logprob(token=text, logprob=-1.0)],
    )
    return RawResponsesStreamEvent(data=data, seq=number, turn=1)


def other() -> StreamEvent:
    return AgentUpdatedStreamEvent(new_agent=Agent("A"))


def told(event: StreamEvent) -> str:
    """The text of a delta; a dash for every other event."""
    if isinstance(event, RawResponsesStreamEvent):
        assert isinstance(event.data, ResponseTextDeltaEvent)
        return event.data.delta
    return "-"


class Source:
    """Tells each event after its pause in seconds; a string is a delta, a dash another event."""

    def __init__(self, *score: StreamEvent | str | float, error: Exception | None = None) -> None:
        self.score = score
        self.error = error
        self.emitted = 0
        self.closed_at: float | None = None
        self.stream = Stream.from_async_iterable(self.read)

    async def read(self) -> AsyncIterator[StreamEvent]:
        try:
            for each in self.score:
                if isinstance(each, (int, float)):
                    await asyncio.sleep(each)
                    continue
                self.emitted += 1
                if isinstance(each, str):
                    yield other() if each == "-" else delta(each, self.emitted)
                else:
                    yield each
            if self.error:
                raise self.error
        finally:
            self.closed_at = asyncio.get_running_loop().time()


async def timed(source: Source, rate: float = 10) -> list[tuple[float, str]]:
    """What comes, and when: in seconds since the subscription."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    out: list[tuple[float, str]] = []
    done = asyncio.Event()

    def note(what: str) -> None:
        out.append((round(loop.time() - began, 4), what))

    def end(error: Exception | None = None) -> None:
        note("|" if error is None else str(error))
        done.set()

    source.stream.pipe(ops.frame(rate)).subscribe(lambda event: note(told(event)), end, end)
    await done.wait()
    return out


async def test_the_first_delta_comes_at_once_and_then_one_a_frame() -> None:
    source = Source(0.01, "a", 0.03, "b", 0.03, "c", 0.06, "d", 0.01, "e", 0.3, "f", 0.2)
    expected = [(0.01, "a"), (0.11, "bc"), (0.21, "de"), (0.44, "f"), (0.64, "|")]
    assert await timed(source) == expected
    assert await timed(source) == expected, "another subscription begins anew"


async def test_other_events_come_at_once_after_the_text_before_them() -> None:
    source = Source("-", "a", "b", 0.01, "c", 0.01, "-", "-", 0.01, "d", 0.01, "-", 1.0)
    assert await timed(source) == [
        (0.0, "-"),
        (0.0, "a"),
        (0.02, "bc"),
        (0.02, "-"),
        (0.02, "-"),
        (0.04, "d"),
        (0.04, "-"),
        (1.04, "|"),
    ]


async def test_text_of_another_message_or_part_is_not_joined() -> None:
    source = Source(
        delta("a"),
        delta("b"),
        delta("c", item="n"),
        delta("d", item="n"),
        delta("e", item="n", part=1),
        1.0,
    )
    assert await timed(source) == [(0.0, "a"), (0.0, "b"), (0.0, "cd"), (0.1, "e"), (1.0, "|")]


async def test_what_waits_comes_before_the_end_and_before_an_error() -> None:
    assert await timed(Source("a", 0.01, "b", "c")) == [(0.0, "a"), (0.01, "bc"), (0.01, "|")]
    failing = Source("a", 0.01, "b", error=OSError("cut"))
    assert await timed(failing) == [(0.0, "a"), (0.01, "b"), (0.01, "cut")]
    assert await timed(Source()) == [(0.0, "|")]


def test_a_joined_event_is_a_delta_with_the_place_of_its_last() -> None:
    async def main() -> None:
        events = [delta("He", 3), delta("l", 4), delta("lo", 5)]
        source: Subject[StreamEvent] = Subject()
        out: list[StreamEvent] = []
        Stream.from_observable(source).pipe(ops.frame()).subscribe(out.append)
        for event in events:
            source.on_next(event)
        await asyncio.sleep(1)
        assert out[0] is events[0]
        joined = out[1]
        assert isinstance(joined, RawResponsesStreamEvent)
        assert isinstance(joined.data, ResponseTextDeltaEvent)
        assert joined.data.delta == "llo"
        assert (joined.seq, joined.turn, joined.data.sequence_number) == (5, 1, 5)
        assert joined.data.item_id == "m"
        assert [each.token for each in joined.data.logprobs] == ["l", "lo"]
        assert [told(event) for event in events] == ["He", "l", "lo"], "they are untouched"

    run(main())


@given(st.lists(st.one_of(st.sampled_from(["x", "yy", "-"]), st.floats(0.001, 0.3)), max_size=40))
def test_no_character_is_lost_and_the_order_is_kept(score: list[str | float]) -> None:
    async def main() -> None:
        out = await timed(Source(*score))
        assert "".join(what for _, what in out[:-1]) == "".join(
            each for each in score if isinstance(each, str)
        )
        assert out[-1][1] == "|"

    run(main())


async def test_a_run_says_the_same_in_fewer_events() -> None:
    said = "One two three four five six seven eight nine ten eleven twelve."
    model = ScriptedModel([[Delay(0.5), assistant_message(said)]])
    plain = [e async for e in Runner.observe(Agent("A", model=model), "go")]
    model = ScriptedModel([[Delay(0.5), assistant_message(said)]])
    framed = [e async for e in Runner.observe(Agent("A", model=model), "go").pipe(ops.frame(30))]

    def words(events: list[StreamEvent]) -> str:
        return "".join(told(event) for event in events if is_text(event))

    def others(events: list[StreamEvent]) -> list[str]:
        return [event.type for event in events if not is_text(event)]

    assert words(framed) == words(plain) == said
    assert others(framed) == others(plain)
    assert len(framed) < len(plain)
    numbers = [event.seq for event in framed]
    assert numbers == sorted(numbers)


async def test_leaving_leaves_the_source_and_cancels_the_timer() -> None:
    source, out = Source("a", 0.01, "b", 5.0, "c"), []
    subscription = source.stream.pipe(ops.frame(1)).subscribe(lambda e: out.append(told(e)))
    await asyncio.sleep(0.5)
    subscription.dispose()
    await asyncio.sleep(0)
    assert source.closed_at == 0.5
    await asyncio.sleep(10)
    assert out == ["a"]
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_no_timer_runs_while_no_text_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    source: Subject[StreamEvent] = Subject()
    Stream.from_observable(source).pipe(ops.frame(1)).subscribe()
    timers: list[asyncio.TimerHandle] = []
    call_at = loop.call_at

    def noticed(*args: Any, **options: Any) -> asyncio.TimerHandle:
        timers.append(call_at(*args, **options))
        return timers[-1]

    monkeypatch.setattr(loop, "call_at", noticed)
    source.on_next(delta("a"))
    assert timers == [], "it comes at once"
    source.on_next(delta("b"))
    assert len(timers) == 1
    source.on_next(delta("c"))
    assert len(timers) == 1
    source.on_next(other())
    assert [timer.cancelled() for timer in timers] == [True]


async def test_a_slow_consumer_holds_back_the_source() -> None:
    source = Source(*(["a", "-"] * 500))
    taken = 0
    async for _ in source.stream.pipe(ops.frame()).iterate(high=8):
        taken += 1
        assert source.emitted - taken <= 8
        if taken % 50 == 0:
            await asyncio.sleep(1)
    assert taken == 1000


async def test_a_source_that_never_waits_fills_no_memory() -> None:
    source = Source(*(["a"] * 10_000))
    sizes = [len(told(event)) async for event in source.stream.pipe(ops.frame())]
    assert sum(sizes) == 10_000
    assert max(sizes) == 1024


def is_text(event: StreamEvent) -> bool:
    return isinstance(event, RawResponsesStreamEvent) and isinstance(
        event.data, ResponseTextDeltaEvent
    )


@pytest.mark.parametrize("rate", [0.0, -1.0, math.inf, math.nan])
def test_impossible_rates_are_refused_at_once(rate: float) -> None:
    with pytest.raises(ValueError, match="rate must be more than 0 frames a second"):
        ops.frame(rate)
