"""A session that OpenAI keeps: a conversation of its Conversations API."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from openai import AsyncOpenAI, OpenAIError

from rxagents.exceptions import SessionError, UserError

from ._finishing import finish
from ._per_loop import PerLoop
from .cleaning import clean
from .session import SessionABC
from .session_settings import SessionSettings, resolve_session_limit, settings_of

if TYPE_CHECKING:
    from rxagents.items import TResponseInputItem

MAX_ITEMS = 20
"""Items in one request, https://platform.openai.com/docs/api-reference/conversations."""

_KEEPS_ID = frozenset(
    {
        "code_interpreter_call",
        "computer_call",
        "file_search_call",
        "image_generation_call",
        "item_reference",
        "local_shell_call",
        "local_shell_call_output",
        "mcp_approval_request",
        "mcp_call",
        "mcp_list_tools",
        "program",
        "program_output",
        "reasoning",
        "web_search_call",
    }
)
"""The types of items that the API takes only with the id it has given them."""


class OpenAIConversationsSession(SessionABC):
    """Keeps a conversation at OpenAI; other programs can go on with it by its id.

    Without `conversation_id` one is begun by the first method that needs it. `openai_client` speaks
    to the API; without one it is made for `OPENAI_API_KEY`, and closed with the event loop. What
    this object does is done one after the other.

    More than 20 items go in several requests, without repeats by the client: if one fails, those
    before it are stored. Everything else is all or nothing, also where it is cancelled.

    Its methods raise SessionError where the API refuses or cannot be reached (the client's error is
    its `__cause__`), and UserError where there is neither client nor key.
    """

    def __init__(
        self,
        *,
        conversation_id: str | None = None,
        openai_client: AsyncOpenAI | None = None,
        session_settings: SessionSettings | dict[str, Any] | None = None,
    ) -> None:
        self.session_settings: SessionSettings | None = settings_of(session_settings)
        self._id = conversation_id
        self._given_client = openai_client
        self._lock = PerLoop(asyncio.Lock)

    if TYPE_CHECKING:  # a property is no attribute to checkers of the protocol
        session_id: str
    else:

        @property
        def session_id(self) -> str:
            """The conversation's id. Raises ValueError while there is none."""
            if self._id is None:
                raise ValueError(
                    "the conversation has no id yet: it is begun by the first get_items, "
                    "add_items or pop_item"
                )
            return self._id

        @session_id.setter
        def session_id(self, value: str) -> None:
            self._id = value

    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """The latest `limit` items with their ids, the oldest first; all if there is no limit."""
        most = resolve_session_limit(limit, self.session_settings)
        async with self._turn("read") as client:
            return await self._read(client, most)

    async def add_items(self, items: list[TResponseInputItem]) -> None:
        """Append `items`, 20 in a request; ids that the API does not want are left out."""
        storable = _storable(items)
        if not storable:
            return
        async with self._turn("written") as client:
            if len(storable) > MAX_ITEMS:
                # A request that is repeated because its answer was lost stores its items twice.
                client = client.with_options(max_retries=0)
            conversation = await self._begun(client)
            for start in range(0, len(storable), MAX_ITEMS):
                batch = storable[start : start + MAX_ITEMS]
                await finish(client.conversations.items.create(conversation, items=batch))

    async def pop_item(self) -> TResponseInputItem | None:
        """Remove the latest item and return it; None if there is none."""
        async with self._turn("written") as client:
            items = await self._read(client, 1)
            if not items:
                return None
            item_id = str(cast("dict[str, Any]", items[0])["id"])
            delete = client.conversations.items.delete
            await finish(delete(item_id, conversation_id=self.session_id))
            return items[0]

    async def clear_session(self) -> None:
        """Delete the conversation; the next use begins another, with another id."""
        async with self._turn("deleted") as client:
            if self._id is not None:
                await finish(client.conversations.delete(self._id))
                self._id = None

    @asynccontextmanager
    async def _turn(self, doing: str) -> AsyncGenerator[AsyncOpenAI]:
        async with self._lock():
            try:
                yield self._given_client or _client()
            except OpenAIError as error:
                which = f"the conversation {self._id!r}" if self._id else "a new conversation"
                raise SessionError(f"{which} could not be {doing}: {error}") from error

    async def _begun(self, client: AsyncOpenAI) -> str:
        if self._id is None:
            self._id = (await finish(client.conversations.create(items=[]))).id
        return self._id

    async def _read(self, client: AsyncOpenAI, most: int | None) -> list[TResponseInputItem]:
        conversation = await self._begun(client)
        found: list[dict[str, Any]] = []
        if most == 0:
            return []
        async for item in client.conversations.items.list(conversation, order="desc"):
            found.append(item.model_dump(exclude_unset=True))
            if len(found) == most:
                break
        return cast("list[TResponseInputItem]", found[::-1])


def as_model_input(items: Sequence[TResponseInputItem]) -> list[TResponseInputItem]:
    """Items of a conversation as a model is given them: answers without the ids they have there."""
    return [
        _without(item, "id", "provider_data")
        if item.get("type") == "message" and item.get("role") == "assistant"
        else item
        for item in items
    ]


def _storable(items: Sequence[TResponseInputItem]) -> list[TResponseInputItem]:
    """What the API takes of `items`: ids only where it wants them, no reasoning that has none."""
    storable: list[TResponseInputItem] = []
    for item in clean(items):
        kind = item.get("type")
        plain = _without(item, "provider_data", *([] if kind in _KEEPS_ID else ["id"]))
        if kind != "reasoning" or plain.get("id") or plain.get("encrypted_content"):
            storable.append(plain)
    return storable


def _without(item: TResponseInputItem, *names: str) -> TResponseInputItem:
    kept = {name: value for name, value in item.items() if name not in names}
    return cast("TResponseInputItem", kept)


def _client() -> AsyncOpenAI:
    # Imported late: whoever brings a client of his own needs none of this.
    from rxagents.models.clients import client_of_this_loop
    from rxagents.models.defaults import openai_defaults

    if openai_defaults.client is not None:
        return openai_defaults.client
    key = openai_defaults.key or os.environ.get("OPENAI_API_KEY")
    if not key:
        raise UserError(
            "there is no key to keep a conversation at OpenAI: set OPENAI_API_KEY, or give "
            "OpenAIConversationsSession(openai_client=...)"
        )
    return client_of_this_loop(("conversations", key), lambda: AsyncOpenAI(api_key=key))
