"""A session in a SQLite database: a file, or the memory of the process."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rxagents.exceptions import SessionClosedError

from ._database import open_database
from ._sqlite_tables import Tables
from ._stored import read, written
from .session import SessionABC
from .session_settings import SessionSettings, resolve_session_limit, settings_of

if TYPE_CHECKING:
    import sqlite3

    from rxagents.items import TResponseInputItem

T = TypeVar("T")


class SQLiteSession(SessionABC):
    """Keeps a conversation in SQLite.

    All work is done in a thread, one job after the other for each file, in the order it was asked
    for; the event loop never waits. One object can be used from several tasks, loops and threads,
    one file by any number of sessions and processes: a write waits up to 5 s for one of another
    process. `add_items` is one transaction; where it is cancelled, its items are all there or none.

    `db_path` is the file, made when it is first used; `:memory:` is a database of this object's
    own, which is gone when the object is. The tables are those of the OpenAI Agents SDK, and
    either library reads what the other has written; an item that is no JSON object is passed over.

    Raises ValueError or TypeError now for a table's name that is none; later, from its methods,
    SessionError where the database cannot be opened, read or written, SessionClosedError after
    `close`, and UserError for an item that is not JSON.
    """

    def __init__(
        self,
        session_id: str,
        db_path: str | Path = ":memory:",
        sessions_table: str = "agent_sessions",
        messages_table: str = "agent_messages",
        session_settings: SessionSettings | dict[str, Any] | None = None,
    ) -> None:
        self.session_id = session_id
        self.session_settings: SessionSettings | None = settings_of(session_settings)
        self.db_path = db_path
        self.sessions_table = sessions_table
        self.messages_table = messages_table
        self._tables = Tables(sessions_table, messages_table)
        self._has_tables = False
        self._closed = False
        self._database = open_database(db_path, self)

    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """The latest `limit` items, the oldest of them first; all of them if there is no limit.

        Without `limit` that of `session_settings` holds. Damaged items do not count.
        """
        most = resolve_session_limit(limit, self.session_settings)

        def latest(connection: sqlite3.Connection) -> list[TResponseInputItem]:
            if most == 0 or not self._find_tables(connection):
                return []
            with closing(connection.execute(self._tables.latest_first, [self.session_id])) as rows:
                found = (item for (text,) in rows if (item := read(text)) is not None)
                return list(islice(found, most))[::-1]

        self._check_open()
        return await self._database.read(latest)

    async def add_items(self, items: list[TResponseInputItem]) -> None:
        """Append `items`: all of them, or none if it raises or is cancelled."""
        self._check_open()
        rows = [(self.session_id, text) for text in written(items)]

        def insert(connection: sqlite3.Connection) -> None:
            connection.execute(self._tables.insert_session, [self.session_id])
            connection.executemany(self._tables.insert_message, rows)
            connection.execute(self._tables.touch_session, [self.session_id])

        if rows:
            await self._write(insert)

    async def pop_item(self) -> TResponseInputItem | None:
        """Remove the latest item and return it; None if there is none."""

        def pop(connection: sqlite3.Connection) -> TResponseInputItem | None:
            while rows := connection.execute(
                self._tables.delete_latest, [self.session_id]
            ).fetchall():
                if (item := read(rows[0][0])) is not None:
                    return item
            return None

        return await self._write(pop)

    async def clear_session(self) -> None:
        """Remove every item of this session, and what the database knows of the session."""

        def clear(connection: sqlite3.Connection) -> None:
            connection.execute(self._tables.delete_messages, [self.session_id])
            connection.execute(self._tables.delete_session, [self.session_id])

        await self._write(clear)

    def close(self) -> None:
        """Give the database back; it is closed with the last session that uses the file.

        Waits for what this process has still to do in the file. Can be called twice. A session
        that is not closed gives it back when it is no longer referred to.
        """
        if not self._closed:
            self._closed = True
            self._database.leave(self)

    async def _write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        def with_tables(connection: sqlite3.Connection) -> T:
            if not self._find_tables(connection):
                for statement in self._tables.create:
                    connection.execute(statement)
            return job(connection)

        self._check_open()
        return await self._database.write(with_tables)

    def _find_tables(self, connection: sqlite3.Connection) -> bool:
        if not self._has_tables:
            names = [self.sessions_table, self.messages_table]
            found = connection.execute(self._tables.are_there, names).fetchone()
            self._has_tables = found == (2,)
        return self._has_tables

    def _check_open(self) -> None:
        if self._closed:
            raise SessionClosedError("the session is closed: make a new one to go on")
