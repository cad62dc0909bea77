"""A session in Redis, or in a server that speaks as it does."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from rxagents.exceptions import SessionClosedError, SessionError
from rxagents.memory import SessionABC, SessionSettings
from rxagents.memory._finishing import finish
from rxagents.memory._per_loop import PerLoop
from rxagents.memory._stored import read, read_all, written
from rxagents.memory.session_settings import resolve_session_limit, settings_of

if TYPE_CHECKING:
    from rxagents.items import TResponseInputItem

T = TypeVar("T")


class RedisSession(SessionABC):
    """Keeps a conversation in Redis.

    `redis_client` is yours: share it among sessions, and close it. `from_url` makes a client for
    each event loop the session is used on, closed with the loop. `ttl` is the number of seconds
    after the last `add_items` in which the whole conversation is forgotten; None is never. The keys
    are those of the OpenAI Agents SDK, which reads and writes the same ones: `key_prefix`, `:` and
    the session's id is a hash, with `:messages` behind it the list of items.

    `add_items` and `clear_session` are transactions, so any number of tasks and processes can use a
    session; where one is cancelled, all of it is done or nothing. An item that is no JSON object is
    passed over.

    Raises ValueError now for a `ttl` below 1; later, from its methods, SessionError where Redis
    fails or a key holds something else (Redis's error is its `__cause__`), SessionClosedError after
    `close`, and UserError for an item that is not JSON.
    """

    def __init__(
        self,
        session_id: str,
        *,
        redis_client: Redis,
        key_prefix: str = "agents:session",
        ttl: int | None = None,
        session_settings: SessionSettings | dict[str, Any] | None = None,
    ) -> None:
        if ttl is not None and ttl < 1:
            raise ValueError(f"ttl must be 1 second or more, or None for ever, not {ttl}")
        self.session_id = session_id
        self.session_settings: SessionSettings | None = settings_of(session_settings)
        self._ttl = ttl
        self._session_key = f"{key_prefix}:{session_id}"
        self._messages_key = f"{self._session_key}:messages"
        self._counter_key = f"{self._session_key}:counter"  # of older versions of the SDK
        self._client: Callable[[], Redis] = lambda: redis_client
        self._own_clients: PerLoop[Redis] | None = None
        self._keys_are_ours = False
        self._closed = False

    @classmethod
    def from_url(
        cls,
        session_id: str,
        *,
        url: str,
        redis_kwargs: dict[str, Any] | None = None,
        session_settings: SessionSettings | dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> RedisSession:
        """Make a session and its clients, as `redis://localhost:6379/0` or `rediss://...`.

        `redis_kwargs` go to `redis.asyncio.Redis.from_url`, `kwargs` to the session.
        """

        def connect() -> Redis:
            make: Callable[..., Redis] = cast("Any", Redis).from_url
            return make(url, **(redis_kwargs or {}))

        session = cls(
            session_id, redis_client=connect(), session_settings=session_settings, **kwargs
        )
        session._client = session._own_clients = PerLoop(connect, lambda client: client.aclose())
        return session

    async def get_items(self, limit: int | None = None) -> list[TResponseInputItem]:
        """The latest `limit` items, the oldest of them first; all of them if there is no limit.

        Without `limit` that of `session_settings` holds. Damaged items do not count.
        """
        most = resolve_session_limit(limit, self.session_settings)
        return await self._do(lambda: self._read(most), "read")

    async def add_items(self, items: list[TResponseInputItem]) -> None:
        """Append `items`: all of them, or none if it raises or is cancelled."""
        self._check_open()
        texts = written(items, compact=True)
        if texts:
            await self._do(lambda: finish(self._add(texts)), "written")

    async def pop_item(self) -> TResponseInputItem | None:
        """Remove the latest item and return it; None if there is none."""
        return await self._do(lambda: finish(self._pop()), "written")

    async def clear_session(self) -> None:
        """Remove every item of this session, and what Redis knows of the session."""
        await self._do(lambda: finish(self._clear()), "written")

    async def ping(self) -> bool:
        """Whether Redis answers."""
        try:
            return bool(await self._do(lambda: _any(self._client()).ping(), "reached"))
        except SessionClosedError:
            raise
        except SessionError:
            return False

    async def close(self) -> None:
        """Close the client of this loop if `from_url` has made it. Can be called twice."""
        if self._own_clients is not None:
            self._closed = True
            await self._own_clients.close()

    # --- the work ---------------------------------------------------------------------------

    async def _read(self, most: int | None) -> list[TResponseInputItem]:
        if most == 0:
            return []
        client, window = _any(self._client()), most
        while True:
            texts = await client.lrange(self._messages_key, -window if window else 0, -1)
            items = read_all(texts)
            if most is None or len(items) >= most or len(texts) < (window or 0):
                return items[-most:] if most else items
            window = 2 * (window or 1)  # some were damaged

    async def _add(self, texts: list[str]) -> None:
        def change(pipe: Any) -> None:
            now = str(int(time.time()))
            pipe.hset(self._session_key, "session_id", self.session_id)
            pipe.hsetnx(self._session_key, "created_at", now)
            pipe.rpush(self._messages_key, *texts)
            pipe.hset(self._session_key, "updated_at", now)
            if self._ttl is not None:
                for key in self._keys:
                    pipe.expire(key, self._ttl)

        await self._transact(change)
        self._keys_are_ours = True

    async def _pop(self) -> TResponseInputItem | None:
        client = _any(self._client())
        while (text := await client.rpop(self._messages_key)) is not None:
            if (item := read(text)) is not None:
                return item
        return None

    async def _clear(self) -> None:
        self._keys_are_ours = False
        await self._transact(lambda pipe: pipe.delete(*self._keys))

    @property
    def _keys(self) -> tuple[str, str, str]:
        return self._session_key, self._messages_key, self._counter_key

    async def _transact(self, change: Callable[[Any], object]) -> None:
        """Make all changes at once, unless a key is one of another session's.

        The session "a:messages" has as its hash the list of the session "a". Redis carries on with
        a transaction in which a command fails, so this must be known before.
        """
        watched = () if self._keys_are_ours else self._keys

        async def checked(pipe: Any) -> None:
            for key, kind in zip(watched, ("hash", "list", "string"), strict=False):
                found = await pipe.type(key)
                found = found.decode() if isinstance(found, bytes) else str(found)
                if found not in (kind, "none"):
                    raise SessionError(
                        f"the key {key!r} in Redis is a {found} and no {kind}: something else "
                        f"uses it, perhaps a session whose id is like {self.session_id!r}. "
                        "Choose another id or another key_prefix"
                    )
            if watched:
                pipe.multi()
            change(pipe)

        await _any(self._client()).transaction(checked, *watched)

    async def _do(self, work: Callable[[], Awaitable[T]], doing: str) -> T:
        self._check_open()
        try:
            return await work()
        except RedisError as error:
            raise SessionError(
                f"the session {self._session_key!r} in Redis at {self._address()} could not be "
                f"{doing}: {error or type(error).__name__}"
            ) from error

    def _check_open(self) -> None:
        if self._closed:
            raise SessionClosedError("the session is closed: make a new one to go on")

    def _address(self) -> str:
        options = _any(self._client()).connection_pool.connection_kwargs
        return str(options.get("path") or f"{options.get('host')}:{options.get('port')}")


def _any(client: Redis) -> Any:
    """Its methods are typed for synchronous clients, too."""
    return client
