"""Sessions: conversations that are kept from run to run.

    session                       what a session is
    session_settings              how much of it a run reads
    sqlite_session                kept in SQLite
    openai_conversations_session  kept by OpenAI
    turns                         what a run reads of a session, and what it adds to it
    pairs                         calls and their outputs stay together

`rxagents.extensions.memory` has those that need another package.
"""

from .openai_conversations_session import OpenAIConversationsSession as OpenAIConversationsSession
from .session import Session as Session
from .session import SessionABC as SessionABC
from .session_settings import SessionSettings as SessionSettings
from .sqlite_session import SQLiteSession as SQLiteSession
from .turns import SessionInputCallback as SessionInputCallback
