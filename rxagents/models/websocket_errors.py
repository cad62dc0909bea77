"""What goes wrong on a WebSocket, as the same errors that it would be over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import httpx2
import openai

from rxagents.exceptions import ModelStreamCutError, ModelUnavailableError

from .errors import model_api_error
from .frames import events, told_failure

if TYPE_CHECKING:
    from openai import AsyncOpenAI


def connect_error(error: Exception, model: str, client: AsyncOpenAI) -> Exception:
    """The error for a socket that could not be opened."""
    # Read by name: only `websockets` knows its classes, and it is an extra.
    answer: Any = getattr(error, "response", None)
    status: Any = getattr(answer, "status_code", None)
    if isinstance(error, openai.OpenAIError) and isinstance(error.__cause__, ImportError):
        return ModelUnavailableError(
            f"the model {model!r} is to be asked on a WebSocket, for which a package is missing: "
            "run `pip install 'rxagents[websocket]'`"
        )
    if isinstance(status, int):
        said = _json_of(answer.body)
        inner: Any = said.get("error", said)
        return _refused(status, dict(answer.headers.raw_items()), inner, model, client)
    failed = openai.APIConnectionError(request=_request(client))
    failed.__cause__ = error
    return _as_ours(failed, model, client)


def late_error(model: str, client: AsyncOpenAI) -> Exception:
    """The error for a message that did not come within the client's time limit."""
    return _as_ours(openai.APITimeoutError(_request(client)), model, client)


def cut_error(error: Exception, count: int) -> ModelStreamCutError:
    """The error for a socket that was closed after `count` events."""
    return ModelStreamCutError(
        f"the WebSocket to the model was closed after {events(count)} ({error})", event_index=count
    )


def frame_error(frame: Mapping[str, Any], count: int, model: str, client: AsyncOpenAI) -> Exception:
    """The error that a message of the type `error` tells, which has an HTTP status or none."""
    error: dict[str, Any] = frame["error"]
    status: Any = frame.get("status", frame.get("status_code"))
    if not isinstance(status, int) or status < 400:
        return told_failure(error, count)
    headers: Any = frame.get("headers") or error.get("headers") or {}
    return _refused(status, headers, error, model, client)


def _refused(
    status: int, headers: Mapping[str, Any], error: Any, model: str, client: AsyncOpenAI
) -> Exception:
    sent = {str(key): str(value) for key, value in headers.items()}
    response = httpx2.Response(status, headers=sent, request=_request(client))
    return _as_ours(openai.APIStatusError("", response=response, body=error), model, client)


def _as_ours(error: openai.APIError, model: str, client: AsyncOpenAI) -> Exception:
    ours = model_api_error(error, model, client.with_options(max_retries=0))
    ours.__cause__ = error
    return ours


def _request(client: AsyncOpenAI) -> httpx2.Request:
    """What would have been asked over HTTP, as the client's errors must have a request."""
    return httpx2.Request("GET", f"{str(client.base_url).rstrip('/')}/responses")


def _json_of(body: bytes | None) -> dict[str, Any]:
    try:
        said: object = json.loads(body or b"")
    except ValueError:
        return {}
    return cast("dict[str, Any]", said) if isinstance(said, dict) else {}
