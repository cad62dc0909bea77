"""What is `agents.tool_context` in the OpenAI Agents SDK; here it is in `context`."""

from .context import ToolContext as ToolContext
