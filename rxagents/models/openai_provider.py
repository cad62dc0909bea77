"""Models of OpenAI, and of servers that speak like it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from openai import AsyncOpenAI

from rxagents.exceptions import ModelUnavailableError, UserError

from .clients import client_of_this_loop
from .defaults import get_default_model, openai_defaults
from .interface import Model, ModelProvider
from .openai_responses import OpenAIResponsesModel

if TYPE_CHECKING:
    from .openai_responses_ws import OpenAIResponsesWebSocketOptions


class OpenAIProvider(ModelProvider):
    """Finds models at OpenAI, or at the server at `base_url`, by the names they have there.

    Without options: the client of `set_default_openai_client`, or else the server at
    `OPENAI_BASE_URL` with the key of `set_default_openai_key` or in `OPENAI_API_KEY`. The provider
    makes a client for each event loop, which is closed with its loop; `openai_client` is used as
    it is, and closed by whoever made it.

    `use_responses=False` speaks the Chat Completions API, which most other servers offer;
    `use_responses_websocket=True` the Responses API on a WebSocket, which is
    kept for the next call. Where they are None, the defaults of `set_default_openai_api` and
    `set_default_openai_responses_transport` hold as they are now.

    Raises UserError if there are both a client and options for one.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        websocket_base_url: str | None = None,
        openai_client: AsyncOpenAI | None = None,
        organization: str | None = None,
        project: str | None = None,
        use_responses: bool | None = None,
        use_responses_websocket: bool | None = None,
        strict_feature_validation: bool = False,
        responses_websocket_options: OpenAIResponsesWebSocketOptions | None = None,
        buffer_streamed_tool_calls: bool = False,
    ) -> None:
        self._options = {
            "api_key": api_key,
            "base_url": base_url,
            "websocket_base_url": websocket_base_url,
            "organization": organization,
            "project": project,
        }
        given = [name for name, value in self._options.items() if value is not None]
        if openai_client is not None and given:
            raise UserError(
                f"a provider with an openai_client takes no {', '.join(given)}: give them to the "
                "client"
            )
        self._client = openai_client
        self._has_options = bool(given)
        defaults = openai_defaults
        self._use_responses = defaults.use_responses if use_responses is None else use_responses
        self._websocket = (
            defaults.transport == "websocket"
            if use_responses_websocket is None
            else use_responses_websocket
        )
        self._websocket_options = responses_websocket_options
        self._chat_options: dict[str, Any] = {
            "strict_feature_validation": strict_feature_validation,
            "buffer_streamed_tool_calls": buffer_streamed_tool_calls,
        }
        self._on_websocket = WeakSet[AsyncOpenAI]()  # clients

    def get_model(self, model_name: str | None) -> Model:
        """The model called `model_name`; None is `OPENAI_DEFAULT_MODEL`, or the usual one.

        Must be called on an event loop unless there is an `openai_client`. Raises
        ModelUnavailableError without a key, or where an extra is missing.
        """
        name = model_name or get_default_model()
        explicit = model_name is not None
        client = self._client_for(name)
        if not self._use_responses:
            # Imported late: most programs speak one of the two APIs.
            from .openai_chatcompletions import OpenAIChatCompletionsModel

            return OpenAIChatCompletionsModel(name, client, **self._chat_options)
        if self._websocket:
            from .openai_responses_ws import OpenAIResponsesWSModel

            self._on_websocket.add(client)
            return OpenAIResponsesWSModel(
                name,
                client,
                model_is_explicit=explicit,
                websocket_options=self._websocket_options,
            )
        return OpenAIResponsesModel(name, client, model_is_explicit=explicit)

    async def aclose(self) -> None:
        """Close the WebSockets of the running loop that nobody uses; clients end with their loop.

        Those in use are closed as soon as their response has ended.
        """
        if self._on_websocket:
            from .websocket_pool import close_sockets

            for client in tuple(self._on_websocket):
                await close_sockets(client)

    def _client_for(self, wanted: str) -> AsyncOpenAI:
        if self._client is not None:
            return self._client
        if openai_defaults.client is not None and not self._has_options:
            return openai_defaults.client
        key = self._options["api_key"] or openai_defaults.key or os.environ.get("OPENAI_API_KEY")
        if not key:
            raise ModelUnavailableError(
                f"there is no key to ask for the model {wanted!r}: set OPENAI_API_KEY (for a "
                "server that wants none any value will do), or take the embedded model, which "
                "needs none: model='local', or OPENAI_DEFAULT_MODEL=local in the environment"
            )
        options: dict[str, Any] = {
            **self._options,
            "api_key": key,
            "base_url": self._options["base_url"] or os.environ.get("OPENAI_BASE_URL"),
            "websocket_base_url": self._options["websocket_base_url"]
            or os.environ.get("OPENAI_WEBSOCKET_BASE_URL"),
        }
        same = tuple(options.items())
        return client_of_this_loop(same, lambda: AsyncOpenAI(**options))
