"""Text that must not get out: replaced, or the stream stopped before it."""

from __future__ import annotations

import re
from collections.abc import Callable

from reactivex import Observable, abc

from rxagents.exceptions import RxAgentsError
from rxagents.stream.subscriber import refuse_async

_ANCHORS = 2  # characters that `\b` and `$` (before a last line feed) look at beyond a match


class GuardrailTripped(RxAgentsError):
    """A `guard` has stopped a text.

    `matched` is the forbidden passage, "" where a function judged; the message does not tell it.
    `passed` is the number of characters that had been emitted.
    """

    def __init__(self, message: str, *, matched: str = "", passed: int = 0) -> None:
        super().__init__(message)
        self.matched = matched
        self.passed = passed


def redact(
    pattern: str | re.Pattern[str],
    replacement: str | Callable[[re.Match[str]], str] = "[redacted]",
    *,
    window: int = 256,
) -> Callable[[Observable[str]], Observable[str]]:
    r"""Text in which every match of `pattern` is replaced, however it is cut. Lossless.

        source                                   --"call 55"--"5-1234 "--"now"--|
        redact(r"\d{3}-\d{4}", "x", window=8)    -------------"call "----"x"----" now"|

    Joined, what comes out is `re.sub(pattern, replacement, text)`, if every match is at most
    `window` characters long. So it is for longer ones too, if their first `window` characters
    match by themselves and each character more makes the match longer or ends it (`sk-\w{8,}`).
    A lookahead counts as part of the match, a lookbehind sees `window` characters; `\b`, `^` and
    `$` need no room. A start that no match can begin with any more is emitted: at most the last
    `window + 1` characters are held back, and those from the start of a match that still grows.

    What is held back is emitted when the source completes. When it fails, that is dropped, for it
    may be the beginning of a match. `replacement` is as in `re.sub`. A match of no characters, as
    of `\b`, is left alone. Raises ValueError now unless `window` is 1 or more, for a pattern that
    matches the empty text, and for a replacement that does not fit the pattern.

    >>> pieces = Stream.of("Write to ann@exam", "ple.org, or call.")
    >>> safe = pieces.pipe(ops.redact(r"[\w.]+@[\w.]+\w", "[address]", window=64))
    >>> await safe.pipe(ops.reduce(lambda text, piece: text + piece))
    'Write to [address], or call.'
    """
    _check_window(window)
    regex = _compiled(pattern)
    if callable(replacement):
        refuse_async("replacement", replacement)
    try:
        regex.sub(replacement, "")
    except (re.error, IndexError) as error:
        raise ValueError(f"replacement does not fit the pattern: {error}") from error

    def substitute(match: re.Match[str]) -> str:
        return match.expand(replacement) if isinstance(replacement, str) else replacement(match)

    def redacted(source: Observable[str]) -> Observable[str]:
        def subscribe(
            observer: abc.ObserverBase[str], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            scan = _Scan(regex, window)

            def read(piece: str, *, final: bool = False) -> str:
                parts: list[str] = []
                scan.add(piece)
                while (match := scan.next_match(final=final, whole=True)) is not None:
                    parts += scan.release(match.start()), substitute(match)
                    scan.skip(match.end())
                parts.append(scan.release_safe(final=final))
                return "".join(parts)

            def on_next(piece: str) -> None:
                try:
                    text = read(piece)
                except Exception as error:  # the replacement's
                    observer.on_error(error)
                    return
                if text:
                    observer.on_next(text)

            def on_completed() -> None:
                try:
                    text = read("", final=True)
                except Exception as error:
                    observer.on_error(error)
                    return
                if text:
                    observer.on_next(text)
                observer.on_completed()

            return source.subscribe(on_next, observer.on_error, on_completed, scheduler=scheduler)

        return Observable(subscribe)

    return redacted


def guard(
    check: re.Pattern[str] | Callable[[str], object],
    *,
    window: int = 256,
    replace: str | None = None,
) -> Callable[[Observable[str]], Observable[str]]:
    """Text that is stopped before a forbidden passage, however it is cut. Lossless.

        source                                  --"I will "--"never tell"--...
        guard(re.compile("never"), window=5)    --"I"--------#

    A compiled pattern forbids what it matches. A function is called with each new piece, what is
    held back before it and the `window` characters before that; a true result forbids the text,
    as does a GuardrailTripped that it raises. Any other exception it raises is sent on as it is.

    Of a forbidden passage of at most `window` characters not one is emitted; of a longer one, none
    if its first `window` characters are forbidden by themselves. So the last characters are held
    back, at most `window + 1`, and emitted when the source completes; when it fails they are
    dropped. At a forbidden passage nothing more is emitted, the source is left, and
    GuardrailTripped is sent, or `replace` is emitted as the last piece. Raises ValueError now
    unless `window` is 1 or more, and for a pattern that matches the empty text.

    >>> import re
    >>> pieces = Stream.of("The key is: hun", "ter2, but hush.")
    >>> safe = pieces.pipe(ops.guard(re.compile("hunter2"), window=7, replace=" [stopped]"))
    >>> await safe.pipe(ops.reduce(lambda text, piece: text + piece))
    'The key [stopped]'
    """
    _check_window(window)
    if isinstance(check, re.Pattern):
        _compiled(check)
    else:
        refuse_async("check", check)

    def guarded(source: Observable[str]) -> Observable[str]:
        def subscribe(
            observer: abc.ObserverBase[str], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            text = _Scan(check if isinstance(check, re.Pattern) else None, window)
            stopped = False

            def read(piece: str, *, final: bool = False) -> bool:
                """Emit what is safe; tells whether the stream may go on."""
                nonlocal stopped
                text.add(piece)
                try:
                    _judge(check, text, final=final)
                except GuardrailTripped as error:
                    stopped = True
                    error.passed = text.passed
                    if replace is None:
                        observer.on_error(error)
                    else:
                        observer.on_next(replace)
                        observer.on_completed()
                except Exception as error:
                    stopped = True
                    observer.on_error(error)
                else:
                    safe = text.release_safe(final=final)
                    if safe:
                        observer.on_next(safe)
                return not stopped

            def on_next(piece: str) -> None:
                if not stopped:
                    read(piece)

            def on_error(error: Exception) -> None:
                if not stopped:
                    observer.on_error(error)

            def on_completed() -> None:
                if not stopped and read("", final=True):
                    observer.on_completed()

            return source.subscribe(on_next, on_error, on_completed, scheduler=scheduler)

        return Observable(subscribe)

    return guarded


def _judge(check: re.Pattern[str] | Callable[[str], object], text: _Scan, *, final: bool) -> None:
    """Raise GuardrailTripped if there is a forbidden passage in what is held back."""
    if isinstance(check, re.Pattern):
        match = text.next_match(final=final, whole=False)
        if match is not None:
            raise GuardrailTripped(
                f"the text matches {check.pattern!r}, which is forbidden: the text was stopped "
                "before it",
                matched=match[0],
            )
    elif not final and text.held and check(text.buffer):
        raise GuardrailTripped("the check forbids the text: it was stopped before that")


def _check_window(window: int) -> None:
    if window < 1:
        raise ValueError(f"window must be 1 character or more, not {window}")


def _compiled(pattern: str | re.Pattern[str]) -> re.Pattern[str]:
    try:
        regex = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"pattern is not a regular expression: {error}") from error
    if regex.match(""):
        raise ValueError(f"pattern must not match the empty text, as {regex.pattern!r} does")
    return regex


class _Scan:
    """The text of one subscription from a little before what is held back to its present end.

    `buffer[:start]` has been dealt with, and is kept for what looks behind; `buffer[start:]` is
    held back.

    A match from s on has been decided when the text is `window + _ANCHORS` characters longer than
    s. Whatever path the pattern then finds it also finds in the whole text, and those that it
    would prefer but does not find, it does not find there either, or they are too long.
    """

    def __init__(self, regex: re.Pattern[str] | None, window: int) -> None:
        self.buffer = ""
        self.start = 0
        self.passed = 0
        """Characters that were released."""
        self._regex = regex
        self._window = window
        self._growing: int | None = None  # where a match begins that is not decided

    @property
    def held(self) -> bool:
        return self.start < len(self.buffer)

    def add(self, piece: str) -> None:
        cut = max(0, self.start - self._window - 1)
        self.buffer = self.buffer[cut:] + piece
        self.start -= cut

    def next_match(self, *, final: bool, whole: bool) -> re.Match[str] | None:
        """The next match that more text cannot undo, nor change if it must be `whole`."""
        self._growing = None
        if self._regex is None:
            return None
        end = len(self.buffer)
        for match in self._regex.finditer(self.buffer, self.start):
            begin, stop = match.span()
            if begin == stop:
                continue
            decided = begin <= end - self._window - _ANCHORS
            if final or (decided and (stop <= end - _ANCHORS or not whole)):
                return match
            self._growing = begin
            return None
        return None

    def release(self, end: int) -> str:
        """Let go of what is held back before `end`."""
        text = self.buffer[self.start : end]
        self.passed += len(text)
        self.start = end
        return text

    def release_safe(self, *, final: bool) -> str:
        """Let go of every character with which no match can begin any more."""
        end = len(self.buffer)
        if not final:
            end -= self._window + _ANCHORS - 1
            if self._growing is not None:
                end = min(end, self._growing)
        return self.release(max(end, self.start))

    def skip(self, end: int) -> None:
        """Leave out what is held back before `end`."""
        self.start = end
