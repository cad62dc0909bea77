"""OpenAIConversationsSession: what it asks the Conversations API for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from loopback import Hold, LoopbackServer, Pause, Reply, json_error, json_reply
from openai import NotFoundError
from session_stores import say

from rxagents import OpenAIConversationsSession, Session, SessionError, UserError
from rxagents.memory.turns import RunMemory
from rxagents.testing import assistant_message

CREATED = json_reply({"id": "conv_1", "object": "conversation", "created_at": 1, "metadata": {}})
DELETED = json_reply({"id": "conv_1", "object": "conversation.deleted", "deleted": True})


def message(number: int) -> dict[str, Any]:
    text = {"type": "input_text", "text": str(number)}
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "user",
        "status": "completed",
        "content": [text],
    }


def page(*items: Mapping[str, Any], more: bool = False) -> Reply:
    first, last = (items[0]["id"], items[-1]["id"]) if items else (None, None)
    fields = {"object": "list", "has_more": more, "first_id": first, "last_id": last}
    return json_reply({**fields, "data": list(items)})


def asked(server: LoopbackServer) -> list[str]:
    return [f"{request.method} {request.path}" for request in server.requests]


def session_on(server: LoopbackServer, **options: Any) -> OpenAIConversationsSession:
    options.setdefault("conversation_id", "conv_1")
    return OpenAIConversationsSession(openai_client=server.client(), **options)


async def test_a_conversation_is_begun_when_it_is_needed() -> None:
    async with LoopbackServer([CREATED, page(), page()]) as server:
        session = session_on(server, conversation_id=None)
        with pytest.raises(ValueError, match="the conversation has no id yet: it is begun by the"):
            _ = session.session_id
        await session.add_items([])
        await session.clear_session()
        assert server.requests == []
        both = await asyncio.gather(session.get_items(), session.get_items())
        assert list(both) == [[], []]
        assert asked(server) == [
            "POST /v1/conversations",
            "GET /v1/conversations/conv_1/items?order=desc",
            "GET /v1/conversations/conv_1/items?order=desc",
        ]
        assert session.session_id == "conv_1"
        assert isinstance(session, Session)  # in Python 3.11 this reads the id
        session.session_id = "conv_2"
        assert session.session_id == "conv_2"


async def test_items_are_read_over_all_pages_the_oldest_first() -> None:
    pages = [page(message(3), message(2), more=True), page(message(1))]
    async with LoopbackServer(pages) as server:
        found: Any = await session_on(server).get_items()
        assert [item["id"] for item in found] == ["msg_1", "msg_2", "msg_3"]
        assert found[0] == message(1)
        assert asked(server)[1] == "GET /v1/conversations/conv_1/items?order=desc&after=msg_2"


async def test_a_limit_ends_the_reading() -> None:
    async with LoopbackServer([page(message(3), message(2), more=True)]) as server:
        session = session_on(server, session_settings={"limit": 2})
        found: Any = await session.get_items()
        assert [item["id"] for item in found] == ["msg_2", "msg_3"]
        assert await session.get_items(0) == []
        assert len(server.requests) == 1


async def test_items_go_in_requests_of_twenty() -> None:
    async with LoopbackServer([page(), page(), page()]) as server:
        await session_on(server).add_items([say(n) for n in range(45)])
        assert asked(server) == ["POST /v1/conversations/conv_1/items"] * 3
        assert [len(request.body["items"]) for request in server.requests] == [20, 20, 5]
        assert server.requests[2].body["items"][-1] == say(44)


async def test_what_is_sent_is_what_the_api_takes() -> None:
    call = {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": "{}"}
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    async with LoopbackServer([page()]) as server:
        items: list[Any] = [
            assistant_message("hi", item_id="msg_7"),
            call,
            search,
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "reasoning", "summary": []},
            {**search, "id": "__fake_id__"},
            {**say(1), "provider_data": {"x": 1}},
        ]
        await session_on(server).add_items(items)
        sent = server.requests[0].body["items"]
        assert [item.get("id") for item in sent] == [None, None, "ws_1", "rs_1", None, None]
        assert sent[-1] == say(1)


async def test_the_latest_item_is_removed() -> None:
    deleted = json_reply({"id": "conv_1", "object": "conversation", "created_at": 1})
    async with LoopbackServer([page(message(3), more=True), deleted, page()]) as server:
        session = session_on(server)
        assert await session.pop_item() == message(3)
        assert asked(server)[1] == "DELETE /v1/conversations/conv_1/items/msg_3"
        assert await session.pop_item() is None


async def test_clearing_deletes_the_conversation() -> None:
    async with LoopbackServer([DELETED, CREATED, page()]) as server:
        session = session_on(server, conversation_id="conv_0")
        await session.clear_session()
        assert asked(server) == ["DELETE /v1/conversations/conv_0"]
        await session.add_items([say(1)])
        assert session.session_id == "conv_1"


async def test_what_the_api_refuses_is_told_with_the_conversation() -> None:
    async with LoopbackServer([json_error(404, "no such conversation")]) as server:
        with pytest.raises(
            SessionError, match="the conversation 'conv_1' could not be read: Err"
        ) as e:
            await session_on(server).get_items()
        assert isinstance(e.value.__cause__, NotFoundError)


async def test_a_failure_in_the_middle_leaves_the_requests_before_it() -> None:
    async with LoopbackServer([page(), json_error(500, "down")]) as server:
        client = server.client(max_retries=5)
        session = OpenAIConversationsSession(conversation_id="conv_1", openai_client=client)
        with pytest.raises(SessionError, match="could not be written: .*down"):
            await session.add_items([say(n) for n in range(60)])
        assert len(server.requests) == 2, "nothing is asked for twice"


async def test_a_cancelled_request_is_waited_for() -> None:
    whole = page()
    slow = Reply(headers=whole.headers, chunks=[Pause(5), *whole.chunks])
    async with LoopbackServer([slow, page(message(1))]) as server:
        session = session_on(server)
        adding = asyncio.create_task(session.add_items([say(1)]))
        await asyncio.sleep(1)
        adding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await adding
        assert server.gone == 0
        assert asked(server) == ["POST /v1/conversations/conv_1/items"]
        assert len(await session.get_items()) == 1


async def test_reading_can_be_cancelled_at_once() -> None:
    async with LoopbackServer([Reply(chunks=[Hold()])]) as server:
        reading = asyncio.create_task(session_on(server).get_items())
        await asyncio.sleep(1)
        assert len(server.requests) == 1
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await server.wait_gone()


async def test_without_a_key_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(UserError, match="set OPENAI_API_KEY, or give OpenAIConversationsSession"):
        await OpenAIConversationsSession().get_items()


async def test_a_run_is_given_its_answers_without_their_ids() -> None:
    answer: Any = assistant_message("hi", item_id="msg_2").model_dump(mode="json")
    async with LoopbackServer([page(answer, message(1)), page()]) as server:
        memory = RunMemory(session_on(server), policy="omit")
        first, second, new = await memory.begin("hello")
        assert first == message(1)
        assert second.get("type") == "message"
        assert "id" not in second
        memory.keep([{"type": "reasoning", "id": "rs_1", "summary": []}, answer])
        await memory.save()
        sent = server.requests[1].body["items"]
        assert sent[0] == new == say("hello")
        assert sent[1]["id"] == "rs_1", "the API wants its own id back"
