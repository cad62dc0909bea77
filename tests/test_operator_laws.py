"""The laws that every operator obeys, ours and reactivex's, shown for each in `operator_rows`."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable
from typing import Any

import pytest
from operator_rows import ROWS, Row, class_of, functions, rows
from operator_rows.row import before, end_of, lifetime

from rxagents import AsyncCallbackError, RawResponsesStreamEvent, Stream, StreamEvent
from rxagents import operators as ops
from rxagents.testing import MarbleError, cold, expect, hot
from rxagents.testing.marble_diagram import parse, parse_lifetime
from rxagents.testing.marbles import ColdMarbles

A_WHILE = 60.0  # virtual seconds: in it, everything happens that does not wait for the consumer

Operator = Callable[[Any], Any]


class Drawn:
    """A row's operator behind its source, with the streams that it is given besides."""

    def __init__(self, row: Row, *functions: Callable[..., Any], source: str = "") -> None:
        self.row = row
        self.source: ColdMarbles[Any] = cold(source or row.source, row.drawn)
        self.others = [cold(other, row.drawn) for other in row.others]
        self.operator: Operator = row.make(*(functions or row.functions), *self.others)
        self.stream = Stream.from_observable(self.operator(self.source))

    async def must_be(
        self, result: str, *, raises: type[Exception] | None = None, leave: int | None = None
    ) -> None:
        __tracebackhide__ = True
        unsubscribe = None if leave is None else lifetime(0, leave)
        await expect(self.stream).to_be(
            result, self.row.drawn, raises or MarbleError, unsubscribe=unsubscribe
        )

    def must_have_been_left(self, *lifetimes: str) -> None:
        __tracebackhide__ = True
        self.source.expect_subscriptions(*lifetimes)
        for other in self.others:
            assert all("!" in stay for stay in other.subscriptions), (
                f"{other!r} is still in use: {other.subscriptions}"
            )


def nothing_may_remain() -> None:
    """Fail if the loop has a timer or a task left."""
    __tracebackhide__ = True
    loop: Any = asyncio.get_running_loop()
    timers = [timer for timer in loop._scheduled if not timer.cancelled()]
    assert timers == []
    assert asyncio.all_tasks() == {asyncio.current_task()}


def failure_of(row: Row) -> type[Exception]:
    """The error with which it ends where its source fails."""
    return row.raises if end_of(row.failing_result) < end_of(row.source) else MarbleError


# --- 1 to 3: the end ------------------------------------------------------------------------------


@rows()
async def test_it_completes_as_drawn_and_leaves_its_source(row: Row) -> None:
    drawn = Drawn(row)
    await drawn.must_be(row.result, raises=row.raises)
    drawn.must_have_been_left(*row.lifetimes())
    nothing_may_remain()


@rows()
async def test_it_fails_as_drawn_and_leaves_its_source(row: Row) -> None:
    drawn = Drawn(row, source=row.failing_source)
    await drawn.must_be(row.failing_result, raises=failure_of(row))
    drawn.must_have_been_left(*row.lifetimes(failing=True))
    nothing_may_remain()


@rows(lambda row: class_of(row) == "lossless")
def test_what_came_before_an_error_is_not_lost(row: Row) -> None:
    def told(diagram: str) -> list[Any]:
        return [event.value for _, event in parse(diagram, row.drawn) if event.kind == "N"]

    less = len(told(row.failing_result)) < len(told(row.result))
    assert less == bool(row.lost), row.lost or "say in the row why events are lost"


@rows()
async def test_left_early_it_leaves_its_source_and_nothing_remains(row: Row) -> None:
    for frame in range(1, int(end_of(row.result))):
        drawn = Drawn(row)
        await drawn.must_be(before(row.result, frame), raises=row.raises, leave=frame)
        if row.runs_on:
            await asyncio.sleep(A_WHILE)
        drawn.must_have_been_left(*row.lifetimes(left=frame))
        nothing_may_remain()


@rows(lambda row: row.empty)
async def test_behind_an_empty_source_it_ends_as_drawn(row: Row) -> None:
    drawn = Drawn(row, source="|")
    await drawn.must_be(row.empty, raises=row.raises)


# --- 4: time --------------------------------------------------------------------------------------


@rows()
async def test_its_time_is_the_loops_and_its_thread_too(
    row: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.sleep(86_400.25)  # so that no clock but the loop's tells this time
    threads = threading.active_count()
    loop = asyncio.get_running_loop()
    timers: list[Any] = []
    call_later = loop.call_later

    def noting(*args: Any, **options: Any) -> asyncio.TimerHandle:
        timers.append(args)
        return call_later(*args, **options)

    monkeypatch.setattr(loop, "call_later", noting)
    drawn = Drawn(row)
    told_on: set[int] = set()

    def note(*_: Any) -> None:
        told_on.add(threading.get_ident())

    drawn.stream = drawn.stream.pipe(ops.tap(note, note, note))
    await drawn.must_be(row.result, raises=row.raises)
    assert threading.active_count() == threads
    assert told_on <= {threading.get_ident()}
    assert row.time or not timers


# --- 5: twice -------------------------------------------------------------------------------------


@rows()
async def test_a_second_subscription_sees_the_same(row: Row) -> None:
    drawn = Drawn(row)
    await drawn.must_be(row.result, raises=row.raises)
    await drawn.must_be(row.again or row.result, raises=row.raises)


@rows()
async def test_two_subscriptions_at_once_see_the_same(row: Row) -> None:
    drawn = Drawn(row)

    async def another() -> None:
        await asyncio.sleep(1.0)
        await drawn.must_be(row.beside or row.result, raises=row.raises)

    await asyncio.gather(drawn.must_be(row.result, raises=row.raises), another())


# --- 8: functions ---------------------------------------------------------------------------------


class Trial:
    """An operator with one of its functions watched, or made to raise.

    Its source has another subscriber, too. It is hot, but for operators that begin it again.
    """

    def __init__(self, row: Row, number: int, source: str, raise_at: int = 0) -> None:
        self.calls: list[float] = []
        self.error = LookupError("the function's own")
        self.told: list[tuple[float, Any]] = []
        self.beside: list[tuple[float, Any]] = []
        loop = asyncio.get_running_loop()
        function = row.functions[number]

        def watched(*args: Any) -> Any:
            self.calls.append(loop.time() - began)
            if len(self.calls) == raise_at:
                raise self.error
            return function(*args)

        def listen(stream: Stream[Any], told: list[tuple[float, Any]]) -> None:
            def note(what: Any = "|") -> None:
                told.append((loop.time() - began, what))

            stream.subscribe(note, note, note)

        began = loop.time()
        again = len(row.lasts) > 1 or len(row.lasts_failed) > 1
        self.source = (cold if again else hot)(source, row.drawn)
        listen(self.source, self.beside)
        functions = [*row.functions[:number], watched, *row.functions[number + 1 :]]
        others = [cold(other, row.drawn) for other in row.others]
        operator = row.make(*functions, *others)
        listen(Stream.from_observable(operator(self.source)), self.told)


@functions(lambda row: not row.not_called)
async def test_what_a_function_raises_comes_after_what_was_emitted_before(
    row: Row, number: int
) -> None:
    for source in (row.source, row.failing_source):
        sound = Trial(row, number, source)
        await asyncio.sleep(A_WHILE)
        if sound.calls:
            break
    assert sound.calls, "the row's source gives the function nothing to do"
    raise_at = min(2, len(sound.calls))
    when = sound.calls[raise_at - 1]
    broken = Trial(row, number, source, raise_at)
    await asyncio.sleep(A_WHILE)
    assert broken.calls[:raise_at] == sound.calls[:raise_at]
    assert max(broken.calls) == when
    before_that = [event for event in sound.told if event[0] < when]
    assert broken.told[: len(before_that)] == before_that
    assert broken.told[-1] == (when, broken.error)
    assert [what for _, what in broken.told if what is broken.error] == [broken.error]
    assert [what for _, what in broken.beside[:-1]] == [what for _, what in sound.beside[:-1]]
    ends = [parse_lifetime(stay).end for stay in broken.source.subscriptions[1:]]
    assert not ends or ends[-1] == when


class Unreadable:
    """The data of an event that cannot be read: whoever looks at it is to say so."""

    def __init__(self) -> None:
        self.errors: list[Exception] = []

    def __getattr__(self, name: str) -> Any:
        self.errors.append(LookupError(f"there is no {name} to be read"))
        raise self.errors[-1]


@rows(lambda row: any(isinstance(value, StreamEvent) for value in row.values.values()))
async def test_what_an_event_raises_that_cannot_be_read_is_not_hidden(row: Row) -> None:
    data: Any = Unreadable()
    source = cold("-x-|", {"x": RawResponsesStreamEvent(data)})
    told: list[Any] = []
    operator = row.make(*row.functions, *(cold(other, row.drawn) for other in row.others))
    stream = Stream.from_observable(operator(source))
    stream.subscribe(told.append, told.append)
    await asyncio.sleep(A_WHILE)
    if data.errors:
        assert told[-1] is data.errors[0]
        source.expect_subscriptions("^!")


@functions()
async def test_an_async_function_is_refused_at_the_call(row: Row, number: int) -> None:
    async def coroutine(*_: Any) -> Any:
        """Is never awaited."""

    functions = [*row.functions[:number], coroutine, *row.functions[number + 1 :]]
    others = [Stream.never() for _ in row.others]
    if row.may_be_async:
        row.make(*functions, *others)
        return
    with pytest.raises(AsyncCallbackError, match="coroutine"):
        row.make(*functions, *others)


# --- 10: all of them ------------------------------------------------------------------------------


def test_every_operator_has_a_row() -> None:
    operators = {name for name, thing in vars(ops).items() if inspect.isfunction(thing)}
    named = {row.name for row in ROWS}
    assert sorted(operators - named) == []
    assert sorted(named - operators) == []


def test_every_operator_has_a_class() -> None:
    assert [str(row) for row in ROWS if not class_of(row)] == []
