"""Times that users give."""

from __future__ import annotations

import math


def check_seconds(option: str, seconds: object, *, zero: bool) -> None:
    """Raise TypeError or ValueError for what is neither None nor a time; `zero`: 0 is one too."""
    if seconds is None:
        return
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError(f"{option} must be a number of seconds or None, not {seconds!r}")
    if not math.isfinite(seconds) or seconds < 0 or (seconds == 0 and not zero):
        least = "0 seconds or more" if zero else "more than 0 seconds"
        raise ValueError(f"{option} must be {least}, and finite, not {seconds}")
