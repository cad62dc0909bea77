"""The context of a run in the JSON of its state."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel
from shredder import Shredder

from rxagents import (
    RunContextWrapper,
    Runner,
    RunState,
    UserError,
)


async def stopped(shredder: Shredder, **options: Any) -> RunState[Any, Any]:
    return (await Runner.run(shredder.agent, "x", **options)).to_state()


@dataclass
class User:
    name: str


class Account(BaseModel):
    name: str


class Socket:
    """What cannot be written."""


@pytest.mark.parametrize("context", [None, {"name": "Ada"}, User("Ada"), Account(name="Ada")])
async def test_a_context_that_is_data_is_written(context: Any) -> None:
    shredder = Shredder()
    state = await stopped(shredder, context=context)
    again = await RunState.from_string(shredder.agent, state.to_string(strict_context=True))
    assert again.record.context_wrapper.context == (None if context is None else {"name": "Ada"})
    made = await RunState.from_string(
        shredder.agent, state.to_string(), context_deserializer=lambda data: User(**data)
    )
    if context is not None:
        assert made.record.context_wrapper.context == User("Ada")


async def test_a_context_that_cannot_be_written_is_left_out_and_given_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shredder, socket = Shredder(), Socket()
    state = await stopped(shredder, context=socket)
    text = state.to_string()
    (warning,) = caplog.messages
    assert warning == (
        "the run's context, a Socket, cannot be written as JSON (it is no mapping, dataclass or "
        "pydantic model): give a context_serializer, or pass the context again as "
        "context_override when reading the state"
    )
    with pytest.raises(UserError, match="a Socket, cannot be written as JSON"):
        state.to_string(strict_context=True)
    with pytest.raises(
        UserError, match="the context could not be written with the state, and none"
    ):
        await RunState.from_string(shredder.agent, text, strict_context=True)
    assert (await RunState.from_string(shredder.agent, text)).record.context_wrapper.context is None
    again = await RunState.from_string(
        shredder.agent, text, context_override=socket, strict_context=True
    )
    assert again.record.context_wrapper.context is socket


async def test_a_state_without_a_context_is_strict_enough() -> None:
    shredder = Shredder()
    text = (await stopped(shredder)).to_string(strict_context=True)
    again = await RunState.from_string(shredder.agent, text, strict_context=True)
    assert again.record.context_wrapper.context is None


async def test_a_serializer_of_ones_own_writes_the_context() -> None:
    shredder = Shredder()
    state = await stopped(shredder, context=Socket())
    text = state.to_string(context_serializer=lambda _: {"port": 80}, strict_context=True)
    again = await RunState.from_string(
        shredder.agent, text, context_deserializer=lambda data: ("socket", data["port"])
    )
    assert again.record.context_wrapper.context == ("socket", 80)


async def test_a_wrapper_can_be_given_for_the_context() -> None:
    shredder = Shredder(["a"])
    state = await stopped(shredder)
    state.approve(state.get_interruptions()[0])
    wrapper = RunContextWrapper("mine")
    again = await RunState.from_json(shredder.agent, state.to_json(), context_override=wrapper)
    result = await Runner.run(shredder.agent, again)
    assert result.context_wrapper.context == "mine"
    assert result.context_wrapper.usage.requests == 2
    assert shredder.shredded == ["a"]


async def test_what_a_deserializer_raises_is_not_taken_for_damage() -> None:
    shredder = Shredder()
    data = (await stopped(shredder, context={"name": "Ada"})).to_json()

    def broken(data: Any) -> Any:
        raise ValueError("no such user")

    with pytest.raises(ValueError, match="^no such user$"):
        await RunState.from_json(shredder.agent, data, context_deserializer=broken)


@dataclass
class Connected:
    name: str
    lock: Any


@pytest.mark.parametrize("value", [threading.Lock(), Socket(), b"\xff"])
@pytest.mark.parametrize("kind", [dict, Connected])
async def test_a_context_that_holds_what_is_no_data_is_left_out_as_a_whole(
    kind: Any, value: Any
) -> None:
    shredder = Shredder()
    state = await stopped(shredder, context=kind(name="Ada", lock=value))
    data = state.to_json()
    assert (data["context"], data["context_left_out"]) == (None, True)
    with pytest.raises(UserError, match=r"cannot be written as JSON \(.*\): give a context_ser"):
        state.to_json(strict_context=True)
    written = state.to_json(context_serializer=lambda _: {"name": "Ada"}, strict_context=True)
    assert written["context"] == {"name": "Ada"}
