"""Which model is asked, and whether it is asked again after a failure."""

from __future__ import annotations

from rxagents.exceptions import UserError
from rxagents.model_settings import ModelSettings
from rxagents.models.interface import Model
from rxagents.retry import ModelRetryAdviceRequest, retry_delay, settings_for_attempt

from .record import RunRecord


class Attempts:
    """The attempts at one call: by the retry settings, and then with the fallback models.

    A fallback is a fresh start: it has the retries of the settings too.
    """

    def __init__(self, record: RunRecord, settings: ModelSettings) -> None:
        self._record = record
        self._settings = settings
        config, agent = record.config, record.current_agent
        self._wanted = [config.model or agent.model, *config.fallback_models]
        self._next_model()

    @property
    def settings(self) -> ModelSettings:
        """The settings for the next attempt."""
        remembered = bool(self._record.previous_response_id or self._conversation)
        return settings_for_attempt(self._settings, self._tries, stateful=remembered)

    async def after(self, error: Exception, *, emitted: bool) -> float | None:
        """Seconds to wait before the next attempt; None if there is none.

        `emitted` tells whether the failed attempt had begun any output.
        """
        if isinstance(error, UserError):
            return None
        delay = await self._retry(error, emitted=emitted)
        if delay is not None:
            self._tries += 1
        elif self._wanted:
            self._next_model()
            delay = 0.0
        return delay

    async def _retry(self, error: Exception, *, emitted: bool) -> float | None:
        record = self._record
        request = ModelRetryAdviceRequest(
            error=error,
            attempt=self._tries,
            stream=True,
            previous_response_id=record.previous_response_id,
            conversation_id=self._conversation,
        )
        return await retry_delay(
            self._settings.retry,
            error,
            attempt=self._tries,
            answer_begun=emitted,
            # A model written for the Agents SDK need not have it.
            advice=ask(request) if (ask := getattr(self.model, "get_retry_advice", None)) else None,
            previous_response_id=record.previous_response_id,
            conversation_id=self._conversation,
        )

    @property
    def _conversation(self) -> str | None:
        return self._record.options.conversation_id

    def _next_model(self) -> None:
        wanted = self._wanted.pop(0)
        if wanted is None or isinstance(wanted, str):
            wanted = self._record.config.model_provider.get_model(wanted)
        self.model: Model = wanted
        """The model to ask now."""
        self._tries = 1  # attempts at this model
