"""What a tool tells of its work before it has its result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ToolProgress:
    """How far a tool has come: for the application, never for the model.

    A generator tool yields it; any tool can give it to `ToolContext.report_progress`.
    Raises ValueError where `fraction` is not between 0 and 1.
    """

    message: str | None = None
    """What it is doing, in words for a person."""

    data: Any = None
    """Whatever the application wants to know. It should be JSON, as events are written as JSON."""

    fraction: float | None = None
    """How much of the work is done, from 0 to 1."""

    def __post_init__(self) -> None:
        if self.fraction is not None and not 0 <= self.fraction <= 1:
            raise ValueError(f"fraction is how much is done, from 0 to 1, not {self.fraction!r}")
