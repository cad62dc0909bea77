"""What a program may make of a run that would fail: a final output instead of an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeAlias

from typing_extensions import TypedDict, TypeVar

from .context import RunContextWrapper

if TYPE_CHECKING:
    from openai.types.responses import ResponseInputItemParam

    from .agent import Agent
    from .exceptions import MaxTurnsExceeded, ModelBehaviorError, ModelRefusalError
    from .items import ModelResponse, RunItem

TContext = TypeVar("TContext", default=Any)


@dataclass
class RunErrorData:
    """What the run had when it failed."""

    input: str | list[ResponseInputItemParam]
    new_items: list[RunItem]
    history: list[ResponseInputItemParam]
    """The conversation: the input, and every whole turn."""

    output: list[ResponseInputItemParam]
    """The new items, as input for a next run."""

    raw_responses: list[ModelResponse]
    last_agent: Agent[Any]


@dataclass
class RunErrorHandlerInput(Generic[TContext]):
    """What a handler is given."""

    error: MaxTurnsExceeded | ModelRefusalError | ModelBehaviorError
    context: RunContextWrapper[TContext]
    run_data: RunErrorData


@dataclass
class RunErrorHandlerResult:
    """What a handler may return."""

    final_output: Any
    include_in_history: bool = True
    """Whether the output becomes a message of the conversation."""


RunErrorHandler: TypeAlias = Callable[[RunErrorHandlerInput[Any]], Any]
"""Gives a final output, plain or in a RunErrorHandlerResult (or a dictionary of its fields); None
lets the run fail. It may be an `async def`."""


class RunErrorHandlers(TypedDict, Generic[TContext], total=False):
    """Handlers by what goes wrong; each may be plain or async."""

    max_turns: RunErrorHandler
    """MaxTurnsExceeded."""

    model_refusal: RunErrorHandler
    """ModelRefusalError."""

    invalid_final_output: RunErrorHandler
    """The answer does not fit `output_type`."""
