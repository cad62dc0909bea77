"""The times of a stream's runs, turns and tools, from the times of its events.

stream ─ run (run_id) ─ lane (an agent, and those it hands over to) ─ turn ─ calls
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from openai.types.responses import Response

from rxagents.events import (
    AgentUpdatedStreamEvent,
    RawResponsesStreamEvent,
    RunItemStreamEvent,
    StreamEvent,
)

from .measured import FirstTokenTiming, RunTiming, Timing, ToolTiming, TurnTiming

_DELTAS = frozenset(
    {
        "response.output_text.delta",
        "response.refusal.delta",
        "response.reasoning_text.delta",
        "response.reasoning_summary_text.delta",
        "response.function_call_arguments.delta",
        "response.mcp_call_arguments.delta",
        "response.custom_tool_call_input.delta",
        "response.code_interpreter_call_code.delta",
    }
)  # what a model writes; not its audio, which comes beside the text of it

_MOST_RUNS = 64  # runs without an answer that are kept apart in one stream


class Stopwatch:
    """The runs of one subscription; a `Reader`."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}
        self._lane: _Lane | None = None  # the one of the last event

    def read(self, event: StreamEvent) -> Iterable[Timing]:
        lane = self._lane
        if lane is not None and lane.run.run_id == event.run_id and lane.path == event.path:
            return lane.read(event)
        told: list[Timing] = []
        if event.run_id not in self._runs:
            told += self._make_room()
            self._runs[event.run_id] = _Run(event)
        self._lane = self._runs[event.run_id].lane(event)
        return [*told, *self._lane.read(event)]

    def end(self) -> Iterable[Timing]:
        return [timing for run in self._runs.values() for timing in run.end()]

    def cut_off(self) -> Iterable[Timing]:
        if self._lane is not None:
            self._lane.run.answered = False  # the error is this run's
        return self.end()

    def _make_room(self) -> list[Timing]:
        """A run begins: end those that are over, as a stream of runs may go on for ever."""
        over = [run for run in self._runs.values() if run.answered]
        if len(self._runs) - len(over) >= _MOST_RUNS:
            over.append(next(run for run in self._runs.values() if not run.answered))
        for run in over:
            del self._runs[run.run_id]
        return [timing for run in over for timing in run.end()]


class _Run:
    """One run: its sums, and its lanes by the agents around them."""

    def __init__(self, first: StreamEvent) -> None:
        self.run_id = first.run_id
        self.began = first.time
        self.last = first
        self.turns = self.deltas = self.tools = 0
        self.first_token: float | None = None
        self.answered = False
        """Whether its last turn was one without calls."""
        self._lanes: dict[tuple[str, ...], _Lane] = {}

    def lane(self, event: StreamEvent) -> _Lane:
        outer = event.path[:-1]  # a handoff changes the last name only
        lane = self._lanes.get(outer)
        if lane is None:
            lane = self._lanes[outer] = _Lane(self, event.time)
        lane.path = event.path
        return lane

    def end(self) -> Iterable[Timing]:
        for lane in self._lanes.values():
            yield from lane.leave(complete=False)
        yield RunTiming(
            **_place(self.last),
            seconds=_rounded(self.last.time - self.began),
            turns=self.turns,
            deltas=self.deltas,
            tools=self.tools,
            first_token=self.first_token,
            complete=self.answered,
        )


class _Lane:
    """One agent after another, one turn after another."""

    def __init__(self, run: _Run, began: float) -> None:
        self.run = run
        self.path: tuple[str, ...] = ()
        self._turn: _Turn | None = None
        self._last = began

    def read(self, event: StreamEvent) -> Iterable[Timing]:
        turn = self._turn
        told: tuple[Timing, ...] = ()
        if turn is None or event.turn != turn.number or event.attempt > turn.attempt:
            told = self._move(event)
            turn = self._turn
        self._last, self.run.last = event.time, event
        found = () if turn is None else turn.read(event)
        return (*told, *found) if told else found

    def leave(self, *, complete: bool) -> tuple[Timing, ...]:
        """End the turn, if it is not over."""
        turn = self._turn
        return () if turn is None or turn.over else (turn.end(self._last, complete=complete),)

    def _move(self, event: StreamEvent) -> tuple[Timing, ...]:
        """Go to another turn, or to another attempt at this one."""
        turn = self._turn
        if turn is not None and event.turn == turn.number and not turn.over:
            turn.begin_again(event)
            return ()
        # A lower number is a nested agent's that is asked anew.
        goes_on = turn is None or event.turn >= turn.number
        told = self.leave(complete=goes_on)
        if isinstance(event, AgentUpdatedStreamEvent):  # it stands before a turn, or ends one
            self._turn = None
        else:
            self._turn = _Turn(self.run, event, self._last if goes_on else event.time)
        return told


class _Turn:
    """One turn."""

    def __init__(self, run: _Run, first: StreamEvent, began: float) -> None:
        self.number = first.turn
        self.over = False
        self._run = run
        self._began = began
        run.turns += 1
        run.answered = False
        self.begin_again(first)

    def begin_again(self, first: StreamEvent) -> None:
        """An attempt begins: forget what the one before it brought."""
        self.attempt = first.attempt
        self._first = first
        self._deltas = 0
        self._first_delta = self._last_delta = self._longest = 0.0
        self._responded: float | None = None
        self._calls: list[tuple[str, str, float]] = []  # ids, names, times
        self._called: set[str] = set()  # what must be answered
        self._answered: set[str] = set()

    def read(self, event: StreamEvent) -> tuple[Timing, ...]:
        if type(event) is RawResponsesStreamEvent:
            data: Any = event.data
            if data.type in _DELTAS:
                if not data.delta:  # servers like to begin with an empty one: nobody sees it
                    return ()
                if not self._deltas:
                    return self._first_token(event)
                self._deltas += 1
                gap, self._last_delta = event.time - self._last_delta, event.time
                if gap > self._longest:
                    self._longest = gap
                return ()
            if data.type == "response.completed":
                self._responded = event.time
                self._called |= _calls_in(data.response)
                return self._if_over(event)
        elif isinstance(event, RunItemStreamEvent):
            return self._item(event)
        return ()

    def end(self, time: float, *, complete: bool) -> TurnTiming:
        """The turn ended at `time`."""
        self.over = True
        self._run.deltas += self._deltas
        gaps = self._deltas - 1
        mean = (self._last_delta - self._first_delta) / gaps if gaps > 0 else None
        return TurnTiming(
            **_place(self._first),
            seconds=_rounded(time - self._began),
            deltas=self._deltas,
            mean_gap=None if mean is None else _rounded(mean),
            longest_gap=None if mean is None else _rounded(self._longest),
            deltas_per_second=1 / mean if mean else None,
            complete=complete,
        )

    def _first_token(self, event: RawResponsesStreamEvent) -> tuple[Timing, ...]:
        self._deltas = 1
        self._first_delta = self._last_delta = event.time
        if self._run.first_token is None:
            self._run.first_token = _rounded(event.time - self._run.began)
        return (FirstTokenTiming(**_place(event), seconds=_rounded(event.time - self._began)),)

    def _item(self, event: RunItemStreamEvent) -> tuple[Timing, ...]:
        item: Any = event.item
        match event.name:
            case "tool_called" if item.call_id is not None:
                self._calls.append((item.call_id, item.tool_name or "", event.time))
                # Hosted tools may have ids too, and no outputs.
                if getattr(item.raw_item, "type", None) == "function_call":
                    self._called.add(item.call_id)
            case "handoff_requested":
                self._called.add(item.raw_item.call_id)
            case "tool_output":
                return (*self._output(event, item.call_id), *self._if_over(event))
            case "handoff_occured":
                self._answered.add(item.raw_item["call_id"])
                return self._if_over(event)
            case _:
                pass
        return ()

    def _output(self, event: RunItemStreamEvent, call_id: str | None) -> tuple[Timing, ...]:
        call = next((call for call in self._calls if call[0] == call_id), None)
        if call_id is not None:
            self._answered.add(call_id)
        if call is None:  # it refuses a second handoff
            return ()
        self._calls.remove(call)
        self._run.tools += 1
        call_id, name, called = call
        responded = called if self._responded is None else self._responded
        timing = ToolTiming(
            **_place(event),
            seconds=_rounded(event.time - called),
            name=name,
            call_id=call_id,
            waited=_rounded(max(responded - called, 0.0)),
        )
        return (timing,)

    def _if_over(self, event: StreamEvent) -> tuple[Timing, ...]:
        if self.over or self._responded is None or not self._called <= self._answered:
            return ()
        if len(event.path) < 2:  # an answer of a nested agent is not the run's
            self._run.answered = not self._called
        return (self.end(event.time, complete=True),)


def _calls_in(response: Response) -> set[str]:
    # Read by name: what lenient servers send is not validated.
    output: list[Any] = getattr(response, "output", None) or []
    calls = [item for item in output if getattr(item, "type", None) == "function_call"]
    return {call.call_id for call in calls}


def _place(event: StreamEvent) -> dict[str, Any]:
    return {
        "run_id": event.run_id,
        "turn": event.turn,
        "attempt": event.attempt,
        "path": event.path,
    }


def _rounded(seconds: float) -> float:
    # Differences of Unix times are exact to half a microsecond, and look as if to more.
    return round(seconds, 6)
