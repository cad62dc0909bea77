"""What is `agents.run_config` in the OpenAI Agents SDK; here it is in `run`."""

from .run import DEFAULT_MAX_TURNS as DEFAULT_MAX_TURNS
from .run import CallModelData as CallModelData
from .run import CallModelInputFilter as CallModelInputFilter
from .run import ModelInputData as ModelInputData
from .run import ReasoningItemIdPolicy as ReasoningItemIdPolicy
from .run import RunConfig as RunConfig
from .run import ToolErrorFormatter as ToolErrorFormatter
from .run import ToolErrorFormatterArgs as ToolErrorFormatterArgs
from .run import ToolExecutionConfig as ToolExecutionConfig
from .run import ToolNameCollisionPolicy as ToolNameCollisionPolicy
from .run import ToolNotFoundBehavior as ToolNotFoundBehavior
