"""What a single line of Markdown can begin or end, by CommonMark's rules.

Lines come without their line end, with tabs expanded, and without what belongs to the containers
that they are in. Sections are those of https://spec.commonmark.org/0.31.2/.
"""

from __future__ import annotations

import re

QUOTE = re.compile(r" {0,3}> ?")  # 5.1
HEADING = re.compile(r" {0,3}#{1,6}(?: |$)")  # 4.2
RULE = re.compile(r" {0,3}([-_*])(?: *\1){2,} *$")  # 4.1
UNDERLINE = re.compile(r" {0,3}(?:=+|-+) *$")  # 4.3
MARKER = re.compile(  # 5.2
    r"(?P<mark> {0,3}(?:(?P<bullet>[-+*])|(?P<number>\d{1,9})(?P<after>[.)])))(?P<space> +|$)"
)
_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}(?=[^`]*$)|~{3,})")  # 4.5


def fence_end(line: str) -> re.Pattern[str] | None:
    """What closes the fence that `line` opens; None if it opens none."""
    match = _FENCE.match(line)
    if match is None:
        return None
    char, length = match["fence"][0], len(match["fence"])
    return re.compile(rf" {{0,3}}{char}{{{length},}} *$")


def content_indent(match: re.Match[str], line: str) -> int:
    """Columns by which the content of the list's item is indented whose marker is `match`."""
    width, space = len(match["mark"]), len(match["space"])
    if space > 4 or not line[match.end() :]:  # code in the item, or nothing yet
        return width + 1
    return width + space


# --- 4.6 HTML blocks: where they begin, and where those end that an empty line does not end -----

_NAMES = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details"
    "|dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head"
    "|header|hr|html|iframe|legend|li|link|main|menu|menuitem|nav|noframes|ol|optgroup|option|p"
    "|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul"
)
_ATTRIBUTE = r"""\s+[A-Za-z_:][\w.:-]*(?:\s*=\s*(?:[^\s"'=<>`]+|'[^']*'|"[^"]*"))?"""
_TAG = rf"(?:<[A-Za-z][A-Za-z0-9-]*(?:{_ATTRIBUTE})*\s*/?>|</[A-Za-z][A-Za-z0-9-]*\s*>)"
_HTML: list[tuple[re.Pattern[str], re.Pattern[str] | None]] = [
    (re.compile(begin, re.IGNORECASE), re.compile(end, re.IGNORECASE) if end else None)
    for begin, end in [
        (r" {0,3}<(?:script|pre|style|textarea)(?=\s|>|$)", "</(?:script|pre|style|textarea)>"),
        (r" {0,3}<!--", "-->"),
        (r" {0,3}<\?", r"\?>"),
        (r" {0,3}<![A-Za-z]", ">"),
        (r" {0,3}<!\[CDATA\[", r"\]\]>"),
        (rf" {{0,3}}</?(?:{_NAMES})(?=\s|/?>|$)", ""),
    ]
]
_ANY_TAG = re.compile(rf" {{0,3}}{_TAG}\s*$")


def html_end(line: str, *, in_text: bool) -> tuple[bool, re.Pattern[str] | None]:
    """Whether `line` begins HTML, and what ends it: a pattern, or None for an empty line.

    Any tag alone on its line begins HTML, but not amid the text of a paragraph.
    """
    if "<" not in line:
        return False, None
    for begin, end in _HTML:
        if begin.match(line):
            return True, end
    return not in_text and _ANY_TAG.match(line) is not None, None


# --- tables (https://github.github.com/gfm/#tables-extension-) ----------------------------------

_DELIMITER = re.compile(r" *(?!- )[-:|][-:| ]*$")
_CELL = re.compile(r" *:?-+:? *$")
_PIPE = re.compile(r"(?<!\\)\|")


def begins_table(head: str, line: str) -> bool:
    """Whether `line` is the delimiter row below the header row `head`."""
    if "|" not in head or len(line.strip()) < 2 or not _DELIMITER.match(line):
        return False
    columns = _cells(line)
    return len(columns) == len(_cells(head)) > 0 and all(map(_CELL.match, columns))


def _cells(row: str) -> list[str]:
    cells = _PIPE.split(row.strip())
    if cells and not cells[0]:
        del cells[0]
    if cells and not cells[-1]:
        del cells[-1]
    return cells
