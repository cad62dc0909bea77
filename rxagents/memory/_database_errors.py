"""What a database's error means, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rxagents.exceptions import SessionError

if TYPE_CHECKING:
    import sqlite3


def session_error(
    error: sqlite3.Error, path: Path | None, doing: str, patience: float
) -> SessionError:
    """Say what went wrong with the database at `path` while it was `doing`: read or written."""
    # The names are SQLite's result codes, https://sqlite.org/rescode.html; older or our own
    # errors have none.
    name = getattr(error, "sqlite_errorname", "") or ""
    what = f"the session database {str(path or ':memory:')!r}"
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return SessionError(
            f"{what} could not be {doing}: another program has kept it locked for {patience:g} s. "
            "Nothing was changed; try again, or find out who leaves a transaction open"
        )
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return SessionError(
            f"{what} is damaged, or no SQLite database at all ({error}): name another file as "
            "db_path, or put a backup in its place"
        )
    if name.startswith("SQLITE_CANTOPEN"):
        return SessionError(f"{what} cannot be opened: {_why_not(path)}")
    if name.startswith("SQLITE_READONLY"):
        return SessionError(
            f"{what} cannot be written: it is read-only for this process. Give the file and its "
            "folder write permission, or name another db_path"
        )
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return SessionError(
            f"{what} could not be {doing}: {error}. Nothing was changed; look at the disk's free "
            "space and health"
        )
    return SessionError(f"{what} could not be {doing}: {error}")


def _why_not(path: Path | None) -> str:
    if path is not None and path.is_dir():
        return "it is a directory; name a file in it as db_path"
    if path is not None and not path.parent.is_dir():
        return f"there is no directory {str(path.parent)!r}; make it first"
    return "this process may not open or make it; look at the permissions of file and directory"
