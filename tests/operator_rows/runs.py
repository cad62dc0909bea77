"""Operators for the events of a run."""

from __future__ import annotations

import atexit
import itertools
import shutil
import tempfile
from dataclasses import replace
from typing import Any

from reactivex import operators as rx

from rxagents import (
    Agent,
    AgentUpdatedStreamEvent,
    RecordingError,
    RunItemStreamEvent,
    ToolCallOutputItem,
)
from rxagents import operators as ops
from rxagents.operators import Snapshot, SnapshotDiff

from .changing import together
from .events import arguments_delta, reasoning_delta, refusal_delta, text_delta, the
from .lists import members, whole
from .row import Row

FOLDER = tempfile.mkdtemp(prefix="rxagents-laws-")
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
FILES = (f"{FOLDER}/{number}.jsonl" for number in itertools.count())

AGENT = Agent("Guide")

EVENTS = {
    "g": the("agent_updated_stream_event"),
    "c": the("response.created"),
    "d": the("response.output_text.delta"),
    "e": the("response.output_text.delta", 1),
    "m": the("message_output_created"),
    "a": the("response.output_item.added", 1),
    "b": the("response.function_call_arguments.delta"),
    "f": the("response.function_call_arguments.delta", 1),
    "k": the("response.output_item.done", 1),
    "t": the("tool_called"),
    "z": the("response.completed"),
    "o": the("tool_output"),
    "r": the("response.created", 1),
    "s": the("response.output_text.delta", 2),
    "y": the("response.completed", 1),
    "x": replace(the("response.output_text.delta"), path=("Other",)),
    "i": reasoning_delta("Hm."),
    "j": refusal_delta("No."),
}
"""What the letters of the diagrams are."""


def both(*letters: str) -> Any:
    """The last of several deltas, with the text of all."""
    last = EVENTS[letters[-1]]
    text = "".join(EVENTS[letter].data.delta for letter in letters)
    return replace(last, data=last.data.model_copy(update={"delta": text}))


def numbered(number: int) -> Any:
    return text_delta(f"{number} ")


def output(number: int) -> Any:
    raw: Any = {}
    item = ToolCallOutputItem(AGENT, raw, output=number)
    return RunItemStreamEvent(name="tool_output", item=item)


def arguments(number: int) -> Any:
    """What a long list is written with, as the arguments of one call."""
    if number == 0:
        return EVENTS["a"]
    return arguments_delta(f"{number - 1}, " if number > 1 else '{"a": [', EVENTS["a"])


def a_turn(number: int) -> Any:
    return text_delta("x", turn=number + 1)


def a_response(number: int) -> Any:
    return replace(EVENTS["y"], data=EVENTS["y"].data.model_copy())


def newest_word(snapshot: Any) -> list[int]:
    return [int(snapshot.entries[-1].text.split()[-1])]


def row(name: str, source: str, result: str, *, make: Any = None, **fields: Any) -> Row:
    """A row for events of a run."""
    values = {**EVENTS, **fields.pop("values", {})}
    event = fields.pop("event", numbered)
    operator = make or (lambda: getattr(ops, name)())
    return Row(name, operator, source=source, result=result, values=values, event=event, **fields)


ROWS = [
    # --- which events ---------------------------------------------------------------------------
    row(
        "raw",
        "-gdem|",
        "--DE-|",
        make=lambda: ops.raw("response.output_text.delta"),
        values={"D": EVENTS["d"].data, "E": EVENTS["e"].data},
        reads=lambda data: data.delta,
    ),
    row(
        "items",
        "-dmto-|",
        "---T--|",
        make=lambda: ops.items("tool_called"),
        fast=lambda: ops.items(),
        values={"T": EVENTS["t"].item},
        event=output,
        reads=lambda item: item.output,
    ),
    row(
        "by_name",
        "-dmto-|",
        "---to-|",
        make=lambda: ops.by_name("tool_called", "tool_output"),
        event=output,
        reads=lambda event: event.item.output,
    ),
    row(
        "from_agent",
        "-dxe-|",
        "-d-e-|",
        make=lambda: ops.from_agent("Guide"),
        event=lambda number: text_delta(f"{number} ", path=("Guide",)),
    ),
    row(
        "agent_updates",
        "-gd-|",
        "-G--|",
        values={"G": EVENTS["g"].new_agent},
        event=lambda number: AgentUpdatedStreamEvent(new_agent=Agent(str(number))),
        reads=lambda agent: int(agent.name),
    ),
    # --- what the model says --------------------------------------------------------------------
    row(
        "text_deltas",
        "-demts-|",
        "-DE-SF-|",
        values={"D": "Let", "E": " me", "S": "\n\n", "F": "Sunny."},
    ),
    row(
        "text",
        "-dezrs-|",
        "-DE--F-|",
        values={"D": "Let", "E": "Let me", "F": "Sunny."},
        reads=lambda so_far: [int(so_far.split()[-1])],
        count=1000,
    ),
    row(
        "reasoning_deltas",
        "-i-d|",
        "-I--|",
        values={"I": "Hm."},
        event=lambda number: reasoning_delta(f"{number} "),
    ),
    row(
        "refusal_deltas",
        "-j-d|",
        "-J--|",
        values={"J": "No."},
        event=lambda number: refusal_delta(f"{number} "),
    ),
    row(
        "tool_arguments",
        "-abfk-|",
        "-1234-|",
        make=lambda: together(
            ops.tool_arguments(), rx.map(lambda call: (call.arguments, call.done))
        ),
        fast=lambda: ops.tool_arguments(),
        values={
            "1": ("", False),
            "2": ('{"city":', False),
            "3": ('{"city": "Oslo"}', False),
            "4": ('{"city": "Oslo"}', True),
        },
        event=arguments,
        reads=lambda call: call.value.get("a", [])[-1:],
        count=500,
        bound=lambda high: high + 3,
        why="the call begins without a number, and the last number may go on",
    ),
    row(
        "frame",
        "-dee-----|",
        "-d---E---|",
        make=lambda: ops.frame(0.25),
        fast=lambda: ops.frame(),
        time=True,
        values={"E": both("e", "e")},
        high=1,
        bound=lambda high: 1024 * (high + 1),
        why="an event has 1024 deltas at most, and another may be waiting",
    ),
    # --- a run as a whole -----------------------------------------------------------------------
    row(
        "timings",
        "-cdtz-o----s-y-|",
        "--F---(TU)-F-U-(R|)",
        make=lambda: together(ops.timings(), rx.map(lambda timing: timing.kind)),
        values={"F": "first_token", "T": "tool", "U": "turn", "R": "run"},
        event=a_turn,
        reads=lambda timing: timing.turn - 1,
        fast=lambda: ops.timings(),
    ),
    row(
        "usage",
        "-zdy-|",
        "-1-2-|",
        make=lambda: together(ops.usage(), rx.map(lambda total: total.requests)),
        event=a_response,
        reads=lambda total: total - 1,
    ),
    row(
        "snapshot",
        "-dem-|",
        "-DEM-(N|)",
        make=lambda: together(
            ops.snapshot(),
            rx.map(lambda now: (now.entries[-1].text if now.entries else "", now.is_complete)),
        ),
        fast=lambda: ops.snapshot(),
        failed="-DEM-#",
        lost="only a run that has completed is complete",
        empty="(O|)",
        values={
            "D": ("Let", False),
            "E": ("Let me", False),
            "M": ("Let me", False),
            "N": ("Let me", True),
            "O": ("", True),
        },
        reads=newest_word,
        count=500,
    ),
    row(
        "diff",
        "-p-q-|",
        "-P-Q-|",
        values={
            "p": Snapshot(turn=1),
            "q": Snapshot(turn=2),
            "P": SnapshotDiff(turn=1),
            "Q": SnapshotDiff(turn=2),
        },
        event=lambda number: Snapshot(turn=number + 1),
        reads=lambda change: change.turn - 1,
    ),
    row(
        "record",
        "-d-e-|",
        "-d-e-|",
        make=lambda: ops.record(next(FILES), fsync="never"),
        beside="#",  # it would write to the same file
        raises=RecordingError,
        count=1000,
    ),
    # --- in groups ------------------------------------------------------------------------------
    row(
        "by_turn",
        "-gdrs|",
        "-GDRS|",
        make=lambda: members(ops.by_turn()),
        fast=lambda: whole(ops.by_turn()),
        values={
            "G": (0, EVENTS["g"]),
            "D": (1, EVENTS["d"]),
            "R": (2, EVENTS["r"]),
            "S": (2, EVENTS["s"]),
        },
    ),
    row(
        "by_agent",
        "-dxe-|",
        "-DXE-|",
        make=lambda: members(ops.by_agent()),
        fast=lambda: whole(ops.by_agent()),
        values={
            "D": ("Guide", EVENTS["d"]),
            "X": ("Other", EVENTS["x"]),
            "E": ("Guide", EVENTS["e"]),
        },
    ),
    row(
        "by_tool_call",
        "-dato-|",
        "--ATO-|",
        make=lambda: members(ops.by_tool_call()),
        fast=lambda: whole(ops.by_tool_call()),
        values={
            "A": ("call_weather", EVENTS["a"]),
            "T": ("call_weather", EVENTS["t"]),
            "O": ("call_weather", EVENTS["o"]),
        },
        event=arguments,
        bound=lambda high: high + 3,
        why="the call begins without a number",
    ),
]
