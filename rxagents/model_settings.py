"""How a model is asked: sampling, tool choice, retries, and what goes along with the request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, cast

from openai import Omit
from openai.types.responses import ResponseIncludable
from openai.types.responses.response_create_params import ContextManagement, PromptCacheOptions
from openai.types.shared import Reasoning
from pydantic import (
    ConfigDict,
    Field,
    FiniteFloat,
    InstanceOf,
    PlainSerializer,
    SkipValidation,
    TypeAdapter,
)
from pydantic.dataclasses import dataclass

from .exceptions import ModelSettingsError
from .retry.settings import ModelRetrySettings

# Built when first used, as the schemas would add to the time of every import.
_CONFIG = ConfigDict(extra="forbid", defer_build=True)


@dataclass(config=_CONFIG)
class MCPToolChoice:
    """The one tool of a hosted MCP server that the model is to call."""

    server_label: str
    name: str


ToolChoice: TypeAlias = Literal["auto", "required", "none"] | str | MCPToolChoice | None
"""`auto`, `required`, `none`, the name of the one tool to call, or one of a hosted MCP server."""

Headers: TypeAlias = Mapping[
    str, str | Annotated[InstanceOf[Omit], PlainSerializer(lambda _: None, return_type=None)]
]
"""HTTP headers; `openai.Omit()` leaves out one that the client would send."""

# Passed on as they are, so that the provider's next option can be used before we know of it.
_AS_IT_IS = (SkipValidation, PlainSerializer(lambda value: value))
_ContextManagement: TypeAlias = Annotated[list[ContextManagement], *_AS_IT_IS]
_PromptCacheOptions: TypeAlias = Annotated[PromptCacheOptions, *_AS_IT_IS]

_NOT_TRACED = frozenset(
    {"extra_query", "extra_body", "extra_headers", "extra_args", "preserve_raw_usage"}
)


@dataclass(config=_CONFIG)
class ModelSettings:
    """Settings of a model call; None leaves a setting to the provider.

    The fields are the OpenAI Agents SDK's, and so is what they take: `reasoning`, `retry` and
    `tool_choice` may be dictionaries. Some are for one of the two APIs only, as said at the field.

    Raises pydantic.ValidationError (a ValueError) for values that are none of the field's.
    """

    temperature: float | None = None
    top_p: float | None = None
    frequency_penalty: float | None = None
    """Chat Completions only."""

    presence_penalty: float | None = None
    """Chat Completions only."""

    tool_choice: ToolChoice = None
    parallel_tool_calls: bool | None = None
    """Whether one response may hold several calls."""

    truncation: Literal["auto", "disabled"] | None = None
    """Whether the provider may drop the oldest input that does not fit. Responses only."""

    max_tokens: int | None = None
    """Output tokens at most, reasoning included; the Responses API's `max_output_tokens`."""

    reasoning: Reasoning | None = None
    verbosity: Literal["low", "medium", "high"] | None = None
    metadata: dict[str, str] | None = None
    store: bool | None = None
    """Whether the provider may keep the response."""

    prompt_cache_retention: Literal["in_memory", "24h"] | None = None
    include_usage: bool | None = None
    """Whether a server of Chat Completions shall tell the usage; it is asked to unless False."""

    response_include: list[ResponseIncludable | str] | None = None
    """What the response is to hold besides. Responses only."""

    top_logprobs: int | None = None
    """How many of the likeliest tokens to tell for each one. This includes them in the response."""

    extra_query: Mapping[str, object] | None = None
    extra_body: object | None = None
    extra_headers: Headers | None = None
    extra_args: dict[str, Any] | None = None
    """Further keyword arguments of the client's method."""

    retry: ModelRetrySettings | None = None
    """Retries by the run; without it there are only the client's own."""

    context_management: _ContextManagement | None = None
    """When the provider is to compact the conversation. Responses only."""

    prompt_cache_options: _PromptCacheOptions | None = None
    preserve_raw_usage: bool | None = None
    """Whether `ModelResponse.raw_usage` keeps the usage as the provider told it."""

    timeout: Annotated[FiniteFloat, Field(gt=0)] | None = None
    """Seconds that one attempt may take to its last event, as far as the model is waited for.

    It ends with ModelTimeoutError, which may be retried. The client's own limits hold besides.
    """

    if TYPE_CHECKING:  # what pydantic takes besides

        def __init__(
            self,
            temperature: float | None = None,
            top_p: float | None = None,
            frequency_penalty: float | None = None,
            presence_penalty: float | None = None,
            tool_choice: ToolChoice | dict[str, Any] = None,
            parallel_tool_calls: bool | None = None,
            truncation: Literal["auto", "disabled"] | None = None,
            max_tokens: int | None = None,
            reasoning: Reasoning | dict[str, Any] | None = None,
            verbosity: Literal["low", "medium", "high"] | None = None,
            metadata: dict[str, str] | None = None,
            store: bool | None = None,
            prompt_cache_retention: Literal["in_memory", "24h"] | None = None,
            include_usage: bool | None = None,
            response_include: list[ResponseIncludable | str] | None = None,
            top_logprobs: int | None = None,
            extra_query: Mapping[str, object] | None = None,
            extra_body: object | None = None,
            extra_headers: Mapping[str, str | Omit] | None = None,
            extra_args: dict[str, Any] | None = None,
            retry: ModelRetrySettings | dict[str, Any] | None = None,
            context_management: list[ContextManagement] | None = None,
            prompt_cache_options: PromptCacheOptions | None = None,
            preserve_raw_usage: bool | None = None,
            timeout: float | None = None,
        ) -> None: ...

    def resolve(self, override: ModelSettings | dict[str, Any] | None) -> ModelSettings:
        """These settings with every one that `override` sets.

        `extra_args` are merged, and so are `retry` and its `backoff`.
        """
        if override is None:
            return self
        override = as_model_settings(override, name="override")
        changes = {
            field.name: value
            for field in fields(override)
            if (value := getattr(override, field.name)) is not None
        }
        if self.extra_args and override.extra_args:
            changes["extra_args"] = self.extra_args | override.extra_args
        if self.retry is not None:
            changes["retry"] = self.retry.resolve(override.retry)
        return replace(self, **changes)

    def to_json_dict(self) -> dict[str, Any]:
        """Every field as JSON. A retry policy is left out, as it is code."""
        return cast("dict[str, Any]", _adapter().dump_python(self, mode="json"))

    def to_traceable_dict(self) -> dict[str, Any]:
        """As `to_json_dict`, without what may hold secrets: the `extra_...` fields."""
        traced = {field.name for field in fields(ModelSettings)} - _NOT_TRACED
        dumped = _adapter().dump_python(self, mode="json", include=traced)
        return cast("dict[str, Any]", dumped)


@cache
def _adapter() -> TypeAdapter[ModelSettings]:
    return TypeAdapter(ModelSettings)


def as_model_settings(
    value: ModelSettings | Mapping[str, Any], *, name: str = "model_settings"
) -> ModelSettings:
    """`value`, made ModelSettings of if it is a dictionary; `name` is what errors call it.

    Raises ModelSettingsError (a TypeError) if it is neither, or there are no such settings, and
    pydantic.ValidationError (a ValueError) for values that are none of the field's.
    """
    if isinstance(value, ModelSettings):
        return value
    if not isinstance(cast("object", value), Mapping):  # not every caller is type-checked
        raise ModelSettingsError(
            f"{name} must be ModelSettings or a dict of them, not {type(value).__name__}"
        )
    unknown = sorted(str(key) for key in value if key not in ModelSettings.__dataclass_fields__)
    if unknown:
        raise ModelSettingsError(f"{name} has no such settings: {', '.join(unknown)}")
    return ModelSettings(**value)
