"""Models that speak the Responses API on a WebSocket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, NotRequired, cast

from typing_extensions import TypedDict

from rxagents.exceptions import (
    ModelConnectionError,
    ModelRequestTimeoutError,
    ModelSettingsError,
)
from rxagents.openai_types import typed_event

from .frames import json_object
from .interface import ModelTracing, OutputSchema
from .openai_responses import OpenAIResponsesModel
from .responses_decoder import TERMINAL
from .websocket_errors import connect_error, cut_error, frame_error, late_error
from .websocket_pool import Socket, close_sockets, pool_of

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.responses import (
        ResponseInputItemParam,
        ResponsePromptParam,
        ResponseStreamEvent,
    )
    from pydantic import BaseModel

    from rxagents.handoffs import Handoff
    from rxagents.model_settings import ModelSettings
    from rxagents.retry import ModelRetryAdvice, ModelRetryAdviceRequest
    from rxagents.tools import Tool


class OpenAIResponsesWebSocketOptions(TypedDict):
    """Options of the WebSocket itself, which are those of `websockets`."""

    ping_interval: NotRequired[float | None]
    """Seconds between pings, 20 by default; None sends none."""

    ping_timeout: NotRequired[float | None]
    """Seconds to wait for the answer to a ping, 20 by default; None waits for ever."""

    max_size: NotRequired[int | None]
    """Bytes that a message may have; None, the default, is no limit."""


class OpenAIResponsesWSModel(OpenAIResponsesModel):
    """A model of the Responses API that is asked, and answers, on a WebSocket.

    A socket carries one response at a time and stays open for the next, so that the turns of a run
    need no new connection; calls at the same time each have one. It needs the extra
    `rxagents[websocket]`. The client's own retries do not apply: a call that fails is retried by
    `ModelSettings.retry`, or not at all.
    """

    def __init__(
        self,
        model: str,
        openai_client: AsyncOpenAI,
        *,
        model_is_explicit: bool = True,
        websocket_options: OpenAIResponsesWebSocketOptions | None = None,
    ) -> None:
        super().__init__(model, openai_client, model_is_explicit=model_is_explicit)
        self._options = dict(websocket_options or {})

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

        Raises what OpenAIResponsesModel raises, ModelStreamCutError where the socket is closed
        before the response has ended, and ModelUnavailableError without the extra.
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
        query: Any = request.pop("extra_query", {})
        headers: Any = request.pop("extra_headers", {})
        frame = _frame(request)
        pool = pool_of(self._client)
        try:
            socket = await pool.take(query, headers, self._options, after=previous_response_id)
        except Exception as error:
            raise connect_error(error, self.model, self._client) from error
        ended = False
        try:
            async with aclosing(self._events(socket, frame)) as events:
                async for event in events:
                    ended = event.type in TERMINAL
                    yield event
        finally:
            if ended:
                await pool.give_back(socket)
            else:
                await socket.drop()

    def get_retry_advice(self, request: ModelRetryAdviceRequest) -> ModelRetryAdvice | None:
        """As over HTTP; a call for which no socket could be opened had no effect."""
        advice = super().get_retry_advice(request)
        error = request.error
        if advice is not None and isinstance(error, ModelConnectionError):
            sent = isinstance(error, ModelRequestTimeoutError)
            advice.replay_safety = advice.replay_safety if sent else "safe"
        return advice

    async def close(self) -> None:
        """Close the client's sockets on the running loop that nobody uses."""
        await close_sockets(self._client)

    async def _events(self, socket: Socket, frame: str) -> AsyncGenerator[ResponseStreamEvent]:
        """Send `frame`; the events that come back, up to the last."""
        limit = getattr(self._client.timeout, "read", self._client.timeout)
        count = 0
        while True:
            try:
                async with asyncio.timeout(cast("float | None", limit)):
                    if not count:
                        await socket.send(frame)
                    message = await socket.receive()
            except TimeoutError as error:
                raise late_error(self.model, self._client) from error
            except Exception as error:
                raise cut_error(error, count) from error
            value = json_object(message, count)
            if value.get("type") == "error" and isinstance(value.get("error"), dict):
                raise frame_error(value, count, self.model, self._client)
            event = typed_event(value)
            count += 1
            if event.type in TERMINAL:
                response: Any = getattr(event, "response", None)
                socket.last_response_id = getattr(response, "id", None)
            yield event
            if event.type in TERMINAL:
                return


def _frame(request: dict[str, Any]) -> str:
    """The message that asks for a response; raises ModelSettingsError for an unusable body."""
    body: object = request.pop("extra_body", {})
    request.pop("timeout", None)  # the client's, for a request over HTTP
    if not isinstance(body, Mapping):
        raise ModelSettingsError(
            "extra_body must be a mapping where the Responses API is asked on a WebSocket, not "
            f"{type(body).__name__}"
        )
    return json.dumps({**request, **body, "type": "response.create", "stream": True}, default=_json)


def _json(value: BaseModel) -> Any:
    return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
