"""Making spans of speech by hand; see `create`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .create import make_span
from .spans import Span
from .speech_data import SpeechGroupSpanData, SpeechSpanData, TranscriptionSpanData
from .traces import Trace


def transcription_span(
    model: str | None = None,
    input: str | None = None,
    input_format: str | None = "pcm",
    output: str | None = None,
    model_config: Mapping[str, Any] | None = None,
    span_id: str | None = None,
    parent: Trace | Span[Any] | None = None,
    disabled: bool = False,
) -> Span[TranscriptionSpanData]:
    """Speech turned into text; `input` is the audio in base64."""
    data = TranscriptionSpanData(input, input_format, output, model, model_config)
    return make_span(data, span_id, parent, disabled)


def speech_span(
    model: str | None = None,
    input: str | None = None,
    output: str | None = None,
    output_format: str | None = "pcm",
    model_config: Mapping[str, Any] | None = None,
    first_content_at: str | None = None,
    span_id: str | None = None,
    parent: Trace | Span[Any] | None = None,
    disabled: bool = False,
) -> Span[SpeechSpanData]:
    """Text turned into speech; `output` is the audio in base64."""
    data = SpeechSpanData(input, output, output_format, model, model_config, first_content_at)
    return make_span(data, span_id, parent, disabled)


def speech_group_span(
    input: str | None = None,
    span_id: str | None = None,
    parent: Trace | Span[Any] | None = None,
    disabled: bool = False,
) -> Span[SpeechGroupSpanData]:
    """Several pieces of speech that belong together."""
    return make_span(SpeechGroupSpanData(input), span_id, parent, disabled)
