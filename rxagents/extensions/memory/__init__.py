"""Sessions in stores that need another package.

SQLAlchemySession   any database of SQLAlchemy    pip install 'rxagents[sqlalchemy]' and a driver
RedisSession        Redis and what speaks as it   pip install 'rxagents[redis]'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .redis_session import RedisSession as RedisSession
    from .sqlalchemy_session import SQLAlchemySession as SQLAlchemySession

_PLACES = {
    "RedisSession": ("redis_session", "redis"),
    "SQLAlchemySession": ("sqlalchemy_session", "sqlalchemy"),
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, when it is."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, extra = _PLACES[name]
    try:
        return getattr(import_module(f"{__name__}.{module}"), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != extra:
            raise
        raise ImportError(
            f"{name} needs a package that is not installed: pip install 'rxagents[{extra}]'"
        ) from error


def __dir__() -> list[str]:
    return sorted(_PLACES)
