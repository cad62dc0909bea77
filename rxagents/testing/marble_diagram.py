"""Marble diagrams as times and events, and back; nothing here needs an event loop.

    -        a frame in which nothing happens
    a        a value: what `values` has under that character, else the character itself
    |        completion
    #        an error
    (ab|)    several events in one instant, that of its `(`
    ^        in a hot source: frame 0, so that what is drawn before it comes before
    ^ and !  in a lifetime: subscribed, unsubscribed
    space    nothing, and no time either: it aligns lines

Every character but a space takes one frame, also the brackets of a group and what is in it:

    (ab)-c|      a and b at frame 0, c at frame 5, the end at frame 6
    (ab)--       (ab) takes up frames 0 to 3
"""

from __future__ import annotations

import itertools
import re
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar, overload

from reactivex.notification import Notification, OnCompleted, OnError, OnNext

_T = TypeVar("_T")

Record: TypeAlias = tuple[int, Notification[_T]]
"""What happens, and in which frame."""

_SYNTAX = frozenset("-|#()^! ")
_CUT = 60  # frames of a picture after its pointer
_LONG = 300  # characters of a value in a legend
_TIME = re.compile(r"(?:^| )(\d+(?:\.\d+)?(?:ms|s|m))(?= )")


class MarbleError(Exception):
    """The error that a `#` stands for where no other is given."""


class Lifetime(NamedTuple):
    """The frames in which a subscription began and ended; None is for one that did not."""

    begin: int | None
    end: int | None


class _Mark(NamedTuple):
    place: int
    frame: int
    sign: str


@overload
def parse(
    diagram: str, values: None = None, error: Exception | None = None
) -> list[Record[str]]: ...
@overload
def parse(
    diagram: str, values: Mapping[str, _T] | None, error: Exception | None = None
) -> list[Record[_T]]: ...
def parse(
    diagram: str, values: Mapping[str, Any] | None = None, error: Exception | None = None
) -> list[Record[Any]]:
    """What `diagram` shows, in order; what is before a `^` has negative frames.

        parse("-a(b|)")  ->  [(1, OnNext("a")), (2, OnNext("b")), (2, OnCompleted())]

    Raises ValueError, with a `^` under the character, for what is no diagram.
    """
    values = _checked(values)
    zero: int | None = None
    records: list[Record[Any]] = []
    for place, frame, sign in _marks(diagram):
        if sign == "!":
            raise refusal(diagram, place, "! is for the lifetime of a subscription")
        if sign == "^":
            if zero is not None:
                raise refusal(diagram, place, "there is a ^ already")
            zero = frame
            continue
        if records and records[-1][1].kind != "N":
            raise refusal(diagram, place, "nothing can happen after the end")
        records.append((frame, _event(sign, values, error)))
    return [(frame - (zero or 0), event) for frame, event in records]


def draw(records: Iterable[Record[Any]], values: Mapping[str, Any] | None = None) -> str:
    """The diagram of which `parse` makes `records`.

        draw([(1, OnNext("a")), (2, OnNext("b")), (2, OnCompleted())])  ->  "-a(b|)"

    A value that neither has a letter in `values` nor is one gets one: see `letters`. Raises
    ValueError where a frame cannot be drawn because a group takes up its place.
    """
    records = list(records)
    named = letters(records, values)
    line = ""
    for frame, events in by_frame(records).items():
        if frame < len(line) or frame < 0:
            raise ValueError(f"there is no room for frame {frame} after {line!r}")
        line = line.ljust(frame, "-") + _signs(events, named)
    return line


def letters(
    records: Iterable[Record[Any]], values: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """`values`, and a letter each for those in `records` that have none: A, B, C...

    A string of one character is its own letter, unless that stands for something else.
    """
    named = dict(_checked(values))
    found = [event.value for _, event in records if isinstance(event, OnNext)]
    plain = {value for value in found if isinstance(value, str)}
    free = (each for each in _alphabet() if each not in named and each not in plain)
    for value in found:
        if _letter(value, named) is None:
            named[next(free)] = value
    return named


def parse_lifetime(diagram: str) -> Lifetime:
    """The frames of `^` and `!` in the drawing of a subscription, as in `"--^---!"`."""
    begin: int | None = None
    end: int | None = None
    for place, frame, sign in _marks(diagram):
        if sign == "^" and begin is None and end is None:
            begin = frame
        elif sign == "!" and end is None:
            end = frame
        elif sign in "^!":
            raise refusal(diagram, place, "a subscription has one ^, and then one ! at most")
        else:
            raise refusal(diagram, place, "a subscription is drawn with ^, - and ! alone")
    return Lifetime(begin, end)


def draw_lifetime(lifetime: Lifetime) -> str:
    """The drawing of a subscription: `"--^---!"`, or `"--^"` while it lasts."""
    begin = lifetime.begin or 0
    line = "-" * begin
    if lifetime.end is None:
        return line + "^"
    if lifetime.end == begin:
        return line + "(^!)"
    return (line + "^").ljust(lifetime.end, "-") + "!"


def length(diagram: str) -> int:
    """The frames that `diagram` takes."""
    return len(diagram.replace(" ", ""))


def refusal(diagram: str, place: int, why: str) -> ValueError:
    """What is raised for a diagram that is none, pointing to the character."""
    return ValueError(f"{why}\n    {diagram}\n    {' ' * place}^")


def refuse_zero(diagram: str, why: str) -> None:
    """Raise a refusal if there is a `^`."""
    if "^" in diagram:
        raise refusal(diagram, diagram.index("^"), why)


def by_frame(records: Iterable[Record[Any]]) -> dict[int, list[Notification[Any]]]:
    """The events of each frame, in the order of `records`."""
    frames: dict[int, list[Notification[Any]]] = {}
    for frame, event in records:
        frames.setdefault(frame, []).append(event)
    return frames


def legend(
    diagram: str, got: Iterable[Record[Any]], values: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """`values`, and the letters of `diagram` and of `got` that are not there."""
    values = values or {}
    signs = [mark.sign for mark in _marks(diagram) if mark.sign not in _SYNTAX]
    return letters(got, {sign: values.get(sign, sign) for sign in signs} | dict(values))


# --- comparing ------------------------------------------------------------------------------


class Remark(NamedTuple):
    """What there is to say of a frame."""

    frame: int
    text: str


def difference(
    diagram: str,
    got: Sequence[Record[Any]],
    values: Mapping[str, Any] | None = None,
    error: Exception | type[Exception] | None = None,
) -> Remark | None:
    """The first frame in which `got` is not what `diagram` shows; None if there is none."""
    expected, found = by_frame(parse(diagram, values, _sample(error))), by_frame(got)
    for frame in sorted(expected.keys() | found.keys()):
        wanted, came = expected.get(frame, []), found.get(frame, [])
        if len(wanted) != len(came) or not all(
            _same(want, have, error) for want, have in zip(wanted, came, strict=True)
        ):
            named = legend(diagram, _near(got, frame), values)
            want_text, came_text = _words(wanted, named, error), _words(came, named)
            return Remark(frame, f"frame {frame}: expected {want_text}, got {came_text}")
    return None


def picture(
    diagram: str,
    got: Sequence[Record[Any]],
    values: Mapping[str, Any] | None,
    remark: Remark,
    *,
    watched: int = 0,
) -> str:
    """`diagram` and `got` one under the other, with `remark` where it belongs, and a legend.

    A `got` that has not ended is drawn with the `watched` frames in which nothing came.
    """
    shown = _near(got, remark.frame)
    named = legend(diagram, shown, values)
    line, more = diagram.replace(" ", ""), "…" if len(shown) < len(got) else ""
    pointer = " " * (12 + remark.frame) + "^ "
    try:
        drawn = draw(shown, named)
    except ValueError:
        # A diagram has no place for what comes right after a group.
        rows = [f"frame {frame}: {_signs(each, named)}" for frame, each in by_frame(shown).items()]
        rows.append("(a group hides the frames after it: a smaller frame shows them)")
        drawn, pointer = "\n            ".join(rows), "  "
    else:
        if not got or got[-1][1].kind == "N":
            drawn = drawn.ljust(min(watched, len(line)), "-")
    rows = [f"  expected  {line}", f"  got       {drawn}{more}", pointer + remark.text]
    used = {*line, *(_letter(each.value, named) for _, each in shown if isinstance(each, OnNext))}
    lead = "  where "
    for letter, value in named.items():
        if letter in used and value != letter:
            rows.append(f"{lead}{letter} = {_brief(value)}")
            lead = " " * len(lead)
    return "\n".join(rows)


# --- machinery ------------------------------------------------------------------------------


def _marks(diagram: str) -> Iterator[_Mark]:
    """The characters that stand for something that happens, each with its frame."""
    if (time := _TIME.search(diagram)) is not None:
        raise refusal(diagram, time.start(1), "no times in words: draw it, or set `frame`")
    frame = 0
    group: _Mark | None = None
    for place, sign in enumerate(diagram):
        if sign == " ":
            continue
        if sign == "(":
            if group is not None:
                raise refusal(diagram, place, "a group cannot hold another")
            group = _Mark(place, frame, sign)
        elif sign == ")":
            if group is None:
                raise refusal(diagram, place, "this ) closes no group")
            group = None
        elif sign == "-":
            if group is not None:
                raise refusal(diagram, place, "a group is one instant, in which no time passes")
        elif sign not in _SYNTAX and not _is_letter(sign):
            raise refusal(diagram, place, f"{sign!r} cannot be part of a diagram")
        else:
            yield _Mark(place, frame if group is None else group.frame, sign)
        frame += 1
    if group is not None:
        raise refusal(diagram, group.place, "this group is not closed")


def _event(sign: str, values: Mapping[str, Any], error: Exception | None) -> Notification[Any]:
    if sign == "|":
        return OnCompleted()
    if sign == "#":
        return OnError(error or MarbleError("the # of a diagram"))
    return OnNext(values.get(sign, sign))


def _checked(values: Mapping[str, Any] | None) -> Mapping[str, Any]:
    for letter in values or {}:
        if len(letter) != 1 or letter in _SYNTAX:
            raise ValueError(
                f"values has {letter!r}, which no diagram can show: a value is drawn as one "
                "character, and not as one of - | # ( ) ^ !"
            )
    return values or {}


def _alphabet() -> Iterator[str]:
    more = filter(str.isalpha, map(chr, itertools.count(0xC0)))
    return itertools.chain(string.ascii_uppercase, string.ascii_lowercase, more)


def _letter(value: object, named: Mapping[str, Any]) -> str | None:
    for letter, each in named.items():
        if _equal(each, value):
            return letter
    if isinstance(value, str) and len(value) == 1 and value not in named and _is_letter(value):
        return value
    return None


def _is_letter(sign: str) -> bool:
    return sign.isprintable() and not sign.isspace() and sign not in _SYNTAX


def _signs(events: Iterable[Notification[Any]], named: Mapping[str, Any]) -> str:
    ends = {"C": "|", "E": "#"}
    signs = [ends.get(event.kind) or _letter(event.value, named) or "?" for event in events]
    return signs[0] if len(signs) == 1 else f"({''.join(signs)})"


def _words(
    events: Sequence[Notification[Any]],
    named: Mapping[str, Any],
    error: Exception | type[Exception] | None = None,
) -> str:
    """`events` as a diagram shows them, and the error behind a `#`."""
    if not events:
        return "nothing"
    last = events[-1]
    if not isinstance(last, OnError):
        return _signs(events, named)
    behind = error.__name__ if isinstance(error, type) else _brief(last.exception)
    return f"{_signs(events, named)} with {behind}"


def _same(
    want: Notification[Any], have: Notification[Any], error: Exception | type[Exception] | None
) -> bool:
    if isinstance(want, OnNext) and isinstance(have, OnNext):
        return _equal(want.value, have.value)
    if isinstance(want, OnError) and isinstance(have, OnError):
        came = have.exception
        if not isinstance(error, Exception):
            return isinstance(came, error or MarbleError)
        return came is error or (type(came) is type(error) and came.args == error.args)
    return want.kind == have.kind


def _sample(error: Exception | type[Exception] | None) -> Exception | None:
    return error if isinstance(error, Exception) else None


def _equal(one: object, other: object) -> bool:
    return one is other or bool(one == other)


def _near(got: Sequence[Record[Any]], frame: int) -> list[Record[Any]]:
    """What a picture with a remark on `frame` shows."""
    return [record for record in got if record[0] < frame + _CUT]


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONG else text[:_LONG] + "…"
