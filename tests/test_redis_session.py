"""RedisSession: its keys, its time to live, and servers that cannot be used."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from session_stores import redis_fixture, say

from rxagents import SessionError
from rxagents.extensions.memory import RedisSession
from rxagents.memory import _finishing

redis = redis_fixture

pytestmark = pytest.mark.real_loop


@pytest.fixture
async def client(redis: Any) -> AsyncIterator[Any]:
    client = Redis.from_url(redis())
    await client.flushall()
    yield client
    await client.aclose()


async def test_the_keys_are_as_documented(client: Any) -> None:
    session = RedisSession("s", redis_client=client, key_prefix="chat")
    await session.add_items([say("ü"), say(2)])
    assert sorted(await client.keys()) == [b"chat:s", b"chat:s:messages"]
    texts = await client.lrange("chat:s:messages", 0, -1)
    assert texts[0] == rb'{"role":"user","content":"\u00fc"}'
    fields = await client.hgetall("chat:s")
    assert sorted(fields) == [b"created_at", b"session_id", b"updated_at"]
    assert fields[b"session_id"] == b"s"
    assert int(fields[b"updated_at"]) >= int(fields[b"created_at"]) > 1_700_000_000
    await session.clear_session()
    assert await client.keys() == []


async def test_all_of_it_is_forgotten_when_its_time_is_over(client: Any) -> None:
    session = RedisSession("s", redis_client=client, ttl=100)
    await session.add_items([say(1)])
    for key in ("agents:session:s", "agents:session:s:messages"):
        assert 98 <= await client.ttl(key) <= 100
        await client.expire(key, 5)
    await session.get_items()
    assert await client.ttl("agents:session:s") <= 5, "reading keeps nothing alive"
    await session.add_items([say(2)])
    assert await client.ttl("agents:session:s:messages") > 90
    with pytest.raises(ValueError, match="ttl must be 1 second or more, or None for ever, not 0"):
        RedisSession("s", redis_client=client, ttl=0)


async def test_damaged_items_are_passed_over(client: Any) -> None:
    session = RedisSession("s", redis_client=client)
    await session.add_items([say(n) for n in range(4)])
    await client.lset("agents:session:s:messages", 1, b"\xff\xfe")
    await client.lset("agents:session:s:messages", 3, b"[1]")
    assert await session.get_items() == [say(0), say(2)]
    assert await session.get_items(2) == [say(0), say(2)]
    assert await session.pop_item() == say(2)
    assert await session.get_items() == [say(0)]


async def test_a_client_that_decodes_does_as_well(redis: Any, client: Any) -> None:
    async with Redis.from_url(redis(), decode_responses=True) as decoding:
        session = RedisSession("s", redis_client=decoding)
        await session.add_items([say("ü"), say(2)])
        assert await session.get_items() == [say("ü"), say(2)]
        assert await session.pop_item() == say(2)


async def test_a_session_whose_key_is_anothers_list_is_told_so(client: Any) -> None:
    await RedisSession("s", redis_client=client).add_items([say(1)])
    clashing = RedisSession("s:messages", redis_client=client)
    with pytest.raises(SessionError, match=r"the key 'agents:session:s:messages' in Redis is a li"):
        await clashing.add_items([say(2)])
    with pytest.raises(SessionError, match="Choose another id or another key_prefix"):
        await clashing.clear_session()
    assert await RedisSession("s", redis_client=client).get_items() == [say(1)]
    assert not await client.exists("agents:session:s:messages:messages")


async def test_a_key_that_is_taken_later_fails_too(client: Any) -> None:
    session = RedisSession("s", redis_client=client)
    await client.set("agents:session:s:messages", "text")
    with pytest.raises(SessionError, match=r"could not be read: WRONGTYPE"):
        await session.get_items()


async def test_a_server_that_does_not_answer(client: Any) -> None:
    options = {"socket_connect_timeout": 1, "retry": None}
    session = RedisSession.from_url("s", url="redis://127.0.0.1:1", redis_kwargs=options)
    with pytest.raises(SessionError) as caught:
        await session.add_items([say(1)])
    told = "the session 'agents:session:s' in Redis at 127.0.0.1:1 could not be written: Error"
    assert str(caught.value).startswith(told)
    assert isinstance(caught.value.__cause__, RedisConnectionError)
    assert not await session.ping()
    await session.close()
    assert await RedisSession("s", redis_client=client).ping()


@pytest.mark.parametrize("method", ["get_items", "add_items"])
async def test_a_server_that_is_silent_keeps_nobody_for_long(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_finishing, "PATIENCE", 0.05)
    accepted: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()
    silent = await asyncio.start_server(lambda _, writer: accepted.set_result(writer), "127.0.0.1")
    port = silent.sockets[0].getsockname()[1]
    session: Any = RedisSession.from_url("s", url=f"redis://127.0.0.1:{port}")
    calling = asyncio.create_task(
        session.add_items([say(1)]) if method == "add_items" else session.get_items()
    )
    peer = await accepted
    calling.cancel()
    async with asyncio.timeout(5):
        await asyncio.wait([calling])
    assert calling.cancelled()
    await session.close()
    peer.close()
    await peer.wait_closed()
    silent.close()


async def test_a_client_that_was_given_is_not_closed(client: Any) -> None:
    session = RedisSession("s", redis_client=client)
    await session.close()
    await session.add_items([say(1)])
    assert await client.ping()


def test_a_session_made_from_a_url_serves_any_loop(redis: Any) -> None:
    session = RedisSession.from_url("loops", url=redis(), ttl=1000, key_prefix="any")
    for n in range(3):
        asyncio.run(session.add_items([say(n)]))
    assert asyncio.run(session.get_items(2)) == [say(1), say(2)]

    async def connections() -> Any:
        async with Redis.from_url(redis()) as client:
            clients: Any = await client.client_list()
            first: Any = await client.lindex("any:loops:messages", 0)
            return len(clients), json.loads(first)

    assert asyncio.run(connections()) == (1, say(0)), "each loop has closed its own"
