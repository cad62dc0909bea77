"""Where a text may be cut without tearing apart what a reader sees as one character.

A small part of Unicode's rules for grapheme clusters (UAX #29): marks stay with what they mark,
and the parts of an emoji and of a flag stay together. Not the conjuncts of Indic scripts.
"""

from __future__ import annotations

from unicodedata import category

_JOINER = "\u200d"


def cluster_end(text: str, start: int) -> int:
    """The end of the character that a reader sees at `start`, from start + 1 to len(text)."""
    end = start + 1
    if text[start] in _FLAG and text[end : end + 1] and text[end] in _FLAG:
        end += 1
    while end < len(text) and _belongs(text[end - 1], text[end]):
        end += 1
    return end


def whole_clusters(text: str, start: int, end: int) -> int:
    """The first place from `end` on where `text`, read from `start`, may be cut."""
    at = start
    while at < min(end, len(text)):
        at = cluster_end(text, at)
    return at


def last_cluster(text: str, start: int) -> int:
    """Where the last character in `text` begins, if one reads from `start`."""
    at = last = start
    while at < len(text):
        at, last = cluster_end(text, at), at
    return last


class _Range:
    def __init__(self, first: int, last: int) -> None:
        self._first = chr(first)
        self._last = chr(last)

    def __contains__(self, char: str) -> bool:
        return self._first <= char <= self._last


_FLAG = _Range(0x1F1E6, 0x1F1FF)  # regional indicators: two are a flag
_SKIN = _Range(0x1F3FB, 0x1F3FF)
_TAG = _Range(0xE0020, 0xE007F)  # the flags of Scotland and Wales are spelled with these
_JAMO = _Range(0x1160, 0x11FF)  # vowels and finals of a Hangul syllable
_KANA = _Range(0xFF9E, 0xFF9F)  # half-width voice marks
_HIGH = _Range(0xD800, 0xDBFF)
_LOW = _Range(0xDC00, 0xDFFF)


def _belongs(before: str, char: str) -> bool:
    if char < "\u0300":
        return before == "\r" and char == "\n"
    return (
        category(char)[0] == "M"
        or char in (_JOINER, "\u200c", "\u0e33", "\u0eb3")  # the last two: Thai and Lao am
        or (before == _JOINER and category(char) == "So")
        or char in _SKIN
        or char in _TAG
        or char in _JAMO
        or char in _KANA
        or (char in _LOW and before in _HIGH)
    )
