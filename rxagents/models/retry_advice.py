"""What an answer of OpenAI's servers, or of servers like them, says about trying again."""

from __future__ import annotations

from rxagents.exceptions import ModelResponseError
from rxagents.retry import ModelRetryAdvice, ModelRetryAdviceRequest
from rxagents.retry.facts import header, normalized_error

_WORTH_A_TRY = frozenset({408, 409, 429})  # and every 5xx

# Codes of a response that failed, which has no HTTP status any more.
_FAILED_FOR_NOW = frozenset(
    {"rate_limit_exceeded", "server_error", "server_is_overloaded", "vector_store_timeout"}
)


def openai_retry_advice(request: ModelRetryAdviceRequest) -> ModelRetryAdvice | None:
    """Advice from the error's headers, status and code; None where they say nothing.

    The server's own `x-should-retry` comes first. Lost connections, timeouts, 408, 409, 429, 5xx
    and responses that failed for a passing reason are worth a retry. A request that was refused
    with a status had no effect on a conversation that the server keeps.
    """
    known = normalized_error(request.error)
    advice = ModelRetryAdvice(
        retry_after=known.retry_after, reason=str(request.error), normalized=known
    )
    said = (header(request.error, "x-should-retry") or "").strip().lower()
    status = known.status_code or 0
    if said in {"true", "false"}:
        advice.suggested = said == "true"
        advice.replay_safety = "safe" if advice.suggested else None
    elif known.is_network_error or known.is_timeout:
        advice.suggested = True
    elif status in _WORTH_A_TRY or status >= 500:
        advice.suggested = True
        if request.previous_response_id or request.conversation_id:
            advice.replay_safety = "safe"
    elif isinstance(request.error, ModelResponseError) and known.error_code in _FAILED_FOR_NOW:
        advice.suggested, advice.response_started = True, True
    elif known.retry_after is None:
        return None
    return advice
