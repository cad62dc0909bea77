"""What the OpenAI Agents SDK has stored is read by ours, and the other way round.

The SDK is no dependency of ours, and these tests are skipped without it. To run them:

    pip install -e '.[dev]' openai-agents
    python -m pytest tests/test_sessions_and_sdk.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from session_stores import redis_fixture, say

import rxagents.extensions.memory
from rxagents import SQLiteSession
from rxagents.memory.turns import RunMemory

agents: Any = pytest.importorskip("agents", reason="openai-agents is not installed")
theirs: Any = pytest.importorskip("agents.extensions.memory")
ours: Any = rxagents.extensions.memory

redis = redis_fixture

pytestmark = pytest.mark.real_loop

ITEMS: list[Any] = [
    say("grüß dich 😀"),
    {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a": 1}'},
    {"type": "function_call_output", "call_id": "c", "output": "done"},
]


async def exchange(one: Any, other: Any) -> None:
    """Take turns with the same session."""
    await one.add_items(ITEMS)
    assert await other.get_items() == ITEMS
    await other.add_items([say("back")])
    assert await one.get_items(2) == await other.get_items(2) == [ITEMS[-1], say("back")]
    assert await one.pop_item() == say("back")
    assert await other.pop_item() == ITEMS[-1]
    assert await one.get_items() == ITEMS[:2]
    await other.clear_session()
    assert await one.get_items() == []
    await one.add_items(ITEMS)
    assert await other.get_items() == ITEMS
    await one.clear_session()


@pytest.mark.parametrize("theirs_first", [True, False])
async def test_sqlite(tmp_path: Path, theirs_first: bool) -> None:
    path = tmp_path / "sessions.db"
    pair = [agents.SQLiteSession("s", path), SQLiteSession("s", path)]
    await exchange(*(pair if theirs_first else pair[::-1]))
    for session in pair:
        session.close()


async def test_the_schema_of_sqlite_is_the_same(tmp_path: Path) -> None:
    from test_sqlite_session import schema

    paths = tmp_path / "theirs.db", tmp_path / "ours.db"
    for kind, path in zip((agents.SQLiteSession, SQLiteSession), paths, strict=True):
        session = kind("s", path)
        await session.add_items(ITEMS)
        session.close()
    assert schema(paths[0]) == schema(paths[1])


@pytest.mark.parametrize("theirs_first", [True, False])
async def test_sqlalchemy(tmp_path: Path, theirs_first: bool) -> None:
    from test_sqlite_session import schema

    schemas: list[Any] = []
    for number, makers in enumerate([(theirs, ours), (ours, theirs)]):
        path = tmp_path / f"{number}.db"
        url = f"sqlite+aiosqlite:///{path}"
        pair = [
            maker.SQLAlchemySession.from_url("s", url=url, create_tables=True) for maker in makers
        ]
        await exchange(*(pair if theirs_first else pair[::-1]))
        schemas.append(schema(path))
        for session in pair:
            await session.engine.dispose()
    assert schemas[0] == schemas[1]


@pytest.mark.parametrize("theirs_first", [True, False])
async def test_redis(redis: Any, theirs_first: bool) -> None:
    pair = [maker.RedisSession.from_url("s", url=redis(), ttl=60) for maker in (theirs, ours)]
    await exchange(*(pair if theirs_first else pair[::-1]))
    for session in pair:
        await session.close()


def test_the_protocols_are_the_same() -> None:
    session = SQLiteSession("s")
    assert isinstance(session, agents.memory.Session)
    assert isinstance(agents.SQLiteSession("s"), rxagents.Session)


async def test_a_run_of_ours_uses_a_session_of_theirs() -> None:
    session = agents.SQLiteSession("s", session_settings={"limit": 2})
    await session.add_items(ITEMS)
    memory = RunMemory(session)
    assert await memory.begin("new") == [*ITEMS[1:], say("new")]
    await memory.save()
    assert await session.get_items() == [ITEMS[-1], say("new")]
    session.close()
