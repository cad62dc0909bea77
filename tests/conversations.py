"""Runs and events for the tests of what is made of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from openai.types.responses import (
    ResponseFunctionCallArgumentsDeltaEvent,
    ResponseFunctionWebSearch,
    ResponseOutputItem,
    ResponseOutputMessage,
    ResponseOutputRefusal,
    ResponseOutputText,
    ResponseReasoningItem,
    ResponseStreamEvent,
    ResponseTextDeltaEvent,
    ResponseWebSearchCallSearchingEvent,
)
from openai.types.responses.response_function_web_search import ActionSearch
from openai.types.responses.response_reasoning_item import Summary
from reactivex.subject import Subject

from rxagents import Agent, Runner, Stream, ToolProgress, function_tool
from rxagents import operators as ops
from rxagents.events import (
    ApprovalRequestedEvent,
    RawResponsesStreamEvent,
    RunItemStreamEvent,
    StreamEvent,
)
from rxagents.items import (
    AttemptFailedItem,
    InputItem,
    ToolApprovalItem,
    ToolCallOutputItem,
    ToolProgressItem,
)
from rxagents.operators.conversation import looks_of as looks_of  # type: ignore[import-not-found]
from rxagents.run import RunResultStreaming
from rxagents.testing import (
    ScriptedModel,
    assistant_message,
    function_call,
    response_events,
)

AGENT = Agent("A")


@function_tool
async def slow(city: str) -> str:
    """Tell the weather, slowly."""
    await asyncio.sleep(5)
    return f"rain in {city}"


@function_tool
async def quick(city: str) -> str:
    """Tell the weather."""
    await asyncio.sleep(1)
    return f"sun in {city}"


def three_turns() -> RunResultStreaming:
    """A run with two calls at once, whose items have the same id, and a handoff."""
    items: list[ResponseOutputItem] = [
        assistant_message("One moment.", item_id="__fake_id__"),
        function_call("slow", {"city": "Oslo"}, call_id="a", item_id="__fake_id__"),
        function_call("quick", {"city": "Rome"}, call_id="b", item_id="__fake_id__"),
    ]
    b = Agent("B", model=ScriptedModel([[assistant_message("Rain and sun.")]]))
    model = ScriptedModel([items, [function_call("transfer_to_b", call_id="c")]])
    return Runner.run_streamed(Agent("A", model=model, tools=[slow, quick], handoffs=[b]), "go")


def raw(
    data: ResponseStreamEvent,
    *,
    turn: int = 1,
    attempt: int = 1,
    path: tuple[str, ...] = ("A",),
    run_id: str = "r",
) -> RawResponsesStreamEvent:
    return RawResponsesStreamEvent(data, turn=turn, attempt=attempt, path=path, run_id=run_id)


def response(*items: ResponseOutputItem, without: tuple[str, ...] = ()) -> list[StreamEvent]:
    """The raw events of a response, but for some types."""
    events = response_events(items)
    return [raw(event) for event in events if not without or not event.type.endswith(without)]


def text_delta(text: str, index: int = 0, part: int = 0) -> ResponseTextDeltaEvent:
    return ResponseTextDeltaEvent(
        type="response.output_text.delta",
        delta=text,
        content_index=part,
        output_index=index,
        item_id="same",
        logprobs=[],
        sequence_number=0,
    )


def arguments_delta(text: str, index: int = 0) -> ResponseFunctionCallArgumentsDeltaEvent:
    return ResponseFunctionCallArgumentsDeltaEvent(
        type="response.function_call_arguments.delta",
        delta=text,
        item_id="same",
        output_index=index,
        sequence_number=0,
    )


def message(*parts: ResponseOutputText | ResponseOutputRefusal) -> ResponseOutputMessage:
    return ResponseOutputMessage(
        id="m", type="message", role="assistant", status="completed", content=list(parts)
    )


def said(text: str) -> ResponseOutputText:
    return ResponseOutputText(type="output_text", text=text, annotations=[])


def refused(text: str) -> ResponseOutputRefusal:
    return ResponseOutputRefusal(type="refusal", refusal=text)


def output(call_id: str, value: Any = "x", error: Exception | None = None) -> RunItemStreamEvent:
    told = {"type": "function_call_output", "call_id": call_id, "output": "x"}
    item = ToolCallOutputItem(AGENT, told, output=value, error=error)
    return RunItemStreamEvent("tool_output", item, turn=1, run_id="r", path=("A",))


def approval(call_id: str, *, path: tuple[str, ...] = ("A",)) -> ApprovalRequestedEvent:
    item = ToolApprovalItem(Agent(path[-1]), function_call("f", "{}", call_id=call_id))
    return ApprovalRequestedEvent("approval_requested", item, turn=1, run_id="r", path=path)


def progress(call_id: str, told: ToolProgress) -> RunItemStreamEvent:
    item = ToolProgressItem(AGENT, function_call("f", "{}", call_id=call_id), progress=told)
    return RunItemStreamEvent("tool_progress", item, turn=1, run_id="r", path=("A",))


def admitted(content: Any, input_id: str = "i") -> RunItemStreamEvent:
    item = InputItem(AGENT, {"role": "user", "content": content}, input_id=input_id)
    return RunItemStreamEvent("input_admitted", item, turn=1, run_id="r", path=("A",))


def attempt_failed(
    *, turn: int = 1, attempt: int = 1, path: tuple[str, ...] = ("A",)
) -> RunItemStreamEvent:
    told = {"type": "attempt_failed", "attempt": attempt, "error": "cut", "superseded": ["same"]}
    return RunItemStreamEvent(
        "attempt_failed",
        AttemptFailedItem(AGENT, told),
        turn=turn,
        attempt=attempt,
        run_id="r",
        path=path,
    )


def web_search() -> ResponseFunctionWebSearch:
    """A finished search that the provider has made itself."""
    action = ActionSearch(type="search", query="Oslo", queries=["Oslo"])
    return ResponseFunctionWebSearch(
        id="ws", type="web_search_call", status="completed", action=action
    )


def searching() -> RawResponsesStreamEvent:
    """The search goes on."""
    return raw(
        ResponseWebSearchCallSearchingEvent(
            type="response.web_search_call.searching",
            item_id="ws",
            output_index=0,
            sequence_number=0,
        )
    )


def snapshots(events: Sequence[StreamEvent], *, ends: bool = False) -> list[ops.Snapshot]:
    """The snapshots of events that are fed by hand."""
    source: Subject[Any] = Subject()
    out: list[ops.Snapshot] = []
    Stream.from_observable(source).pipe(ops.snapshot()).subscribe(out.append)
    for event in events:
        source.on_next(event)
    if ends:
        source.on_completed()
    return out


ITEMS: list[ResponseOutputItem] = [
    ResponseReasoningItem(
        id="__fake_id__", type="reasoning", summary=[Summary(type="summary_text", text="Hm, so.")]
    ),
    assistant_message("One moment.", item_id="__fake_id__"),
    function_call("f", '{"a": 1}', call_id="x", item_id="__fake_id__"),
    function_call("f", '{"a": 2}', call_id="y", item_id="__fake_id__"),
    assistant_message("Another one.", item_id="__fake_id__"),
]


@st.composite
def conversations(draw: st.DrawFn) -> list[StreamEvent]:
    """Responses with deltas in any order, attempts, calls, and what is told of them."""
    events: list[StreamEvent] = []
    for turn in range(1, draw(st.integers(1, 3)) + 1):
        for attempt in range(1, draw(st.integers(1, 2)) + 1):
            items = draw(st.lists(st.sampled_from(ITEMS), max_size=4))
            whole = response_events(items)
            kept = draw(st.sets(st.integers(0, len(whole))))
            told = [event for number, event in enumerate(whole) if number not in kept]
            if draw(st.booleans()):
                told = draw(st.permutations(told))
            events += [raw(event, turn=turn, attempt=attempt) for event in told]
            if draw(st.booleans()):
                events.append(attempt_failed(turn=turn, attempt=attempt))
        for call_id in draw(st.lists(st.sampled_from("xyz"), max_size=4)):
            fraction = draw(st.floats(0, 1))
            of_call = (
                approval(call_id),
                progress(call_id, ToolProgress(fraction=fraction)),
                output(call_id),
                admitted(call_id),
            )
            events.append(draw(st.sampled_from(of_call)))
    return events
