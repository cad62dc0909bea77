"""How a model is asked: sampling, tool choice, and what goes along with the request."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeAlias

from openai.types.responses import ResponseIncludable
from openai.types.shared import Reasoning

ToolChoice: TypeAlias = Literal["auto", "required", "none"] | str
"""`auto`, `required`, `none`, or the name of the one tool to call."""


@dataclass
class ModelSettings:
    """Settings of a model call; None leaves a setting to the provider.

    The field names are the OpenAI Agents SDK's; `max_tokens` is the Responses API's
    `max_output_tokens`.
    """

    temperature: float | None = None
    top_p: float | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    """Whether one response may hold several calls."""

    truncation: Literal["auto", "disabled"] | None = None
    max_tokens: int | None = None
    """Output tokens at most, reasoning included."""

    reasoning: Reasoning | None = None
    verbosity: Literal["low", "medium", "high"] | None = None
    metadata: dict[str, str] | None = None
    store: bool | None = None
    """Whether the provider may keep the response."""

    prompt_cache_retention: Literal["in_memory", "24h"] | None = None
    response_include: list[ResponseIncludable] | None = None
    top_logprobs: int | None = None
    extra_query: dict[str, object] | None = None
    extra_body: dict[str, object] | None = None
    extra_headers: dict[str, str] | None = None
    extra_args: dict[str, Any] | None = None
    """Further keyword arguments of the client's `responses.create`."""

    def resolve(self, override: ModelSettings | None) -> ModelSettings:
        """These settings with every one that `override` sets; `extra_args` are merged."""
        if override is None:
            return self
        changes = {
            field.name: value
            for field in fields(override)
            if (value := getattr(override, field.name)) is not None
        }
        if self.extra_args and override.extra_args:
            changes["extra_args"] = self.extra_args | override.extra_args
        return replace(self, **changes)
