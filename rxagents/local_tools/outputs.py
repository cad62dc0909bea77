"""What a call of a local tool comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class LocalToolOutput:
    """The output of a call of a computer, a shell or an editor."""

    raw_item: dict[str, Any]
    """What the model is told: an input item of the Responses API."""

    output: str
    """The same as a text, for hooks and people."""

    custom_data: dict[str, Any] | None = None
    """What the tool's `custom_data_extractor` gave, for the application."""
