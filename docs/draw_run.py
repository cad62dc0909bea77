"""Makes a run and draws it as a marble diagram: the picture at the top of the README.

    python docs/draw_run.py [--model local] [--prompt "..."] [-o docs/run.svg]

Every marble is an event of one real run, or what an operator made of that run, at the time it came.
`record` makes the run; `draw` turns what was recorded into SVG and does nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from unicodedata import east_asian_width
from xml.sax.saxutils import escape

from rxagents import Agent, ItemHelpers, ModelSettings, RunItem, Runner, StreamEvent, function_tool
from rxagents import operators as ops

# --- the run --------------------------------------------------------------------------------


class Marble(NamedTuple):
    """One event of a stream, `time` seconds after the run's first; large if it has a label."""

    time: float
    name: str
    kind: str
    label: str = ""


@dataclass
class Lane:
    """A stream: the code that gives it, and what came out."""

    code: str
    marbles: list[Marble] = field(default_factory=list)
    end: float | None = None
    notes: list[tuple[float, float, str]] = field(default_factory=list)
    """What went on from when to when."""


@function_tool
async def weather(city: str) -> str:
    """Tell the weather in a city."""
    await asyncio.sleep(0.1)  # as long as a weather service would take
    return "It is sunny, 21 °C. There is a concert in the park. Ferries leave every hour."


GUIDE = Agent(
    "Guide",
    instructions="Tell the user about the weather in two short sentences.",
    tools=[weather],
    model_settings=ModelSettings(temperature=0.0),
)
PROMPT = "What is the weather in Oslo? What shall I do there?"
KINDS = {
    "response.output_text.delta": "text",
    "response.function_call_arguments.delta": "arguments",
    "tool_call_item": "call",
    "tool_call_output_item": "output",
    "message_output_item": "message",
}


async def record(agent: Agent[Any], prompt: str) -> list[Lane]:
    """Run `agent` once and listen to the run in four ways. Raises what the run raises."""
    run = Runner.run_streamed(agent, prompt)
    clock = asyncio.get_running_loop().time
    first: list[tuple[float, float]] = []  # the first event's time, and the loop's time then
    turns: dict[int, list[float]] = {}
    lanes: list[Lane] = []

    def now() -> float:
        return clock() - first[0][1]

    def event_marble(event: StreamEvent) -> Marble:
        first[:] = first or [(event.time, clock())]
        time = event.time - first[0][0]
        if event.type == "agent_updated_stream_event":
            return Marble(time, event.type, "agent", f"agent {event.new_agent.name}")
        if event.type == "run_item_stream_event":
            return Marble(time, event.name, KINDS.get(event.item.type, "agent"), event.name)
        turns.setdefault(event.turn, []).append(time)
        return Marble(time, event.data.type, KINDS.get(event.data.type, "raw"))

    def item_marble(item: RunItem) -> Marble:
        return Marble(now(), item.type, KINDS.get(item.type, "agent"), _value(item))

    def listen(stream: Any, marble: Callable[[Any], Marble], code: str) -> None:
        def completed() -> None:
            lane.end = now()

        lane = Lane(code)
        lanes.append(lane)
        # An error need not be told here: reading the run below raises it.
        stream.subscribe(
            lambda value: lane.marbles.append(marble(value)), lambda _: None, completed
        )

    listen(run, event_marble, f"run = Runner.run_streamed(agent, {_quoted(prompt)})")
    listen(run.pipe(ops.items()), item_marble, "run.pipe(ops.items())")
    listen(
        run.pipe(ops.text_deltas()),
        lambda piece: Marble(now(), _quoted(piece), "text"),
        "run.pipe(ops.text_deltas())",
    )
    listen(
        run.pipe(ops.text_deltas(), ops.sentences()),
        lambda sentence: Marble(now(), "sentence", "sentence", _quoted(sentence)),
        "run.pipe(ops.text_deltas(), ops.sentences())",
    )
    async for _ in run.stream_events():
        pass

    for turn, times in turns.items():
        note = f"turn {turn}: {len(times)} raw events"
        lanes[0].notes.append((times[0], times[-1], note))
    if pieces := lanes[2].marbles:
        begin = ", ".join(piece.name for piece in pieces[:3])
        note = f"{len(pieces)} deltas: {begin}, …"
        lanes[2].notes.append((pieces[0].time, pieces[-1].time, note))
    return lanes


def _quoted(text: str) -> str:
    return json.dumps(_short(text), ensure_ascii=False)


def _value(item: RunItem) -> str:
    if item.type == "tool_call_output_item":
        return _quoted(_short(str(item.output), 26))
    if item.type == "message_output_item":
        return _quoted(_short(ItemHelpers.text_message_output(item), 26))
    arguments = " ".join(str(getattr(item.raw_item, "arguments", "")).split()).strip("{} ")
    arguments = re.sub(r'"(\w+)": ?', r"\1=", arguments)
    return f"{getattr(item.raw_item, 'name', item.type)}({arguments})"


# --- the picture ----------------------------------------------------------------------------

WIDTH = 880
LEFT, RIGHT = 24, WIDTH - 24  # of boxes and text
FIRST, LAST = 48, WIDTH - 56  # of marbles
BOX, ROW, CHAR = 32, 20, 7.8  # heights of a box and of a row of labels; width of a letter
BREAK = 48  # width of the mark for a silence that is left out
STYLE = """
svg { --card:#fff; --edge:#d8dee4; --ink:#1f2328; --soft:#59636e; --line:#8c959f; --box:#f3f5f8;
  --grid:#eaeef2; --amber:#c2700a; --green:#14855a; --blue:#1f6feb; --violet:#7c4ddb }
@media (prefers-color-scheme: dark) { svg { --card:#0d1117; --edge:#30363d; --ink:#e6edf3;
  --soft:#9aa4af; --line:#6e7681; --box:#171d26; --grid:#1c232c; --amber:#e3a13c; --green:#3fb983;
  --blue:#58a6ff; --violet:#b392f5 } }
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  fill: var(--ink); white-space: pre }
.code { font-size: 15px; fill: var(--soft) }
.code tspan { fill: var(--ink); font-weight: 600 }
.note, .tick { fill: var(--soft) }
.tick { font-size: 12px }
.patch, .card { fill: var(--card) }
.card, .box { stroke: var(--edge) }
.box { fill: var(--box) }
path { fill: none; stroke: var(--line) }
.line { stroke-width: 1.5px }
.grid { stroke: var(--grid) }
.guide { stroke-dasharray: 2 4 }
.end { stroke: var(--ink); stroke-width: 2.5px; stroke-linecap: round }
circle { fill: var(--line); stroke: var(--card); stroke-width: 1px }
.large { stroke-width: 2px }
.arguments, .call { fill: var(--amber) }
.output { fill: var(--green) }
.text, .message { fill: var(--blue) }
.sentence { fill: var(--violet) }
"""


class Axis:
    """Where a time is. A silence longer than a quarter of the run is cut to a break mark."""

    def __init__(self, times: Iterable[float]) -> None:
        points = sorted({0.0, *times})
        self.end = points[-1]
        self.cuts = [(a, b) for a, b in pairwise(points) if b - a > max(self.end / 4, 0.1)]
        shown = self.end - sum(b - a for a, b in self.cuts)
        self.scale = (LAST - FIRST - BREAK * len(self.cuts)) / (shown or 1.0)

    def x(self, time: float) -> float:
        x = FIRST + time * self.scale
        for start, end in self.cuts:
            inside = min(max(time - start, 0.0), end - start)
            x += inside * (BREAK / (end - start) - self.scale)
        return x

    def breaks(self) -> list[tuple[float, str]]:
        """The middle of each break, and how long the silence was."""
        return [(self.x((a + b) / 2), f"… {b - a:.1f} s …") for a, b in self.cuts]

    def ticks(self) -> Iterator[tuple[float, str]]:
        """Round times, far enough apart, with their text."""
        least = 90 / self.scale
        power = 10.0 ** math.floor(math.log10(least))
        step = next(power * n for n in (1, 2, 5, 10) if power * n >= least)
        taken = [x for x, _ in self.breaks()]
        for n in range(math.floor(self.end / step) + 1):
            x = self.x(n * step)
            if all(abs(x - other) >= 60 for other in taken):
                taken.append(x)
                yield x, f"{n * step:g} s"


class Flag(NamedTuple):
    """Where a label is: its row, counted from the line, what it takes up of that, and its pole."""

    row: int
    left: float
    right: float
    pole: float


def arrange(labels: Sequence[tuple[float, str]]) -> list[Flag]:
    """A flag for each label, with its pole at the label's x, such that no two overlap.

    It is to the left of its pole, or to the right where there is no room, and in the first row
    where neither it nor its pole meets another.
    """
    flags: list[Flag] = []
    for x, text in labels:
        width = _width(text)
        left = x - 6 - width
        if left < LEFT:
            left = min(x + 6, RIGHT - width)
        rows = range(1 + max((flag.row for flag in flags), default=-1))
        tries = [Flag(row, left, left + width, x) for row in (*rows, len(rows))]
        flags.append(
            next((one for one in tries if not any(_meet(one, f) for f in flags)), tries[-1])
        )
    return flags


def _meet(one: Flag, other: Flag) -> bool:
    low, high = sorted((one, other))
    if low.row == high.row:
        return low.right + CHAR > high.left
    return low.left < high.pole < low.right


def _width(text: str) -> float:
    return CHAR * sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _short(text: str, most: int = 48) -> str:
    """The text, or as much of its beginning as takes the room of `most` Latin letters."""
    cut = text
    while _width(cut) > most * CHAR:
        cut = cut[:-1]
    return text if cut == text else f"{cut[:-2].rpartition(' ')[0] or cut[:-2]} …"


def draw(lanes: Sequence[Lane], title: str) -> str:
    """The lanes as an SVG picture. The same lanes always give the same text.

    Lines lead from the large marbles of a lane up to the lane above.
    """
    times = [marble.time for lane in lanes for marble in lane.marbles]
    axis = Axis([*times, *(lane.end for lane in lanes if lane.end is not None)])
    guides: list[str] = []
    parts: list[str] = []
    y = above = 20.0
    for number, lane in enumerate(lanes):
        drawn, line, bottom = _lane(lane, axis, y, first=number == 0)
        parts += [f'<g class="lane" id="lane-{number}">', *drawn, "</g>"]
        if number:
            xs = [axis.x(marble.time) for marble in lane.marbles if marble.label]
            guides += [_path("guide", f"M{x:.1f} {above:.1f}V{line:.1f}") for x in xs]
        y, above = bottom, line
    ticks = list(axis.ticks())
    grid = [_path("grid", f"M{x:.1f} 20V{y:.1f}") for x, _ in ticks]
    marks = [_text("tick", x, y + 14, text) for x, text in [*ticks, *axis.breaks()]]
    told = "; ".join(f"{lane.code} with {len(lane.marbles)} events" for lane in lanes)
    size = f'width="{WIDTH}" height="{y + 30:.0f}" viewBox="0 0 {WIDTH} {y + 30:.0f}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" '
            'aria-labelledby="title desc">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="desc">Marble diagram of {axis.end:.1f} seconds: {escape(told)}.</desc>',
            f"<style>{STYLE}</style>",
            _rect("card", 0.5, 0.5, WIDTH - 1, y + 29),
            *[*grid, *guides, *parts, *marks],
            "</svg>\n",
        ]
    )


def _lane(lane: Lane, axis: Axis, top: float, *, first: bool) -> tuple[list[str], float, float]:
    """The lane under its box, the height of its line, and where the next one may begin.

    Below the line are its notes, and below these its labels; the first lane has them on top.
    """
    labels = [(axis.x(each.time), _short(each.label, 60)) for each in lane.marbles if each.label]
    notes = [(axis.x(end), _short(text, 60)) for _, end, text in lane.notes]
    flags, note_flags = arrange(labels), arrange(notes)
    room = ROW * (1 + max((flag.row for flag in flags), default=-1))
    note_room = ROW * (1 + max((flag.row for flag in note_flags), default=-1))
    line = top + BOX + 24 + (room if first else 0)
    below = line + 14 + (note_room + 8 if notes else 0)

    drawn = [
        _rect("box", LEFT, top, RIGHT - LEFT, BOX),
        _text("code", WIDTH / 2, top + 21, _short(lane.code, 90)),
        _timeline(axis, line),
    ]
    for (start, end, _), (_, text), flag in zip(lane.notes, notes, note_flags, strict=True):
        bracket = f"M{axis.x(start):.1f} {line + 12:.1f}v4H{axis.x(end):.1f}v-4"
        drawn.append(_path("bracket", bracket))
        drawn += _label("note", flag, line + 34 + flag.row * ROW, text)
    for (_, text), flag in zip(labels, flags, strict=True):
        y = line - 18 - flag.row * ROW if first else below + 14 + flag.row * ROW
        drawn.append(_path("pole", f"M{flag.pole:.1f} {line:.1f}V{y - 4:.1f}"))
        drawn += _label("label", flag, y, text)
    if lane.end is not None:
        drawn.append(_path("end", f"M{axis.x(lane.end):.1f} {line - 16:.1f}v32"))
    large_last = sorted(lane.marbles, key=lambda marble: bool(marble.label))
    drawn += [_circle(marble, axis.x(marble.time), line) for marble in large_last]
    return drawn, line, below + (0 if first else room) + 16


def _timeline(axis: Axis, y: float) -> str:
    path = f"M{LEFT} {y:.1f}"
    for x, _ in axis.breaks():
        path += f"H{x - 4:.1f}m-3 6l6 -12m2 12l6 -12M{x + 4:.1f} {y:.1f}"
    return _path("line", f"{path}H{RIGHT}m-7 -5l7 5l-7 5")


def _circle(marble: Marble, x: float, y: float) -> str:
    kind, radius = (f"large {marble.kind}", 8) if marble.label else (marble.kind, 3.5)
    told = f"<title>{escape(marble.name)} at {marble.time:.3f} s</title>"
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}">{told}</circle>'


def _label(kind: str, flag: Flag, y: float, text: str) -> list[str]:
    """The text, as wide as its flag in whatever font, over a patch that hides lines behind it."""
    width = flag.right - flag.left
    return [
        _rect("patch", round(flag.left - 3, 1), y - 13, round(width + 6, 1), 17),
        f'<text class="{kind}" x="{flag.left:.1f}" y="{y:.1f}" textLength="{width:.1f}">'
        f"{escape(text)}</text>",
    ]


def _text(kind: str, x: float, y: float, text: str) -> str:
    bold = re.sub(r"((?:ops|Runner)\.\w+)", r"<tspan>\1</tspan>", escape(text))
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{bold}</text>'


def _path(kind: str, path: str) -> str:
    return f'<path class="{kind}" d="{path}"/>'


def _rect(kind: str, x: float, y: float, width: float, height: float) -> str:
    corner = f'x="{x:g}" y="{y:.1f}" width="{width:g}" height="{height:.0f}"'
    return f'<rect class="{kind}" {corner} rx="8"/>'


async def main() -> None:
    """Make the run, and write its picture."""
    parser = argparse.ArgumentParser(description="Draw a run as a marble diagram.")
    parser.add_argument("--model", default="local", help="default: the embedded model")
    parser.add_argument("--prompt", default=PROMPT)
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent / "run.svg")
    arguments = parser.parse_args()
    agent = GUIDE.clone(model=arguments.model)
    if arguments.model == "local":
        await Runner.run(agent, "Hello")  # loads the weights
    lanes = await record(agent, arguments.prompt)
    arguments.output.write_text(draw(lanes, "A run, and three streams made of it"), "utf-8")


if __name__ == "__main__":
    asyncio.run(main())
