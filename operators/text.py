"""What the model says: as it comes, as it grows, and what it thinks and refuses."""

from __future__ import annotations

from collections.abc import Callable

from openai.types.responses import (
    ResponseReasoningSummaryTextDeltaEvent,
    ResponseReasoningTextDeltaEvent,
    ResponseRefusalDeltaEvent,
    ResponseTextDeltaEvent,
)
from reactivex import Observable, defer

from rxagents.events import RawResponsesStreamEvent, StreamEvent

from ._choose import choose


def text_deltas() -> Callable[[Observable[StreamEvent]], Observable[str]]:
    """The pieces of the model's answer, as they come. Lossless.

        source          --A--r--"Hel"--"lo"--i--|
        text_deltas()   --------"Hel"--"lo"-----|

    What else the run tells passes by.

    >>> await Runner.observe(agent, "Oslo?").pipe(ops.text_deltas(), ops.to_list())
    ['Let', ' me', ' look.', 'It', ' is', ' sunny', ' in', ' Oslo.']
    """

    def pick(event: StreamEvent) -> str | None:
        if type(event) is RawResponsesStreamEvent and type(event.data) is ResponseTextDeltaEvent:
            return event.data.delta
        return None

    return choose(pick)


def text() -> Callable[[Observable[StreamEvent]], Observable[str]]:
    """The message so far, at each of its deltas. Lossless.

        source   --A--"Hel"----"lo"-----o--"Oslo"--|     o: the next message begins
        text()   -----"Hel"----"Hello"-----"Oslo"--|

    It starts anew with every message, and with another attempt at the same one.

    >>> run = Runner.observe(agent, "Oslo?")
    >>> async for shown in run.pipe(ops.text(), ops.take_last(3)):
    ...     print(shown)
    It is sunny
    It is sunny in
    It is sunny in Oslo.
    """

    def growing(source: Observable[StreamEvent]) -> Observable[str]:
        message: tuple[object, ...] = ()
        so_far = ""

        def pick(event: StreamEvent) -> str | None:
            nonlocal message, so_far
            if type(event) is not RawResponsesStreamEvent:
                return None
            delta = event.data
            if type(delta) is not ResponseTextDeltaEvent:
                return None
            # With the turn, as some servers give every message the same id.
            current = (event.turn, event.attempt, delta.item_id, delta.output_index)
            if current != message:
                message, so_far = current, ""
            so_far += delta.delta
            return so_far

        return choose(pick)(source)

    return lambda source: defer(lambda _: growing(source))


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
