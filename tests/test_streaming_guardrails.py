"""Output guardrails that watch the text while it is written: nothing forbidden is ever told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.responses import (
    ResponseIncompleteEvent,
    ResponseOutputMessage,
    ResponseOutputText,
    ResponseStreamEvent,
    ResponseTextDeltaEvent,
)

from rxagents import (
    Agent,
    GuardrailFunctionOutput,
    ModelResponseError,
    ModelStreamCutError,
    OutputGuardrail,
    OutputGuardrailTripwireTriggered,
    RunConfig,
    Runner,
    RunResultStreaming,
    StreamEvent,
    function_tool,
    output_guardrail,
)
from rxagents.testing import (
    Delay,
    ScriptedModel,
    assistant_message,
    function_call,
    response_events,
)
from rxagents.testing.virtual_time import run as run_virtual

SECRET = "sesame"


def forbidding(
    every: int, window: int, *, seconds: float = 0, asked: list[str] | None = None
) -> OutputGuardrail[Any]:
    """A guardrail against the word SECRET."""

    async def check(context: Any, agent: Any, text: str) -> GuardrailFunctionOutput:
        if asked is not None:
            asked.append(text)
        if seconds:
            await asyncio.sleep(seconds)
        return GuardrailFunctionOutput(None, SECRET in text)

    return OutputGuardrail[Any](check, "words", True, every, window)


def agent(guardrail: OutputGuardrail[Any], *turns: Any) -> Agent:
    return Agent("A", model=ScriptedModel(list(turns)), output_guardrails=[guardrail])


def cut(
    text: str, sizes: list[int], others: list[Any], *, deltas: bool = True
) -> list[ResponseStreamEvent]:
    """A response with `text` in deltas of these sizes, or none, after items without deltas."""
    events = response_events([*others, assistant_message(text)])
    found: list[ResponseStreamEvent] = []
    for event in events:
        if isinstance(event, ResponseTextDeltaEvent):
            if not deltas or event.delta != text.split(" ")[0]:
                continue
            begin = 0
            for size in [*sizes, len(text)]:
                piece = text[begin : begin + size]
                if piece:
                    found.append(event.model_copy(update={"delta": piece}))
                begin += size
        else:
            found.append(event)
    return found


def in_pieces(text: str, size: int) -> list[ResponseStreamEvent]:
    return cut(text, [size] * (len(text) // size), [])


def told(events: list[StreamEvent]) -> list[str]:
    """Every text in the events: the joined deltas, and what others have whole."""
    deltas: list[str] = []
    whole: list[str] = []
    for event in events:
        if event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
            deltas.append(event.data.delta)
        else:
            whole.append(json.dumps(event.to_dict()))
    return ["".join(deltas), *whole]


async def events_of(run: RunResultStreaming) -> tuple[list[StreamEvent], Exception | None]:
    seen: list[StreamEvent] = []
    try:
        async for event in run:
            seen.append(event)
    except Exception as error:
        return seen, error
    return seen, None


# --- the law --------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(
    words=st.lists(st.sampled_from(["open", " ", "ses", "ame", "s", "sesame", "é", "!"])),
    sizes=st.lists(st.integers(1, 9), max_size=40),
    every=st.integers(1, 30),
    window=st.integers(len(SECRET), 20),
    others=st.lists(st.sampled_from(["call", "message"]), max_size=2),
    deltas=st.booleans(),
)
def test_nothing_forbidden_is_ever_told_and_everything_else_is(
    words: list[str], sizes: list[int], every: int, window: int, others: list[str], deltas: bool
) -> None:
    text = "x" + "".join(words)
    items = [
        function_call("look", call_id=f"c{n}") if kind == "call" else assistant_message(f"<{n}>")
        for n, kind in enumerate(others)
    ]
    events = cut(text, sizes, items, deltas=deltas)
    watched = agent(forbidding(every, window), events, [assistant_message("Ready.")])
    config = RunConfig(tool_not_found_behavior="return_error_to_model")

    async def run() -> tuple[list[StreamEvent], Exception | None]:
        return await events_of(Runner.run_streamed(watched, "x", run_config=config))

    seen, error = run_virtual(run())
    if SECRET in text:
        assert isinstance(error, OutputGuardrailTripwireTriggered)
        assert not any(SECRET in each for each in told(seen))
        assert len(told(seen)[0]) <= text.index(SECRET)  # nor a beginning of it
    else:
        assert error is None
        raw = [event.data for event in seen if event.type == "raw_response_event"]
        assert raw[: len(events)] == events
        assert [event.seq for event in seen] == list(range(len(seen)))


# --- in detail ------------------------------------------------------------------------------


async def test_it_is_asked_each_time_enough_is_new_and_at_the_end() -> None:
    asked: list[str] = []
    events = in_pieces("0123456789abc", 1)
    await events_of(Runner.run_streamed(agent(forbidding(5, 6, asked=asked), events), "x"))
    assert asked == ["01234", "0123456789", "0123456789abc", "0123456789abc"]  # the last is final


async def test_text_is_told_up_to_the_window_behind_what_was_checked() -> None:
    async def stopping(context: Any, agent: Any, text: str) -> GuardrailFunctionOutput:
        return GuardrailFunctionOutput(None, len(text) >= 15)

    guardrail = OutputGuardrail[Any](stopping, None, True, 5, 6)
    seen, error = await events_of(
        Runner.run_streamed(agent(guardrail, in_pieces("0123456789abcdefgh", 1)), "x")
    )
    assert isinstance(error, OutputGuardrailTripwireTriggered)
    assert told(seen)[0] == "0123"
    assert error.guardrail_result.agent_output == "0123456789abcde"
    assert error.run_data is not None
    assert error.run_data.output_guardrail_results == [error.guardrail_result]


async def test_a_slow_check_holds_the_text_and_the_model_back() -> None:
    guardrail = forbidding(100, 10, seconds=2)
    begun = asyncio.get_running_loop().time()
    seen, error = await events_of(
        Runner.run_streamed(agent(guardrail, in_pieces("a" * 250, 10)), "x")
    )
    assert error is None
    times = {
        round(event.time - seen[0].time, 3)
        for event in seen
        if event.type == "raw_response_event" and event.data.type == "response.output_text.delta"
    }
    assert times == {2, 4, 6}
    assert asyncio.get_running_loop().time() - begun == 8  # and once more for the final output


async def test_what_a_server_sends_only_whole_is_checked_too() -> None:
    whole = [response_events([assistant_message(f"say {SECRET}")])[-1]]
    seen, error = await events_of(Runner.run_streamed(agent(forbidding(5, 6), whole), "x"))
    assert isinstance(error, OutputGuardrailTripwireTriggered)
    assert [event.type for event in seen] == ["agent_updated_stream_event"]
    lying = [
        event.model_copy(update={"text": f"say {SECRET}"})
        if event.type == "response.output_text.done"
        else event
        for event in response_events([assistant_message("harmless")])
    ]
    seen, error = await events_of(Runner.run_streamed(agent(forbidding(5, 6), lying), "x"))
    assert isinstance(error, OutputGuardrailTripwireTriggered)
    assert not any(SECRET in each for each in told(seen))


async def test_several_messages_and_parts_are_one_text() -> None:
    parts = [
        ResponseOutputText(type="output_text", text=text, annotations=[]) for text in ("a", "b")
    ]
    message = ResponseOutputMessage(
        id="m", type="message", role="assistant", status="completed", content=list(parts)
    )
    asked: list[str] = []
    turn = [message, assistant_message("c", item_id="n")]
    seen, error = await events_of(
        Runner.run_streamed(agent(forbidding(1, 6, asked=asked), turn), "x")
    )
    assert error is None
    assert asked == ["a", "ab", "abc", "c"]
    assert told(seen)[0] == "abc"


async def test_what_a_cut_stream_has_sent_is_checked_and_told_before_the_failure() -> None:
    broken = ModelStreamCutError("cut", event_index=1)
    events = [*in_pieces("0123456789", 2)[:7], broken]
    seen, error = await events_of(
        Runner.run_streamed(agent(forbidding(100, 50), list(events)), "x")
    )
    assert error is broken
    assert told(seen)[0] == "012345"
    bad = [*in_pieces(f"0{SECRET}9", 2)[:8], broken]
    seen, error = await events_of(Runner.run_streamed(agent(forbidding(100, 50), list(bad)), "x"))
    assert isinstance(error, OutputGuardrailTripwireTriggered)
    assert told(seen)[0] == ""


async def test_an_incomplete_response_is_checked_and_told() -> None:
    whole = in_pieces("0123456789", 2)
    completed: Any = whole[-1]
    response = completed.response.model_copy(update={"status": "incomplete"})
    end = ResponseIncompleteEvent(type="response.incomplete", response=response, sequence_number=99)
    events = [*whole[:7], end]
    seen, error = await events_of(Runner.run_streamed(agent(forbidding(100, 50), events), "x"))
    assert isinstance(error, ModelResponseError)
    assert told(seen)[0] == "012345"
    assert seen[-1].to_dict()["data"]["type"] == "response.incomplete"


async def test_a_guardrail_that_raises_ends_the_run_and_is_no_failure_of_the_model() -> None:
    @output_guardrail(streaming=True, every_chars=1, window=0)
    def broken(context: Any, agent: Any, text: str) -> GuardrailFunctionOutput:
        raise KeyError("down")

    other = ScriptedModel([[assistant_message("Hi.")]])
    seen, error = await events_of(
        Runner.run_streamed(
            agent(broken, [assistant_message("One two.")]),
            "x",
            run_config=RunConfig(fallback_models=[other]),
        )
    )
    assert isinstance(error, KeyError)
    assert error.__notes__ == ["raised by the output guardrail 'broken', which ended the run"]
    assert other.calls == []
    assert told(seen)[0] == ""


async def test_the_runs_streaming_guardrails_watch_too() -> None:
    model = ScriptedModel([[assistant_message(f"say {SECRET} now")]])
    config = RunConfig(output_guardrails=[forbidding(3, 6)])
    seen, error = await events_of(
        Runner.run_streamed(Agent("A", model=model), "x", run_config=config)
    )
    assert isinstance(error, OutputGuardrailTripwireTriggered)
    assert not any(SECRET in each for each in told(seen))
    assert model.closed_early == 1


async def test_a_call_is_told_before_its_output_also_if_tools_start_early() -> None:
    @function_tool
    def look() -> str:
        return "seen"

    turn = [assistant_message("0123456789"), function_call("look"), Delay(1)]
    watched = agent(forbidding(100, 50), turn, [assistant_message("Done.")])
    watched.tools = [look]
    run = Runner.run_streamed(watched, "x", run_config={"tool_start": "on_call"})
    seen, error = await events_of(run)
    assert error is None
    assert [event.name for event in seen if event.type == "run_item_stream_event"] == [
        "message_output_created",
        "tool_called",
        "tool_output",
        "message_output_created",
    ]


async def test_what_is_let_out_at_once_is_bounded_by_a_slow_reader() -> None:
    guardrail = forbidding(1000, 10)
    stream = Runner.observe(agent(guardrail, in_pieces("a" * 1000, 1)), "x")
    count = 0
    async with stream.iterate(high=8, low=4) as events:
        async for _ in events:
            count += 1
            await asyncio.sleep(0.01)
            assert events.demand.peak <= 9
    assert count > 1000


def test_its_pace_is_checked_at_once() -> None:
    def check(context: Any, agent: Any, text: str) -> GuardrailFunctionOutput:
        return GuardrailFunctionOutput(None, False)

    with pytest.raises(ValueError, match="every_chars must be 1 character or more.*not 0 and 3"):
        output_guardrail(streaming=True, every_chars=0, window=3)
    with pytest.raises(ValueError, match="window 0 or more, not 5 and -1"):
        OutputGuardrail(check, streaming=True, every_chars=5, window=-1)
