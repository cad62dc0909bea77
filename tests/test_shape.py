"""Streams of streams: by_turn, by_agent, by_tool_call and group_by."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from conversations import (
    AGENT,
    arguments_delta,
    conversations,
    output,
    raw,
    searching,
    slow,
    three_turns,
    web_search,
)
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import (
    ResponseOutputItem,
)
from reactivex.subject import Subject

from rxagents import Agent, Runner, Stream
from rxagents import operators as ops
from rxagents.events import (
    AgentUpdatedStreamEvent,
    RawResponsesStreamEvent,
    RunItemStreamEvent,
    StreamEvent,
)
from rxagents.exceptions import AsyncCallbackError, UserError
from rxagents.items import ToolCallItem
from rxagents.testing import (
    MarbleError,
    ScriptedModel,
    assistant_message,
    cold,
    expect,
    function_call,
    hot,
    response_events,
)


class Count:
    """Emits 0, 1, 2 ... counts, and notes when it was left and cleaned up."""

    def __init__(self, end: int, *, every: float = 0.0, error: Exception | None = None) -> None:
        self.end = end
        self.every = every
        self.error = error
        self.emitted = 0
        self.closed_at: float | None = None
        self.stream = Stream.from_async_iterable(self.read)

    async def read(self) -> AsyncIterator[int]:
        try:
            for number in range(self.end):
                if self.every:
                    await asyncio.sleep(self.every)
                self.emitted += 1
                yield number
            if self.error is not None:
                raise self.error
        finally:
            await asyncio.sleep(0.25)
            self.closed_at = asyncio.get_running_loop().time()


class Groups:
    """Subscribes to a stream of groups, and to each group when it comes; notes what comes."""

    def __init__(self, stream: Stream[Any]) -> None:
        self.groups: list[Any] = []
        self.told: list[list[Any]] = []
        """The events of each group, and how it ended: an error, or "|"."""
        self.log: list[str] = []
        """Keys with `+` when a group came, `|` or `#` when it ended; the same for the outer."""
        self.inner: list[Any] = []
        self.outer = stream.subscribe(self._listen, self._failed, lambda: self.log.append("outer|"))

    def _listen(self, group: ops.Group[Any, Any]) -> None:
        events: list[Any] = []
        self.groups.append(group)
        self.told.append(events)
        self.log.append(f"{group.key}+")

        def ended(error: Exception | None = None) -> None:
            events.append(error or "|")
            self.log.append(f"{group.key}{'#' if error else '|'}")

        self.inner.append(group.subscribe(events.append, ended, ended))

    def _failed(self, error: Exception) -> None:
        self.log.append("outer#")


def is_even(number: int) -> bool:
    return number % 2 == 0


def mod_3(number: int) -> int:
    return number % 3


def mod_7(number: int) -> int:
    return number % 7


def itself(group: Stream[Any]) -> Stream[Any]:
    return group


# --- group_by: what comes, and when ---------------------------------------------------------


def case(letter: str) -> str:
    return "u" if letter.isupper() else "l"


def key(group: ops.Group[str, str]) -> str:
    return group.key


def key_at_end(group: ops.Group[str, str]) -> Stream[str]:
    return group.pipe(ops.ignore_elements(), ops.end_with(group.key))


def upper(group: ops.Group[str, str]) -> bool:
    return group.key == "u"


async def test_a_group_comes_with_its_first_event_and_ends_with_the_source() -> None:
    source = cold("-a-B-c-dE--|")
    groups = "     -l-u-------|"
    values = "     -a-B-c-dE--|"
    one = "        ---B----E--|"
    ends = "       -----------(lu|)"
    lasted = "     ^----------!"
    grouped = source.pipe(ops.group_by(case))
    await expect(grouped.pipe(ops.map(key))).to_be(groups)
    source.expect_subscriptions(lasted)
    await expect(grouped.pipe(ops.flat_map(itself))).to_be(values)
    await expect(grouped.pipe(ops.filter(upper), ops.flat_map(itself))).to_be(one)
    await expect(grouped.pipe(ops.flat_map(key_at_end))).to_be(ends)


async def test_an_empty_source_has_no_groups() -> None:
    source, ended = cold("--|"), "--|"
    await expect(source.pipe(ops.group_by(case))).to_be(ended)


async def test_an_error_goes_to_the_groups_and_then_to_the_outer_stream() -> None:
    groups = Groups(cold("-a-B-#").pipe(ops.group_by(case)))
    await asyncio.sleep(10)
    assert groups.log == ["l+", "u+", "l#", "u#", "outer#"]
    assert [type(told[-1]) for told in groups.told] == [MarbleError, MarbleError]


@pytest.mark.parametrize("which", ["key", "element"])
async def test_a_function_that_raises_ends_everything_and_leaves_the_source(which: str) -> None:
    source = hot("-1-2-x-3-|")
    until = "     ^----!"
    functions: dict[str, Any] = {"key": lambda _: "k", "element": lambda value: value}
    functions[which] = int
    groups = Groups(source.pipe(ops.group_by(functions["key"], functions["element"])))
    await asyncio.sleep(20)
    assert groups.log[-2:] == [f"{groups.groups[-1].key}#", "outer#"]
    assert all(isinstance(told[-1], ValueError) for told in groups.told)
    source.expect_subscriptions(until)


async def test_a_key_that_cannot_be_hashed_ends_everything() -> None:
    groups = Groups(Stream.of(1).pipe(ops.group_by(lambda number: [number])))
    await asyncio.sleep(1)
    assert groups.log == ["outer#"]


def test_an_async_function_is_refused_at_once() -> None:
    async def key(value: int) -> int:
        return value

    with pytest.raises(AsyncCallbackError, match="key is the async function"):
        ops.group_by(key)
    with pytest.raises(AsyncCallbackError, match="element is the async function"):
        ops.group_by(str, key)


async def test_each_subscription_has_groups_of_its_own() -> None:
    grouped = Count(4).stream.pipe(ops.group_by(is_even, str))
    one, two = Groups(grouped), Groups(grouped)
    await asyncio.sleep(1)
    assert one.told == two.told == [["0", "2", "|"], ["1", "3", "|"]]
    assert one.groups[0] is not two.groups[0]


async def test_a_group_is_hot_and_who_comes_late_misses_what_was() -> None:
    source: Subject[int] = Subject()
    groups: list[Any] = []
    Stream.from_observable(source).pipe(ops.group_by(lambda _: 0)).subscribe(groups.append)
    early: list[Any] = []
    source.on_next(1)
    groups[0].subscribe(early.append)
    source.on_next(2)
    source.on_completed()
    late: list[Any] = []
    groups[0].subscribe(late.append, None, lambda: late.append("|"))
    assert (early, late) == ([2], ["|"])
    assert repr(groups[0]) == "Group(0)"


async def test_a_group_told_after_its_error_is_told_the_error() -> None:
    source: Subject[int] = Subject()
    groups: list[Any] = []
    stream = Stream.from_observable(source).pipe(ops.group_by(lambda _: 0))
    stream.subscribe(groups.append, lambda _: None)
    source.on_next(1)
    source.on_error(KeyError("x"))
    late: list[Any] = []
    groups[0].subscribe(late.append, late.append)
    assert [type(each) for each in late] == [KeyError]


@given(st.lists(st.integers(0, 20)))
def test_the_groups_together_are_the_source(numbers: list[int]) -> None:
    groups = Groups(Stream.of(*numbers).pipe(ops.group_by(mod_3)))
    merged: list[int] = []
    merging = ops.flat_map(itself)
    Stream.of(*numbers).pipe(ops.group_by(mod_3), merging).subscribe(merged.append)
    assert merged == numbers
    for group, told in zip(groups.groups, groups.told, strict=True):
        assert told == [*(n for n in numbers if n % 3 == group.key), "|"]
    assert [group.key for group in groups.groups] == list(dict.fromkeys(n % 3 for n in numbers))


async def test_what_one_subscriber_raises_is_its_own_affair() -> None:
    errors: list[Any] = []
    told: list[int] = []

    def fail_at_2(number: int) -> None:
        assert number != 2

    def listen(group: Stream[int]) -> None:
        group.subscribe(fail_at_2, errors.append)
        group.subscribe(told.append)

    Count(5).stream.pipe(ops.group_by(lambda _: 0)).subscribe(listen)
    await asyncio.sleep(1)
    assert told == [0, 1, 2, 3, 4]
    assert [type(error) for error in errors] == [AssertionError]


# --- group_by: who leaves -------------------------------------------------------------------


async def test_the_source_is_left_with_the_outer_stream_and_all_groups() -> None:
    source = Count(1000, every=1)
    groups = Groups(source.stream.pipe(ops.group_by(is_even)))
    await asyncio.sleep(4.5)
    groups.inner[0].dispose()
    await asyncio.sleep(2)
    assert groups.told == [[0, 2], [1, 3, 5]]
    groups.outer.dispose()
    await asyncio.sleep(2)
    assert groups.told[1] == [1, 3, 5, 7]
    assert source.closed_at is None
    groups.inner[1].dispose()
    groups.inner[1].dispose()
    await asyncio.sleep(1)
    assert source.closed_at == 8.75
    assert source.emitted == 8
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_who_takes_one_group_leaves_the_source_with_it() -> None:
    source = hot("-a-B-c-D-e-|")
    values = "    -a---(c|)"
    lasted = "    ^----!"
    one = source.pipe(ops.group_by(case), ops.take(1), ops.flat_map(itself), ops.take(2))
    await expect(one).to_be(values)
    source.expect_subscriptions(lasted)


async def test_no_group_is_made_for_whom_has_left() -> None:
    source: Subject[int] = Subject()
    groups = Groups(Stream.from_observable(source).pipe(ops.group_by(lambda n: n)))
    source.on_next(1)
    groups.outer.dispose()
    source.on_next(2)
    source.on_next(1)
    assert groups.told == [[1, 1]]
    assert source.observers
    groups.inner[0].dispose()
    assert not source.observers


def test_what_nobody_would_get_is_not_kept() -> None:
    class Key:
        pass

    def itself(key: Key) -> Key:
        return key

    source: Subject[Key] = Subject()
    groups = Groups(Stream.from_observable(source).pipe(ops.group_by(itself)))
    source.on_next(Key())
    groups.outer.dispose()
    late = Key()
    source.on_next(late)
    assert source.observers
    seen = weakref.ref(late)
    del late
    gc.collect()
    assert seen() is None


async def test_a_group_whose_source_was_left_says_so() -> None:
    source: Subject[int] = Subject()
    groups: list[Any] = []
    stream = Stream.from_observable(source).pipe(ops.group_by(lambda n: n))
    subscription = stream.subscribe(groups.append)
    source.on_next(1)
    subscription.dispose()
    with pytest.raises(UserError, match="subscribed to after its source had been left"):
        await groups[0]


@pytest.mark.parametrize("outer_first", [True, False])
async def test_who_leaves_last_waits_for_the_source_to_be_closed(outer_first: bool) -> None:
    source = Count(1000, every=1)
    kept: list[Any] = []
    outer = source.stream.pipe(ops.group_by(is_even), ops.do_action(kept.append)).iterate()
    await anext(outer)
    inner = kept[0].iterate()
    await anext(inner)
    first, last = (outer, inner) if outer_first else (inner, outer)
    async with last:
        async with first:
            pass
        assert source.closed_at is None
    assert source.closed_at is not None


async def test_an_async_for_over_groups_that_is_left_leaves_the_source() -> None:
    source = Count(1000, every=1)
    async with source.stream.pipe(ops.group_by(is_even), ops.flat_map(itself)).iterate() as values:
        assert await anext(values) == 0
    assert source.closed_at is not None
    assert asyncio.all_tasks() == {asyncio.current_task()}


# --- group_by: credit -----------------------------------------------------------------------


async def read_slowly(stream: Stream[Any], source: Count) -> tuple[list[Any], int]:
    """What comes, and by how many events the source was ever ahead."""
    taken: list[Any] = []
    ahead = 0
    async for value in stream:
        taken.append(value)
        ahead = max(ahead, source.emitted - len(taken))
        if len(taken) % 100 == 0:
            await asyncio.sleep(1)
    return taken, ahead


@pytest.mark.parametrize("flatten", [ops.flat_map(itself), ops.merge_all()])
async def test_a_slow_consumer_holds_back_the_source(flatten: Any) -> None:
    source = Count(5000)
    stream = source.stream.pipe(ops.group_by(mod_7), flatten)
    taken, ahead = await read_slowly(stream, source)
    assert taken == list(range(5000))
    assert ahead <= 66


async def test_the_slowest_reader_of_a_group_holds_back_the_source() -> None:
    source = Count(2000)
    counts = {True: 0, False: 0}
    ahead = 0
    tasks: list[asyncio.Task[None]] = []

    async def read(first: Awaitable[int], iterator: AsyncIterator[int], even: bool) -> None:
        nonlocal ahead
        await first
        counts[even] += 1
        async for _ in iterator:
            counts[even] += 1
            ahead = max(ahead, source.emitted - 2 * counts[even])
            if not even and counts[even] % 20 == 0:
                await asyncio.sleep(1)

    def begin(group: ops.Group[bool, int]) -> None:
        iterator = group.iterate()
        first = anext(iterator)  # which subscribes now
        tasks.append(asyncio.ensure_future(read(first, iterator, group.key)))

    source.stream.pipe(ops.group_by(is_even)).subscribe(begin)
    await asyncio.sleep(1000)
    await asyncio.gather(*tasks)
    assert counts == {True: 1000, False: 1000}
    assert ahead <= 2 * 65


async def test_a_slow_reader_that_leaves_no_longer_holds_anyone_back() -> None:
    source = Count(2000)
    told: list[int] = []
    iterators: list[Any] = []

    def begin(group: Stream[int]) -> None:
        iterator = group.iterate(high=8)
        iterators.extend((iterator, anext(iterator)))  # the latter subscribes now
        group.subscribe(told.append)

    source.stream.pipe(ops.group_by(lambda _: 0)).subscribe(begin)
    await asyncio.sleep(10)
    assert len(told) <= 10
    assert await iterators[1] == 0
    await iterators[0].aclose()
    await asyncio.sleep(1)
    assert told == list(range(2000))


async def test_an_operator_that_was_full_and_leaves_holds_back_nobody() -> None:
    """The credit of `zip` for the group is used up, and stays so when `zip` is left."""
    source = Count(500)
    told: list[int] = []
    zipped: list[Any] = []

    def begin(group: Stream[int]) -> None:
        group.subscribe(told.append)
        zipped.append(group.pipe(ops.zip(Stream.never())).subscribe())

    source.stream.pipe(ops.group_by(lambda _: 0)).subscribe(begin)
    await asyncio.sleep(10)
    assert len(told) == 16
    zipped[0].dispose()
    await asyncio.sleep(1)
    assert told == list(range(500))


async def test_streams_that_come_of_a_group_s_events_have_the_consumer_s_credit() -> None:
    fast = Count(5000)

    def one(_: int, __: int) -> Stream[int]:
        return fast.stream

    grouped = Count(1, every=1).stream.pipe(ops.group_by(mod_3), ops.flat_map(itself))
    # Reactivex's own: it subscribes with whatever credit it finds.
    taken, ahead = await read_slowly(grouped.pipe(ops.flat_map_indexed(one)), fast)
    assert taken == list(range(5000))
    assert ahead <= 66


@pytest.mark.parametrize("concurrency", [1, 2])
async def test_groups_wait_where_only_some_are_taken_at_once(concurrency: int) -> None:
    """A group for which there is no place yet keeps its events, and nothing stands still."""
    source = Count(3000)
    flatten = ops.flat_map(itself, concurrency=concurrency)
    iterator = source.stream.pipe(ops.group_by(mod_3), flatten).iterate()
    taken = [number async for number in iterator]
    assert iterator.demand.peak <= 64
    assert sorted(taken) == list(range(3000))
    if concurrency == 1:
        assert taken == sorted(range(3000), key=lambda n: (n % 3, n))


async def test_groups_that_wait_are_emitted_before_an_error() -> None:
    source = Count(9, error=KeyError("x"))
    out: list[Any] = []
    with pytest.raises(KeyError):
        async for value in source.stream.pipe(ops.group_by(mod_3), ops.concat_all()):
            out.append(value)
    assert out == [0, 3, 6]
    grouped = Count(9, error=KeyError("x")).stream.pipe(ops.group_by(mod_3))
    told: list[Any] = []
    with pytest.raises(KeyError):
        async for group in grouped.iterate(high=1):
            group.subscribe(told.append, told.append)
    assert [str(each) for each in told] == ["3", "6", "'x'", "'x'", "'x'"]


async def test_an_outer_stream_without_credit_holds_back_the_source() -> None:
    source = Count(1000)
    async with source.stream.pipe(ops.group_by(lambda n: n)).iterate(high=10) as groups:
        await anext(groups)
        await asyncio.sleep(10)
        assert source.emitted <= 12


# --- runs -----------------------------------------------------------------------------------


def kinds(events: list[Any]) -> list[str]:
    """The short kinds of events, and how they ended."""
    return [
        event.data.type.removeprefix("response.")
        if isinstance(event, RawResponsesStreamEvent)
        else event.name
        if isinstance(event, RunItemStreamEvent)
        else event
        if isinstance(event, str)
        else type(event).__name__
        for event in events
    ]


def told_by(operator: Callable[[Any], Any], *events: StreamEvent) -> Groups:
    """The groups of events that are fed by hand; the source does not end."""
    source: Subject[Any] = Subject()
    groups = Groups(Stream.from_observable(source).pipe(operator))
    for event in events:
        source.on_next(event)
    return groups


# --- by_turn --------------------------------------------------------------------------------


async def test_by_turn_has_a_group_for_each_model_call() -> None:
    run = three_turns()
    groups = Groups(run.pipe(ops.by_turn()))
    await asyncio.sleep(10)
    assert groups.log == ["0+", "0|", "1+", "1|", "2+", "2|", "3+", "3|", "outer|"]
    events = [event async for event in run.stream_events()]
    assert [event for told in groups.told for event in told if event != "|"] == events
    for group, told in zip(groups.groups, groups.told, strict=True):
        assert {event.turn for event in told[:-1]} == {group.key}
    assert kinds(groups.told[1])[-3:] == ["tool_output", "tool_output", "|"]
    assert kinds(groups.told[2])[-3:] == ["handoff_occured", "AgentUpdatedStreamEvent", "|"]


async def test_by_turn_of_a_run_that_fails() -> None:
    model = ScriptedModel([[function_call("slow", {"city": "Oslo"})], OSError("cut")])
    groups = Groups(Runner.observe(Agent("A", model=model, tools=[slow]), "go").pipe(ops.by_turn()))
    await asyncio.sleep(10)
    assert groups.log == ["0+", "0|", "1+", "1#", "outer#"]


def test_by_turn_keeps_an_attempt_and_agents_inside_in_the_turn() -> None:
    (created, *_) = response_events([])
    groups = told_by(
        ops.by_turn(),
        raw(created),
        raw(created, attempt=2),
        raw(created, turn=7, path=("A", "inside")),
        raw(created, turn=8, path=("A", "inside")),
        raw(created, turn=2, path=("B",)),
        raw(created, turn=2, path=("B", "inside")),
    )
    assert groups.log == ["1+", "1|", "2+"]
    assert [len(told) for told in groups.told] == [5, 2]


def test_by_turn_tells_merged_runs_apart() -> None:
    (created, *_) = response_events([])
    groups = told_by(
        ops.by_turn(),
        *[raw(created, run_id=run, turn=turn) for turn in (1, 2) for run in ("r", "s")],
    )
    assert groups.log == ["1+", "1+", "1|", "2+", "1|", "2+"]


async def test_by_turn_one_after_another_loses_nothing() -> None:
    """concat_map is what one writes for turns, and its credit is for one group at a time."""
    run = three_turns()
    events = [event async for event in run.stream_events()]

    def late(turn: ops.Group[int, StreamEvent]) -> Stream[StreamEvent]:
        return turn.pipe(ops.delay(100))

    slowed = ops.concat_map(late)
    seen = [event async for event in run.pipe(ops.by_turn(), slowed)]
    assert seen == events


async def test_what_waits_of_a_turn_comes_before_the_error() -> None:
    (created, *_) = response_events([])
    first, *others = (raw(created, turn=turn) for turn in (1, *[2] * 10))
    source: Subject[StreamEvent] = Subject()

    def slowly(turn: ops.Group[int, StreamEvent]) -> Stream[StreamEvent | str]:
        return turn.pipe(ops.end_with("end"))  # which waits for the consumer, and turn 2 for it

    turns = Stream.from_observable(source).pipe(ops.by_turn(), ops.concat_map(slowly))
    out: list[Any] = []
    with pytest.raises(OSError, match="cut"):
        async with turns.iterate(high=1) as events:
            for event in (first, *others):
                source.on_next(event)
            source.on_error(OSError("cut"))
            async for each in events:
                out.append(each)
    assert out == [first, "end", *others]


async def test_by_turn_is_held_back_by_a_slow_consumer() -> None:
    model = ScriptedModel([[assistant_message("word " * 3000)]])
    emitted = taken = ahead = 0

    def count(_: object) -> None:
        nonlocal emitted
        emitted += 1

    run = Runner.observe(Agent("A", model=model), "go").pipe(ops.do_action(count))
    async for _ in run.pipe(ops.by_turn(), ops.flat_map(itself)):
        taken += 1
        ahead = max(ahead, emitted - taken)
        if taken % 100 == 0:
            await asyncio.sleep(1)
    assert taken == emitted > 3000
    assert ahead <= 66


async def test_leaving_the_turns_leaves_the_run() -> None:
    model = ScriptedModel([[assistant_message("word " * 3000)]])
    run = Runner.observe(Agent("A", model=model), "go")
    async with run.pipe(ops.by_turn(), ops.flat_map(itself)).iterate() as events:
        await anext(events)
    assert model.closed_early == 1
    assert asyncio.all_tasks() == {asyncio.current_task()}


# --- by_agent -------------------------------------------------------------------------------


async def test_by_agent_has_a_group_for_each_agent_until_the_end() -> None:
    run = three_turns()
    groups = Groups(run.pipe(ops.by_agent()))
    await asyncio.sleep(10)
    assert groups.log == ["A+", "B+", "A|", "B|", "outer|"]
    assert kinds(groups.told[1])[0] == "AgentUpdatedStreamEvent"
    assert kinds(groups.told[1])[-3:] == ["message_output_created", "completed", "|"]
    assert sum(map(len, groups.told)) - 2 == len([e async for e in run.stream_events()])


def test_by_agent_goes_by_the_innermost_name_or_by_what_the_event_tells() -> None:
    (created, *_) = response_events([])
    call = ToolCallItem(Agent("C"), function_call("f"))
    groups = told_by(
        ops.by_agent(),
        raw(created, path=("A", "inside")),
        raw(created),
        raw(created, path=("A", "inside")),
        AgentUpdatedStreamEvent(Agent("B")),
        RunItemStreamEvent("tool_called", call),
        raw(created, path=()),
    )
    assert groups.log == ["inside+", "A+", "B+", "C+", "+"]
    assert [len(told) for told in groups.told] == [2, 1, 1, 1, 1]


# --- by_tool_call ---------------------------------------------------------------------------

WHOLE = [
    "output_item.added",
    "function_call_arguments.delta",
    "function_call_arguments.done",
    "output_item.done",
]


async def test_by_tool_call_has_a_group_for_each_call_until_its_output() -> None:
    groups = Groups(three_turns().pipe(ops.by_tool_call()))
    await asyncio.sleep(10)
    assert groups.log == ["a+", "b+", "b|", "a|", "c+", "c|", "outer|"]
    assert [group.name for group in groups.groups] == ["slow", "quick", "transfer_to_b"]
    assert repr(groups.groups[0]) == "CallGroup('a')"
    a, b, c = map(kinds, groups.told)
    deltas = [WHOLE[1]] * 2
    assert a == [WHOLE[0], *deltas, *WHOLE[2:], "tool_called", "tool_output", "|"]
    assert b == a
    assert c == [*WHOLE, "handoff_requested", "handoff_occured", "|"]
    assert groups.told[0][-2].item.output == "rain in Oslo"


def call_events(*items: ResponseOutputItem, without: tuple[str, ...] = ()) -> list[StreamEvent]:
    """The events of a response, and of its items behind what finishes them."""
    events: list[StreamEvent] = []
    told: list[ResponseOutputItem] = []
    data: Any
    for data in response_events(items):
        if not without or not data.type.endswith(without):
            events.append(raw(data))
        ended = data.type == "response.output_item.done" and "item.done" not in without
        last = data.type == "response.completed"
        for item in [data.item] if ended else [i for i in items if i not in told] if last else []:
            told.append(item)
            called = ToolCallItem(AGENT, item)
            events.append(
                RunItemStreamEvent("tool_called", called, turn=1, run_id="r", path=("A",))
            )
    return events


@pytest.mark.parametrize(
    "missing",
    [
        (),
        (".delta",),
        ("item.added",),
        (".delta", "arguments.done"),
        ("item.done",),
        ("item.added", "item.done"),
        ("item.added", ".delta", "arguments.done", "item.done"),
    ],
)
def test_what_servers_leave_out_is_not_missed(missing: tuple[str, ...]) -> None:
    calls = [function_call("f", '{"a": 1}', call_id=each, item_id="same") for each in ("x", "y")]
    events = call_events(*calls, without=missing)
    groups = told_by(ops.by_tool_call(), *events, output("y"), output("x"))
    assert sorted(groups.log[:2]) == ["x+", "y+"]
    assert groups.log[-2:] == ["y|", "x|"]
    assert [group.name for group in groups.groups] == ["f", "f"]
    x = kinds(groups.told[0])
    assert x[-3:] == ["tool_called", "tool_output", "|"]
    assert ("function_call_arguments.delta" in x) == (".delta" not in missing)
    assert len(groups.told[0]) == len(groups.told[1])


def test_arguments_that_come_before_the_id_belong_to_the_call() -> None:
    late = function_call("f", '{"a": 1}', call_id="x")
    nameless = late.model_copy(update={"call_id": "", "name": ""})
    (_, _, added, *_, done, _) = response_events([late])
    begun = added.model_copy(update={"item": nameless})
    source: Subject[Any] = Subject()
    groups = Groups(Stream.from_observable(source).pipe(ops.by_tool_call()))
    for event in (raw(begun), raw(arguments_delta('{"a"')), raw(arguments_delta(": 1}"))):
        source.on_next(event)
    assert groups.log == []
    source.on_next(raw(done))
    assert groups.log == ["x+"]
    assert kinds(groups.told[0]) == [
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "output_item.done",
    ]
    source.on_completed()
    assert groups.log == ["x+", "x|", "outer|"]


def test_a_call_whose_id_never_comes_gives_no_group() -> None:
    source: Subject[Any] = Subject()
    groups = Groups(Stream.from_observable(source).pipe(ops.by_tool_call()))
    source.on_next(raw(arguments_delta("{")))
    source.on_completed()
    assert groups.log == ["outer|"]


def test_calls_that_are_written_at_once_or_share_an_index_are_told_apart() -> None:
    one, two = (function_call("f", "{}", call_id=each, item_id="same") for each in ("x", "y"))
    events = call_events(one, two)
    added = [raw(e) for e in response_events([one, two]) if e.type.endswith("item.added")]
    groups = told_by(
        ops.by_tool_call(), *added, raw(arguments_delta("1", 1)), raw(arguments_delta("0", 0))
    )
    assert [told[-1].data.delta for told in groups.told] == ["0", "1"]
    at_zero = [
        raw(each.data.model_copy(update={"output_index": 0}))
        if isinstance(each, RawResponsesStreamEvent) and hasattr(each.data, "output_index")
        else each
        for each in events
    ]
    groups = told_by(ops.by_tool_call(), *at_zero, output("x"), output("y"))
    assert groups.log == ["x+", "y+", "x|", "y|"]
    assert len(groups.told[0]) == len(groups.told[1]) > 5


def test_calls_of_agents_that_work_at_once_are_told_apart() -> None:
    one, two = (function_call("f", "{}", call_id=each) for each in ("x", "y"))
    (_, _, begun, *_), (_, _, other, *_) = response_events([one]), response_events([two])
    paths = ("A", "one"), ("A", "two")
    groups = told_by(
        ops.by_tool_call(),
        *[raw(event, path=path) for event, path in zip((begun, other), paths, strict=True)],
        *[raw(arguments_delta(path[1]), path=path) for path in paths],
    )
    assert [told[-1].data.delta for told in groups.told] == ["one", "two"]


def test_calls_with_the_same_id_have_a_group_each() -> None:
    calls = [function_call("f", "{}", call_id="x", item_id=each) for each in ("1", "2")]
    groups = told_by(ops.by_tool_call(), *call_events(*calls), output("x"), output("x"))
    assert groups.log == ["x+", "x+", "x|", "x|"]
    assert kinds(groups.told[0]) == kinds(groups.told[1])
    again = told_by(ops.by_tool_call(), *call_events(calls[0]), output("x"), output("x"))
    assert again.log == ["x+", "x|", "x+", "x|"], "an output of which nothing else is known"


def test_another_attempt_ends_the_calls_of_the_one_before() -> None:
    events = call_events(function_call("f", '{"a": 1}', call_id="x"))[:4]
    (created, *_) = response_events([])
    groups = told_by(ops.by_tool_call(), *events, raw(created, attempt=2))
    assert groups.log == ["x+", "x|"]


def test_a_tool_that_the_provider_runs_ends_when_it_was_called() -> None:
    events = call_events(web_search())
    late = [searching()]  # which should not come any more
    groups = told_by(ops.by_tool_call(), *events[:3], searching(), *events[3:], *late)
    assert groups.log == ["ws+", "ws|"]
    assert groups.groups[0].name == "web_search_call"
    assert kinds(groups.told[0]) == [
        "output_item.added",
        "web_search_call.searching",
        "output_item.done",
        "tool_called",
        "|",
    ]


@pytest.mark.parametrize("as_dictionary", [False, True])
def test_items_without_raw_events_are_enough(as_dictionary: bool) -> None:
    call = function_call("f", call_id="x")
    item = ToolCallItem(AGENT, call.model_dump() if as_dictionary else call)
    called = RunItemStreamEvent("tool_called", item)
    answered = RunItemStreamEvent("tool_output", output("x").item)
    groups = told_by(ops.by_tool_call(), called, answered)
    assert groups.told == [[called, answered, "|"]]
    assert groups.groups[0].name == "f"


@given(conversations())
def test_whatever_comes_a_call_s_events_are_in_order_and_in_one_group(
    events: list[StreamEvent],
) -> None:
    source: Subject[StreamEvent] = Subject()
    groups = Groups(Stream.from_observable(source).pipe(ops.by_tool_call()))
    for event in events:
        source.on_next(event)
    source.on_completed()
    place = {id(event): number for number, event in enumerate(events)}
    placed = [[place[id(event)] for event in told[:-1]] for told in groups.told]
    assert all(told == sorted(told) for told in placed)
    together = [number for told in placed for number in told]
    assert len(together) == len(set(together))
    assert all(told[-1] == "|" for told in groups.told)
    outputs = {n for n, e in enumerate(events) if getattr(e, "name", "") == "tool_output"}
    assert outputs <= set(together)


async def test_each_call_can_be_followed_by_itself() -> None:
    def arguments(call: ops.CallGroup) -> Stream[str]:
        def shown(last: ops.ToolArguments) -> str:
            return f"{call.name}({last.arguments})"

        return call.pipe(ops.tool_arguments(), ops.take_last(1), ops.map(shown))

    written = three_turns().pipe(ops.by_tool_call(), ops.flat_map(arguments))
    assert [each async for each in written] == [
        'quick({"city": "Rome"})',
        'slow({"city": "Oslo"})',
        "transfer_to_b({})",
    ]
