"""Models that speak the OpenAI Responses API over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from .clients import client_for
from .interface import Model, ModelTracing, OutputSchema
from .responses_decoder import ResponsesDecoder
from .responses_request import responses_request
from .retry_advice import openai_retry_advice
from .streaming import answered, streamed
from .tool_params import tool_includes, tool_params
from .tool_params import tool_param as tool_param

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.responses import (
        ResponseInputItemParam,
        ResponsePromptParam,
        ResponseStreamEvent,
    )

    from rxagents.handoffs import Handoff
    from rxagents.model_settings import ModelSettings
    from rxagents.retry import ModelRetryAdvice, ModelRetryAdviceRequest
    from rxagents.tools import Tool


class OpenAIResponsesModel(Model):
    """A model behind `POST /responses`, of OpenAI or of any server that speaks it.

    The `openai` client makes the request: key, retries, time-outs, proxies. The answer's bytes
    are decoded here, as the client's own decoding costs many times what the JSON does.

    `model_is_explicit=False` says that nobody asked for this model by name: then a stored prompt
    chooses its own.
    """

    def __init__(
        self, model: str, openai_client: AsyncOpenAI, *, model_is_explicit: bool = True
    ) -> None:
        self.model = model
        self._client = openai_client
        self._model_is_explicit = model_is_explicit

    def stream_response(
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

        Reading raises a ModelAPIError if the request fails, and ModelStreamError if its stream
        breaks off or is malformed. The client retries connection failures, 408, 409, 429 and 5xx
        before the stream begins, unless `model_settings.retry` allows no retries; nothing is
        retried after that.

        Raises ModelSettingsError now if `extra_args` sets what is set already.
        """
        request = self._request(
            system_instructions,
            input,
            model_settings,
            tools,
            output_schema,
            handoffs,
            previous_response_id=previous_response_id,
            conversation_id=conversation_id,
            prompt=prompt,
        )
        client = client_for(self._client, model_settings)
        decoder = ResponsesDecoder()
        create = client.responses.with_streaming_response.create
        answer = answered(create, request, decoder, model=self.model, client=client)
        return streamed(answer, decoder)

    def get_retry_advice(self, request: ModelRetryAdviceRequest) -> ModelRetryAdvice | None:
        """What the server's answer says about retrying; see `openai_retry_advice`."""
        return openai_retry_advice(request)

    def _request(
        self,
        instructions: str | None,
        input: str | list[ResponseInputItemParam],
        settings: ModelSettings,
        tools: Sequence[Tool],
        output_schema: OutputSchema | None,
        handoffs: Sequence[Handoff[Any]],
        *,
        previous_response_id: str | None,
        conversation_id: str | None,
        prompt: ResponsePromptParam | None,
    ) -> dict[str, Any]:
        return responses_request(
            None if prompt is not None and not self._model_is_explicit else self.model,
            instructions,
            input,
            settings,
            tools=tool_params(tools, self.model) + [h.to_param() for h in handoffs],
            includes=tool_includes(tools),
            output_schema=output_schema,
            previous_response_id=previous_response_id,
            conversation=conversation_id,
            prompt=prompt,
        )
