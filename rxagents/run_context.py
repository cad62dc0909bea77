"""What is `agents.run_context` in the OpenAI Agents SDK; here it is in `context`."""

from .context import AgentHookContext as AgentHookContext
from .context import RunContextWrapper as RunContextWrapper
from .context import TContext as TContext
