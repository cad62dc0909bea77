"""What hooks, tools and dynamic instructions are told of the run they are part of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic

from typing_extensions import TypeVar

from .usage import Usage

if TYPE_CHECKING:
    from openai.types.responses import ResponseFunctionToolCall

    from .agent import Agent

TContext = TypeVar("TContext", default=Any)


@dataclass(eq=False)
class RunContextWrapper(Generic[TContext]):
    """The object given as `context=` to the Runner, and what the run has used so far.

    It is never sent to the model.
    """

    context: TContext
    """The caller's own object; None where none was given."""

    usage: Usage = field(default_factory=Usage)
    """Summed over the run's finished requests, so far."""


@dataclass(eq=False)
class ToolContext(RunContextWrapper[TContext]):
    """What a tool is told of the call it answers."""

    tool_name: str = field(kw_only=True)
    tool_call_id: str = field(kw_only=True)
    """The model's id of this call; its output will carry the same."""

    tool_arguments: str = field(kw_only=True)
    """The arguments as the model wrote them, in JSON."""

    tool_call: ResponseFunctionToolCall | None = field(default=None, kw_only=True)
    agent: Agent[Any] | None = field(default=None, kw_only=True)
