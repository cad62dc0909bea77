"""The body of a request to the Responses API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rxagents.exceptions import ModelSettingsError
from rxagents.model_settings import MCPToolChoice

from .interface import OutputSchema
from .provider_data import without_provider_data

if TYPE_CHECKING:
    from openai.types.responses import ResponseInputItemParam

    from rxagents.model_settings import ModelSettings, ToolChoice

_WORDS = frozenset({"auto", "required", "none"})

# Choices that are a hosted tool's type, whether or not the request lists that tool: a stored
# prompt may. Any other word is a function's name, unless a tool of the request has it as its type.
_HOSTED = frozenset(
    {
        "code_interpreter",
        "computer_use_preview",
        "file_search",
        "image_generation",
        "mcp",
        "programmatic_tool_calling",
        "web_search",
        "web_search_preview",
    }
)


def responses_request(
    model: str | None,
    instructions: str | None,
    input: str | list[ResponseInputItemParam],
    settings: ModelSettings,
    *,
    tools: list[Any],
    includes: Sequence[str] = (),
    output_schema: OutputSchema | None,
    prompt: Any = None,
    **conversation: Any,
) -> dict[str, Any]:
    """The arguments of the client's `responses.create`, without those that are not set.

    Raises ModelSettingsError if `settings.extra_args` has one that is set otherwise, too.
    """
    has_tools = bool(tools) or prompt is not None  # which may bring tools of its own
    request: dict[str, Any] = {
        "model": model,
        "instructions": instructions,
        "input": [{"role": "user", "content": input}]
        if isinstance(input, str)
        else without_provider_data(input),
        "prompt": prompt,
        "tools": tools or None,
        "tool_choice": _tool_choice(settings.tool_choice, tools) if has_tools else None,
        "parallel_tool_calls": settings.parallel_tool_calls if has_tools else None,
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "truncation": settings.truncation,
        "max_output_tokens": settings.max_tokens,
        "reasoning": settings.reasoning,
        "text": _text(settings, output_schema),
        "metadata": settings.metadata,
        "store": settings.store,
        "prompt_cache_retention": settings.prompt_cache_retention,
        "prompt_cache_options": settings.prompt_cache_options,
        "context_management": settings.context_management,
        "include": _include(settings, includes),
        "top_logprobs": settings.top_logprobs,
        "extra_query": settings.extra_query,
        "extra_body": settings.extra_body,
        "extra_headers": settings.extra_headers,
        **conversation,
    }
    request = {name: value for name, value in request.items() if value is not None}
    extra = settings.extra_args or {}
    _refuse_twice(request, extra)
    return request | extra


def _refuse_twice(request: dict[str, Any], extra: dict[str, Any]) -> None:
    twice = sorted(request.keys() & extra.keys())
    if twice:
        raise ModelSettingsError(
            f"the request has {', '.join(map(repr, twice))} already: take it out of "
            "ModelSettings.extra_args"
        )


def _tool_choice(choice: ToolChoice, tools: Sequence[dict[str, Any]]) -> Any:
    if isinstance(choice, MCPToolChoice):
        return {"type": "mcp", "server_label": choice.server_label, "name": choice.name}
    if choice is None or choice in _WORDS:
        return choice
    types = _hosted_types(tools)
    if choice.startswith("computer") and all(tool.get("name") != choice for tool in tools):
        # It has several names, and the request's is the one that the model knows.
        return {"type": next((each for each in types if each.startswith("computer")), choice)}
    if choice in _HOSTED or choice in types:
        return {"type": choice}
    return {"type": "function", "name": choice}


def _hosted_types(tools: Iterable[dict[str, Any]]) -> set[str]:
    return {tool["type"] for tool in tools} - {"function", "custom", "namespace"}


def _include(settings: ModelSettings, of_tools: Sequence[str]) -> list[str] | None:
    include: list[str] = list(dict.fromkeys([*(settings.response_include or ()), *of_tools]))
    if settings.top_logprobs is not None and "message.output_text.logprobs" not in include:
        include.append("message.output_text.logprobs")
    return include or None


def _text(settings: ModelSettings, schema: OutputSchema | None) -> dict[str, Any] | None:
    text: dict[str, Any] = {}
    if settings.verbosity is not None:
        text["verbosity"] = settings.verbosity
    if schema is not None and not schema.is_plain_text():
        text["format"] = {
            "type": "json_schema",
            "name": "final_output",  # a type's own name may have characters that a name may not
            "schema": schema.json_schema(),
            "strict": schema.is_strict_json_schema(),
        }
    return text or None
