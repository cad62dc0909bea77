"""What the run asks of a model."""

from __future__ import annotations

import abc
import enum
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from rxagents.items import ModelResponse

from .terminal import completed_response
from .time_limit import within_seconds

if TYPE_CHECKING:
    from openai.types.responses import (
        ResponseInputItemParam,
        ResponsePromptParam,
        ResponseStreamEvent,
    )

    from rxagents.handoffs import Handoff
    from rxagents.model_settings import ModelSettings
    from rxagents.retry import ModelRetryAdvice, ModelRetryAdviceRequest
    from rxagents.tools import Tool


class ModelTracing(enum.Enum):
    """Whether a model call is traced, and with what it was asked and answered."""

    DISABLED = 0
    ENABLED = 1
    ENABLED_WITHOUT_DATA = 2

    def is_disabled(self) -> bool:
        """Whether nothing is traced."""
        return self is ModelTracing.DISABLED

    def include_data(self) -> bool:
        """Whether what was asked and answered is traced, too."""
        return self is ModelTracing.ENABLED


class OutputSchema(Protocol):
    """The JSON schema that a final answer must follow."""

    def is_plain_text(self) -> bool: ...
    def name(self) -> str: ...
    def json_schema(self) -> dict[str, Any]: ...
    def is_strict_json_schema(self) -> bool: ...


class Model(abc.ABC):
    """A language model that answers with a stream of Responses events.

    The methods and their arguments are the OpenAI Agents SDK's, so that a model written for it
    works here. Only `stream_response` must be written.
    """

    api: ClassVar[Literal["responses", "chat"]] = "responses"
    """What is spoken to the model's side, as traces tell it."""

    @abc.abstractmethod
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
        previous_response_id: str | None,
        conversation_id: str | None,
        prompt: ResponsePromptParam | None,
    ) -> AsyncIterator[ResponseStreamEvent]:
        """Ask once; iterate over the answer's events as they arrive.

        The last one is a `response.completed`, `response.failed`, `response.incomplete` or
        `error`. Closing the iterator (`aclose()`) ends the request.
        """

    async def get_response(
        self,
        system_instructions: str | None,
        input: str | list[ResponseInputItemParam],
        model_settings: ModelSettings,
        tools: Sequence[Tool],
        output_schema: OutputSchema | None,
        handoffs: Sequence[Handoff[Any]],
        tracing: ModelTracing,
        *,
        previous_response_id: str | None,
        conversation_id: str | None,
        prompt: ResponsePromptParam | None,
    ) -> ModelResponse:
        """The whole answer at once: `stream_response` read to its end, within the time limit.

        Raises ModelResponseError if the model's side says that it failed, ModelStreamCutError if
        the stream ends without saying anything, and ModelTimeoutError.
        """
        events = self.stream_response(
            system_instructions,
            input,
            model_settings,
            tools,
            output_schema,
            handoffs,
            tracing,
            previous_response_id=previous_response_id,
            conversation_id=conversation_id,
            prompt=prompt,
        )
        if model_settings.timeout is not None:
            events = within_seconds(events, model_settings.timeout)
        return ModelResponse.of(await completed_response(events))

    def get_retry_advice(self, request: ModelRetryAdviceRequest) -> ModelRetryAdvice | None:
        """What this model's side knows about trying again after an error; nothing by default.

        A retry policy is told of it, and `retry_policies.provider_suggested()` does what it says.
        """
        return None

    async def close(self) -> None:  # noqa: B027 - most models hold nothing
        """Release what the model holds; nothing by default."""


class ModelProvider(abc.ABC):
    """Finds a model by its name."""

    @abc.abstractmethod
    def get_model(self, model_name: str | None) -> Model:
        """The model of that name, or the default one for None.

        Raises ModelUnavailableError if it cannot be used as things are set up.
        """

    async def aclose(self) -> None:  # noqa: B027 - most providers hold nothing
        """Release what the provider holds; nothing by default."""
