"""Whether what a model thought is sent back to it over Chat Completions.

Most servers want none of it, and some refuse it. DeepSeek's ask for `reasoning_content` where the
thinking led to a call of a tool (https://api-docs.deepseek.com/guides/thinking_mode).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

REASONING_FIELD = "_chat_completions_reasoning_field"
"""The key in an item's `provider_data` that says in which field its text came."""


@dataclass
class ReasoningContentSource:
    """A reasoning item that could be sent back."""

    item: Any
    """The item, as a dictionary."""

    origin_model: str | None
    """The model that thought it, where that is known."""

    provider_data: Mapping[str, Any]
    """What the item has been marked with since it came."""


@dataclass
class ReasoningContentReplayContext:
    """What there is to decide by."""

    model: str
    """The model that is asked now."""

    base_url: str | None
    """Where it is asked, without a slash at the end."""

    reasoning: ReasoningContentSource


ShouldReplayReasoningContent: TypeAlias = Callable[[ReasoningContentReplayContext], bool]
"""Whether the text of a reasoning item goes back as `reasoning_content`."""


def default_should_replay_reasoning_content(context: ReasoningContentReplayContext) -> bool:
    """Only to DeepSeek's models, and only what one of them thought, or what is not marked."""
    if "deepseek" not in context.model.lower():
        return False
    origin = context.reasoning.origin_model
    if origin is None:
        return not context.reasoning.provider_data
    return "deepseek" in origin.lower()
