"""What the README shows does what it says."""

from __future__ import annotations

import ast
import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from loopback import LoopbackServer, stream, text_events
from reactivex.subject import Subject

from rxagents import Stream
from rxagents import operators as ops

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


class Screen:
    """Stands for what the README's callbacks write to."""

    def __init__(self) -> None:
        self.text = ""
        self.state = ""

    def write(self, text: str) -> None:
        self.text += text

    def show_error(self, error: Exception) -> None:
        self.state = repr(error)

    def done(self) -> None:
        self.state = "done"


async def test_its_programs_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = "The sea is salt. It is wide."
    spoken: list[str] = []
    prompts: Subject[str] = Subject()

    async def speak(sentence: str) -> None:
        spoken.append(sentence)

    screen = Screen()
    names: dict[str, Any] = {
        "screen": screen,
        "speak": speak,
        "ask": None,  # nobody wants an approval in these runs
        "prompts": Stream.from_observable(prompts),
    }
    async with LoopbackServer([stream(*text_events(answer)) for _ in range(2)]) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "k")
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        for block in blocks("python"):
            code = compile(block, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            running = eval(code, names)
            if running is not None:
                await running
        assert f"{answer}message_output_created" in capsys.readouterr().out
        assert (screen.text, screen.state) == (answer, "done")
        assert spoken == ["The sea is salt.", "It is wide."]

        answers = asyncio.ensure_future(names["answers"].pipe(ops.to_list()))
        await asyncio.sleep(0)
        prompts.on_next("What is the s")
        prompts.on_next("What is the sea?")
        prompts.on_completed()
        assert "".join(await answers) == answer
        assert server.requests[-1].body["input"][0]["content"] == "What is the sea?"


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_its_first_two_commands_are_the_ones_that_are_promised() -> None:
    first, second, *_ = blocks("sh")
    assert "examples/first_run.py" in first
    assert "pytest" in second
    assert len(first.splitlines()) == len(second.splitlines()) == 1
