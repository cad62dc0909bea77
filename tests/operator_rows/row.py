"""What the table of operators says of each: `Row`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from rxagents.stream import Stream
from rxagents.testing import MarbleError
from rxagents.testing.marble_diagram import parse, parse_lifetime

DIGITS = {str(number): number for number in range(10)}


class Number(float):
    """A number that can be watched: a source of thousands of them emits these."""


class Piece(str):
    """A piece of text that can be watched."""

    __slots__ = ("__weakref__",)


def piece(number: int) -> Piece:
    """A piece of text in which a number can be found again."""
    return Piece(f"{number} ")


def at_most(events: int) -> Callable[[int], int]:
    """A bound that does not depend on the consumer's credit."""
    return lambda _: events


@dataclass(frozen=True)
class Row:
    """One operator, with what the laws need to know of it.

    In its diagrams a frame is a second. Digits are numbers, letters are strings unless `values`
    has something else for them.
    """

    name: str
    make: Callable[..., Any]
    """Makes the operator, of `functions` and then a stream for each of `others`."""
    _: KW_ONLY
    variant: str = ""
    """Tells rows of the same operator apart."""

    source: str
    """What it is put behind. It completes."""
    result: str
    """What then comes."""
    failed: str = ""
    """What comes if the source fails where it would complete; by default the same with `#`."""
    lost: str = ""
    """For a lossless one, why `failed` has less than `result`."""
    empty: str = "|"
    """What comes of a source that completes at once; nothing if it begins again for ever."""
    raises: type[Exception] = MarbleError
    """The error that a `#` is, where it is not the source's."""
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    others: tuple[str, ...] = ()
    """The other streams that it is given."""
    lasts: tuple[str, ...] = ()
    """How long it stays with the source; by default until either has ended."""
    lasts_failed: tuple[str, ...] = ()
    """The same where the source fails."""
    runs_on: str = ""
    """Why leaving it does not leave the source."""

    again: str = ""
    """What a second subscriber sees when the first has seen the end; by default `result`."""
    beside: str = ""
    """What one sees that comes a frame after the first; by default `result`."""

    kind: str = ""
    """Its class, where that is not the one of the operator."""
    time: bool = False
    """Whether it reads the clock or sets timers."""

    functions: tuple[Callable[..., Any], ...] = ()
    """The functions that `make` is called with."""
    may_be_async: bool = False
    """Whether they may be `async def`."""
    not_called: str = ""
    """Why no function is called for a source as drawn, and where the tests are that have one."""

    bound: Callable[[int], int] = lambda high: high
    """How many events it, and a consumer that grants `high`, may be behind a fast source."""
    why: str = ""
    """Why that is not `high`."""
    free: str = ""
    """Why one that is lossless lets the source run; `bound` is then for the events it keeps."""
    held_back: str = ""
    """Why one that is conflating does not let it run."""
    grows: Callable[[Any], bool] | None = None
    """For an unbounded one that keeps no events: whether what comes shows that it has grown."""
    high: int = 8
    """The credit of the consumer in the law of bounds."""
    count: int = 5000
    """The events of the fast source."""
    event: Callable[[int], Any] = Number
    """The events of the fast source, by their number."""
    reads: Callable[[Any], Any] | None = None
    """Finds in an event that comes the numbers of the events that it is made of."""
    fast: Callable[..., Any] | None = None
    """`make` for the fast source, where that must be another one."""
    inside: Callable[[Stream[Any]], Stream[Any]] | None = None
    """A stream in which the operator subscribes to the given one."""
    inside_bound: Callable[[int], int] = lambda high: high
    """How many events that one may be ahead of the consumer."""
    inside_free: str = ""
    """Why it lets that one run; then `inside_bound` is for the events that it keeps."""

    def __str__(self) -> str:
        return f"{self.name}-{self.variant}" if self.variant else self.name

    @property
    def drawn(self) -> dict[str, Any]:
        """What each character of the diagrams is."""
        return {**DIGITS, **self.values}

    @property
    def failing_source(self) -> str:
        """The source, with an error in the place of its end."""
        return self.source.replace("|", "#")

    @property
    def failing_result(self) -> str:
        """What comes of that."""
        if self.failed:
            return self.failed
        early = end_of(self.result) < end_of(self.source)
        return self.result if early else self.result.replace("|", "#")

    def lifetimes(self, *, failing: bool = False, left: float = float("inf")) -> list[str]:
        """How long it stays with the source, at most to the frame `left`."""
        drawn = self.lasts_failed if failing and self.lasts_failed else self.lasts
        if not drawn:
            result = self.failing_result if failing else self.result
            drawn = (lifetime(0, min(end_of(result), end_of(self.source))),)
        stays = [parse_lifetime(each) for each in drawn]
        if self.runs_on:
            left = float("inf")
        return [
            lifetime(begin, min(float("inf") if end is None else end, left))
            for begin, end in stays
            if begin is not None and begin < left
        ]


def end_of(diagram: str) -> float:
    """The frame of the end; that of a stream without one is infinite."""
    records = parse(diagram)
    return records[-1][0] if records and records[-1][1].kind != "N" else float("inf")


def lifetime(begin: int, end: float) -> str:
    """A subscription from one frame to another, drawn."""
    if end == begin:
        return f"{'-' * begin}(^!)"
    if end == float("inf"):
        return f"{'-' * begin}^"
    return f"{'-' * begin}^{'-' * (int(end) - begin - 1)}!"


def before(diagram: str, frame: int) -> str:
    """What a diagram shows before a frame."""
    diagram = diagram.replace(" ", "")
    head = diagram[:frame]
    if head.count("(") > head.count(")"):  # a group is one instant, however long it is drawn
        head = diagram[: diagram.index(")", frame) + 1]
    return head
