"""A run whose events stand in the diagrams, and events made by hand."""

from __future__ import annotations

from typing import Any

from openai.types.responses import (
    ResponseFunctionCallArgumentsDeltaEvent,
    ResponseReasoningTextDeltaEvent,
    ResponseRefusalDeltaEvent,
    ResponseTextDeltaEvent,
)

from rxagents import Agent, RawResponsesStreamEvent, Runner, function_tool
from rxagents.testing import ScriptedModel, assistant_message, function_call, virtual_time


@function_tool
def weather(city: str) -> str:
    """Tell the weather of a city."""
    return "Sunny."


async def a_run() -> list[Any]:
    """A run that says "Let me", calls its tool, and says "Sunny."."""
    look: list[Any] = [assistant_message("Let me"), function_call("weather", {"city": "Oslo"})]
    model = ScriptedModel([look, [assistant_message("Sunny.")]])
    guide = Agent("Guide", tools=[weather], model=model)
    return [event async for event in Runner.observe(guide, "How is the weather?")]


RUN = virtual_time.run(a_run())


def the(kind: str, number: int = 0) -> Any:
    """The event of the run of that name or type; from 0, if there are several."""
    found = [
        event
        for event in RUN
        if kind in (getattr(event, "name", ""), event.type, getattr(data_of(event), "type", ""))
    ]
    return found[number]


def data_of(event: Any) -> Any:
    return getattr(event, "data", None)


def text_delta(text: str, **position: Any) -> RawResponsesStreamEvent:
    """A piece of the answer."""
    data = ResponseTextDeltaEvent(
        type="response.output_text.delta", delta=text, logprobs=[], **PLACE
    )
    return RawResponsesStreamEvent(data=data, **position)


def reasoning_delta(text: str) -> RawResponsesStreamEvent:
    """A piece of what the model thinks."""
    data = ResponseReasoningTextDeltaEvent(
        type="response.reasoning_text.delta", delta=text, **PLACE
    )
    return RawResponsesStreamEvent(data=data)


def refusal_delta(text: str) -> RawResponsesStreamEvent:
    """A piece of a refusal."""
    data = ResponseRefusalDeltaEvent(type="response.refusal.delta", delta=text, **PLACE)
    return RawResponsesStreamEvent(data=data)


def arguments_delta(text: str, event: RawResponsesStreamEvent) -> RawResponsesStreamEvent:
    """A piece of the arguments of the call that `event` is about."""
    data = ResponseFunctionCallArgumentsDeltaEvent(
        type="response.function_call_arguments.delta",
        delta=text,
        item_id="item",
        output_index=getattr(event.data, "output_index", 0),
        sequence_number=0,
    )
    return RawResponsesStreamEvent(data=data, run_id=event.run_id, turn=event.turn, path=event.path)


PLACE: dict[str, Any] = {
    "item_id": "item",
    "output_index": 0,
    "content_index": 0,
    "sequence_number": 0,
}
