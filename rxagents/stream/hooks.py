"""What the package tells the stream layer, which knows neither operators nor agents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reactivex import operators as reactivex_operators

_vocabulary: Callable[[], Any] = lambda: reactivex_operators  # noqa: E731
_adoption: Callable[[], Callable[[Any], Any]] | None = None


def use_vocabulary(load: Callable[[], Any]) -> None:
    """Let the fluent methods be the operators of what `load()` gives, a module for instance.

    It is called when such a method is used. Without any, they are reactivex's.
    """
    global _vocabulary
    _vocabulary = load


def use_adoption(make: Callable[[], Callable[[Any], Any]]) -> None:
    """Let `Stream.from_events` put events through what `make()` gives for each subscription."""
    global _adoption
    _adoption = make


def vocabulary() -> Any:
    """Where the fluent methods find their operators."""
    return _vocabulary()


def adoption() -> Callable[[Any], Any]:
    """What the events of one subscription to `Stream.from_events` go through."""
    return _itself if _adoption is None else _adoption()


def _itself(event: Any) -> Any:
    return event
