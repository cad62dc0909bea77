"""What a run knows of itself: written by its loop, read by its result."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from openai.types.responses import ResponseInputItemParam

from rxagents.agent import Agent
from rxagents.context import RunContextWrapper
from rxagents.exceptions import RunErrorDetails
from rxagents.items import ItemHelpers, ModelResponse, RunItem

from .config import RunConfig


@dataclass(eq=False)
class RunRecord:
    """The state of one run. `new_items` never lags the events that announce the items."""

    input: str | list[ResponseInputItemParam]
    current_agent: Agent[Any]
    context_wrapper: RunContextWrapper[Any]
    config: RunConfig
    max_turns: int | None
    """Model calls at most; None for no limit."""

    run_id: str = field(default_factory=lambda: f"run_{uuid.uuid4().hex}")
    started_at: float = field(default_factory=time.time)
    """Unix time in seconds."""

    current_turn: int = 0
    """Model calls begun so far."""

    new_items: list[RunItem] = field(default_factory=list[RunItem])
    """Items in the order of their events."""

    raw_responses: list[ModelResponse] = field(default_factory=list[ModelResponse])
    history: list[ResponseInputItemParam] = field(init=False)
    """The conversation as the next model call is given it: the input and all whole turns, with
    outputs in the order of their calls. A turn that fails leaves no trace in it, so no call is
    ever without its output."""

    final_output: Any = None
    is_complete: bool = False
    stop_after_turn: bool = False

    def __post_init__(self) -> None:
        self.history = ItemHelpers.input_to_new_input_list(self.input)

    def details(self) -> RunErrorDetails:
        """What is told with an exception that ends the run."""
        return RunErrorDetails(
            input=self.input,
            new_items=self.new_items,
            raw_responses=self.raw_responses,
            last_agent=self.current_agent,
            context_wrapper=self.context_wrapper,
        )
