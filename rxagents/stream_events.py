"""What is `agents.stream_events` in the OpenAI Agents SDK; here it is in `events`."""

from .events import AgentUpdatedStreamEvent as AgentUpdatedStreamEvent
from .events import RawResponsesStreamEvent as RawResponsesStreamEvent
from .events import RunItemStreamEvent as RunItemStreamEvent
from .events import StreamEvent as StreamEvent
