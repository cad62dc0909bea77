"""What holds for every session, whatever keeps it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from session_stores import STORES, Stores, redis_fixture, say

from rxagents import (
    Session,
    SessionABC,
    SessionClosedError,
    SessionSettings,
    SQLiteSession,
    UserError,
)

redis = redis_fixture

pytestmark = pytest.mark.real_loop  # servers, and threads of drivers, are in no loop's sight


@pytest.fixture
async def stores(tmp_path: Path, redis: Any) -> AsyncIterator[Stores]:
    made = Stores(tmp_path, redis)
    yield made
    await made.close()


@pytest.fixture(params=STORES)
async def session(request: pytest.FixtureRequest, stores: Stores) -> Session:
    session = stores.open(request.param, "s")
    await session.clear_session()
    return session


kind = pytest.mark.parametrize("kind", STORES)


async def test_it_is_a_session_and_empty(session: Session) -> None:
    assert isinstance(session, Session)
    assert isinstance(session, SessionABC)
    assert session.session_id == "s"
    assert session.session_settings == SessionSettings(limit=None)
    assert await session.get_items() == []
    assert await session.get_items(3) == []
    assert await session.pop_item() is None
    await session.clear_session()
    await session.add_items([])
    assert await session.get_items() == []


async def test_items_come_back_as_they_were_given(session: Session) -> None:
    items: Any = [
        say("grüß dich \ud83d\ude00 'quoted' \"double\" \x00 \n"),
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a": [1, null]}'},
        {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text"}]},
        {"role": "assistant", "content": [{"type": "output_text", "text": "é" * 70_000}]},
    ]
    await session.add_items(items[:1])
    await session.add_items(items[1:])
    expected = [say("grüß dich 😀 'quoted' \"double\" \x00 \n"), *items[1:]]
    assert await session.get_items() == expected
    assert await session.get_items(2) == expected[-2:]
    assert await session.get_items(0) == []
    assert await session.pop_item() == expected[-1]
    assert await session.get_items() == expected[:-1]


@kind
async def test_sessions_of_one_store_are_apart(kind: str, stores: Stores) -> None:
    one, other = stores.open(kind, "one"), stores.open(kind, "other")
    for session in (one, other):
        await session.clear_session()
    await one.add_items([say(1)])
    await other.add_items([say(2)])
    await other.clear_session()
    assert await one.get_items() == [say(1)]
    assert await other.get_items() == []


@kind
async def test_a_second_object_goes_on_with_the_first_ones_items(kind: str, stores: Stores) -> None:
    if kind == "memory":
        pytest.skip("each has its own")
    first, second = stores.open(kind), stores.open(kind)
    await first.clear_session()
    await first.add_items([say(1)])
    await second.add_items([say(2)])
    assert await first.get_items() == await second.get_items() == [say(1), say(2)]


@kind
async def test_the_settings_limit_what_is_read(kind: str, stores: Stores) -> None:
    session = stores.open(kind, "limited", session_settings={"limit": 2})
    await session.clear_session()
    await session.add_items([say(n) for n in range(4)])
    assert await session.get_items() == [say(2), say(3)]
    assert await session.get_items(3) == [say(1), say(2), say(3)]
    session.session_settings = None
    assert len(await session.get_items()) == 4


@pytest.mark.parametrize(
    ("limit", "error"), [(-1, ValueError), ("2", TypeError), (True, TypeError)]
)
async def test_a_limit_that_is_none(session: Session, limit: Any, error: Any) -> None:
    with pytest.raises(error, match="limit must be"):
        await session.get_items(limit)


async def test_an_item_that_is_not_json_is_refused_and_nothing_is_stored(session: Session) -> None:
    with pytest.raises(UserError, match="item 1 cannot be kept in a session: Object of type set"):
        await session.add_items([say(0), say(0) | {"content": {1}}])
    assert await session.get_items() == []


async def test_twenty_tasks_add_at_once(session: Session) -> None:
    async def add(task: int) -> None:
        for n in range(5):
            await session.add_items([say((task, n, part)) for part in range(3)])

    await asyncio.gather(*map(add, range(20)))
    items: list[Any] = list(await session.get_items())
    found = [item["content"] for item in items]
    assert len(found) == 300
    for task in range(20):
        own = [text for text in found if text.startswith(f"({task},")]
        assert own == [str((task, n, part)) for n in range(5) for part in range(3)]
    starts = [found.index(str((task, n, 0))) for task in range(20) for n in range(5)]
    assert all(found[at + 2].endswith(", 2)") for at in starts), "what is added at once is together"


async def test_twenty_tasks_pop_what_is_there_once(session: Session) -> None:
    await session.add_items([say(n) for n in range(15)])
    popped: list[Any] = await asyncio.gather(*(session.pop_item() for _ in range(20)))
    texts = [item["content"] for item in popped if item is not None]
    assert sorted(texts, key=int) == [str(n) for n in range(15)]


async def test_a_cancelled_add_leaves_all_or_nothing(session: Session) -> None:
    outcomes: set[int] = set()
    for yields in range(100):
        await session.clear_session()
        adding = asyncio.create_task(session.add_items([say(n) for n in range(50)]))
        for _ in range(yields):
            await asyncio.sleep(0)
        adding.cancel()
        await asyncio.wait([adding])
        found = len(await session.get_items())
        assert found == 50 or (found == 0 and adding.cancelled())
        await session.add_items([say("next")])
        assert len(await session.get_items()) == found + 1
        outcomes.add(found)
        if not adding.cancelled():
            break
    assert outcomes == {0, 50}


@kind
async def test_a_closed_session_says_so(kind: str, stores: Stores) -> None:
    session: Any = stores.open(kind)
    await session.add_items([say(1)])
    for _ in range(2):
        if isinstance(session, SQLiteSession):
            session.close()
        else:
            await session.close()
    for use in (session.get_items, session.pop_item, session.clear_session):
        with pytest.raises(SessionClosedError, match="is closed: make a new one"):
            await use()
    with pytest.raises(RuntimeError):
        await session.add_items([])


# --- against a list ---------------------------------------------------------------------------

numbers = st.integers(0, 5)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), numbers),
        st.tuples(st.just("get"), st.none() | numbers),
        st.tuples(st.sampled_from(["pop", "clear"]), st.none()),
    ),
    max_size=12,
)


@kind
def test_any_sequence_of_steps_is_as_on_a_list(kind: str, tmp_path: Path, redis: Any) -> None:
    with asyncio.Runner() as runner:  # one loop for all, as a driver's connections belong to it
        stores = Stores(tmp_path, redis)
        session = stores.open(kind, "steps")

        @given(steps)
        @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        def check(steps: list[tuple[str, int | None]]) -> None:
            runner.run(_as_on_a_list(session, steps))

        check()
        runner.run(stores.close())


async def _as_on_a_list(session: Session, steps: list[tuple[str, int | None]]) -> None:
    model: list[Any] = []
    await session.clear_session()
    for at, (step, n) in enumerate(steps):
        if step == "add":
            items = [say((at, i)) for i in range(n or 0)]
            await session.add_items(items)
            model += items
        elif step == "get":
            found = await session.get_items(n)
            assert found == (model if n is None else model[len(model) - min(n, len(model)) :])
        elif step == "pop":
            assert await session.pop_item() == (model.pop() if model else None)
        else:
            await session.clear_session()
            model.clear()
    assert await session.get_items() == model
