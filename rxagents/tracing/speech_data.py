"""What spans of speech tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from .span_data import KnownSpanData


@dataclass(eq=False, slots=True)
class TranscriptionSpanData(KnownSpanData):
    """Speech turned into text."""

    _type: ClassVar[str] = "transcription"

    input: str | None = None
    """The audio in base64."""

    input_format: str | None = "pcm"
    output: str | None = None
    model: str | None = None
    model_config: Mapping[str, Any] | None = None

    def export(self) -> dict[str, Any]:
        """The audio with its format, and the text."""
        return {
            "type": self.type,
            "input": {"data": self.input or "", "format": self.input_format},
            "output": self.output,
            "model": self.model,
            "model_config": self.model_config,
        }


@dataclass(eq=False, slots=True)
class SpeechSpanData(KnownSpanData):
    """Text turned into speech."""

    _type: ClassVar[str] = "speech"

    input: str | None = None
    output: str | None = None
    """The audio in base64."""

    output_format: str | None = "pcm"
    model: str | None = None
    model_config: Mapping[str, Any] | None = None
    first_content_at: str | None = None
    """When the first audio came, as ISO 8601."""

    def export(self) -> dict[str, Any]:
        """The text, and the audio with its format."""
        return {
            "type": self.type,
            "input": self.input,
            "output": {"data": self.output or "", "format": self.output_format},
            "model": self.model,
            "model_config": self.model_config,
            "first_content_at": self.first_content_at,
        }


@dataclass(eq=False, slots=True)
class SpeechGroupSpanData(KnownSpanData):
    """Several pieces of speech that belong together."""

    _type: ClassVar[str] = "speech_group"
    _exported: ClassVar[tuple[str, ...]] = ("input",)

    input: str | None = None
