"""What a run reads of its session, and what it adds to it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from session_stores import say

from rxagents import SessionSettings, SQLiteSession, UserError
from rxagents.memory.cleaning import PLACEHOLDER_ID, clean, latest_of_each
from rxagents.memory.pairs import from_whole_response, is_of_model, whole_turn
from rxagents.memory.turns import PreparedInput, RunMemory, prepare_input
from rxagents.testing import assistant_message, function_call


def call(call_id: str, kind: str = "function_call") -> Any:
    return {"type": kind, "call_id": call_id, "name": "f", "arguments": "{}"}


def output(call_id: str, kind: str = "function_call_output") -> Any:
    return {"type": kind, "call_id": call_id, "output": "done"}


def thought(item_id: str) -> Any:
    return {"type": "reasoning", "id": item_id, "summary": []}


def answer(text: str) -> Any:
    return {"role": "assistant", "content": text}


# --- whole turns ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("turn", "kept"),
    [
        ([], []),
        ([answer("a")], [0]),
        ([thought("r"), call("c"), output("c")], [0, 1, 2]),
        ([thought("r"), call("c")], []),
        ([output("c")], []),
        ([thought("r"), thought("s"), call("c")], []),
        ([thought("r"), answer("a"), call("c")], [0, 1]),
        ([thought("r"), call("a"), call("b"), output("b")], [0, 2, 3]),
        ([thought("r"), call("a"), thought("s"), call("b"), output("b")], [2, 3, 4]),
        ([answer("a"), thought("r")], [0]),
        ([call("c"), output("c", "custom_tool_call_output")], []),
        ([call("c", "shell_call"), output("c", "shell_call_output")], [0, 1]),
        ([{"type": "web_search_call", "id": "w"}, answer("a")], [0, 1]),
        ([{"type": "tool_search_call", "call_id": None}], [0]),
    ],
)
def test_of_a_turn_only_what_is_whole_is_kept(turn: list[Any], kept: list[int]) -> None:
    assert whole_turn(turn) == [turn[index] for index in kept]


ids = st.sampled_from("abc")
items = st.one_of(
    st.builds(call, ids),
    st.builds(output, ids),
    st.builds(thought, ids),
    st.builds(answer, st.just("x")),
    st.builds(say, st.just("y")),
)


@given(st.lists(items, max_size=12))
def test_whatever_is_kept_is_balanced_and_in_order(turn: list[Any]) -> None:
    kept: list[Any] = list(whole_turn(turn))
    calls = {item["call_id"] for item in kept if item.get("type") == "function_call"}
    outputs = {item["call_id"] for item in kept if item.get("type") == "function_call_output"}
    assert calls == outputs
    assert whole_turn(kept) == kept
    rest = iter(turn)
    assert all(any(item is other for other in rest) for item in kept)
    for index, item in enumerate(kept):
        if item.get("type") == "reasoning":
            assert is_of_model(kept[index + 1])


# --- a limited history ------------------------------------------------------------------------

HISTORY = [
    say(1),
    thought("r"),
    call("c"),
    call("d"),
    output("c"),
    output("d"),
    answer("a"),
    say(2),
]


@pytest.mark.parametrize(
    ("limit", "first"), [(0, 8), (1, 7), (2, 6), (3, 6), (4, 6), (5, 6), (6, 6), (7, 1), (8, 0)]
)
async def test_a_limited_history_begins_with_a_whole_response(limit: int, first: int) -> None:
    session = SQLiteSession("s")
    await session.add_items(HISTORY)
    memory = RunMemory(session, settings={"limit": limit})
    assert await memory.begin("new") == [*HISTORY[first:], say("new")]


@given(st.lists(items, max_size=12), st.integers(1, 12))
def test_a_cut_history_never_has_an_output_without_its_call(history: list[Any], n: int) -> None:
    before, latest = (history[-n - 1], history[-n:]) if len(history) > n else (None, history)
    kept: list[Any] = list(from_whole_response(before, latest))
    assert len(kept) <= n
    calls = {item["call_id"] for item in kept if item.get("type") == "function_call"}
    assert {i["call_id"] for i in kept if i.get("type") == "function_call_output"} <= calls


async def test_the_runs_settings_go_over_those_of_the_session() -> None:
    session = SQLiteSession("s", session_settings=SessionSettings(limit=1))
    await session.add_items([say(1), answer("a"), say(2), answer("b")])
    assert await RunMemory(session).begin("x") == [answer("b"), say("x")]
    over = RunMemory(session, settings=SessionSettings(limit=2))
    assert await over.begin("x") == [say(2), answer("b"), say("x")]
    same = RunMemory(session, settings=SessionSettings())
    assert await same.begin("x") == [answer("b"), say("x")]
    assert session.session_settings == SessionSettings(limit=1)


# --- joining history and input ----------------------------------------------------------------


async def test_without_a_callback_the_new_follows_the_old() -> None:
    prepared = await prepare_input([say(1), answer("a")], [say(2)])
    assert prepared == PreparedInput([say(1), answer("a"), say(2)], [say(2)])


async def test_calls_of_the_history_that_nobody_answered_are_left_out() -> None:
    history = [say(1), thought("r"), call("old"), thought("s"), call("open")]
    prepared = await prepare_input(history, [output("open"), call("mine")])
    assert prepared.model_input == [
        say(1),
        thought("s"),
        call("open"),
        output("open"),
        call("mine"),
    ]
    assert prepared.to_save == [output("open"), call("mine")]


async def test_what_is_both_in_history_and_input_is_sent_once() -> None:
    history = [say(1), call("c"), output("c"), say(1)]
    newer: Any = {**output("c"), "output": "again"}
    prepared = await prepare_input(history, [call("c"), newer])
    assert prepared.model_input == [say(1), call("c"), say(1), newer]


async def test_a_callback_can_choose_from_both() -> None:
    seen: list[Any] = []

    def choose(history: list[Any], new: list[Any]) -> list[Any]:
        seen.append((list(history), list(new)))
        return [say("made"), new[1], history[-1], dict(history[0])]

    history, new = [say(1), say(2)], [say(3), say(4)]
    prepared = await prepare_input(history, new, choose)
    assert seen == [(history, new)]
    assert prepared.model_input == [say("made"), say(4), say(2), say(1)]
    assert prepared.to_save == [say("made"), say(4)]


async def test_a_callback_that_says_the_same_again_is_taken_at_its_word() -> None:
    prepared = await prepare_input([say("hi")], [say("hi")], lambda old, new: old + new)
    assert prepared.to_save == [say("hi")]
    prepared = await prepare_input([say("hi")], [say("hi")], lambda old, new: new)
    assert prepared == PreparedInput([say("hi")], [say("hi")])
    prepared = await prepare_input([say("hi")], [say("hi")], lambda old, new: deepcopy(old + new))
    assert prepared == PreparedInput([say("hi"), say("hi")], [say("hi")])
    prepared = await prepare_input([say("hi")], [say("hi")], lambda old, new: old)
    assert prepared == PreparedInput([say("hi")], [])


async def test_a_callback_may_change_what_it_is_given_and_be_async() -> None:
    history: list[Any] = [say(1), say(2)]

    async def shorten(old: list[Any], new: list[Any]) -> list[Any]:
        old[0]["content"] = "shorter"
        new[0]["content"] = "longer"
        del old[1]
        return old + new

    prepared = await prepare_input(history, [say(3)], shorten)
    assert prepared == PreparedInput([say("shorter"), say("longer")], [say("longer")])
    assert history == [say(1), say(2)]


@pytest.mark.parametrize("returned", [None, "hello", (say(1),), ["hello"]])
async def test_a_callback_that_returns_no_list_of_items(returned: Any) -> None:
    with pytest.raises(UserError, match="session_input_callback must return the run's input as a"):
        await prepare_input([], [say(1)], lambda old, new: returned)


# --- a run's memory ---------------------------------------------------------------------------


async def test_a_run_without_a_session_has_its_input_alone() -> None:
    memory = RunMemory(None)
    assert await memory.begin("hello") == [say("hello")]
    await memory.save()
    memory.keep([answer("a")])
    await memory.save()


async def test_the_input_is_saved_once_and_turns_are_saved_whole() -> None:
    session = SQLiteSession("s")
    await session.add_items([say(1), answer("a")])
    memory = RunMemory(session)
    assert await memory.begin([say(2)]) == [say(1), answer("a"), say(2)]
    assert len(await session.get_items()) == 2, "nothing is saved yet"
    await memory.save()
    await memory.save()
    assert await session.get_items() == [say(1), answer("a"), say(2)]
    first: Any = function_call("f", {}, call_id="c")
    memory.keep([first, call("lost"), output("c")])
    await memory.save()
    memory.keep([assistant_message("done", item_id=PLACEHOLDER_ID)])  # type: ignore[list-item]
    await memory.save()
    kept: list[Any] = (await session.get_items())[3:]
    assert [item["type"] for item in kept] == ["function_call", "function_call_output", "message"]
    assert "id" not in kept[2]


async def test_a_turn_takes_an_unsaved_input_with_it() -> None:
    session = SQLiteSession("s")
    memory = RunMemory(session)
    await memory.begin("hello")
    memory.keep([answer("a")])
    await memory.save()
    await memory.save()
    assert await session.get_items() == [say("hello"), answer("a")]


async def test_an_input_that_could_not_be_saved_is_saved_with_the_next() -> None:
    class Failing(SQLiteSession):
        fails = True

        async def add_items(self, items: list[Any]) -> None:
            if self.fails:
                raise OSError("full")
            await super().add_items(items)

    session = Failing("s")
    memory = RunMemory(session)
    await memory.begin("hello")
    with pytest.raises(OSError, match="full"):
        await memory.save()
    session.fails = False
    memory.keep([answer("a")])
    await memory.save()
    assert await session.get_items() == [say("hello"), answer("a")]


async def test_a_session_that_wants_the_context_is_given_it() -> None:
    seen: list[object] = []

    class Wanting:
        session_id = "s"
        session_settings: SessionSettings | None = None

        async def get_items(self, limit: int | None = None, *, wrapper: object = None) -> list[Any]:
            seen.append(wrapper)
            return []

        async def add_items(self, items: list[Any], wrapper: object = None) -> None:
            seen.append(wrapper)

        async def pop_item(self, wrapper: object = None) -> Any: ...

        async def clear_session(self, wrapper: object = None) -> None: ...

    memory = RunMemory(Wanting(), wrapper="context")
    await memory.begin("hello")
    await memory.save()
    assert seen == ["context", "context"]


# --- cleaning ---------------------------------------------------------------------------------


def test_items_are_made_plain() -> None:
    given: list[Any] = [
        assistant_message("hi", item_id=PLACEHOLDER_ID),
        {**call("c"), "id": "fc_1", "created_by": "me", "_agents_tool_title": "F"},
        thought("rs_1"),
    ]
    plain: list[Any] = clean(given, "omit")
    assert plain[0]["type"] == "message"
    assert "id" not in plain[0]
    assert plain[1] == {**call("c"), "id": "fc_1"}
    assert plain[2] == {"type": "reasoning", "summary": []}
    assert clean(given)[2] == clean(given, "preserve")[2] == thought("rs_1")
    assert given[2] == thought("rs_1")


def test_the_latest_of_each_keeps_calls_in_front() -> None:
    old: Any = output("c")
    new: Any = {**old, "output": "new"}
    assert latest_of_each([call("c"), old, say(1), call("c"), new]) == [call("c"), say(1), new]
    assert latest_of_each([say(1), say(1)]) == [say(1), say(1)]
    response: Any = {"type": "mcp_approval_response", "approval_request_id": "m", "approve": True}
    assert latest_of_each([response, say(1), response]) == [say(1), response]
