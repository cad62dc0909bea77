"""The usual retry policies, and how to combine them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from rxagents.maybe_awaitable import settled

from .decision import RetryDecision, RetryPolicy, RetryPolicyContext, as_decision


class RetryPolicies:
    """Makes retry policies. `retry_policies` is the one there is.

    ModelRetrySettings(
        max_retries=3,
        policy=retry_policies.any(
            retry_policies.network_error(), retry_policies.http_status([429, 503])
        ),
    )
    """

    def never(self) -> RetryPolicy:
        """Retry nothing."""
        return lambda _: False

    def provider_suggested(self) -> RetryPolicy:
        """Do what the model's side advises.

        Where it advises against it, no other policy of an `any` or `all` can have it retried, but
        for one with `approve_unsafe_replay` where the replay is all that speaks against it.
        """
        return _provider_suggested

    def network_error(self) -> RetryPolicy:
        """Retry if the connection could not be made, broke, or timed out."""
        return lambda context: context.normalized.is_network_error or context.normalized.is_timeout

    def retry_after(self) -> RetryPolicy:
        """Retry if the provider says how long to wait (`retry-after`), after that time."""
        return _retry_after

    def http_status(self, statuses: Iterable[int]) -> RetryPolicy:
        """Retry if the request was refused with one of these statuses."""
        wanted = frozenset(statuses)
        return lambda context: context.normalized.status_code in wanted

    def all(self, *policies: RetryPolicy) -> RetryPolicy:
        """Retry if every policy says so, after the time that the last of them names.

        They are asked in turn, up to the first that says No. Without any, never.
        """

        async def policy(context: RetryPolicyContext) -> RetryDecision:
            yes: RetryDecision | None = None
            blocked: RetryDecision | None = None
            for each in policies:
                answer = await ask(each, context)
                if answer.veto == "replay":
                    blocked = blocked or answer
                elif not answer.retry:
                    return answer
                else:
                    yes = _both(yes, answer)
            return _weigh(yes, blocked, RetryDecision(retry=False))

        return policy

    def any(self, *policies: RetryPolicy) -> RetryPolicy:
        """Retry if one of the policies says so, after the time that the last such one names.

        All are asked, as a veto of any outweighs the others.
        """

        async def policy(context: RetryPolicyContext) -> RetryDecision:
            yes: RetryDecision | None = None
            no = RetryDecision(retry=False)
            blocked: RetryDecision | None = None
            for each in policies:
                answer = await ask(each, context)
                if answer.veto == "always":
                    return answer
                if answer.veto == "replay":
                    blocked = blocked or answer
                elif answer.retry:
                    yes = _both(yes, answer)
                else:
                    no = answer
            return _weigh(yes, blocked, no)

        return policy


retry_policies: Final = RetryPolicies()
"""The usual retry policies."""


async def ask(policy: RetryPolicy, context: RetryPolicyContext) -> RetryDecision:
    """What `policy` decides, whether it is async or not."""
    return as_decision(await settled(policy(context)))


def _provider_suggested(context: RetryPolicyContext) -> RetryDecision:
    advice = context.provider_advice
    if advice is None or advice.suggested is None:
        return RetryDecision(retry=False)
    if advice.suggested:
        decision = RetryDecision(retry=True, delay=advice.retry_after, reason=advice.reason)
        decision.known_safe = context.replay_safety == "safe"
    else:
        decision = RetryDecision(retry=False, reason=advice.reason)
        decision.veto = "replay" if context.replay_safety == "unsafe" else "always"
    return decision


def _retry_after(context: RetryPolicyContext) -> RetryDecision:
    delay = context.normalized.retry_after
    if delay is None and context.provider_advice is not None:
        delay = context.provider_advice.retry_after
    return RetryDecision(retry=delay is not None, delay=delay)


def _both(earlier: RetryDecision | None, later: RetryDecision) -> RetryDecision:
    """Two decisions to retry as one: the later one's wishes, and what either of them permits."""
    if earlier is None:
        return later
    merged = RetryDecision(
        retry=True,
        delay=earlier.delay if later.delay is None else later.delay,
        reason=earlier.reason if later.reason is None else later.reason,
        approve_unsafe_replay=earlier.approve_unsafe_replay or later.approve_unsafe_replay,
    )
    merged.known_safe = earlier.known_safe or later.known_safe
    return merged


def _weigh(
    yes: RetryDecision | None, blocked: RetryDecision | None, no: RetryDecision
) -> RetryDecision:
    """The answer of several: a block on replays yields only to one who approves of them."""
    if blocked is None:
        return yes or no
    if yes is None or not yes.approve_unsafe_replay:
        return blocked
    decision = replace(yes, reason=yes.reason or blocked.reason)
    decision.known_safe = yes.known_safe
    return decision
