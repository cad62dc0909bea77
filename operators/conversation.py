"""What a conversation looks like at one moment: the snapshot of a run, and its entries.

They are plain values, but those that operators make are looks at something that grows, and work
their fields out when somebody asks for them: one is made for every delta of a model.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, cast

from pydantic_core import to_jsonable_python

from rxagents.tool_progress import ToolProgress
from rxagents.usage import Usage

from ._growing import ListSoFar, TextSoFar

_V = TypeVar("_V", bound="_View")


class _View:
    """A dataclass whose fields may be worked out when they are first asked for."""

    __slots__ = ("_facts", "_looks")

    if not TYPE_CHECKING:  # else every misspelt name would be one of its attributes

        def __getattr__(self, name: str) -> Any:
            # Called for a slot that is empty, as `view_of` leaves them all.
            if name in _PRIVATE:
                raise AttributeError(name)  # it was made by hand, or is being made
            value = _value(self, name)
            object.__setattr__(self, name, value)
            return value

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON types."""
        fields = dataclasses.fields(cast("Any", self))
        return {each.name: to_json(getattr(self, each.name)) for each in fields}


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEntry(_View):
    """A message of the model, as far as it is written."""

    kind: Literal["message"] = "message"

    text: str = ""
    """What it says so far; all parts of it."""

    refusal: str = ""
    """The words with which the model refuses; empty unless it does."""

    is_complete: bool = False
    """Whether that is all."""

    agent: str = ""
    """The name of the agent that says it."""

    item_id: str = ""
    """The id of the output item; not unique with all servers, and may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasoningEntry(_View):
    """What the model thinks, as far as it shows; often nothing."""

    kind: Literal["reasoning"] = "reasoning"

    text: str = ""
    """The reasoning itself, with an empty line between its parts."""

    summary: str = ""
    """What the provider tells of it, with an empty line between its parts."""

    is_complete: bool = False
    """Whether that is all."""

    agent: str = ""
    """The name of the agent that thinks."""

    item_id: str = ""
    """The id of the output item; not unique with all servers, and may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEntry(_View):
    """A call of a tool: of a function, or of one that the provider runs itself."""

    kind: Literal["call"] = "call"

    call_id: str = ""
    """The id of the call, or of the item where a call has none; empty until a server tells it."""

    name: str = ""
    """The function, or the kind of a hosted tool, as `web_search_call`; empty until it is told."""

    arguments: str = ""
    """The arguments so far: mostly JSON."""

    status: Literal["writing", "waiting", "running", "completed"] = "writing"
    """`writing` while the model does, then `running`, and `completed` with its output.

    `waiting` while it needs an approval: until the tool tells its progress, or its output or the
    rejection is there. That it was approved is no event.
    """

    progress: ToolProgress | None = None
    """What the tool has told of its work last; None if it has told nothing."""

    output: Any = None
    """What the tool has returned; None until then, and where a hosted tool does not tell it."""

    error: str | None = None
    """What the tool has failed with, where the model is told something else; None if it has not."""

    agent: str = ""
    """The name of the agent that calls."""

    item_id: str = ""
    """The id of the output item; not unique with all servers, and may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffEntry(_View):
    """A handoff that took place. It stands where its call was written."""

    kind: Literal["handoff"] = "handoff"

    source: str = ""
    """The name of the agent that handed over."""

    target: str = ""
    """The name of the agent that took over."""

    call_id: str = ""
    """The id of the call that asked for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputEntry(_View):
    """What the run was told while it was under way. It stands where the run took it in."""

    kind: Literal["input"] = "input"

    text: str = ""
    """Its text; empty where it has none."""

    input_id: str = ""
    """The id of the input item."""


Entry: TypeAlias = MessageEntry | ReasoningEntry | CallEntry | HandoffEntry | InputEntry
"""Any entry; tell them apart by `kind` or by class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot(_View):
    """A run's conversation at one moment. It never changes; equal ones say the same."""

    entries: tuple[Entry, ...] = ()
    """What was said and done, in the order in which it began."""

    agent: str = ""
    """The name of the agent that runs now; empty until it is told."""

    turn: int = 0
    """Which model call it is at, from 1; 0 before the first."""

    usage: Usage = field(default_factory=Usage)
    """What the finished model calls have used; do not change it."""

    seq: int = -1
    """The number of the last event that is in it; -1 for none, or one without a number."""

    is_complete: bool = False
    """Whether the run has ended. An entry may be left incomplete."""


def view_of(
    cls: type[_V], facts: Mapping[str, Any], looks: Mapping[str, TextSoFar | ListSoFar[Any]]
) -> _V:
    """Make an instance from its fields' values, and from looks at those that grow.

    Neither mapping may be changed afterwards; many instances may share `facts`.
    """
    view = object.__new__(cls)
    _put(view, "_facts", facts)
    _put(view, "_looks", looks)
    return view


def looks_of(view: object) -> Mapping[str, Any]:
    """The looks that `view` was made from; none if it was made by hand."""
    return getattr(view, "_looks", {})


def facts_of(view: object) -> Mapping[str, Any]:
    """The values that `view` was made from; none if it was made by hand."""
    return getattr(view, "_facts", {})


_put = object.__setattr__  # past the guard of frozen classes
_PRIVATE = frozenset({"_facts", "_looks"})


def _value(view: Any, name: str) -> Any:
    looks = looks_of(view)
    if name in looks:
        return looks[name].value
    facts = facts_of(view)
    if name in facts:
        return facts[name]
    raise AttributeError(f"{type(view).__name__!r} object has no attribute {name!r}")


def to_json(value: Any) -> Any:
    """`value` as JSON types; what is none becomes its text."""
    if isinstance(value, _View):
        return value.to_dict()
    if isinstance(value, tuple):
        return [to_json(each) for each in cast("tuple[Any, ...]", value)]
    return to_jsonable_python(value, by_alias=True, bytes_mode="base64", fallback=str)
