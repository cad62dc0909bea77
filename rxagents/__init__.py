"""rxagents: an agent run is an Observable of events.

    run = Runner.run_streamed(agent, "Plan a trip to Oslo")

    async for event in run.stream_events(): ...                          # as an iterator
    run.pipe(ops.text_deltas()).subscribe(print)                         # with callbacks
    async for s in run.pipe(ops.text_deltas(), ops.sentences()): ...     # through operators

The house, in the direction the data flows:

    models/      bytes to typed events
    run/         events to items, turns, tools and handoffs
    stream/      the Stream, its log and its time
    recording/   files of events, which can be played again
    operators/   functions from Stream to Stream (rxagents.operators)
"""

from importlib import import_module

from .adoption import Adoption
from .agent import Agent as Agent
from .context import RunContextWrapper as RunContextWrapper
from .context import TContext as TContext
from .context import ToolContext as ToolContext
from .event_json import event_from_dict as event_from_dict
from .events import AgentUpdatedStreamEvent as AgentUpdatedStreamEvent
from .events import RawResponsesStreamEvent as RawResponsesStreamEvent
from .events import RunItemStreamEvent as RunItemStreamEvent
from .events import StreamEvent as StreamEvent
from .events import TResponseStreamEvent as TResponseStreamEvent
from .exceptions import AgentsException as AgentsException
from .exceptions import AsyncCallbackError as AsyncCallbackError
from .exceptions import MaxTurnsExceeded as MaxTurnsExceeded
from .exceptions import ModelAPIError as ModelAPIError
from .exceptions import ModelBehaviorError as ModelBehaviorError
from .exceptions import ModelRefusalError as ModelRefusalError
from .exceptions import ModelResponseError as ModelResponseError
from .exceptions import ModelStreamError as ModelStreamError
from .exceptions import ModelTimeoutError as ModelTimeoutError
from .exceptions import ModelUnavailableError as ModelUnavailableError
from .exceptions import NoRunningLoopError as NoRunningLoopError
from .exceptions import RecordedRunFailed as RecordedRunFailed
from .exceptions import RecordingError as RecordingError
from .exceptions import RecordingExhausted as RecordingExhausted
from .exceptions import RunErrorDetails as RunErrorDetails
from .exceptions import RxAgentsError as RxAgentsError
from .exceptions import ToolArgumentsError as ToolArgumentsError
from .exceptions import ToolCallError as ToolCallError
from .exceptions import ToolNotFoundError as ToolNotFoundError
from .exceptions import UserError as UserError
from .handoffs import Handoff as Handoff
from .handoffs import handoff as handoff
from .items import HandoffCallItem as HandoffCallItem
from .items import HandoffOutputItem as HandoffOutputItem
from .items import ItemHelpers as ItemHelpers
from .items import MessageOutputItem as MessageOutputItem
from .items import ModelResponse as ModelResponse
from .items import ReasoningItem as ReasoningItem
from .items import RunItem as RunItem
from .items import ToolCallItem as ToolCallItem
from .items import ToolCallOutputItem as ToolCallOutputItem
from .items import TResponseInputItem as TResponseInputItem
from .items import TResponseOutputItem as TResponseOutputItem
from .model_settings import ModelSettings as ModelSettings
from .models import DEFAULT_MODEL as DEFAULT_MODEL
from .models import LOCAL_MODEL as LOCAL_MODEL
from .models import Model as Model
from .models import ModelProvider as ModelProvider
from .models import ModelTracing as ModelTracing
from .models import MultiProvider as MultiProvider
from .models import OpenAIResponsesModel as OpenAIResponsesModel
from .models import ReplayModel as ReplayModel
from .recording import replay as replay
from .run import DEFAULT_MAX_TURNS as DEFAULT_MAX_TURNS
from .run import RunConfig as RunConfig
from .run import Runner as Runner
from .run import RunResult as RunResult
from .run import RunResultBase as RunResultBase
from .run import RunResultStreaming as RunResultStreaming
from .stream import Stream as Stream
from .stream import use_adoption, use_vocabulary
from .tools import FunctionTool as FunctionTool
from .tools import Tool as Tool
from .tools import default_tool_error_function as default_tool_error_function
from .tools import function_tool as function_tool
from .usage import Usage as Usage

use_vocabulary(lambda: import_module("rxagents.operators"))
use_adoption(Adoption)

__version__ = "0.1.0"
