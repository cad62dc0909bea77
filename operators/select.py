"""Which events: by kind, by class, by whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast, get_args, overload

from openai.types.responses import ResponseStreamEvent
from reactivex import Observable
from reactivex import operators as rx

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
_Item = TypeVar("_Item")

_NAMES = frozenset(get_args(RunItemName))


def raw(
    kind: str | None = None,
) -> Callable[[Observable[StreamEvent]], Observable[ResponseStreamEvent]]:
    """The model's own events, of type `kind` or of all types. Lossless.

        source                               --A--r--d--d--i--|
        raw()                                -----r--d--d-----|
        raw("response.output_text.delta")    --------d--d-----|     d: of that type

    The events are the `openai` package's (`openai.types.responses`); `kind` is their `type`.

    >>> responses = Runner.observe(agent, "Oslo?").pipe(ops.raw("response.completed"))
    >>> await responses.pipe(ops.map(lambda e: e.response.usage.output_tokens), ops.to_list())
    [5, 5]
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

    >>> run = Runner.observe(agent, "Oslo?")
    >>> await run.pipe(ops.items(), ops.map(lambda item: item.type), ops.to_list())
    ['message_output_item', 'tool_call_item', 'tool_call_output_item', 'message_output_item']
    >>> await run.pipe(ops.items("tool_output"), ops.map(lambda item: item.output))
    'Sunny, 21 degrees.'
    """
    if isinstance(kind, str):
        _check_name(kind)

    def pick(event: StreamEvent) -> RunItem | None:
        if not isinstance(event, RunItemStreamEvent):
            return None
        if kind is None or event.name == kind:
            return event.item
        return event.item if isinstance(kind, type) and isinstance(event.item, kind) else None

    return choose(pick)


def by_name(
    *names: RunItemName,
) -> Callable[[Observable[StreamEvent]], Observable[RunItemStreamEvent]]:
    """The item events that have one of `names`, whole. Lossless.

        source                                --d--c--d--o--m--|
        by_name("tool_called", "tool_output") -----c-----o-----|

    `items(name)` gives the items without their events, which tell where and when. Raises ValueError
    now for a name that no event has, and without any.

    >>> run = Runner.run_streamed(agent, "How is the weather in Oslo?")
    >>> calls = run.pipe(ops.by_name("tool_called", "tool_output"))
    >>> await calls.pipe(ops.map(lambda event: (event.turn, event.name)), ops.to_list())
    [(1, 'tool_called'), (1, 'tool_output')]
    """
    if not names:
        raise ValueError("by_name needs at least 1 name, as in by_name('tool_called')")
    for name in names:
        _check_name(name)

    def pick(event: StreamEvent) -> RunItemStreamEvent | None:
        if isinstance(event, RunItemStreamEvent) and event.name in names:
            return event
        return None

    return choose(pick)


def from_agent(
    name: str, *, nested: bool = False
) -> Callable[[Observable[StreamEvent]], Observable[StreamEvent]]:
    """The events of the agent called `name`. Lossless.

        source            --A--a--a--B--b--b--|
        from_agent("B")   -----------B--b--b--|

    With `nested`, also those of the agents that run inside it, as its tools do.

    >>> run = Runner.run_streamed(agent, "How is the weather in Oslo?")
    >>> await run.pipe(ops.from_agent("Guide"), ops.text_deltas(), ops.count())
    0
    """

    def belongs(event: StreamEvent) -> bool:
        return name in event.path if nested else event.path[-1:] == (name,)

    return rx.filter(belongs)


def agent_updates() -> Callable[[Observable[StreamEvent]], Observable[Agent[Any]]]:
    """The agents that take over, the first one included. Lossless.

        source            --A--d--d--i--B--d--|
        agent_updates()   --A-----------B-----|

    The first event of every run is one.

    >>> model = ScriptedModel([[function_call("transfer_to_forecaster")]])
    >>> desk = Agent("Desk", handoffs=[agent], model=model)
    >>> run = Runner.observe(desk, "Oslo?")
    >>> await run.pipe(ops.agent_updates(), ops.map(lambda agent: agent.name), ops.to_list())
    ['Desk', 'Forecaster']
    """

    def pick(event: StreamEvent) -> Agent[Any] | None:
        return event.new_agent if isinstance(event, AgentUpdatedStreamEvent) else None

    return choose(pick)


def of_type(kind: type[_T]) -> Callable[[Observable[Any]], Observable[_T]]:
    """What is an instance of `kind`, with that type for a type checker. Lossless.

        source         --1--a--2--b--|
        of_type(int)   --1-----2-----|

    What is of another class passes by.

    >>> run = Runner.observe(agent, "Oslo?").pipe(ops.stall(0.5))
    >>> await run.pipe(ops.of_type(ops.Stalled), ops.count())  # how often it fell silent
    1
    """

    def pick(value: object) -> _T | None:
        return value if isinstance(value, kind) else None

    return choose(cast("Callable[[Any], _T | None]", pick))


def _check_name(name: str) -> None:
    if name not in _NAMES:
        raise ValueError(
            f"no item event is called {name!r}; there are: {', '.join(sorted(_NAMES))}"
        )
