"""What is `agents.run_state` in the OpenAI Agents SDK; here it is in `run`."""

from .run import RunState as RunState
