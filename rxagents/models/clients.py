"""One client a loop, closed when its loop ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from weakref import WeakKeyDictionary

from openai import AsyncOpenAI

_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Kept]] = WeakKeyDictionary()


class _Kept:
    def __init__(self, client: AsyncOpenAI, keeper: AsyncGenerator[None]) -> None:
        self.client = client
        self.keeper = keeper


def client_of_this_loop(key: str, make: Callable[[], AsyncOpenAI]) -> AsyncOpenAI:
    """The client called `key` on the running loop, made if there is none yet.

    Connections belong to a loop, so each loop has a client of its own. Runs on a loop share it,
    and with it the open connections.
    """
    loop = asyncio.get_running_loop()
    here = _clients.setdefault(loop, {})
    if key not in here:
        client = make()
        here[key] = _Kept(client, _keep(client, here, key))
        _start(here[key].keeper)
    return here[key].client


async def _keep(client: AsyncOpenAI, here: dict[str, _Kept], key: str) -> AsyncGenerator[None]:
    # asyncio.run() and its like close every async generator that is under way before they close
    # the loop. That is the only moment at which connections can still be closed properly; later,
    # each would be a ResourceWarning.
    try:
        yield
    finally:
        del here[key]
        await client.close()


def _start(keeper: AsyncGenerator[None]) -> None:
    """Run `keeper` to its yield, which takes no loop as it awaits nothing before it."""
    try:
        anext(keeper).send(None)
    except StopIteration:
        return
