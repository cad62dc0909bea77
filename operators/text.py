"""What the model says: as it comes, as it grows, and what it thinks and refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from openai.types.responses import (
    ResponseCompletedEvent,
    ResponseReasoningSummaryTextDeltaEvent,
    ResponseReasoningTextDeltaEvent,
    ResponseRefusalDeltaEvent,
    ResponseTextDeltaEvent,
)
from reactivex import Observable, abc, defer

from rxagents.events import RawResponsesStreamEvent, RunItemStreamEvent, StreamEvent

from ._choose import choose


def text_deltas(*, separator: str = "\n\n") -> Callable[[Observable[StreamEvent]], Observable[str]]:
    r"""The pieces of the model's answer, as they come. Lossless.

        source          --A--r--"Hel"--"lo"--i--c-----o--"Oslo"--|     c: it calls a tool
        text_deltas()   --------"Hel"--"lo"-----"\n\n"--"Oslo"--|

    What else the run tells passes by. Between two messages of a run, or of several that follow each
    other, comes `separator`, so that the last sentence of one is not run together with the first of
    the next; it comes as soon as it is known that there will be another, which is when the model
    calls a tool or hands over. With `""` there is none.

    >>> await Runner.observe(agent, "Oslo?").pipe(ops.text_deltas(), ops.to_list())
    ['Let', ' me', ' look.', '\n\n', 'It', ' is', ' sunny', ' in', ' Oslo.']
    """
    if not separator:
        return choose(_delta)

    def deltas(source: Observable[StreamEvent]) -> Observable[str]:
        def subscribe(
            observer: abc.ObserverBase[str], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            emit = observer.on_next
            wrote = False  # there is text of a message that has not ended
            ended = False  # a message with text has ended, and the separator is due
            more = False  # this response has a call, so there will be another response

            def on_next(event: StreamEvent) -> None:
                nonlocal wrote, ended, more
                delta = _delta(event)
                if delta is not None:
                    wrote = True
                else:
                    boundary = _boundary(event)
                    if boundary is None:
                        return
                    if boundary == "call":
                        more = True
                    else:
                        more = more and boundary != "response"
                        ended, wrote = ended or wrote, False
                if ended and (delta is not None or more):
                    ended = False
                    emit(separator)
                if delta is not None:
                    emit(delta)

            return source.subscribe(
                on_next, observer.on_error, observer.on_completed, scheduler=scheduler
            )

        return Observable(subscribe)

    return deltas


def text() -> Callable[[Observable[StreamEvent]], Observable[str]]:
    """The message so far, at each of its deltas. Lossless.

        source   --A--"Hel"----"lo"-----o--"Oslo"--|     o: the next message begins
        text()   -----"Hel"----"Hello"-----"Oslo"--|

    It starts anew with every message, and with another attempt at the same one. Runs that are
    merged, and agents that run at the same time, have a message each.

    >>> run = Runner.observe(agent, "Oslo?")
    >>> async for shown in run.pipe(ops.text(), ops.take_last(3)):
    ...     print(shown)
    It is sunny
    It is sunny in
    It is sunny in Oslo.
    """

    def growing(source: Observable[StreamEvent]) -> Observable[str]:
        messages: dict[tuple[object, ...], tuple[tuple[object, ...], str]] = {}

        def pick(event: StreamEvent) -> str | None:
            if type(event) is not RawResponsesStreamEvent:
                return None
            delta, speaker = event.data, (event.run_id, event.path)
            if type(delta) is not ResponseTextDeltaEvent:
                if type(delta) is ResponseCompletedEvent:
                    messages.pop(speaker, None)
                return None
            # With the turn, as some servers give every message the same id.
            message = (event.turn, event.attempt, delta.item_id, delta.output_index)
            before, so_far = messages.get(speaker, (message, ""))
            so_far = so_far + delta.delta if before == message else delta.delta
            messages[speaker] = message, so_far
            return so_far

        return choose(pick)(source)

    return lambda source: defer(lambda _: growing(source))


def _delta(event: StreamEvent) -> str | None:
    if type(event) is RawResponsesStreamEvent and type(event.data) is ResponseTextDeltaEvent:
        return event.data.delta
    return None


def _boundary(event: StreamEvent) -> Literal["response", "message", "call"] | None:
    """What begins (a response), ends (a message) or is asked for (a call) with the event."""
    if type(event) is RawResponsesStreamEvent:
        if event.data.type == "response.created":
            return "response"
        if event.data.type == "response.output_item.done" and event.data.item.type == "message":
            return "message"
    elif type(event) is RunItemStreamEvent:
        if event.name == "message_output_created":  # some servers send no output_item.done
            return "message"
        if event.name in {"tool_called", "handoff_requested"}:
            return "call"
    return None


def reasoning_deltas() -> Callable[[Observable[StreamEvent]], Observable[str]]:
    """The pieces of the model's reasoning and of its summaries, as they come. Lossless.

        source               --A--r--"Hm"--"m."--i--d--d--i--|
        reasoning_deltas()   --------"Hm"--"m."--------------|

    A model that tells both its reasoning and a summary of it gives both.

    >>> from openai.types.responses import ResponseReasoningItem as Reasoning
    >>> summary = [{"type": "summary_text", "text": "Hm, Oslo."}]
    >>> hm = Reasoning(id="1", type="reasoning", summary=summary)
    >>> thinker = Agent("Thinker", model=ScriptedModel([[hm, assistant_message("It rains.")]]))
    >>> await Runner.observe(thinker, "Oslo?").pipe(ops.reasoning_deltas(), ops.to_list())
    ['Hm,', ' Oslo.']
    """

    def pick(event: StreamEvent) -> str | None:
        if type(event) is RawResponsesStreamEvent and isinstance(
            event.data, (ResponseReasoningTextDeltaEvent, ResponseReasoningSummaryTextDeltaEvent)
        ):
            return event.data.delta
        return None

    return choose(pick)


def refusal_deltas() -> Callable[[Observable[StreamEvent]], Observable[str]]:
    """The pieces of the model's refusal to answer, as they come. Lossless.

        source             --A--r--"I ca"--"n't."--i--|
        refusal_deltas()   --------"I ca"--"n't."-----|

    A run whose model refuses ends with ModelRefusalError after them.

    >>> from openai.types.responses import ResponseOutputRefusal as Refusal
    >>> no = assistant_message("")
    >>> no.content = [Refusal(type="refusal", refusal="I can't.")]
    >>> run = Runner.observe(Agent("Careful", model=ScriptedModel([[no]])), "How do I pick a lock?")
    >>> await run.pipe(ops.refusal_deltas(), ops.fallback(Stream.empty()), ops.to_list())
    ['I', " can't."]
    """

    def pick(event: StreamEvent) -> str | None:
        if type(event) is RawResponsesStreamEvent and isinstance(
            event.data, ResponseRefusalDeltaEvent
        ):
            return event.data.delta
        return None

    return choose(pick)
