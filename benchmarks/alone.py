"""Our own operators, beside a `map` over the same events: the least an operator can cost.

The sources push their events in one go. So an operator that waits for time has them all waiting
at once, and its row tells what an event costs in its queue.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from pydantic import BaseModel
from reactivex import Observable

from rxagents import RawResponsesStreamEvent, Stream
from rxagents import operators as ops
from rxagents.testing import assistant_message, function_call
from rxagents.testing.response_events import response_events

from .chains import push
from .measuring import Contender, Row, Scale, listen, measure

OURS = "rxagents"
FLOOR = "map"

_VERY_FAST = 1e6  # a second: times that are over before the next event

Operator = Callable[[Observable[Any]], Observable[Any]]


class Report(BaseModel):
    """What the JSON is of."""

    sections: list[str]


def events_of_text(count: int) -> Sequence[Any]:
    """A run's events: `count` deltas of a word each."""
    return _raw(response_events([assistant_message(_text(count))]))


def events_of_a_call(count: int) -> Sequence[Any]:
    """A run's events: a call whose arguments come in about `count` deltas."""
    call = function_call("report", json.dumps({"sections": _text(count)}))
    return _raw(response_events([call]))


def words(count: int) -> Sequence[str]:
    """Deltas of text."""
    return [f"{word} " for word in _text(count).split(" ")]


def json_pieces(count: int) -> Sequence[str]:
    """Deltas of a JSON text: a list of short sections, a word at a time."""
    sections = [" ".join(f"word{n}" for n in range(8)) for _ in range(max(count // 8, 1))]
    text = json.dumps({"sections": sections})
    return re.findall(r"\s*\S+", text)


def numbers(count: int) -> Sequence[int]:
    return range(count)


async def _same(value: int) -> int:
    return value


async def _last(before: int, value: int) -> int:
    return value


CASES: dict[str, tuple[Callable[[int], Sequence[Any]], Callable[[], Operator]]] = {
    "text_deltas": (events_of_text, ops.text_deltas),
    "text_deltas, no separator": (events_of_text, lambda: ops.text_deltas(separator="")),
    "text": (events_of_text, ops.text),
    "reasoning_deltas": (events_of_text, ops.reasoning_deltas),
    "raw": (events_of_text, ops.raw),
    "items": (events_of_text, ops.items),
    "agent_updates": (events_of_text, ops.agent_updates),
    "by_name": (events_of_text, lambda: ops.by_name("tool_called")),
    "from_agent": (events_of_text, lambda: ops.from_agent("A")),
    "of_type": (events_of_text, lambda: ops.of_type(RawResponsesStreamEvent)),
    "frame": (events_of_text, ops.frame),
    "tool_arguments": (events_of_a_call, ops.tool_arguments),
    "words": (words, ops.words),
    "lines": (words, ops.lines),
    "sentences": (words, ops.sentences),
    "paragraphs": (words, ops.paragraphs),
    "markdown_blocks": (words, ops.markdown_blocks),
    "chunks": (words, lambda: ops.chunks(max_chars=80)),
    "smooth": (words, lambda: ops.smooth(chars_per_second=_VERY_FAST)),
    "guard": (words, lambda: ops.guard(re.compile(r"\d{3}-\d{4}"))),
    "redact": (words, lambda: ops.redact(r"\d{3}-\d{4}")),
    "partial": (json_pieces, lambda: ops.partial(Report)),
    "json_items": (json_pieces, lambda: ops.json_items("sections")),
    "final": (json_pieces, lambda: ops.final(Report)),
    "buffer_until": (words, lambda: ops.buffer_until(lambda word: "." in word)),
    "map_async": (numbers, lambda: ops.map_async(_same)),
    "map_async, 8 at once": (numbers, lambda: ops.map_async(_same, concurrency=8)),
    "filter_async": (numbers, lambda: ops.filter_async(_same)),
    "scan_async": (numbers, lambda: ops.scan_async(_last, 0)),
    "share_replay": (numbers, ops.share_replay),
    "limit_rate": (numbers, lambda: ops.limit_rate(_VERY_FAST)),
    "throttle_latest": (numbers, lambda: ops.throttle_latest(0.001)),
    "audit": (numbers, lambda: ops.audit(0.001)),
    "conflate": (numbers, lambda: ops.conflate(max)),
    "on_backpressure_buffer": (numbers, lambda: ops.on_backpressure_buffer(64)),
    "on_backpressure_drop": (numbers, ops.on_backpressure_drop),
    "on_backpressure_latest": (numbers, ops.on_backpressure_latest),
    "fallback": (numbers, lambda: ops.fallback(Stream.of(0))),
    "stall": (numbers, lambda: ops.stall(5.0)),
    "hedge": (numbers, lambda: ops.hedge(5.0)),
}


async def measure_alone(scale: Scale) -> list[Row]:
    """All cases, each with its floor."""
    rows: list[Row] = []
    for name, (source, step) in CASES.items():
        values = source(scale.events)
        contenders: dict[str, Contender] = {
            OURS: partial(_run, values, step),
            FLOOR: partial(_run, values, lambda: ops.map(_nothing)),
        }
        rows.append(await measure(name, contenders, scale, events=len(values), same_results=False))
    return rows


async def _run(values: Sequence[Any], step: Callable[[], Operator]) -> int:
    return await listen(Stream(push(values)).pipe(step()))


def _nothing(value: object) -> object:
    return value


def _text(count: int) -> str:
    """So many words, in sentences of ten and paragraphs of fifty."""
    ends = {n: "." if n % 50 else ".\n\n" for n in range(10, count + 1, 10)}
    return " ".join(f"word{n}{ends.get(n, '')}" for n in range(1, count + 1))


def _raw(events: Sequence[Any]) -> Sequence[RawResponsesStreamEvent]:
    return [
        RawResponsesStreamEvent(event, run_id="run", seq=seq, turn=1, path=("A",))
        for seq, event in enumerate(events)
    ]
