"""Looking at what passes: tap, log, trace."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reactivex import Observable, Observer, abc
from reactivex.disposable import Disposable
from reactivex.subject import Subject
from reactivex.testing import TestScheduler

from rxagents import Agent, AsyncCallbackError, Runner, Stream, StreamEvent, function_tool
from rxagents import operators as ops
from rxagents.testing import ScriptedModel, assistant_message, cold, expect, function_call
from rxagents.testing.virtual_time import run

Operator = Callable[[Any], Any]

_numbers = itertools.count()


def ignore(_: object) -> None:
    """Do nothing."""


def logger(level: int = logging.DEBUG) -> tuple[logging.Logger, list[tuple[str, str]]]:
    """A logger of its own, and the level and text of what it is told."""
    lines: list[tuple[str, str]] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append((record.levelname, record.getMessage()))

    own = logging.getLogger(f"test_watching.{next(_numbers)}")
    own.setLevel(level)
    own.addHandler(Handler())
    return own, lines


OPERATORS: dict[str, Callable[[], Operator]] = {
    "tap": lambda: ops.tap(ignore, ignore, lambda: None, on_dispose=lambda: None),
    "tap nothing": lambda: ops.tap(),
    "log": lambda: ops.log(logger()[0]),
    "log errors": lambda: ops.log(logger(logging.ERROR)[0]),
    "log nothing": lambda: ops.log(logger(logging.CRITICAL)[0]),
    "trace": lambda: ops.trace(write=ignore),
}


# --- what they have in common ---------------------------------------------------------------


@pytest.mark.parametrize("name", OPERATORS)
async def test_everything_passes_at_its_time(name: str) -> None:
    source = cold("              -a-(bc)--|")
    operator = OPERATORS[name]()
    for _ in range(2):
        await expect(source.pipe(operator)).to_be("-a-(bc)--|")
    source.expect_subscriptions("^--------!", "---------^--------!")
    await expect(cold("|").pipe(operator)).to_be("|")


@pytest.mark.parametrize("name", OPERATORS)
async def test_an_error_passes(name: str) -> None:
    source = cold("                           -a-#", error=OSError("cut"))
    await expect(source.pipe(OPERATORS[name]())).to_be("-a-#", error=OSError("cut"))
    source.expect_subscriptions("             ^--!")


@pytest.mark.parametrize("name", OPERATORS)
async def test_leaving_leaves_the_source(name: str) -> None:
    source = cold("                           -a-b|")
    await expect(source.pipe(OPERATORS[name]())).to_be("-a--", unsubscribe="--!")
    source.expect_subscriptions("             ^-!")


@pytest.mark.parametrize("name", OPERATORS)
async def test_a_slow_consumer_holds_back_the_source(name: str) -> None:
    emitted = 0
    closed: list[bool] = []

    async def read() -> AsyncIterator[int]:
        nonlocal emitted
        try:
            while True:
                emitted += 1
                yield emitted
        finally:
            await asyncio.sleep(5)
            closed.append(True)

    taken = 0
    async with Stream.from_async_iterable(read).pipe(OPERATORS[name]()).iterate(high=8) as values:
        async for value in values:
            taken += 1
            assert value == taken
            assert emitted - taken <= 8
            await asyncio.sleep(1)
            if taken == 50:
                break
    assert closed == [True], "leaving waits for the source"


@pytest.mark.parametrize("name", OPERATORS)
def test_no_loop_is_needed(name: str) -> None:
    out: list[int] = []
    Stream.of(1, 2).pipe(OPERATORS[name]()).subscribe(out.append)
    assert out == [1, 2]


# --- tap ------------------------------------------------------------------------------------


class Notes:
    """What a tap was called with, and what came behind it."""

    def __init__(self, **raising: Exception) -> None:
        self.out: list[str] = []
        self.raising = raising

    def note(self, name: str) -> Callable[..., None]:
        def action(*value: object) -> None:
            self.out.append(" ".join([name, *map(str, value)]))
            if name in self.raising:
                raise self.raising[name]

        return action

    def tap(self) -> Operator:
        return ops.tap(
            self.note("next"),
            self.note("error"),
            self.note("completed"),
            on_subscribe=self.note("subscribe"),
            on_dispose=self.note("dispose"),
        )

    def watch(self, source: Observable[Any]) -> abc.DisposableBase:
        got, failed, ended = (self.note(name) for name in ("got", "failed", "ended"))
        return Stream.from_observable(source).pipe(self.tap()).subscribe(got, failed, ended)


async def test_tap_is_called_before_what_it_is_called_for_passes() -> None:
    notes = Notes()
    source: Subject[int] = Subject()
    notes.watch(source)
    assert notes.out == ["subscribe"]
    source.on_next(1)
    source.on_completed()
    assert notes.out[1:] == ["next 1", "got 1", "completed", "ended", "dispose"]

    notes = Notes()
    notes.watch(Stream.throw(OSError("cut")))
    assert notes.out == ["subscribe", "error cut", "failed cut", "dispose"]


async def test_on_dispose_is_called_once_also_when_the_source_is_left() -> None:
    notes = Notes()
    source: Subject[int] = Subject()
    subscription = notes.watch(source)
    source.on_next(1)
    subscription.dispose()
    subscription.dispose()
    assert notes.out == ["subscribe", "next 1", "got 1", "dispose"]
    assert source.observers == []

    notes = Notes()
    taken = Stream.of(1, 2, 3).pipe(notes.tap(), ops.take(2), ops.to_list())
    assert await taken == [1, 2]
    assert notes.out == ["subscribe", "next 1", "next 2", "dispose"]


async def test_on_dispose_comes_after_the_end_behind_other_operators_too() -> None:
    notes = Notes()
    source = Stream.of(1).pipe(notes.tap(), ops.map(str), ops.tap(None, None, notes.note("ended")))
    await source
    assert notes.out == ["subscribe", "next 1", "completed", "ended", "dispose"]


async def test_on_dispose_is_called_if_the_source_cannot_be_subscribed_to() -> None:
    class Broken(Observable[int]):
        def subscribe(self, *_: Any, **__: Any) -> Any:
            raise OSError("closed")

    notes = Notes()
    tapped = Stream.from_observable(notes.tap()(Broken()))
    tapped.subscribe(notes.note("got"), notes.note("failed"))
    assert notes.out == ["subscribe", "dispose", "failed closed"]


@pytest.mark.parametrize("what", ["next", "error", "completed"])
async def test_an_action_that_raises_ends_the_subscription_instead(what: str) -> None:
    notes = Notes(**{what: KeyError("mine")})
    source: Subject[int] = Subject()
    notes.watch(source)
    {
        "next": lambda: source.on_next(1),
        "error": lambda: source.on_error(OSError("cut")),
        "completed": source.on_completed,
    }[what]()
    assert notes.out[1].split()[0] == what
    assert notes.out[2:] == ["failed 'mine'", "dispose"]
    assert source.observers == []


async def test_an_action_is_not_called_again_after_it_raised() -> None:
    class Hasty(Observable[int]):
        """Emits while it is being subscribed to, and cannot be left before."""

        def _subscribe_core(
            self, observer: abc.ObserverBase[int], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            for number in range(3):
                observer.on_next(number)
            observer.on_error(OSError("cut"))
            return Disposable()

    notes = Notes(next=KeyError("mine"))
    notes.watch(Hasty())
    assert notes.out == ["subscribe", "next 0", "failed 'mine'", "dispose"]


async def test_what_on_error_raises_has_the_error_as_its_context() -> None:
    def fail(_: Exception) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError) as caught:
        await Stream.throw(OSError("cut")).pipe(ops.tap(None, fail))
    assert isinstance(caught.value.__context__, OSError)

    def pass_on(error: Exception) -> None:
        raise error

    with pytest.raises(OSError, match="cut") as passed:
        await Stream.throw(OSError("cut")).pipe(ops.tap(None, pass_on))
    assert passed.value.__context__ is None


async def test_what_on_subscribe_raises_keeps_the_source_from_being_subscribed_to() -> None:
    notes = Notes(subscribe=KeyError("mine"))
    source = cold("a|")
    notes.watch(source)
    assert notes.out == ["subscribe", "failed 'mine'"]
    source.expect_subscriptions()


async def test_what_on_dispose_raises_goes_to_the_loops_exception_handler() -> None:
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    notes = Notes(dispose=KeyError("mine"))
    notes.watch(Stream.empty())
    assert notes.out == ["subscribe", "completed", "ended", "dispose"]
    assert [str(context["exception"]) for context in told] == ["'mine'"]
    assert "on_dispose raised" in told[0]["message"]


async def test_an_action_may_leave() -> None:
    source: Subject[int] = Subject()
    subscriptions: list[abc.DisposableBase] = []
    out: list[int] = []
    tapped = Stream.from_observable(source).pipe(ops.tap(lambda _: subscriptions[0].dispose()))
    subscriptions.append(tapped.subscribe(out.append))
    source.on_next(1)
    source.on_next(2)
    assert out == []
    assert source.observers == []


async def test_an_observer_may_stand_for_the_functions() -> None:
    notes = Notes()
    for operator in (ops.do, ops.tap, ops.do_action):
        observer = Observer[int](notes.note("next"), notes.note("error"), notes.note("completed"))
        notes.out.clear()
        assert await Stream.of(1, 2).pipe(operator(observer)) == 2
        assert notes.out == ["next 1", "next 2", "completed"]
    observer = Observer[int]()
    with pytest.raises(TypeError, match=r"tap\(\) takes an observer or three functions, not both"):
        ops.tap(observer, None, notes.note("completed"))


async def test_do_action_takes_its_functions_by_position_and_by_name() -> None:
    notes = Notes()
    with pytest.raises(OSError, match="cut"):
        await Stream.throw(OSError("cut")).pipe(ops.do_action(notes.note("n"), notes.note("e")))
    await Stream.of(1).pipe(ops.do_action(on_completed=notes.note("c")))
    assert notes.out == ["e cut", "c"]


@pytest.mark.parametrize(
    "name", ["on_next", "on_error", "on_completed", "on_subscribe", "on_dispose"]
)
def test_async_actions_are_refused_at_once(name: str) -> None:
    async def action(*_: object) -> None:
        """Never awaited."""

    actions: dict[str, Any] = {name: action}
    with pytest.raises(AsyncCallbackError, match=f"{name} is the async function"):
        ops.tap(**actions)


@given(
    st.lists(st.integers(0, 9)),
    st.sampled_from(["|", "#", "left"]),
    st.integers(0, 9),
)
def test_tap_sees_what_passes_and_changes_nothing(
    values: list[int], end: str, leave_after: int
) -> None:
    async def main() -> None:
        notes = Notes()
        source: Subject[int] = Subject()
        subscription = notes.watch(source)
        for number, value in enumerate(values):
            if end == "left" and number == leave_after:
                subscription.dispose()
            source.on_next(value)
        if end == "#":
            source.on_error(OSError("cut"))
        elif end == "|":
            source.on_completed()
        subscription.dispose()
        passed = values[:leave_after] if end == "left" else values
        ends = {"|": ["completed", "ended"], "#": ["error cut", "failed cut"], "left": []}
        pairs = [f"{name} {value}" for value in passed for name in ("next", "got")]
        assert notes.out == ["subscribe", *pairs, *ends[end], "dispose"]

    run(main())


# --- log ------------------------------------------------------------------------------------


@function_tool
def weather(city: str) -> str:
    """Tell the weather."""
    return f"Rain in {city}."


def a_run() -> Stream[StreamEvent]:
    after = Agent("After", model=ScriptedModel([[assistant_message("It rains.")]]))
    script = [[function_call("weather", {"city": "Oslo"})], [function_call("transfer_to_after")]]
    model = ScriptedModel(script)
    return Runner.observe(Agent("Before", tools=[weather], handoffs=[after], model=model), "go")


async def test_a_run_is_logged_in_readable_lines() -> None:
    own, lines = logger()
    events = await a_run().pipe(ops.log(own), ops.to_list())
    assert {level for level, _ in lines} == {"DEBUG"}
    told = [text for _, text in lines]
    assert len(told) == len(events) + 1
    assert told[:2] == ["#0 agent Before", "#1 turn 1 response.created"]
    assert told[-1] == "completed"
    for line in [
        "turn 1 response.function_call_arguments.delta '{\"city\":'",
        "turn 1 response.output_item.done function_call weather",
        'turn 1 tool_called weather {"city": "Oslo"}',
        "turn 1 tool_output 'Rain in Oslo.'",
        "turn 2 handoff_requested transfer_to_after",
        "turn 2 handoff_occured Before -> After",
        "turn 2 agent After",
        "turn 3 response.output_text.delta ' rains.'",
        "turn 3 message_output_created 'It rains.'",
    ]:
        assert sum(text.partition(" ")[2] == line for text in told) == 1, line


async def test_a_line_tells_of_attempts_and_of_nested_agents() -> None:
    own, lines = logger()
    event = (await a_run().pipe(ops.to_list()))[1]
    again = replace(event, seq=7, attempt=2, path=("Outer", "Inner"))
    await Stream.of(again, replace(event, seq=-1, turn=0)).pipe(ops.log(own))
    assert [text for _, text in lines[:2]] == [
        "#7 turn 1 attempt 2 Outer > Inner response.created",
        "response.created",
    ]


async def test_long_values_are_cut_to_a_line() -> None:
    own, lines = logger()

    class Wide:
        def __repr__(self) -> str:
            return "first line\nsecond line"

    class Broken:
        def __repr__(self) -> str:
            raise ValueError("no repr")

    call = function_call("weather", {"city": "O" * 1000 + "\n"})
    model = ScriptedModel([[call], [assistant_message("x" * 1000)]])
    await Runner.observe(Agent("A", tools=[weather], model=model), "go").pipe(ops.log(own))
    await Stream.of("x" * 1000, list(range(1000)), Wide(), Broken(), None).pipe(ops.log(own))
    texts = [text for _, text in lines]
    assert all(len(text) < 150 and "\n" not in text for text in texts)
    assert "first line second line" in texts
    assert texts[-2] == "None"


async def test_an_error_is_logged_as_one() -> None:
    own, lines = logger()
    with pytest.raises(OSError, match="cut"):
        await Stream.throw(OSError("cut\nin two")).pipe(ops.log(own, label="answer"))
    assert lines == [("ERROR", "answer: failed: OSError: cut in two")]


async def test_being_left_is_logged() -> None:
    own, lines = logger()
    await Stream.of(1, 2, 3).pipe(ops.log(own, level=logging.INFO, label="n"), ops.take(1))
    assert lines == [("INFO", "n: 1"), ("INFO", "n: left")]


async def test_a_format_makes_the_text() -> None:
    own, lines = logger()
    await Stream.of(1, 2).pipe(ops.log(own, format=lambda number: f"no. {number}"))
    assert [text for _, text in lines] == ["no. 1", "no. 2", "completed"]


async def test_a_format_that_raises_ends_the_stream() -> None:
    own, lines = logger()
    out: list[int] = []

    def inverse(number: int) -> str:
        return str(1 // number)

    with pytest.raises(ZeroDivisionError):
        async for value in Stream.of(1, 0, 2).pipe(ops.log(own, format=inverse)):
            out.append(value)
    assert out == [1]
    assert [level for level, _ in lines] == ["DEBUG", "ERROR"]
    assert lines[1][1].startswith("failed: ZeroDivisionError: ")


async def test_a_logger_has_a_name_by_default_and_may_be_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    await Stream.of(1).pipe(ops.log(), ops.log("mine"), ops.log(logging.getLogger("other")))
    names = [record.name for record in caplog.records if record.getMessage() == "1"]
    assert names == ["rxagents.events", "mine", "other"]


async def test_an_adapter_is_a_logger() -> None:
    own, lines = logger()

    class Shouting(logging.LoggerAdapter[logging.Logger]):
        def process(self, msg: Any, kwargs: Any) -> Any:
            return f"!{msg}", kwargs

    await Stream.of(1).pipe(ops.log(Shouting(own, {})))
    assert lines == [("DEBUG", "!1"), ("DEBUG", "!completed")]


async def test_only_errors_are_logged_where_the_level_is_off() -> None:
    own, lines = logger(logging.WARNING)

    def told(_: object) -> str:
        raise AssertionError("nothing is to be described")

    source = Stream.of(1).concat(Stream.throw(OSError("cut")))
    with pytest.raises(OSError, match="cut"):
        await source.pipe(ops.log(own, format=told))
    assert lines == [("ERROR", "failed: OSError: cut")]


async def test_a_level_that_is_turned_down_meanwhile_holds() -> None:
    own, lines = logger()
    source: Subject[int] = Subject()
    described: list[int] = []

    def told(value: int) -> str:
        described.append(value)
        return str(value)

    Stream.from_observable(source).pipe(ops.log(own, format=told)).subscribe()
    source.on_next(1)
    own.setLevel(logging.INFO)
    source.on_next(2)
    source.on_completed()
    assert lines == [("DEBUG", "1")]
    assert described == [1]


def test_with_its_logger_off_a_log_is_not_there() -> None:
    """The source gets the observer that it gets without it, and its own subscription is given."""
    observers: list[abc.ObserverBase[int]] = []
    own = Disposable()

    def subscribe(
        observer: abc.ObserverBase[int], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        observers.append(observer)
        return own

    observer = Observer[int]()
    logged: Any = ops.log(logger(logging.CRITICAL)[0])(Observable(subscribe))
    assert logged._subscribe_core(observer, None) is own
    assert observers == [observer]

    def depth(*more: Operator) -> int:
        depths: list[int] = []
        source: Subject[int] = Subject()
        stream: Any = Stream.from_observable(source).pipe(*more)
        stream.subscribe(lambda _: depths.append(len(inspect.stack())))
        source.on_next(1)
        return depths[0]

    off = ops.log(logger(logging.CRITICAL)[0])
    assert depth(off, off, off) == depth()
    assert depth(ops.log(logger()[0])) > depth(), "the test can tell"


async def test_the_logger_is_asked_at_each_subscription() -> None:
    own, lines = logger(logging.CRITICAL)
    source = Stream.of(1).pipe(ops.log(own))
    await source
    assert lines == []
    own.setLevel(logging.DEBUG)
    await source
    assert [text for _, text in lines] == ["1", "completed"]


def test_what_is_no_logger_and_no_level_is_refused_at_once() -> None:
    wrong: Any = print
    with pytest.raises(
        TypeError, match="logger must be a logger or the name of one, not <built-in"
    ):
        ops.log(wrong)
    wrong = "INFO"
    with pytest.raises(
        TypeError, match=r"level must be a number such as logging\.INFO, not 'INFO'"
    ):
        ops.log(level=wrong)

    async def told(_: object) -> str:
        return ""

    with pytest.raises(AsyncCallbackError, match="format is the async function"):
        ops.log(format=told)  # type: ignore[arg-type]


# --- trace ----------------------------------------------------------------------------------


async def test_trace_writes_a_line_for_each_signal_with_its_time() -> None:
    lines: list[str] = []
    traced = cold("-a--b|").pipe(ops.trace("letters", write=lines.append))
    for _ in range(2):
        await expect(traced).to_be("-a--b|")
    assert lines == [
        f"letters#{number} {rest}"
        for number in (1, 2)
        for rest in (
            "   0.000  subscribe",
            "   1.000  next 'a'",
            "   4.000  next 'b'",
            "   5.000  completed",
            "   5.000  dispose",
        )
    ]


async def test_trace_tells_errors_and_leaving() -> None:
    lines: list[str] = []
    trace = ops.trace(write=lines.append)
    await expect(cold("-#", error=OSError("cut")).pipe(trace)).to_be("-#", error=OSError)
    await expect(cold("-a--").pipe(trace)).to_be("-a-", unsubscribe="--!")
    assert [line.split(None, 2)[2] for line in lines] == [
        *["subscribe", "error OSError: cut", "dispose"],
        *["subscribe", "next 'a'", "dispose"],
    ]


async def test_trace_shows_the_credit_and_when_it_is_used_up() -> None:
    lines: list[str] = []
    source: Subject[int] = Subject()  # it cannot be held back
    traced = Stream.from_observable(source).pipe(ops.trace(write=lines.append))
    async with traced.iterate(high=2, low=0) as values:
        for number in range(3):
            source.on_next(number)
        for _ in range(3):
            await anext(values)
        source.on_completed()
    assert [line.split(None, 2)[2] for line in lines] == [
        "0/2  subscribe",
        "0/2  next 0",
        "1/2  next 1",
        "2/2! next 2",
        "0/2  completed",
        "0/2  dispose",
    ]


async def test_a_trace_before_an_operator_with_a_line_shows_its_credit() -> None:
    before: list[str] = []
    behind: list[str] = []

    async def same(value: int) -> int:
        return value

    chain = Stream.from_iterable(range(3)).pipe(
        ops.trace(write=before.append),
        ops.map_async(same, concurrency=2),
        ops.trace(write=behind.append),
    )
    assert await chain == 2
    credits = [
        {line.split()[2].partition("/")[2].rstrip("!") for line in t} for t in (before, behind)
    ]
    assert credits[1] == {"64"}
    assert credits[0] != {"64"}


async def test_trace_writes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    Stream.of(1).pipe(ops.trace("one")).subscribe()
    await asyncio.sleep(1)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "one#1    0.000  subscribe",
        "one#1    0.000  next 1",
        "one#1    0.000  completed",
        "one#1    0.000  dispose",
    ]


def test_the_time_of_a_trace_is_the_schedulers() -> None:
    scheduler = TestScheduler()
    source: Subject[str] = Subject()
    lines: list[str] = []
    traced = Stream.from_observable(source).pipe(ops.trace("t", write=lines.append))
    traced.subscribe(scheduler=scheduler)
    scheduler.schedule_absolute(7.5, lambda *_: source.on_next("a"))
    scheduler.start()
    assert lines == ["t#1    0.000  subscribe", "t#1    7.500  next 'a'"]


async def test_a_write_that_raises_ends_the_stream() -> None:
    def write(line: str) -> None:
        if "next" in line:
            raise KeyError("full")

    source = cold("                                       -a-b|")
    await expect(source.pipe(ops.trace(write=write))).to_be("-#", error=KeyError("full"))
    source.expect_subscriptions("                         ^!")


def test_an_async_write_is_refused_at_once() -> None:
    async def write(_: str) -> None:
        """Never awaited."""

    with pytest.raises(AsyncCallbackError, match="write is the async function"):
        ops.trace(write=write)
