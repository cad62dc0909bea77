"""The results of the OpenAI Agents SDK take our operators: `Stream.from_events(result)`.

The SDK is no dependency of ours, and these tests are skipped without it. To run them, in a fresh
environment:

    pip install -e '.[dev]' openai-agents
    python -m pytest tests/test_agents_sdk.py -m ''
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rxagents import RawResponsesStreamEvent, Stream
from rxagents import operators as ops
from rxagents.testing import assistant_message, function_call
from rxagents.testing.response_events import response_events

agents: Any = pytest.importorskip("agents", reason="openai-agents is not installed")
sdk_testing: Any = pytest.importorskip("agents.testing", reason="it is in 0.24 and later")

agents.set_tracing_disabled(True)


def turn(*items: Any) -> Any:
    """A model's turn with a delta for each word, and one id for all messages."""
    return sdk_testing.ModelStep.stream(response_events(items))


def run(*turns: Any) -> Any:
    """A run that looks at the weather, is given it, and tells it."""

    async def weather(city: str) -> str:
        await asyncio.sleep(1)
        return f"Sunny in {city}."

    if not turns:
        call = function_call("weather", {"city": "Oslo"}, call_id="c1")
        turns = (
            turn(assistant_message("Let me look."), call),
            turn(assistant_message("It is sunny. Take a hat!")),
        )
    tools = [agents.function_tool(weather)]
    agent = agents.Agent("Guide", model=sdk_testing.ScriptedModel(turns), tools=tools)
    return agents.Runner.run_streamed(agent, "How is the weather in Oslo?")


def stream(result: Any) -> Stream[Any]:
    return Stream.from_events(result)


async def test_the_text_in_deltas_and_sentences() -> None:
    deltas = await stream(run()).pipe(ops.text_deltas(), ops.to_list())
    told = ["Let", " me", " look.", "\n\n", "It", " is", " sunny.", " Take", " a", " hat!"]
    assert deltas == told
    chain = stream(run()).pipe(ops.text_deltas(), ops.sentences())
    sentences = [sentence async for sentence in chain]
    assert sentences == ["Let me look.", "It is sunny.", "Take a hat!"]


async def test_text_begins_anew_with_each_message() -> None:
    texts = await stream(run()).pipe(ops.text(), ops.to_list())
    assert texts[2:5] == ["Let me look.", "It", "It is"]
    assert texts[-1] == "It is sunny. Take a hat!"


async def test_the_items_are_the_sdks_own() -> None:
    items = await stream(run()).pipe(ops.items(), ops.to_list())
    assert [type(item) for item in items] == [
        agents.MessageOutputItem,
        agents.ToolCallItem,
        agents.ToolCallOutputItem,
        agents.MessageOutputItem,
    ]
    outputs = stream(run()).pipe(ops.items("tool_output"))
    assert [item.output async for item in outputs] == ["Sunny in Oslo."]  # type: ignore[union-attr]
    calls = stream(run()).pipe(ops.items(agents.ToolCallItem))
    assert [call.tool_name async for call in calls] == ["weather"]


async def test_raw_events_and_agents() -> None:
    completed = await stream(run()).pipe(ops.raw("response.completed"), ops.to_list())
    assert len(completed) == 2
    assert [agent.name async for agent in stream(run()).pipe(ops.agent_updates())] == ["Guide"]


async def test_arguments_as_they_grow() -> None:
    told = await stream(run()).pipe(ops.tool_arguments(), ops.to_list())
    assert len(told) > 2
    assert [each.done for each in told] == [False] * (len(told) - 1) + [True]
    assert (told[-1].name, told[-1].call_id) == ("weather", "c1")
    assert told[-1].value == {"city": "Oslo"}


async def test_frames() -> None:
    framed = await stream(run()).pipe(ops.frame(10), ops.to_list())
    raw = [event for event in framed if event.type == "raw_response_event"]
    assert {type(event) for event in raw} == {RawResponsesStreamEvent}
    assert await Stream.of(*framed).pipe(ops.text_deltas(separator=""), ops.to_list()) == [
        "Let",
        " me look.",
        "It",  # the tool took longer than a frame
        " is sunny. Take a hat!",
    ]


async def test_turns_calls_and_snapshots() -> None:
    def kinds(turn: ops.Group[int, Any]) -> Stream[tuple[int, str]]:
        def told(item: Any) -> tuple[int, str]:
            return turn.key, item.type

        return turn.pipe(ops.items(), ops.map(told))

    items = await stream(run()).pipe(ops.by_turn(), ops.flat_map(kinds), ops.to_list())
    assert items == [
        (1, "message_output_item"),
        (1, "tool_call_item"),
        (1, "tool_call_output_item"),
        (2, "message_output_item"),
    ]
    calls = await stream(run()).pipe(ops.by_tool_call(), ops.to_list())
    assert [(call.key, call.name) for call in calls] == [("c1", "weather")]
    last = await stream(run()).pipe(ops.snapshot())
    assert [entry.kind for entry in last.entries] == ["message", "call", "message"]
    assert last.entries[1].to_dict()["output"] == "Sunny in Oslo."
    assert (last.agent, last.turn, last.usage.requests) == ("Guide", 2, 2)


async def test_what_takes_any_stream_takes_this_one() -> None:
    result = run()
    text = await stream(result).pipe(ops.timeout(5), ops.text_deltas(), ops.reduce(str.__add__))
    assert text == "Let me look.\n\nIt is sunny. Take a hat!"
    assert result.final_output == "It is sunny. Take a hat!"


async def test_several_consumers_share_what_the_sdk_gives_once() -> None:
    shared = stream(run()).pipe(ops.share())
    text, items = await asyncio.gather(
        shared.pipe(ops.text_deltas(), ops.to_list()), shared.pipe(ops.items(), ops.count())
    )
    assert "".join(text) == "Let me look.\n\nIt is sunny. Take a hat!"
    assert items == 4


async def test_an_error_of_the_model_comes_after_the_events_before_it() -> None:
    async def fails(_: object) -> Any:
        for event in response_events([assistant_message("Half a sentence.")])[:6]:
            yield event
            await asyncio.sleep(0.1)  # the SDK drops what is not read when it fails
        raise OSError("cut")

    result = run(sdk_testing.ModelStep.stream(fails))
    seen: list[str] = []
    with pytest.raises(OSError, match="cut"):
        async for delta in stream(result).pipe(ops.text_deltas()):
            seen.append(delta)
    assert seen == ["Half", " a"]


TYPED = """
from agents import Agent, Runner
from openai.types.responses import ResponseStreamEvent
from typing import Any, assert_type

from rxagents import Stream
from rxagents import operators as ops

async def main(agent: Agent[Any]) -> None:
    events = Stream.from_events(Runner.run_streamed(agent, "go"))
    assert_type(events.pipe(ops.text_deltas()), Stream[str])
    assert_type(events.pipe(ops.text_deltas(), ops.sentences()), Stream[str])
    assert_type(events.pipe(ops.raw()), Stream[ResponseStreamEvent])
    assert_type(events.pipe(ops.frame(), ops.text()), Stream[str])
    assert_type(events.pipe(ops.tool_arguments()), Stream[ops.ToolArguments])
    events.pipe(ops.items("mcp_list_tools"))
"""


@pytest.mark.slow
def test_the_types_of_the_sdk_fit(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(TYPED, "utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), str(program)]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
