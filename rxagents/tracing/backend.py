"""Sending traces to OpenAI, whose dashboard shows them."""

from __future__ import annotations

import logging
import os
import random
import threading
from typing import Any, Final

import httpx2

from .backend_json import encode, fit
from .processor_interface import TracingExporter
from .spans import Span
from .traces import Trace

ENDPOINT: Final = "https://api.openai.com/v1/traces/ingest"

_TRANSIENT = frozenset({408, 409, 429})  # the statuses below 500 that the openai client retries
_logger = logging.getLogger("rxagents.tracing")


class BackendSpanExporter(TracingExporter):
    """Posts traces and spans to OpenAI, or to a server that takes the same.

    `api_key`, `organization` and `project` are, if not given, what `OPENAI_API_KEY`,
    `OPENAI_ORG_ID` and `OPENAI_PROJECT_ID` are when something is sent; a trace may have a key of
    its own. Without a key nothing is sent, and a warning is logged.

    A request that fails on the way, or with 408, 409, 429 or 5xx, is made again, up to
    `max_retries` requests in all, after `base_delay` seconds, then twice as long, up to
    `max_delay`, or after what the server asks for. No error reaches the run: they are logged.
    """

    def __init__(
        self,
        api_key: str | None = None,
        organization: str | None = None,
        project: str | None = None,
        endpoint: str = ENDPOINT,
        max_retries: int = 3,
        base_delay: float = 1.0,
        max_delay: float = 30.0,
    ) -> None:
        self._api_key = api_key
        self._organization = organization
        self._project = project
        self.endpoint = endpoint
        self.max_retries = max_retries
        self.base_delay = base_delay
        self.max_delay = max_delay
        self._closed = threading.Event()
        self._client = httpx2.Client(timeout=httpx2.Timeout(60, connect=5.0))

    def set_api_key(self, api_key: str) -> None:
        """Use this key from now on."""
        self._api_key = api_key

    @property
    def api_key(self) -> str | None:
        """The key given, or the environment's."""
        return self._api_key or os.environ.get("OPENAI_API_KEY")

    @property
    def organization(self) -> str | None:
        """The organization given, or the environment's."""
        return self._organization or os.environ.get("OPENAI_ORG_ID")

    @property
    def project(self) -> str | None:
        """The project given, or the environment's."""
        return self._project or os.environ.get("OPENAI_PROJECT_ID")

    def export(self, items: list[Trace | Span[Any]]) -> None:
        """Post the batch: one request for each key, and again if need be. Blocks."""
        by_key: dict[str | None, list[dict[str, Any]]] = {}
        for item in items:
            exported = item.export()
            if exported:
                by_key.setdefault(item.tracing_api_key, []).append(exported)
        for own_key, exported_items in by_key.items():
            key = own_key or self.api_key
            if key is None:
                _logger.warning(
                    "OPENAI_API_KEY is not set: %d traces and spans are not exported",
                    len(exported_items),
                )
                continue
            if self.endpoint.rstrip("/") == ENDPOINT:
                exported_items = [fit(each) for each in exported_items]
            self._send(encode({"data": exported_items}), self._headers(key))

    def close(self) -> None:
        """Close the connections, and wait for no retry any more."""
        self._closed.set()
        self._client.close()

    def _headers(self, key: str) -> dict[str, str]:
        headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "OpenAI-Beta": "traces=v1",
            "OpenAI-Organization": self.organization,
            "OpenAI-Project": self.project,
        }
        return {name: value for name, value in headers.items() if value}

    def _send(self, body: bytes, headers: dict[str, str]) -> None:
        delay = self.base_delay
        for attempt in range(1, self.max_retries + 1):
            asked_for = 0.0
            try:
                response = self._client.post(self.endpoint, content=body, headers=headers)
            except httpx2.HTTPError as error:
                problem = f"{type(error).__name__}: {error}"
            else:
                if response.status_code < 300:
                    return
                problem = f"status {response.status_code}"
                if not _may_be_sent_again(response):
                    _logger.error("traces are lost: the server refused them (%s)", problem)
                    return
                asked_for = _retry_after(response)
            if attempt == self.max_retries:
                _logger.error("traces are lost after %d requests (%s)", attempt, problem)
                return
            _logger.warning("traces were not taken (%s): they are sent again", problem)
            jitter = random.uniform(0, 0.1 * delay)
            if self._closed.wait(min(max(delay + jitter, asked_for), self.max_delay)):
                return
            delay = min(2 * delay, self.max_delay)


def _may_be_sent_again(response: httpx2.Response) -> bool:
    if response.headers.get("x-should-retry", "").lower() == "false":
        return False
    return response.status_code in _TRANSIENT or response.status_code >= 500


def _retry_after(response: httpx2.Response) -> float:
    """The seconds the server asks to wait; 0 if it does not say, or says a date."""
    try:
        milliseconds = response.headers.get("retry-after-ms")
        if milliseconds is not None:
            return max(0.0, float(milliseconds) / 1000)
        return max(0.0, float(response.headers.get("retry-after", "0")))
    except ValueError:
        return 0.0
