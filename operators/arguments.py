"""The arguments of tools while the model writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from openai.types.responses import (
    ResponseCompletedEvent,
    ResponseFunctionCallArgumentsDeltaEvent,
    ResponseFunctionCallArgumentsDoneEvent,
    ResponseFunctionToolCall,
    ResponseOutputItem,
    ResponseOutputItemAddedEvent,
    ResponseOutputItemDoneEvent,
)
from reactivex import Observable

from rxagents.events import RawResponsesStreamEvent, StreamEvent

from ._partial_json import PartialJSON
from ._reading import reading


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolArguments:
    """The arguments of a call as far as the model has written them."""

    call_id: str
    """The call's id, which its output has too."""

    name: str
    """The function that is called; like the id, `""` as long as a server has not told it."""

    item_id: str
    """The id of the output item; not unique with all servers, and may be empty."""

    arguments: str
    """The JSON so far."""

    value: dict[str, Any]
    """What that JSON says. Strings may be incomplete; what has not begun is missing, and so are
    numbers, booleans and nulls that may go on. Later events share what is closed in it: do not
    change it."""

    done: bool
    """Whether these are all the arguments; true once for each call."""

    error: str | None = None
    """Why the arguments are no JSON object, as soon as that is known; `value` is then the last
    that could be read."""


def tool_arguments() -> Callable[[Observable[StreamEvent]], Observable[ToolArguments]]:
    """The arguments of the model's function calls, as they grow. Lossless.

        source             --A--c--{"city":--"Os--lo"}--d--i--|     c, d: a call begins, is done
        tool_arguments()   -----1--2---------3----4-----5-----|

        value              1, 2: {}    3: {"city": "Os"}    4: {"city": "Oslo"}    5: done as well

    Calls that are written in parallel are told apart by `call_id`; handoffs are calls too. A
    server that sends no deltas gives fewer events, and `done` in any case. Another attempt at a
    model call begins its calls anew. What the model wrote never fails the stream: see `error`. A
    call that an error of the source cuts off is never done. An event costs as much as what is
    still open in its JSON.

    >>> async for call in Runner.observe(agent, "Oslo?").pipe(ops.tool_arguments()):
    ...     print(call.name, call.value, call.done)
    weather {} False
    weather {} False
    weather {'city': 'Oslo'} False
    weather {'city': 'Oslo'} True
    """
    return reading(_Calls)


class _Calls:
    """The calls of `tool_arguments`, by where they stand: item ids are not to be relied on."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, int, int, int], _Call] = {}

    def read(self, event: StreamEvent) -> Iterator[ToolArguments]:
        if type(event) is not RawResponsesStreamEvent:
            return
        match event.data:
            case ResponseFunctionCallArgumentsDeltaEvent() as delta:
                call = self._call(event, delta.output_index)
                if not call.done:
                    yield call.grow(delta)
            case ResponseFunctionCallArgumentsDoneEvent() as written:
                call = self._call(event, written.output_index)
                if call.call_id and not call.done:  # else the item, which is to come, names it
                    yield call.finish(written.arguments)
            case ResponseOutputItemAddedEvent(item=ResponseFunctionToolCall() as item) as added:
                call = self._call(event, added.output_index)
                call.name_as(item)
                yield call.so_far()
            case ResponseOutputItemDoneEvent() as ended:
                yield from self._finish(event, ended.output_index, ended.item)
            case ResponseCompletedEvent() as completed:  # some servers send no output_item.done
                for index, output in enumerate(completed.response.output):
                    yield from self._finish(event, index, output)
            case _:
                pass

    def end(self) -> tuple[ToolArguments, ...]:
        return ()

    def cut_off(self) -> tuple[ToolArguments, ...]:
        return ()

    def _call(self, event: RawResponsesStreamEvent, index: int) -> _Call:
        return self._calls.setdefault((event.run_id, event.turn, event.attempt, index), _Call())

    def _finish(
        self, event: RawResponsesStreamEvent, index: int, item: ResponseOutputItem
    ) -> Iterator[ToolArguments]:
        if isinstance(item, ResponseFunctionToolCall):
            call = self._call(event, index)
            if not call.done:
                call.name_as(item)
                yield call.finish(item.arguments)


class _Call:
    """A call of which something has come."""

    def __init__(self) -> None:
        self.call_id = ""
        self.done = False
        self._name = ""
        self._item_id = ""
        self._arguments = ""
        self._json = PartialJSON()
        self._revision = 0
        self._value: dict[str, Any] = {}
        self._error: str | None = None

    def name_as(self, item: ResponseFunctionToolCall) -> None:
        self.call_id, self._name = item.call_id, item.name
        self._item_id = item.id or self._item_id

    def grow(self, delta: ResponseFunctionCallArgumentsDeltaEvent) -> ToolArguments:
        self._item_id = self._item_id or delta.item_id
        self._arguments += delta.delta
        self._json.feed(delta.delta)
        self._look()
        return self.so_far()

    def finish(self, arguments: str) -> ToolArguments:
        """All has come: `arguments` or, with servers that do not repeat them, the deltas."""
        if arguments and arguments != self._arguments:
            self._arguments = arguments
            self._json, self._revision, self._error = PartialJSON(), 0, None
            self._json.feed(arguments)
        if self._arguments.strip():  # a function without parameters may be called with nothing
            self._json.finish()
        self._look()
        self.done = True
        self._json = PartialJSON()  # a run may have many calls
        return self.so_far()

    def so_far(self) -> ToolArguments:
        return ToolArguments(
            call_id=self.call_id,
            name=self._name,
            item_id=self._item_id,
            arguments=self._arguments,
            value=self._value,
            done=self.done,
            error=self._error,
        )

    def _look(self) -> None:
        if self._json.revision != self._revision:
            self._revision = self._json.revision
            value = self._json.value
            if isinstance(value, dict):
                self._value = cast("dict[str, Any]", value)
            else:
                self._error = "the arguments are JSON, but no object"
        if self._json.error is not None:
            self._error = f"the arguments are no JSON: {self._json.error}"
