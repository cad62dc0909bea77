"""What `timings` tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingBase:
    """Where in its run a timing belongs. Times are in seconds, rounded to microseconds."""

    run_id: str
    turn: int
    """The model call, from 1; of a run, its last."""

    attempt: int
    """The attempt at that model call, from 1."""

    path: tuple[str, ...]
    """The names of the agents, outermost first."""

    seconds: float

    @property
    def agent(self) -> str:
        """The name of the agent; empty where the events name none."""
        return self.path[-1] if self.path else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstTokenTiming(TimingBase):
    """A turn's first delta has come, so many seconds after the turn began."""

    kind: Literal["first_token"] = "first_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolTiming(TimingBase):
    """A tool's output has come, so many seconds after its call was whole."""

    name: str
    """The tool's name; empty if it has none."""

    call_id: str
    """The id of the call, which its output has too."""

    waited: float
    """For how many of these seconds the rest of the model's response was still coming: a run
    starts its tools after that."""

    kind: Literal["tool"] = "tool"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnTiming(TimingBase):
    """A turn is over: its response is whole, and its calls are answered."""

    deltas: int
    """Pieces of text, reasoning, refusals and arguments, in the last attempt."""

    mean_gap: float | None
    """Seconds from one delta to the next, on average; None with fewer than two."""

    longest_gap: float | None
    """The most seconds from one delta to the next; None with fewer than two."""

    deltas_per_second: float | None
    """One through the mean gap; None where there is none, or it is 0."""

    complete: bool
    """False if the stream ended, or failed, in the middle of the turn."""

    kind: Literal["turn"] = "turn"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTiming(TimingBase):
    """A run is over, so many seconds after its first event."""

    turns: int
    """Turns that were begun. Those of nested agents count, and so do their deltas and tools."""

    deltas: int
    tools: int
    """Outputs of tools."""

    first_token: float | None
    """Seconds from the first event to the first delta; None if there was none."""

    complete: bool
    """Whether it came to its answer: a turn without calls, and no error behind it."""

    kind: Literal["run"] = "run"


Timing: TypeAlias = FirstTokenTiming | ToolTiming | TurnTiming | RunTiming
"""What `timings` emits; tell them apart by `kind` or by class."""
