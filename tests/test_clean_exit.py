"""Programs that leave a run in every possible way end in silence: no warning, task or socket."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import asyncio, os
from loopback import Hold, LoopbackServer, sse, stream, text_events
from rxagents import Agent, Runner
from rxagents import operators as ops

EVENTS = [sse(event) for event in text_events("one two three four")]
agent = Agent("A")

async def whole():
    async for event in Runner.run_streamed(agent, "x").stream_events():
        pass
    async for event in Runner.observe(agent, "x"):
        pass

async def leave_a_cold_run():
    async for event in Runner.observe(agent, "x"):
        if event.type == "raw_response_event":
            break

async def leave_a_hot_run():
    run = Runner.run_streamed(agent, "x")
    async for event in run.stream_events():
        if event.type == "raw_response_event":
            break
    run.cancel()

async def forget_a_cold_run():
    Runner.observe(agent, "x").subscribe(lambda event: None)
    await asyncio.sleep(0.05)

async def forget_a_hot_run():
    Runner.run_streamed(agent, "x")
    await asyncio.sleep(0.05)

async def exit_inside():
    async for event in Runner.observe(agent, "x"):
        if event.type == "raw_response_event":
            raise SystemExit

async def leave_a_timer():
    Runner.observe(agent, "x").pipe(ops.debounce(10), ops.text_deltas()).subscribe(print)
    await asyncio.sleep(0.05)

async def time_out():
    try:
        async with asyncio.timeout(0.05):
            await Runner.run(agent, "x")
    except TimeoutError:
        pass

async def main():
    end = [] if CASE is whole else [Hold()]
    some = EVENTS if CASE is whole else EVENTS[:6]
    server = LoopbackServer([stream(*some, *end, repeat=True)])
    async with server:
        os.environ["OPENAI_API_KEY"] = "k"
        os.environ["OPENAI_BASE_URL"] = server.base_url
        await CASE()

CASE = {case}
asyncio.run(main())
"""

CASES = [
    "whole",
    "leave_a_cold_run",
    "leave_a_hot_run",
    "forget_a_cold_run",
    "forget_a_hot_run",
    "exit_inside",
    "leave_a_timer",
    "time_out",
]


@pytest.mark.parametrize("case", CASES)
def test_a_program_ends_in_silence(case: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM.replace("{case}", case)],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
