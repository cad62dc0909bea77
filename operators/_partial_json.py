"""A text of JSON that is not whole yet: the value so far."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable
from typing import Any, cast

MISSING: Any = object()
"""There is no value yet."""

DEEPEST = 201
"""Levels of nesting; pydantic's own parser takes as many."""

_SPACE = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(r"[-+.0-9A-Za-z]+")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?P<fraction>\.[0-9]+)?(?P<exponent>[eE][-+]?[0-9]+)?")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = {
    "true": True,
    "false": False,
    "null": None,
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
}
_KINDS = {
    dict: "an object",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
}


class PartialJSON:
    """Reads a JSON text piece by piece, and knows its value so far; takes what `json.loads` takes.

    Each character is looked at once. A snapshot of the value copies the containers that are still
    open, and shares those that are closed with the snapshots after it.

    With a `path` (the names that lead to a list, from the top) the elements of that list go to
    `items` as each closes, and are kept nowhere else.
    """

    def __init__(self, path: tuple[str, ...] | None = None) -> None:
        self.error: str | None = None
        """Why the text is no JSON, whatever follows."""
        self.whole = False
        """Whether the value is closed."""
        self.revision = 0
        """Counts what changes the value."""
        self.items: list[Any] = []
        self._path = path
        self._target: list[Any] | None = None
        self._read = 0  # characters that are done with
        self._rest = ""  # the beginning of a scalar or an escape, until the rest of it has come
        self._root: Any = MISSING
        # The open containers, outermost first, and the name of what comes next in each (in a list
        # None). Invariant: a container is put into its parent when it closes.
        self._open: list[dict[str, Any] | list[Any]] = []
        self._names: list[str | None] = []
        self._string: list[str] | None = None  # the decoded parts of the open string
        self._in_name = False  # whether that string is a name
        self._step: Callable[[str, int], int] = self._value

    @property
    def value(self) -> Any:
        """The value so far: strings as far as they go, other scalars once they have ended."""
        inner = self._root
        if self._string is not None and not self._in_name:
            self._string[:] = ["".join(self._string)]
            inner = self._string[0]
        for container, name in zip(reversed(self._open), reversed(self._names), strict=True):
            copy = container.copy()
            if inner is not MISSING:
                _put(copy, name, inner)
            inner = copy
        return inner

    def feed(self, piece: str) -> None:
        """Read on. After an error nothing is read any more."""
        if self.error is not None:
            return
        text = self._rest + piece
        at = 0
        try:
            while True:
                if self._string is None:
                    at = cast("re.Match[str]", _SPACE.match(text, at)).end()
                if at == len(text) or (after := self._step(text, at)) == at:
                    break
                at = after
        except _MalformedError as error:
            self.error = f"{error}, at character {self._read + at}"
        self._read += at
        self._rest = text[at:]

    def finish(self) -> None:
        """The text has ended: see if it is whole. A number may go on only as long as it has not."""
        if self._string is None and not self._open:
            self.feed(" ")
        if self.error is None and not self.whole:
            begun = self._open or self._string is not None
            self.error = "the text ends before its JSON does" if begun else "there is no text"

    # --- Steps: each reads something at a place (no white space) and returns where that ends, or
    # the same place if it has not all come yet.

    def _value(self, text: str, at: int) -> int:
        match text[at]:
            case '"':
                self.revision += 1
                self._begin_string(in_name=False)
            case "[":
                self._enter([])
                self._step = self._first_element
            case "{":
                self._enter({})
                self._step = self._first_name
            case _:
                return self._scalar(text, at)
        return at + 1

    def _first_element(self, text: str, at: int) -> int:
        return self._leave(at) if text[at] == "]" else self._value(text, at)

    def _first_name(self, text: str, at: int) -> int:
        return self._leave(at) if text[at] == "}" else self._name(text, at)

    def _name(self, text: str, at: int) -> int:
        _expect('"', text[at], "a name in double quotes")
        self._begin_string(in_name=True)
        return at + 1

    def _colon(self, text: str, at: int) -> int:
        _expect(":", text[at], "a colon")
        self._step = self._value
        return at + 1

    def _comma(self, text: str, at: int) -> int:
        in_list = isinstance(self._open[-1], list)
        close = "]" if in_list else "}"
        if text[at] == close:
            return self._leave(at)
        _expect(",", text[at], f"a comma or {close}")
        self._step = self._value if in_list else self._name
        return at + 1

    def _end(self, text: str, at: int) -> int:
        raise _MalformedError(f"{text[at]!r} after the end of the JSON")

    def _scalar(self, text: str, at: int) -> int:
        found = _SCALAR.match(text, at)
        if found is None:
            raise _MalformedError(f"{text[at]!r} where a value should begin")
        if found.end() == len(text):
            return at
        self.revision += 1
        self._end_value(_scalar(found[0]))
        return found.end()

    def _characters(self, text: str, at: int) -> int:
        assert self._string is not None
        end = cast("re.Match[str]", _PLAIN.match(text, at)).end()
        if end > at:
            self._string.append(text[at:end])
        elif text[at] == '"':
            self._end_string("".join(self._string))
            return at + 1
        elif text[at] == "\\":
            character, end = _escape(text, at)
            self._string.append(character)
        else:
            raise _MalformedError(f"the control character {text[at]!r} in a string")
        self.revision += not self._in_name
        return end

    # --- What the steps do to the value.

    def _begin_string(self, *, in_name: bool) -> None:
        self._string = []
        self._in_name = in_name
        self._step = self._characters

    def _end_string(self, string: str) -> None:
        self._string = None
        if self._in_name:
            self._names[-1] = string
            self._step = self._colon
        else:
            self._end_value(string)

    def _enter(self, container: dict[str, Any] | list[Any]) -> None:
        if len(self._open) == DEEPEST:
            raise _MalformedError(f"more than {DEEPEST} levels of nesting")
        self.revision += 1
        if self._at_path() and isinstance(container, list):
            self._target = container
        self._open.append(container)
        self._names.append(None)

    def _leave(self, at: int) -> int:
        container = self._open.pop()
        self._names.pop()
        self._end_value(container)
        return at + 1

    def _end_value(self, value: Any) -> None:
        if self._at_path() and not isinstance(value, list) and value is not None:
            raise _MalformedError(f"{_KINDS[type(value)]} where the list should be")
        if not self._open:
            self._root, self.whole, self._step = value, True, self._end
            return
        container = self._open[-1]
        if container is self._target:
            self.items.append(value)
        else:
            _put(container, self._names[-1], value)
        self._step = self._comma

    def _at_path(self) -> bool:
        return (
            self._path is not None
            and len(self._path) == len(self._names)
            and self._path == tuple(self._names)
        )


class _MalformedError(Exception):
    """The text is no JSON from here on."""


def _expect(wanted: str, character: str, name: str) -> None:
    if character != wanted:
        raise _MalformedError(f"{character!r} where {name} should be")


def _put(container: dict[str, Any] | list[Any], name: str | None, value: Any) -> None:
    if isinstance(container, list):
        container.append(value)
    else:
        container[cast("str", name)] = value


def _scalar(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    number = _NUMBER.fullmatch(text)
    if number is None:
        raise _MalformedError(f"{reprlib.repr(text)} where a value should be")
    if number["fraction"] or number["exponent"]:
        return float(text)
    try:
        return int(text)
    except ValueError as error:  # more digits than Python converts
        raise _MalformedError(str(error)) from error


def _escape(text: str, at: int) -> tuple[str, int]:
    """What the escape at `at` stands for, and where it ends; `at` if it has not all come."""
    kind = text[at + 1 : at + 2]
    if kind in _ESCAPES:
        return _ESCAPES[kind], at + 2
    if kind not in {"", "u"}:
        raise _MalformedError(f"the escape {text[at : at + 2]!r}")
    if len(text) < at + 6:
        return "", at
    code = _code(text, at)
    if 0xD800 <= code <= 0xDBFF:  # half of a character, of which the other half may follow
        follows = text[at + 6 : at + 12]
        if len(follows) < 6 and "\\u".startswith(follows[:2]):
            return "", at
        if follows.startswith("\\u") and 0xDC00 <= (low := _code(text, at + 6)) <= 0xDFFF:
            return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)), at + 12
    return chr(code), at + 6


def _code(text: str, at: int) -> int:
    digits = text[at + 2 : at + 6]
    if not _HEX.fullmatch(digits):
        raise _MalformedError(f"the escape {text[at : at + 6]!r}")
    return int(digits, 16)
