"""The tools and handoffs that a model is offered in a turn."""

from __future__ import annotations

import logging
from typing import Any

from rxagents.agent import Agent
from rxagents.exceptions import UserError
from rxagents.handoffs import Handoff
from rxagents.tools import FunctionTool

from .record import RunRecord
from .turn import Turn

_logger = logging.getLogger(__name__)


async def begun_turn(record: RunRecord, agent: Agent[Any]) -> Turn:
    """An empty turn with what `agent` has now.

    Of two of one name the last is offered, and a handoff rather than a tool; raises UserError if
    the RunConfig does not allow it.
    """
    context = record.context_wrapper
    tools, handoffs = await agent.get_all_tools(context), await agent.get_all_handoffs(context)
    kept: dict[str, int] = {}
    both = [*tools, *handoffs]
    for place, each in enumerate(both):
        if (name := _name(each)) is None:
            continue
        if name in kept:
            _refuse(agent, name, warn=record.config.tool_name_collision_policy == "warn")
        kept[name] = place
    left = [each for place, each in enumerate(both) if kept.get(_name(each) or "", place) == place]
    return Turn(
        agent,
        [each for each in left if not isinstance(each, Handoff)],
        [each for each in left if isinstance(each, Handoff)],
    )


def _name(each: Any) -> str | None:
    """The name that a model calls it by; None for tools that are known by their type."""
    if isinstance(each, Handoff):
        return each.tool_name
    return each.name if isinstance(each, FunctionTool) else None


def _refuse(agent: Agent[Any], name: str, *, warn: bool) -> None:
    message = (
        f"the agent {agent.name!r} has two tools or handoffs called {name!r}: "
        "rename one (name_override=, tool_name_override=)"
    )
    if not warn:
        raise UserError(message)
    _logger.warning(message)
