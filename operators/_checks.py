"""What is checked at the call of an operator."""

from __future__ import annotations

import math
from datetime import timedelta


def seconds(name: str, value: float | timedelta) -> float:
    """`value` in seconds.

    Raises TypeError if it is no time, ValueError unless it is finite and 0 or more.
    """
    number = _number(name, value)
    if not 0 <= number < math.inf:
        raise ValueError(f"{name} must be 0 seconds or more and finite, not {number:g}")
    return number


def positive_seconds(name: str, value: float | timedelta) -> float:
    """`value` in seconds.

    Raises TypeError if it is no time, ValueError unless it is finite and more than 0.
    """
    number = _number(name, value)
    if not 0 < number < math.inf:
        raise ValueError(f"{name} must be more than 0 seconds and finite, not {number:g}")
    return number


def count(name: str, value: int, of: str, *, least: int = 1) -> int:
    """`value`, a number of `of`.

    Raises TypeError if it is no whole number, ValueError unless it is `least` or more.
    """
    if not isinstance(value, int):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{name} must be a number of {of}, not {type(value).__name__}")
    if value < least:
        unit = of.removesuffix("s") if least == 1 else of
        raise ValueError(f"{name} must be {least} {unit} or more, not {value}")
    return value


def _number(name: str, value: object) -> float:
    number = value.total_seconds() if isinstance(value, timedelta) else value
    if not isinstance(number, int | float):
        raise TypeError(f"{name} must be a number of seconds, not {type(value).__name__}")
    return float(number)
