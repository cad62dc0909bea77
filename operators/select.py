"""Which events: by kind, by class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast, get_args, overload

from openai.types.responses import ResponseStreamEvent
from reactivex import Observable

from rxagents.agent import Agent
from rxagents.events import (
    AgentUpdatedStreamEvent,
    RawResponsesStreamEvent,
    RunItemName,
    RunItemStreamEvent,
    StreamEvent,
)
from rxagents.items import RunItem

from ._choose import choose

_T = TypeVar("_T")
_Item = TypeVar("_Item", bound=RunItem)

_NAMES = frozenset(get_args(RunItemName))


def raw(
    kind: str | None = None,
) -> Callable[[Observable[StreamEvent]], Observable[ResponseStreamEvent]]:
    """The model's own events, of type `kind` or of all types. Lossless.

        source                               --A--r--d--d--i--|
        raw()                                -----r--d--d-----|
        raw("response.output_text.delta")    --------d--d-----|     d: of that type

    The events are the `openai` package's (`openai.types.responses`); `kind` is their `type`.
    """

    def pick(event: StreamEvent) -> ResponseStreamEvent | None:
        if type(event) is RawResponsesStreamEvent and (kind is None or event.data.type == kind):
            return event.data
        return None

    return choose(pick)


@overload
def items(
    kind: type[_Item],
) -> Callable[[Observable[StreamEvent]], Observable[_Item]]: ...
@overload
def items(
    kind: RunItemName | None = None,
) -> Callable[[Observable[StreamEvent]], Observable[RunItem]]: ...


def items(
    kind: type[Any] | RunItemName | None = None,
) -> Callable[[Observable[StreamEvent]], Observable[Any]]:
    """The finished items, of one kind or of all. Lossless.

        source                 --d--c--d--o--m--|
        items()                -----c-----o--m--|
        items("tool_called")   -----c-----------|     c: a ToolCallItem
        items(ToolCallItem)    -----c-----------|

    `kind` is the name of the items' event (`tool_called`, `tool_output`,
    `message_output_created`, ...) or the class of the items. Raises ValueError now for a name
    that no event has.
    """
    if isinstance(kind, str) and kind not in _NAMES:
        raise ValueError(
            f"no item event is called {kind!r}; there are: {', '.join(sorted(_NAMES))}"
        )

    def pick(event: StreamEvent) -> RunItem | None:
        if not isinstance(event, RunItemStreamEvent):
            return None
        if kind is None or event.name == kind:
            return event.item
        return event.item if isinstance(kind, type) and isinstance(event.item, kind) else None

    return choose(pick)


def agent_updates() -> Callable[[Observable[StreamEvent]], Observable[Agent[Any]]]:
    """The agents that take over, the first one included. Lossless.

        source            --A--d--d--i--B--d--|
        agent_updates()   --A-----------B-----|

    The first event of every run is one.
    """

    def pick(event: StreamEvent) -> Agent[Any] | None:
        return event.new_agent if isinstance(event, AgentUpdatedStreamEvent) else None

    return choose(pick)


def of_type(kind: type[_T]) -> Callable[[Observable[Any]], Observable[_T]]:
    """What is an instance of `kind`, with that type for a type checker. Lossless.

        source         --1--a--2--b--|
        of_type(int)   --1-----2-----|

    What is of another class passes by.
    """

    def pick(value: object) -> _T | None:
        return value if isinstance(value, kind) else None

    return choose(cast("Callable[[Any], _T | None]", pick))
