"""Tokens and requests that a run has used."""

from __future__ import annotations

from dataclasses import dataclass, field

from openai.types.responses import ResponseUsage
from openai.types.responses.response_usage import InputTokensDetails, OutputTokensDetails


def _no_input_details() -> InputTokensDetails:
    return InputTokensDetails(cached_tokens=0, cache_write_tokens=0)


def _no_output_details() -> OutputTokensDetails:
    return OutputTokensDetails(reasoning_tokens=0)


@dataclass
class Usage:
    """Sums over the requests of a run. All figures are tokens, but for `requests`."""

    requests: int = 0
    """Requests made to models."""

    input_tokens: int = 0
    input_tokens_details: InputTokensDetails = field(default_factory=_no_input_details)
    output_tokens: int = 0
    output_tokens_details: OutputTokensDetails = field(default_factory=_no_output_details)
    total_tokens: int = 0

    @classmethod
    def of_response(cls, usage: ResponseUsage | None) -> Usage:
        """The usage of one response; one request and no tokens where the model tells none."""
        if usage is None:
            return cls(requests=1)
        return cls(
            requests=1,
            input_tokens=_number(usage, "input_tokens"),
            input_tokens_details=getattr(usage, "input_tokens_details", None)
            or _no_input_details(),
            output_tokens=_number(usage, "output_tokens"),
            output_tokens_details=getattr(usage, "output_tokens_details", None)
            or _no_output_details(),
            total_tokens=_number(usage, "total_tokens"),
        )

    def add(self, other: Usage) -> None:
        """Add `other` to this."""
        self.requests += other.requests
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.total_tokens += other.total_tokens
        mine, others = self.input_tokens_details, other.input_tokens_details
        self.input_tokens_details = InputTokensDetails(
            cached_tokens=_sum(mine, others, "cached_tokens"),
            cache_write_tokens=_sum(mine, others, "cache_write_tokens"),
        )
        self.output_tokens_details = OutputTokensDetails(
            reasoning_tokens=_sum(
                self.output_tokens_details, other.output_tokens_details, "reasoning_tokens"
            )
        )


def _sum(mine: object, others: object, name: str) -> int:
    return _number(mine, name) + _number(others, name)


def _number(usage: object, name: str) -> int:
    # What servers tell is not always whole: a field may be missing, or None.
    return getattr(usage, name, None) or 0
