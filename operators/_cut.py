"""Cutting a text that comes in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from reactivex import Observable

from ._reading import reading


class Cutter(Protocol):
    """Cuts one text, which it is given piece by piece; there is one for each subscription."""

    def feed(self, piece: str) -> Iterator[str]:
        """What is known to be complete, now that `piece` has come."""
        ...

    def rest(self) -> Iterator[str]:
        """What is left, now that nothing more will come."""
        ...


def cut(cutter: Callable[[], Cutter]) -> Callable[[Observable[str]], Observable[str]]:
    """Emit what a new cutter makes of the source's pieces. Lossless.

        source       --"ab c"--"d e"-----|
        cut(Words)   --"ab "---"cd "--"e"|

    What is left when the source ends, or fails, is emitted before that.
    """
    return reading(lambda: _CutterReader(cutter()))


class _CutterReader:
    """A cutter as a reader, which gives the rest however the source ends."""

    def __init__(self, cutter: Cutter) -> None:
        self.read = cutter.feed
        self.end = self.cut_off = cutter.rest
