"""SQLAlchemySession: its tables, and databases that cannot be used."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from session_stores import say
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from rxagents import SessionError
from rxagents.extensions.memory import SQLAlchemySession

pytestmark = pytest.mark.real_loop


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.db"


@pytest.fixture
async def engine(path: Path) -> AsyncIterator[AsyncEngine]:
    options = {"timeout": 0.05}  # seconds to wait for a lock
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", connect_args=options)
    yield engine
    await engine.dispose()


def execute(path: Path, *statements: str) -> list[Any]:
    db = sqlite3.connect(path, isolation_level=None)
    try:
        return [db.execute(statement).fetchall() for statement in statements]
    finally:
        db.close()


async def test_the_tables_are_as_documented(engine: AsyncEngine, path: Path) -> None:
    session = SQLAlchemySession("s", engine=engine, create_tables=True)
    await session.add_items([say("ü")])
    plain = SQLAlchemySession("s", engine=engine, ensure_ascii=False)
    await plain.add_items([say("ü")])
    texts, sessions, names = execute(
        path,
        "SELECT id, session_id, message_data FROM agent_messages",
        "SELECT session_id FROM agent_sessions",
        "SELECT name FROM sqlite_master WHERE name LIKE 'idx%'",
    )
    assert texts == [
        (1, "s", r'{"role":"user","content":"\u00fc"}'),
        (2, "s", '{"role":"user","content":"ü"}'),
    ]
    assert sessions == [("s",)]
    assert names == [("idx_agent_messages_session_time",)]
    assert await session.get_items() == [say("ü"), say("ü")]
    assert session.engine is engine


async def test_missing_tables_are_told_of(engine: AsyncEngine, path: Path) -> None:
    session = SQLAlchemySession("s", engine=engine, sessions_table="a", messages_table="b")
    with pytest.raises(SessionError) as caught:
        await session.get_items()
    assert str(caught.value) == (
        f"the session database 'sqlite+aiosqlite:///{path}' could not be read: no such table: b. "
        "If its tables are missing, make them, or give create_tables=True"
    )
    assert isinstance(caught.value.__cause__, OperationalError)


async def test_a_locked_database_is_told_of(engine: AsyncEngine, path: Path) -> None:
    session = SQLAlchemySession("s", engine=engine, create_tables=True)
    await session.add_items([say(1)])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(SessionError, match="is locked. Another program keeps it locked"):
        await session.add_items([say(2)])
    other.execute("ROLLBACK")
    other.close()
    assert await session.get_items() == [say(1)]


async def test_damaged_items_are_passed_over(engine: AsyncEngine, path: Path) -> None:
    session = SQLAlchemySession("s", engine=engine, create_tables=True)
    await session.add_items([say(n) for n in range(6)])
    execute(path, "UPDATE agent_messages SET message_data = '{' WHERE id IN (2, 5, 6)")
    assert await session.get_items() == [say(0), say(2), say(3)]
    assert await session.get_items(3) == [say(0), say(2), say(3)]
    assert await session.get_items(1) == [say(3)]
    assert await session.pop_item() == say(3)
    assert await session.get_items() == [say(0), say(2)]


async def test_items_stand_by_their_time_first(engine: AsyncEngine, path: Path) -> None:
    session = SQLAlchemySession("s", engine=engine, create_tables=True)
    await session.add_items([say(n) for n in range(3)])
    execute(path, "UPDATE agent_messages SET created_at = '2001-01-01 00:00:00' WHERE id = 3")
    assert await session.get_items() == [say(2), say(0), say(1)]
    assert await session.pop_item() == say(1)


async def test_many_make_the_tables_at_once(path: Path) -> None:
    sessions = [
        SQLAlchemySession.from_url(f"s{n}", url=f"sqlite+aiosqlite:///{path}", create_tables=True)
        for n in range(5)
    ]
    await asyncio.gather(*(session.add_items([say(1)]) for session in sessions))
    for session in sessions:
        assert await session.get_items() == [say(1)]
        await session.close()


async def test_an_engine_that_was_given_is_not_disposed_of(engine: AsyncEngine) -> None:
    session = SQLAlchemySession("s", engine=engine, create_tables=True)
    await session.close()
    await session.add_items([say(1)])
    assert await session.get_items() == [say(1)]
