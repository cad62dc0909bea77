"""A turn between the model's response and the last answer to its calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rxagents.agent import FunctionToolResult
from rxagents.items import RunItem

from .turn import Call, Turn

if TYPE_CHECKING:
    from .state import RunState


@dataclass(eq=False)
class Answer:
    """What a call has come to."""

    item: RunItem
    """What the model is told: a tool's output, or a handoff's."""

    result: FunctionToolResult | None = None
    """For a function that has run: what `tool_use_behavior` is told."""


@dataclass(eq=False)
class PendingTurn:
    """The calls of a response, and the answers so far."""

    turn: Turn
    answers: dict[Call, Answer] = field(default_factory=dict[Call, Answer])
    """By the call, as some servers give two calls the same id."""

    nested: dict[Call, RunState[Any]] = field(default_factory=dict[Call, Any])
    """The states of runs that calls have started and that have stopped for an approval."""

    def copy(self) -> PendingTurn:
        """The same turn, to be gone on with by itself from here."""
        return PendingTurn(self.turn, dict(self.answers), dict(self.nested))

    def in_order(self) -> list[RunItem]:
        """The answers, in the order of their calls."""
        return [self.answers[call].item for call in self.turn.calls if call in self.answers]

    def results(self) -> list[FunctionToolResult]:
        """What the functions have given, in the order of their calls."""
        found = [self.answers.get(call) for call in self.turn.calls]
        return [each.result for each in found if each is not None and each.result is not None]
