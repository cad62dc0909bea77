"""The two tables of a session, and its statements; they are those of the OpenAI Agents SDK."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    TIMESTAMP,
    Column,
    Delete,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    text,
    update,
)


class Tables:
    """The tables with these names, and the statements for one session in them."""

    def __init__(self, session_id: str, sessions: str, messages: str) -> None:
        self.metadata = MetaData()
        self._sessions = s = _sessions(self.metadata, sessions)
        self._messages = m = _messages(self.metadata, messages, sessions)
        self._id = session_id
        here, mine = s.c.session_id == session_id, m.c.session_id == session_id
        self.session = select(s.c.session_id).where(here)
        self.insert_session = insert(s).values(session_id=session_id)
        self.hold_session = update(s).where(here).values(updated_at=s.c.updated_at)
        self.touch_session = update(s).where(here).values(updated_at=_now())
        self.delete_session = delete(s).where(here)
        # By time before number: an item that takes the place of others has their time.
        newest = (m.c.created_at.desc(), m.c.id.desc())
        self.latest = select(m.c.id, m.c.message_data).where(mine).order_by(*newest).limit(1)
        self._texts = select(m.c.message_data).where(mine).order_by(*newest)
        self.insert_message = insert(m)
        self.delete_messages = delete(m).where(mine)

    def latest_first(self, limit: int | None) -> Select[Any]:
        """The texts of the latest items; all of them if `limit` is None."""
        return self._texts if limit is None else self._texts.limit(limit)

    def rows(self, texts: Sequence[str]) -> list[dict[str, str]]:
        """The parameters of `insert_message`."""
        return [{"session_id": self._id, "message_data": one} for one in texts]

    def delete_message(self, number: int) -> Delete:
        """Remove one item by its number."""
        return delete(self._messages).where(self._messages.c.id == number)


def _sessions(metadata: MetaData, name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("session_id", String, primary_key=True),
        _time("created_at"),
        _time("updated_at", onupdate=_now()),
    )


def _messages(metadata: MetaData, name: str, sessions: str) -> Table:
    owner = ForeignKey(f"{sessions}.session_id", ondelete="CASCADE")
    return Table(
        name,
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("session_id", String, owner, nullable=False),
        Column("message_data", Text, nullable=False),
        _time("created_at"),
        Index(f"idx_{name}_session_time", "session_id", "created_at"),
        sqlite_autoincrement=True,
    )


def _time(name: str, **options: Any) -> Column[Any]:
    kind = TIMESTAMP(timezone=False)
    return Column(name, kind, server_default=_now(), nullable=False, **options)


def _now() -> Any:
    return text("CURRENT_TIMESTAMP")
