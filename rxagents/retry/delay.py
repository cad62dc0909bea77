"""The one question that a run asks when a model call has failed: when to make it again."""

from __future__ import annotations

import random as randomness
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from .advice import ModelRetryAdvice, ModelRetryNormalizedError
from .decision import RetryDecision, RetryPolicyContext
from .facts import normalized_error
from .policies import ask
from .settings import ModelRetryBackoffSettings, ModelRetrySettings

if TYPE_CHECKING:
    from rxagents.model_settings import ModelSettings

INITIAL_DELAY: Final = 0.25  # seconds
MAX_DELAY: Final = 2.0  # seconds
MULTIPLIER: Final = 2.0

_LOCKED_RETRIES = 3


async def retry_delay(
    settings: ModelRetrySettings | None,
    error: Exception,
    *,
    attempt: int,
    answer_begun: bool,
    advice: ModelRetryAdvice | None = None,
    stream: bool = True,
    previous_response_id: str | None = None,
    conversation_id: str | None = None,
    random: Callable[[], float] = randomness.random,
) -> float | None:
    """Seconds to wait before the call is made again, or None to give up.

    `attempt` is the number of the one that failed, from 1; `answer_begun` is whether it had
    emitted anything but `response.created` and `response.in_progress`; `advice` is what
    `Model.get_retry_advice` said. `random` gives numbers in [0, 1) for the jitter.

    The order of the waits: the policy's, the provider's, the backoff's. Never retried are what
    someone on our side cancelled, an answer that has begun unless `mid_stream` is set, and a call
    that builds on a conversation the provider keeps unless it is known to have had no effect.

    Raises what the policy raises.
    """
    if settings is None or (settings.max_retries is None or settings.max_retries > 0):
        locked = _conversation_locked(error, attempt)
        if locked is not None and not answer_begun:
            return locked
    if settings is None or settings.policy is None or attempt > (settings.max_retries or 0):
        return None
    context = RetryPolicyContext(
        error=error,
        attempt=attempt,
        max_retries=settings.max_retries or 0,
        stream=stream,
        normalized=_normalized(error, advice),
        provider_advice=advice,
        previous_response_id=previous_response_id,
        conversation_id=conversation_id,
    )
    if context.normalized.is_abort or _too_late(settings, context, answer_begun):
        return None
    decision = await ask(settings.policy, context)
    if not decision.retry or not _may_replay(decision, context):
        return None
    if decision.delay is not None:
        return max(0.0, decision.delay)
    if context.normalized.retry_after is not None:
        return max(0.0, context.normalized.retry_after)
    return backoff_delay(settings.backoff, attempt, random=random)


def backoff_delay(
    backoff: ModelRetryBackoffSettings | None,
    attempt: int,
    *,
    random: Callable[[], float] = randomness.random,
) -> float:
    """Seconds to wait after attempt number `attempt` (from 1) where nobody names a time.

    `initial_delay * multiplier ** (attempt - 1)`, varied by up to an eighth each way, and at most
    `max_delay`.
    """
    backoff = backoff or ModelRetryBackoffSettings()
    initial = INITIAL_DELAY if backoff.initial_delay is None else backoff.initial_delay
    longest = MAX_DELAY if backoff.max_delay is None else backoff.max_delay
    multiplier = MULTIPLIER if backoff.multiplier is None else backoff.multiplier
    try:
        delay = min(initial * multiplier ** (attempt - 1), longest)
    except OverflowError:
        delay = longest if initial else 0.0
    if backoff.jitter is False:
        return delay
    return min(delay * (0.875 + 0.25 * random()), longest)


def settings_for_attempt(
    settings: ModelSettings, attempt: int, *, stateful: bool = False
) -> ModelSettings:
    """The settings to call the model with, at attempt number `attempt` (from 1).

    Where the run makes the retries, the client must not make its own as well: not after the first
    attempt, and not at all for a call on a conversation that the provider keeps (`stateful`).
    `max_retries=0` tells the model so.
    """
    retry = settings.retry
    managed = retry is not None and retry.policy is not None and (retry.max_retries or 0) > 0
    if attempt > 1 or (managed and stateful):
        return replace(settings, retry=ModelRetrySettings(max_retries=0))
    return settings


def _normalized(error: Exception, advice: ModelRetryAdvice | None) -> ModelRetryNormalizedError:
    """What the error says, corrected by what the model's side knows better."""
    said = normalized_error(error)
    if advice is None:
        return said
    if advice.retry_after is not None:
        said.retry_after = advice.retry_after
    return said if advice.normalized is None else said.corrected_by(advice.normalized)


def _too_late(
    settings: ModelRetrySettings, context: RetryPolicyContext, answer_begun: bool
) -> bool:
    """Whether nobody is asked, as the events of the attempt cannot be taken back."""
    if settings.mid_stream:
        return False
    return answer_begun or (context.stream and context.replay_safety == "unsafe")


def _may_replay(decision: RetryDecision, context: RetryPolicyContext) -> bool:
    """Whether the call can be made twice without harm, or who decided has approved of it."""
    if decision.known_safe or context.replay_safety == "safe":
        return True
    if context.replay_safety == "unsafe":
        return decision.approve_unsafe_replay
    return not context.stateful_request


def _conversation_locked(error: Exception, attempt: int) -> float | None:
    """Another response is being made in the conversation: wait 1, 2, 4 seconds for it."""
    if getattr(error, "code", None) != "conversation_locked" or attempt > _LOCKED_RETRIES:
        return None
    return float(2 ** (attempt - 1))
