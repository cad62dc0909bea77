"""How often a failed model call is made again, how far apart, and who decides."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import ConfigDict, Field, FiniteFloat
from pydantic.dataclasses import dataclass

# Built when first used, as the schemas would add to the time of every import.
_CONFIG = ConfigDict(extra="forbid", defer_build=True)

_NotNegative = Annotated[FiniteFloat, Field(ge=0)]


@dataclass(config=_CONFIG)
class ModelRetryBackoffSettings:
    """How the waiting time grows from retry to retry; None leaves a value at its default.

    Raises pydantic.ValidationError (a ValueError) for negative or infinite values.
    """

    initial_delay: _NotNegative | None = None
    """Seconds before the first retry; 0.25 by default."""

    max_delay: _NotNegative | None = None
    """Seconds at most, jitter included; 2.0 by default."""

    multiplier: _NotNegative | None = None
    """Factor from one retry to the next; 2.0 by default."""

    jitter: bool | None = None
    """Whether to vary each delay by up to an eighth, which it is by default."""

    def to_json_dict(self) -> dict[str, Any]:
        """The fields, as JSON."""
        return dataclasses.asdict(self)

    def resolve(self, override: ModelRetryBackoffSettings | None) -> ModelRetryBackoffSettings:
        """These settings with every one that `override` sets."""
        return self if override is None else dataclasses.replace(self, **_set_fields(override))


ModelRetryBackoffInput: TypeAlias = ModelRetryBackoffSettings | dict[str, Any]
"""Backoff settings, or a dictionary of them."""


@dataclass(config=_CONFIG)
class ModelRetrySettings:
    """Retries of model calls by the run. Without `max_retries` and a `policy` there are none.

    The first attempt keeps the retries that the `openai` client makes by itself before a stream
    begins; those that follow are made without. `max_retries=0` turns the client's off too.
    """

    max_retries: int | None = None
    """Attempts after the first."""

    backoff: ModelRetryBackoffSettings | None = None
    """How long to wait where neither the policy nor the model's side names a time."""

    policy: Annotated[Callable[..., Any] | None, Field(exclude=True)] = dataclasses.field(
        default=None, repr=False
    )
    """Decides about each failure: a RetryPolicy. It is no part of the JSON."""

    mid_stream: bool | None = None
    """Whether to retry also after the model has begun to answer.

    Off by default, as in the OpenAI Agents SDK. The events of the failed attempt have been emitted
    by then; those of the next have a higher `attempt`, and begin the response anew.
    """

    if TYPE_CHECKING:  # what pydantic takes besides

        def __init__(
            self,
            max_retries: int | None = None,
            backoff: ModelRetryBackoffInput | None = None,
            policy: Callable[..., Any] | None = None,
            mid_stream: bool | None = None,
        ) -> None: ...

    def to_json_dict(self) -> dict[str, Any]:
        """The fields as JSON, without the policy."""
        return {
            "max_retries": self.max_retries,
            "backoff": self.backoff.to_json_dict() if self.backoff else None,
            "mid_stream": self.mid_stream,
        }

    def resolve(self, override: ModelRetrySettings | None) -> ModelRetrySettings:
        """These settings with every one that `override` sets, of `backoff` each for itself."""
        if override is None:
            return self
        changes = _set_fields(override)
        if self.backoff is not None:
            changes["backoff"] = self.backoff.resolve(override.backoff)
        return dataclasses.replace(self, **changes)


def _set_fields(settings: ModelRetrySettings | ModelRetryBackoffSettings) -> dict[str, Any]:
    return {
        field.name: value
        for field in dataclasses.fields(settings)
        if (value := getattr(settings, field.name)) is not None
    }
