"""What a retry policy is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from .advice import ModelRetryAdvice, ModelRetryNormalizedError


@dataclass
class RetryDecision:
    """A policy's answer in full; a plain bool will do too."""

    retry: bool
    delay: float | None = None
    """Seconds to wait; None leaves it to the provider's wish, or else to the backoff."""

    reason: str | None = None
    approve_unsafe_replay: bool = False
    """Whether the call may be repeated although it may have had an effect on the provider's side.

    `retry=True` alone does not say so.
    """

    veto: Literal["replay", "always"] | None = field(
        default=None, init=False, repr=False, compare=False
    )
    """Set by a policy whose No outweighs every Yes it is combined with. `replay` yields to one
    that approves of an unsafe replay."""

    known_safe: bool = field(default=False, init=False, repr=False, compare=False)
    """Set by a policy that knows from the provider that the call had no effect."""


@dataclass
class RetryPolicyContext:
    """A call that failed, as a retry policy is told of it."""

    error: Exception
    attempt: int
    """The attempt that failed, from 1."""

    max_retries: int
    stream: bool
    normalized: ModelRetryNormalizedError
    """What the error says."""

    provider_advice: ModelRetryAdvice | None = None
    """What the model advises, if anything."""

    previous_response_id: str | None = None
    conversation_id: str | None = None

    @property
    def response_started(self) -> bool:
        """Whether the provider says that it had begun to answer."""
        return self.provider_advice is not None and self.provider_advice.response_started

    @property
    def replay_safety(self) -> str:
        """`safe`, `unsafe` or `unknown`: whether the provider knows that the call had no effect."""
        said = self.provider_advice.replay_safety if self.provider_advice else None
        return said if said in {"safe", "unsafe"} else "unknown"

    @property
    def stateful_request(self) -> bool:
        """Whether the call builds on a conversation that the provider keeps."""
        return bool(self.previous_response_id or self.conversation_id)


RetryPolicy: TypeAlias = Callable[
    [RetryPolicyContext], bool | RetryDecision | Awaitable[bool | RetryDecision]
]
"""Decides whether a failed call is made again; may be async."""


def as_decision(answer: bool | RetryDecision) -> RetryDecision:
    """A policy's answer as a RetryDecision."""
    return answer if isinstance(answer, RetryDecision) else RetryDecision(retry=bool(answer))
