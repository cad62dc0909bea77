"""What a run took, as an operator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from openai.types.responses import ResponseCompletedEvent
from reactivex import Observable

from rxagents import RawResponsesStreamEvent, StreamEvent
from rxagents import operators as ops


@dataclass(frozen=True)
class Statistics:
    """What a run took up to some event. Times are Unix times, durations seconds."""

    turns: int = 0
    """Responses that were completed."""

    input_tokens: int = 0
    output_tokens: int = 0
    """As the provider counts them; 0 where it does not."""

    answering: float = 0.0
    """How long models have been answering, from the first sign of each answer to its end."""

    started_at: float | None = None
    first_token_at: float | None = None
    answering_since: float | None = None
    """When the answer that is under way began."""

    @property
    def time_to_first_token(self) -> float | None:
        """Seconds from the start of the run to the first piece of an answer; None if none came."""
        if self.started_at is None or self.first_token_at is None:
            return None
        return self.first_token_at - self.started_at

    @property
    def tokens_per_second(self) -> float | None:
        """Output tokens for each second of answering; None where either is unknown."""
        if not self.output_tokens or self.answering <= 0:
            return None
        return self.output_tokens / self.answering

    def after(self, event: StreamEvent) -> Statistics:
        """These, and what `event` adds to them."""
        if self.started_at is None:
            return replace(self, started_at=event.time).after(event)
        if not isinstance(event, RawResponsesStreamEvent):
            return self
        data = event.data
        if isinstance(data, ResponseCompletedEvent):
            return self._completed(data, event.time)
        if self.first_token_at is None and data.type.endswith(".delta"):
            return replace(self, first_token_at=event.time).after(event)
        begins = data.type == "response.output_item.added" or data.type.endswith(".delta")
        if begins and self.answering_since is None:
            return replace(self, answering_since=event.time)
        return self

    def _completed(self, data: ResponseCompletedEvent, time: float) -> Statistics:
        usage = data.response.usage
        since = time if self.answering_since is None else self.answering_since
        return replace(
            self,
            turns=self.turns + 1,
            input_tokens=self.input_tokens + (usage.input_tokens if usage else 0),
            output_tokens=self.output_tokens + (usage.output_tokens if usage else 0),
            answering=self.answering + time - since,
            answering_since=None,
        )


def statistics() -> Callable[[Observable[StreamEvent]], Observable[Statistics]]:
    """What the run took, when it has ended.

        source         --A--d--d--i--|
        statistics()   --------------S|

    A run that fails, fails here too.
    """
    return ops.reduce(Statistics.after, Statistics())
