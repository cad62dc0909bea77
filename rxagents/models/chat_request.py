"""The arguments of the client's `chat.completions.create`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rxagents.exceptions import UserError
from rxagents.tools import FunctionTool

from .interface import OutputSchema

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from rxagents.handoffs import Handoff
    from rxagents.model_settings import ModelSettings


def is_openai(client: AsyncOpenAI) -> bool:
    """Whether `client` asks OpenAI itself, and no server that only speaks its API."""
    address = urlsplit(str(client.base_url))
    return (address.scheme, address.hostname) == ("https", "api.openai.com")


def chat_request(
    model: str,
    messages: list[dict[str, Any]],
    settings: ModelSettings,
    *,
    tools: list[dict[str, Any]],
    output_schema: OutputSchema | None,
    official: bool,
) -> dict[str, Any]:
    """The arguments, without those that are not set. `official`: it is OpenAI that is asked."""
    # OpenAI's reasoning models refuse the old name, and others know no other.
    limit = "max_completion_tokens" if official else "max_tokens"
    request: dict[str, Any] = {
        "model": model,
        "messages": messages,
        "tools": tools or None,
        "tool_choice": chat_tool_choice(settings.tool_choice) if tools else None,
        "parallel_tool_calls": settings.parallel_tool_calls if tools else None,
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "frequency_penalty": settings.frequency_penalty,
        "presence_penalty": settings.presence_penalty,
        limit: settings.max_tokens,
        "response_format": _response_format(output_schema),
        "reasoning_effort": settings.reasoning.effort if settings.reasoning else None,
        "verbosity": settings.verbosity,
        "metadata": settings.metadata,
        "store": settings.store,
        "prompt_cache_retention": settings.prompt_cache_retention,
        "prompt_cache_options": settings.prompt_cache_options,
        "logprobs": None if settings.top_logprobs is None else True,  # the API asks for both
        "top_logprobs": settings.top_logprobs,
        "stream_options": None if settings.include_usage is False else {"include_usage": True},
        "extra_query": settings.extra_query,
        "extra_body": settings.extra_body,
        "extra_headers": settings.extra_headers,
        **(settings.extra_args or {}),
    }
    return {name: value for name, value in request.items() if value is not None}


def chat_tools(tools: Iterable[object], handoffs: Sequence[Handoff[Any]]) -> list[dict[str, Any]]:
    """Tools and handoffs as Chat Completions describes them.

    Raises UserError for a tool that is no function here.
    """
    return [_tool(tool) for tool in tools] + [
        _function(
            handoff.tool_name,
            handoff.tool_description,
            handoff.input_json_schema,
            handoff.strict_json_schema,
        )
        for handoff in handoffs
    ]


def chat_tool_choice(choice: object) -> Any:
    """A tool choice; a name is that of a function.

    Raises UserError for a choice among hosted tools.
    """
    if choice is None or choice in ("auto", "required", "none"):
        return choice
    if isinstance(choice, str):
        return {"type": "function", "function": {"name": choice}}
    raise UserError(
        f"tool_choice={choice!r} is about hosted tools, which Chat Completions does not have: give "
        "'auto', 'required', 'none' or the name of a function, or use an OpenAIResponsesModel"
    )


def _tool(tool: object) -> dict[str, Any]:
    if not isinstance(tool, FunctionTool):
        raise UserError(
            f"the tool {getattr(tool, 'name', tool)!r} ({type(tool).__name__}) is run by the "
            "provider of the Responses API, which Chat Completions cannot ask for: give the agent "
            "functions only, or use an OpenAIResponsesModel"
        )
    return _function(tool.name, tool.description, tool.params_json_schema, tool.strict_json_schema)


def _function(
    name: str, description: str, parameters: dict[str, Any], strict: bool
) -> dict[str, Any]:
    function = {
        "name": name,
        "description": description,
        "parameters": parameters,
        "strict": strict,
    }
    return {"type": "function", "function": function}


def _response_format(schema: OutputSchema | None) -> dict[str, Any] | None:
    if schema is None or schema.is_plain_text():
        return None
    described = {
        "name": "final_output",  # a type's own name may have characters that the API refuses
        "schema": schema.json_schema(),
        "strict": schema.is_strict_json_schema(),
    }
    return {"type": "json_schema", "json_schema": described}
