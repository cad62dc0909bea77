"""A session in any database that SQLAlchemy has an async driver for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from rxagents.exceptions import SessionClosedError, SessionError
from rxagents.memory import SessionABC, SessionSettings
from rxagents.memory._finishing import finish
from rxagents.memory._per_loop import PerLoop
from rxagents.memory._stored import read, written
from rxagents.memory.session_settings import resolve_session_limit, settings_of

from ._sqlalchemy_tables import Tables

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from rxagents.items import TResponseInputItem

T = TypeVar("T")

_one_connection: WeakKeyDictionary[Engine, PerLoop[asyncio.Lock]] = WeakKeyDictionary()
"""Locks of the engines whose every user is given the same connection, as in memory databases."""

_LOOKS = 8  # at the tables, before it is an error that they cannot be made


class SQLAlchemySession(SessionABC):
    """Keeps a conversation in a database, through an async engine of SQLAlchemy.

    `engine` is yours: share it among sessions, and dispose of it at the end. One engine belongs to
    one event loop, unless its driver says otherwise (aiosqlite does). `create_tables=True` makes
    the tables with the first use; they are those of the OpenAI Agents SDK, which reads and writes
    the same rows. `ensure_ascii=False` stores letters other than ASCII as they are.

    `add_items`, `pop_item` and `clear_session` are transactions that lock the session's row first,
    so any number of tasks and processes can use a session; where one is cancelled, all of it
    is done or nothing. An item that is no JSON object is passed over.

    Its methods raise SessionError where the database fails (SQLAlchemy's error is its `__cause__`)
    and UserError for an item that is not JSON.
    """

    def __init__(
        self,
        session_id: str,
        *,
        engine: AsyncEngine,
        create_tables: bool = False,
        sessions_table: str = "agent_sessions",
        messages_table: str = "agent_messages",
        session_settings: SessionSettings | dict[str, Any] | None = None,
        ensure_ascii: bool = True,
    ) -> None:
        self.session_id = session_id
        self.session_settings: SessionSettings | None = settings_of(session_settings)
        self._engine = engine
        self._owns_engine = False
        self._closed = False
        self._ensure_ascii = ensure_ascii
        self._tables = Tables(session_id, sessions_table, messages_table)
        self._create_tables = create_tables
        self._lock: PerLoop[asyncio.Lock] | None = None
        if isinstance(engine.pool, StaticPool):
            self._lock = _one_connection.setdefault(engine.sync_engine, PerLoop(asyncio.Lock))

    @classmethod
    def from_url(
        cls,
        session_id: str,
        *,
        url: str,
        engine_kwargs: dict[str, Any] | None = None,
        session_settings: SessionSettings | dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> SQLAlchemySession:
        """Make a session and its engine, as `postgresql+asyncpg://user:password@host/database`.

        `engine_kwargs` go to `create_async_engine`, `kwargs` to the session. `close` ends both.
        """
        engine = create_async_engine(url, **(engine_kwargs or {}))
        session = cls(session_id, engine=engine, session_settings=session_settings, **kwargs)
        session._owns_engine = True
        return session

    @property
    def engine(self) -> AsyncEngine:
        """The engine that is used, given or made."""
        return self._engine

    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """The latest `limit` items, the oldest of them first; all of them if there is no limit.

        Without `limit` that of `session_settings` holds. Damaged items do not count.
        """
        most = resolve_session_limit(limit, self.session_settings)
        # A connection is dropped when it is cancelled; one that all share must not be.
        return await self._do(lambda: self._read(most), "read", shielded=self._lock is not None)

    async def add_items(self, items: list[TResponseInputItem]) -> None:
        """Append `items`: all of them, or none if it raises or is cancelled."""
        self._check_open()
        texts = written(items, compact=True, ensure_ascii=self._ensure_ascii)
        if texts:
            await self._do(lambda: self._add(texts), "written")

    async def pop_item(self) -> TResponseInputItem | None:
        """Remove the latest item and return it; None if there is none."""
        return await self._do(self._pop, "written")

    async def clear_session(self) -> None:
        """Remove every item of this session, and what the database knows of the session."""
        await self._do(self._clear, "written")

    async def close(self) -> None:
        """Dispose of the engine if `from_url` has made it. Can be called twice."""
        if self._owns_engine:
            self._closed = True
            await self._engine.dispose()

    # --- the work ---------------------------------------------------------------------------

    async def _read(self, most: int | None) -> list[TResponseInputItem]:
        items: list[TResponseInputItem] = []
        if most == 0:
            return items
        async with self._transaction() as connection:
            window = most
            while True:
                rows = (await connection.scalars(self._tables.latest_first(window))).all()
                items = [item for text in rows[::-1] if (item := read(text)) is not None]
                if most is None or len(items) >= most or len(rows) < (window or 0):
                    return items[-most:] if most else items
                window = 2 * (window or 1)  # some were damaged

    async def _add(self, texts: list[str]) -> None:
        async with self._transaction() as connection:
            if not await self._hold(connection):
                try:
                    async with connection.begin_nested():
                        await connection.execute(self._tables.insert_session)
                except IntegrityError:  # another was faster
                    await self._hold(connection)
            await connection.execute(self._tables.insert_message, self._tables.rows(texts))
            await connection.execute(self._tables.touch_session)

    async def _pop(self) -> TResponseInputItem | None:
        async with self._transaction() as connection:
            await self._hold(connection)
            while row := (await connection.execute(self._tables.latest)).first():
                await connection.execute(self._tables.delete_message(row.id))
                if (item := read(row.message_data)) is not None:
                    return item
            return None

    async def _clear(self) -> None:
        async with self._transaction() as connection:
            await self._hold(connection)
            await connection.execute(self._tables.delete_messages)
            await connection.execute(self._tables.delete_session)

    async def _hold(self, connection: AsyncConnection) -> bool:
        """Lock the session's row until the transaction's end; False if there is none."""
        # An update that finds nothing locks a gap in MySQL, and two of those deadlock: look first.
        # But in SQLite write first: a lock for reading cannot be raised while others write.
        looks = connection.dialect.name != "sqlite"
        if looks and (await connection.execute(self._tables.session)).first() is None:
            return False
        return (await connection.execute(self._tables.hold_session)).rowcount > 0

    @asynccontextmanager
    async def _transaction(self) -> AsyncGenerator[AsyncConnection]:
        async with self._lock() if self._lock else nullcontext():
            if self._create_tables:
                await self._make_tables()
            async with self._engine.begin() as connection:
                yield connection

    async def _make_tables(self) -> None:
        for left in reversed(range(_LOOKS)):
            try:
                async with self._engine.begin() as connection:
                    await connection.run_sync(self._tables.metadata.create_all)
                break
            except SQLAlchemyError:  # others may have made one of them since we looked
                if not left:
                    raise
        self._create_tables = False

    async def _do(
        self, work: Callable[[], Awaitable[T]], doing: str, *, shielded: bool = True
    ) -> T:
        self._check_open()
        try:
            return await (finish(work()) if shielded else work())
        except SQLAlchemyError as error:
            where = self._engine.url.render_as_string(hide_password=True)
            said = str(getattr(error, "orig", None) or error)
            raise SessionError(
                f"the session database {where!r} could not be {doing}: {said}{_advice(said)}"
            ) from error

    def _check_open(self) -> None:
        if self._closed:
            raise SessionClosedError("the session is closed: make a new one to go on")


def _advice(said: str) -> str:
    if "no such table" in said or "does not exist" in said or "doesn't exist" in said:
        return ". If its tables are missing, make them, or give create_tables=True"
    if "is locked" in said:
        return ". Another program keeps it locked: nothing was changed; try again"
    return ""
