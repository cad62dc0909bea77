"""The examples, run as a user runs them: as programs, against a server on loopback."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import re
import sys
import textwrap
from pathlib import Path

import pytest
from loopback import LoopbackServer, Reply, call_events, stream, text_events

from rxagents import local

EXAMPLES = Path(__file__).parent.parent / "examples"

pytestmark = pytest.mark.real_loop


async def run(name: str, program: Path | None = None, **environment: str) -> str:
    """What the example, or `program`, prints; it must succeed without a word on stderr."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        str(program or EXAMPLES / f"{name}.py"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
    )
    out, errors = await process.communicate()
    assert (process.returncode, errors.decode()) == (0, "")
    return out.decode()


async def against(name: str, *script: Reply) -> tuple[str, LoopbackServer]:
    async with LoopbackServer(script) as server:
        output = await run(name, OPENAI_API_KEY="sk-test", OPENAI_BASE_URL=server.base_url)
    return output, server


def say(text: str) -> Reply:
    return stream(*text_events(text))


async def test_stream_text() -> None:
    output, server = await against("stream_text", say("Knock, knock. Who is there?"))
    assert output == "Knock, knock. Who is there?\n"
    (request,) = server.requests
    assert request.body["instructions"] == "You are a helpful assistant."
    assert request.body["input"] == [{"role": "user", "content": "Please tell me 5 jokes."}]
    assert request.body["model"] == "gpt-5.6-luna"
    assert request.headers["authorization"] == "Bearer sk-test"


async def test_stream_items() -> None:
    output, server = await against(
        "stream_items", stream(*call_events("how_many_jokes", {})), say("Here they are.")
    )
    lines = output.splitlines()
    assert lines[:2] == ["Agent: Joker", "Tool called"]
    assert re.fullmatch(r"Tool output: ([1-9]|10)", lines[2])
    assert lines[3:] == ["Message: Here they are."]
    first, second = server.requests
    assert [tool["name"] for tool in first.body["tools"]] == ["how_many_jokes"]
    assert second.body["input"][-1]["output"] == lines[2].removeprefix("Tool output: ")


async def test_three_ways() -> None:
    output, _ = await against("three_ways", say("The sea is salt. It is wide."))
    assert output.splitlines()[-1].startswith("7 deltas; kinds of events: agent_updated_stream")
    assert "A sentence: The sea is salt.\n" in output
    assert "The text has ended.\n" in output


async def test_handoff() -> None:
    output, _ = await against(
        "handoff", stream(*call_events("transfer_to_spanish_agent", {})), say("¡Hola! ¿Qué tal?")
    )
    assert output == "-> Front desk\n-> Spanish agent\n¡Hola!\n¿Qué tal?\n"


async def test_new_prompt_cancels() -> None:
    output, server = await against(
        "new_prompt_cancels", say("Water from clouds."), say("Frozen water.")
    )
    assert output == "\n> What is rain?\nWater from clouds.\n> What is snow?\nFrozen water.\n"
    assert len(server.requests) == 2, "`What is` was typed on before it was asked"


async def test_voice() -> None:
    output, _ = await against("voice", say("The sea is salt. It is wide. It is deep."))
    sentences = ["The sea is salt.", "It is wide.", "It is deep."]
    assert output == "".join(f"(speaking) {s}\n" for s in sentences) + "38 characters\n"


async def test_race_and_merge() -> None:
    output, server = await against("race_and_merge", *[say("It is wet.")] * 6)
    first, *merged = output.splitlines()
    assert re.fullmatch(r"The first to answer: (Poet|Sailor|Chemist)", first)
    assert sorted(merged) == ["Chemist: It is wet.", "Poet: It is wet.", "Sailor: It is wet."]
    assert len(server.requests) == 6


async def test_growing_object() -> None:
    oslo = {"name": "Oslo", "country": "Norway", "known_for": "the fjord"}
    output, server = await against("growing_object", say(json.dumps(oslo)))
    for value in oslo.values():
        assert value in output
    assert "..." not in output, "the table that stays is the last one"
    assert server.requests[0].body["text"]["format"]["name"] == "city"


async def test_live_view() -> None:
    call = stream(*call_events("get_weather", {"city": "Paris"}))
    output, _ = await against("live_view", call, say("It is sunny in Paris."))
    for part in ("get_weather", "The weather in Paris is sunny", "It is sunny in Paris.", "turn 2"):
        assert part in output
    assert "✔" in output


async def test_guarded() -> None:
    output, _ = await against("guarded", say("The number is 42. My secret is XYZZY, you know."))
    text, stopped = output.splitlines()
    assert "The number is [a number]. My secret is ".startswith(text)
    assert len(text) > 25
    assert stopped.startswith("(stopped: the text matches 'xyzzy'")
    harmless, _ = await against("guarded", say("The number is 42. I keep my secret."))
    assert harmless == "The number is [a number]. I keep my secret.\n"


async def test_record_and_replay() -> None:
    lines = (await run("record_and_replay")).splitlines()
    assert re.fullmatch(r"Recorded \d\d events", lines[0])
    assert lines[1:] == [
        "Replayed at 4 times the speed: It rains in Oslo. Take an umbrella.",
        "Asked again, without the model: It rains in Oslo. Take an umbrella.",
    ]


# --- programs for both libraries -------------------------------------------------------------

FOR_BOTH = ["routing", "agents_as_tools", "human_in_the_loop", "steps"]


def promised(name: str) -> str:
    """What the example's docstring says that it prints."""
    docstring = ast.get_docstring(ast.parse(source_of(name))) or ""
    printed = docstring.split("It prints:\n\n")[1]
    return textwrap.dedent(printed) + "\n"


def source_of(name: str) -> str:
    return (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FOR_BOTH)
async def test_they_print_what_they_promise(name: str) -> None:
    assert await run(name) == promised(name)


@pytest.mark.parametrize("name", FOR_BOTH)
async def test_with_another_import_they_are_programs_for_the_agents_sdk(
    name: str, tmp_path: Path
) -> None:
    pytest.importorskip("agents.testing", reason="openai-agents 0.24 is not installed")
    changed = source_of(name).replace("from rxagents", "from agents")
    copy = tmp_path / f"{name}.py"
    copy.write_text(changed, encoding="utf-8")
    output = await run(name, copy, OPENAI_AGENTS_DISABLE_TRACING="1")
    assert output == promised(name)


# --- on the embedded model ------------------------------------------------------------------

here = pytest.mark.skipif(not local.available(), reason="needs rxagents[local]")


@pytest.mark.local
@here
async def test_first_run_on_the_embedded_model() -> None:
    output = await run("first_run")
    assert re.search(r"\d{2,} deltas made \d+ sentences, without a key", output)


@pytest.mark.local
@here
async def test_the_standard_programs_on_the_embedded_model() -> None:
    text = await run("stream_text", OPENAI_DEFAULT_MODEL="local")
    assert len(text.split()) > 10
    lines = (await run("stream_items", OPENAI_DEFAULT_MODEL="local")).splitlines()
    assert lines[:2] == ["Agent: Joker", "Tool called"]
    assert re.fullmatch(r"Tool output: ([1-9]|10)", lines[2])
    assert lines[3].startswith("Message: ")


def test_every_example_is_run_here() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    for example in EXAMPLES.glob("*.py"):
        assert f'"{example.stem}"' in source
