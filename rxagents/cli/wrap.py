"""Words to lines, while they come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.cells import cell_len

# They change the width of what stands before them, and terminals differ in how.
_JOINERS = "\u200d\ufe0f"


@dataclass(frozen=True)
class TakeBack:
    """Go back so many cells, and erase what is there."""

    cells: int


class WordWrap:
    """Breaks lines between words, although text is written before its last word is whole.

    A word that grows beyond the margin has begun on this line already: it is taken back and
    written again on the next. The last column stays free, as terminals do not agree on where the
    cursor is once it is filled.
    """

    def __init__(self) -> None:
        self.column: int = 0
        """Cells written on this line."""
        self._word = ""  # what of it may be taken back: every character has a width that is sure
        self._width = 0

    def feed(self, text: str, width: int) -> Iterator[str | TakeBack]:
        """Yield what to write, on a terminal of `width` columns, so that `text` is appended."""
        margin = max(width - 1, 8)
        if width != self._width:  # where the terminal has moved the word is not known
            self._word, self._width = "", width
        piece = ""
        for character in text:
            if character == "\n":
                self.column, self._word = 0, ""
                piece += character
                continue
            if character == "\t":
                character = " " * min(8 - self.column % 8, margin - self.column)
            cells = cell_len(character)
            if not character or character.isspace():
                self._word = ""
                if self.column + cells > margin:
                    continue  # the line ends here, whatever word comes next
            elif self.column + cells > margin:
                whole = self._word if cell_len(self._word) < self.column else ""
                if whole:
                    yield piece
                    yield TakeBack(cell_len(whole))
                    piece = ""
                piece += f"\n{whole}"
                self.column, self._word = cell_len(whole), whole
            piece += character
            self.column += cells
            if not character.isspace():
                sure = character not in _JOINERS and (cells == 1 or (cells == 0 and self._word))
                self._word = self._word + character if sure else ""
        if piece:
            yield piece

    def new_line(self) -> None:
        """Forget the line: something else has begun a new one."""
        self.column, self._word = 0, ""
