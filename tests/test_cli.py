"""The command `rxagents`, in this process: choosing, and what is written where."""

from __future__ import annotations

import io
import itertools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rxagents
from rxagents import Agent, Runner, local
from rxagents.cli import main
from rxagents.cli.arguments import Options
from rxagents.cli.choice import default_model, first_model, run_config
from rxagents.cli.statistics import Statistics, statistics
from rxagents.cli.weights import fetch_if_needed
from rxagents.testing import Delay, ScriptedModel, assistant_message, function_call

Write = Callable[[str], str]
Capture = pytest.CaptureFixture[str]

HEAD = """
from rxagents import Agent, function_tool
from rxagents.testing import ScriptedModel, assistant_message, function_call

@function_tool
def weather(city: str, days: int = 1) -> str:
    '''The weather.'''
    return f"Rain in {city},\\nand [bold]wind[/bold]"
"""
_numbers = itertools.count()


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a module into the current directory, and gives its name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    def write(text: str) -> str:
        name = f"cli_agents_{next(_numbers)}"
        (tmp_path / f"{name}.py").write_text(HEAD + text, encoding="utf-8")
        return name

    return write


WITH_TOOL = """
agent = Agent("Teller", tools=[weather], model=ScriptedModel([
    [assistant_message("Let me see."), function_call("weather", {"city": "Oslo", "days": 3})],
    [assistant_message("It rains [red]a lot[/red], 雨!")],
]))
"""


# --- what is written ------------------------------------------------------------------------


def test_without_a_terminal_the_output_is_the_answer_alone(module: Write, capsys: Capture) -> None:
    name = module(WITH_TOOL)
    assert main(["run", "--agent", f"{name}:agent", "weather?"]) == 0
    out, err = capsys.readouterr()
    assert out == "Let me see.\nIt rains [red]a lot[/red], 雨!\n"
    assert err == '● weather(city="Oslo", days=3)\n  └ Rain in Oslo, and [bold]wind[/bold]\n'


def test_a_change_of_agents_is_told(module: Write, capsys: Capture) -> None:
    name = module("""
spanish = Agent("Spanish agent", model=ScriptedModel([[assistant_message("¡Hola!\\n")]]))
triage = Agent("Triage", handoffs=[spanish],
               model=ScriptedModel([[function_call("transfer_to_spanish_agent")]]))
""")
    assert main(["run", "-a", f"{name}:triage", "hola"]) == 0
    assert capsys.readouterr() == ("¡Hola!\n", "→ Spanish agent\n")


def test_a_refusal_is_no_answer(module: Write, capsys: Capture) -> None:
    name = module("""
from openai.types.responses import ResponseOutputRefusal
refusal = assistant_message("").model_copy(
    update={"content": [ResponseOutputRefusal(type="refusal", refusal="I will not.")]}
)
agent = Agent("Prude", model=ScriptedModel([[refusal]]))
""")
    assert main(["run", "-a", f"{name}:agent", "do!"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "refused" in err
    assert err.endswith("I will not.\n")


def test_json_is_an_event_a_line(module: Write, capsys: Capture) -> None:
    name = module(WITH_TOOL)
    assert main(["run", "--json", "--agent", f"{name}:agent", "weather?"]) == 0
    out, err = capsys.readouterr()
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert [event.get("name", event["type"]) for event in events if "data" not in event] == [
        "agent_updated_stream_event",
        "message_output_created",
        "tool_called",
        "tool_output",
        "message_output_created",
    ]
    assert "雨" in out
    assert err == ""


def test_what_was_received_stays_when_the_run_fails(module: Write, capsys: Capture) -> None:
    name = module("""
from rxagents import ModelStreamError
error = ModelStreamError("the stream broke off\\nafter 4 events", event_index=4)
agent = Agent("A", model=ScriptedModel([[assistant_message("So far"), error]]))
""")
    assert main(["run", "-a", f"{name}:agent", "go"]) == 1
    out, err = capsys.readouterr()
    assert out == "So far\n"
    assert err == "rxagents: the stream broke off after 4 events\n"


def test_any_other_exception_is_a_sentence_too(module: Write, capsys: Capture) -> None:
    name = module("agent = Agent('A', model=ScriptedModel([ZeroDivisionError('by\\nzero')]))")
    assert main(["run", "-a", f"{name}:agent", "go"]) == 1
    wanted = "rxagents: ZeroDivisionError: by zero (--traceback shows where)\n"
    assert capsys.readouterr() == ("", wanted)


def test_traceback_shows_where_an_error_comes_from(module: Write, capsys: Capture) -> None:
    name = module("agent = Agent('A', model=ScriptedModel([ZeroDivisionError('zero')]))")
    assert main(["run", "-a", f"{name}:agent", "--traceback", "go"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_max_turns_is_the_runs(module: Write, capsys: Capture) -> None:
    name = module(WITH_TOOL)
    assert main(["run", "-a", f"{name}:agent", "--max-turns", "1", "go"]) == 1
    assert "no final output after 1 turns" in capsys.readouterr().err


# --- the command line -----------------------------------------------------------------------


def test_version(capsys: Capture) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"rxagents {rxagents.__version__}\n"


def test_without_a_command_it_helps(capsys: Capture) -> None:
    assert main([]) == 2
    assert "run an agent on a prompt" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--max-turns", "0", "hi"], "a number from 1 on, not '0'"),
        (["--max-turns", "two", "hi"], "a number from 1 on, not 'two'"),
        (["--agent", "travel", "hi"], "MODULE:VARIABLE, such as travel:planner, not 'travel'"),
        (["--agent", "a:b", "--name", "B", "hi"], "are for the built-in agent"),
        (["  "], "the prompt is empty"),
        (["--frobnicate", "hi"], "--frobnicate"),
    ],
)
def test_a_wrong_command_line(arguments: list[str], problem: str, capsys: Capture) -> None:
    assert main(["run", *arguments]) == 2
    assert problem in capsys.readouterr().err


ECHO = """
class Echo(ScriptedModel):
    def stream_response(self, system_instructions, input, *args, **kwargs):
        self.enqueue([assistant_message(input[-1]["content"])])
        return super().stream_response(system_instructions, input, *args, **kwargs)

agent = Agent("Echo", model=Echo())
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("prompt", [[], ["-"]])
def test_the_prompt_is_read_from_a_pipe(
    prompt: list[str], module: Write, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("two\nlines"))
    assert main(["run", "-a", f"{module(ECHO)}:agent", *prompt]) == 0
    assert capsys.readouterr().out == "two\nlines\n"


def test_a_prompt_needs_no_quotes(module: Write, capsys: Capture) -> None:
    assert main(["run", "-a", f"{module(ECHO)}:agent", "tell", "me", "more"]) == 0
    assert capsys.readouterr().out == "tell me more\n"


def test_at_a_terminal_a_prompt_is_asked_for(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal())
    assert main(["run"]) == 2
    assert "there is no prompt: write one" in capsys.readouterr().err


# --- which agent ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "text", "sentence"),
    [
        ("{}:b", "a = Agent('A')", "the module '{}' has no 'b'; its agents are: a"),
        ("{}:HEAD", "HEAD = 1", "'{}:HEAD' is no Agent but of type int"),
        ("{}x:a", "", "there is no module '{}x' in {cwd}, nor is one installed"),
        ("{}.py:a", "", "nor is one installed (write it without .py)"),
        ("{}:a", "import nowhere.to_be", "the module '{}' cannot be imported: No module named"),
        ("{}:a", "1 / 0", "the module '{}' cannot be imported: ZeroDivisionError: division"),
        ("{}:a", "def", "the module '{}' cannot be imported: SyntaxError"),
    ],
)
def test_an_agent_that_cannot_be_had(
    reference: str, text: str, sentence: str, module: Write, tmp_path: Path, capsys: Capture
) -> None:
    name = module(text)
    assert main(["run", "-a", reference.format(name), "hi"]) == 1
    err = capsys.readouterr().err
    assert sentence.format(name, cwd=tmp_path) in err
    assert err.startswith("rxagents: ")
    assert err.count("\n") == 1


def test_an_agents_own_model_wins_but_over_the_command_line(module: Write, capsys: Capture) -> None:
    name = module(WITH_TOOL)
    assert main(["run", "-a", f"{name}:agent", "--model", "gpt-x", "weather?"]) == 1
    assert "there is no key to ask for the model 'gpt-x'" in capsys.readouterr().err


# --- which model ----------------------------------------------------------------------------


@pytest.fixture
def has_local(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    for name in ("OPENAI_API_KEY", "OPENAI_DEFAULT_MODEL"):
        monkeypatch.delenv(name, raising=False)
    return lambda answer: monkeypatch.setattr(local, "available", lambda: answer)


def test_openai_is_asked_where_there_is_a_key(
    has_local: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    has_local(True)
    assert default_model() == "local"
    monkeypatch.setenv("OPENAI_API_KEY", "")
    assert default_model() == "local"
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    assert default_model() == rxagents.DEFAULT_MODEL
    monkeypatch.setenv("OPENAI_DEFAULT_MODEL", "gpt-other")
    assert default_model() == "gpt-other"


def test_where_there_is_no_model_it_says_what_to_do(
    has_local: Callable[[bool], None], capsys: Capture
) -> None:
    has_local(False)
    assert main(["run", "hi"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "set OPENAI_API_KEY" in err
    assert "pip install 'rxagents[local]'" in err
    assert err.count("\n") == 1


def test_the_first_model_is_that_of_the_command_line_the_agent_or_the_rule(
    has_local: Callable[[bool], None],
) -> None:
    has_local(True)
    scripted = ScriptedModel()
    assert first_model(Options("hi"), Agent("A")) == "local"
    assert first_model(Options("hi"), Agent("A", model=scripted)) is scripted
    assert first_model(Options("hi", model="m"), Agent("A", model=scripted)) == "m"


async def test_the_rule_holds_for_each_agent_that_names_no_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    config = run_config(Options("hi"))
    assert config.model is None
    default: Any = config.model_provider.get_model(None)
    named: Any = config.model_provider.get_model("gpt-other")
    assert (default.model, named.model) == (rxagents.DEFAULT_MODEL, "gpt-other")


# --- the weights ----------------------------------------------------------------------------


async def test_the_weights_are_fetched_only_for_the_embedded_model_and_once(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    fetched: list[Any] = []
    place: list[Path] = []

    async def ensure(progress: Any = None) -> Path:
        fetched.append(progress)
        place.append(Path("weights"))
        return place[0]

    monkeypatch.setattr(local, "available", lambda: True)
    monkeypatch.setattr(local, "find", lambda: place[0] if place else None)
    monkeypatch.setattr(local, "ensure", ensure)
    await fetch_if_needed("gpt-x")
    await fetch_if_needed(ScriptedModel())
    assert fetched == []
    await fetch_if_needed("local")
    await fetch_if_needed("local")
    assert fetched == [None]
    assert capsys.readouterr().err == "rxagents: fetching the embedded model, once\n"


# --- statistics -----------------------------------------------------------------------------


async def test_statistics_are_of_the_whole_run_whenever_they_are_asked_for() -> None:
    def tool_free(text: str) -> list[Any]:
        return [Delay(0.5), assistant_message(text), Delay(2.0)]

    run = Runner.run_streamed(Agent("A", model=ScriptedModel([tool_free("one two three")])), "hi")
    for _ in range(2):
        took = await run.pipe(statistics())
        assert took.time_to_first_token == pytest.approx(0.5)
        assert took.tokens_per_second == pytest.approx(3 / 2.0)
        assert (took.turns, took.input_tokens, took.output_tokens) == (1, 0, 3)


async def test_statistics_add_up_the_turns_without_the_time_of_the_tools() -> None:
    async def slow() -> str:
        import asyncio

        await asyncio.sleep(60)
        return "done"

    model = ScriptedModel(
        [[function_call("slow"), Delay(1.0)], [assistant_message("three words, four"), Delay(1.0)]]
    )
    agent = Agent("A", tools=[rxagents.function_tool(slow)], model=model)
    took = await Runner.run_streamed(agent, "hi").pipe(statistics())
    assert took.turns == 2
    assert took.answering == pytest.approx(2.0)
    assert took.tokens_per_second == pytest.approx(took.output_tokens / 2.0)


def test_what_is_not_known_is_not_told() -> None:
    assert Statistics().time_to_first_token is None
    assert Statistics(output_tokens=5).tokens_per_second is None
    assert Statistics(answering=5.0).tokens_per_second is None
