"""Small helps at a terminal: a loop of questions, and the log."""

from __future__ import annotations

import builtins
import logging
from collections.abc import Iterator

import pytest

from rxagents import Agent, enable_verbose_stdout_logging, function_tool, handoff, run_demo_loop
from rxagents.testing import ScriptedModel, assistant_message, function_call


@function_tool
def look() -> str:
    return "rain"


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    left = iter(lines)

    def answer(prompt: str) -> str:
        line = next(left, None)
        if line is None:
            raise EOFError
        return line

    monkeypatch.setattr(builtins, "input", answer)


def desk() -> tuple[Agent[None], ScriptedModel]:
    """A desk that hands over, and the model of the one who then answers."""
    model = ScriptedModel(
        [[function_call("look")], [assistant_message("Rain.")], [assistant_message("Still.")]]
    )
    guide: Agent[None] = Agent("Guide", tools=[look], model=model)
    first = ScriptedModel([[function_call("transfer_to_guide", call_id="t")]])
    return Agent("Desk", handoffs=[handoff(guide)], model=first), model


async def test_the_demo_loop_streams_and_keeps_the_conversation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    agent, model = desk()
    typed(monkeypatch, "Weather?", "", "And now?", "quit", "never")
    await run_demo_loop(agent)
    printed = capsys.readouterr().out.splitlines()
    assert printed == [
        "[Desk]",
        "[Guide]",
        "",
        "[calls look]",
        "[gets rain]",
        "Rain.",
        "[Guide]",
        "Still.",
    ]
    said = [item.get("content") for item in model.calls[-1].input if isinstance(item, dict)]
    assert said[0] == "Weather?"
    assert said[-1] == "And now?"


async def test_the_demo_loop_can_print_answers_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    agent, _ = desk()
    typed(monkeypatch, "Weather?")
    await run_demo_loop(agent, stream=False)
    assert capsys.readouterr().out == "Rain.\n\n"


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """Ours, as it was when the test is over."""
    logger = logging.getLogger("rxagents")
    level, handlers = logger.level, list(logger.handlers)
    yield logger
    logger.setLevel(level)
    logger.handlers[:] = handlers


def test_the_log_can_be_printed(logger: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    enable_verbose_stdout_logging()
    enable_verbose_stdout_logging()
    logging.getLogger("rxagents.tools").debug("a detail")
    assert capsys.readouterr().out == "a detail\n"
