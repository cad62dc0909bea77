"""What a run reads of its session, and what it adds to it.

    memory = RunMemory(session, callback=config.session_input_callback,
                       settings=config.session_settings)
    model_input = await memory.begin(input)      # the history and what is new
    memory.keep(items)                           # each turn that is whole
    await memory.save()                          # all that was kept, when nothing stands against it

Where `session` is None all of it does nothing, and `begin` returns the input alone. What a session
raises passes through unchanged.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from rxagents.exceptions import UserError
from rxagents.items import TResponseInputItem
from rxagents.maybe_awaitable import settled

from .cleaning import ReasoningItemIdPolicy, clean, latest_of_each
from .openai_conversations_session import OpenAIConversationsSession, as_model_input
from .pairs import from_whole_response, whole_turn, without_unanswered
from .session_settings import SessionSettings, settings_of

if TYPE_CHECKING:
    from .session import Session

Items: TypeAlias = list[TResponseInputItem]

SessionInputCallback: TypeAlias = Callable[[Items, Items], Items | Awaitable[Items]]
"""Makes a run's input of the session's history and of what is new; it may be an `async def`."""


@dataclass(frozen=True)
class PreparedInput:
    """The input of a run, and the part of it that its session does not have yet."""

    model_input: list[TResponseInputItem]
    to_save: list[TResponseInputItem]


class RunMemory:
    """A session as one run uses it: the input is saved once, turns are saved whole.

    `settings` go over those of the session itself. `wrapper` is the run's context: it is handed to
    a session each of whose four methods has a parameter of that name.
    """

    def __init__(
        self,
        session: Session | None,
        *,
        callback: SessionInputCallback | None = None,
        settings: SessionSettings | dict[str, Any] | None = None,
        policy: ReasoningItemIdPolicy | None = None,
        wrapper: object = None,
        unsaved: Items | None = None,
    ) -> None:
        """`unsaved` is what an earlier part of the run has kept; the list is kept up to date."""
        self.session = session
        self._callback = callback
        self._settings = settings
        # A conversation at the provider needs the ids that it has given itself.
        self._policy: ReasoningItemIdPolicy | None = (
            None if isinstance(session, OpenAIConversationsSession) else policy
        )
        self._options: dict[str, Any] = (
            {"wrapper": wrapper} if _takes_wrapper(session, wrapper) else {}
        )
        self._unsaved: Items = [] if unsaved is None else unsaved

    async def begin(self, input: str | Sequence[TResponseInputItem]) -> list[TResponseInputItem]:
        """Read the history and make the model's input of it and of `input`.

        Raises UserError if the callback returns no list.
        """
        new = _as_items(input)
        if self.session is None:
            return new
        prepared = await prepare_input(await self._history(self.session), new, self._callback)
        self._unsaved[:] = clean(prepared.to_save, self._policy)
        return prepared.model_input

    def keep_input(self, items: Iterable[TResponseInputItem]) -> None:
        """Have input that has come in the middle saved with what comes next."""
        if self.session is not None:
            self._unsaved += clean(items, self._policy)

    def keep(self, items: Iterable[TResponseInputItem]) -> None:
        """Have a turn saved: the response's items and the outputs of its calls.

        Calls without output are left out. A turn that waits for an approval is better kept when it
        is whole.
        """
        if self.session is not None:
            self._unsaved += latest_of_each(whole_turn(clean(items, self._policy)))

    async def save(self) -> None:
        """Add what was kept to the session, in one go, with the input if it is not there yet."""
        unsaved = list(self._unsaved)
        self._unsaved.clear()
        if self.session is None or not unsaved:
            return
        try:
            await self.session.add_items(unsaved, **self._options)
        except Exception:  # not if it is cancelled: then nobody knows, and twice is worse
            self._unsaved[:0] = unsaved
            raise

    async def _history(self, session: Session) -> list[TResponseInputItem]:
        limit = self._limit(session)
        before: TResponseInputItem | None = None
        if limit is None:
            history = await session.get_items(**self._options)
        elif limit == 0:
            return []
        else:
            # One more tells whether the first that counts begins a response.
            history = await session.get_items(limit=limit + 1, **self._options)
            if len(history) > limit:
                before, *history = history[-limit - 1 :]
        history = from_whole_response(before, history)
        if isinstance(session, OpenAIConversationsSession):
            history = as_model_input(history)
        return clean(history, self._policy)

    def _limit(self, session: Session) -> int | None:
        over = settings_of(self._settings).limit
        # Read by name: a session of the OpenAI Agents SDK is one, too, and has settings of its own.
        own = getattr(session, "session_settings", None)
        return over if over is not None else getattr(own, "limit", None)


async def prepare_input(
    history: list[TResponseInputItem],
    new: list[TResponseInputItem],
    callback: SessionInputCallback | None = None,
) -> PreparedInput:
    """Join `history` and `new`, with `callback` if there is one, and tell what is to be saved.

    The callback gets copies. What it returns and the history does not have is new and is saved,
    also what it has made itself; what it leaves out of the new items is neither sent nor saved.
    Calls of the history that have no output are left out. Raises UserError if the callback returns
    anything but a list of dictionaries.
    """
    if callback is None:
        joined = [*history, *new]
        old = set(range(len(history)))
        to_save = list(new)
    else:
        given_history, given_new = deepcopy(history), deepcopy(new)
        joined = await _call(callback, list(given_history), list(given_new))
        old = _positions_of_history(joined, given_history, given_new)
        to_save = [item for index, item in enumerate(joined) if index not in old]
    return PreparedInput(latest_of_each(clean(without_unanswered(joined, old))), to_save)


async def _call(callback: SessionInputCallback, history: Items, new: Items) -> Items:
    joined: Any = await settled(callback(history, new))
    items = cast("list[object]", joined) if isinstance(joined, list) else None
    if items is None or not all(isinstance(item, Mapping) for item in items):
        raise UserError(
            "session_input_callback must return the run's input as a list of items, each a "
            f"dictionary, and returned {joined!r:.200}"
        )
    return cast("Items", items)


def _positions_of_history(joined: Items, history: Items, new: Items) -> set[int]:
    """Where in `joined` the history's items are: by identity, or one for one by value."""
    ids_old, ids_new = {id(item) for item in history}, {id(item) for item in new}
    returned = {id(item) for item in joined}
    left = [item for item in history if id(item) not in returned]
    positions: set[int] = set()
    for index, item in enumerate(joined):
        if id(item) in ids_new:
            continue
        if id(item) in ids_old:
            positions.add(index)
        elif item in left:
            left.remove(item)
            positions.add(index)
    return positions


def _as_items(input: str | Sequence[TResponseInputItem]) -> list[TResponseInputItem]:
    if isinstance(input, str):
        return [{"role": "user", "content": input}]
    return clean(input)


def _takes_wrapper(session: Session | None, wrapper: object) -> bool:
    if session is None or wrapper is None:
        return False
    methods = (session.get_items, session.add_items, session.pop_item, session.clear_session)
    return all("wrapper" in inspect.signature(method).parameters for method in methods)
