"""Tokens and requests that a run has used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from openai.types.responses import ResponseUsage
from openai.types.responses.response_usage import InputTokensDetails, OutputTokensDetails


def _no_input_details() -> InputTokensDetails:
    return InputTokensDetails(cached_tokens=0, cache_write_tokens=0)


def _no_output_details() -> OutputTokensDetails:
    return OutputTokensDetails(reasoning_tokens=0)


@dataclass
class RequestUsage:
    """What one request has used, in tokens; nothing at all for one that failed."""

    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    input_tokens_details: InputTokensDetails = field(default_factory=_no_input_details)
    output_tokens_details: OutputTokensDetails = field(default_factory=_no_output_details)


@dataclass
class Usage:
    """Sums over the requests of a run. All figures are tokens, but for `requests`."""

    requests: int = 0
    """Requests made to models, with those that failed and were made again."""

    input_tokens: int = 0
    input_tokens_details: InputTokensDetails = field(default_factory=_no_input_details)
    output_tokens: int = 0
    output_tokens_details: OutputTokensDetails = field(default_factory=_no_output_details)
    total_tokens: int = 0
    request_usage_entries: list[RequestUsage] = field(
        default_factory=list[RequestUsage], compare=False
    )
    """The requests one by one, in their order: prices may depend on the size of each. The usage of
    a single response has none; `add` makes them. One that told no tokens has none, unless it
    failed."""

    @classmethod
    def of_failure(cls) -> Usage:
        """The usage of a request that failed."""
        return cls(requests=1, request_usage_entries=[RequestUsage()])

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

    @classmethod
    def of_dict(cls, data: Mapping[str, Any]) -> Usage:
        """The usage that `dataclasses.asdict` has described."""
        entries = [RequestUsage(**_with_details(each)) for each in data["request_usage_entries"]]
        return cls(**_with_details({**data, "request_usage_entries": entries}))

    def copy(self) -> Usage:
        """The same figures, to be added to by themselves."""
        return replace(self, request_usage_entries=list(self.request_usage_entries))

    def add(self, other: Usage) -> None:
        """Add `other` to this."""
        # A list of its own, as those who watch a run keep shallow copies of its usage.
        self.request_usage_entries = [*self.request_usage_entries, *other._entries()]
        self.requests += other.requests
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.total_tokens += other.total_tokens
        self.input_tokens_details = _input_details(self, other)
        self.output_tokens_details = _output_details(self, other)

    def _entries(self) -> list[RequestUsage]:
        if self.request_usage_entries:
            return self.request_usage_entries
        if self.requests != 1 or not (self.input_tokens or self.output_tokens or self.total_tokens):
            return []
        entry = RequestUsage(
            self.input_tokens,
            self.output_tokens,
            self.total_tokens,
            _input_details(self),
            _output_details(self),
        )
        return [entry]


def _input_details(*usages: Usage) -> InputTokensDetails:
    """The sum of theirs."""
    all_of_them = [each.input_tokens_details for each in usages]
    return InputTokensDetails(
        cached_tokens=sum(_number(each, "cached_tokens") for each in all_of_them),
        cache_write_tokens=sum(_number(each, "cache_write_tokens") for each in all_of_them),
    )


def _output_details(*usages: Usage) -> OutputTokensDetails:
    """The sum of theirs."""
    all_of_them = [each.output_tokens_details for each in usages]
    return OutputTokensDetails(
        reasoning_tokens=sum(_number(each, "reasoning_tokens") for each in all_of_them)
    )


def _with_details(data: Mapping[str, Any]) -> dict[str, Any]:
    # Unchecked: a server may have left a figure out.
    given, taken = data["input_tokens_details"], data["output_tokens_details"]
    return {
        **data,
        "input_tokens_details": InputTokensDetails.model_construct(**given),
        "output_tokens_details": OutputTokensDetails.model_construct(**taken),
    }


def _number(usage: object, name: str) -> int:
    # What servers tell is not always whole: a field may be missing, or None.
    return getattr(usage, name, None) or 0
