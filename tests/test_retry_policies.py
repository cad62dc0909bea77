"""Retries of model calls: which policy says what of which error, and how long to wait."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from time import time
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rxagents import (
    ModelResponseError,
    ModelRetryAdvice,
    ModelRetryAdviceRequest,
    ModelRetryBackoffSettings,
    ModelRetryNormalizedError,
    ModelRetrySettings,
    ModelSettings,
    ModelStreamCutError,
    ModelStreamError,
    ModelTimeoutError,
    RetryDecision,
    RetryPolicy,
    RetryPolicyContext,
    retry_policies,
)
from rxagents.exceptions import ModelServerError, ModelStatusError
from rxagents.models.retry_advice import openai_retry_advice
from rxagents.retry import backoff_delay, retry_delay, settings_for_attempt
from rxagents.retry.facts import normalized_error
from rxagents.retry.policies import ask

REQUEST = httpx2.Request("POST", "http://127.0.0.1/v1/responses")


def refused(status: int, code: str | None = None, **headers: str) -> ModelStatusError:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = httpx2.Response(status, request=REQUEST, headers={"x-request-id": "req_1", **sent})
    return ModelStatusError("No.", response=answer, body={"code": code})


def context(
    error: Exception | None = None, advice: ModelRetryAdvice | None = None, **conversation: str
) -> RetryPolicyContext:
    error = error or refused(503)
    known = normalized_error(error)
    return RetryPolicyContext(error, 1, 3, True, known, advice, **conversation)


async def said(policy: RetryPolicy, about: RetryPolicyContext | None = None) -> RetryDecision:
    return await ask(policy, about or context())


def yes(
    delay: float | None = None, reason: str | None = None, *, unsafe: bool = False
) -> RetryPolicy:
    return lambda _: RetryDecision(True, delay, reason, approve_unsafe_replay=unsafe)


def no(_: RetryPolicyContext) -> bool:
    return False


AGAINST = context(advice=ModelRetryAdvice(suggested=False, reason="busy"))
UNSAFE = context(advice=ModelRetryAdvice(suggested=False, replay_safety="unsafe"))

# --- policies -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "error", "retry", "delay"),
    [
        (retry_policies.never(), refused(503), False, None),
        (retry_policies.http_status([503, 429]), refused(503), True, None),
        (retry_policies.http_status(iter([503])), refused(503), True, None),
        (retry_policies.http_status([503, 429]), refused(500), False, None),
        (retry_policies.http_status([503]), ValueError("no status"), False, None),
        (retry_policies.network_error(), openai.APIConnectionError(request=REQUEST), True, None),
        (retry_policies.network_error(), openai.APITimeoutError(REQUEST), True, None),
        (retry_policies.network_error(), httpx2.ReadError("gone"), True, None),
        (retry_policies.network_error(), ModelTimeoutError(3), True, None),
        (retry_policies.network_error(), ModelStreamCutError("cut", event_index=1), True, None),
        (retry_policies.network_error(), ModelStreamError("no JSON", event_index=1), False, None),
        (retry_policies.network_error(), refused(503), False, None),
        (retry_policies.retry_after(), refused(503, retry_after="7"), True, 7.0),
        (retry_policies.retry_after(), refused(503), False, None),
    ],
)
async def test_a_policy_of_one_kind(
    policy: RetryPolicy, error: Exception, retry: bool, delay: float | None
) -> None:
    decision = await said(policy, context(error))
    assert (decision.retry, decision.delay) == (retry, delay)


async def test_the_same_policy_can_be_asked_again() -> None:
    policy = retry_policies.http_status(iter([503]))
    assert [(await said(policy)).retry for _ in range(3)] == [True, True, True]


async def test_the_provider_is_believed() -> None:
    policy = retry_policies.provider_suggested()
    assert not (await said(policy, context())).retry
    silent = context(advice=ModelRetryAdvice(retry_after=3))
    assert not (await said(policy, silent)).retry
    wanted = context(advice=ModelRetryAdvice(True, 3, "safe", "busy"))
    decision = await said(policy, wanted)
    assert (decision.retry, decision.delay, decision.reason) == (True, 3, "busy")
    assert decision.known_safe
    assert not (await said(policy, AGAINST)).retry


async def test_any_and_all_of_nothing_is_never() -> None:
    assert not (await said(retry_policies.any())).retry
    assert not (await said(retry_policies.all())).retry


async def test_any_takes_one_and_all_takes_every_one() -> None:
    assert (await said(retry_policies.any(no, yes(2), no))).delay == 2
    assert not (await said(retry_policies.all(yes(), no))).retry
    assert (await said(retry_policies.all(yes(2, "a"), yes(None, "b")))) == RetryDecision(
        True, 2, "b"
    )
    assert (await said(retry_policies.any(yes(2, "a"), yes(3)))) == RetryDecision(True, 3, "a")
    assert (await said(retry_policies.any(yes(unsafe=True), yes()))).approve_unsafe_replay


async def test_all_asks_no_further_than_the_first_no() -> None:
    asked: list[str] = []

    def noted(answer: bool) -> RetryPolicy:
        async def policy(_: RetryPolicyContext) -> bool:
            await asyncio.sleep(0)
            asked.append("x")
            return answer

        return policy

    assert not (await said(retry_policies.all(noted(True), noted(False), noted(True)))).retry
    assert len(asked) == 2


@pytest.mark.parametrize("combine", [retry_policies.any, retry_policies.all])
async def test_a_providers_veto_outweighs_others(combine: Any) -> None:
    suggested = retry_policies.provider_suggested()
    for order in [(yes(unsafe=True), suggested), (suggested, yes(unsafe=True))]:
        assert not (await said(combine(*order), AGAINST)).retry
        assert (await said(combine(*order), UNSAFE)).retry, "its replay is approved of"
    for order in [(yes(), suggested), (suggested, yes())]:
        assert not (await said(combine(*order), UNSAFE)).retry


# --- what an error says ---------------------------------------------------------------------


def test_facts_are_read_off_an_error_and_its_causes() -> None:
    outer = RuntimeError("wrapped")
    outer.__cause__ = refused(429, "rate_limit_exceeded", retry_after_ms="1500", retry_after="9")
    known = normalized_error(outer)
    assert known == ModelRetryNormalizedError(
        status_code=429,
        error_code="rate_limit_exceeded",
        message="wrapped",
        request_id="req_1",
        retry_after=1.5,
    )


@pytest.mark.parametrize("value", ["soon", "-3", "nan", "inf", ""])
def test_an_unusable_retry_after_is_none(value: str) -> None:
    assert normalized_error(refused(503, retry_after=value)).retry_after is None
    assert normalized_error(refused(503, retry_after_ms=value, retry_after="2")).retry_after == 2


def test_a_retry_after_may_be_a_date() -> None:
    later = normalized_error(refused(503, retry_after=formatdate(time() + 60, usegmt=True)))
    assert later.retry_after is not None
    assert 55 < later.retry_after <= 60
    past = normalized_error(refused(503, retry_after=formatdate(time() - 60, usegmt=True)))
    assert past.retry_after == 0


def test_a_cancelled_call_is_an_abort_and_a_late_one_is_none() -> None:
    error = RuntimeError("stopped")
    error.__context__ = asyncio.CancelledError()
    assert normalized_error(error).is_abort
    assert not normalized_error(ModelTimeoutError(3)).is_abort


def test_what_the_provider_knows_better_holds_as_far_as_it_was_passed() -> None:
    read_off = ModelRetryNormalizedError(503, "x", "m", retry_after=3, is_network_error=True)
    known = ModelRetryNormalizedError(None, retry_after=None, is_network_error=False)
    assert read_off.corrected_by(known) == ModelRetryNormalizedError(None, "x", "m")
    aborted = ModelRetryNormalizedError(is_abort=True)
    assert aborted.corrected_by(ModelRetryNormalizedError(is_abort=False)).is_abort


@pytest.mark.parametrize(
    ("error", "conversation", "suggested", "safety", "after"),
    [
        (refused(503), None, True, None, None),
        (refused(503), "conv_1", True, "safe", None),
        (refused(429, retry_after="4"), None, True, None, 4.0),
        (refused(400, x_should_retry="true"), None, True, "safe", None),
        (refused(503, x_should_retry="false"), None, False, None, None),
        (refused(400, retry_after="4"), None, None, None, 4.0),
        (openai.APIConnectionError(request=REQUEST), "conv_1", True, None, None),
        (ModelTimeoutError(1), None, True, None, None),
        (
            ModelResponseError("m", event_type="response.failed", code="server_error"),
            None,
            True,
            None,
            None,
        ),
    ],
)
def test_the_advice_of_openais_servers(
    error: Exception,
    conversation: str | None,
    suggested: bool | None,
    safety: str | None,
    after: float | None,
) -> None:
    request = ModelRetryAdviceRequest(error, 1, True, conversation_id=conversation)
    advice = openai_retry_advice(request)
    assert advice is not None
    assert (advice.suggested, advice.replay_safety, advice.retry_after) == (
        suggested, safety, after,
    )  # fmt: skip
    assert advice.reason == str(error)


@pytest.mark.parametrize(
    "error",
    [
        refused(400),
        ValueError("other"),
        ModelResponseError("m", event_type="response.failed", code="invalid_prompt"),
    ],
)
def test_no_advice_where_there_is_nothing_to_say(error: Exception) -> None:
    assert openai_retry_advice(ModelRetryAdviceRequest(error, 1, True)) is None


# --- the run's question ---------------------------------------------------------------------

ALWAYS = ModelRetrySettings(max_retries=2, policy=yes(), backoff={"jitter": False})


async def delay(settings: ModelRetrySettings | None = ALWAYS, **about: Any) -> float | None:
    about = {"error": refused(503), "attempt": 1, "answer_begun": False, **about}
    return await retry_delay(settings, about.pop("error"), **about)


async def test_nothing_is_retried_without_number_and_policy() -> None:
    assert await delay(None) is None
    assert await delay(ModelRetrySettings(max_retries=2)) is None
    assert await delay(ModelRetrySettings(policy=yes())) is None
    assert await delay(ModelRetrySettings(max_retries=0, policy=yes())) is None
    assert await delay(ModelRetrySettings(max_retries=-1, policy=yes())) is None


async def test_as_often_as_allowed() -> None:
    assert [await delay(attempt=n) for n in (1, 2, 3)] == [0.25, 0.5, None]


async def test_the_policys_time_comes_first_then_the_providers_then_the_backoffs() -> None:
    named = ModelRetrySettings(max_retries=1, policy=yes(7))
    busy = refused(503, retry_after="30")
    assert await delay(named, error=busy) == 7
    assert await delay(error=busy) == 30
    assert await delay(error=busy, advice=ModelRetryAdvice(retry_after=20)) == 20
    assert await delay() == 0.25
    at_once = ModelRetrySettings(max_retries=1, policy=yes(0))
    assert await delay(at_once, error=busy) == 0
    back_in_time = ModelRetrySettings(max_retries=1, policy=yes(-3))
    assert await delay(back_in_time) == 0


async def test_a_policy_is_told_everything() -> None:
    told: list[RetryPolicyContext] = []

    async def policy(context: RetryPolicyContext) -> bool:
        told.append(context)
        return False

    settings = ModelRetrySettings(max_retries=5, policy=policy)
    advice = ModelRetryAdvice(replay_safety="safe", response_started=True)
    error = refused(429, "slow_down")
    assert await delay(settings, error=error, attempt=4, advice=advice, conversation_id="c") is None
    assert told[0].error is error
    assert (told[0].attempt, told[0].max_retries, told[0].stream) == (4, 5, True)
    assert (told[0].normalized.status_code, told[0].normalized.error_code) == (429, "slow_down")
    assert told[0].replay_safety == "safe"
    assert told[0].response_started
    assert told[0].stateful_request


async def test_an_answer_that_has_begun_is_repeated_only_if_asked_for() -> None:
    assert await delay(answer_begun=True) is None
    mid_stream = ModelRetrySettings(max_retries=2, policy=yes(1), mid_stream=True)
    assert await delay(mid_stream, answer_begun=True) == 1


async def test_what_was_cancelled_is_not_repeated() -> None:
    advice = ModelRetryAdvice(normalized=ModelRetryNormalizedError(is_abort=True))
    mid_stream = ModelRetrySettings(max_retries=2, policy=yes(1), mid_stream=True)
    assert await delay(mid_stream, advice=advice) is None


@pytest.mark.parametrize(
    ("safety", "stateful", "unsafe", "again"),
    [
        (None, False, False, True),
        (None, True, False, False),
        (None, True, True, False),  # nobody has said that it is unsafe, so nobody approved of it
        ("safe", True, False, True),
        ("unsafe", False, False, False),
        ("unsafe", False, True, True),
        ("unsafe", True, True, True),
    ],
)
async def test_a_call_that_may_have_had_an_effect(
    safety: str | None, stateful: bool, unsafe: bool, again: bool
) -> None:
    settings = ModelRetrySettings(max_retries=1, policy=yes(1, unsafe=unsafe))
    about: dict[str, Any] = {
        "advice": ModelRetryAdvice(replay_safety=safety),
        "previous_response_id": "resp_1" if stateful else None,
    }
    assert (await delay(settings, stream=False, **about) is not None) == again
    if safety == "unsafe":
        assert await delay(settings, stream=True, **about) is None


async def test_a_locked_conversation_is_waited_for_without_any_settings() -> None:
    locked = refused(400, "conversation_locked")
    waits = [await delay(None, error=locked, attempt=n) for n in (1, 2, 3, 4)]
    assert waits == [1, 2, 4, None]
    assert await delay(ModelRetrySettings(max_retries=0), error=locked) is None
    assert await delay(None, error=locked, answer_begun=True) is None


async def test_an_error_of_the_policy_comes_out() -> None:
    def broken(_: RetryPolicyContext) -> bool:
        raise LookupError("no idea")

    with pytest.raises(LookupError, match="no idea"):
        await delay(ModelRetrySettings(max_retries=1, policy=broken))


def test_the_client_makes_no_retries_besides_the_runs() -> None:
    settings = ModelSettings(temperature=0.5, retry=ALWAYS)
    assert settings_for_attempt(settings, 1) is settings
    again = settings_for_attempt(settings, 2)
    assert again == ModelSettings(temperature=0.5, retry=ModelRetrySettings(max_retries=0))
    assert settings_for_attempt(settings, 1, stateful=True) == again
    plain = ModelSettings(temperature=0.5)
    assert settings_for_attempt(plain, 1, stateful=True) is plain


# --- backoff --------------------------------------------------------------------------------

SECONDS = st.floats(0, 1e6)
BACKOFF = st.builds(
    ModelRetryBackoffSettings,
    initial_delay=st.none() | SECONDS,
    max_delay=st.none() | SECONDS,
    multiplier=st.none() | st.floats(1, 100),
    jitter=st.none() | st.booleans(),
)
ATTEMPT = st.integers(1, 5000)
CHANCE = st.floats(0, 1, exclude_max=True)


@given(BACKOFF, ATTEMPT, CHANCE)
def test_a_delay_is_never_more_than_the_longest(
    backoff: ModelRetryBackoffSettings, attempt: int, chance: float
) -> None:
    longest = 2.0 if backoff.max_delay is None else backoff.max_delay
    assert 0 <= backoff_delay(backoff, attempt, random=lambda: chance) <= longest


@given(BACKOFF, ATTEMPT, CHANCE)
def test_delays_grow(backoff: ModelRetryBackoffSettings, attempt: int, chance: float) -> None:
    first = backoff_delay(backoff, attempt, random=lambda: chance)
    assert first <= backoff_delay(backoff, attempt + 1, random=lambda: chance)


@given(BACKOFF, ATTEMPT, CHANCE)
def test_jitter_is_an_eighth_at_most(
    backoff: ModelRetryBackoffSettings, attempt: int, chance: float
) -> None:
    exact = backoff_delay(backoff.resolve(ModelRetryBackoffSettings(jitter=False)), attempt)
    jittered = backoff_delay(
        backoff.resolve(ModelRetryBackoffSettings(jitter=True)), attempt, random=lambda: chance
    )
    assert exact * 0.875 <= jittered <= exact * 1.125


def test_the_usual_delays() -> None:
    exact = ModelRetryBackoffSettings(jitter=False)
    assert [backoff_delay(exact, n) for n in (1, 2, 3, 4, 5, 10_000)] == [0.25, 0.5, 1, 2, 2, 2]
    nothing = ModelRetryBackoffSettings(initial_delay=0, jitter=False)
    assert backoff_delay(nothing, 10_000) == 0
    constant = ModelRetryBackoffSettings(multiplier=1, initial_delay=1, jitter=False)
    assert backoff_delay(constant, 10_000) == 1
    assert backoff_delay(None, 1, random=lambda: 0) == 0.25 * 0.875


def test_a_server_error_of_ours_is_read_like_the_clients() -> None:
    answer = httpx2.Response(500, request=REQUEST)
    assert normalized_error(ModelServerError("m", response=answer, body=None)).status_code == 500
