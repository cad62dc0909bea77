"""A run at the pace of a screen."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from openai.types.responses import ResponseTextDeltaEvent
from openai.types.responses.response_text_delta_event import Logprob
from reactivex import Observable, abc

from rxagents.events import RawResponsesStreamEvent, StreamEvent

from ._line import TimedLine, in_line

_MOST = 1024  # deltas in one event: what a source that never waits writes in a frame is bounded


def frame(rate: float = 30.0) -> Callable[[Observable[StreamEvent]], Observable[StreamEvent]]:
    """A run whose text comes at most `rate` times a second. Lossless.

        source      --A--"Hel"-"lo "-"wo"-"rld"--i--"!"--|
        frame(10)   --A--"Hel"-----"lo wo"--"rld"i--"!"--|     ------ is 0.1 seconds

    Deltas of the model's answer are joined: the first comes at once, and what follows in the
    frame comes together when it is over, as one event of the same kind. It has the position and
    the number of its last delta, and the log probabilities of all. Every other event comes at
    once, after the text before it; likewise the end, and the error. A delta of another message
    or part sends off the text before it, too. A slow consumer holds back the source.

    `rate` is in frames a second; raises ValueError now unless it is more than 0. A timer runs
    only while text waits.

    >>> run = Runner.observe(agent, "Oslo?").pipe(ops.frame(10))
    >>> await run.pipe(ops.text_deltas(separator=""), ops.to_list())
    ['Let', ' me look.', 'It', ' is sunny in Oslo.']
    """
    if not 0 < rate < math.inf:
        raise ValueError(f"rate must be more than 0 frames a second and finite, not {rate}")
    return in_line(lambda observer, clock: _Frames(observer, clock, 1 / rate))


class _Text:
    """Deltas of one part of one message that wait to be joined."""

    __slots__ = ("deltas", "event", "last", "logprobs", "part")

    def __init__(
        self,
        event: RawResponsesStreamEvent,
        delta: ResponseTextDeltaEvent,
        part: tuple[object, ...],
    ) -> None:
        self.part = part
        self.deltas: list[str] = []
        self.logprobs: list[Logprob] = []
        self.add(event, delta)

    def add(self, event: RawResponsesStreamEvent, delta: ResponseTextDeltaEvent) -> None:
        self.event = event
        self.last = delta
        self.deltas.append(delta.delta)
        # Servers that have none leave them out, and `openai` does not mind.
        self.logprobs += getattr(delta, "logprobs", None) or ()

    def joined(self) -> RawResponsesStreamEvent:
        if len(self.deltas) == 1:
            return self.event
        update: dict[str, object] = {"delta": "".join(self.deltas)}
        if self.logprobs:
            update["logprobs"] = self.logprobs
        return replace(self.event, data=self.last.model_copy(update=update))


class _Frames(TimedLine["StreamEvent | _Text", StreamEvent]):
    """What waits is text that may still grow, or anything while the consumer is not ready."""

    def __init__(
        self,
        observer: abc.ObserverBase[StreamEvent],
        scheduler: abc.SchedulerBase | None,
        gap: float,
    ) -> None:
        super().__init__(observer, scheduler)
        self._gap = gap
        self._opens = 0.0

    def on_next(self, event: StreamEvent) -> None:
        if type(event) is RawResponsesStreamEvent and type(event.data) is ResponseTextDeltaEvent:
            self._add(event, event.data)
        else:
            self.waiting.append(event)
        self.go_on()

    def due(self) -> float:
        if self.ended or len(self.waiting) > 1:
            return 0.0
        first = self.waiting[0]
        if isinstance(first, _Text) and len(first.deltas) < _MOST:
            return self._opens
        return 0.0

    def leaves(self) -> StreamEvent:
        first = self.waiting.popleft()
        if not isinstance(first, _Text):
            return first
        self._opens = self.now() + self._gap
        return first.joined()

    def _add(self, event: RawResponsesStreamEvent, delta: ResponseTextDeltaEvent) -> None:
        # With the turn, as some servers give every message the same id.
        part = (
            event.run_id,
            event.turn,
            event.attempt,
            event.path,
            delta.item_id,
            delta.output_index,
            delta.content_index,
        )
        last = self.waiting[-1] if self.waiting else None
        if isinstance(last, _Text) and last.part == part:
            last.add(event, delta)
        else:
            self.waiting.append(_Text(event, delta, part))
