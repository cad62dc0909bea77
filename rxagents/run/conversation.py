"""What the models of a run are given of the conversation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from openai.types.responses import ResponseInputItemParam

from rxagents.handoffs import HandoffInputData
from rxagents.items import NOT_FOR_THE_MODEL, ItemHelpers, RunItem

Input = str | list[ResponseInputItemParam]


class Conversation:
    """The input and all whole turns, with outputs in the order of their calls.

    A turn that fails leaves no trace in it, so no call is ever without its output.
    """

    def __init__(self, input: Input, *, omit_reasoning_ids: bool = False) -> None:
        self.everything: list[ResponseInputItemParam] = ItemHelpers.input_to_new_input_list(input)
        """The whole of it, whatever handoffs have left out for their agents."""

        self.given: int = len(self.everything)
        """How many of these the run began with."""

        self.told: list[ResponseInputItemParam] = list(self.everything)
        """What the next model call is given."""

        self.unsent: list[ResponseInputItemParam] = list(self.everything)
        """What a provider that keeps the conversation itself has not been told yet."""

        self.base: str | tuple[ResponseInputItemParam, ...] = (
            input if isinstance(input, str) else tuple(input)
        )
        """What `told` began with, before `items`."""

        self.items: list[RunItem] = []
        """The items of the whole turns since then, in the order they are told in."""

        self._omit_ids = omit_reasoning_ids

    def restart(self, input: Input) -> None:
        """Begin with another input, as when a session has a history."""
        Conversation.__init__(self, input, omit_reasoning_ids=self._omit_ids)

    def add_turn(self, items: Sequence[RunItem], answers: Iterable[RunItem]) -> None:
        """Add a whole turn: what the model has said, and the answers to its calls in order."""
        said, answered = self._inputs(items), self._inputs(answers := list(answers))
        self.everything += [*said, *answered]
        self.told += [*said, *answered]
        self.unsent = answered
        self.items += [*items, *answers]

    def add_input(self, items: Sequence[RunItem]) -> None:
        """Add input that has come in the middle."""
        inputs = self._inputs(items)
        self.everything += inputs
        self.told += inputs
        self.unsent += inputs
        self.items += items

    def replace(self, data: HandoffInputData) -> None:
        """Tell from now on what a handoff's filter has made of it."""
        told = data.new_items if data.input_items is None else data.input_items
        self.base = data.input_history
        self.items = [*data.pre_handoff_items, *told]
        history = data.input_history
        begin = ItemHelpers.input_to_new_input_list(
            history if isinstance(history, str) else list(history)
        )
        self.told = [*begin, *self._inputs(self.items)]

    def copy(self, *, omit_reasoning_ids: bool) -> Conversation:
        """A conversation that goes on by itself from here."""
        other = Conversation(self.everything, omit_reasoning_ids=omit_reasoning_ids)
        other.told, other.unsent = list(self.told), list(self.unsent)
        other.base, other.items, other.given = self.base, list(self.items), self.given
        return other

    def _inputs(self, items: Iterable[RunItem]) -> list[ResponseInputItemParam]:
        given = [item.to_input_item() for item in items if not isinstance(item, NOT_FOR_THE_MODEL)]
        return [_without_id(each) for each in given] if self._omit_ids else given


def _without_id(item: ResponseInputItemParam) -> ResponseInputItemParam:
    plain = cast("dict[str, Any]", item)
    if plain.get("type") != "reasoning":
        return item
    return cast(
        "ResponseInputItemParam", {name: each for name, each in plain.items() if name != "id"}
    )
