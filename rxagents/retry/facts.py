"""Status, code and waiting time, read off an exception and those that caused it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar, cast

import httpx2
import openai

from rxagents.exceptions import ModelStreamCutError, ModelTimeoutError

from .advice import ModelRetryNormalizedError

_T = TypeVar("_T")

_NETWORK = (openai.APIConnectionError, httpx2.TransportError, ConnectionError, ModelStreamCutError)
_TIMEOUT = (openai.APITimeoutError, httpx2.TimeoutException, TimeoutError, ModelTimeoutError)


def normalized_error(error: Exception) -> ModelRetryNormalizedError:
    """What `error` says, whoever raised it."""
    chain = list(_chain(error))
    return ModelRetryNormalizedError(
        status_code=_first(chain, _status),
        error_code=_first(chain, _code),
        message=str(error),
        request_id=_first(chain, lambda e: _of_type(getattr(e, "request_id", None), str)),
        retry_after=_first(chain, _retry_after),
        is_abort=any(isinstance(each, asyncio.CancelledError) for each in chain)
        and not isinstance(error, ModelTimeoutError),
        is_network_error=any(isinstance(each, _NETWORK) or _socket_closed(each) for each in chain),
        is_timeout=any(isinstance(each, _TIMEOUT) for each in chain),
    )


def header(error: Exception, name: str) -> str | None:
    """The header `name` of the answer that `error` is about."""
    return _first(list(_chain(error)), lambda each: _header(each, name))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """`error`, and what it was raised from."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )


def _first(chain: list[BaseException], read: Callable[[BaseException], _T | None]) -> _T | None:
    return next((value for each in chain if (value := read(each)) is not None), None)


def _of_type(value: object, kind: type[_T]) -> _T | None:
    return value if isinstance(value, kind) and not isinstance(value, bool) else None


def _status(error: BaseException) -> int | None:
    status = _of_type(getattr(error, "status_code", None), int)
    return status if status is not None else _of_type(getattr(error, "status", None), int)


def _code(error: BaseException) -> str | None:
    code = _of_type(vars(error).get("code"), str)  # as an attribute it may warn: websockets has one
    body: Any = getattr(error, "body", None)
    if code is None and isinstance(body, Mapping):
        said = cast("Mapping[str, Any]", body)
        inner: Any = said.get("error")
        code = _of_type(said.get("code"), str)
        if isinstance(inner, Mapping):
            code = _of_type(cast("Mapping[str, Any]", inner).get("code"), str) or code
    return code


def _header(error: BaseException, name: str) -> str | None:
    response: Any = getattr(error, "response", None)
    for holder in (response, error):
        headers: Any = getattr(holder, "headers", None)
        if isinstance(headers, Mapping):
            for key, value in cast("Mapping[object, object]", headers).items():
                if str(key).lower() == name:
                    return _of_type(value, str)
    return None


def _retry_after(error: BaseException) -> float | None:
    """Seconds to wait, from `retry-after-ms` (OpenAI's) or `retry-after` (RFC 9110, §10.2.3)."""
    milliseconds = _number(_header(error, "retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    said = _header(error, "retry-after")
    seconds = _number(said)
    if said is None or seconds is not None:
        return seconds
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(moment.timestamp() - time.time(), 0.0)  # a date, which only the calendar can tell


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None


def _socket_closed(error: BaseException) -> bool:
    # By name, as `websockets` is an extra.
    kind = type(error)
    return kind.__module__.startswith("websockets") and kind.__name__.startswith("ConnectionClosed")
