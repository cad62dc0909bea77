"""The client's errors, as one clear sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import openai

from rxagents.exceptions import (
    ModelAPIError,
    ModelAuthenticationError,
    ModelBadRequestError,
    ModelConnectionError,
    ModelNotFoundError,
    ModelPermissionError,
    ModelRateLimitError,
    ModelRequestTimeoutError,
    ModelServerError,
    ModelStatusError,
)

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_BY_STATUS: dict[int, tuple[type[ModelStatusError], str]] = {
    400: (ModelBadRequestError, "Change the request as it says."),
    401: (ModelAuthenticationError, "Check the key (OPENAI_API_KEY)."),
    403: (ModelPermissionError, "Use a key that may use this model, or another model."),
    404: (ModelNotFoundError, "Check the model's name and the address (OPENAI_BASE_URL)."),
    429: (ModelRateLimitError, "Wait, or raise the account's limits."),
}


def model_api_error(error: openai.APIError, model: str, client: AsyncOpenAI) -> ModelAPIError:
    """The error of this library that says what `error` means, and what to do.

    It is also an instance of `error`'s class, so that code that catches the client's goes on
    working. The caller raises it from `error`.
    """
    asked = f"the model {model!r} at {str(client.base_url).rstrip('/')}"
    tries = f"after {client.max_retries + 1} tries" if client.max_retries else "at the first try"
    if isinstance(error, openai.APITimeoutError):
        return ModelRequestTimeoutError(
            f"{asked} did not answer in time, {tries}: allow more time, or try later",
            timeout_seconds=_limit(client.timeout),
            request=error.request,
        )
    if isinstance(error, openai.APIConnectionError):
        cause = error.__cause__
        why = f" ({cause or type(cause).__name__})" if cause is not None else ""
        return ModelConnectionError(
            message=f"no connection to {asked}, {tries}{why}: check the address "
            "(OPENAI_BASE_URL) and the network",
            request=error.request,
        )
    if isinstance(error, openai.APIStatusError):
        status = error.status_code
        kind, advice = _BY_STATUS.get(status, (ModelStatusError, "Change the request."))
        if status >= 500:
            kind, advice = ModelServerError, f"It failed {tries}; try again later."
        elif status == 429:
            advice = f"It did so {tries}. {advice}"
        message = f"{asked} refused the request ({status}): {_reason(error)} {advice}"
        return kind(message, response=error.response, body=error.body)
    return ModelAPIError(f"{asked} failed: {error.message}", error.request, body=error.body)


def _limit(timeout: object) -> float:
    """Seconds that the client waits for an answer, as far as it has one number for it."""
    seconds = getattr(timeout, "read", timeout)
    return float(seconds) if isinstance(seconds, (int, float)) else float("inf")


def _reason(error: openai.APIStatusError) -> str:
    """The provider's own words, as one sentence."""
    said: Any = error.body
    if isinstance(said, dict):
        said = cast("dict[str, Any]", said).get("message") or cast("Any", said)
    words = " ".join(str(said or error.response.reason_phrase or "no reason given").split())
    words = words if len(words) <= 300 else f"{words[:300]}…"
    return words if words.endswith((".", "!", "?")) else f"{words}."
