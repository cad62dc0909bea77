"""A SQLite database that any number of tasks, loops and threads can use at once.

Each file has one connection and one thread, which does one job after the other, in the order they
were asked for. So nothing is bound to a loop, nobody waits while holding a lock, and the sessions
of a file, be there thousands, cost one connection. Databases in memory share a thread.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakSet, WeakValueDictionary, finalize

from rxagents.exceptions import SessionClosedError

from ._finishing import finish
from ._opened import Opened, identity_of, transact
from ._worker import Jobs, Worker

if TYPE_CHECKING:
    import sqlite3

T = TypeVar("T")


class Database:
    """One database; made by `open_database`, closed when its last user leaves or is dropped."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        """The file; None is a database in memory."""
        self._users: WeakSet[object] = WeakSet()
        self._closed = False
        self._start()
        _living.add(self)

    async def read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """What `job` returns, run in the thread. Raises SessionError if the database fails."""
        opened = self._opened
        return await self._do(lambda: opened.use(job, "read"))

    async def write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """The same in a transaction, which is kept whole or not at all.

        A cancellation takes back a job that has not begun; else it waits for the job's end.
        """
        opened = self._opened
        ticket = [job]  # whoever takes it out decides: the thread that does it, or a cancellation

        def work() -> T:
            try:
                taken = ticket.pop()
            except IndexError:
                raise asyncio.CancelledError from None
            return opened.use(lambda connection: transact(connection, taken), "written")

        def take_back() -> bool:
            with suppress(IndexError):
                ticket.pop()
                return True
            return False

        return await finish(self._do(work), take_back=take_back)

    def join(self, user: object) -> None:
        """Keep the database open for `user`, until it leaves or is no longer referred to."""
        self._users.add(user)

    def leave(self, user: object) -> None:
        """Close the database if this was its last user, after all that is still to be done."""
        with _guard:  # kept to the end, or another could join what is about to be closed
            self._users.discard(user)
            closing = None if self._users else self._shut()
        if closing is not None:
            closing.result()

    def close(self) -> None:
        """Close the database, whoever uses it, after all that is still to be done."""
        with _guard:
            closing = self._shut()
        if closing is not None:
            closing.result()

    def _shut(self) -> Future[None] | None:
        """Take no more jobs, and return the last, if there ever was one."""
        if self._closed:
            return None
        self._closed = True
        if self.path is not None and _files.get(self.path) is self:
            del _files[self.path]
        closing = self._worker.submit(self._opened.close) if self._in_use else None
        self._end()
        return closing

    def is_stale(self) -> bool:
        """Whether the file that is open is no longer the one at its path."""
        found = self._opened.identity
        return self.path is not None and found is not None and identity_of(self.path) != found

    def forked(self) -> None:
        """Forget, in a new process, what belongs to the parent: its thread and its connection."""
        self._end.detach()
        opened = self._opened
        if self.path is not None:
            _of_parent.append(opened)  # to close it would be to meddle with the parent's locks
        self._start()
        if self.path is None:
            self._opened.connection = opened.connection

    def _start(self) -> None:
        self._opened = Opened(self.path)
        self._worker = Worker("rxagents-sqlite") if self.path else _worker_of_memory()
        self._in_use = False
        jobs, close = self._worker.jobs, self._opened.close
        # It must take no lock: it runs wherever the interpreter collects garbage.
        self._end = finalize(self, _end, jobs, close, ends=self.path is not None)
        self._end.atexit = False  # `_at_exit` does it

    def _do(self, work: Callable[[], T]) -> asyncio.Future[T]:
        with _guard:
            if self._closed:
                raise SessionClosedError("the session is closed: make a new one to go on")
            self._in_use = True
            return asyncio.get_running_loop().run_in_executor(self._worker, work)


def open_database(path: str | Path, user: object) -> Database:
    """The database at `path`: one for all who open it; `:memory:` is a new one for each.

    Nothing is touched on the disk before the first job.
    """
    key = None if str(path) == ":memory:" else Path(path).resolve()
    with _guard:
        database = _files.get(key) if key is not None else None
        if database is None or database.is_stale():
            database = Database(key)
            if key is not None:
                _files[key] = database
        database.join(user)
        return database


# --- what the process has ---------------------------------------------------------------------

_guard = threading.RLock()
_files: WeakValueDictionary[Path, Database] = WeakValueDictionary()
_living: WeakSet[Database] = WeakSet()
_memory: list[Worker] = []
_of_parent: list[Opened] = []


def _end(jobs: Jobs, close: Callable[[], None], *, ends: bool) -> None:
    jobs.put(close)
    if ends:
        jobs.put(None)


def _worker_of_memory() -> Worker:
    if not _memory:
        _memory.append(Worker("rxagents-memory"))
    return _memory[0]


def _at_exit() -> None:
    for database in list(_living):
        database.close()


def _after_fork() -> None:
    global _guard
    _guard = threading.RLock()
    _memory.clear()
    for database in list(_living):
        database.forked()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):  # there is none on Windows
    os.register_at_fork(after_in_child=_after_fork)
