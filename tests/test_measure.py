"""What a run takes: timings, usage."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import (
    ResponseComputerToolCall,
    ResponseFailedEvent,
    ResponseIncompleteEvent,
    ResponseOutputItem,
    ResponseOutputMessage,
    ResponseOutputRefusal,
    ResponseStreamEvent,
    ResponseTextDeltaEvent,
)
from openai.types.responses.response_computer_tool_call import ActionWait
from reactivex.subject import Subject

from rxagents import (
    Agent,
    MaxTurnsExceeded,
    ModelRefusalError,
    ModelResponseError,
    RawResponsesStreamEvent,
    Runner,
    Stream,
    StreamEvent,
    Usage,
    function_tool,
)
from rxagents import operators as ops
from rxagents.events import AgentUpdatedStreamEvent
from rxagents.operators import FirstTokenTiming, RunTiming, Timing, ToolTiming, TurnTiming
from rxagents.testing import (
    Delay,
    ScriptedModel,
    assistant_message,
    cold,
    expect,
    function_call,
    response_events,
)
from rxagents.testing.scripted import Turn
from rxagents.testing.virtual_time import run

Part = ResponseStreamEvent | Delay


@function_tool
async def wait(seconds: float) -> str:
    """Wait."""
    await asyncio.sleep(seconds)
    return "done"


def paced(
    *items: ResponseOutputItem, first: float = 1.0, gap: float = 0.1, last: float = 0.0
) -> list[Part]:
    """The events of a response, with seconds before its first delta, its others, and its end."""
    parts: list[Part] = []
    pause = first
    for event in response_events(items):
        if event.type.endswith(".delta"):
            parts.append(Delay(pause))
            pause = gap
        elif event.type == "response.completed":
            parts.append(Delay(last))
        parts.append(event)
    return parts


def asks(seconds: float, call_id: str = "call") -> ResponseOutputItem:
    return function_call("wait", {"seconds": seconds}, call_id=call_id)  # two deltas


def agent(*turns: Turn, **options: Any) -> Agent:
    return Agent("A", model=ScriptedModel(turns), tools=[wait], **options)


def two_turns() -> Agent:
    """2 deltas at 1 and 1.1 s, the end at 1.6 s, the output at 4.1; 3 deltas from 5.1 on."""
    said = assistant_message("It is done.")
    return agent(paced(asks(2.5), last=0.5), paced(said))


async def told(source: Stream[StreamEvent]) -> list[Timing]:
    return await source.pipe(ops.timings(), ops.to_list())


async def told_until_error(source: Stream[StreamEvent]) -> tuple[list[Timing], Exception]:
    out: list[Timing] = []
    try:
        async for timing in source.pipe(ops.timings()):
            out.append(timing)
    except Exception as error:
        return out, error
    raise AssertionError("it must fail")


def short(timings: Sequence[Timing]) -> list[str]:
    """The kinds, with a ~ where something is not complete."""
    cut = {True: "", False: "~"}
    return [f"{t.kind}{cut[getattr(t, 'complete', True)]} {t.seconds:g}" for t in timings]


def about(value: float) -> Any:
    return pytest.approx(value)


def delta(text: str = "x", **position: Any) -> RawResponsesStreamEvent:
    data = ResponseTextDeltaEvent(
        type="response.output_text.delta",
        delta=text,
        item_id="m",
        content_index=0,
        output_index=0,
        sequence_number=0,
        logprobs=[],
    )
    return RawResponsesStreamEvent(data, **position)


def completed(*items: ResponseOutputItem, **position: Any) -> RawResponsesStreamEvent:
    return RawResponsesStreamEvent(response_events(items)[-1], **position)


# --- timings --------------------------------------------------------------------------------


async def test_timings_of_a_run_with_a_tool() -> None:
    timings = await told(Runner.run_streamed(two_turns(), "go"))
    place: dict[str, Any] = {"run_id": timings[0].run_id, "attempt": 1, "path": ("A",)}
    assert timings == [
        FirstTokenTiming(**place, turn=1, seconds=1.0),
        ToolTiming(**place, turn=1, seconds=3.0, name="wait", call_id="call", waited=0.5),
        TurnTiming(
            **place,
            turn=1,
            seconds=4.1,
            deltas=2,
            mean_gap=0.1,
            longest_gap=0.1,
            deltas_per_second=about(10),
            complete=True,
        ),
        FirstTokenTiming(**place, turn=2, seconds=1.0),
        TurnTiming(
            **place,
            turn=2,
            seconds=1.2,
            deltas=3,
            mean_gap=0.1,
            longest_gap=0.1,
            deltas_per_second=about(10),
            complete=True,
        ),
        RunTiming(
            **place,
            turn=2,
            seconds=5.3,
            turns=2,
            deltas=5,
            tools=1,
            first_token=1.0,
            complete=True,
        ),
    ]
    assert [timing.agent for timing in timings] == ["A"] * 6


async def test_each_timing_comes_as_soon_as_it_is_known() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    seen: list[tuple[float, str]] = []
    async for timing in Runner.observe(two_turns(), "go").pipe(ops.timings()):
        seen.append((round(loop.time() - began, 6), timing.kind))
    assert seen == [
        (1.0, "first_token"),
        (4.1, "tool"),
        (4.1, "turn"),
        (5.1, "first_token"),
        (5.3, "turn"),
        (5.3, "run"),
    ]


async def test_the_gaps_are_those_between_deltas() -> None:
    source = [
        delta(time=0.5, turn=1),
        delta(time=1.5, turn=1),
        completed(time=9.0, turn=1),
    ]
    source[2:2] = [delta(time=1.7, turn=1), delta(time=3.5, turn=1)]
    *_, turn, _ = await told(Stream.from_iterable(source))
    assert isinstance(turn, TurnTiming)
    assert (turn.deltas, turn.mean_gap, turn.longest_gap) == (4, 1.0, 1.8)
    assert turn.deltas_per_second == 1.0


async def test_a_single_delta_has_no_gap() -> None:
    *_, turn, _ = await told(Stream.of(delta(turn=1), completed(turn=1)))
    assert isinstance(turn, TurnTiming)
    assert (turn.deltas, turn.mean_gap, turn.longest_gap) == (1, None, None)
    assert turn.deltas_per_second is None


async def test_an_empty_delta_is_no_token() -> None:
    source = Stream.of(delta("", time=1, turn=1), delta("x", time=3, turn=1))
    first, turn, _ = await told(source)
    assert first.seconds == 2
    assert isinstance(turn, TurnTiming)
    assert turn.deltas == 1


@pytest.mark.parametrize("kind", ["reasoning", "refusal", "arguments"])
async def test_all_that_a_model_writes_is_a_token(kind: str) -> None:
    types = {
        "reasoning": "response.reasoning_summary_text.delta",
        "refusal": "response.refusal.delta",
        "arguments": "response.function_call_arguments.delta",
    }
    event = delta(turn=1)
    event.data = event.data.model_copy(update={"type": types[kind]})
    first, *_ = await told(Stream.of(event))
    assert first.kind == "first_token"


async def test_parallel_tools_are_told_as_they_end() -> None:
    calls = [asks(3, "slow"), asks(1, "fast")]
    timings = await told(Runner.observe(agent(paced(*calls, gap=0.5), paced()), "go"))
    tools = [timing for timing in timings if isinstance(timing, ToolTiming)]
    # The first call is whole at 1.5 s, the second, and with it the response, at 2.5 s.
    assert [(tool.call_id, tool.seconds, tool.waited) for tool in tools] == [
        ("fast", 1.0, 0.0),
        ("slow", 4.0, 1.0),
    ]
    assert short(timings)[:4] == ["first_token 1", "tool 1", "tool 4", "turn 5.5"]


async def test_calls_with_the_same_id_are_answered_one_after_another() -> None:
    calls = [asks(1, "same"), asks(3, "same")]
    timings = await told(Runner.observe(agent(paced(*calls, gap=0.5), paced()), "go"))
    assert short(timings)[1:3] == ["tool 2", "turn 3.5"], "over with the first, as far as is known"
    assert short(timings)[3] == "tool 3"


async def test_a_handoff_ends_a_turn_and_is_no_tool() -> None:
    after = Agent("B", model=ScriptedModel([paced(assistant_message("I am B."))]))
    other = Agent("C", model=ScriptedModel([]))
    calls = [function_call("transfer_to_b"), function_call("transfer_to_c"), asks(2)]
    before = agent(paced(*calls, gap=0), handoffs=[after, other])
    timings = await told(Runner.observe(before, "go"))
    assert short(timings) == [
        "first_token 1",
        "tool 2",  # and none for the handoff that was refused
        "turn 3",
        "first_token 1",
        "turn 1.2",
        "run 4.2",
    ]
    assert [timing.agent for timing in timings] == ["A", "A", "A", "B", "B", "B"]


async def test_a_handoff_that_is_told_by_its_item_alone_is_waited_for() -> None:
    after = Agent("B", model=ScriptedModel([]))
    call = without_output(response_events([function_call("transfer_to_b")]))
    events = await Runner.observe(agent(call, handoffs=[after]), "go").pipe(
        ops.catch(Stream.empty()), ops.to_list()
    )
    names = [getattr(event, "name", "") for event in events]
    before = Stream.from_iterable(events[: names.index("handoff_occured")])
    assert short(await told(before)) == ["first_token 0", "turn~ 0", "run~ 0"]


async def test_the_turn_after_a_handoff_begins_where_the_one_before_ended() -> None:
    after = Agent("B", model=ScriptedModel([paced(assistant_message("I"), first=2)]))
    before = agent(paced(function_call("transfer_to_b")), handoffs=[after])
    raw = Runner.observe(before, "go").filter(lambda event: event.type == "raw_response_event")
    assert short(await told(raw.filter(is_written))) == [
        *["first_token 0", "turn 0"],
        *["first_token 2", "turn 2"],
        "run 2",
    ]


def is_written(event: StreamEvent) -> bool:
    """Whether it is a delta or the end of a response that is no handoff."""
    return (
        event.type == "raw_response_event"
        and event.data.type.endswith((".delta", ".completed"))
        and not (event.turn == 1 and event.data.type == "response.completed")
    )


def without_output(events: list[ResponseStreamEvent]) -> list[ResponseStreamEvent]:
    """As from a server that does not repeat the output in the end."""
    last: Any = events[-1]
    response = last.response.model_copy(update={"output": []})
    return [*events[:-1], last.model_copy(update={"response": response})]


async def test_a_hosted_tool_has_no_output_and_holds_up_no_turn() -> None:
    click = ResponseComputerToolCall(
        id="c",
        call_id="c",
        type="computer_call",
        status="completed",
        action=ActionWait(type="wait"),
        pending_safety_checks=[],
    )
    answer = paced(click, assistant_message("Found."))
    assert short(await told(Runner.observe(agent(answer), "go"))) == [
        "first_token 1",
        "turn 1",
        "run 1",
    ]


@pytest.mark.parametrize("left_out", [".done", ".delta", "output"])
async def test_what_lenient_servers_leave_out_is_not_missed(left_out: str) -> None:
    events = response_events([asks(2)])
    if left_out == "output":
        events = without_output(events)
    script = [event for event in events if not event.type.endswith(left_out)]
    timings = await told(Runner.observe(agent(script, paced()), "go"))
    kinds = [timing.kind for timing in timings if timing.turn == 1]
    assert kinds == ["first_token"] * (left_out != ".delta") + ["tool", "turn"]


async def test_a_run_without_deltas_has_turns_and_no_first_token() -> None:
    script = [Delay(2), *[e for e in paced(assistant_message("Hi")) if not is_delta(e)]]
    turn, whole = await told(Runner.observe(agent(script), "go"))
    assert isinstance(turn, TurnTiming)
    assert (turn.seconds, turn.deltas, turn.mean_gap) == (3.0, 0, None)
    assert isinstance(whole, RunTiming)
    assert (whole.first_token, whole.deltas, whole.complete) == (None, 0, True)


def is_delta(part: Part) -> bool:
    return not isinstance(part, Delay) and part.type.endswith(".delta")


async def test_nothing_is_told_of_nothing() -> None:
    assert await Stream.empty().pipe(ops.timings(), ops.to_list()) == []
    timings, error = await told_until_error(Stream.throw(OSError("cut")))
    assert (timings, str(error)) == ([], "cut")


async def test_an_error_in_a_turn_comes_after_what_is_known_of_it() -> None:
    cut = agent([asks(1)], [assistant_message("Half of"), Delay(2), OSError("cut")])
    timings, error = await told_until_error(Runner.observe(cut, "go"))
    assert isinstance(error, OSError)
    assert short(timings)[3:] == ["first_token 0", "turn~ 0", "run~ 1"]
    turn, whole = timings[-2:]
    assert isinstance(turn, TurnTiming)
    assert isinstance(whole, RunTiming)
    assert turn.deltas == 2
    assert (whole.turns, whole.deltas, whole.tools) == (2, 4, 1)


async def test_an_error_after_the_answer_spoils_the_run_and_not_the_turn() -> None:
    refused = ResponseOutputMessage(
        id="m",
        type="message",
        role="assistant",
        status="completed",
        content=[ResponseOutputRefusal(type="refusal", refusal="I cannot.")],
    )
    timings, error = await told_until_error(Runner.observe(agent(paced(refused)), "go"))
    assert isinstance(error, ModelRefusalError)
    assert short(timings) == ["first_token 1", "turn 1.1", "run~ 1.1"]


async def test_a_run_with_too_many_turns_is_not_complete() -> None:
    source = Runner.observe(agent(paced(asks(1))), "go", max_turns=1)
    timings, error = await told_until_error(source)
    assert isinstance(error, MaxTurnsExceeded)
    assert short(timings)[-2:] == ["turn 2.1", "run~ 2.1"]


async def test_a_run_that_is_stopped_is_not_complete() -> None:
    stopped = Runner.run_streamed(two_turns(), "go")
    asyncio.get_running_loop().call_later(2, stopped.cancel)
    assert short(await told(stopped)) == ["first_token 1", "turn~ 1.6", "run~ 1.6"]
    stopped = Runner.run_streamed(two_turns(), "go")
    stopped.cancel("after_turn")
    assert short(await told(stopped))[-2:] == ["turn 4.1", "run~ 4.1"]


async def test_a_recording_and_a_slow_consumer_change_nothing() -> None:
    started = Runner.run_streamed(two_turns(), "go")
    timings = await told(started)
    recorded = [event async for event in started.stream_events()]
    await asyncio.sleep(100)
    assert await told(Stream.from_iterable(recorded)) == timings
    late: list[Timing] = []
    async for timing in started.pipe(ops.timings()):
        late.append(timing)
        await asyncio.sleep(10)
    assert late == timings


async def test_a_retried_attempt_has_its_own_first_token_and_only_its_deltas_count() -> None:
    begin = AgentUpdatedStreamEvent(Agent("A"), time=10.0)
    lost = [delta(time=11.0, turn=1), delta(time=12.0, turn=1)]
    again = [delta(time=t, turn=1, attempt=2) for t in (20.0, 21.5)]
    end = completed(time=22.0, turn=1, attempt=2)
    timings = await told(Stream.of(begin, *lost, *again, end))
    assert short(timings) == ["first_token 1", "first_token 10", "turn 12", "run 12"]
    assert [timing.attempt for timing in timings] == [1, 2, 2, 2]
    turn, whole = timings[-2:]
    assert isinstance(turn, TurnTiming)
    assert (turn.deltas, turn.longest_gap) == (2, 1.5)
    assert isinstance(whole, RunTiming)
    assert (whole.turns, whole.deltas, whole.first_token) == (1, 2, 1.0)


async def test_an_attempt_after_the_end_of_a_turn_is_a_turn_of_its_own() -> None:
    first = [delta(time=1.0, turn=1), completed(time=2.0, turn=1)]
    again = [delta(time=5.0, turn=1, attempt=2), completed(time=6.0, turn=1, attempt=2)]
    assert short(await told(Stream.of(*first, *again))) == [
        *["first_token 0", "turn 1"],
        *["first_token 3", "turn 4"],
        "run 5",
    ]


async def test_a_run_that_goes_on_after_an_answer_is_not_complete_until_the_next() -> None:
    events = [completed(turn=1), delta(turn=2)]
    assert short(await told(Stream.from_iterable(events))) == [
        *["turn 0", "first_token 0", "turn~ 0"],
        "run~ 0",
    ]


async def test_a_nested_agent_is_timed_beside_the_one_that_asked_it() -> None:
    calls = [event async for event in Runner.observe(two_turns(), "go")]
    outer = [replace(event, run_id="r") for event in calls]
    inside = next(n for n, event in enumerate(outer) if getattr(event, "name", "") == "tool_output")
    at = outer[inside].time - 2.0

    def nested(at: float) -> list[StreamEvent]:
        place: dict[str, Any] = {"run_id": "r", "path": ("A", "B")}
        return [
            AgentUpdatedStreamEvent(Agent("B"), time=at, **place),
            delta(time=at + 0.5, turn=1, **place),
            completed(time=at + 0.7, turn=1, **place),
        ]

    both = [*outer[:inside], *nested(at), *nested(at + 1), *outer[inside:]]
    timings = await told(Stream.from_iterable(both))
    assert short([t for t in timings if t.agent == "B"]) == ["first_token 0.5", "turn 0.7"] * 2
    alone = await told(Stream.from_iterable(outer))
    assert [t for t in timings if t.agent == "A"][:-1] == alone[:-1]
    whole = timings[-1]
    assert isinstance(whole, RunTiming)
    assert (whole.seconds, whole.turns, whole.deltas, whole.complete) == (5.3, 4, 7, True)
    cut = await told(Stream.from_iterable(both[: inside + 6]))
    assert short(cut)[-2:] == ["turn~ 1.6", "run~ 3.8"], "an answer inside is not the run's"


async def test_turns_that_are_counted_anew_do_not_begin_when_the_last_ended() -> None:
    place: dict[str, Any] = {"path": ("A", "B")}  # asked again, by what is left of a filter
    times = [(1, 1.0), (1, 2.0), (2, 4.0), (2, 5.0), (1, 50.0), (1, 51.0)]
    events = [
        (completed if n % 2 else delta)(turn=turn, time=time, **place)
        for n, (turn, time) in enumerate(times)
    ]
    assert short(await told(Stream.from_iterable(events)))[:-1] == [
        *["first_token 0", "turn 1"],
        *["first_token 2", "turn 3"],
        *["first_token 0", "turn 1"],
    ]


async def test_events_made_by_hand_take_no_time() -> None:
    timings = await told(Stream.of(delta(), delta(), completed(assistant_message("xx"))))
    assert short(timings) == ["first_token 0", "turn 0", "run 0"]
    turn = timings[1]
    assert isinstance(turn, TurnTiming)
    assert (turn.mean_gap, turn.deltas_per_second) == (0.0, None)
    assert turn.agent == ""


async def test_a_turn_whose_end_is_filtered_out_is_over_when_the_next_begins() -> None:
    whole = Runner.run_streamed(two_turns(), "go")
    raw = whole.filter(lambda event: event.type == "raw_response_event")
    assert short(await told(raw)) == [
        "first_token 1",
        "turn 1.6",
        "first_token 3.5",  # from the last event that was seen
        "turn 3.7",
        "run 5.3",
    ]
    items = whole.filter(lambda event: event.type == "run_item_stream_event")
    assert short(await told(items)) == ["tool 3", "turn 3", "turn~ 1.2", "run~ 4.2"]


async def test_runs_that_follow_each_other_are_told_one_by_one() -> None:
    def one() -> Stream[StreamEvent]:
        return Runner.observe(agent(paced(assistant_message("Hi"))), "go")

    failing = Runner.observe(agent(OSError("cut")), "go").catch(Stream.empty())
    timings = await told(one().concat(one(), failing, one()))
    assert short(timings) == [
        *["first_token 1", "turn 1", "run 1"] * 2,
        *["first_token 1", "turn 1"],
        *["run~ 0", "run 1"],  # it has not come to its answer, and might go on
    ]


async def test_runs_that_are_merged_are_kept_apart() -> None:
    alone = short(await told(Runner.observe(two_turns(), "go")))
    runs = [Runner.observe(two_turns(), "go") for _ in range(3)]
    timings = await told(runs[0].merge(runs[1], runs[2]))
    for run_id in {timing.run_id for timing in timings}:
        assert short([timing for timing in timings if timing.run_id == run_id]) == alone


async def test_a_stream_of_runs_without_end_fills_no_memory() -> None:
    events = Stream.from_iterable(range(1000)).map(lambda n: delta(run_id=str(n), turn=1))
    source: Subject[StreamEvent] = Subject()
    seen: list[Timing] = []
    Stream.from_observable(source).pipe(ops.timings()).subscribe(seen.append)
    async for event in events:
        source.on_next(event)
    kinds = [timing.kind for timing in seen]
    assert kinds.count("run") == 1000 - 64
    assert [t.run_id for t in seen if t.kind == "run"] == [str(n) for n in range(1000 - 64)]


def initial(timing: Timing) -> str:
    return timing.kind[0]


async def test_timings_leave_the_source_when_they_are_left() -> None:
    source = cold("              a---a|", {"a": delta(turn=1)})
    timed = source.pipe(ops.timings(), ops.map(initial))
    await expect(timed).to_be("  f----", unsubscribe="--!")
    source.expect_subscriptions("^-!")


async def test_timings_begin_anew_with_each_subscription() -> None:
    source = Stream.of(delta(turn=1, time=1.0), completed(turn=1, time=2.0)).pipe(ops.timings())
    assert await source.pipe(ops.to_list()) == await source.pipe(ops.to_list())


async def test_timings_hold_back_the_source_for_a_slow_consumer() -> None:
    emitted = 0

    async def read() -> AsyncIterator[StreamEvent]:
        nonlocal emitted
        for number in range(500):
            emitted += 1
            yield delta(turn=number)

    taken = 0
    async for _ in Stream.from_async_iterable(read).pipe(ops.timings()).iterate(high=8):
        taken += 1
        assert 2 * emitted - taken <= 8 + 2  # two for each: the turn before, the first token
        if taken % 10 == 0:
            await asyncio.sleep(1)
    assert taken == 1001


async def test_what_is_no_event_ends_timings() -> None:
    source: Subject[Any] = Subject()
    errors: list[Exception] = []
    source.pipe(ops.timings()).subscribe(None, errors.append)
    source.on_next("x")
    assert [type(error) for error in errors] == [AttributeError]
    assert source.observers == []


@given(
    st.lists(
        st.tuples(
            st.lists(st.floats(0, 5), max_size=3),  # what the tools of a turn take
            st.floats(0, 5),
            st.floats(0, 1),
            st.floats(0, 1),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_the_turns_of_a_run_fill_it_without_a_gap(
    plan: list[tuple[list[float], float, float, float]],
) -> None:
    async def main() -> None:
        script: list[Turn] = []
        for tools, first, gap, last in plan:
            calls = [asks(seconds, f"call {n}") for n, seconds in enumerate(tools)]
            script.append(paced(*calls, first=first, gap=gap, last=last))
        script.append(paced(assistant_message("At last.")))
        source = Runner.run_streamed(agent(*script), "go")
        timings = await told(source)
        turns = [timing for timing in timings if isinstance(timing, TurnTiming)]
        whole = timings[-1]
        assert isinstance(whole, RunTiming)
        assert math.isclose(sum(turn.seconds for turn in turns), whole.seconds, abs_tol=1e-5)
        assert whole.turns == len(turns) == source.current_turn
        assert whole.deltas == sum(turn.deltas for turn in turns)
        assert whole.tools == sum(timing.kind == "tool" for timing in timings)
        for turn in turns:
            parts = [
                t for t in timings if t.turn == turn.turn and t.kind in {"first_token", "tool"}
            ]
            assert all(part.seconds <= turn.seconds + 1e-5 for part in parts)
            assert (turn.longest_gap or 0) >= (turn.mean_gap or 0) - 1e-6

    run(main())


# --- usage ----------------------------------------------------------------------------------


async def test_usage_is_the_sum_after_each_response() -> None:
    source = Runner.run_streamed(two_turns(), "go")
    sums = await source.pipe(ops.usage(), ops.to_list())
    assert [(each.requests, each.output_tokens) for each in sums] == [(1, 2), (2, 5)]
    assert sums[-1] == source.context_wrapper.usage
    assert sums[-1] is not source.context_wrapper.usage
    assert await source.pipe(ops.usage(), ops.to_list()) == sums


async def test_a_sum_does_not_change_later() -> None:
    sums: list[Usage] = []
    seen: list[tuple[int, int]] = []

    def note(usage: Usage) -> None:
        sums.append(usage)
        seen.append((usage.requests, usage.total_tokens))

    await Runner.observe(two_turns(), "go").pipe(ops.usage(), ops.tap(note))
    assert [(usage.requests, usage.total_tokens) for usage in sums] == seen == [(1, 2), (2, 5)]
    sums[0].add(sums[1])
    assert sums[1].requests == 2


def ended(kind: str, *, with_usage: bool) -> ResponseStreamEvent:
    response: Any = response_events([assistant_message("a b c")])[-1]
    response = response.response.model_copy(update={} if with_usage else {"usage": None})
    if kind == "incomplete":
        return ResponseIncompleteEvent(
            type="response.incomplete", response=response, sequence_number=9
        )
    return ResponseFailedEvent(type="response.failed", response=response, sequence_number=9)


@pytest.mark.parametrize("kind", ["incomplete", "failed"])
@pytest.mark.parametrize("with_usage", [True, False])
async def test_usage_counts_a_response_that_failed_if_it_tells(kind: str, with_usage: bool) -> None:
    script: list[Part] = [*response_events([assistant_message("a b c")])[:-1]]
    script.append(ended(kind, with_usage=with_usage))
    sums: list[int] = []
    with pytest.raises(ModelResponseError):
        async for usage in Runner.observe(agent(script), "go").pipe(ops.usage()):
            sums.append(usage.output_tokens)
    assert sums == [3] * with_usage


async def test_a_response_that_tells_no_usage_is_one_request() -> None:
    event: Any = response_events([])[-1]
    event.response.usage = None
    source = Runner.run_streamed(agent([event]), "go")
    (usage,) = await source.pipe(ops.usage(), ops.to_list())
    assert usage == Usage(requests=1) == source.context_wrapper.usage


async def test_usage_adds_up_the_runs_of_a_stream_and_begins_anew_for_each_subscriber() -> None:
    source = Stream.of(completed(assistant_message("a b"), turn=1, run_id="1"))
    twice = source.pipe(ops.repeat(2), ops.usage())
    for _ in range(2):
        assert [usage.output_tokens async for usage in twice] == [2, 4]


async def test_usage_of_nothing_and_when_it_is_left() -> None:
    assert await Stream.empty().pipe(ops.usage(), ops.to_list()) == []
    source = cold("                            -a-a-a|", {"a": completed()})
    sums = {"1": Usage(requests=1), "2": Usage(requests=2)}
    await expect(source.pipe(ops.usage())).to_be("-1-2--", sums, unsubscribe="----!")
    source.expect_subscriptions("                 ^---!")
