"""A connection to a SQLite database, for one thread."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ._database_errors import session_error

if TYPE_CHECKING:
    import sqlite3  # imported late, by the first that is opened

T = TypeVar("T")

BUSY_TIMEOUT = 5.0
"""Seconds to wait for another program that holds the file locked."""


class Opened:
    """The connection to a database, made when it is first used; for one thread."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.connection: sqlite3.Connection | None = None
        self.identity: tuple[int, int] | None = None

    def use(self, job: Callable[[sqlite3.Connection], T], doing: str) -> T:
        """Do `job`. Raises SessionError, with what was being done, if the database fails."""
        import sqlite3

        try:
            if self.connection is None:
                self.connection = _connect(self.path)
                self.identity = identity_of(self.path) if self.path else None
            return job(self.connection)
        except sqlite3.Error as error:
            raise session_error(error, self.path, doing, BUSY_TIMEOUT) from error

    def close(self) -> None:
        """Close it if it is open."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()


def _connect(path: Path | None) -> sqlite3.Connection:
    import sqlite3

    connection = sqlite3.connect(
        path or ":memory:", timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
    )
    try:
        _use_wal(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    # Readers and a writer of other processes then do not wait for each other. SQLite does not
    # wait for a lock here, so this does.
    import sqlite3

    deadline = time.monotonic() + BUSY_TIMEOUT
    while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname.startswith("SQLITE_READONLY"):
                return  # it can be read all the same
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def transact(connection: sqlite3.Connection, job: Callable[[sqlite3.Connection], T]) -> T:
    """Do `job` in a transaction: all of it is kept, or nothing."""
    connection.execute("BEGIN IMMEDIATE")  # the lock at once: to upgrade later can fail half way
    try:
        result = job(connection)
        connection.execute("COMMIT")
        return result
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def identity_of(path: Path) -> tuple[int, int] | None:
    """What tells the file at `path` from another that takes its place; None if there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
