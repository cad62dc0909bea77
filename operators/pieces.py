"""Text that comes in pieces, cut again: into words, lines, sentences and paragraphs.

The pieces may be cut anywhere: only the text that they make together counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from reactivex import Observable

from ._cut import cut


def words() -> Callable[[Observable[str]], Observable[str]]:
    r"""Text in words, each with the white space after it, once the next has begun. Lossless.

        source    --"On"--"e tw"--"o.\nThr"--------"ee"-|
        words()   --------"One "--"two.\n"--------"Three"|

    Joined they are the text again: white space before the first word comes with that word, and a
    text of white space alone comes as it is, at the end. What is left when the source ends, or
    fails, is emitted before that. Scripts that put no spaces between words come as long words.

    >>> pieces = Stream.of("It is sun", "ny in Os", "lo.")
    >>> await pieces.pipe(ops.words(), ops.to_list())
    ['It ', 'is ', 'sunny ', 'in ', 'Oslo.']
    """
    return cut(_Words)


class _Words:
    def __init__(self) -> None:
        self._pending = ""

    def feed(self, piece: str) -> Iterator[str]:
        # A boundary lies between two characters: the first to look at is the one before `piece`.
        seen, self._pending = len(self._pending), self._pending + piece
        text, start = self._pending, 0
        for match in _WORD_BEGINS.finditer(text, seen):
            word = text[start : match.start()]
            if word and not word.isspace():
                start = match.start()
                self._pending = text[start:]
                yield word

    def rest(self) -> Iterator[str]:
        if self._pending:
            yield self._pending


_WORD_BEGINS = re.compile(r"(?<=\s)(?=\S)")


def lines() -> Callable[[Observable[str]], Observable[str]]:
    r"""Text in lines, each as soon as its line end has come, without it. Lossless.

        source    --"on"--"e\ntwo\r"--"\n"--"thr"-----"ee"-|
        lines()   --------"one"-"two"-------------------"three"|

    A line ends at `\n`, `\r\n` or `\r`, wherever the pieces are cut. Empty lines come as empty
    strings; after the last line end comes a line only if it has text. What is left when the
    source ends, or fails, is emitted before that.

    >>> import json
    >>> pieces = Stream.of('{"city": "Oslo"}\n{"ci', 'ty": "Bergen"}\n')
    >>> await pieces.pipe(ops.lines(), ops.map(json.loads), ops.to_list())
    [{'city': 'Oslo'}, {'city': 'Bergen'}]
    """
    return cut(Lines)


class Lines:
    """Cuts text into lines; the other cutters of lines begin with it."""

    def __init__(self) -> None:
        self._pending: list[str] = []
        self._after_return = False  # a \n that comes now is the second half of a \r\n

    def feed(self, piece: str) -> Iterator[str]:
        if not piece:
            return
        if self._after_return and piece[0] == "\n":
            piece = piece[1:]
        self._after_return = piece.endswith("\r")
        *ended, last = _LINE_END.split(piece)
        for end in ended:
            line = "".join([*self._pending, end])
            self._pending.clear()
            yield line
        self._pending.append(last)

    def rest(self) -> Iterator[str]:
        line = "".join(self._pending)
        if line:
            yield line


_LINE_END = re.compile(r"\r\n|\r|\n")


def paragraphs() -> Callable[[Observable[str]], Observable[str]]:
    r"""Text in paragraphs, each as soon as the empty line after it has come. Lossless.

        source         --"One,\nstill "--"one.\n"--"\nTwo."----------|
        paragraphs()   -----------------------------"One,\nstill one."--"Two."|

    A line of white space alone is empty. The empty lines are dropped; the line ends within a
    paragraph are kept, as `\n`. What is left when the source ends, or fails, is emitted before
    that.

    >>> pieces = Stream.of("Dear Ann,\n\nit is sun", "ny here.\nCome!\n", "\nYours, Bob")
    >>> await pieces.pipe(ops.paragraphs(), ops.to_list())
    ['Dear Ann,', 'it is sunny here.\nCome!', 'Yours, Bob']
    """
    return cut(_Paragraphs)


class _Paragraphs:
    def __init__(self) -> None:
        self._lines = Lines()
        self._paragraph: list[str] = []

    def feed(self, piece: str) -> Iterator[str]:
        for line in self._lines.feed(piece):
            yield from self._add(line)

    def rest(self) -> Iterator[str]:
        for line in self._lines.rest():
            yield from self._add(line)
        yield from self._add("")

    def _add(self, line: str) -> Iterator[str]:
        if line and not line.isspace():
            self._paragraph.append(line)
        elif self._paragraph:
            paragraph = "\n".join(self._paragraph)
            self._paragraph.clear()
            yield paragraph


def sentences() -> Callable[[Observable[str]], Observable[str]]:
    """Text in whole sentences, each as soon as it is known to have ended. Lossless.

        source        --"Hi."--" How"--" are you?"--" I"-----------------|
        sentences()   ---------"Hi."-----------------"How are you?"--"I"-|

    A sentence ends at `.`, `!`, `?` or `…` before a word that does not begin in lower case, at
    `。！？`, and at an empty line; not after an abbreviation, an initial or a number of one or two
    digits with a full stop. White space around it is dropped. What is left when the source ends,
    or fails, is emitted before that.

    >>> pieces = Stream.of("Dr. Li paid $3.", "50. Why", "? Ask her!")
    >>> await pieces.pipe(ops.sentences(), ops.to_list())
    ['Dr. Li paid $3.50.', 'Why?', 'Ask her!']
    """
    return cut(_Sentences)


class _Sentences:
    def __init__(self) -> None:
        self._pending = ""
        self._decided = 0  # up to here nothing that comes can change where sentences end

    def feed(self, piece: str) -> Iterator[str]:
        self._pending += piece
        text, start = self._pending, 0
        for end in _ends(text, self._decided):
            sentence, start = text[start:end].strip(), end
            if sentence:
                yield sentence
        self._pending = text[start:]
        self._decided = _undecided(text, max(self._decided, start)) - start

    def rest(self) -> Iterator[str]:
        if sentence := self._pending.strip():
            yield sentence


# A sentence ends at . ! ? … with closing quotes and brackets, once the next word has begun; at the
# full-width marks of CJK text, which no white space follows; and at an empty line. The escapes are
# the marks of Arabic, Urdu, Devanagari and Ethiopic. Nothing backtracks: a model that got stuck
# may write thousands of dots.
_STOP = ".!?…\u061f\u06d4\u0964\u0965\u1362"
_CLOSE = "\"'”’»)\\]*_"
_CJK_STOP = "。！？｡"
_CJK_CLOSE = "」』”’）"
_END = re.compile(
    rf"""(?<![{_STOP}])(?P<latin>[{_STOP}]++[{_CLOSE}]*+)(?=(?P<space>\s++)(?P<next>\S))"""
    rf"""|(?<![{_CJK_STOP}])(?P<cjk>[{_CJK_STOP}]++[{_CJK_CLOSE}]*+)(?=[^{_CJK_STOP}{_CJK_CLOSE}])"""
    r"""|(?P<paragraph>\n\s*\n)"""
)
_UNDECIDED = re.compile(rf"[{_STOP}{_CLOSE}{_CJK_STOP}{_CJK_CLOSE}\s]*+\Z")

# Words whose full stop ends no sentence, though a capital or a digit may follow. A single letter
# is an initial; a short number is a list's item or an ordinal ("3. Oktober").
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[\"'“‘])(?:[A-Za-z]|\d{1,2}|Mr|Mrs|Ms|Dr|Prof|St|vs|Figs?|Eq|ca|cf|eds?|vol|pp"
    r"|Gen|Col|Sgt|Capt|Lt|Rev|Hon|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
    r"|(?![ap]\.m)(?:[A-Za-z]\.)+[A-Za-z])\.$"
)
_BEFORE_A_NUMBER = re.compile(r"(?:^|[\s(\[\"'“‘])[Nn]os?\.$")
_LONGEST = 16  # characters before a full stop in which an abbreviation is looked for


def _ends(text: str, decided: int) -> Iterator[int]:
    """The places in `text` from `decided` on after which a new sentence begins."""
    start = 0
    for match in _END.finditer(text, decided):
        if match["latin"] is not None:
            goes_on = match["next"].islower() and "\n" not in match["space"]
            if goes_on or (match["latin"] == "." and _abbreviates(text, start, match)):
                continue
        start = match.end()
        yield start


def _abbreviates(text: str, start: int, match: re.Match[str]) -> bool:
    word = text[max(start, match.end() - _LONGEST) : match.end()]
    if _ABBREVIATION.search(word):
        return True
    return match["next"].isdigit() and _BEFORE_A_NUMBER.search(word) is not None


def _undecided(text: str, start: int) -> int:
    """Where the marks and the white space begin that `text` ends with."""
    match = _UNDECIDED.search(text, start)
    return match.start() if match else start
