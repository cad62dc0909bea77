"""Recordings: the file, its writer and reader, and the operator record."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai_samples import TEXTS, sample
from reactivex import Observable
from reactivex.subject import Subject

from rxagents import (
    Agent,
    AgentUpdatedStreamEvent,
    RawResponsesStreamEvent,
    RecordingError,
    Runner,
    Stream,
    StreamEvent,
    event_from_dict,
)
from rxagents import operators as ops
from rxagents.openai_types import event_classes, typed_event
from rxagents.recording import End, RecordingReader, RecordingWriter, Start
from rxagents.testing import ScriptedModel, assistant_message
from rxagents.testing.virtual_time import run

POET = Agent("Poet")


def delta(text: str, **place: Any) -> RawResponsesStreamEvent:
    value = {"type": "response.output_text.delta", "delta": text, "item_id": "msg_1"}
    return RawResponsesStreamEvent(typed_event(value), **place)


def read(path: Path) -> list[Any]:
    """What is in the file: "start", events' dictionaries, and how it ended."""
    shown: list[Any] = []
    for record in RecordingReader(path).records():
        if isinstance(record, Start):
            shown.append("start")
        else:
            shown.append(record.how if isinstance(record, End) else record)
    return shown


def texts(path: Path) -> list[Any]:
    """The same, with the text of each event alone."""
    return [each if isinstance(each, str) else each["data"]["delta"] for each in read(path)]


class Watcher:
    """A source that is fed by hand, and the list of what comes out behind an operator."""

    def __init__(self, operator: Callable[[Observable[Any]], Observable[Any]]) -> None:
        self.source: Subject[Any] = Subject()
        self.out: list[Any] = []
        self.subscription = (
            Stream.from_observable(self.source)
            .pipe(operator)
            .subscribe(self.out.append, self.out.append, lambda: self.out.append("|"))
        )


# --- record ---------------------------------------------------------------------------------


async def test_a_run_is_written_as_it_passes(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    agent = Agent("Poet", model=ScriptedModel([[assistant_message("Rain, Grüße.")]]))
    seen: list[StreamEvent] = []
    async for event in Runner.observe(agent, "Hi").pipe(ops.record(path)):
        seen.append(event)
    assert read(path) == ["start", *(event.to_dict() for event in seen), "completed"]
    header, *_, end = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert (header["type"], header["version"]) == ("rxagents.recording", 1)
    assert (end["type"], end["end"]) == ("rxagents.recording.end", "completed")
    assert "Grüße" in path.read_text("utf-8")


KINDS = sorted(event_classes())


@settings(deadline=None)  # the first event of a class has its validator built
@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 999), st.sampled_from(TEXTS))))
def test_what_is_read_is_what_was_written(made: list[tuple[str, int, str]]) -> None:
    events = [
        RawResponsesStreamEvent(
            typed_event(sample(event_classes()[kind], Random(seed))), run_id=run_id, time=seed / 7
        )
        for kind, seed, run_id in made
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.jsonl")
        watcher = Watcher(ops.record(path))
        for event in events:
            watcher.source.on_next(event)
        watcher.source.on_completed()
        assert watcher.out == [*events, "|"]
        assert read(path) == ["start", *(event.to_dict() for event in events), "completed"]
        assert path.read_bytes().count(b"\n") == len(events) + 2, "one line for each"


def test_an_empty_source_is_a_recording_too(tmp_path: Path) -> None:
    watcher = Watcher(ops.record(tmp_path / "run.jsonl"))
    watcher.source.on_completed()
    assert watcher.out == ["|"]
    assert read(tmp_path / "run.jsonl") == ["start", "completed"]


def test_an_event_is_in_the_file_before_it_is_passed_on(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    source: Subject[Any] = Subject()
    in_file: list[Any] = []
    Stream.from_observable(source).pipe(ops.record(path)).subscribe(
        lambda _: in_file.append(texts(path)[-2])
    )
    for letter in "abc":
        source.on_next(delta(letter))
    assert in_file == ["a", "b", "c"]


def test_a_failure_is_written_with_its_class_and_text(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    watcher = Watcher(ops.record(path))
    error = json.JSONDecodeError("half \ud83d", "{", 1)
    watcher.source.on_next(delta("a"))
    watcher.source.on_error(error)
    assert watcher.out[1:] == [error]
    *_, end = RecordingReader(path).records()
    assert isinstance(end, End)
    assert (end.how, end.error_class) == ("failed", "json.decoder.JSONDecodeError")
    assert end.message == str(error)


def test_leaving_is_written_and_leaves_the_source(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    watcher = Watcher(lambda source: source.pipe(ops.record(path), ops.take(1)))
    watcher.source.on_next(delta("a"))
    assert watcher.out[1:] == ["|"]
    assert not watcher.source.observers
    watcher.source.on_next(delta("b"))
    assert texts(path) == ["start", "a", "left"]


@pytest.mark.parametrize("end", ["on_completed", "on_error", "dispose"])
def test_the_file_is_closed_when_the_consumer_is_told(tmp_path: Path, end: str) -> None:
    path = tmp_path / "run.jsonl"
    source: Subject[Any] = Subject()
    free: list[str] = []

    def check(*_: object) -> None:
        free.append(texts(path)[-1])
        RecordingWriter(path, mode="a").close()  # which one that was not closed would forbid

    recorded = Stream.from_observable(source).pipe(ops.record(path))
    subscription = recorded.subscribe(None, check, check)
    if end == "dispose":
        subscription.dispose()
        check()
    elif end == "on_error":
        source.on_error(ValueError())
    else:
        source.on_completed()
    assert free == [{"on_completed": "completed", "on_error": "failed", "dispose": "left"}[end]]


async def test_a_slow_consumer_holds_the_source_back_as_without_it(tmp_path: Path) -> None:
    emitted = 0

    async def source() -> Any:
        nonlocal emitted
        for number in range(1000):
            emitted += 1
            yield delta(str(number))

    stream = Stream.from_async_iterable(source).pipe(ops.record(tmp_path / "run.jsonl"))
    async with stream.iterate(high=8) as events:
        async for _ in events:
            await asyncio.sleep(1)
            assert emitted <= 20
            if emitted > 15:
                break
    assert texts(tmp_path / "run.jsonl")[-1] == "left"


# --- the file -------------------------------------------------------------------------------


def record_now(path: Path, *letters: str, **options: Any) -> list[Any]:
    watcher = Watcher(ops.record(path, **options))
    for letter in letters:
        watcher.source.on_next(delta(letter))
    watcher.source.on_completed()
    return watcher.out


def test_the_next_recording_replaces_the_file_or_is_appended(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    record_now(path, "a", mode="a")
    record_now(path, "b")
    assert texts(path) == ["start", "b", "completed"]
    record_now(path, "c", "d", mode="a")
    assert texts(path) == ["start", "b", "completed", "start", "c", "d", "completed"]


def test_mode_x_refuses_a_file_that_exists(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    record_now(path, "a", mode="x")
    (error,) = record_now(path, "b", mode="x")
    assert isinstance(error, FileExistsError)
    assert texts(path) == ["start", "a", "completed"]


def test_a_path_that_cannot_be_written_is_an_error_at_the_subscription(tmp_path: Path) -> None:
    watcher = Watcher(ops.record(tmp_path / "nowhere" / "run.jsonl"))
    (error,) = watcher.out
    assert isinstance(error, FileNotFoundError)
    assert not watcher.source.observers, "the source was not subscribed to"


def test_two_at_once_may_not_write_to_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.jsonl"
    operator = ops.record(path)
    first = Watcher(operator)
    first.source.on_next(delta("a"))
    monkeypatch.chdir(tmp_path)
    for same in (operator, ops.record("run.jsonl", mode="a")):
        (error,) = Watcher(same).out
        assert isinstance(error, RecordingError)
        assert "is being recorded to by another subscription: share() the stream" in str(error)
    first.source.on_completed()
    assert texts(path) == ["start", "a", "completed"], "the first was not disturbed"
    assert Watcher(operator).out == [], "and now it may be written again"


def test_a_recording_that_nobody_ended_does_not_lock_its_file(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    Watcher(ops.record(path)).source.on_next(delta("a"))
    gc.collect()
    assert texts(path) == ["start", "a", "cut off"]
    RecordingWriter(path).close()


class Unsubscribable(Observable[Any]):
    def _subscribe_core(self, observer: Any, scheduler: Any = None) -> Any:
        raise KeyError("no")


def test_a_source_that_cannot_be_subscribed_to_leaves_no_open_file(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with pytest.raises(KeyError):
        ops.record(path)(Unsubscribable()).subscribe()
    assert read(path) == ["start", "failed"]
    RecordingWriter(path).close()


def test_what_is_no_event_is_passed_on_and_then_refused(tmp_path: Path) -> None:
    watcher = Watcher(ops.record(tmp_path / "run.jsonl"))
    watcher.source.on_next("text")
    text, error = watcher.out
    assert text == "text"
    assert isinstance(error, TypeError)
    assert "only a run's events can be recorded, not str: record before" in str(error)
    assert not watcher.source.observers
    assert read(tmp_path / "run.jsonl") == ["start", "failed"]


@contextmanager
def small_disk() -> Iterator[None]:
    """Files cannot grow beyond 1000 bytes: also pytest's own output, so no longer than need be."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_write_error_comes_after_the_event_and_leaves_no_half_line(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    watcher = Watcher(ops.record(path))
    events = [delta(str(number)) for number in range(20)]
    with small_disk():
        for event in events:
            watcher.source.on_next(event)
    *passed, error = watcher.out
    assert isinstance(error, OSError)
    assert passed == events[: len(passed)]
    assert not watcher.source.observers
    assert path.read_bytes().endswith(b"}\n")
    written = texts(path)
    assert written[0] == "start"
    assert written[1:-1] == [str(number) for number in range(len(passed) - 1)]
    assert written[-1] in ("failed", "cut off"), "if there was room for it"


@pytest.mark.parametrize("end", ["on_completed", "on_error"])
def test_an_end_that_cannot_be_written_is_told(tmp_path: Path, end: str) -> None:
    path = tmp_path / "run.jsonl"
    watcher = Watcher(ops.record(path))
    while 1000 - path.stat().st_size > 60:
        room = 1000 - path.stat().st_size
        before = path.stat().st_size
        watcher.source.on_next(delta("x" if room > 400 else "x" * (room - 225)))
        assert path.stat().st_size > before
    reason = ValueError("first")
    with small_disk():
        if end == "on_completed":
            watcher.source.on_completed()
        else:
            watcher.source.on_error(reason)
    if end == "on_completed":
        assert isinstance(watcher.out[-1], OSError)
    else:
        assert watcher.out[-1] is reason
        assert "the end of its recording could not be written" in reason.__notes__[0]
    assert texts(path)[-1] == "cut off"


@pytest.mark.parametrize(
    ("policy", "syncs"),
    [("never", 0), ("end", 1), ("always", 12), (2.5, 4), (100, 1)],
)
async def test_fsync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: Any, syncs: int
) -> None:
    count = 0

    def fsync(_: int) -> None:
        nonlocal count
        count += 1

    monkeypatch.setattr(os, "fsync", fsync)
    watcher = Watcher(ops.record(tmp_path / "run.jsonl", fsync=policy))
    for number in range(10):  # at 1, 2 ... seconds: 2.5 is over at 3, 6 and 9
        await asyncio.sleep(1)
        watcher.source.on_next(delta(str(number)))
    watcher.source.on_completed()
    assert count == syncs


def test_what_cannot_be_synced_need_not_be() -> None:
    RecordingWriter(os.devnull, fsync="always").end("completed")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "r"}, 'mode must be "w", "a" or "x", not \'r\''),
        ({"fsync": "sometimes"}, "greater than 0, not 'sometimes'"),
        ({"fsync": 0}, "greater than 0, not 0"),
        ({"fsync": float("inf")}, "greater than 0, not inf"),
        ({"fsync": None}, "greater than 0, not None"),
    ],
)
def test_bad_arguments_are_refused_at_the_call(options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ops.record("run.jsonl", **options)


# --- damaged files --------------------------------------------------------------------------


def test_a_torn_last_line_is_left_out_and_cut_off_when_appended_to(tmp_path: Path) -> None:
    path, torn = tmp_path / "run.jsonl", tmp_path / "torn.jsonl"
    writer = RecordingWriter(path)
    for letter in ("a", "b" * 70_000):
        writer.write(delta(letter))
    writer.close()
    whole = path.read_bytes()
    line = whole.splitlines(keepends=True)[-1]
    for length in (1, 50, 70_000, len(line) - 2):
        torn.write_bytes(whole[: len(whole) - len(line) + length])
        assert texts(torn) == ["start", "a", "cut off"]
        record_now(torn, "c", mode="a")
        assert texts(torn) == ["start", "a", "cut off", "start", "c", "completed"]
        assert torn.read_bytes().endswith(b"}\n"), "nothing of it is left"
    torn.write_bytes(whole[:-1])
    assert texts(torn)[2:] == ["b" * 70_000, "cut off"], "it lacks its newline alone"
    record_now(torn, "c", mode="a")
    assert texts(torn)[2:] == ["b" * 70_000, "cut off", "start", "c", "completed"]


def test_a_damaged_line_is_an_error_after_what_comes_before_it(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    record_now(path, "a", "b", "c")
    lines = path.read_bytes().splitlines(keepends=True)
    for damage in (b"\n", b"{\n", b"[1]\n", b"\xff\n", b'{"type":"rxagents.recording.end"}\n'):
        path.write_bytes(b"".join([*lines[:2], damage, *lines[3:]]))
        records = RecordingReader(path).records()
        assert isinstance(next(records), Start)
        assert isinstance(next(records), dict)
        with pytest.raises(RecordingError) as caught:
            next(records)
        assert str(caught.value).startswith(f"{path}, line 3: this is not a record: ")
        assert "delete the file's lines from this one on" in str(caught.value)
        assert (caught.value.path, caught.value.line) == (str(path), 3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "run.jsonl: there is no recording in it, not one whole line"),
        ('{"type":"rxage', "run.jsonl: there is no recording in it"),
        ("import os\n", "line 1: this is not the header of a recording: b'import os.n'"),
        ("import os\n" * 20, "line 1: this is not the header of a recording"),
        ('{"type":"raw_response_event"}\n', "line 1: this is not the header of a recording"),
        ('{"type":"rxagents.recording"}\n', "line 1: this is not the header of a recording"),
        (
            '{"type":"rxagents.recording","version":2,"time":1}\n',
            "line 1: this is a recording of version 2, and this rxagents reads those up to version "
            "1: install a newer one",
        ),
    ],
)
def test_what_is_no_recording_is_told(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(content)
    with pytest.raises(RecordingError, match=message):
        read(path)


def test_a_recording_behind_another_needs_a_header(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    record_now(path, "a")
    path.write_bytes(path.read_bytes() + b"{}\n")
    with pytest.raises(RecordingError, match="line 4: a recording needs a header before this"):
        read(path)


def test_nothing_is_appended_to_what_is_no_recording(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("My notes")
    (error,) = record_now(path, "a", mode="a")
    assert isinstance(error, RecordingError)
    assert 'is not a recording, so nothing is appended to it: give another path, or mode="w"' in (
        str(error)
    )
    assert path.read_text() == "My notes"
    path.write_text("")
    record_now(path, "a", mode="a")
    assert texts(path) == ["start", "a", "completed"], "an empty file may be appended to"


def test_reading_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    writer = RecordingWriter(path)
    writer.write(delta("a"))
    reader = RecordingReader(path)
    assert [type(record) for record in reader.records()] == [Start, dict, End], "so far"
    assert reader.line == 2
    writer.end("completed")
    RecordingWriter(path, mode="a").close()
    record_now(path, "b", mode="a")
    reader, seen = RecordingReader(path), list[Any]()
    while (record := next(reader.records(), None)) is not None:
        seen.append(record.how if isinstance(record, End) else type(record))
    whole = [Start, dict, "completed"]
    assert seen == [*whole, Start, "cut off", *whole]


def test_the_end_has_the_time_of_the_events(tmp_path: Path) -> None:
    """Replayed, there must be the same gap between the last event and the end."""
    path = tmp_path / "run.jsonl"

    async def record() -> None:
        watcher = Watcher(ops.record(path))
        watcher.source.on_next(delta("a", time=1000.0))
        await asyncio.sleep(2.5)
        watcher.source.on_next(delta("made by hand"))
        await asyncio.sleep(1)
        watcher.source.on_completed()

    run(record())
    *_, end = RecordingReader(path).records()
    assert isinstance(end, End)
    assert end.time == 1003.5


WRITE_FOR_EVER = """
import sys
from rxagents import AgentUpdatedStreamEvent, Agent
from rxagents.recording import RecordingWriter
writer = RecordingWriter(sys.argv[1], mode="a")
agent = Agent("Poet" * 300)
for number in range(10**9):
    writer.write(AgentUpdatedStreamEvent(agent, seq=number))
    if number == 100:
        print("going", flush=True)
"""


@pytest.mark.real_loop
@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
async def test_a_process_that_is_killed_leaves_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    before = 0
    for pause in (0.0, 0.003, 0.011):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITE_FOR_EVER, str(path), stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        assert await process.stdout.readline() == b"going\n"
        await asyncio.sleep(pause)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        lines = path.read_bytes().split(b"\n")
        for line in lines[:-1]:
            json.loads(line)
        recorded = read(path)
        assert recorded[-1] == "cut off"
        last = [each["seq"] for each in recorded[before + 1 : -1]]
        assert last == list(range(len(last)))
        assert len(last) > 100
        before = len(recorded)


def test_a_recorded_event_is_read_with_the_agents_that_are_given(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    writer = RecordingWriter(path)
    writer.write(AgentUpdatedStreamEvent(POET))
    writer.end("completed")
    _, record, _ = RecordingReader(path).records()
    assert isinstance(record, dict)
    event = event_from_dict(record, [POET])
    assert isinstance(event, AgentUpdatedStreamEvent)
    assert event.new_agent is POET
