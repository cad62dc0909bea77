"""What grows while it is looked at: a text, a list. A look costs the same however long they are.

What grows is shared by all who have looked at it, and only ever appended to; a look is how far it
had come by then. What changes otherwise is made anew, so that nobody's look ever changes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Generic, TypeVar, cast

_T = TypeVar("_T")


class GrowingText:
    """A text that is written in pieces, in parts of which the last one grows."""

    __slots__ = ("_between", "_look", "_pieces", "_starts")

    def __init__(self, between: str = "") -> None:
        self._between = between  # what stands between two parts
        self._pieces = _Pieces()
        self._starts: dict[int, int] = {}  # of the parts, in `_pieces`; in the order of their start
        self._look = TextSoFar(self._pieces, 0)

    def grow(self, part: int, piece: str) -> bool:
        """Append to a part; False if that changes nothing."""
        if not piece:
            return False
        if part not in self._starts:
            self._begin(part)
        elif part != next(reversed(self._starts)):
            return self.replace(part, self._part(part) + piece)
        self._pieces.append(piece)
        return True

    def replace(self, part: int, text: str) -> bool:
        """Set a part; False if that changes nothing."""
        if part not in self._starts:
            return self.grow(part, text)
        if text == self._part(part):
            return False
        texts = {each: self._part(each) for each in self._starts}
        texts[part] = text
        self._pieces, self._starts = _Pieces(), {}
        for each, written in texts.items():
            self._begin(each)
            self._pieces.append(written)
        return True

    def replace_all(self, parts: list[str]) -> bool:
        """Set the whole; False if that changes nothing."""
        whole = self._between.join(parts)
        if whole == self.so_far().value:
            return False
        self._pieces, self._starts = _Pieces(), {}
        self._begin(0)
        self._pieces.append(whole)
        return True

    def so_far(self) -> TextSoFar:
        """The text as it is now."""
        look, count = self._look, len(self._pieces.list)
        if look.count != count or look.pieces is not self._pieces:
            look = self._look = TextSoFar(self._pieces, count)
        return look

    def _begin(self, part: int) -> None:
        if self._starts and self._between:
            self._pieces.append(self._between)
        self._starts[part] = len(self._pieces.list)

    def _part(self, part: int) -> str:
        start = self._starts[part]
        later = [each for each in self._starts.values() if each > start]
        end = min(later) - bool(self._between) if later else None
        return "".join(self._pieces.list[start:end])


class _Pieces:
    """Pieces of a text, only ever appended to."""

    __slots__ = ("_joined", "_text", "append", "list")

    def __init__(self) -> None:
        self.list: list[str] = []
        self.append = self.list.append
        self._text = ""  # the first `_joined` of them
        self._joined = 0

    def text(self, count: int) -> str:
        """The first `count` pieces. Cheap for who asks each time: what was joined is kept."""
        if count < self._joined:
            return "".join(self.list[:count])
        if count > self._joined:
            self._text += "".join(self.list[self._joined : count])
            self._joined = count
        return self._text


class TextSoFar:
    """A growing text at one moment."""

    __slots__ = ("count", "pieces")

    def __init__(self, pieces: _Pieces, count: int) -> None:
        self.pieces = pieces
        self.count = count

    @property
    def value(self) -> str:
        return self.pieces.text(self.count)

    def since(self, earlier: TextSoFar) -> str | None:
        """What was appended since; None if it has not only grown."""
        if self.pieces is earlier.pieces and self.count >= earlier.count:
            return "".join(self.pieces.list[earlier.count : self.count])
        return appended_to(earlier.value, self.value)


def appended_to(before: str, now: str) -> str | None:
    """What was appended to `before`; None if `now` does not begin with it."""
    return now[len(before) :] if now.startswith(before) else None


class GrowingList(Generic[_T]):
    """A list whose elements may change until they are settled. They keep their numbers.

    Invariant: an element is settled once, and a look keeps those that were not settled by then;
    `_numbers` ascend.
    """

    __slots__ = ("_next", "_numbers", "_settled", "open")

    def __init__(self) -> None:
        self.open: dict[int, _T] = {}
        """The elements that may change yet, by number."""
        self._settled: list[_T | None] = []  # None for those in `open`
        self._numbers: list[int] = []
        self._next = 0

    def add(self, element: _T) -> int:
        """Append an element, and give its number."""
        number = self._next
        self._next += 1
        self._numbers.append(number)
        self._settled.append(None)
        self.open[number] = element
        return number

    def settle(self, number: int, element: _T) -> None:
        """Set an element for good."""
        del self.open[number]
        self._settled[bisect_left(self._numbers, number)] = element

    def remove(self, numbers: set[int]) -> None:
        """Take elements out. This alone costs as much as the list is long."""
        kept = [index for index, number in enumerate(self._numbers) if number not in numbers]
        self._settled = [self._settled[index] for index in kept]
        self._numbers = [self._numbers[index] for index in kept]
        for number in numbers:
            self.open.pop(number, None)

    def so_far(self) -> ListSoFar[_T]:
        """The list as it is now."""
        return ListSoFar(self._settled, self._numbers, len(self._settled), tuple(self.open.items()))


class ListSoFar(Generic[_T]):
    """A growing list at one moment."""

    __slots__ = ("_count", "_numbers", "_open", "_settled")

    def __init__(
        self,
        settled: list[_T | None],
        numbers: list[int],
        count: int,
        open: tuple[tuple[int, _T], ...],
    ) -> None:
        self._settled = settled
        self._numbers = numbers
        self._count = count
        self._open = open

    @staticmethod
    def of(elements: Iterable[_T]) -> ListSoFar[_T]:
        """A list that does not grow."""
        settled: list[_T | None] = list(elements)
        return ListSoFar(settled, list(range(len(settled))), len(settled), ())

    @property
    def value(self) -> tuple[_T, ...]:
        elements = self._settled[: self._count]
        for number, element in self._open:
            elements[bisect_left(self._numbers, number)] = element
        return tuple(cast("list[_T]", elements))

    def shares_with(self, other: ListSoFar[_T]) -> bool:
        """Whether both are looks at the same elements."""
        return self._settled is other._settled

    def since(self, earlier: ListSoFar[_T]) -> ListChanges[_T]:
        """What has changed since, at a cost that does not grow with what has not."""
        if self.shares_with(earlier) and self._count >= earlier._count:
            return self._grown_since(earlier)
        changes: ListChanges[_T] = ListChanges()
        before = dict(zip(earlier._numbers, enumerate(earlier.value), strict=False))
        now = dict(zip(self._numbers, enumerate(self.value), strict=False))
        changes.removed = [index for number, (index, _) in before.items() if number not in now]
        for number, (index, element) in now.items():
            if number not in before:
                changes.added.append((index, element))
            elif before[number][1] is not element:
                changes.changed.append((*before[number], index, element))
        return changes

    def _grown_since(self, earlier: ListSoFar[_T]) -> ListChanges[_T]:
        changes: ListChanges[_T] = ListChanges()
        was_open, is_open = dict(earlier._open), dict(self._open)
        for number in sorted(was_open.keys() | is_open.keys()):
            index = bisect_left(self._numbers, number)
            if index < earlier._count:
                before, now = earlier._at(index, was_open), self._at(index, is_open)
                changes.changed.append((index, before, index, now))
        for index in range(earlier._count, self._count):
            changes.added.append((index, self._at(index, is_open)))
        return changes

    def _at(self, index: int, open: dict[int, _T]) -> _T:
        number = self._numbers[index]
        return open[number] if number in open else cast("_T", self._settled[index])


class ListChanges(Generic[_T]):
    """What has become of a list. The removed go first, then the added come in, in order."""

    def __init__(self) -> None:
        self.removed: list[int] = []
        """Indices in the earlier list, ascending."""
        self.added: list[tuple[int, _T]] = []
        """Indices in the later list, ascending."""
        self.changed: list[tuple[int, _T, int, _T]] = []
        """Index and element before and now; the elements may be the same."""
