"""What a session is: a conversation that is kept from run to run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from rxagents.items import TResponseInputItem

    from .session_settings import SessionSettings


@runtime_checkable
class Session(Protocol):
    """Keeps the items of one conversation, the oldest first.

    Anything with these attributes and methods is a session; no base class is needed. Items are
    dictionaries in the form of the Responses API's input.
    """

    session_id: str
    """Tells the conversation from others in the same store."""

    session_settings: SessionSettings | None = None
    """What holds where a call does not say it."""

    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """The latest `limit` items, the oldest of them first; all of them if there is no limit."""
        ...

    async def add_items(self, items: list[TResponseInputItem]) -> None:
        """Append `items`: all of them, or none if it raises or is cancelled."""
        ...

    async def pop_item(self) -> TResponseInputItem | None:
        """Remove the latest item and return it; None if there is none."""
        ...

    async def clear_session(self) -> None:
        """Remove every item of this session."""
        ...


class SessionABC(ABC):
    """A base class for sessions that want to be told which methods they lack."""

    session_id: str
    """Tells the conversation from others in the same store."""

    session_settings: SessionSettings | None = None
    """What holds where a call does not say it."""

    @abstractmethod
    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """The latest `limit` items, the oldest of them first; all of them if there is no limit."""
        ...

    @abstractmethod
    async def add_items(self, items: list[TResponseInputItem]) -> None:
        """Append `items`: all of them, or none if it raises or is cancelled."""
        ...

    @abstractmethod
    async def pop_item(self) -> TResponseInputItem | None:
        """Remove the latest item and return it; None if there is none."""
        ...

    @abstractmethod
    async def clear_session(self) -> None:
        """Remove every item of this session."""
        ...
