"""What is `agents.result` in the OpenAI Agents SDK; here it is in `run`."""

from .run import AgentToolInvocation as AgentToolInvocation
from .run import RunResult as RunResult
from .run import RunResultBase as RunResultBase
from .run import RunResultStreaming as RunResultStreaming
