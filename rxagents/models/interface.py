"""What the run asks of a model."""

from __future__ import annotations

import abc
import enum
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from rxagents.exceptions import ModelStreamError
from rxagents.items import ModelResponse

if TYPE_CHECKING:
    from openai.types.responses import (
        ResponseInputItemParam,
        ResponsePromptParam,
        ResponseStreamEvent,
    )

    from rxagents.handoffs import Handoff
    from rxagents.model_settings import ModelSettings
    from rxagents.tools import Tool


class ModelTracing(enum.Enum):
    """Whether a model call is traced, and with what it was asked and answered."""

    DISABLED = 0
    ENABLED = 1
    ENABLED_WITHOUT_DATA = 2


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
        """The whole answer at once: `stream_response` read to its end.

        Raises ModelStreamError where it ends without `response.completed`.
        """
        count = 0
        async for event in self.stream_response(
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
        ):
            count += 1
            if event.type == "response.completed":
                return ModelResponse.of(event.response)
        raise ModelStreamError(
            f"the model's stream ended after {count} events without response.completed",
            event_index=count,
        )

    async def close(self) -> None:  # noqa: B027 - most models hold nothing
        """Release what the model holds; nothing by default."""


class ModelProvider(abc.ABC):
    """Finds a model by its name."""

    @abc.abstractmethod
    def get_model(self, model_name: str | None) -> Model:
        """The model of that name, or the default one for None.

        Raises ModelUnavailableError if it cannot be used as things are set up.
        """
