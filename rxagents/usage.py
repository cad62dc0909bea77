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
            input_tokens=usage.input_tokens,
            input_tokens_details=usage.input_tokens_details or _no_input_details(),
            output_tokens=usage.output_tokens,
            output_tokens_details=usage.output_tokens_details or _no_output_details(),
            total_tokens=usage.total_tokens,
        )

    def add(self, other: Usage) -> None:
        """Add `other` to this."""
        self.requests += other.requests
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.total_tokens += other.total_tokens
        self.input_tokens_details = InputTokensDetails(
            cached_tokens=_sum(self, other, "cached_tokens"),
            cache_write_tokens=_sum(self, other, "cache_write_tokens"),
        )
        self.output_tokens_details = OutputTokensDetails(
            reasoning_tokens=self.output_tokens_details.reasoning_tokens
            + other.output_tokens_details.reasoning_tokens
        )


def _sum(a: Usage, b: Usage, name: str) -> int:
    # Leniently constructed details may lack a field that older servers do not send.
    return sum(getattr(x.input_tokens_details, name, None) or 0 for x in (a, b))
