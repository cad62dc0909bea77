"""Markdown in blocks, while it is being written.

The rules are CommonMark's (https://spec.commonmark.org/0.31.2/) and, for tables, GitHub's. They
are decided line by line: a block is told when no line that may come can belong to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reactivex import Observable

from ._cut import cut
from ._markdown_lines import (
    HEADING,
    MARKER,
    QUOTE,
    RULE,
    UNDERLINE,
    begins_table,
    content_indent,
    fence_end,
    html_end,
)
from .pieces import Lines


def markdown_blocks() -> Callable[[Observable[str]], Observable[str]]:
    r"""Markdown in blocks, each as soon as it is closed. Lossless.

        source              --"# A"--"\nOne"--"\n\n```\nx"--"\n```\n"----|
        markdown_blocks()   ---------"# A"----"One"---------"```\nx\n```"-|

    A block is a heading, a paragraph, code with its fences or indented, a whole list, a table, a
    quote, a thematic break or a piece of HTML. Rendered one by one, the blocks look like the
    whole text, except that a link finds no reference that is defined in another block.

    A heading, a closed fence and a break come at their line end; a paragraph, a table and a quote
    at the empty line or the block after them; a list and indented code when a line has come that
    does not belong to them. Empty lines around a block and its last line end are dropped, the
    line ends within it are kept, as `\n`. What is left when the source ends, or fails, is emitted
    before that.

    >>> pieces = Stream.of("# Oslo\nSee:\n", "- the fjord\n- the op", "era\n\nGo soon.")
    >>> await pieces.pipe(ops.markdown_blocks(), ops.to_list())
    ['# Oslo', 'See:', '- the fjord\n- the opera', 'Go soon.']
    """
    return cut(_Blocks)


@dataclass(slots=True)
class _Quote:
    """A block quote that is open."""


@dataclass(slots=True)
class _Item:
    """A list's item that is open."""

    kind: str
    """Its bullet, or the character after its number: other kinds make another list."""
    indent: int
    """Columns by which its content is indented."""
    empty: bool
    """Whether only its marker has come."""


@dataclass(slots=True)
class _Leaf:
    """The innermost open block: the one that takes the next line."""

    kind: str = ""
    """paragraph, table, code, fence or html; nothing where none is open.

    A paragraph is lazy in a line that does not go on with all of its containers (5.1).
    """
    end: re.Pattern[str] | None = None
    """What ends a fence or HTML; None for what an empty line ends."""
    last: str = ""
    """The last line of a paragraph, if it may be the header row of a table."""


class _Blocks:
    """The blocks that are open, as in CommonMark's parser (appendix "A parsing strategy").

    Invariant: `_block` has the lines of the outermost open block, and is empty if none is open.
    """

    def __init__(self) -> None:
        self._lines = Lines()
        self._block: list[str] = []
        self._list = ""  # the kind of its items, if the outermost block is a list
        self._containers: list[_Quote | _Item] = []
        self._leaf = _Leaf()

    def feed(self, piece: str) -> Iterator[str]:
        for line in self._lines.feed(piece):
            yield from self._add(line)

    def rest(self) -> Iterator[str]:
        for line in self._lines.rest():
            yield from self._add(line)
        yield from self._close()

    def _add(self, line: str) -> Iterator[str]:
        depth, text = self._continued(line.expandtabs(4))
        whole = depth == len(self._containers)
        if whole and self._is_verbatim(text):
            self._block.append(line)
        elif not text.strip():
            del self._containers[depth:]
            self._leaf = _Leaf()
            if self._list or self._containers:
                self._block.append(line)
        elif self._goes_on(text, whole=whole):
            self._block.append(line)
        else:
            yield from self._begin(line, text, depth)
        if not (self._list or self._containers or self._leaf.kind):
            yield from self._close()

    def _continued(self, text: str) -> tuple[int, str]:
        """How many of the containers go on in this line, and what it says inside of them."""
        for depth, container in enumerate(self._containers):
            if isinstance(container, _Quote):
                match = QUOTE.match(text)
                if match is None:
                    return depth, text
                text = text[match.end() :]
            elif not text.strip():
                if container.empty:
                    return depth, text
            elif _indent(text) >= container.indent:
                text = text[container.indent :]
            else:
                return depth, text
        return len(self._containers), text

    def _is_verbatim(self, text: str) -> bool:
        """Whether the line belongs to code or HTML, whatever it says."""
        leaf = self._leaf
        if leaf.kind == "code":
            return _indent(text) >= 4 or not text.strip()
        if leaf.end is not None:
            if leaf.end.search(text) if leaf.kind == "html" else leaf.end.match(text):
                self._leaf = _Leaf()
            return True
        return leaf.kind == "html" and text.strip() != ""

    def _goes_on(self, text: str, *, whole: bool) -> bool:
        """Whether the line goes on with a paragraph, also a lazy one (5.1), or with a table."""
        leaf = self._leaf
        if leaf.kind == "table":
            return whole and _indent(text) < 4 and self._opens(text, leaf) is None
        if leaf.kind != "paragraph":
            return False
        if _indent(text) >= 4:
            leaf.last = ""
            return True
        if whole and (UNDERLINE.match(text) or begins_table(leaf.last, text)):
            return False
        if self._opens(text, leaf if whole else _Leaf("lazy")) is not None:
            return False
        leaf.last = text if whole else ""
        return True

    def _begin(self, line: str, text: str, depth: int) -> Iterator[str]:
        """Close what does not go on in this line, and open what it begins."""
        whole = depth == len(self._containers)
        in_paragraph = whole and self._leaf.kind == "paragraph"
        head = self._leaf.last
        for container in self._containers[:depth]:
            if isinstance(container, _Item):
                container.empty = False
        opened: list[_Quote | _Item] = []
        if in_paragraph and begins_table(head, text):
            if not self._containers:  # the lines before its header row are a paragraph
                header = self._block.pop()
                yield from self._close()
                self._block.append(header)
            leaf = _Leaf("table")
        elif in_paragraph and UNDERLINE.match(text):
            leaf = _Leaf()
        else:
            opened, leaf = self._open(text, self._leaf if whole else _Leaf())
            first = opened[0] if opened else None
            kind = first.kind if isinstance(first, _Item) else ""
            if depth == 0 and not (kind and kind == self._list):
                yield from self._close()
                self._list = kind
        self._containers[depth:] = opened
        self._leaf = leaf
        self._block.append(line)

    def _open(self, text: str, leaf: _Leaf) -> tuple[list[_Quote | _Item], _Leaf]:
        """The containers that the line opens, and the leaf in the innermost of them."""
        opened: list[_Quote | _Item] = []
        while (block := self._opens(text, leaf)) is not None:
            if isinstance(block, _Leaf):
                return opened, block
            container, text = block
            opened.append(container)
            leaf = _Leaf()
        return opened, _Leaf("paragraph", last=text) if text.strip() else _Leaf()

    def _opens(self, text: str, leaf: _Leaf) -> tuple[_Quote | _Item, str] | _Leaf | None:
        """What the line opens next to `leaf`: a container and its content, a leaf, or neither."""
        if not text.strip():
            return None
        if _indent(text) >= 4:
            return _Leaf("code")
        if match := QUOTE.match(text):
            return _Quote(), text[match.end() :]
        if HEADING.match(text) or RULE.match(text):
            return _Leaf()
        if end := fence_end(text):
            return _Leaf("fence", end)
        is_html, end = html_end(text, in_text=leaf.kind in ("paragraph", "lazy", "table"))
        if is_html:
            return _Leaf() if end is not None and end.search(text) else _Leaf("html", end)
        return _item(text, leaf)

    def _close(self) -> Iterator[str]:
        """Emit the outermost block, which is closed now."""
        lines, self._block = self._block, []
        if self._leaf.end is None:  # in code that was left open, empty lines are code
            while lines and not lines[-1].strip():
                lines.pop()
        if lines:
            yield "\n".join(lines)


def _item(text: str, leaf: _Leaf) -> tuple[_Item, str] | None:
    match = MARKER.match(text)
    if match is None:
        return None
    indent = content_indent(match, text)
    content = text[indent:]
    if leaf.kind == "paragraph" and (not content.strip() or match["number"] not in (None, "1")):
        return None  # more text, such as a number that comes first in its line
    kind = match["bullet"] or match["after"]
    return _Item(kind, indent, not content.strip()), content


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))
