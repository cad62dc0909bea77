"""Models: what answers, and how its bytes become events. It knows nothing of runs.

    interface           Model and ModelProvider, as the run sees them
    sse                 bytes to server-sent events
    responses_decoder   server-sent events to the `openai` package's typed events
    openai_responses    the Responses API over HTTP
    replayed            what was recorded, once more
    errors              the client's errors in one clear sentence each
    clients             one client a loop, closed with it
    provider            from a model's name to a model

Read `interface` first.
"""

from .interface import Model as Model
from .interface import ModelProvider as ModelProvider
from .interface import ModelTracing as ModelTracing
from .openai_responses import OpenAIResponsesModel as OpenAIResponsesModel
from .provider import DEFAULT_MODEL as DEFAULT_MODEL
from .provider import LOCAL_MODEL as LOCAL_MODEL
from .provider import MultiProvider as MultiProvider
from .replayed import ReplayModel as ReplayModel
from .sse import ServerSentEvent as ServerSentEvent
from .sse import SSEDecoder as SSEDecoder
