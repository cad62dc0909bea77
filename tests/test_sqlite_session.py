"""SQLiteSession: files that are locked, damaged or not to be had; threads, loops, processes."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from session_stores import say

from rxagents import SessionError, SQLiteSession
from rxagents.memory import _database, _opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.db"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_opened, "BUSY_TIMEOUT", 0.05)


def schema(path: Path) -> dict[str, Any]:
    """Everything of the tables but the words of their SQL."""
    with sqlite3.connect(path) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master ORDER BY name")]
        found = {
            name: [
                db.execute(f"PRAGMA {what}('{name}')").fetchall()
                for what in ("table_info", "foreign_key_list", "index_info")
            ]
            for name in tables
        }
    db.close()
    return found


def exists(path: Path) -> bool:
    return path.exists()


def overwrite(path: Path, change: Callable[[bytearray], object]) -> None:
    data = bytearray(path.read_bytes()) if path.exists() else bytearray()
    change(data)
    path.write_bytes(data)


async def fill(session: SQLiteSession, *texts: object) -> None:
    await session.add_items([say(text) for text in texts])
    session.close()


async def test_the_tables_are_as_documented(path: Path) -> None:
    await fill(SQLiteSession("s", path), "hello")
    with sqlite3.connect(path) as db:
        rows = db.execute("SELECT * FROM agent_messages").fetchall()
        (known,) = db.execute("SELECT session_id FROM agent_sessions")
    db.close()
    assert rows[0][:3] == (1, "s", '{"role": "user", "content": "hello"}')
    assert known == ("s",)
    assert sorted(schema(path)) == [
        "agent_messages",
        "agent_sessions",
        "idx_agent_messages_session_id",
        "sqlite_autoindex_agent_sessions_1",
        "sqlite_sequence",
    ]


async def test_tables_of_other_names(path: Path) -> None:
    session = SQLiteSession("s", path, 'who "is"', "what-was-said")
    await session.add_items([say(1)])
    assert await session.get_items() == [say(1)]
    session.close()
    assert {'who "is"', "what-was-said", "idx_what-was-said_session_id"} < set(schema(path))
    with pytest.raises(ValueError, match="'' cannot be the name of a table"):
        SQLiteSession("s", path, "")
    with pytest.raises(TypeError, match="a table's name is a str, not None"):
        SQLiteSession("s", path, messages_table=None)  # type: ignore[arg-type]


async def test_reading_and_writing_go_on_in_the_order_they_were_asked_for(path: Path) -> None:
    session = SQLiteSession("s", path)
    adding = asyncio.create_task(session.add_items([say(1)]))
    await asyncio.sleep(0)
    assert await session.get_items() == [say(1)]
    await adding
    session.close()


async def test_damaged_rows_are_passed_over(path: Path) -> None:
    session = SQLiteSession("s", path)
    await session.add_items([say(n) for n in range(6)])
    with sqlite3.connect(path) as db:
        db.execute("UPDATE agent_messages SET message_data = '{\"role' WHERE id IN (2, 5)")
        db.execute("UPDATE agent_messages SET message_data = '[3]' WHERE id = 6")
    db.close()
    assert await session.get_items() == [say(0), say(2), say(3)]
    assert await session.get_items(2) == [say(2), say(3)]
    assert await session.pop_item() == say(3)
    assert await session.get_items(1) == [say(2)]
    session.close()


# --- files that cannot be used ----------------------------------------------------------------


@pytest.mark.usefixtures("impatient")
async def test_a_locked_file_is_waited_for_and_then_told_of(path: Path) -> None:
    session = SQLiteSession("s", path)
    await session.add_items([say(1)])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(SessionError) as caught:
        await session.add_items([say(2)])
    assert str(caught.value) == (
        f"the session database '{path}' could not be written: another program has kept it locked "
        "for 0.05 s. Nothing was changed; try again, or find out who leaves a transaction open"
    )
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
    assert await session.get_items() == [say(1)], "reading waits for nobody"
    other.execute("ROLLBACK")
    await session.add_items([say(2)])
    assert await session.get_items() == [say(1), say(2)]
    other.close()
    session.close()


@pytest.mark.usefixtures("impatient")
async def test_a_file_that_is_locked_before_it_is_ours_is_waited_for(path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    session = SQLiteSession("s", path)
    with pytest.raises(SessionError, match="another program has kept it locked"):
        await session.get_items()
    other.execute("ROLLBACK")
    other.close()
    assert await session.get_items() == []
    session.close()


async def test_the_loop_goes_on_while_a_file_is_locked(path: Path) -> None:
    session = SQLiteSession("s", path)
    await session.add_items([say(1)])
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    adding = asyncio.create_task(session.add_items([say(2)]))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not adding.done()
    other.execute("ROLLBACK")
    other.close()
    await adding
    session.close()


@pytest.mark.usefixtures("impatient")
async def test_what_waits_behind_a_lock_is_taken_back_at_once(path: Path) -> None:
    session = SQLiteSession("s", path)
    await session.add_items([say(1)])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    first = asyncio.create_task(session.add_items([say("first")]))
    await asyncio.sleep(0)
    second = asyncio.create_task(session.add_items([say("second")]))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert second.cancelled()
    with pytest.raises(SessionError):
        await first
    other.close()
    assert await session.get_items() == [say(1)]
    session.close()


async def test_a_file_that_is_no_database(path: Path) -> None:
    overwrite(path, lambda data: data.extend(b"Dear diary, " * 1000))
    with pytest.raises(SessionError) as caught:
        await SQLiteSession("s", path).get_items()
    assert str(caught.value) == (
        f"the session database '{path}' is damaged, or no SQLite database at all (file is not a "
        "database): name another file as db_path, or put a backup in its place"
    )


async def test_a_database_that_was_damaged(path: Path) -> None:
    await fill(SQLiteSession("s", path), *("x" * 2000 for _ in range(50)))

    def damage(data: bytearray) -> None:
        data[4096:-4096] = b"\xa5" * (len(data) - 8192)

    overwrite(path, damage)
    session = SQLiteSession("s", path)
    with pytest.raises(SessionError, match="is damaged"):
        await session.get_items()
    session.close()


async def test_a_directory_and_a_file_in_none(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match=r"cannot be opened: it is a directory; name a file in"):
        await SQLiteSession("s", tmp_path).get_items()
    missing = tmp_path / "no" / "sessions.db"
    with pytest.raises(SessionError, match=f"there is no directory '{missing.parent}'; make it"):
        await SQLiteSession("s", missing).add_items([say(1)])
    assert not missing.parent.exists()


READ_ONLY = """
import asyncio, os, shutil, sqlite3, tempfile
from rxagents import SQLiteSession

async def main(path):
    session = SQLiteSession("s", path)
    print(len(await session.get_items()))
    await session.add_items([{"role": "user", "content": "x"}])

folder = tempfile.mkdtemp()  # those of pytest are for one user only
path = folder + "/sessions.db"
with sqlite3.connect(path) as db:  # not in WAL mode: that could not be read without writing
    db.execute("CREATE TABLE agent_sessions (session_id)")
    db.execute("CREATE TABLE agent_messages (id INTEGER PRIMARY KEY, session_id, message_data)")
    db.execute("INSERT INTO agent_messages VALUES (1, 's', '{}')")
db.close()
os.chmod(path, 0o444)
os.chmod(folder, 0o555)
if os.getuid() == 0:
    os.seteuid(65534)  # root may write everything
try:
    asyncio.run(main(path))
except Exception as error:
    print(type(error).__name__, str(error).replace(path, "PATH"))
finally:
    os.seteuid(os.getuid())
    os.chmod(folder, 0o755)
    shutil.rmtree(folder)
"""


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="permissions are other ones here")
def test_a_file_without_write_permission_can_be_read() -> None:
    out = subprocess.run([sys.executable, "-c", READ_ONLY], capture_output=True, text=True)
    assert out.stdout.splitlines() == [
        "1",
        "SessionError the session database 'PATH' cannot be written: it is read-only for this "
        "process. Give the file and its folder write permission, or name another db_path",
    ], out.stderr


# --- threads, loops, processes ----------------------------------------------------------------


def test_one_session_on_many_loops_in_many_threads(path: Path) -> None:
    session = SQLiteSession("s", path)

    def work(number: int) -> None:
        async def add() -> None:
            await asyncio.gather(*(session.add_items([say((number, n))]) for n in range(10)))

        for _ in range(3):
            asyncio.run(add())

    threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asyncio.run(session.get_items())) == 240
    session.close()


def add_in_a_process(path: Path, session: SQLiteSession | None, number: int) -> None:
    async def add() -> None:
        mine = session or SQLiteSession("s", path)
        for n in range(10):
            await mine.add_items([say((number, n)), say((number, n))])

    asyncio.run(add())


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("way", [pytest.param("spawn", marks=pytest.mark.slow), "fork"])
def test_several_processes_write_one_file(path: Path, way: str) -> None:
    if way not in multiprocessing.get_all_start_methods():
        pytest.skip("there is no fork here")
    session = SQLiteSession("s", path)
    asyncio.run(session.add_items([say("before")]))
    inherited = session if way == "fork" else None
    context: Any = multiprocessing.get_context(way)
    processes = [
        context.Process(target=add_in_a_process, args=[path, inherited, number])
        for number in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    asyncio.run(session.add_items([say("after")]))
    texts = [item["content"] for item in asyncio.run(session.get_items())]  # type: ignore[typeddict-item]
    assert (len(texts), texts[0], texts[-1]) == (62, "before", "after")
    session.close()


# --- opening and closing ----------------------------------------------------------------------


def workers() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith("rxagents-sqlite")]


def open_files(path: Path) -> int:
    """How many of this process are of this database; 0 where that cannot be told."""
    links = Path("/proc/self/fd").glob("*") if Path("/proc/self/fd").exists() else ()
    return sum(os.path.realpath(link).startswith(str(path)) for link in links)


def wal(path: Path) -> bool:
    """Whether SQLite still has the file open somewhere: it removes this one at the end."""
    for worker in workers():
        worker.join(5)
    return path.with_name(path.name + "-wal").exists()


async def test_hundreds_of_sessions_of_a_file_share_a_connection(path: Path) -> None:
    assert not wal(path)
    sessions = [SQLiteSession(f"s{n}", path) for n in range(300)]
    await asyncio.gather(*(session.add_items([say(1)]) for session in sessions))
    assert len(workers()) == 1
    assert open_files(path) <= 3
    for session in sessions[1:]:
        session.close()
    assert await sessions[0].get_items() == [say(1)]
    sessions[0].close()
    assert not wal(path)
    assert not workers()


async def test_a_session_that_is_dropped_gives_its_file_back(path: Path) -> None:
    session = SQLiteSession("s", path)
    await session.add_items([say(1)])
    del session
    gc.collect()
    assert not wal(path)
    assert not workers()


@pytest.mark.parametrize("name", ["file", ":memory:"])
async def test_dropping_a_session_takes_no_lock(path: Path, name: str) -> None:
    # Garbage is collected anywhere, also where this thread holds the lock that it would wait for.
    sessions = [SQLiteSession("s", path if name == "file" else name)]
    await sessions[0].add_items([say(1)])
    dropping = threading.Thread(target=sessions.clear, daemon=True)
    with _database._guard:
        dropping.start()
        dropping.join(5)
        assert not dropping.is_alive()
    assert not wal(path)


async def test_a_file_that_was_removed_is_not_gone_on_with(path: Path) -> None:
    old = SQLiteSession("s", path)
    await old.add_items([say("old")])
    for file in path.parent.iterdir():
        file.unlink()
    new = SQLiteSession("s", path)
    assert await new.get_items() == []
    old.close()
    new.close()


async def test_making_a_session_touches_no_file(path: Path) -> None:
    SQLiteSession("s", path).close()
    assert not exists(path)


def test_a_program_that_closes_nothing_ends_without_a_warning(path: Path) -> None:
    code = (
        "import asyncio, sys; from rxagents import SQLiteSession\n"
        "session = SQLiteSession('s', sys.argv[1])\n"
        "memory = SQLiteSession('s')\n"
        "for s in (session, memory):\n"
        "    asyncio.run(s.add_items([{'role': 'user', 'content': 'x'}]))\n"
    )
    command = [sys.executable, "-W", "error", "-X", "dev", "-c", code, str(path)]
    out = subprocess.run(command, capture_output=True, text=True)
    assert (out.returncode, out.stderr) == (0, "")
    assert not wal(path)
