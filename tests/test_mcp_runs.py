"""Tools of MCP servers in an agent's run."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest
from mcp_servers import Backend, MCPServerInMemory

from rxagents import (
    Agent,
    MCPServerError,
    RunContextWrapper,
    Runner,
    ToolCallOutputItem,
)
from rxagents.mcp import MCPUtil
from rxagents.testing import ScriptedModel, assistant_message, function_call


async def agent_of(server: MCPServerInMemory, *calls: Any) -> Agent:
    model = ScriptedModel([list(calls), [assistant_message("There.")]])
    agent = Agent("Helper", model=model)
    agent.tools = await MCPUtil.get_all_function_tools(
        [server], False, RunContextWrapper(None), agent
    )
    return agent


async def test_a_run_calls_the_servers_tools_and_goes_on() -> None:
    async with MCPServerInMemory(Backend()) as server:
        calls = [function_call("echo", {"said": word}) for word in ("a", "b")]
        result = await Runner.run(await agent_of(server, *calls), "Hi")
    outputs = [item.output for item in result.new_items if isinstance(item, ToolCallOutputItem)]
    assert [output["text"] for output in outputs] == ["you said a", "you said b"]
    assert result.final_output == "There."


async def test_a_server_that_dies_in_a_call_does_not_end_the_run() -> None:
    async with MCPServerInMemory(Backend(), client_session_timeout_seconds=None) as server:
        run = Runner.run_streamed(
            await agent_of(server, function_call("wait", {"seconds": "60"})), "Hi"
        )
        async for event in run.stream_events():
            if event.type == "run_item_stream_event" and event.name == "tool_called":
                break
        await server.backend.called.wait()
        server.cut()
        async for _ in run.stream_events():
            pass
        assert run.final_output == "There."


async def test_a_failure_that_is_not_handled_ends_the_run() -> None:
    async with MCPServerInMemory(
        Backend(), client_session_timeout_seconds=1, failure_error_function=None
    ) as server:
        agent = await agent_of(server, function_call("wait", {"seconds": "60"}))
        with pytest.raises(MCPServerError, match="no answer within 1 s") as raised:
            await Runner.run(agent, "Hi")
        assert raised.value.run_data is not None


async def test_a_run_that_is_left_cancels_its_calls() -> None:
    backend = Backend()
    async with MCPServerInMemory(backend, client_session_timeout_seconds=None) as server:
        agent = await agent_of(server, function_call("wait", {"seconds": "60"}))
        async with Runner.run_streamed(agent, "Hi"):
            await backend.called.wait()
        await asyncio.sleep(0.1)
        assert backend.cancelled == 1


async def test_approval_is_the_tools_own() -> None:
    async with MCPServerInMemory(Backend(), require_approval={"wait": "always"}) as server:
        agent = await agent_of(server)
    assert [getattr(each, "needs_approval", None) for each in agent.tools] == [False, True]


def test_importing_it_does_not_import_the_mcp_package() -> None:
    code = "import sys, rxagents.mcp; print('mcp' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "False\n"
