"""The events with which a provider streams given output items."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseContentPartAddedEvent,
    ResponseContentPartDoneEvent,
    ResponseCreatedEvent,
    ResponseFunctionCallArgumentsDeltaEvent,
    ResponseFunctionCallArgumentsDoneEvent,
    ResponseFunctionToolCall,
    ResponseInProgressEvent,
    ResponseOutputItem,
    ResponseOutputItemAddedEvent,
    ResponseOutputItemDoneEvent,
    ResponseOutputMessage,
    ResponseOutputRefusal,
    ResponseOutputText,
    ResponseReasoningItem,
    ResponseReasoningSummaryPartAddedEvent,
    ResponseReasoningSummaryPartDoneEvent,
    ResponseReasoningSummaryTextDeltaEvent,
    ResponseReasoningSummaryTextDoneEvent,
    ResponseRefusalDeltaEvent,
    ResponseRefusalDoneEvent,
    ResponseStreamEvent,
    ResponseTextDeltaEvent,
    ResponseTextDoneEvent,
    ResponseUsage,
)
from openai.types.responses.response_reasoning_summary_part_added_event import Part as BegunPart
from openai.types.responses.response_reasoning_summary_part_done_event import Part as DonePart
from openai.types.responses.response_usage import InputTokensDetails, OutputTokensDetails

_WORD = re.compile(r"\s*\S+|\s+")


def response_events(
    items: Sequence[ResponseOutputItem],
    *,
    response_id: str = "resp_scripted",
    model: str = "scripted",
    usage: ResponseUsage | None = None,
) -> list[ResponseStreamEvent]:
    """All events of a completed response with `items`, as the Responses API orders them.

    Text, refusals, reasoning summaries and arguments come in deltas of a word each, whose
    concatenation is the item's text. Without `usage` each delta counts as an output token.
    """
    return list(_Writer(response_id, model, usage).response(items))


def response_usage(input_tokens: int, output_tokens: int) -> ResponseUsage:
    """A usage with these numbers of tokens, nothing cached and no reasoning."""
    return ResponseUsage(
        input_tokens=input_tokens,
        input_tokens_details=InputTokensDetails(cached_tokens=0, cache_write_tokens=0),
        output_tokens=output_tokens,
        output_tokens_details=OutputTokensDetails(reasoning_tokens=0),
        total_tokens=input_tokens + output_tokens,
    )


def words(text: str) -> list[str]:
    """`text` in pieces of a word with the white space before it; nothing is lost."""
    return _WORD.findall(text)


class _Writer:
    """Writes one response's events, numbering them."""

    def __init__(self, response_id: str, model: str, usage: ResponseUsage | None) -> None:
        self._id = response_id
        self._model = model
        self._usage = usage
        self._number = -1
        self._deltas = 0

    def response(self, items: Sequence[ResponseOutputItem]) -> Iterator[ResponseStreamEvent]:
        begun = self._response([], "in_progress")
        yield ResponseCreatedEvent(type="response.created", response=begun, **self._next())
        yield ResponseInProgressEvent(type="response.in_progress", response=begun, **self._next())
        for index, item in enumerate(items):
            yield ResponseOutputItemAddedEvent(
                type="response.output_item.added",
                item=_begun(item),
                output_index=index,
                **self._next(),
            )
            yield from self._content(item, index)
            yield ResponseOutputItemDoneEvent(
                type="response.output_item.done", item=item, output_index=index, **self._next()
            )
        ended = self._response(list(items), "completed")
        yield ResponseCompletedEvent(type="response.completed", response=ended, **self._next())

    def _content(self, item: ResponseOutputItem, index: int) -> Iterator[ResponseStreamEvent]:
        if isinstance(item, ResponseOutputMessage):
            for part_index, part in enumerate(item.content):
                place: dict[str, Any] = {
                    "item_id": item.id,
                    "output_index": index,
                    "content_index": part_index,
                }
                yield from self._part(part, place)
        elif isinstance(item, ResponseFunctionToolCall):
            yield from self._arguments(item, index)
        elif isinstance(item, ResponseReasoningItem):
            for summary_index, summary in enumerate(item.summary):
                place = {
                    "item_id": item.id,
                    "output_index": index,
                    "summary_index": summary_index,
                }
                yield from self._summary(summary.text, place)

    def _part(
        self, part: ResponseOutputText | ResponseOutputRefusal, place: dict[str, Any]
    ) -> Iterator[ResponseStreamEvent]:
        yield ResponseContentPartAddedEvent(
            type="response.content_part.added", part=_empty(part), **place, **self._next()
        )
        if isinstance(part, ResponseOutputText):
            for delta in self._count(words(part.text)):
                yield ResponseTextDeltaEvent(
                    type="response.output_text.delta",
                    delta=delta,
                    logprobs=[],
                    **place,
                    **self._next(),
                )
            yield ResponseTextDoneEvent(
                type="response.output_text.done",
                text=part.text,
                logprobs=[],
                **place,
                **self._next(),
            )
        else:
            for delta in self._count(words(part.refusal)):
                yield ResponseRefusalDeltaEvent(
                    type="response.refusal.delta", delta=delta, **place, **self._next()
                )
            yield ResponseRefusalDoneEvent(
                type="response.refusal.done", refusal=part.refusal, **place, **self._next()
            )
        yield ResponseContentPartDoneEvent(
            type="response.content_part.done", part=part, **place, **self._next()
        )

    def _arguments(
        self, call: ResponseFunctionToolCall, index: int
    ) -> Iterator[ResponseStreamEvent]:
        place: dict[str, Any] = {"item_id": call.id or call.call_id, "output_index": index}
        for delta in self._count(words(call.arguments)):
            yield ResponseFunctionCallArgumentsDeltaEvent(
                type="response.function_call_arguments.delta",
                delta=delta,
                **place,
                **self._next(),
            )
        yield ResponseFunctionCallArgumentsDoneEvent(
            type="response.function_call_arguments.done",
            arguments=call.arguments,
            **place,
            **self._next(),
        )

    def _summary(self, text: str, place: dict[str, Any]) -> Iterator[ResponseStreamEvent]:
        yield ResponseReasoningSummaryPartAddedEvent(
            type="response.reasoning_summary_part.added",
            part=BegunPart(type="summary_text", text=""),
            **place,
            **self._next(),
        )
        for delta in self._count(words(text)):
            yield ResponseReasoningSummaryTextDeltaEvent(
                type="response.reasoning_summary_text.delta", delta=delta, **place, **self._next()
            )
        yield ResponseReasoningSummaryTextDoneEvent(
            type="response.reasoning_summary_text.done", text=text, **place, **self._next()
        )
        yield ResponseReasoningSummaryPartDoneEvent(
            type="response.reasoning_summary_part.done",
            part=DonePart(type="summary_text", text=text),
            **place,
            **self._next(),
        )

    def _response(
        self,
        output: list[ResponseOutputItem],
        status: Literal["in_progress", "completed"],
    ) -> Response:
        done = status == "completed"
        return Response(
            id=self._id,
            created_at=0.0,
            model=self._model,
            object="response",
            output=output,
            parallel_tool_calls=True,
            status=status,
            tool_choice="auto",
            tools=[],
            usage=(self._usage or response_usage(0, self._deltas)) if done else None,
        )

    def _next(self) -> dict[str, Any]:
        self._number += 1
        return {"sequence_number": self._number}

    def _count(self, deltas: list[str]) -> list[str]:
        self._deltas += len(deltas)
        return deltas


def _begun(item: ResponseOutputItem) -> ResponseOutputItem:
    """`item` as it is when it has only begun."""
    if isinstance(item, ResponseOutputMessage):
        return item.model_copy(update={"content": [], "status": "in_progress"})
    if isinstance(item, ResponseFunctionToolCall):
        return item.model_copy(update={"arguments": "", "status": "in_progress"})
    if isinstance(item, ResponseReasoningItem):
        return item.model_copy(update={"summary": []})
    return item


def _empty(
    part: ResponseOutputText | ResponseOutputRefusal,
) -> ResponseOutputText | ResponseOutputRefusal:
    field = "text" if isinstance(part, ResponseOutputText) else "refusal"
    return part.model_copy(update={field: ""})
