"""Prompts that are kept at OpenAI and named in a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NotRequired, Required, TypeAlias, cast

from typing_extensions import TypedDict

from .exceptions import UserError
from .maybe_awaitable import settled

if TYPE_CHECKING:
    from openai.types.responses import ResponsePromptParam

    from .agent import Agent
    from .context import RunContextWrapper


class Prompt(TypedDict):
    """A prompt at OpenAI (the Responses API's `prompt`)."""

    id: Required[str]
    version: NotRequired[str]
    variables: NotRequired[dict[str, Any]]


@dataclass
class GenerateDynamicPromptData:
    """What a function that gives a prompt is told."""

    context: RunContextWrapper[Any]
    agent: Agent[Any]


DynamicPromptFunction: TypeAlias = Callable[[GenerateDynamicPromptData], Awaitable[Prompt] | Prompt]
"""Gives the prompt before each turn; plain or async."""


async def prompt_param(
    prompt: Prompt | DynamicPromptFunction, context: RunContextWrapper[Any], agent: Agent[Any]
) -> ResponsePromptParam:
    """The prompt for a request; raises UserError if it is none."""
    given: object = prompt
    if callable(prompt):
        given = await settled(prompt(GenerateDynamicPromptData(context, agent)))
    named = cast("dict[str, Any]", given).get("id") if isinstance(given, dict) else None
    if not isinstance(named, str):
        raise UserError(
            f"the prompt of the agent {agent.name!r} must be a dictionary with an 'id', "
            f"not {given!r}"
        )
    return cast("ResponsePromptParam", given)
