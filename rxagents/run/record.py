"""What a run knows of itself: written by its loop, read by its result."""

from __future__ import annotations

import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from openai.types.responses import ResponseInputItemParam

from rxagents.agent import Agent
from rxagents.context import RunContextWrapper
from rxagents.exceptions import RunErrorDetails
from rxagents.guardrail import InputGuardrailResult, OutputGuardrailResult
from rxagents.items import ModelResponse, RunItem, ToolApprovalItem
from rxagents.lifecycle import RunHooksBase

from .config import RunConfig
from .conversation import Conversation

if TYPE_CHECKING:
    from rxagents.memory import Session
    from rxagents.run_error_handlers import RunErrorHandlers

    from .pending import PendingTurn


@dataclass(eq=False)
class RunOptions:
    """What the caller has asked for, beside the input."""

    config: RunConfig = field(default_factory=RunConfig)
    max_turns: int | None = None
    """Model calls at most; None for no limit."""

    hooks: RunHooksBase[Any, Any] | None = None
    session: Session | None = None
    error_handlers: RunErrorHandlers[Any] | None = None
    conversation_id: str | None = None
    auto_previous_response_id: bool = False


@dataclass(frozen=True)
class AgentToolInvocation:
    """The call that a run of `Agent.as_tool` answers."""

    tool_name: str
    tool_call_id: str
    tool_arguments: str
    """The arguments as the model wrote them, in JSON."""


@dataclass(eq=False)
class GuardrailResults:
    """What the guardrails of a run have found."""

    input: list[InputGuardrailResult] = field(default_factory=list[InputGuardrailResult])
    output: list[OutputGuardrailResult] = field(default_factory=list[OutputGuardrailResult])
    tool_input: list[Any] = field(default_factory=list[Any])
    tool_output: list[Any] = field(default_factory=list[Any])


@dataclass(eq=False)
class RunRecord:
    """The state of one run. `new_items` never lags the events that announce the items."""

    input: str | list[ResponseInputItemParam]
    current_agent: Agent[Any]
    context_wrapper: RunContextWrapper[Any]
    options: RunOptions
    previous_response_id: str | None = None
    """The response that the provider is to go on from; None where we tell it everything."""

    run_id: str = field(default_factory=lambda: f"run_{uuid.uuid4().hex}")
    started_at: float = field(default_factory=time.time)
    """When it was begun, or gone on with from a state: Unix time in seconds."""

    ended_at: float = 0.0
    """When it has ended or stopped: Unix time in seconds, moved by the event loop's clock."""

    seq: int = 0
    """The number of the next event."""

    current_turn: int = 0
    """Model calls begun so far."""

    wants_more_turns: bool = False
    """Whether the run has failed as it may not make another model call."""

    attempt: int = 1
    """Which attempt at the current model call it is, from 1."""

    new_items: list[RunItem] = field(default_factory=list[RunItem])
    """Items in the order of their events."""

    raw_responses: list[ModelResponse] = field(default_factory=list[ModelResponse])
    conversation: Conversation = field(init=False)
    guardrails: GuardrailResults = field(default_factory=GuardrailResults)
    used_tools: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Names of the tools and handoffs that were called, by agent."""

    unsaved: list[ResponseInputItemParam] = field(default_factory=list[ResponseInputItemParam])
    """What the session is still to be given."""

    is_admitted: bool = False
    """Whether the input guardrails have let the input pass. A run that was stopped before has
    them asked again when it is resumed."""

    pending: PendingTurn | None = None
    """The turn whose calls are not all answered."""

    interruptions: list[ToolApprovalItem] = field(default_factory=list[ToolApprovalItem])
    """The calls for which the run has stopped."""

    inbox: deque[str | list[ResponseInputItemParam]] = field(
        default_factory=deque["str | list[ResponseInputItemParam]"]
    )
    """What was sent to the run, and is admitted before the next model call."""

    agent_tool_invocation: AgentToolInvocation | None = None
    final_output: Any = None
    is_complete: bool = False
    stop_after_turn: bool = False

    def __post_init__(self) -> None:
        omit = self.options.config.reasoning_item_id_policy == "omit"
        self.conversation = Conversation(self.input, omit_reasoning_ids=omit)

    @property
    def config(self) -> RunConfig:
        """The settings of the run."""
        return self.options.config

    @property
    def provider_remembers(self) -> bool:
        """Whether the provider keeps the conversation, and is told only what is new."""
        options = self.options
        return bool(
            options.conversation_id
            or self.previous_response_id
            or options.auto_previous_response_id
        )

    def details(self) -> RunErrorDetails:
        """What is told with an exception that ends the run."""
        found = self.guardrails
        return RunErrorDetails(
            input=self.input,
            new_items=self.new_items,
            raw_responses=self.raw_responses,
            last_agent=self.current_agent,
            context_wrapper=self.context_wrapper,
            input_guardrail_results=found.input,
            output_guardrail_results=found.output,
            tool_input_guardrail_results=found.tool_input,
            tool_output_guardrail_results=found.tool_output,
        )
