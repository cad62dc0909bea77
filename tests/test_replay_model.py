"""ReplayModel: a recorded run drives an agent again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from loopback import Cut, LoopbackServer, call_events, stream, text_events

from rxagents import (
    Agent,
    AgentUpdatedStreamEvent,
    Model,
    ModelResponseError,
    ModelStreamError,
    OpenAIResponsesModel,
    RawResponsesStreamEvent,
    RecordedRunFailed,
    RecordingError,
    RecordingExhausted,
    ReplayModel,
    RunConfig,
    RunItemStreamEvent,
    Runner,
    Stream,
    StreamEvent,
    ToolCallError,
    function_tool,
)
from rxagents import operators as ops
from rxagents.openai_types import typed_event
from rxagents.recording import RecordingWriter, format, reader
from rxagents.testing import (
    Delay,
    ScriptedModel,
    assistant_message,
    function_call,
    response_events,
)
from rxagents.testing.scripted import Turn


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


@function_tool
async def weather(city: str) -> str:
    """Tell the weather."""
    await asyncio.sleep(2)
    return f"Rain in {city}."


@function_tool
async def population(city: str) -> int:
    """Tell how many live there."""
    await asyncio.sleep(1)
    return 700_000


def desk(model: Model) -> Agent:
    """An agent with two tools that hands over to another one, on the same model."""
    poet = Agent("Poet", model=model)
    return Agent("Desk", tools=[weather, population], handoffs=[poet], model=model)


SCRIPT: list[Turn] = [
    [
        function_call("weather", {"city": "Oslo"}),
        function_call("population", {"city": "Oslo"}),
    ],
    [Delay(3), function_call("transfer_to_poet")],
    [assistant_message("Rain on many roofs.")],
]


def said(event: StreamEvent) -> dict[str, Any]:
    """The event without what is of its run alone."""
    return {**event.to_dict(), "run_id": "", "time": 0.0}


async def record(path: Path, agent: Agent, *, mode: Any = "w") -> list[StreamEvent]:
    recorded = Runner.observe(agent, "?").pipe(ops.record(path, mode=mode))
    return [event async for event in recorded]


# --- the same run again ---------------------------------------------------------------------


async def test_a_recorded_run_drives_the_agents_again(path: Path) -> None:
    first = await record(path, desk(ScriptedModel(SCRIPT)))
    run = Runner.run_streamed(desk(ReplayModel(path)), "?")
    again = [event async for event in run.stream_events()]
    assert [said(event) for event in again] == [said(event) for event in first]
    assert {type(event) for event in again} == {type(event) for event in first}
    assert run.final_output == "Rain on many roofs."
    assert run.last_agent.name == "Poet"
    assert [item.type for item in run.new_items] == [
        "tool_call_item",
        "tool_call_item",
        "tool_call_output_item",
        "tool_call_output_item",
        "handoff_call_item",
        "handoff_output_item",
        "message_output_item",
    ]


async def test_a_run_over_the_network_comes_back_without_it(path: Path) -> None:
    script = [
        stream(*call_events("weather", {"city": "Oslo"})),
        stream(*call_events("transfer_to_poet", {})),
        stream(*text_events("Rain on many roofs.")),
    ]
    async with LoopbackServer(script) as server:
        model = OpenAIResponsesModel("m", server.client())
        first = await record(path, desk(model))
    result = await Runner.run(desk(ReplayModel(path)), "?")
    assert result.final_output == "Rain on many roofs."
    assert len(result.raw_responses) == 3
    again = [event async for event in Runner.observe(desk(ReplayModel(path)), "?")]
    assert [said(event) for event in again] == [said(event) for event in first]


async def test_it_can_be_the_model_of_a_whole_run(path: Path) -> None:
    await record(path, desk(ScriptedModel(SCRIPT)))
    config = RunConfig(model=ReplayModel(path))
    result = await Runner.run(desk(ScriptedModel()), "?", run_config=config)
    assert result.final_output == "Rain on many roofs."


async def test_without_a_speed_nothing_waits_but_the_tools(path: Path) -> None:
    loop = asyncio.get_running_loop()
    await record(path, desk(ScriptedModel(SCRIPT)))
    for speed, seconds in [("max", 2.0), (1.0, 5.0), (2.0, 3.5)]:
        start = loop.time()
        await Runner.run(desk(ReplayModel(path, speed)), "?")  # type: ignore[arg-type]
        assert loop.time() - start == pytest.approx(seconds, abs=1e-5), "2 are the tool's"


async def test_the_time_to_the_first_event_counts_from_what_came_before_it(path: Path) -> None:
    writer = RecordingWriter(path)
    writer.write(AgentUpdatedStreamEvent(Agent("Poet"), run_id="1", time=1000.0))
    for second, data in enumerate(response_events([assistant_message("Rain.")])):
        writer.write(RawResponsesStreamEvent(data, run_id="1", turn=1, time=1010.0 + second))
    writer.end("completed")
    run = Runner.observe(Agent("Poet", model=ReplayModel(path, 2.0)), "?")
    start = asyncio.get_running_loop().time()
    await run.pipe(ops.raw()).first()
    assert asyncio.get_running_loop().time() - start == 5.0


async def test_a_long_answer_gives_the_loop_back(path: Path) -> None:
    text = "word " * 2000
    await record(path, Agent("Poet", model=ScriptedModel([[assistant_message(text)]])))
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    await Runner.run(Agent("Poet", model=ReplayModel(path)), "?")
    task.cancel()
    assert turns > 5


# --- several runs in a file -----------------------------------------------------------------


def poet(*lines: str) -> Agent:
    return Agent("Poet", model=ScriptedModel([[assistant_message(line)] for line in lines]))


async def test_recordings_in_one_file_answer_one_after_another(path: Path) -> None:
    agent = poet("One.", "Two.", "Three.")
    for _ in range(3):
        last = await record(path, agent, mode="a")
    replayed = Agent("Poet", model=ReplayModel(path))
    answers = [(await Runner.run(replayed, "?")).final_output for _ in range(3)]
    assert answers == ["One.", "Two.", "Three."]
    with pytest.raises(RecordingExhausted, match="it has 3 turns, and"):
        await Runner.run(replayed, "?")
    chosen = Agent("Poet", model=ReplayModel(path, run_id=last[0].run_id))
    assert (await Runner.run(chosen, "?")).final_output == "Three."


async def test_turns_whose_events_are_mixed_are_taken_apart(path: Path) -> None:
    runs = [await record(path, poet(text)) for text in ("One two three.", "Four five six.")]
    writer = RecordingWriter(path)
    for pair in zip(*runs, strict=True):
        for event in pair:
            writer.write(event)
    writer.end("completed")
    replayed = Agent("Poet", model=ReplayModel(path))
    results = await asyncio.gather(Runner.run(replayed, "?"), Runner.run(replayed, "?"))
    assert [result.final_output for result in results] == ["One two three.", "Four five six."]


# --- where the recording ends ---------------------------------------------------------------


async def test_a_call_too_many_is_told(path: Path) -> None:
    await record(path, poet("Rain."))
    replayed = Agent("Poet", model=ReplayModel(path))
    await Runner.run(replayed, "?")
    with pytest.raises(RecordingExhausted) as caught:
        await Runner.run(replayed, "?")
    assert str(caught.value) == (
        f"{path}: it has 1 turn, and the model was called once more: the agents, the tools or what "
        "they return differ from the recorded run's"
    )
    assert caught.value.path == str(path)
    assert caught.value.run_data is not None


async def test_a_recording_without_a_turn_is_told(path: Path) -> None:
    run = Runner.observe(poet("Rain."), "?")
    await run.pipe(ops.of_type(RunItemStreamEvent), ops.record(path))
    with pytest.raises(RecordingExhausted, match="no turn of a model in it: record all events"):
        await Runner.run(Agent("Poet", model=ReplayModel(path)), "?")


async def test_an_unknown_run_is_told(path: Path) -> None:
    await record(path, poet("Rain."))
    with pytest.raises(RecordingExhausted, match="no turn of a model of the run 'x' in it"):
        await Runner.run(Agent("Poet", model=ReplayModel(path, run_id="x")), "?")


async def test_a_turn_that_was_left_fails_after_what_there_is_of_it(path: Path) -> None:
    recorded = Runner.observe(poet("One two three four five."), "?").pipe(ops.record(path))
    await recorded.pipe(ops.text_deltas(), ops.take(3)).drain()
    run = Runner.run_streamed(Agent("Poet", model=ReplayModel(path)), "?")
    seen: list[str] = []
    with pytest.raises(RecordingExhausted, match="the recording was left in this turn"):
        async for delta in run.pipe(ops.text_deltas()):
            seen.append(delta)
    assert len(seen) == 3


async def test_a_turn_that_broke_off_fails_as_it_did(path: Path) -> None:
    events = text_events("One two three.")
    async with LoopbackServer([stream(*events[:6], Cut())]) as server:
        agent = Agent("Poet", model=OpenAIResponsesModel("m", server.client()))
        with pytest.raises(ModelStreamError) as recorded:
            await record(path, agent)
    replayed = Agent("Poet", model=ReplayModel(path))
    run = Runner.run_streamed(replayed, "?")
    with pytest.raises(RecordedRunFailed) as caught:
        await run
    assert caught.value.class_name == "rxagents.exceptions.ModelStreamCutError"
    assert caught.value.message == str(recorded.value)
    assert await run.pipe(ops.catch(Stream.of()), ops.raw(), ops.count()) == 6
    with pytest.raises(RecordingExhausted, match="it has 1 turn, and"):
        await Runner.run(replayed, "?")


async def test_a_call_that_failed_before_its_answer_began_fails_again(path: Path) -> None:
    script: list[Turn] = [[function_call("population", {"city": "Oslo"})], OSError("no route")]
    with pytest.raises(OSError, match="no route"):
        await record(path, desk(ScriptedModel(script)))
    replayed = desk(ReplayModel(path))
    run = Runner.run_streamed(replayed, "?")
    with pytest.raises(RecordedRunFailed, match="the recorded run failed: OSError: no route"):
        await run
    assert [item.type for item in run.new_items] == ["tool_call_item", "tool_call_output_item"]


async def test_a_failure_in_the_answer_itself_is_the_runs_own_again(path: Path) -> None:
    done = response_events([assistant_message("One two.")])
    failed: Any = {
        "type": "response.incomplete",
        "sequence_number": 9,
        "response": {**done[0].model_dump()["response"], "status": "incomplete"},
    }
    with pytest.raises(ModelResponseError):
        await record(path, Agent("Poet", model=ScriptedModel([[*done[:-1], typed_event(failed)]])))
    with pytest.raises(ModelResponseError, match="before its response was complete"):
        await Runner.run(Agent("Poet", model=ReplayModel(path)), "?")


async def test_an_attempt_that_was_made_again_ends_where_it_broke_off(path: Path) -> None:
    whole = response_events([assistant_message("One two.")])
    writer = RecordingWriter(path)
    for attempt, events in [(1, whole[:4]), (2, whole)]:
        for data in events:
            writer.write(RawResponsesStreamEvent(data, run_id="run_1", turn=1, attempt=attempt))
    writer.end("completed")
    replayed = Agent("Poet", model=ReplayModel(path))
    with pytest.raises(ModelStreamError, match="after 4 events without response.completed"):
        await Runner.run(replayed, "?")
    assert (await Runner.run(replayed, "?")).final_output == "One two."


async def test_a_tool_that_fails_again_is_a_failure_of_its_own(path: Path) -> None:
    async def fail(city: str) -> str:
        raise KeyError(city)

    tool = function_tool(fail, failure_error_function=None)
    script: list[Turn] = [[function_call("fail", {"city": "Oslo"})]]
    for model, file in [(ScriptedModel(script), path), (ReplayModel(path), path.with_suffix(".2"))]:
        agent = Agent("Desk", tools=[tool], model=model)
        with pytest.raises(ToolCallError, match="the tool 'fail' raised KeyError: 'Oslo'"):
            await record(file, agent)


# --- the file -------------------------------------------------------------------------------


async def test_a_file_that_cannot_be_used_fails_the_run(path: Path) -> None:
    agent = Agent("Poet", model=ReplayModel(path))
    with pytest.raises(FileNotFoundError):
        await Runner.run(agent, "?")
    RecordingWriter(path).close()
    with path.open("ab") as file:
        file.write(b'{"type":"raw_response_event"}\n')
    with pytest.raises(RecordingError, match="line 2: the event lacks its 'data'"):
        await Runner.run(agent, "?")


async def test_it_reads_no_further_than_it_must(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = poet(*["One two three."] * 20)
    for _ in range(20):
        await record(path, agent, mode="a")
    lines = 0
    decode = format.decode

    def counted(line: bytes) -> dict[str, Any]:
        nonlocal lines
        lines += 1
        return decode(line)

    monkeypatch.setattr(reader, "decode", counted)
    replayed, seen = Agent("Poet", model=ReplayModel(path)), list[int]()
    for _ in range(20):
        await Runner.run(replayed, "?")
        seen.append(lines)
    each = seen[1] - seen[0]
    assert each < 20
    assert seen == [seen[0] + each * number for number in range(20)]


def test_bad_arguments_are_refused_at_the_call(path: Path) -> None:
    with pytest.raises(ValueError, match='speed must be a number greater than 0, or "max", not 0'):
        ReplayModel(path, 0)
