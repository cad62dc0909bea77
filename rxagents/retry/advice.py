"""What is known of a failed model call, and what the model's side advises."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass
class ModelRetryNormalizedError:
    """What an error says, whichever provider it came from.

    A model may give one as part of its advice. Then the fields that were passed to the constructor
    hold, and the others are read off the exception.
    """

    status_code: int | None = None
    """The HTTP status."""

    error_code: str | None = None
    """The provider's word for it, such as `rate_limit_exceeded`."""

    message: str | None = None
    request_id: str | None = None
    retry_after: float | None = None
    """Seconds to wait that the provider asked for."""

    is_abort: bool = False
    """Whether someone on our side cancelled the call. Then it is never retried."""

    is_network_error: bool = False
    """Whether the connection could not be made, or broke."""

    is_timeout: bool = False

    def __new__(cls, *args: Any, **named: Any) -> Self:
        self = super().__new__(cls)
        names = [field.name for field in fields(cls)]
        self._passed = frozenset(names[: len(args)]) | named.keys()
        return self

    _passed = frozenset[str]()  # no annotation: it is no field

    def corrected_by(self, known: ModelRetryNormalizedError) -> ModelRetryNormalizedError:
        """The same with the fields that were passed to `known`; an abort stays an abort."""
        values = {
            field.name: getattr(known if field.name in known._passed else self, field.name)
            for field in fields(self)
        }
        values["is_abort"] = self.is_abort or known.is_abort
        return ModelRetryNormalizedError(**values)


@dataclass
class ModelRetryAdvice:
    """What a model's side knows about retrying a call that failed."""

    suggested: bool | None = None
    """Whether to retry; None if it has no opinion."""

    retry_after: float | None = None
    """Seconds to wait."""

    replay_safety: str | None = None
    """`safe` if the call had no effect, `unsafe` if it may have had one, None if unknown."""

    reason: str | None = None
    normalized: ModelRetryNormalizedError | None = None
    """What it knows better of the error than the exception says."""

    response_started: bool = False
    """Whether it had begun to answer."""


@dataclass
class ModelRetryAdviceRequest:
    """A call that failed, as `Model.get_retry_advice` is told of it."""

    error: Exception
    attempt: int
    """From 1."""

    stream: bool
    previous_response_id: str | None = None
    conversation_id: str | None = None
