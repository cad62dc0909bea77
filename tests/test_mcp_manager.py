"""Several MCP servers, connected and cleaned up together."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rxagents.mcp import MCPServer, MCPServerManager


class Recorded(MCPServer):
    """Writes down what is done to it, and by which task."""

    def __init__(self, name: str, log: list[str], **behaviour: Any) -> None:
        super().__init__()
        self._name = name
        self._log = log
        self.connect_error: BaseException | None = behaviour.get("connect_error")
        self.cleanup_error: BaseException | None = behaviour.get("cleanup_error")
        self.seconds: float = behaviour.get("seconds", 0)
        self.cleanup_seconds: float = behaviour.get("cleanup_seconds", 0)
        self.tasks: list[Any] = []

    @property
    def name(self) -> str:
        return self._name

    async def connect(self) -> None:
        self.tasks.append(asyncio.current_task())
        await asyncio.sleep(self.seconds)
        if self.connect_error is not None:
            raise self.connect_error
        self._log.append(f"+{self._name}")

    async def cleanup(self) -> None:
        self.tasks.append(asyncio.current_task())
        await asyncio.sleep(self.cleanup_seconds)
        self._log.append(f"-{self._name}")
        if self.cleanup_error is not None:
            raise self.cleanup_error

    async def list_tools(self, *_: Any) -> list[Any]:
        return []

    async def call_tool(self, *_: Any) -> Any: ...

    async def list_prompts(self) -> Any: ...

    async def get_prompt(self, *_: Any) -> Any: ...


@pytest.mark.parametrize("parallel", [False, True])
async def test_each_server_is_connected_and_cleaned_up_by_one_task(parallel: bool) -> None:
    log: list[str] = []
    servers = [Recorded(name, log) for name in "abc"]
    async with MCPServerManager([*servers, servers[0]], connect_in_parallel=parallel) as manager:
        assert manager.active_servers == manager.all_servers == servers
    assert log == ["+a", "+b", "+c", "-c", "-b", "-a"]
    for server in servers:
        connecting, cleaning = server.tasks
        assert connecting is cleaning is not asyncio.current_task()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_servers_connect_one_after_another_or_at_once() -> None:
    for parallel, seconds in [(False, 6), (True, 3)]:
        began = asyncio.get_running_loop().time()
        servers = [Recorded("a", [], seconds=3), Recorded("b", [], seconds=3)]
        async with MCPServerManager(servers, connect_in_parallel=parallel):
            assert asyncio.get_running_loop().time() - began == pytest.approx(seconds)


async def test_a_server_that_fails_is_left_out_and_tried_again_on_demand(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log: list[str] = []
    good, bad = Recorded("good", log), Recorded("bad", log, connect_error=OSError("gone"))
    async with MCPServerManager([bad, good]) as manager:
        assert manager.active_servers == [good]
        assert manager.failed_servers == [bad]
        assert manager.errors == {bad: bad.connect_error}
        assert "failed to connect the MCP server 'bad': gone" in caplog.text
        bad.connect_error = None
        assert await manager.reconnect() == [bad, good]
        assert (manager.failed_servers, manager.errors) == ([], {})
        assert log == ["-bad", "+good", "+bad"]
        await manager.reconnect(failed_only=False)
    assert log[3:] == ["-good", "-bad", "+bad", "+good", "-good", "-bad"]


async def test_failed_servers_may_be_kept() -> None:
    bad = Recorded("bad", [], connect_error=OSError("gone"))
    async with MCPServerManager([bad], drop_failed_servers=False) as manager:
        assert (manager.active_servers, manager.failed_servers) == ([bad], [bad])


@pytest.mark.parametrize("parallel", [False, True])
async def test_strict_raises_the_first_failure_and_cleans_up(parallel: bool) -> None:
    log: list[str] = []
    servers = [Recorded("a", log), Recorded("b", log, connect_error=OSError("gone"))]
    with pytest.raises(OSError, match="gone"):
        async with MCPServerManager(servers, strict=True, connect_in_parallel=parallel):
            raise AssertionError
    assert sorted(log) == ["+a", "-a", "-b"]
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_server_that_takes_too_long_is_a_failed_one() -> None:
    slow = Recorded("slow", [], seconds=99)
    async with MCPServerManager([slow], connect_timeout_seconds=2) as manager:
        assert manager.active_servers == []
        (error,) = manager.errors.values()
        assert str(error) == "it took too long to connect the MCP server 'slow'"
    assert asyncio.get_running_loop().time() == pytest.approx(2)


async def test_a_cleanup_that_fails_or_takes_too_long_is_noted() -> None:
    log: list[str] = []
    bad = Recorded("bad", log, cleanup_error=OSError("stuck"))
    slow = Recorded("slow", log, cleanup_seconds=60)
    manager = MCPServerManager([bad, slow], cleanup_timeout_seconds=2)
    await manager.connect_all()
    await manager.cleanup_all()
    assert str(manager.errors[bad]) == "stuck"
    assert str(manager.errors[slow]) == "it took too long to clean up the MCP server 'slow'"
    assert log == ["+bad", "+slow", "-bad"]
    await asyncio.sleep(60)
    assert log[-1] == "-slow"  # left to itself, it came to its end


@pytest.mark.parametrize("parallel", [False, True])
async def test_cancelling_whoever_connects_cleans_up(parallel: bool) -> None:
    log: list[str] = []
    servers = [Recorded("a", log), Recorded("b", log, seconds=99)]
    manager = MCPServerManager(servers, connect_timeout_seconds=None, connect_in_parallel=parallel)
    task = asyncio.create_task(manager.connect_all())
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(log) == ["+a", "-a", "-b"]
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_cancellation_of_the_servers_own_is_a_failure_unless_it_is_to_be_raised() -> None:
    def server() -> Recorded:
        return Recorded("odd", [], connect_error=asyncio.CancelledError())

    async with MCPServerManager([server()]) as manager:
        assert len(manager.failed_servers) == 1
    with pytest.raises(asyncio.CancelledError):
        await MCPServerManager([server()], suppress_cancelled_error=False).connect_all()


@pytest.mark.parametrize(("seconds", "error"), [(0, ValueError), ("1", TypeError)])
def test_times_that_cannot_be(seconds: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="connect_timeout_seconds must be"):
        MCPServerManager([], connect_timeout_seconds=seconds)
    manager = MCPServerManager([])
    with pytest.raises(error, match="cleanup_timeout_seconds must be"):
        manager.cleanup_timeout_seconds = seconds


async def test_before_it_connects_all_are_active() -> None:
    server = Recorded("a", [])
    manager = MCPServerManager([server])
    assert manager.active_servers == [server]
    await manager.connect_all()
    await manager.cleanup_all()
    assert manager.active_servers == []
