"""What the command shows in a terminal."""

from __future__ import annotations

import asyncio
import codecs
import os
import re
import signal
import sys
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loopback import Hold, LoopbackServer, call_events, response_usage, stream, text_events
from rich.cells import cell_len
from test_cli_process import LIMIT, asking

from rxagents import Agent, ToolCallItem
from rxagents.cli.statistics import Statistics
from rxagents.cli.wording import arguments_of, figures, harmless, name_of, one_line
from rxagents.cli.wrap import TakeBack, WordWrap
from rxagents.testing import function_call

# --- words to lines -------------------------------------------------------------------------


def screen(pieces: Iterable[str], width: int) -> list[str]:
    """The lines on a terminal that these pieces have been written to."""
    wrap, lines = WordWrap(), [""]
    for piece in pieces:
        for part in wrap.feed(piece, width):
            if isinstance(part, TakeBack):
                line = lines[-1]
                while cell_len(lines[-1]) > cell_len(line) - part.cells:
                    lines[-1] = lines[-1][:-1]
            else:
                first, *more = part.split("\n")
                lines[-1] += first
                lines += more
    assert cell_len(lines[-1]) == wrap.column
    return lines


def test_lines_are_broken_between_words() -> None:
    assert screen(["The quick brown fox jumps"], 11) == ["The quick ", "brown fox ", "jumps"]


def test_a_word_that_comes_in_pieces_moves_as_a_whole() -> None:
    assert screen(["The qui", "ck bro", "wn", " fox"], 12) == ["The quick ", "brown fox"]


def test_a_word_longer_than_a_line_is_broken() -> None:
    assert screen(["see https://a", "bcdefghij"], 11) == ["see ", "https://ab", "cdefghij"]


def test_wide_characters_need_no_spaces() -> None:
    assert screen(["日本語の", "文章"], 9) == ["日本語の", "文章"]


def test_the_models_own_lines_and_indents_are_kept() -> None:
    assert screen(["a\n\n  b\tc\n"], 30) == ["a", "", "  b     c", ""]


def test_what_stood_on_a_line_before_a_resize_is_left_alone() -> None:
    wrap = WordWrap()
    assert list(wrap.feed("some words", 40)) == ["some words"]
    assert list(wrap.feed("worth", 11)) == ["\nworth"]


@given(
    st.lists(st.text(alphabet="ab 语😀\n\te\u0301-", max_size=12), max_size=12),
    st.integers(min_value=9, max_value=30),
)
def test_nothing_is_lost_and_no_line_is_too_long(pieces: list[str], width: int) -> None:
    lines = screen(pieces, width)
    assert "".join("".join(lines).split()) == "".join("".join(pieces).split())
    assert all(cell_len(line) < width for line in lines)
    assert lines == screen(["".join(pieces)], width), "however the text is cut into pieces"


# --- wording --------------------------------------------------------------------------------


def called(arguments: str) -> str:
    item = ToolCallItem(Agent("A"), function_call("f", arguments))
    return f"{name_of(item)}({arguments_of(item)})"


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ('{"city": "Øslo", "days": [1, 2], "now": true}', 'f(city="Øslo", days=[1, 2], now=true)'),
        ("{}", "f()"),
        ("", "f()"),
        ('{"city": ', 'f({"city":)'),
        ("[1]", "f([1])"),
        ('{"text": "a\\u001b[31m\\nb"}', 'f(text="a\\u001b[31m\\nb")'),
    ],
)
def test_a_call_reads_as_in_python(arguments: str, shown: str) -> None:
    assert called(arguments) == shown


def test_a_long_call_is_cut() -> None:
    assert one_line("x " * 500, 10) == "x x x x x…"
    assert len(called('{"a": "%s"}' % ("y" * 10_000))) < 210


def test_the_model_cannot_steer_the_terminal() -> None:
    assert harmless("a\x1b[2J\x9bb\r\x07\n\tc") == "a[2Jb\n\tc"


def test_figures() -> None:
    took = Statistics(2, 1200, 80, 2.0, started_at=10.0, first_token_at=10.25)
    assert figures(took) == "0.25 s to first token · 40.0 tokens/s · 1,200 in · 80 out · 2 turns"
    assert figures(Statistics(turns=1)) == "1 turn"


# --- in a terminal --------------------------------------------------------------------------

on_a_terminal = [
    pytest.mark.real_loop,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="there is no pty"),
]

SHOW_CURSOR, HIDE_CURSOR = "\x1b[?25h", "\x1b[?25l"


class Screen:
    """A terminal in which the command runs."""

    def __init__(self, master: int, process: asyncio.subprocess.Process) -> None:
        self.raw = ""
        self._master = master
        self._process = process
        self._changed = asyncio.Event()
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        asyncio.get_running_loop().add_reader(master, self._read)

    async def shows(self, text: str) -> None:
        """Wait until `text` is to be seen."""
        while not any(text in line for line in self.lines):
            self._changed.clear()
            await self._changed.wait()

    @property
    def lines(self) -> list[str]:
        """What is to be seen, as far as the command uses a terminal's abilities."""
        lines, row, column = [""], 0, 0
        for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|[^\x1b]", self.raw):
            match part[0], part[-1], int(re.sub(r"\D", "", part) or 1) if len(part) > 1 else 0:
                case _, "\n", _:
                    row += 1
                    lines += [""] * (row == len(lines))
                case _, "\r", _:
                    column = 0
                case "\x1b", "A", count:
                    row -= count
                case "\x1b", "D", count:
                    column -= count
                case "\x1b", "K", 2:
                    lines[row] = ""
                case "\x1b", "K", _:
                    lines[row] = lines[row][:column]
                case "\x1b", _, _:
                    assert part[-1] in "mhl", part
                case _:
                    line = lines[row].ljust(column)
                    lines[row] = line[:column] + part + line[column + 1 :]
                    column += 1
        last = max([row, *(i for i, line in enumerate(lines) if line.strip())])
        return [line.rstrip() for line in lines[: last + 1]]

    def assert_cursor(self) -> None:
        """The cursor is to be seen again."""
        assert self.raw.rindex(SHOW_CURSOR) > self.raw.rindex(HIDE_CURSOR)

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    async def end(self) -> int:
        """Wait for the end of the command; its exit code."""
        code = await self._process.wait()
        self._read()
        return code

    def _read(self) -> None:
        try:
            data = os.read(self._master, 65536)
        except OSError:  # nobody has the other side open any more
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._master)
        self.raw += self._decoder.decode(data)
        self._changed.set()


@asynccontextmanager
async def terminal(
    *arguments: str, env: dict[str, str], cwd: Path | None = None, columns: int = 80
) -> AsyncGenerator[Screen]:
    import termios

    master, slave = os.openpty()
    termios.tcsetwinsize(slave, (24, columns))

    def enter() -> None:
        os.login_tty(slave)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    hidden = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR")
    env = {name: value for name, value in env.items() if name not in hidden}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        "-m",
        "rxagents",
        *arguments,
        env={**env, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"},
        cwd=cwd,
        preexec_fn=enter,
    )
    os.close(slave)
    try:
        async with asyncio.timeout(LIMIT):
            yield Screen(master, process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        asyncio.get_running_loop().remove_reader(master)
        os.close(master)


class TestInATerminal:
    pytestmark = on_a_terminal

    async def test_the_answer_the_tools_and_the_figures_are_shown(self, tmp_path: Path) -> None:
        (tmp_path / "teller.py").write_text("""
from rxagents import Agent, function_tool

@function_tool
def weather(city: str) -> str:
    '''The weather.'''
    return "Rain"

agent = Agent("Teller", tools=[weather])
""")
        words = "It rains [red]a lot[/red] in Oslo, which nobody there minds in the least."
        usage = response_usage(10, 20)
        script = [
            stream(*call_events("weather", {"city": "Oslo"}, usage=usage)),
            stream(*text_events(words, usage=usage)),
        ]
        async with LoopbackServer(script) as server:
            arguments = ["run", "--agent", "teller:agent", "weather?"]
            env = asking(server)
            async with terminal(*arguments, env=env, cwd=tmp_path, columns=40) as screen:
                assert await screen.end() == 0
        *shown, took, usage_line, last = screen.lines
        assert shown == [
            '● weather(city="Oslo")',
            "  └ Rain",
            "",
            "It rains [red]a lot[/red] in Oslo,",
            "which nobody there minds in the least.",
            "",
        ]
        assert re.fullmatch(r"\d+\.\d\d s to first token · [\d.]+ tokens/s ·", took)
        assert (usage_line, last) == ("20 in · 40 out · 2 turns", "")
        assert "thinking …" in screen.raw
        screen.assert_cursor()

    async def test_ctrl_c_within_the_answer_leaves_a_clean_terminal(self) -> None:
        async with (
            LoopbackServer([stream(*text_events("Hello there friend")[:6], Hold())]) as server,
            terminal("run", "hi", env=asking(server)) as screen,
        ):
            await screen.shows("Hello there")
            screen.type("\x03")
            await server.wait_gone()
            assert await screen.end() == 130
        assert screen.lines == ["Hello there^C", ""]
        screen.assert_cursor()

    async def test_ctrl_c_beside_a_spinner_leaves_a_clean_terminal(self) -> None:
        begun = call_events("weather", {"city": "Oslo"})[:3]
        async with (
            LoopbackServer([stream(*begun, Hold())]) as server,
            terminal("run", "hi", env=asking(server)) as screen,
        ):
            await screen.shows("calling weather")
            screen.type("\x03")
            await server.wait_gone()
            assert await screen.end() == 130
        assert screen.lines == [""]
        screen.assert_cursor()

    async def test_an_error_is_told_below_what_was_received(self) -> None:
        failing = [*text_events("Hello there friend")[:6], {"type": "error", "message": "too hot"}]
        async with (
            LoopbackServer([stream(*failing)]) as server,
            terminal("run", "hi", env=asking(server)) as screen,
        ):
            assert await screen.end() == 1
        answer, error, rest = screen.lines
        assert answer == "Hello there"
        assert error.startswith("rxagents: ")
        assert "too hot" in error
        assert rest == ""
        screen.assert_cursor()
