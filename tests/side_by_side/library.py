"""One of the two libraries, with what the programs need of it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from rxagents.testing import assistant_message, function_call, response_events


@dataclass(frozen=True)
class Library:
    """`api` is the package: the programs take every class and function from it."""

    api: Any
    testing: Any
    name: str

    @classmethod
    def of(cls, name: str) -> Library:
        return cls(import_module(name), import_module(f"{name}.testing"), name)

    def model(self, *turns: Any) -> Any:
        """A model that streams exactly the same events in both libraries, an item list a turn."""
        steps: list[Any] = []
        for number, turn in enumerate(turns, 1):
            if isinstance(turn, Exception):
                steps.append(turn)
                continue
            events = response_events(turn, response_id=f"resp_{number}")
            ours = self.name == "rxagents"
            steps.append(events if ours else self.testing.ModelStep.stream(events))
        return self.testing.ScriptedModel(steps)

    def unstreamed(self, *turns: Any) -> Any:
        """A model for `Runner.run`, which asks the SDK's models for whole answers."""
        return self.testing.ScriptedModel(turns)

    def agent(self, model: Any, name: str = "Guide", **fields: Any) -> Any:
        return self.api.Agent(name, model=model, **fields)

    def say(self, text: str) -> Any:
        return assistant_message(text)

    def call(self, name: str, call_id: str = "c1", **arguments: Any) -> Any:
        return function_call(name, arguments, call_id=call_id)
