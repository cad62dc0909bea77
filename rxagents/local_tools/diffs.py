"""Diffs as models write them for `apply_patch` (the V4A format), applied to a text.

    @@ class Greeter          where to look: a line of the text, which may be left out
     def greet(self):         a line that stays, to find the place by
    -    print("hi")          a line that goes
    +    print("hello")       a line that comes
    *** End of File           the lines above are the last ones

There are no line numbers: a hunk is found by its lines, from the end of the hunk before it on.
Where they are not found as they stand, spaces at their ends, and then at both ends, are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

ApplyDiffMode: TypeAlias = Literal["default", "create"]

_END_OF_FILE: Final = "*** End of File"
_ENDS_OF_DIFF: Final = ("*** End Patch", "*** Update File:", "*** Delete File:", "*** Add File:")
_LOOSER: Final[tuple[Callable[[str], str], ...]] = (str, str.rstrip, str.strip)


@dataclass
class _Change:
    """From line `at` on, `removed` lines give way to `added`."""

    at: int
    removed: int = 0
    added: list[str] = field(default_factory=list[str])


@dataclass
class _Hunk:
    anchors: list[str]
    marks: int
    """How many `@@` lines it began with, bare ones too."""

    old: list[str] = field(default_factory=list[str])
    """Its lines in the text as it is."""

    changes: list[_Change] = field(default_factory=list[_Change])
    """Counted from the first of the old lines."""

    at_end: bool = False


def apply_diff(input: str, diff: str, mode: ApplyDiffMode = "default") -> str:
    """The text with the changes of a V4A diff.

    With mode "create" there is no text yet: the diff is all the lines of a new one, each after a
    plus sign. Line ends are those of the text, or of the diff where the text has none.

    Raises ValueError for what is no such diff, and where its lines are not in the text.
    """
    newline = "\r\n" if "\r\n" in (input if mode != "create" and "\n" in input else diff) else "\n"
    lines = [line.rstrip("\r") for line in re.split(r"\r?\n", diff)]
    if lines[-1] == "":
        lines.pop()
    if mode == "create":
        return newline.join(_new_lines(lines))
    text = input.replace("\r\n", "\n").split("\n")
    return newline.join(_changed(text, list(_located(text, _hunks(lines)))))


def _new_lines(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith(_ENDS_OF_DIFF):
            return
        if not line.startswith("+"):
            raise ValueError(f"every line of a new file begins with a plus sign, not {line!r}")
        yield line[1:]


# --- reading ---


def _hunks(lines: Sequence[str]) -> Iterator[_Hunk]:
    at = 0
    while at < len(lines) and not lines[at].startswith((*_ENDS_OF_DIFF, _END_OF_FILE)):
        begin = at
        while at < len(lines) and (lines[at] == "@@" or lines[at].startswith("@@ ")):
            at += 1
        anchors = [line[3:] for line in lines[begin:at] if line[3:].strip()]
        hunk = _Hunk(anchors, marks=at - begin)
        at = _read_body(lines, at, hunk)
        yield hunk


def _read_body(lines: Sequence[str], at: int, hunk: _Hunk) -> int:
    """Read the lines of a hunk from `at` on; return where the next one begins."""
    begin, change = at, None
    while at < len(lines) and not lines[at].startswith(("@@", *_ENDS_OF_DIFF, _END_OF_FILE)):
        line = lines[at] or " "  # models leave out the space of an empty line
        if line[0] not in "+- ":
            raise ValueError(f"a line of a diff begins with +, - or a space, not {line!r}")
        at += 1
        if line[0] == " ":
            change = None
        elif change is None:
            change = _Change(len(hunk.old))
            hunk.changes.append(change)
        if line[0] == "+" and change is not None:
            change.added.append(line[1:])
            continue
        hunk.old.append(line[1:])
        if change is not None:
            change.removed += 1
    if at < len(lines) and lines[at] == _END_OF_FILE:
        hunk.at_end = True
        return at + 1
    if at == begin:
        raise ValueError(
            f"a hunk has no lines, before {' '.join(lines[at : at + 1]) or 'the end'!r}"
        )
    return at


# --- finding ---


def _located(text: Sequence[str], hunks: Iterator[_Hunk]) -> Iterator[_Change]:
    """Yield the changes with their places in the text."""
    cursor = 0
    for hunk in hunks:
        if not hunk.marks and cursor:
            raise ValueError("a second hunk begins with @@")
        for number, anchor in enumerate(hunk.anchors):
            found = _after_anchor(text, anchor, cursor, forward_only=number > 0)
            if found is None and hunk.marks > 1:
                raise ValueError(f"the text has no line {anchor!r} after line {cursor}")
            cursor = cursor if found is None else found
        begin = _place(text, hunk, cursor)
        if begin is None:
            end = " at its end" if hunk.at_end else f" after line {cursor}"
            raise ValueError(f"the text does not have these lines{end}:\n" + "\n".join(hunk.old))
        cursor = begin + len(hunk.old)
        for change in hunk.changes:
            yield _Change(begin + change.at, change.removed, change.added)


def _after_anchor(
    text: Sequence[str], anchor: str, cursor: int, *, forward_only: bool
) -> int | None:
    """Where to look on: after the line, or from the cursor where it has been passed already."""
    for form in (str, str.strip):
        if not forward_only and any(form(line) == form(anchor) for line in text[:cursor]):
            return cursor
        for at in range(cursor, len(text)):
            if form(text[at]) == form(anchor):
                return at + 1
    return None


def _place(text: Sequence[str], hunk: _Hunk, cursor: int) -> int | None:
    if not hunk.at_end:
        return _find(text, hunk.old, cursor)
    # What comes after the last line's end is no line.
    lines = text[:-1] if text[-1] == "" else text
    at_end = _find(lines, hunk.old, max(0, len(lines) - len(hunk.old)))
    return _find(lines, hunk.old, min(cursor, len(lines))) if at_end is None else at_end


def _find(text: Sequence[str], old: Sequence[str], start: int) -> int | None:
    if not old:
        return start
    for form in _LOOSER:
        wanted = [form(line) for line in old]
        for at in range(start, len(text) - len(old) + 1):
            if form(text[at]) == wanted[0] and [*map(form, text[at : at + len(old)])] == wanted:
                return at
    return None


def _changed(text: Sequence[str], changes: Sequence[_Change]) -> Iterator[str]:
    cursor = 0
    for change in changes:
        if not cursor <= change.at <= len(text):
            raise ValueError(f"two hunks of the diff change the same line ({change.at + 1})")
        yield from text[cursor : change.at]
        yield from change.added
        cursor = change.at + change.removed
    yield from text[cursor:]
