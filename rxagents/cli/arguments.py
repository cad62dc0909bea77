"""What can be written on the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rxagents import DEFAULT_MAX_TURNS, __version__

_EXAMPLES = """\
examples:
  rxagents run "Please tell me 5 jokes."
  rxagents run --model local "What is an Observable?"
  rxagents run --agent travel:planner "Two days in Oslo"
  rxagents run --instructions "Summarise in one sentence." - < report.txt
  rxagents run --json "Hello" | jq -r .type

The answer goes to standard output; where that is no terminal, it is all that goes there.
Exit codes: 0 it ran, 1 it failed, 2 the command line is wrong, 130 stopped with Ctrl-C.
"""


@dataclass(frozen=True)
class Options:
    """One command line of `rxagents run`, read."""

    prompt: str
    model: str | None = None
    """The name of the model of every agent; None where the agents or the rule decide."""

    agent: str | None = None
    """A user's agent as `module:variable`; None for the built-in one."""

    name: str | None = None
    """What the built-in agent is called."""

    instructions: str | None = None
    """The built-in agent's instructions."""

    max_turns: int = DEFAULT_MAX_TURNS
    json: bool = False
    traceback: bool = False


def parse(arguments: Sequence[str] | None) -> Options:
    """Read the command line, and the prompt from standard input if it is to come from there.

    Raises SystemExit: 0 after `--help` and `--version`, 2 with a message for what is wrong.
    """
    parser, run = _parsers()
    given = parser.parse_args(arguments)
    if given.command is None:
        parser.print_help(sys.stderr)
        raise SystemExit(2)
    if given.agent and (given.name or given.instructions):
        run.error("--name and --instructions are for the built-in agent, not for that of --agent")
    return Options(
        prompt=_prompt(given.prompt, run),
        model=given.model,
        agent=given.agent,
        name=given.name,
        instructions=given.instructions,
        max_turns=given.max_turns,
        json=given.json,
        traceback=given.traceback,
    )


def _prompt(words: list[str], run: argparse.ArgumentParser) -> str:
    prompt = " ".join(words)
    if prompt in ("", "-"):
        if sys.stdin is None or (not prompt and sys.stdin.isatty()):
            run.error('there is no prompt: write one, as in rxagents run "Tell me a joke."')
        try:
            prompt = sys.stdin.read()
        except UnicodeDecodeError as error:
            run.error(f"the prompt on standard input is no text in {error.encoding}")
    if not prompt.strip():
        run.error("the prompt is empty")
    return prompt


def _parsers() -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    """The parser of the command line, and the one of `run` within it."""
    parser = argparse.ArgumentParser(
        prog="rxagents", description="Run LLM agents and watch their events as they come."
    )
    parser.add_argument("--version", action="version", version=f"rxagents {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    run = commands.add_parser(
        "run",
        help="run an agent on a prompt and stream its answer",
        description="Run an agent on a prompt and stream its answer.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run.add_argument(
        "prompt",
        nargs="*",
        metavar="PROMPT",
        help="what to ask; '-', or nothing in a pipe, reads it from standard input",
    )
    run.add_argument(
        "-m",
        "--model",
        metavar="NAME",
        help="the model: a name such as gpt-5.6-luna, or 'local' for the embedded one; without it "
        "the agent's own, else OpenAI's default if OPENAI_API_KEY is set, else the embedded one",
    )
    run.add_argument(
        "--max-turns",
        type=_positive,
        default=DEFAULT_MAX_TURNS,
        metavar="N",
        help="model calls at most (%(default)s)",
    )
    agent = run.add_argument_group("agent")
    agent.add_argument(
        "-a",
        "--agent",
        type=_reference,
        metavar="MODULE:VARIABLE",
        help="an agent of yours; the module is looked for in the current directory too",
    )
    agent.add_argument("--name", help="what the built-in agent is called")
    agent.add_argument("--instructions", metavar="TEXT", help="what the built-in agent is to do")
    output = run.add_argument_group("output")
    output.add_argument("--json", action="store_true", help="print each event as a line of JSON")
    output.add_argument(
        "--traceback", action="store_true", help="show where an error comes from, not only what"
    )
    return parser, run


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"it must be a number from 1 on, not {text!r}")
    return int(text)


def _reference(text: str) -> str:
    module, _, variable = text.partition(":")
    if not module or not variable:
        raise argparse.ArgumentTypeError(
            f"it must be MODULE:VARIABLE, such as travel:planner, not {text!r}"
        )
    return text
