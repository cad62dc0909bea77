"""Holds a model's text back until the streaming guardrails have seen it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from openai.types.responses import ResponseOutputMessage, ResponseStreamEvent

from rxagents.exceptions import OutputGuardrailTripwireTriggered
from rxagents.guardrail import OutputGuardrail

from .emitter import Sink
from .record import RunRecord


class Gate:
    """Lets events through in their order, each text once a check has seen enough of it.

    A check sees all text of the response so far. What it has passed goes out up to `window`
    characters before its end, as a forbidden passage may begin in these.
    """

    def __init__(
        self, record: RunRecord, guardrails: Sequence[OutputGuardrail[Any]], sink: Sink
    ) -> None:
        self.failed: bool = False
        """Whether a guardrail has tripped or raised."""
        self._record = record
        self._guardrails = guardrails
        self._sink = sink
        self._text: list[str] = []
        self._length = 0
        self._passed = 0  # characters up to which the text may go out
        self._checked = 0
        self._held: deque[tuple[int, Callable[[], None]]] = deque()
        self._every = min(each.every_chars for each in guardrails)
        self._window = max(each.window for each in guardrails)

    async def admit(self, event: ResponseStreamEvent, emit: Callable[[], None]) -> None:
        """Take the next event; `emit` emits it, now or later.

        Raises OutputGuardrailTripwireTriggered, or what a guardrail raises; what is held back then
        is never emitted.
        """
        if event.type == "response.output_text.delta":
            self._add(event.delta)
        elif event.type in _WITH_TEXT:
            self._add_unseen(event)
        # Whatever has no text of its own waits for the text that came before it.
        self._held.append((self._length, emit))
        if event.type in _ENDS:
            await self.end()
            return
        if self._length - self._checked >= self._every:
            await self._check()
        await self._let_out()

    async def hold(self, emit: Callable[[], None]) -> None:
        """Emit an item behind the event that has finished it."""
        self._held.append((self._length, emit))
        await self._let_out()

    async def end(self) -> None:
        """Check what is unchecked, and let everything out: the text goes no further."""
        if self._length > self._checked:
            await self._check()
        self._passed = self._length
        await self._let_out()

    def _add(self, text: str) -> None:
        self._text.append(text)
        self._length += len(text)

    def _add_unseen(self, event: ResponseStreamEvent) -> None:
        # Some servers send whole texts that they have sent no deltas of, or other ones.
        so_far = "".join(self._text)
        for text in _whole_texts(event):
            if text not in so_far:
                self._add(text)
                so_far += text

    async def _check(self) -> None:
        record, agent = self._record, self._record.current_agent
        text = "".join(self._text)
        self._checked = self._length
        self.failed = True  # until all have passed it
        for guardrail in self._guardrails:
            result = await guardrail.run(record.context_wrapper, agent, text)
            if result.output.tripwire_triggered:
                record.guardrails.output.append(result)
                raise OutputGuardrailTripwireTriggered(result)
        self.failed = False
        self._passed = max(self._passed, self._checked - self._window)

    async def _let_out(self) -> None:
        while self._held and self._held[0][0] <= self._passed:
            if not self._sink.has_room:
                await self._sink.ready()
            self._held.popleft()[1]()


_ENDS = frozenset(
    {
        "response.output_text.done",
        "response.output_item.done",
        "response.completed",
        "response.incomplete",
        "response.failed",
        "error",
    }
)
_WITH_TEXT = frozenset(
    {
        "response.output_text.done",
        "response.content_part.added",
        "response.content_part.done",
        "response.output_item.added",
        "response.output_item.done",
        "response.completed",
        "response.incomplete",
        "response.failed",
    }
)


def _whole_texts(event: Any) -> Iterator[str]:
    """The texts that an event has whole."""
    # Read by name: events of lenient servers are not always complete.
    if isinstance(text := getattr(event, "text", None), str):
        yield text
    response = getattr(event, "response", None)
    items: list[Any] = [getattr(event, "item", None), *(getattr(response, "output", None) or [])]
    parts = [getattr(event, "part", None)]
    for item in items:
        if isinstance(item, ResponseOutputMessage):
            parts += item.content
    for part in parts:
        if isinstance(text := getattr(part, "text", None), str):
            yield text
