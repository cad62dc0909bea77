"""The rhythm of a recording, on the event loop's clock."""

from __future__ import annotations

import asyncio
import math
from typing import Literal, TypeAlias

Speed: TypeAlias = float | Literal["max"]
"""1.0 is as it was recorded, 2.0 twice as fast, "max" without waiting."""

_LATE = 0.05  # seconds; timers are a few milliseconds late, and that must not add up


def check_speed(speed: Speed) -> None:
    """Raise ValueError unless it is a speed."""
    if speed == "max":
        return
    if isinstance(speed, int | float) and 0 < speed < math.inf:  # pyright: ignore[reportUnnecessaryIsInstance]
        return
    raise ValueError(f'speed must be a number greater than 0, or "max", not {speed!r}')


class Tempo:
    """Waits until it is time for what was recorded, from the first time it is told on.

    It is a player and not a clock: if it is late, because it was held back, the loop was busy or
    the machine slept, what comes after is as much later, and not made up for with a burst.
    """

    def __init__(self, speed: Speed) -> None:
        self._speed = 0.0 if speed == "max" else speed
        self._first: float | None = None
        self._began = 0.0  # when the first was due, on the loop's clock
        self._latest = 0.0

    async def until(self, time: float) -> None:
        """Wait until what was recorded at `time` is due; 0 (or earlier than the last) is now."""
        if self._speed == 0 or time <= self._latest:
            return
        self._latest = time
        now = asyncio.get_running_loop().time()
        if self._first is None:
            self._first, self._began = time, now
            return
        due = self._began + (time - self._first) / self._speed
        if due > now:
            await asyncio.sleep(due - now)
        elif now - due > _LATE:
            self._began += now - due
