"""A stream in groups, each a stream itself: the turns of a run, its agents, its calls.

A group is hot. Who subscribes to it when it comes, as `flat_map` does, sees all of its events;
what it emits while nobody is subscribed to it is dropped. So take what is wanted of a group in the
function that is given to `flat_map`:

    run.pipe(ops.by_turn(), ops.flat_map(lambda turn: turn.pipe(ops.text_deltas(), ops.to_list())))

Where groups are taken one after another, as by `concat_map`, those that are not taken yet keep
their events. The source goes at the pace of the slowest of all who read with `async for`. It is
left when the outer stream and all groups are left.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

from reactivex import Observable, abc

from rxagents.events import StreamEvent
from rxagents.stream.stream import Stream
from rxagents.stream.subscriber import refuse_async

from ._calls import Call, Calls, agent_of
from ._groups import Grouping, Hub

_T = TypeVar("_T")
_K = TypeVar("_K")
_E = TypeVar("_E")
_T_co = TypeVar("_T_co", covariant=True)


class Group(Stream[_T_co], Generic[_K, _T_co]):
    """The events of a source that have one key in common. Hot: who is not there misses them.

    Who subscribes after its end is told of the end; who subscribes after everybody has left, and
    the source with them, gets a UserError.
    """

    def __init__(self, key: _K, hub: Hub) -> None:
        """Use an operator that makes groups."""
        super().__init__(hub.subscribe)
        self.key: _K = key
        """What its events have in common."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.key!r})"


class CallGroup(Group[str, StreamEvent]):
    """What happens to one call: its arguments as they are written, the call, its output."""

    def __init__(self, call: Call, hub: Hub) -> None:
        """Use `by_tool_call`."""
        super().__init__(call.call_id, hub)
        self._call = call

    @property
    def name(self) -> str:
        """The function that is called, or the kind of a hosted tool, as `web_search_call`.

        `""` as long as a server has not told it.
        """
        return self._call.name


def by_turn() -> Callable[[Observable[StreamEvent]], Observable[Group[int, StreamEvent]]]:
    """The turns of a run, each a stream of all its events. Lossless.

        source      --A----d--d--i----d--i--|     A: the first event; then two model calls
        by_turn()   --0----1----------2-----|     0: A|   1: d--d--i|   2: d--i|

    A turn is one model call and what comes of it; `group.key` is its number. Turn 0 is what comes
    before the first one. A turn completes when the next one begins or the source ends; the last
    one fails if the source does. What agents inside of a turn do (`len(event.path)` tells how
    deep) is part of it, and so is another attempt at its model call. Runs that are merged into
    one stream are told apart by `run_id`.

    A group is hot: what it emits while nobody is subscribed to it is dropped.

    >>> run = Runner.run_streamed(agent, "How is the weather in Oslo?")
    >>> items = lambda turn: turn.pipe(ops.items(), ops.map(lambda item: (turn.key, item.type)))
    >>> await run.pipe(ops.by_turn(), ops.flat_map(items), ops.take(2), ops.to_list())
    [(1, 'message_output_item'), (1, 'tool_call_item')]
    """
    return _grouped(_ByTurn)


def by_agent() -> Callable[[Observable[StreamEvent]], Observable[Group[str, StreamEvent]]]:
    """The agents of a run, each a stream of all its events. Lossless.

        source       --A--d--i----B--d--A--d--|     A, B: an agent takes over
        by_agent()   --a----------b-----------|     a: A--d--i-----------A--d--|

    `group.key` is the agent's name: the last one of `event.path`, so that an agent that works
    inside of another one has a group of its own. As it may come back at any time, a group
    completes when the source does. Events made by hand, without a path, belong to the agent of
    their item, or to `""`.

    A group is hot: what it emits while nobody is subscribed to it is dropped.

    >>> run = Runner.run_streamed(agent, "How is the weather in Oslo?")
    >>> items = lambda one: one.pipe(ops.items(), ops.count(), ops.map(lambda n: (one.key, n)))
    >>> await run.pipe(ops.by_agent(), ops.flat_map(items), ops.to_list())
    [('Forecaster', 4)]
    """
    return group_by(agent_of)


def by_tool_call() -> Callable[[Observable[StreamEvent]], Observable[CallGroup]]:
    """The calls of a run, each a stream of its events; all other events pass by. Lossless.

        source           --c--{"city":--"Os--lo"}--d--t-----o--|     t: tool_called, o: its output
        by_tool_call()   --1-----------------------------------|     1: all of these, up to o|

    `group.key` is the call's id, `group.name` what is called. Calls that are written or run at
    once are told apart, whatever ids their items have. Handoffs are calls too, and end with
    `handoff_occured`; so are the tools that the provider runs itself, which end with
    `tool_called` and whose key is their item's id. A call also ends when another attempt at its
    model call begins, and with the source.

    Where a server tells the id only after the arguments, these come at once with it. A call of
    which the source ends before that gives no group. A group is hot: what it emits while nobody
    is subscribed to it is dropped.

    >>> run = Runner.run_streamed(agent, "How is the weather in Oslo?")
    >>> output = lambda call: call.pipe(ops.last(), ops.map(lambda e: (call.name, e.item.output)))
    >>> await run.pipe(ops.by_tool_call(), ops.flat_map(output), ops.to_list())
    [('weather', 'Sunny, 21 degrees.')]
    """
    return _grouped(_ByCall)


@overload
def group_by(
    key: Callable[[_T], _K],
) -> Callable[[Observable[_T]], Observable[Group[_K, _T]]]: ...
@overload
def group_by(
    key: Callable[[_T], _K], element: Callable[[_T], _E]
) -> Callable[[Observable[_T]], Observable[Group[_K, _E]]]: ...


def group_by(
    key: Callable[[Any], Any], element: Callable[[Any], Any] | None = None
) -> Callable[[Observable[Any]], Observable[Group[Any, Any]]]:
    """The events with one key as a stream of their own, for each key that comes. Lossless.

        source                     --1--2--3--4--|
        group_by(lambda x: x % 2)  --o--e--------|     o: 1-----3-----|   e: 2-----4--|

    `group.key` tells the key, which must be hashable; `element` what is emitted of an event
    instead of itself. A group is emitted with its first event, and ends with the source. An error
    goes to all groups, and then to the outer stream; so does one that `key` or `element` raises,
    which also leaves the source. Raises AsyncCallbackError now for an `async def`.

    A group is hot: what it emits while nobody is subscribed to it is dropped. The source is left
    when the outer stream and all groups are left.

    >>> total = lambda group: group.pipe(ops.sum(), ops.map(lambda n: (group.key, n)))
    >>> numbers = Stream.of(1, 2, 3, 4)
    >>> await numbers.pipe(ops.group_by(lambda n: n % 2), ops.flat_map(total), ops.to_list())
    [(1, 4), (0, 6)]
    """
    refuse_async("key", key)
    refuse_async("element", element)
    return _grouped(lambda observer: _ByKey(observer, key, element))


def _grouped(
    make: Callable[[abc.ObserverBase[Any]], Grouping[Any]],
) -> Callable[[Observable[Any]], Observable[Any]]:
    def grouped(source: Observable[Any]) -> Observable[Any]:
        def subscribe(
            observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            return make(observer).subscribe_to(source, scheduler)

        return Observable(subscribe)

    return grouped


class _ByKey(Grouping[Any]):
    """A group for each key."""

    def __init__(
        self,
        observer: abc.ObserverBase[Any],
        key: Callable[[Any], Any],
        element: Callable[[Any], Any] | None,
    ) -> None:
        super().__init__(observer)
        self._key = key
        self._element = element
        self._hubs: dict[Any, Hub] = {}

    def read(self, value: Any) -> None:
        try:
            key = self._key(value)
            hub = self._hubs.get(key)
            emitted = value if self._element is None else self._element(value)
        except Exception as error:
            self.end(error)
            return
        if hub is None:
            if not self.is_wanted:
                return
            hub = self._hubs[key] = Hub(self)
            self.open(hub, Group[Any, Any](key, hub))
        hub.emit(emitted)


class _ByTurn(Grouping[StreamEvent]):
    """A group for each turn of each run."""

    def __init__(self, observer: abc.ObserverBase[Any]) -> None:
        super().__init__(observer)
        self._turns: dict[str, _Turn] = {}  # the one that goes on, by run

    def read(self, value: StreamEvent) -> None:
        turn = self._turns.get(value.run_id)
        if turn is None or turn.is_over_with(value):
            if turn is not None:
                self.close(turn.hub)
            depth = len(value.path) if turn is None else turn.depth
            turn = self._turns[value.run_id] = _Turn(value.turn, depth, Hub(self))
            self.open(turn.hub, Group[int, StreamEvent](turn.number, turn.hub))
        turn.hub.emit(value)


class _Turn:
    """A turn that goes on."""

    __slots__ = ("depth", "hub", "number")

    def __init__(self, number: int, depth: int, hub: Hub) -> None:
        self.number = number
        self.depth = depth
        """How many agents deep the run itself is."""
        self.hub = hub

    def is_over_with(self, event: StreamEvent) -> bool:
        # Agents inside of the turn may count turns of their own.
        return event.turn != self.number and len(event.path) <= self.depth


class _ByCall(Grouping[StreamEvent]):
    """A group for each call."""

    def __init__(self, observer: abc.ObserverBase[Any]) -> None:
        super().__init__(observer)
        self._hubs: dict[Call, Hub] = {}
        self._calls = Calls(self._tell, self._over)

    def read(self, value: StreamEvent) -> None:
        self._calls.read(value)

    def _tell(self, call: Call, event: StreamEvent) -> None:
        hub = self._hubs.get(call)
        if hub is None:
            hub = self._hubs[call] = Hub(self)
            self.open(hub, CallGroup(call, hub))
        hub.emit(event)

    def _over(self, call: Call) -> None:
        hub = self._hubs.pop(call, None)
        if hub is not None:
            self.close(hub)
