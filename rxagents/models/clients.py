"""Clients and connections of a loop, closed when the loop ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeVar, cast
from weakref import WeakKeyDictionary

from openai import AsyncOpenAI

if TYPE_CHECKING:
    from rxagents.model_settings import ModelSettings

_T = TypeVar("_T")

_kept: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Hashable, _Kept]] = WeakKeyDictionary()


class _Kept:
    def __init__(self, thing: Any, keeper: AsyncGenerator[None]) -> None:
        self.thing = thing
        self.keeper = keeper


def client_of_this_loop(key: Hashable, make: Callable[[], AsyncOpenAI]) -> AsyncOpenAI:
    """The client called `key` on the running loop, made if there is none yet.

    Connections belong to a loop, so each loop has a client of its own. Runs on a loop share it,
    and with it the open connections.
    """
    return kept_on_this_loop(("client", key), make, lambda client: client.close())


def kept_on_this_loop(
    key: Hashable, make: Callable[[], _T], close: Callable[[_T], Awaitable[object]]
) -> _T:
    """What `make` made for `key` on the running loop; `close` is awaited when the loop ends."""
    here = _kept.setdefault(asyncio.get_running_loop(), {})
    if key not in here:
        thing = make()
        here[key] = _Kept(thing, _keep(thing, close, here, key))
        _start(here[key].keeper)
    return cast("_T", here[key].thing)


async def forget_on_this_loop(key: Hashable) -> None:
    """Close what is kept for `key` on the running loop, if anything is."""
    kept = _kept.get(asyncio.get_running_loop(), {}).get(key)
    if kept is not None:
        await kept.keeper.aclose()


async def _keep(
    thing: _T, close: Callable[[_T], Awaitable[object]], here: dict[Hashable, _Kept], key: Hashable
) -> AsyncGenerator[None]:
    # asyncio.run() and its like close every async generator that is under way before they close
    # the loop. That is the only moment at which connections can still be closed properly; later,
    # each would be a ResourceWarning.
    try:
        yield
    finally:
        del here[key]
        await close(thing)


def _start(keeper: AsyncGenerator[None]) -> None:
    """Run `keeper` to its yield, which takes no loop as it awaits nothing before it."""
    try:
        anext(keeper).send(None)
    except StopIteration:
        return


def client_for(client: AsyncOpenAI, settings: ModelSettings) -> AsyncOpenAI:
    """`client`, without retries of its own where the settings allow none."""
    retry = settings.retry
    if retry is not None and retry.max_retries is not None and retry.max_retries <= 0:
        return client.with_options(max_retries=0)
    return client
