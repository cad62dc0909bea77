"""What a user may set about tracing."""

from __future__ import annotations

import os
from typing import Final

from typing_extensions import TypedDict

DISABLE_TRACING: Final = "OPENAI_AGENTS_DISABLE_TRACING"
"""The environment variable that turns tracing off, with `1` or `true`; read once, when first
needed. `set_tracing_disabled` takes precedence."""

INCLUDE_SENSITIVE_DATA: Final = "OPENAI_AGENTS_TRACE_INCLUDE_SENSITIVE_DATA"
"""The environment variable for what `RunConfig.trace_include_sensitive_data` is by default."""


class TracingConfig(TypedDict, total=False):
    """How the traces of a run are exported."""

    api_key: str
    """The key that an exporter sends these traces with, instead of its own."""

    include_task_and_turn_spans: bool
    """Whether a run has spans for itself and for its turns; True if left out."""


def include_task_and_turn_spans(config: TracingConfig | None) -> bool:
    """Whether a run has spans for itself and for its turns."""
    return config is None or config.get("include_task_and_turn_spans", True)


def include_sensitive_data_by_default() -> bool:
    """Whether inputs and outputs go into spans where a run does not say."""
    return _is_on(INCLUDE_SENSITIVE_DATA, "true")


def disabled_by_environment() -> bool:
    """Whether the environment turns tracing off."""
    return _is_on(DISABLE_TRACING, "false")


def _is_on(variable: str, default: str) -> bool:
    return os.environ.get(variable, default).strip().lower() in {"1", "true", "yes", "on"}
