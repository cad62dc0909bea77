"""The frames of marble diagrams on a loop's clock."""

from __future__ import annotations

import math
from contextvars import ContextVar
from dataclasses import dataclass

from rxagents.stream.tasks import loop_or_none

from .marble_diagram import Lifetime, Remark
from .virtual_time import VirtualLoop

TOLERANCE = 0.01  # frames: a virtual clock has whole nanoseconds, a datetime microseconds

looks_no_longer: ContextVar[bool] = ContextVar("rxagents_marbles_looks_no_longer", default=False)
"""Whether a source is left because the test looks no longer."""


@dataclass(frozen=True)
class Grid:
    """The frames on a loop's clock."""

    zero: float
    seconds: float
    exact: bool
    """Whether to tell of a time between two frames; on a real clock, all are."""

    @classmethod
    def now(cls, frame: float) -> Grid | None:
        """Frame 0 is now; None where no loop runs."""
        if not 0 < frame < math.inf:
            raise ValueError(f"frame must be more than 0 seconds, not {frame}")
        loop = loop_or_none()
        return None if loop is None else cls(loop.time(), frame, isinstance(loop, VirtualLoop))

    def place(self, time: float) -> float:
        return (time - self.zero) / self.seconds

    def frame(self, time: float) -> int:
        return math.floor(self.place(time) + 0.5)  # `round` would take 1.5 and 2.5 for the same

    def remark(self, time: float) -> Remark | None:
        """What there is to say of a time that is in no frame."""
        frame = self.frame(time)
        if not self.exact or abs(self.place(time) - frame) <= TOLERANCE:
            return None
        between = f"at {time - self.zero:g} s, between two frames of {self.seconds:g} s"
        return Remark(frame, f"{between}: set a smaller `frame`")

    def lifetime(self, stay: Stay) -> Lifetime:
        end = None if stay.end is None else self.frame(stay.end)
        return Lifetime(self.frame(stay.begin), end)


@dataclass
class Stay:
    """The times of a subscription."""

    begin: float
    end: float | None = None


def scale(frame: float) -> str:
    """What a message adds about the time of a frame."""
    return "" if frame == 1 else f" (a frame is {frame:g} s)"
