"""Models that speak the OpenAI Responses API over HTTP."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import httpx2
import openai

from rxagents.exceptions import ModelStreamError

from .errors import model_api_error
from .interface import Model, ModelTracing, OutputSchema
from .responses_decoder import ResponsesDecoder

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.responses import (
        ResponseInputItemParam,
        ResponsePromptParam,
        ResponseStreamEvent,
    )

    from rxagents.handoffs import Handoff
    from rxagents.model_settings import ModelSettings
    from rxagents.tools import Tool

_DRAIN = 0.25  # seconds a server may take to end its body after the last event


class OpenAIResponsesModel(Model):
    """A model behind `POST /responses`, of OpenAI or of any server that speaks it.

    The `openai` client makes the request: key, retries, time-outs, proxies. The answer's bytes
    are decoded here, as the client's own decoding costs many times what the JSON does.
    """

    def __init__(self, model: str, openai_client: AsyncOpenAI) -> None:
        self.model = model
        self._client = openai_client

    async def stream_response(
        self,
        system_instructions: str | None,
        input: str | list[ResponseInputItemParam],
        model_settings: ModelSettings,
        tools: Sequence[Tool],
        output_schema: OutputSchema | None,
        handoffs: Sequence[Handoff[Any]],
        tracing: ModelTracing,
        *,
        previous_response_id: str | None = None,
        conversation_id: str | None = None,
        prompt: ResponsePromptParam | None = None,
    ) -> AsyncIterator[ResponseStreamEvent]:
        """Ask once; see `Model.stream_response`.

        Raises a ModelAPIError if the request fails, and ModelStreamError if its stream breaks
        off or is malformed. The client retries connection failures, 408, 409, 429 and 5xx
        before the stream begins; nothing is retried after that.
        """
        request = responses_request(
            self.model,
            system_instructions,
            input,
            model_settings,
            tools=[tool_param(tool) for tool in tools] + [h.to_param() for h in handoffs],
            output_schema=output_schema,
            previous_response_id=previous_response_id,
            conversation=conversation_id,
            prompt=prompt,
        )
        decoder = ResponsesDecoder()
        async with self._answer(request, decoder) as response:
            chunks = response.aiter_bytes()
            async for chunk in chunks:
                for event in decoder.feed(chunk):
                    yield event
                if decoder.ended:
                    await _drain(chunks)
                    return
            decoder.finish()

    @asynccontextmanager
    async def _answer(
        self, request: dict[str, Any], decoder: ResponsesDecoder
    ) -> AsyncGenerator[httpx2.Response]:
        try:
            create = self._client.responses.with_streaming_response.create
            async with create(**request, stream=True) as answer:
                yield answer.http_response
        except openai.APIError as error:
            raise model_api_error(error, self.model, self._client) from error
        except httpx2.HTTPError as error:
            # The client maps the errors of the request; those of the body reach us bare.
            raise ModelStreamError(
                f"the connection to the model broke off after {decoder.count} events "
                f"({type(error).__name__}: {error or 'no more is known'})",
                event_index=decoder.count,
            ) from error


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    """Read the body to its end, without which the connection cannot be used again."""
    with anyio.move_on_after(_DRAIN):
        async for _ in chunks:
            continue


def responses_request(
    model: str,
    instructions: str | None,
    input: str | list[ResponseInputItemParam],
    settings: ModelSettings,
    *,
    tools: list[Any],
    output_schema: OutputSchema | None,
    **conversation: Any,
) -> dict[str, Any]:
    """The arguments of the client's `responses.create`, without those that are not set."""
    request: dict[str, Any] = {
        "model": model,
        "instructions": instructions,
        "input": [{"role": "user", "content": input}] if isinstance(input, str) else input,
        "tools": tools or None,
        "tool_choice": _tool_choice(settings.tool_choice) if tools else None,
        "parallel_tool_calls": settings.parallel_tool_calls if tools else None,
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "truncation": settings.truncation,
        "max_output_tokens": settings.max_tokens,
        "reasoning": settings.reasoning,
        "text": _text(settings, output_schema),
        "metadata": settings.metadata,
        "store": settings.store,
        "prompt_cache_retention": settings.prompt_cache_retention,
        "include": settings.response_include,
        "top_logprobs": settings.top_logprobs,
        "extra_query": settings.extra_query,
        "extra_body": settings.extra_body,
        "extra_headers": settings.extra_headers,
        **conversation,
        **(settings.extra_args or {}),
    }
    return {name: value for name, value in request.items() if value is not None}


def tool_param(tool: Tool) -> dict[str, Any]:
    """A tool as the Responses API describes it."""
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.params_json_schema,
        "strict": tool.strict_json_schema,
    }


def _tool_choice(choice: str | None) -> Any:
    if choice is None or choice in {"auto", "required", "none"}:
        return choice
    return {"type": "function", "name": choice}


def _text(settings: ModelSettings, schema: OutputSchema | None) -> dict[str, Any] | None:
    text: dict[str, Any] = {}
    if settings.verbosity is not None:
        text["verbosity"] = settings.verbosity
    if schema is not None and not schema.is_plain_text():
        text["format"] = {
            "type": "json_schema",
            "name": schema.name(),
            "schema": schema.json_schema(),
            "strict": schema.is_strict_json_schema(),
        }
    return text or None
