"""The command `rxagents` as a process of its own, against a scripted provider."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from loopback import Hold, LoopbackServer, Reply, json_error, response_usage, stream, text_events

from rxagents import local

pytestmark = [
    pytest.mark.real_loop,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals are sent to the process"),
]

LIMIT = 60.0
"""Seconds after which a test that waits for something that will not come fails."""

STRICT = ["-X", "dev", "-W", "error"]


def environment(**variables: str) -> dict[str, str]:
    """The environment of these tests, without what says which model to ask."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    path = os.pathsep.join(filter(None, [os.getcwd(), kept.get("PYTHONPATH")]))
    return {**kept, "PYTHONPATH": path, "NO_PROXY": "*", **variables}


def asking(server: LoopbackServer) -> dict[str, str]:
    return environment(OPENAI_API_KEY="test-key", OPENAI_BASE_URL=server.base_url)


def default_signals() -> None:
    """Heed Ctrl-C also where the tests themselves run in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@asynccontextmanager
async def command(
    *arguments: str, env: dict[str, str], python: list[str] = STRICT, **options: Any
) -> AsyncGenerator[Process]:
    options = {"stdin": DEVNULL, "stdout": PIPE, "stderr": PIPE, **options}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *python,
        "-m",
        "rxagents",
        *arguments,
        env=env,
        preexec_fn=default_signals,
        **options,
    )
    try:
        async with asyncio.timeout(LIMIT):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def outcome(process: Process, text: str | None = None) -> tuple[int | None, str, str]:
    out, err = await process.communicate(None if text is None else text.encode())
    return process.returncode, (out or b"").decode(), (err or b"").decode()


def assert_calm(err: str) -> None:
    """Nobody has complained, but for asyncio's development mode, which tells what was slow."""
    for word in ("Traceback", "Warning", "destroyed", "never retrieved", "Exception"):
        assert word not in err, err


async def test_the_answer_comes_as_plain_text() -> None:
    async with LoopbackServer([stream(*text_events("Hello, wörld.\nBye"))]) as server:
        async with command("run", "Say hello", env=asking(server)) as process:
            code, out, err = await outcome(process)
        [request] = server.requests
    assert (code, out) == (0, "Hello, wörld.\nBye\n")
    assert_calm(err)
    assert request.headers["authorization"] == "Bearer test-key"
    assert request.body["input"][-1]["content"] == "Say hello"


async def test_text_arrives_while_the_model_still_writes() -> None:
    head = text_events("Hello there friend")[:6]
    async with (
        LoopbackServer([stream(*head, Hold())]) as server,
        command("run", "hi", env=asking(server)) as process,
    ):
        assert process.stdout
        assert await process.stdout.readexactly(11) == b"Hello there"


async def test_instructions_and_model_are_sent() -> None:
    async with LoopbackServer([stream(*text_events("Ja"))]) as server:
        arguments = ["run", "--model", "gpt-x", "--instructions", "Speak German.", "hi"]
        async with command(*arguments, env=asking(server)) as process:
            assert (await outcome(process))[:2] == (0, "Ja\n")
        body = server.requests[0].body
    assert (body["model"], body["instructions"]) == ("gpt-x", "Speak German.")


async def test_json_lines() -> None:
    events = text_events("Hi 😀", usage=response_usage(3, 2))
    async with LoopbackServer([stream(*events)]) as server:
        env = {**asking(server), "PYTHONIOENCODING": "ascii"}
        async with command("run", "--json", "hi", env=env) as process:
            code, out, err = await outcome(process)
    lines = [json.loads(line) for line in out.splitlines()]
    types = [line["data"]["type"] if "data" in line else line["type"] for line in lines]
    own = ["agent_updated_stream_event", "run_item_stream_event"]
    assert [each for each in types if each not in own] == [event.type for event in events]
    assert [types[0], types[-2]] == own
    assert "😀" in out
    assert code == 0
    assert_calm(err)


async def test_the_prompt_is_read_from_a_pipe() -> None:
    async with LoopbackServer([stream(*text_events("ok"))]) as server:
        async with command("run", env=asking(server), stdin=PIPE) as process:
            assert (await outcome(process, "from a pipe, ü"))[:2] == (0, "ok\n")
        assert server.requests[0].body["input"][-1]["content"] == "from a pipe, ü"


async def test_a_wrong_key_is_one_sentence() -> None:
    async with (
        LoopbackServer([json_error(401, "Incorrect API key.")]) as server,
        command("run", "hi", env=asking(server), python=[]) as process,
    ):
        code, out, err = await outcome(process)
    assert (code, out) == (1, "")
    assert err.startswith("rxagents: the model ")
    assert err.endswith("(401): Incorrect API key. Check the key (OPENAI_API_KEY).\n")
    assert err.count("\n") == 1


async def test_no_server_is_one_sentence() -> None:
    async with LoopbackServer([]) as server:
        env = asking(server)
    async with command("run", "hi", env=env, python=[]) as process:
        code, out, err = await outcome(process)
    assert (code, out) == (1, "")
    assert err.startswith("rxagents: no connection to the model ")
    assert err.count("\n") == 1


@pytest.mark.skipif(local.available(), reason="the embedded model is installed")
async def test_neither_a_key_nor_the_embedded_model_is_one_sentence() -> None:
    async with command("run", "hi", env=environment(), python=[]) as process:
        code, out, err = await outcome(process)
    assert (code, out) == (1, "")
    assert "set OPENAI_API_KEY" in err
    assert err.count("\n") == 1


def held(text: str = "Hello there friend") -> Reply:
    """An answer that never ends."""
    return stream(*text_events(text)[:6], Hold())


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("flag", [[], ["--json"]])
async def test_a_signal_stops_the_run(sent: signal.Signals, code: int, flag: list[str]) -> None:
    async with (
        LoopbackServer([held()]) as server,
        command("run", *flag, "hi", env=asking(server)) as process,
    ):
        assert process.stdout
        out = await process.stdout.readuntil(b"there")
        process.send_signal(sent)
        await server.wait_gone()
        ended, rest, err = await outcome(process)
    assert ended == code
    assert (out.decode() + rest).endswith("\n")
    assert_calm(err)


async def test_a_signal_stops_a_run_that_has_no_answer_yet() -> None:
    async with (
        LoopbackServer([stream(text_events("never")[0], Hold())]) as server,
        command("run", "--json", "hi", env=asking(server)) as process,
    ):
        assert process.stdout
        await process.stdout.readuntil(b"response.created")
        process.send_signal(signal.SIGINT)
        await server.wait_gone()
        code, _, err = await outcome(process)
    assert code == 130
    assert_calm(err)


@pytest.mark.parametrize("flag", [[], ["--json"]])
async def test_a_reader_that_has_enough_ends_the_run_quietly(flag: list[str]) -> None:
    events = text_events("word " * 5000)
    async with LoopbackServer([stream(*events[:-3], Hold())]) as server:
        reader, writer = os.pipe()
        async with command("run", *flag, "hi", env=asking(server), stdout=writer) as process:
            os.close(writer)
            read = b""
            while b"word" not in read:  # the first line of JSON is written before the request
                read += await asyncio.to_thread(os.read, reader, 4096)
            os.close(reader)
            await server.wait_gone()
            code, _, err = await outcome(process)
    assert code == 0
    assert_calm(err)


async def test_a_tool_that_cannot_be_stopped_does_not_hold_up_ctrl_c(tmp_path: Path) -> None:
    (tmp_path / "stuck.py").write_text("""
import threading
from rxagents import Agent, function_tool
from rxagents.testing import ScriptedModel, assistant_message, function_call

@function_tool
def wait() -> str:
    '''Wait.'''
    print("waiting", flush=True)
    threading.Event().wait()
    return ""

agent = Agent("A", tools=[wait], model=ScriptedModel([
    [assistant_message("Moment."), function_call("wait")],
]))
""")
    arguments = ["run", "--agent", "stuck:agent", "hi"]
    async with command(*arguments, env=environment(), cwd=tmp_path) as process:
        assert process.stdout
        out = await process.stdout.readuntil(b"waiting\n")
        process.send_signal(signal.SIGINT)
        code, _, err = await outcome(process)
    assert (code, out) == (130, b"Moment.\nwaiting\n")
    assert_calm(err)
