"""Models: what answers, and how its bytes become events. It knows nothing of runs.

    interface                Model and ModelProvider, as the run sees them
    sse                      bytes to server-sent events
    frames                   their JSON, or the error that says what stands there instead
    streaming                one streamed answer over HTTP
    errors                   the client's errors in one clear sentence each
    retry_advice             what an error says about trying again
    time_limit               no longer than so many seconds
    terminal                 how a response ends, well or not
    replayed                 what was recorded, once more

Where they come from:

    clients                  one client a loop, closed with it
    defaults                 what holds for providers that are not told otherwise
    openai_provider          from a name at OpenAI, or a server like it, to a model
    multi_provider           from a name with or without a prefix to a model

The Responses API:

    openai_responses         over HTTP
    openai_responses_ws      on a WebSocket; websocket_pool, websocket_errors: its sockets
    responses_request        what is sent there
    responses_decoder        server-sent events to the `openai` package's typed events

Chat Completions, whose chunks become the same events:

    openai_chatcompletions   over HTTP
    chat_request             the request; chat_messages, chat_content: items to messages
    chat_decoder             bytes to chunks to events
    chat_writer              which items a chunk begins, goes on with and ends
    chat_parts               a message while it comes; chat_reasoning, chat_calls: the other items
    chat_emitter             the events themselves; chat_usage: what they cost
    provider_data            what an item carries for the provider it came from
    reasoning_content_replay  what a model is told again of what it thought

Read `interface` first.
"""

from .defaults import DEFAULT_MODEL as DEFAULT_MODEL
from .defaults import get_default_model as get_default_model
from .defaults import gpt_5_reasoning_settings_required as gpt_5_reasoning_settings_required
from .defaults import is_gpt_5_default as is_gpt_5_default
from .defaults import set_default_openai_api as set_default_openai_api
from .defaults import set_default_openai_client as set_default_openai_client
from .defaults import set_default_openai_key as set_default_openai_key
from .defaults import (
    set_default_openai_responses_transport as set_default_openai_responses_transport,
)
from .interface import Model as Model
from .interface import ModelProvider as ModelProvider
from .interface import ModelTracing as ModelTracing
from .multi_provider import LOCAL_MODEL as LOCAL_MODEL
from .multi_provider import MultiProvider as MultiProvider
from .multi_provider import MultiProviderMap as MultiProviderMap
from .openai_chatcompletions import OpenAIChatCompletionsModel as OpenAIChatCompletionsModel
from .openai_provider import OpenAIProvider as OpenAIProvider
from .openai_responses import OpenAIResponsesModel as OpenAIResponsesModel
from .openai_responses_ws import OpenAIResponsesWebSocketOptions as OpenAIResponsesWebSocketOptions
from .openai_responses_ws import OpenAIResponsesWSModel as OpenAIResponsesWSModel
from .replayed import ReplayModel as ReplayModel
from .sse import ServerSentEvent as ServerSentEvent
from .sse import SSEDecoder as SSEDecoder
