"""An agent: instructions, tools, and whom it can hand over to."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic

from typing_extensions import TypeVar

from .exceptions import UserError
from .handoffs import Handoff, handoff
from .model_settings import ModelSettings
from .tools import Tool

if TYPE_CHECKING:
    from .context import RunContextWrapper
    from .models.interface import Model

TContext = TypeVar("TContext", default=Any)


@dataclass(eq=False)
class Agent(Generic[TContext]):
    """A model with instructions, tools and handoffs. Runs share it and do not change it."""

    name: str
    handoff_description: str | None = None
    """What it is good for, told to the models that may hand over to it."""

    tools: list[Tool] = field(default_factory=list[Tool])
    instructions: (
        str | Callable[[RunContextWrapper[TContext], Agent[TContext]], str | Awaitable[str]] | None
    ) = None
    """The system prompt, or a function (plain or async) that gives it before each turn."""

    handoffs: list[Agent[Any] | Handoff[Any]] = field(
        default_factory=list["Agent[Any] | Handoff[Any]"]
    )
    """Whom it may hand over to; an Agent stands for `handoff(agent)`."""

    model: str | Model | None = None
    """A model, the name of one (`"local"` is the embedded one), or None for the default."""

    model_settings: ModelSettings = field(default_factory=ModelSettings)
    reset_tool_choice: bool = True
    """Whether a `tool_choice` that demands a call is dropped once a tool was called; it would
    otherwise be obeyed in every turn, and the run would never end."""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise UserError(
                f"an agent's name must be a string that is not empty, not {self.name!r}"
            )

    def clone(self, **changes: Any) -> Agent[TContext]:
        """A copy with some fields replaced; lists that are not replaced are shared."""
        return dataclasses.replace(self, **changes)

    async def get_system_prompt(self, context: RunContextWrapper[TContext]) -> str | None:
        """The instructions, computed if they are a function."""
        if self.instructions is None or isinstance(self.instructions, str):
            return self.instructions
        prompt = self.instructions(context, self)
        return await prompt if inspect.isawaitable(prompt) else prompt

    async def get_all_tools(self, context: RunContextWrapper[Any]) -> list[Tool]:
        """The tools the model is offered now."""
        return [tool for tool in self.tools if await _enabled(tool.is_enabled, context, self)]

    async def get_all_handoffs(self, context: RunContextWrapper[Any]) -> list[Handoff[Any]]:
        """The handoffs the model is offered now."""
        handoffs = [h if isinstance(h, Handoff) else handoff(h) for h in self.handoffs]
        return [h for h in handoffs if await _enabled(h.is_enabled, context, self)]


async def _enabled(
    rule: bool | Callable[[RunContextWrapper[Any], Agent[Any]], bool | Awaitable[bool]],
    context: RunContextWrapper[Any],
    agent: Agent[Any],
) -> bool:
    answer = rule(context, agent) if callable(rule) else rule
    return await answer if inspect.isawaitable(answer) else bool(answer)
