"""MCP servers in processes of their own, and behind true sockets; in real time."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp_servers import SCRIPT

from rxagents import MCPServerError
from rxagents.mcp import (
    MCPServerSse,
    MCPServerStdio,
    MCPServerStreamableHttp,
    MCPServerWithClientSession,
)

pytestmark = pytest.mark.real_loop


def stdio(**options: Any) -> MCPServerStdio:
    command = {"command": sys.executable, "args": [str(SCRIPT), "stdio"]}
    return MCPServerStdio(params=command, name="child", **options)  # type: ignore[arg-type]


async def pid_of(server: MCPServerWithClientSession[Any]) -> int:
    return int((await server.call_tool("pid", {})).content[0].text)  # type: ignore[union-attr]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# Child processes


@pytest.mark.slow
async def test_a_child_serves_whichever_task_asks_and_ends_with_the_cleanup() -> None:
    server = stdio()
    await asyncio.create_task(server.connect())
    tools = await asyncio.create_task(server.list_tools())
    assert [tool.name for tool in tools] == ["echo", "wait", "die", "pid"]
    pid = await pid_of(server)
    await asyncio.create_task(server.cleanup())
    assert not is_alive(pid)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.slow
async def test_a_child_killed_in_mid_call_is_one_failure_and_is_started_again() -> None:
    async with stdio() as server:
        first = await pid_of(server)
        call = asyncio.create_task(server.call_tool("wait", {"seconds": "60"}))
        await asyncio.sleep(0.1)
        os.kill(first, signal.SIGKILL)
        with pytest.raises(
            MCPServerError, match="calling the tool 'wait' of .*'child' failed: the connection is l"
        ):
            await call
        second = await pid_of(server)
        assert second != first
        os.kill(second, signal.SIGKILL)  # and now between two calls
        await asyncio.sleep(0.1)
        assert await pid_of(server) not in (first, second)


@pytest.mark.slow
async def test_a_slow_child_is_named_and_still_serves() -> None:
    async with stdio(client_session_timeout_seconds=2) as server:
        with pytest.raises(
            MCPServerError, match="'wait' of .*'child' failed: no answer within 2 s"
        ):
            await server.call_tool("wait", {"seconds": "60"})
        assert (await server.call_tool("echo", {"said": "x"})).content


async def test_a_program_that_is_not_there_is_told() -> None:
    with pytest.raises(MCPServerError, match="connecting to .* failed: .*No such file.*'nowhere'"):
        await MCPServerStdio(params={"command": "nowhere"}).connect()


async def test_a_program_that_ends_at_once_is_told() -> None:
    server = MCPServerStdio(params={"command": "true"})
    with pytest.raises(MCPServerError, match="connecting to the MCP server 'stdio: true' failed: "):
        await server.connect()
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.slow
def test_a_loop_that_ends_ends_the_child() -> None:
    async def main() -> int:
        server = stdio()
        await server.connect()
        return await pid_of(server)

    pid = asyncio.run(main())
    assert not is_alive(pid)


@pytest.mark.slow
def test_ctrl_c_in_a_call_ends_program_and_child_without_a_word_of_scopes(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent(
            f"""
            import asyncio, sys
            from rxagents.mcp import MCPServerStdio

            async def main():
                params = {{"command": sys.executable, "args": [{str(SCRIPT)!r}, "stdio"]}}
                async with MCPServerStdio(
                    params=params, client_session_timeout_seconds=60
                ) as server:
                    print((await server.call_tool("pid", {{}})).content[0].text, flush=True)
                    await server.call_tool("wait", {{"seconds": "60"}})

            asyncio.run(main())
            """
        )
    )
    process = subprocess.Popen(
        [sys.executable, "-W", "error", str(program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    pid = int(process.stdout.readline())
    assert process.stderr.readline() == "waiting\n"  # the server, in the call
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert errors.splitlines()[-1] == "KeyboardInterrupt"
    for word in ("cancel scope", "never retrieved", "destroyed", "Warning"):
        assert word not in errors
    assert not is_alive(pid)


# Servers behind a socket


class Process:
    """A server on a loopback port, which it keeps when it is started again."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.port = ""
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(SCRIPT), self.kind, *([self.port] if self.port else [])],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.port = self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def server(self, **options: Any) -> MCPServerWithClientSession[Any]:
        if self.kind == "http":
            url = f"http://127.0.0.1:{self.port}/mcp"
            return MCPServerStreamableHttp(params={"url": url}, name="far", **options)
        return MCPServerSse(
            params={"url": f"http://127.0.0.1:{self.port}/sse"}, name="far", **options
        )


@pytest.fixture(scope="module", params=["http", "sse"])
def process(request: pytest.FixtureRequest) -> Iterator[Process]:
    process = Process(request.param)
    yield process
    process.kill()


async def test_a_far_server_serves_whichever_task_asks(process: Process) -> None:
    server = process.server(cache_tools_list=True)
    await asyncio.create_task(server.connect())
    tools = await asyncio.create_task(server.list_tools())
    assert [tool.name for tool in tools] == ["echo", "wait", "die", "pid"]
    results = await asyncio.gather(*(server.call_tool("echo", {"said": f"{n}"}) for n in range(5)))
    assert [r.content[0].text for r in results] == [f"you said {n}" for n in range(5)]  # type: ignore[union-attr]
    assert (await server.list_prompts()).prompts
    await asyncio.create_task(server.cleanup())
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_slow_far_server_is_named_and_still_serves(process: Process) -> None:
    async with process.server(client_session_timeout_seconds=0.8) as server:
        with pytest.raises(
            MCPServerError, match="'wait' of .*'far' failed: no answer within 0.8 s"
        ):
            await server.call_tool("wait", {"seconds": "60"})
        assert (await server.call_tool("echo", {"said": "x"})).content


@pytest.mark.slow
async def test_a_far_server_killed_in_mid_call_is_one_failure(process: Process) -> None:
    async with process.server() as server:
        call = asyncio.create_task(server.call_tool("wait", {"seconds": "60"}))
        await asyncio.sleep(0.2)
        process.kill()
        with pytest.raises(
            MCPServerError, match="'wait' of .*'far' failed: the connection is lost"
        ):
            await call
        with pytest.raises(MCPServerError, match="'echo' of .*'far' failed: nobody answers at its"):
            await server.call_tool("echo", {"said": "x"})
        process.start()
        server.max_retry_attempts = 50  # the port is open before the server is ready
        server.retry_backoff_seconds_base = server.retry_backoff_seconds_max = 0.1
        assert (await server.call_tool("echo", {"said": "x"})).content


@asynccontextmanager
async def http(answer: Any) -> AsyncGenerator[str]:
    """A server that answers with what `answer(method, headers, body)` gives."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                headers: dict[str, str] = {}
                while (header := (await reader.readline()).decode().strip()) != "":
                    key, _, value = header.partition(":")
                    headers[key.lower()] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                status, more, content = answer(line.split()[0].decode(), headers, body)
                payload = json.dumps(content).encode() if content is not None else b""
                lines = [f"HTTP/1.1 {status}", f"content-length: {len(payload)}"]
                lines += [f"{key}: {value}" for key, value in more.items()]
                writer.write("\r\n".join([*lines, "", ""]).encode() + payload)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listener:
        yield f"127.0.0.1:{listener.sockets[0].getsockname()[1]}/mcp"


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "HTTP 401"), (503, "HTTP 503")],
)
@pytest.mark.parametrize("kind", [MCPServerStreamableHttp, MCPServerSse])
async def test_a_server_that_refuses_is_told_with_its_status_and_without_secrets(
    kind: Any, status: int, words: str
) -> None:
    async with http(lambda *_: (f"{status} No", {}, None)) as address:
        server = kind(params={"url": f"http://user:hidden@{address}?key=hidden"})
        with pytest.raises(MCPServerError, match=words) as raised:
            await server.connect()
        assert raised.value.http_status == status
        assert "hidden" not in f"{raised.value} {raised.value.__cause__}"


class Forgetful:
    """A server of a protocol with sessions, which forgets the first one."""

    def __init__(self) -> None:
        self.sessions: list[str] = []
        self.calls: list[str] = []

    def __call__(self, method: str, headers: dict[str, str], body: bytes) -> Any:
        if method != "POST":
            return "405 No", {}, None
        message = json.loads(body)
        plain = {"content-type": "application/json"}
        asked = message["method"]
        if asked == "initialize":
            self.sessions.append(f"session_{len(self.sessions)}")
            result: Any = {
                "protocolVersion": "2025-06-18",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "forgetful", "version": "1"},
            }
            plain["mcp-session-id"] = self.sessions[-1]
        elif "id" not in message:
            return "202 Accepted", {}, None
        elif asked == "tools/list":
            result = {"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]}
        elif asked == "tools/call":
            self.calls.append(headers["mcp-session-id"])
            if self.calls[-1] == "session_0" and len(self.calls) > 1:
                return "404 Not Found", {}, None
            result = {"content": [{"type": "text", "text": self.calls[-1]}]}
        else:
            return "404 Not Found", {}, None
        return "200 OK", plain, {"jsonrpc": "2.0", "id": message["id"], "result": result}


async def test_a_session_that_the_server_has_forgotten_is_begun_anew() -> None:
    forgetful = Forgetful()
    async with http(forgetful) as address:
        server = MCPServerStreamableHttp(params={"url": f"http://{address}"}, name="f")
        assert server.session_id is None
        async with server:
            assert server.session_id == "session_0"
            assert server.server_initialize_result is not None
            for session in ("session_0", "session_1", "session_1"):
                result = await server.call_tool("echo", {})
                assert result.content[0].text == session  # type: ignore[union-attr]
            assert server.session_id == "session_1"
    assert forgetful.calls == ["session_0", "session_0", "session_1", "session_1"]
