"""Settings of a whole run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from rxagents.model_settings import ModelSettings
from rxagents.models.interface import Model, ModelProvider
from rxagents.models.provider import MultiProvider

DEFAULT_MAX_TURNS: Final = 10


@dataclass
class RunConfig:
    """What holds for every agent of a run."""

    model: str | Model | None = None
    """The model of every agent, whatever theirs is."""

    model_provider: ModelProvider = field(default_factory=MultiProvider)
    """What finds models by name."""

    model_settings: ModelSettings | None = None
    """Settings that override every agent's."""
