"""A model that answers with what was recorded."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from rxagents.exceptions import AgentsException, RecordedRunFailed, RecordingExhausted
from rxagents.openai_types import typed_event
from rxagents.recording.format import End, Start
from rxagents.recording.reader import Record, RecordingReader
from rxagents.recording.tempo import Speed, Tempo, check_speed

from .interface import Model, ModelTracing, OutputSchema
from .responses_decoder import TERMINAL

if TYPE_CHECKING:
    from openai.types.responses import (
        ResponseInputItemParam,
        ResponsePromptParam,
        ResponseStreamEvent,
    )

    from rxagents.handoffs import Handoff
    from rxagents.model_settings import ModelSettings
    from rxagents.tools import Tool

_FAIR = 256  # events after which an answer gives the loop back


class ReplayModel(Model):
    """Answers each call with the next turn of a recording, whatever it is asked.

    So a recorded run drives an agent again, without a network or a key: with the same agents and
    tools, the items and the final output are the same. `path` is a file that `ops.record` wrote;
    of several recordings in it, one goes on where the one before it ends; with `run_id`, only that
    run's turns are answers. `speed` is as for `replay`, "max" by default: no waiting.

    A turn that broke off fails with RecordedRunFailed, as does the call behind the last turn if the
    recording failed there. Any other call for which there is no whole turn raises
    RecordingExhausted. The file is read as far as it is needed, and open only while it is read.

    Raises ValueError now unless `speed` is more than 0 or "max"; each call raises OSError or
    RecordingError if the file cannot be read.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        speed: Speed = "max",
        *,
        run_id: str | None = None,
    ) -> None:
        check_speed(speed)
        self._speed: Speed = speed
        self._turns = _Turns(RecordingReader(path), run_id)

    async def stream_response(
        self,
        system_instructions: str | None,
        input: str | list[ResponseInputItemParam],
        model_settings: ModelSettings,
        tools: Sequence[Tool],
        output_schema: OutputSchema | None,
        handoffs: Sequence[Handoff[Any]],
        tracing: ModelTracing,
        *,
        previous_response_id: str | None = None,
        conversation_id: str | None = None,
        prompt: ResponsePromptParam | None = None,
    ) -> AsyncIterator[ResponseStreamEvent]:
        """Play the next turn."""
        turn = self._turns.next()
        tempo = Tempo(self._speed)
        await tempo.until(turn.began)
        for number, record in enumerate(turn.events, 1):
            await tempo.until(record.get("time", 0.0))
            yield typed_event(record["data"])
            if number % _FAIR == 0:
                await asyncio.sleep(0)
        if turn.cut_short_by is not None:
            raise self._turns.broken_off(turn.cut_short_by)


@dataclass(eq=False)
class _Turn:
    """The raw events of one model call."""

    key: tuple[Any, ...]
    """The run, the turn and the attempt."""

    began: float
    """The time of what the run did before it, which is about when the model was called."""

    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    whole: bool = False
    """Whether there is no more of it in the recording."""

    cut_short_by: End | None = None
    """The end of the recording, if that came before the end of the turn."""


class _Turns:
    """The turns of a recording, in the order in which they began.

    Runs that were merged and recorded together have their events mixed; so a turn is read until
    it is whole, and what is met of others on the way is kept. No more than that is in memory.
    """

    def __init__(self, reader: RecordingReader, run_id: str | None) -> None:
        self._reader = reader
        self._run_id = run_id
        self._open: list[_Turn] = []  # begun, and not yet asked for
        self._latest: dict[str, float] = {}  # the time of each run's last event
        self._given = 0
        self._failure: End | None = None  # if the last recording failed, and not in a turn

    def next(self) -> _Turn:
        with closing(self._reader.records()) as records:
            while not (self._open and self._open[0].whole):
                record = next(records, None)
                if record is None:
                    raise self.broken_off(self._failure) if self._failure else self._exhausted()
                self._add(record)
        self._given += 1
        return self._open.pop(0)

    def broken_off(self, end: End) -> AgentsException:
        """The error of a turn that ended with the recording."""
        if end.how == "failed":
            return RecordedRunFailed(end.error_class, end.message)
        return self._error(f"the recording was {end.how} in this turn")

    def _add(self, record: Record) -> None:
        if isinstance(record, Start):
            self._latest.clear()
        elif isinstance(record, End):
            if self._latest:  # it had something that is asked for
                self._end(record)
        elif self._run_id in (None, record.get("run_id")):
            self._event(record)

    def _event(self, record: dict[str, Any]) -> None:
        run = record.get("run_id", "")
        if record.get("type") == "raw_response_event":
            data: Any = record.get("data")
            if not isinstance(data, dict):
                raise self._reader.error("the event lacks its 'data'", self._reader.line)
            turn = self._turn((run, record.get("turn"), record.get("attempt")))
            turn.events.append(record)
            turn.whole = cast("dict[str, Any]", data).get("type") in TERMINAL
        self._latest[run] = record.get("time", 0.0)

    def _turn(self, key: tuple[Any, ...]) -> _Turn:
        """The turn that is being read, or a new one."""
        for turn in self._open:
            if not turn.whole and turn.key[0] == key[0]:
                if turn.key == key:
                    return turn
                turn.whole = True  # it broke off, and was tried again
        self._open.append(_Turn(key, self._latest.get(key[0], 0.0)))
        return self._open[-1]

    def _end(self, end: End) -> None:
        broken = [turn for turn in self._open if not turn.whole]
        for turn in broken:
            turn.whole, turn.cut_short_by = True, end
        self._failure = end if end.how == "failed" and not broken else None

    def _exhausted(self) -> RecordingExhausted:
        run = "" if self._run_id is None else f" of the run {self._run_id!r}"
        if not self._given:
            return self._error(
                f"there is no turn of a model{run} in it: record all events of a run, before any "
                "operator that leaves some out"
            )
        return self._error(
            f"it has {self._given} turn{'s' * (self._given != 1)}{run}, and the model was called "
            "once more: the agents, the tools or what they return differ from the recorded run's"
        )

    def _error(self, message: str) -> RecordingExhausted:
        path = self._reader.path
        return RecordingExhausted(f"{path}: {message}", path=path)
