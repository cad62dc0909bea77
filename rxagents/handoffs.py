"""Handing over to another agent, which the model asks for by calling a tool."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeAlias

from pydantic import TypeAdapter
from typing_extensions import TypeVar

from .context import RunContextWrapper
from .exceptions import UserError
from .handoff_history import default_handoff_history_mapper as default_handoff_history_mapper
from .maybe_awaitable import settled
from .strict_schema import ensure_strict_json_schema
from .tool_arguments import validated

if TYPE_CHECKING:
    from openai.types.responses import FunctionToolParam, ResponseInputItemParam

    from .agent import Agent
    from .items import RunItem

TContext = TypeVar("TContext", default=Any)
TAgent = TypeVar("TAgent", default=Any)


@dataclass(frozen=True)
class HandoffInputData:
    """What the agent that takes over is to be told of the conversation."""

    input_history: str | tuple[ResponseInputItemParam, ...]
    """The input the run was started with."""

    pre_handoff_items: tuple[RunItem, ...]
    """The items of the turns before the one that hands over."""

    new_items: tuple[RunItem, ...]
    """The items of the turn that hands over, with the call of the handoff and its output."""

    run_context: RunContextWrapper[Any] | None = None
    input_items: tuple[RunItem, ...] | None = None
    """Where a filter sets it: what the agent is told instead of `new_items`, which stay as they
    are for sessions and results."""

    def clone(self, **changes: Any) -> HandoffInputData:
        """A copy with some fields replaced."""
        return dataclasses.replace(self, **changes)


HandoffInputFilter: TypeAlias = Callable[
    [HandoffInputData], "Awaitable[HandoffInputData] | HandoffInputData"
]
"""From what the next agent would be told to what it shall be told; plain or async."""

HandoffHistoryMapper: TypeAlias = Callable[
    ["list[ResponseInputItemParam]"], "list[ResponseInputItemParam]"
]
"""From a conversation to the items that stand for it in a nested history."""


def _no_arguments() -> dict[str, Any]:
    return {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


@dataclass(eq=False)
class Handoff(Generic[TContext, TAgent]):
    """A handoff as the model sees it, and what happens when it asks for it."""

    tool_name: str
    tool_description: str
    input_json_schema: dict[str, Any]
    on_invoke_handoff: Callable[[RunContextWrapper[Any], str], Awaitable[TAgent]]
    """Called with the model's arguments (JSON); returns the agent that takes over."""

    agent_name: str
    input_filter: HandoffInputFilter | None = None
    """Changes what the agent is told; the run's `handoff_input_filter` where there is none."""

    nest_handoff_history: bool | None = None
    """Whether the conversation so far becomes one message; None for what the RunConfig says."""

    strict_json_schema: bool = True
    is_enabled: bool | Callable[[RunContextWrapper[Any], Agent[Any]], bool | Awaitable[bool]] = True
    """Whether the model is offered it, asked before each of its turns."""

    target: Agent[Any] | None = field(default=None, repr=False)
    """The agent that takes over, where that is known beforehand."""

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
    on_handoff: Callable[..., object] | None = None,
    input_type: type[Any] | None = None,
    input_filter: HandoffInputFilter | None = None,
    nest_handoff_history: bool | None = None,
    is_enabled: bool
    | Callable[[RunContextWrapper[Any], Agent[Any]], bool | Awaitable[bool]] = True,
) -> Handoff[TContext, Agent[TContext]]:
    """A handoff to `agent`, with a name and a description of your own.

    `on_handoff`, a function or an `async def`, is called when the model has asked for the handoff
    and before the agent takes over: with the run's context, and, if there is an `input_type`,
    with what the model has given, as an instance of it. If it raises, the run ends with that
    exception. `input_filter` decides what the agent is told of the conversation.

    Raises UserError where there is an `input_type` and no `on_handoff`, where `on_handoff` takes
    another number of arguments, or where the type has no strict JSON schema. When the model's
    arguments do not fit the type, the run ends with ToolArgumentsError.
    """
    name = tool_name_override or Handoff.default_tool_name(agent)
    _check_callback(on_handoff, input_type, name)
    adapter = None if input_type is None else TypeAdapter[Any](input_type)

    async def invoke(context: RunContextWrapper[Any], arguments: str) -> Agent[TContext]:
        given: tuple[Any, ...] = ()
        if adapter is not None:
            given = (validated(adapter, arguments, name, "handoff"),)
        if on_handoff is not None:
            await settled(on_handoff(context, *given))
        return agent

    schema = _no_arguments() if adapter is None else _strict_schema(adapter, name)
    return Handoff(
        tool_name=name,
        tool_description=tool_description_override or Handoff.default_tool_description(agent),
        input_json_schema=schema,
        on_invoke_handoff=invoke,
        agent_name=agent.name,
        input_filter=input_filter,
        nest_handoff_history=nest_handoff_history,
        is_enabled=is_enabled,
        target=agent,
    )


def _check_callback(
    on_handoff: Callable[..., object] | None, input_type: type[Any] | None, name: str
) -> None:
    if input_type is not None and on_handoff is None:
        raise UserError(
            f"the handoff {name!r} has an input_type and nobody who takes the input: give it "
            "on_handoff(context, input)"
        )
    if on_handoff is None:
        return
    if not callable(on_handoff):
        raise UserError(f"on_handoff of {name!r} must be a function, not {on_handoff!r}")
    wanted: tuple[Any, ...] = (None,) if input_type is None else (None, None)
    try:
        inspect.signature(on_handoff).bind(*wanted)
    except TypeError as error:
        takes = "the context" if input_type is None else "the context and the input"
        raise UserError(f"on_handoff of {name!r} must take {takes}: {error}") from None
    except ValueError:  # a builtin without a signature to read
        return


def _strict_schema(adapter: TypeAdapter[Any], name: str) -> dict[str, Any]:
    try:
        return ensure_strict_json_schema(adapter.json_schema())
    except UserError as error:
        raise UserError(f"the input_type of the handoff {name!r} cannot be strict: {error}") from (
            error
        )
