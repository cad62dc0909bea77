"""The SQL of a session's two tables, which are those of the OpenAI Agents SDK."""

from __future__ import annotations


class Tables:
    """The statements for a pair of tables with these names.

    Raises TypeError or ValueError for a name that cannot be one.
    """

    def __init__(self, sessions: str, messages: str) -> None:
        s, m = _quoted(sessions), _quoted(messages)
        self.create = (
            f"CREATE TABLE IF NOT EXISTS {s} ("
            "session_id TEXT PRIMARY KEY, "
            "created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, "
            "updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)",
            f"CREATE TABLE IF NOT EXISTS {m} ("
            "id INTEGER PRIMARY KEY AUTOINCREMENT, "
            "session_id TEXT NOT NULL, "
            "message_data TEXT NOT NULL, "
            "created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, "
            f"FOREIGN KEY (session_id) REFERENCES {s} (session_id) ON DELETE CASCADE)",
            f"CREATE INDEX IF NOT EXISTS {_quoted(f'idx_{messages}_session_id')} "
            f"ON {m} (session_id, id)",
        )
        self.are_there = (
            "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN (?, ?)"
        )
        self.latest_first = f"SELECT message_data FROM {m} WHERE session_id = ? ORDER BY id DESC"
        self.insert_session = f"INSERT OR IGNORE INTO {s} (session_id) VALUES (?)"
        self.insert_message = f"INSERT INTO {m} (session_id, message_data) VALUES (?, ?)"
        self.touch_session = f"UPDATE {s} SET updated_at = CURRENT_TIMESTAMP WHERE session_id = ?"
        self.delete_latest = (
            f"DELETE FROM {m} WHERE id = (SELECT id FROM {m} WHERE session_id = ? "
            "ORDER BY id DESC LIMIT 1) RETURNING message_data"
        )
        self.delete_messages = f"DELETE FROM {m} WHERE session_id = ?"
        self.delete_session = f"DELETE FROM {s} WHERE session_id = ?"


def _quoted(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"a table's name is a str, not {name!r}")
    if not name or "\0" in name:
        raise ValueError(f"{name!r} cannot be the name of a table")
    return '"' + name.replace('"', '""') + '"'
