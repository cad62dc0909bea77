"""Models that speak the Chat Completions API over HTTP."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import openai

from rxagents.exceptions import UserError

from .chat_decoder import ChatDecoder
from .chat_messages import chat_messages
from .chat_request import chat_request, chat_tools, is_openai
from .clients import client_for
from .interface import Model, ModelTracing, OutputSchema
from .provider_data import provider_data
from .reasoning_content_replay import (
    ReasoningContentReplayContext,
    ReasoningContentSource,
    ShouldReplayReasoningContent,
    default_should_replay_reasoning_content,
)
from .retry_advice import openai_retry_advice
from .streaming import answered, streamed

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

_logger = logging.getLogger(__name__)


class OpenAIChatCompletionsModel(Model):
    """A model behind `POST /chat/completions`: vLLM, Ollama, LM Studio, llama.cpp, and many more.

    Its chunks become the events of a Responses stream, each item with an id of its own and over as
    soon as that is known. The `openai` client makes the request; the answer's bytes are decoded
    here.

    What the API lacks (prompts and conversations of the provider's, a second choice, more than
    text in a tool's output) is left out with a warning or told in another way; with
    `strict_feature_validation` it is a UserError. With `buffer_streamed_tool_calls` a call of a
    tool is told of when it is whole. `should_replay_reasoning_content` decides what the model is
    told again of what it thought; by default only DeepSeek's are told it.
    """

    api: ClassVar[Literal["responses", "chat"]] = "chat"

    def __init__(
        self,
        model: str,
        openai_client: AsyncOpenAI,
        should_replay_reasoning_content: ShouldReplayReasoningContent | None = None,
        strict_feature_validation: bool = False,
        buffer_streamed_tool_calls: bool = False,
    ) -> None:
        self.model = model
        self.should_replay_reasoning_content = should_replay_reasoning_content
        self._client = openai_client
        self._strict = strict_feature_validation
        self._hold_calls = buffer_streamed_tool_calls
        self._warned: set[str] = set()
        self._refuses_stream_options = False  # once the server has said so

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

        Raises UserError now for what Chat Completions cannot carry. Reading raises as it does from
        an OpenAIResponsesModel.
        """
        reasoning = model_settings.reasoning
        self._left_out("previous_response_id", previous_response_id)
        self._left_out("conversation_id", conversation_id)
        self._left_out("prompt", prompt)
        self._left_out("reasoning.mode", reasoning and reasoning.mode)
        self._left_out("reasoning.context", reasoning and reasoning.context)
        request = chat_request(
            self.model,
            self._messages(system_instructions, input),
            model_settings,
            tools=chat_tools(tools, handoffs),
            output_schema=output_schema,
            official=is_openai(self._client),
        )
        decoder = ChatDecoder(
            model=self.model,
            echo=_echo(model_settings),
            hold_calls=self._hold_calls,
            strict=self._strict,
        )
        optional = model_settings.include_usage is None and "stream_options" not in (
            model_settings.extra_args or {}
        )
        client = client_for(self._client, model_settings)
        create = partial(self._create_either_way if optional else self._create, client)
        answer = answered(create, request, decoder, model=self.model, client=client)
        return streamed(answer, decoder)

    def get_retry_advice(self, request: ModelRetryAdviceRequest) -> ModelRetryAdvice | None:
        """What the server's answer says about retrying; see `openai_retry_advice`."""
        return openai_retry_advice(request)

    def _create(self, client: AsyncOpenAI, **request: Any) -> Any:
        create: Any = client.chat.completions.with_streaming_response.create
        return create(**request)

    @asynccontextmanager
    async def _create_either_way(self, client: AsyncOpenAI, **request: Any) -> AsyncGenerator[Any]:
        """As `_create`, but once more without `stream_options` if those are what is refused."""
        if not self._refuses_stream_options:
            async with AsyncExitStack() as stack:
                try:
                    answer = await stack.enter_async_context(self._create(client, **request))
                except openai.APIStatusError as error:
                    if error.status_code not in (400, 422) or "stream_options" not in error.message:
                        raise
                    self._refuses_stream_options = True
                else:
                    yield answer
                    return
        del request["stream_options"]
        async with self._create(client, **request) as answer:
            yield answer

    def _messages(
        self, instructions: str | None, input: str | list[ResponseInputItemParam]
    ) -> list[dict[str, Any]]:
        messages = chat_messages(
            input,
            model=self.model,
            replays_reasoning=self._replays_reasoning,
            strict=self._strict,
        )
        system = [{"role": "system", "content": instructions}] if instructions else []
        return system + messages

    def _replays_reasoning(self, item: Mapping[str, Any]) -> bool:
        mark = provider_data(item)
        source = ReasoningContentSource(
            item=item, origin_model=mark.get("model"), provider_data=mark
        )
        decide = self.should_replay_reasoning_content or default_should_replay_reasoning_content
        address = str(self._client.base_url).rstrip("/")
        return decide(ReasoningContentReplayContext(self.model, address, source))

    def _left_out(self, name: str, value: object) -> None:
        if value is None:
            return
        message = f"Chat Completions has no {name}: use an OpenAIResponsesModel, or leave it out"
        if self._strict:
            raise UserError(message)
        if name not in self._warned:
            self._warned.add(name)
            _logger.warning("%s (it is left out)", message)


def _echo(settings: ModelSettings) -> dict[str, Any]:
    """The fields of the response that the request determines."""
    choice: Any = settings.tool_choice or "auto"
    if choice not in ("auto", "required", "none"):
        choice = {"type": "function", "name": choice}
    return {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "max_output_tokens": settings.max_tokens,
        "reasoning": settings.reasoning,
        "tool_choice": choice,
        "parallel_tool_calls": settings.parallel_tool_calls is not False,
    }
