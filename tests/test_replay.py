"""replay: a recording as a stream."""

from __future__ import annotations

import asyncio
import builtins
import contextlib
from pathlib import Path
from typing import Any

import pytest

from rxagents import (
    Agent,
    AgentUpdatedStreamEvent,
    RawResponsesStreamEvent,
    RecordedRunFailed,
    RecordingError,
    Runner,
    Stream,
    StreamEvent,
    function_tool,
    replay,
)
from rxagents import operators as ops
from rxagents.openai_types import typed_event
from rxagents.recording import RecordingWriter, format, reader
from rxagents.testing import (
    Delay,
    ScriptedModel,
    assistant_message,
    expect,
    function_call,
)
from rxagents.testing.scripted import Turn

DAWN = 1_790_000_000.0
"""When the recordings begin, in Unix time."""


def delta(text: str, time: float = 0.0, run_id: str = "run_1") -> RawResponsesStreamEvent:
    value = {"type": "response.output_text.delta", "delta": text, "item_id": "msg_1"}
    return RawResponsesStreamEvent(typed_event(value), run_id=run_id, time=time)


def write(path: Path, diagram: str, *, mode: Any = "w", run_id: str = "run_1") -> Path:
    """Record a marble diagram, a frame a second: | is completed, # failed, ! left."""
    writer = RecordingWriter(path, mode=mode)
    for frame, letter in enumerate(diagram):
        writer._now = lambda time=DAWN + frame: time  # type: ignore[method-assign, misc]
        if letter == "#":
            writer.end("failed", ValueError("no more"))
        elif letter in "|!":
            writer.end("completed" if letter == "|" else "left")
        elif letter != "-":
            writer.write(delta(letter, DAWN + frame, run_id))
    writer.close()
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


def letters(stream: Stream[StreamEvent]) -> Stream[Any]:
    return stream.pipe(ops.text_deltas())


def clock() -> float:
    return asyncio.get_running_loop().time()


# --- what comes and when --------------------------------------------------------------------


async def test_the_events_are_those_of_the_run(path: Path) -> None:
    @function_tool
    async def weather(city: str) -> str:
        """Tell the weather."""
        await asyncio.sleep(2)
        return f"Rain in {city}."

    call = function_call("weather", {"city": "Oslo"})
    script: list[Turn] = [
        [Delay(1), assistant_message("Let me look."), call],
        [Delay(0.5), assistant_message("It rains.")],
    ]
    agent = Agent("Poet", tools=[weather], model=ScriptedModel(script))
    start = clock()
    seen = [
        (clock() - start, event)
        async for event in Runner.observe(agent, "?").pipe(ops.record(path))
    ]
    assert clock() - start == pytest.approx(3.5)
    for speed in (1.0, 2.0, 0.5):
        start = clock()
        again = [(clock() - start, each) async for each in replay(path, speed, agents=[agent])]
        assert [each.to_dict() for _, each in again] == [each.to_dict() for _, each in seen]
        assert [at for at, _ in again] == pytest.approx([at / speed for at, _ in seen], abs=1e-5)
        update = again[0][1]
        assert isinstance(update, AgentUpdatedStreamEvent)
        assert update.new_agent is agent


async def test_as_drawn(path: Path) -> None:
    write(path, "--a--b----c-d----|")
    await expect(letters(replay(path))).to_be("a--b----c-d----|")
    await expect(letters(replay(path, 2.0)), frame=0.5).to_be("a--b----c-d----|")
    await expect(letters(replay(path, "max"))).to_be("(abcd|)")


async def test_a_failed_recording_fails_with_what_it_tells(path: Path) -> None:
    write(path, "-a--#")
    start, seen = clock(), list[Any]()
    with pytest.raises(RecordedRunFailed) as caught:
        async for letter in letters(replay(path)):
            seen.append(letter)
    assert (seen, clock() - start) == (["a"], 3.0)
    assert (caught.value.class_name, caught.value.message) == ("ValueError", "no more")
    assert str(caught.value) == "the recorded run failed: ValueError: no more"


@pytest.mark.parametrize(("recorded", "replayed"), [("a--!", "a--|"), ("a--", "(a|)"), ("", "|")])
async def test_a_recording_that_was_left_or_cut_off_just_ends(
    path: Path, recorded: str, replayed: str
) -> None:
    await expect(letters(replay(write(path, recorded)))).to_be(replayed)


async def test_each_subscription_plays_it_anew(path: Path) -> None:
    stream = letters(replay(write(path, "a----b----|")))
    await expect(stream).to_be("                  a----b----|")
    await expect(stream.pipe(ops.merge(stream))).to_be("(aa)-(bb)-|")
    await expect(stream.pipe(ops.repeat(2))).to_be("   a----b----a----b----|")


async def test_an_event_without_a_time_comes_with_the_one_before_it(path: Path) -> None:
    writer = RecordingWriter(path)
    for letter, time in [("a", 0.0), ("b", DAWN), ("c", 0.0), ("d", DAWN + 5), ("e", DAWN - 5)]:
        writer.write(delta(letter, time))
    writer.write(delta("f", DAWN + 10))
    writer.close()
    await expect(letters(replay(path))).to_be("(abc)(de)-(f|)")


# --- slow consumers -------------------------------------------------------------------------


async def test_a_slow_consumer_is_not_made_up_for_with_a_burst(path: Path) -> None:
    """What comes after those that wait for it keeps its rhythm, later by as much as it was held."""
    write(path, "a-b-c-d-e|")
    start, times = clock(), list[float]()
    async with letters(replay(path)).iterate(high=1) as events:
        async for letter in events:
            times.append(clock() - start)
            if letter == "b":
                await asyncio.sleep(10)
    # c waits for it since 4, and d was due at 6; the rest is 6 later.
    assert times == [0, 2, 12, 12, 14]
    assert clock() - start == 15


async def test_reading_is_held_back_with_the_consumer(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = RecordingWriter(path)
    for number in range(2000):
        writer.write(delta(str(number)))
    writer.close()
    read = 0
    decode = format.decode

    def counted(line: bytes) -> dict[str, Any]:
        nonlocal read
        read += 1
        return decode(line)

    monkeypatch.setattr(reader, "decode", counted)
    taken = 0
    async for _ in replay(path, "max"):
        taken += 1
        if taken % 100 == 0:
            await asyncio.sleep(1)
        assert read - taken <= 64 + 1, "the credit, and the header"
    assert taken == 2000


class Opened:
    """The files that the reader opens."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.files: list[Any] = []
        monkeypatch.setattr(reader, "open", self, raising=False)

    def __call__(self, *arguments: Any) -> Any:
        self.files.append(builtins.open(*arguments))  # noqa: SIM115 - it is what is watched
        return self.files[-1]

    @property
    def closed(self) -> list[bool]:
        return [file.closed for file in self.files]


async def test_the_file_is_closed_at_the_end_and_when_left(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path, "a-b-c|")
    opened = Opened(monkeypatch)
    await replay(path).drain()
    await replay(path).take(2).drain()
    async with replay(path).iterate() as events:
        await anext(events)
        assert opened.closed == [True, True, False]
    subscription = replay(path).subscribe()
    await asyncio.sleep(1)
    subscription.dispose()
    await asyncio.sleep(0)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(replay(path).drain(), 3)
    assert opened.closed == [True] * 5
    assert len(asyncio.all_tasks()) == 1


# --- several recordings in a file -----------------------------------------------------------


async def test_recordings_in_one_file_are_played_one_after_another(path: Path) -> None:
    write(path, "--a-b--|")
    write(path, "----c", mode="a", run_id="run_2")
    write(path, "-d----e-#", mode="a", run_id="run_3")
    write(path, "f|", mode="a", run_id="run_4")
    await expect(letters(replay(path)).pipe(ops.catch(Stream.of("X")))).to_be("a-b--(cd)-e-(X|)")
    await expect(letters(replay(path, run_id="run_2"))).to_be("(c|)")
    await expect(letters(replay(path, run_id="run_4"))).to_be("f|")
    with pytest.raises(RecordedRunFailed):
        await replay(path, "max", run_id="run_3")


async def test_one_of_the_runs_that_were_recorded_together(path: Path) -> None:
    writer = RecordingWriter(path)
    for second, (letter, run_id) in enumerate([("a", "1"), ("b", "2"), ("c", "1"), ("d", "2")]):
        writer.write(delta(letter, DAWN + second, run_id))
    writer.close()
    await expect(letters(replay(path, run_id="2"))).to_be("b-(d|)")


async def test_a_run_that_is_not_there_is_an_error(path: Path) -> None:
    write(path, "a|")
    write(path, "b|", mode="a", run_id="run_2")
    with pytest.raises(RecordingError, match=r"run.jsonl: it has no run 'x', only run_1, run_2"):
        await replay(path, run_id="x")


# --- errors ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (b"?\n", "line 3: this is not a record"),
        (b'{"type":"raw_response_event"}\n', "line 3: the event lacks its 'data'"),
        (b'{"type":"dream"}\n', "line 3: a run has no event of the type 'dream'"),
    ],
)
def test_what_cannot_be_read_comes_after_what_can(path: Path, damage: bytes, message: str) -> None:
    write(path, "ab|")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], damage, *lines[3:]]))
    seen = list[str]()
    with pytest.raises(RecordingError, match=message):
        letters(replay(path, "max")).do_action(seen.append).run_sync()
    assert seen == ["a"]


async def test_a_file_that_is_not_there_is_an_error_of_the_stream(path: Path) -> None:
    stream = replay(path)
    with pytest.raises(FileNotFoundError):
        await stream


def test_bad_arguments_are_refused_at_the_call(path: Path) -> None:
    for speed in (0, -1.0, float("inf"), float("nan"), "fast", None):
        with pytest.raises(ValueError, match='speed must be a number greater than 0, or "max"'):
            replay(path, speed)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="two of the agents are called 'Poet'"):
        replay(path, agents=[Agent("Poet"), Agent("Poet")])


def test_it_can_be_read_without_a_loop(path: Path) -> None:
    write(path, "a-b|")
    assert letters(replay(path, "max")).run_sync() == "b"
