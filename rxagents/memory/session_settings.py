"""How much of a session's history a run reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any


@dataclass
class SessionSettings:
    """What a session does where a call does not say it.

    Raises ValueError now if `limit` is below 0, TypeError if it is no whole number.
    """

    limit: int | None = None
    """The number of items that `get_items` returns at most, the latest; None is all of them."""

    def __post_init__(self) -> None:
        check_limit(self.limit)

    def resolve(self, override: SessionSettings | dict[str, Any] | None) -> SessionSettings:
        """These settings, with those of `override` that are not None put over them."""
        if override is None:
            return self
        over = settings_of(override)
        given = {field.name: getattr(over, field.name) for field in fields(over)}
        return replace(self, **{name: value for name, value in given.items() if value is not None})

    def to_dict(self) -> dict[str, Any]:
        """The settings by name."""
        return asdict(self)


def settings_of(value: SessionSettings | dict[str, Any] | None) -> SessionSettings:
    """Make settings of what a caller may give for them; None is the defaults."""
    if value is None:
        return SessionSettings()
    if isinstance(value, SessionSettings):
        return value
    known = {field.name for field in fields(SessionSettings)}
    unknown = sorted(set(value) - known)
    if unknown:
        raise TypeError(f"session settings are {sorted(known)}, and not {unknown}")
    return SessionSettings(**value)


def resolve_session_limit(
    explicit_limit: int | None, settings: SessionSettings | dict[str, Any] | None
) -> int | None:
    """The limit that holds: the one of the call, or that of the settings; None is no limit."""
    check_limit(explicit_limit)
    if explicit_limit is not None:
        return explicit_limit
    return settings_of(settings).limit


def check_limit(limit: object) -> None:
    """Raise unless `limit` is None or a number of items."""
    if limit is None:
        return
    if isinstance(limit, bool) or not isinstance(limit, int):
        raise TypeError(f"limit must be a whole number of items or None, not {limit!r}")
    if limit < 0:
        raise ValueError(f"limit must be 0 items or more, or None for all of them, not {limit}")
