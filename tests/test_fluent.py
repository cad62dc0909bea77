"""The fluent methods of a Stream are the operators of `rxagents.operators`."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import reactivex
from reactivex import Observable

from rxagents import AsyncCallbackError, Stream, UserError
from rxagents import operators as ops
from rxagents.stream import ConnectableStream
from rxagents.testing import cold, expect


def methods() -> list[str]:
    """The fluent methods of reactivex."""
    return [name for name in dir(Observable) if name in reactivex.operators.__all__]


@pytest.mark.parametrize("name", methods())
def test_every_fluent_method_of_reactivex_is_there(name: str) -> None:
    ours = getattr(Stream, name)
    assert ours is not getattr(Observable, name)
    assert ours.__qualname__ == f"Stream.{name}"


async def test_a_fluent_method_is_our_operator_where_there_is_one() -> None:
    """`zip` of reactivex would read the whole fast source."""
    emitted = 0

    async def count() -> AsyncIterator[int]:
        nonlocal emitted
        for emitted in range(1, 10_001):
            yield emitted

    slow = Stream.interval(1.0).take(5)
    pairs = await Stream.from_async_iterable(count).zip(slow).to_list()
    assert pairs == [(1, 0), (2, 1), (3, 2), (4, 3), (5, 4)]
    assert emitted <= 64


async def test_fluent_chains_draw_as_piped_ones() -> None:
    source = cold("                                            -a-bc---d-|")
    await expect(source.debounce(2).map(str.upper)).to_be(
        "    ------C---(D|)", {"C": "C", "D": "D"}
    )
    await expect(source.merge(cold("--1|"))).to_be("           -a1bc---d-|")
    await expect(source.map_async(_later)).to_be("             --a-bc---d|")


async def _later(value: str) -> str:
    await asyncio.sleep(1)
    return value


async def test_publish_and_replay_give_what_can_be_connected() -> None:
    for connectable in (Stream.of(1, 2).publish(), Stream.of(1, 2).replay(1)):
        assert isinstance(connectable, ConnectableStream)
        seen: list[int] = []
        connectable.subscribe(seen.append)
        connectable.connect()
        await asyncio.sleep(1)
        assert seen == [1, 2]


async def test_on_the_class_they_are_sources_of_several_streams() -> None:
    one, other = Stream.of(1, 3), Stream.of(2, 4)
    assert sorted(await Stream.merge(one, other).to_list()) == [1, 2, 3, 4]
    assert await Stream.concat(one, other).to_list() == [1, 3, 2, 4]
    assert await Stream.zip(one, other).to_list() == [(1, 2), (3, 4)]
    assert await Stream.combine_latest(one, other.delay(1)).to_list() == [(3, 2), (3, 4)]


async def test_run_is_refused_where_it_would_wait_for_ever() -> None:
    with pytest.raises(UserError, match="await"):
        Stream.of(1).run()


def test_run_gives_the_last_event() -> None:
    assert Stream.of(1, 2).run() == 2


def test_the_operators_are_loaded_when_they_are_first_used() -> None:
    program = (
        "import sys; from rxagents import Stream; assert 'rxagents.operators' not in sys.modules;"
        "Stream.of(1).map(str); assert 'rxagents.operators' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


# --- what is checked at the call of reactivex's own operators ----------------------------------


async def _coroutine(*_: Any) -> Any:
    return True


_FUNCTIONS = {"predicate", "mapper", "key_mapper", "action", "accumulator", "comparer"}
_TAKES_A_FUNCTION = [
    name
    for name in dir(ops)
    if callable(getattr(ops, name))
    and not isinstance(getattr(ops, name), type)
    and next(iter(inspect.signature(getattr(ops, name)).parameters), None) in _FUNCTIONS
    and name not in {"filter_async", "scan_async"}
]


@pytest.mark.parametrize("name", _TAKES_A_FUNCTION)
def test_a_coroutine_function_is_refused_at_the_call(name: str) -> None:
    operator = getattr(ops, name)
    first = next(iter(inspect.signature(operator).parameters))
    with pytest.raises(AsyncCallbackError, match=f"{first} is the async function _coroutine"):
        operator(_coroutine)


def test_enough_operators_take_a_function() -> None:
    assert len(_TAKES_A_FUNCTION) > 30


def test_wrong_numbers_are_refused_at_the_call_of_reactivexs_operators_too() -> None:
    refused: list[tuple[Callable[[], Any], str]] = [
        (lambda: ops.take(-1), "count must be 0 events or more, not -1"),
        (lambda: ops.skip_last(-1), "count must be 0 events or more, not -1"),
        (lambda: ops.element_at(-2), "index must be 0 events or more, not -2"),
        (lambda: ops.throttle_first(-1), "window_duration must be 0 seconds or more"),
        (lambda: ops.take_with_time(-1), "duration must be 0 seconds or more"),
        (lambda: ops.window_with_time(0), "timespan must be more than 0 seconds"),
        (lambda: ops.repeat(-1), "repeat_count must be 0 subscriptions or more"),
    ]
    for call, message in refused:
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(TypeError, match="count must be a number of events, not str"):
        ops.take("3")  # type: ignore[arg-type]
