"""Markdown in blocks, checked against a Markdown parser."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from reactivex.subject import Subject

from rxagents import Stream
from rxagents import operators as ops

MARKDOWN = MarkdownIt("commonmark").enable("table")


def blocks(*pieces: str) -> list[str]:
    return [block for step in steps(*pieces) for block in step]


def steps(*pieces: str) -> list[list[str]]:
    """The blocks told at each of the pieces, and at the end."""
    source: Subject[str] = Subject()
    told: list[list[str]] = []
    Stream.from_observable(source).pipe(ops.markdown_blocks()).subscribe(
        lambda block: told[-1].append(block)
    )
    for piece in pieces:
        told.append([])
        source.on_next(piece)
    told.append([])
    source.on_completed()
    return told


def html(*told: str) -> str:
    """The blocks rendered one by one; a whole text, if it has no line end at its end, as one."""
    return "".join(MARKDOWN.render(block + "\n") for block in told)


def test_a_block_is_told_when_it_is_closed() -> None:
    told = [
        ("# A", []),
        ("\n", ["# A"]),
        ("One\ntwo", []),
        ("\n\n", ["One\ntwo"]),
        ("```py\nx\n\n# y\n", []),
        ("```\n", ["```py\nx\n\n# y\n```"]),
        ("***\n", ["***"]),
        ("- a\n\n- b\n\n", []),
        ("Three\n", ["- a\n\n- b"]),
        ("---\n", ["Three\n---"]),
        ("> q\nlazy\n", []),
        ("\n", ["> q\nlazy"]),
        ("| a |\n|---|\n| 1 |\n", []),
        ("\n", ["| a |\n|---|\n| 1 |"]),
        ("End", []),
    ]
    assert steps(*(piece for piece, _ in told)) == [*(told for _, told in told), ["End"]]


@pytest.mark.parametrize(
    "document",
    [
        ["Text", "# Heading", "More", "## Closed ##"],
        ["Setext\n=====", "Text", "***", "Also\nsetext\n---"],
        ["````md\n```\ninner\n```\n````", "~~~ a ` b\n```\n~~~~", "   ```\n   x\n  ```"],
        ["```\nunclosed\n\n- x\n\n# y"],
        ["Text", "- a\n  b\n\n  c\n- d\n  - e\n\n      code", "* f", "1. g\n2. h", "1) i"],
        ["- ```\n  x\n\n  y\n  ```", "```\nz\n```"],
        ["Text\n2. is no list", "1. is one"],
        ["> a\n> - b\nlazy", "# no", "> # b", "text\n    more text"],
        ["> ```\n> x", "y"],
        ["    code\n\n    goes on", "text"],
        ["Before", "| a | b |\n|:--|--:|\n| 1 | 2 |\nrow", "> quote"],
        ["a | b\nno | table"],
        ["<details>\n<summary>x</summary>", "Text", "</details>"],
        ["<!-- a\n\nb -->", "text\n<b>\nno html", "<b>\n*html*"],
        ["<script>\nif (a)\n\n  b\n</script>", "***"],
        ["-", "text"],
    ],
)
def test_where_blocks_end(document: list[str]) -> None:
    for between in ("\n", "\n\n"):
        text = between.join(document)
        if between == "\n" and html(text) != html(*document):
            continue  # without an empty line these are other blocks
        assert blocks(text) == blocks(*text) == document


def test_line_ends_of_all_kinds_and_tabs() -> None:
    assert blocks("# A\r", "\nB\r\rC\r\n===") == ["# A", "B", "C\n==="]
    assert blocks("-\ta\n\n\tb\n\n\tc\n\nd") == ["-\ta\n\n\tb\n\n\tc", "d"]
    assert blocks() == blocks("") == blocks(" \n\n") == []


def test_code_that_is_left_open_keeps_its_empty_lines() -> None:
    assert blocks("```\na\n\n") == ["```\na\n"]


# Lines that mean one thing here and another there. Not: link references, which one block defines
# and another uses; nor a heading or a list's item right above a table's delimiter row, which the
# oracle takes for the table's head, and GitHub's specification does not.
LINES = """
# Head|text|more text here|||    indented|  two|   three|- item|-|* star|+ plus|1. one|2. two
7) seven|10. ten|```|```py|~~~~|~~~|````|> quote|>|> - a|> ```|> # h|>text|---|***|===|<div>
</div>|<!-- c|-->|<b>|<pre>|</pre>|- - a|  - nested|    - deep|      code in|1.  wide
   cont|\tTab|-\ttab|- \t\ttab|>\ttab|**b** *i*|   ```|  ```|-     code
""".replace("\n", "|").split("|")
TABLES = ["| a | b |", "|---|---|", "a | b", "--- | ---", ":-- | --:", "|a|", "|-|", "x\\|y|z"]


@settings(max_examples=400)
@given(st.lists(st.sampled_from(LINES + TABLES), max_size=9), st.sampled_from(["", "\n", "\n\n"]))
def test_blocks_one_by_one_look_like_the_whole(lines: list[str], end: str) -> None:
    text = "\n".join(lines) + end
    assert html(*blocks(text)) == html(text.removesuffix("\n"))


@given(st.text(alphabet="ab #>-*`~|=:\n\t1.<!", max_size=40))
def test_no_text_is_lost(text: str) -> None:
    told = blocks(text)
    assert "".join("".join(told).split()) == "".join(text.split())
    lines = [line for block in told for line in block.split("\n") if line.strip()]
    assert lines == [line for line in text.split("\n") if line.strip()]
