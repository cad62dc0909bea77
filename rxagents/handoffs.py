"""Handing over to another agent, which the model asks for by calling a tool."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic

from typing_extensions import TypeVar

from .context import RunContextWrapper

if TYPE_CHECKING:
    from openai.types.responses import FunctionToolParam

    from .agent import Agent

TContext = TypeVar("TContext", default=Any)


def _no_arguments() -> dict[str, Any]:
    return {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


@dataclass(eq=False)
class Handoff(Generic[TContext]):
    """A handoff as the model sees it, and what happens when it asks for it."""

    tool_name: str
    tool_description: str
    on_invoke_handoff: Callable[[RunContextWrapper[Any], str], Awaitable[Agent[TContext]]]
    """Called with the model's arguments (JSON); returns the agent that takes over."""

    agent_name: str
    input_json_schema: dict[str, Any] = field(default_factory=_no_arguments)
    strict_json_schema: bool = True
    is_enabled: bool | Callable[[RunContextWrapper[Any], Agent[Any]], bool | Awaitable[bool]] = True
    """Whether the model is offered it, asked before each of its turns."""

    def get_transfer_message(self, agent: Agent[Any]) -> str:
        """What the model is told when `agent` has taken over."""
        return json.dumps({"assistant": agent.name})

    def to_param(self) -> FunctionToolParam:
        """The handoff as a function tool of the Responses API."""
        return {
            "type": "function",
            "name": self.tool_name,
            "description": self.tool_description,
            "parameters": self.input_json_schema,
            "strict": self.strict_json_schema,
        }

    @classmethod
    def default_tool_name(cls, agent: Agent[Any]) -> str:
        """`transfer_to_` and the agent's name, in the characters a tool name may have."""
        name = re.sub(r"[^a-zA-Z0-9_]", "_", agent.name)
        return f"transfer_to_{name}".lower()

    @classmethod
    def default_tool_description(cls, agent: Agent[Any]) -> str:
        """What the model reads when it chooses."""
        description = f"Hand the conversation over to the agent {agent.name}."
        return f"{description} {agent.handoff_description or ''}".strip()


def handoff(
    agent: Agent[TContext],
    tool_name_override: str | None = None,
    tool_description_override: str | None = None,
    on_handoff: Callable[[RunContextWrapper[TContext]], object] | None = None,
    *,
    is_enabled: bool
    | Callable[[RunContextWrapper[Any], Agent[Any]], bool | Awaitable[bool]] = True,
) -> Handoff[TContext]:
    """A handoff to `agent`, with a name and a description of your own.

    `on_handoff`, a function or an `async def`, is called with the run's context when the model
    has asked for the handoff and before the agent takes over; if it raises, the run ends with
    that exception.
    """

    async def invoke(context: RunContextWrapper[TContext], _: str) -> Agent[TContext]:
        if on_handoff is not None:
            result = on_handoff(context)
            if inspect.isawaitable(result):
                await result
        return agent

    return Handoff(
        tool_name=tool_name_override or Handoff.default_tool_name(agent),
        tool_description=tool_description_override or Handoff.default_tool_description(agent),
        on_invoke_handoff=invoke,
        agent_name=agent.name,
        is_enabled=is_enabled,
    )
