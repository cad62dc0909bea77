"""Events in lists that other streams begin and end: buffer, buffer_toggle, buffer_when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import reactivex
from hypothesis import given
from hypothesis import strategies as st
from reactivex.subject import Subject

from rxagents import AsyncCallbackError, Stream
from rxagents import operators as ops
from rxagents.testing import MarbleError, cold, expect
from rxagents.testing.virtual_time import run

LISTS = {
    "x": ["a", "b"],
    "y": ["c"],
    "z": ["a", "b", "c"],
    "u": ["b"],
    "v": ["b", "c"],
    "n": [],
}


def after(seconds: float) -> Callable[..., Stream[int]]:
    return lambda *_: Stream.timer(seconds)


def never(*_: object) -> Stream[Any]:
    return Stream.never()


Operator = Callable[[Any], Any]

BY_ANOTHER: list[Callable[[Any], Operator]] = [
    lambda other: ops.buffer(other),
    lambda other: ops.buffer_toggle(other, after(2)),
]
WITH_ANOTHER: list[Callable[[Any], Operator]] = [
    lambda other: ops.buffer(other),
    lambda other: ops.buffer_toggle(cold("x"), lambda _: other),
    lambda other: ops.buffer_toggle(Stream.of("x").pipe(ops.concat(other)), never),
    lambda other: ops.buffer_when(lambda: other),
]


# --- the end of the other streams -----------------------------------------------------------------


@pytest.mark.parametrize("operator", BY_ANOTHER)
async def test_lists_end_with_their_source(operator: Any) -> None:
    source = cold("-a-b-c-|")
    for other in (cold("--x-|"), Stream.interval(2)):
        async with asyncio.timeout(100):
            await source.pipe(operator(other), ops.count())
        assert source.subscriptions[-1].endswith("^------!")


async def test_buffer_goes_on_to_the_end_of_its_source_when_the_boundaries_have_ended() -> None:
    source = cold("                                   -a-b---c-|")
    boundaries = cold("                               ----x-|")
    await expect(source.pipe(ops.buffer(boundaries))).to_be("----x----(y|)", LISTS)
    source.expect_subscriptions("                     ^--------!")
    boundaries.expect_subscriptions("                 ^-----!")


async def test_buffer_without_a_boundary_is_one_list() -> None:
    for none in (Stream.empty(), Stream.never(), reactivex.empty()):
        assert await cold("-a-b-c-|").pipe(ops.buffer(none), ops.to_list()) == [["a", "b", "c"]]
    assert await Stream.empty().pipe(ops.buffer(Stream.never()), ops.to_list()) == [[]]


async def test_buffer_toggle_goes_on_with_the_open_lists_when_the_openings_have_ended() -> None:
    source = cold("      -a-b-c---|")
    openings = cold("    --x|")
    chain = source.pipe(ops.buffer_toggle(openings, after(5)))
    await expect(chain).to_be("-------v-|", LISTS)
    source.expect_subscriptions("^--------!")
    chain = source.pipe(ops.buffer_toggle(openings, never))
    await expect(chain).to_be("---------(v|)", LISTS)


async def test_buffer_toggle_ends_a_list_with_the_first_event_or_the_end_of_its_stream() -> None:
    source = cold("           -a-b-c---|")
    openings = cold("         --p-q|")
    closings = {"p": cold("     --|"), "q": cold("  --xy|")}
    chain = source.pipe(ops.buffer_toggle(openings, closings.__getitem__))
    await expect(chain).to_be("----u-y--|", LISTS)
    closings["q"].expect_subscriptions("----^-!")


async def test_buffer_toggle_emits_the_open_lists_in_the_order_in_which_they_began() -> None:
    source = cold("      -a-b-c-|")
    openings = cold("    x-x----")
    chain = source.pipe(ops.buffer_toggle(openings, never))
    await expect(chain).to_be("-------(zv|)", LISTS)
    openings.expect_subscriptions("^------!")


async def test_buffer_when_asks_for_a_new_stream_at_each_end() -> None:
    source = cold("                                       -a-b---c-|")
    closings = [cold("                                    ----x"), cold("----x"), cold("----x")]
    chain = source.pipe(ops.buffer_when(iter(closings).__next__))
    await expect(chain).to_be("                           ----x---y(n|)", LISTS)
    for closing, stay in zip(closings, ["^---!", "----^---!", "--------^!"], strict=True):
        closing.expect_subscriptions(stay)


async def test_buffer_when_makes_its_last_list_where_a_stream_ends_without_an_event() -> None:
    closings = iter([cold("                                --x"), Stream.empty()])
    chain = cold("                                         -a-b-c-|").pipe(
        ops.buffer_when(closings.__next__)
    )
    await expect(chain).to_be("                            --1----(v|)", LISTS | {"1": ["a"]})


async def test_buffer_when_asks_again_in_a_loop_where_streams_emit_at_once() -> None:
    calls = 0

    def at_once() -> Any:
        nonlocal calls
        calls += 1
        return reactivex.defer(lambda _: now() if calls <= 5000 else reactivex.never())

    def emit(observer: Any, _: object) -> Any:
        observer.on_next(0)

    def now() -> Any:
        return reactivex.create(emit)

    lists = await Stream.of(1, 2).pipe(ops.buffer_when(at_once), ops.to_list())
    assert lists == [[]] * 5000 + [[1, 2]]


# --- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "operator",
    [
        lambda: ops.buffer(Stream.never()),
        lambda: ops.buffer_toggle(cold("x"), never),
        lambda: ops.buffer_when(never),
    ],
    ids=["buffer", "buffer_toggle", "buffer_when"],
)
async def test_the_open_list_comes_before_an_error_of_the_source(operator: Any) -> None:
    await expect(cold("-a-b#").pipe(operator())).to_be("----(x#)", LISTS)


@pytest.mark.parametrize("operator", WITH_ANOTHER)
async def test_the_open_list_comes_before_an_error_of_another_stream(operator: Any) -> None:
    source, failing = cold("                       -a-b-c"), cold("----#")
    await expect(source.pipe(operator(failing))).to_be("----(x#)", LISTS)
    source.expect_subscriptions("                  ^---!")


@pytest.mark.parametrize("answer", [LookupError("its own"), 7])
async def test_the_open_lists_come_before_an_error_of_the_function(answer: Any) -> None:
    def closing(opening: str = "y") -> Any:
        if opening == "x":
            return Stream.never()
        if isinstance(answer, Exception):
            raise answer
        return answer

    told: list[Any] = []
    toggled = cold("-a-b-c").pipe(ops.buffer_toggle(cold("x---y"), closing))
    toggled.subscribe(told.append, told.append)
    cold("-a-b-c").pipe(ops.buffer_when(closing)).subscribe(told.append, told.append)
    await asyncio.sleep(10)
    wrong = "closing_mapper must return a stream, not int" if answer == 7 else "its own"
    assert [str(each) for each in told] == ["[]", wrong, "['a', 'b']", wrong]
    assert asyncio.all_tasks() == {asyncio.current_task()}


# --- leaving --------------------------------------------------------------------------------------


async def test_leaving_leaves_all_streams() -> None:
    streams = [cold(text) for text in ("-a-b-c-|", "x----", "-----x")]
    source, openings, closing = streams
    chain = source.pipe(ops.buffer_toggle(openings, lambda _: closing))
    await expect(chain).to_be("---", unsubscribe="---!")
    for stream in streams:
        stream.expect_subscriptions("^--!")


async def test_who_has_enough_leaves_all_streams_at_once() -> None:
    source, boundaries, opened = cold("-a-b-c-|"), cold("--x-x"), cold("--x-x")
    assert await source.pipe(ops.buffer(boundaries), ops.take(1), ops.to_list()) == [["a"]]
    source.expect_subscriptions("^-!")
    boundaries.expect_subscriptions("^-!")
    asked: list[float] = []

    def two_seconds() -> Any:
        asked.append(asyncio.get_running_loop().time())
        return opened

    await source.pipe(ops.buffer_when(two_seconds), ops.take(1), ops.to_list())
    assert len(asked) == 1, "nobody wants to know when the next list would end"


async def test_a_source_that_ends_at_once_needs_no_other_stream() -> None:
    asked = 0

    def asking(*_: object) -> Any:
        nonlocal asked
        asked += 1
        return Stream.never()

    def emit(observer: Any, _: object) -> Any:
        observer.on_next(1)
        observer.on_next(2)
        observer.on_completed()

    at_once, told = reactivex.create(emit), list[Any]()
    at_once.pipe(ops.buffer(Stream.defer(asking))).subscribe(told.append)
    at_once.pipe(ops.buffer_when(asking)).subscribe(told.append)
    assert told == [[1, 2], [1, 2]]
    assert asked == 0


# --- a slow consumer ------------------------------------------------------------------------------


class Numbers:
    """Counts how many were emitted."""

    def __init__(self, end: int, every: float = 0.0) -> None:
        self.end = end
        self.every = every
        self.emitted = 0
        self.stream = Stream.from_async_iterable(self.read)

    async def read(self) -> AsyncIterator[int]:
        for number in range(self.end):
            await asyncio.sleep(self.every)
            self.emitted += 1
            yield number


async def test_a_slow_consumer_holds_back_the_source_and_the_boundaries() -> None:
    numbers, boundaries = Numbers(500, 0.1), Numbers(500, 0.2)
    taken: list[int] = []
    async with numbers.stream.pipe(ops.buffer(boundaries.stream)).iterate(high=4) as lists:
        async for each in lists:
            taken += each
            await asyncio.sleep(2.0)
            assert numbers.emitted - len(taken) <= 4 * 5
    assert taken == list(range(500)), "nothing is lost"


@given(
    pauses=st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.5]), max_size=20),
    every=st.sampled_from([0.7313, 1.3171, 5.1193]),
    fails=st.booleans(),
)
def test_every_event_is_in_one_list(pauses: list[float], every: float, fails: bool) -> None:
    async def read() -> AsyncIterator[int]:
        for number, pause in enumerate(pauses):
            await asyncio.sleep(pause)
            yield number
        if fails:
            raise MarbleError

    async def listed(operator: Any) -> list[int]:
        numbers: list[int] = []
        stream = Stream.from_async_iterable(read).pipe(operator)
        try:
            async for each in stream:
                numbers += each
        except MarbleError:
            assert fails
        return numbers

    ticks = Stream.interval(every)
    for operator in (
        ops.buffer(ticks),
        ops.buffer(ticks.pipe(ops.take(2))),
        ops.buffer_when(after(every)),
        ops.buffer_toggle(ticks.pipe(ops.start_with(0)), after(every)),
    ):
        assert run(listed(operator)) == list(range(len(pauses)))


@given(actions=st.lists(st.sampled_from(["source", "other"]), max_size=20))
def test_the_lists_are_those_of_reactivex_where_the_source_ends_first(actions: list[str]) -> None:
    results: list[list[Any]] = []
    for kit in (ops, reactivex.operators):
        source: Subject[int] = Subject()
        other: Subject[int] = Subject()
        got: list[Any] = []
        lists: list[Any] = [
            kit.buffer(other),
            kit.buffer_when(lambda other=other: other),
            kit.buffer_toggle(other, lambda _, other=other: other),
        ]
        for operator in lists:
            told: list[Any] = []
            source.pipe(operator).subscribe(told.append)
            got.append(told)
        for number, action in enumerate(actions):
            (source if action == "source" else other).on_next(number)
        source.on_completed()
        results.append(got)
    ours, theirs = results
    assert ours[:2] == theirs[:2]
    # reactivex's own ends with the openings only
    assert ours[2][: len(theirs[2])] == theirs[2]


# --- arguments ------------------------------------------------------------------------------------


def test_wrong_arguments_are_refused_at_the_call() -> None:
    with pytest.raises(TypeError, match="buffer takes a stream, not float"):
        ops.buffer(1.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="buffer_toggle takes a stream, not list"):
        ops.buffer_toggle([], after(1))  # type: ignore[arg-type]

    async def closing(*_: object) -> Any:
        """Is never awaited."""

    calls: list[Callable[[], Any]] = [
        lambda: ops.buffer_toggle(Stream.never(), closing),  # type: ignore[arg-type]
        lambda: ops.buffer_when(closing),  # type: ignore[arg-type]
    ]
    for call in calls:
        with pytest.raises(AsyncCallbackError, match="closing_mapper is the async function"):
            call()


async def test_the_methods_of_a_stream_are_these() -> None:
    source: Any = cold("-a-b-c-|")
    assert await source.buffer(Stream.timer(4)).to_list() == [["a", "b"], ["c"]]
    assert await source.buffer_when(after(4)).to_list() == [["a", "b"], ["c"]]
    assert await source.buffer_toggle(Stream.timer(2), after(2)).to_list() == [["b"]]
