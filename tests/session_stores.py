"""Stores for the tests of sessions, each with a server or file of its own."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rxagents import Session, SQLiteSession
from rxagents.extensions.memory import RedisSession, SQLAlchemySession

STORES = ["memory", "file", "sqlalchemy", "sqlalchemy in memory", "redis"]


def say(text: object) -> Any:
    """An item that is easy to tell from others."""
    return {"role": "user", "content": str(text)}


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """Run a Redis on a free port and yield its URL; skip the test if it is not installed."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed (Debian: apt-get install redis-server)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert process.poll() is None, "redis-server has ended"
            assert time.monotonic() < until, "redis-server does not answer"
            time.sleep(0.01)  # there is no loop here, and nothing else to wait on


@pytest.fixture(scope="module", name="redis")
def redis_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A function that returns the URL of a server, which it starts at the first call."""
    running: list[Any] = []

    def url() -> str:
        if not running:
            server = redis_server(tmp_path_factory.mktemp("redis"))
            running.extend([server.__enter__(), server])
        return str(running[0])

    yield url
    if running:
        running[1].__exit__(None, None, None)


class Stores:
    """Makes sessions of every kind; `url` is that of a Redis, asked for when it is needed."""

    def __init__(self, folder: Path, redis: Any) -> None:
        self._folder = folder
        self._redis = redis
        self._opened: list[Any] = []
        self._engines: dict[str, Any] = {}

    def open(self, kind: str, session_id: str = "s", **options: Any) -> Session:
        session = self._open(kind, session_id, **options)
        self._opened.append(session)
        return session

    def _open(self, kind: str, session_id: str, **options: Any) -> Session:
        if kind == "redis":
            return RedisSession.from_url(session_id, url=self._redis(), **options)
        if kind in ("memory", "file"):
            path = ":memory:" if kind == "memory" else self._folder / "sessions.db"
            return SQLiteSession(session_id, path, **options)
        file = "" if kind.endswith("in memory") else self._folder / "alchemy.db"
        options.setdefault("create_tables", True)
        if kind in self._engines:
            return SQLAlchemySession(session_id, engine=self._engines[kind], **options)
        url = f"sqlite+aiosqlite:///{file}"
        session = SQLAlchemySession.from_url(session_id, url=url, **options)
        self._engines[kind] = session.engine
        return session

    async def close(self) -> None:
        for session in self._opened:
            if isinstance(session, SQLiteSession):
                session.close()
            else:
                await session.close()
