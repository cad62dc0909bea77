"""MCP servers as the mcp package's own server is one, in this process and on a virtual clock."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from mcp_servers import Backend, MCPServerInMemory, invoke, tool, tools_of

from rxagents import MCPServerError, UserError
from rxagents.mcp import MCPServerStdio, MCPServerStreamableHttp
from rxagents.mcp._failures import server_error


def names(tools: list[Any]) -> list[str]:
    return [each.name for each in tools]


# Connecting


async def test_it_is_connected_by_one_task_and_cleaned_up_by_another() -> None:
    server = MCPServerInMemory(Backend())
    await asyncio.create_task(server.connect())
    assert names(await asyncio.create_task(server.list_tools())) == ["echo", "wait"]
    await asyncio.create_task(server.cleanup())
    assert server.session is None
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_connecting_twice_and_cleaning_up_twice_does_it_once() -> None:
    server = MCPServerInMemory(Backend())
    await asyncio.gather(server.connect(), server.connect())
    await server.connect()
    assert server.connections == 1
    await asyncio.gather(server.cleanup(), server.cleanup())
    await server.cleanup()


async def test_it_can_be_connected_again_after_it_was_cleaned_up() -> None:
    server = MCPServerInMemory(Backend())
    for _ in range(2):
        async with server:
            assert server.session is not None
    assert server.connections == 2


async def test_using_it_without_connecting_says_how_to_connect() -> None:
    server = MCPServerInMemory(Backend(), name="files", cache_tools_list=True)
    for use in (server.list_tools(), server.call_tool("echo", {}), server.list_prompts()):
        with pytest.raises(UserError, match="'files' is not connected.*`async with server:`"):
            await use
    async with server:
        await server.list_tools()
    with pytest.raises(UserError, match="is not connected"):
        await server.list_tools()


async def test_an_error_in_the_block_is_what_leaves_it() -> None:
    with pytest.raises(ZeroDivisionError):
        async with MCPServerInMemory(Backend()):
            raise ZeroDivisionError
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_failure_to_connect_is_told_once_and_leaves_nothing() -> None:
    server = MCPServerInMemory(Backend(), name="files")
    server.refuse = OSError("no such program")
    with pytest.raises(
        MCPServerError, match="^connecting to the MCP server 'files' failed: no such program$"
    ) as raised:
        await server.connect()
    assert raised.value.__cause__ is server.refuse
    assert raised.value.server_name == "files"
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_whoever_is_cancelled_while_connecting_takes_the_connection_along() -> None:
    backend = Backend()
    server = MCPServerInMemory(backend)
    task = asyncio.create_task(server.connect())
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == {asyncio.current_task()}
    async with server:  # the lock is free
        assert names(await server.list_tools()) == ["echo", "wait"]


async def test_a_cancelled_block_is_cleaned_up() -> None:
    server = MCPServerInMemory(Backend())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1), server:
            await server.call_tool("wait", {"seconds": "60"})
    assert server.session is None
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_connection_whose_task_is_cancelled_from_outside_is_a_lost_one() -> None:
    async with MCPServerInMemory(Backend(), name="files") as server:
        (task,) = [t for t in asyncio.all_tasks() if t.get_name() == "MCP server files"]
        task.cancel()
        await asyncio.wait({task})
        assert (await server.call_tool("echo", {"said": "x"})).content
        assert server.connections == 2


def test_another_loop_is_told_whose_the_connection_is() -> None:
    server = MCPServerInMemory(Backend(), name="files")
    with asyncio.Runner() as one, asyncio.Runner() as other:
        one.run(server.connect())
        with pytest.raises(UserError, match="'files' is connected on another event loop"):
            other.run(server.list_tools())
        one.run(server.cleanup())
        other.run(server.connect())
        assert names(other.run(server.list_tools())) == ["echo", "wait"]
        other.run(server.cleanup())


def test_a_loop_that_ended_without_cleaning_up_is_forgotten() -> None:
    server = MCPServerInMemory(Backend())
    asyncio.run(server.connect())
    with asyncio.Runner() as runner:
        with pytest.raises(UserError, match="is not connected"):
            runner.run(server.list_tools())
        runner.run(server.connect())
        runner.run(server.cleanup())


async def test_a_lost_connection_is_made_again_when_it_is_used_next() -> None:
    async with MCPServerInMemory(Backend()) as server:
        server.cut()
        await asyncio.sleep(0.1)
        assert server.session is None
        results = await asyncio.gather(
            server.call_tool("echo", {"said": "a"}), server.call_tool("echo", {"said": "b"})
        )
        assert [r.content[0].text for r in results] == ["you said a", "you said b"]  # type: ignore[union-attr]
        assert server.connections == 2


async def test_a_call_whose_connection_is_lost_says_so_and_is_not_made_twice() -> None:
    backend = Backend()
    async with MCPServerInMemory(backend, name="files") as server:
        call = asyncio.create_task(server.call_tool("wait", {"seconds": "60"}))
        await asyncio.sleep(1)
        server.cut()
        with pytest.raises(
            MCPServerError,
            match="^calling the tool 'wait' of the MCP server 'files' failed: the connection is lo",
        ):
            await call
        assert len(backend.calls) == 1
        assert names(await server.list_tools()) == ["echo", "wait"]


async def test_what_is_cleaned_up_is_not_connected_again_by_whoever_waited() -> None:
    async with MCPServerInMemory(Backend()) as server:
        server.cut()
        await asyncio.sleep(0.1)
        server.refuse = OSError("gone")
        uses = [asyncio.create_task(server.list_tools()) for _ in range(2)]
        await asyncio.sleep(0)
        await server.cleanup()
        failed, late = await asyncio.gather(*uses, return_exceptions=True)
        assert "failed: gone" in str(failed)
        assert "is not connected" in str(late)
    assert server.connections == 2


# Listing tools


async def test_tools_are_listed_anew_each_time_unless_they_are_cached() -> None:
    backend = Backend()
    async with MCPServerInMemory(backend) as server:
        await server.list_tools()
        await server.list_tools()
        assert backend.listings == 2


async def test_cached_tools_are_listed_once_by_however_many_at_once() -> None:
    backend = Backend()
    async with MCPServerInMemory(backend, cache_tools_list=True) as server:
        assert server.cached_tools is None
        await asyncio.gather(*(server.list_tools() for _ in range(3)))
        await server.list_tools()
        assert backend.listings == 1
        server.invalidate_tools_cache()
        await server.list_tools()
        assert backend.listings == 2


async def test_what_is_being_listed_while_the_cache_is_invalidated_is_not_cached() -> None:
    backend = Backend()
    async with MCPServerInMemory(backend, cache_tools_list=True) as server:
        listing = asyncio.create_task(server.list_tools())
        await asyncio.sleep(0)
        server.invalidate_tools_cache()
        await listing
        await server.list_tools()
        assert backend.listings == 2


async def test_changing_a_listed_tool_does_not_change_the_cache() -> None:
    async with MCPServerInMemory(Backend(), cache_tools_list=True) as server:
        (await server.list_tools())[0].input_schema.clear()
        assert (await server.list_tools())[0].input_schema["required"] == ["said"]
        assert server.cached_tools is not None
        server.cached_tools[0].input_schema.clear()
        assert (await server.list_tools())[0].input_schema["required"] == ["said"]


async def test_pages_are_read_to_the_last() -> None:
    backend = Backend(pages=[[tool("a")], [tool("b")], [tool("c")]])
    async with MCPServerInMemory(backend, max_list_pages=3) as server:
        assert names(await server.list_tools()) == ["a", "b", "c"]
        server.max_list_pages = 2
        with pytest.raises(UserError, match="more than max_list_pages=2"):
            await server.list_tools()


async def test_pages_that_go_round_in_circles_are_no_list(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Backend(pages=[[tool("a")], [tool("b")]])
    first = backend.list_tools

    async def circle(context: Any, params: Any) -> Any:
        page = await first(context, params)
        page.next_cursor = page.next_cursor or "1"
        return page

    monkeypatch.setattr(backend, "list_tools", circle)
    async with MCPServerInMemory(backend, name="files") as server:
        with pytest.raises(UserError, match="tools of .*'files' have no end: the page '1' came ag"):
            await server.list_tools()


async def test_of_two_tools_of_one_name_the_first_stays(caplog: pytest.LogCaptureFixture) -> None:
    backend = Backend(tool("same", description="one"), tool("same", description="two"))
    async with MCPServerInMemory(backend, name="files") as server:
        (only,) = await tools_of(server)
    assert only.description == "one"
    assert "'files' lists two tools called 'same'; the second is left out" in caplog.text


async def test_two_servers_with_a_tool_of_one_name_are_refused_unless_names_say_whose() -> None:
    async with (
        MCPServerInMemory(Backend(), name="a") as one,
        MCPServerInMemory(Backend(), name="b") as other,
    ):
        with pytest.raises(UserError, match="'a' and 'b' both have a tool called 'echo'"):
            await tools_of(one, other)
        tools = await tools_of(one, other, include_server_in_tool_names=True)
        assert names(tools) == ["mcp_a__echo", "mcp_a__wait", "mcp_b__echo", "mcp_b__wait"]
        assert (await invoke(tools[2], '{"said": "hi"}'))["text"] == "you said hi"
        assert [call.name for call in other.backend.calls] == ["echo"]


async def test_one_server_that_fails_is_the_error_of_listing_all() -> None:
    async with MCPServerInMemory(Backend()) as one:
        with pytest.raises(UserError, match="'off' is not connected"):
            await tools_of(one, MCPServerInMemory(Backend(), name="off"))


# Calls


async def test_a_slow_call_names_server_tool_and_time_and_is_cancelled_there() -> None:
    backend = Backend()
    async with MCPServerInMemory(backend, name="files", client_session_timeout_seconds=2) as server:
        began = asyncio.get_running_loop().time()
        with pytest.raises(
            MCPServerError, match="'wait' of .*'files' failed: no answer within 2 s"
        ):
            await server.call_tool("wait", {"seconds": "60"})
        assert asyncio.get_running_loop().time() - began == pytest.approx(2)
        await asyncio.sleep(0.1)
        assert backend.cancelled == 1
        assert (await server.call_tool("wait", {"seconds": "1"})).content


@pytest.mark.parametrize("seconds", [None, 0])
async def test_without_a_time_limit_a_call_takes_its_time(seconds: float | None) -> None:
    async with MCPServerInMemory(Backend(), client_session_timeout_seconds=seconds) as server:
        assert (await server.call_tool("wait", {"seconds": "3600"})).content


async def test_calls_run_at_the_same_time() -> None:
    async with MCPServerInMemory(Backend()) as server:
        began = asyncio.get_running_loop().time()
        await asyncio.gather(*(server.call_tool("wait", {"seconds": "3"}) for _ in range(5)))
        assert asyncio.get_running_loop().time() - began == pytest.approx(3)


async def test_cancelling_a_call_cancels_it_there_and_leaves_the_connection() -> None:
    backend = Backend()
    async with MCPServerInMemory(backend) as server:
        call = asyncio.create_task(server.call_tool("wait", {"seconds": "60"}))
        await asyncio.sleep(1)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.sleep(1)
        assert backend.cancelled == 1
        await server.list_tools()
        assert server.connections == 1


async def test_cleaning_up_ends_the_calls_under_way() -> None:
    server = MCPServerInMemory(Backend())
    await server.connect()
    call = asyncio.create_task(server.call_tool("wait", {"seconds": "60"}))
    await asyncio.sleep(1)
    await server.cleanup()
    with pytest.raises(MCPServerError, match="the connection is lost"):
        await call


async def test_failed_calls_are_tried_again_after_longer_and_longer_waits() -> None:
    backend = Backend()
    backend.results["echo"] = ValueError("not now")
    async with MCPServerInMemory(
        backend, max_retry_attempts=3, retry_backoff_seconds_base=1, retry_backoff_seconds_max=3
    ) as server:
        began = asyncio.get_running_loop().time()
        with pytest.raises(MCPServerError, match="it says "):
            await server.call_tool("echo", {"said": "x"})
        assert asyncio.get_running_loop().time() - began == pytest.approx(1 + 2 + 3)
        assert len(backend.calls) == 4


async def test_what_the_program_does_wrong_is_not_tried_again() -> None:
    server = MCPServerInMemory(Backend(), max_retry_attempts=-1)
    with pytest.raises(UserError, match="is not connected"):
        await server.call_tool("echo", {"said": "x"})
    assert asyncio.get_running_loop().time() == 0


async def test_a_retry_connects_again() -> None:
    backend = Backend()
    async with MCPServerInMemory(backend, max_retry_attempts=-1) as server:
        call = asyncio.create_task(server.call_tool("wait", {"seconds": "2"}))
        await asyncio.sleep(1)
        server.cut()
        assert (await call).content
        assert (len(backend.calls), server.connections) == (2, 2)


async def test_a_missing_argument_is_told_before_the_server_is_asked() -> None:
    backend = Backend()
    async with MCPServerInMemory(backend, name="files") as server:
        await server.list_tools()
        with pytest.raises(
            UserError, match="'echo' of .*'files' requires 'said', which is missing"
        ):
            await server.call_tool("echo", None)
    assert backend.calls == []


async def test_prompts_and_resources() -> None:
    async with MCPServerInMemory(Backend()) as server:
        prompts = await server.list_prompts()
        assert (names(prompts.prompts), prompts.next_cursor) == (["first", "second"], None)
        prompt = await server.get_prompt("first", {"whom": "you"})
        assert prompt.messages[0].content.text == "first for you"  # type: ignore[union-attr]
        assert [str(r.uri) for r in (await server.list_resources()).resources] == ["note://1"]
        templates = await server.list_resource_templates()
        assert templates.resource_templates[0].uri_template == "note://{number}"
        assert (await server.read_resource("note://1")).contents[0].text == "remember"  # type: ignore[union-attr]


def test_of_several_errors_at_once_that_of_http_is_told() -> None:
    refused = httpx2.ConnectError("https://host/?key=secret")
    inner = ExceptionGroup("inner", [OSError("noise"), refused])
    error = server_error(ExceptionGroup("outer", [inner]), server="far", doing="calling")
    assert str(error) == "calling the MCP server 'far' failed: nobody answers at its address"
    assert error.__cause__ is None
    pydantic = server_error(ValueError("bad\nlines\nof it"), server="far", doing="calling")
    assert str(pydantic) == "calling the MCP server 'far' failed: ValueError: bad"


# What cannot be


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"client_session_timeout_seconds": -1},
            ValueError,
            "0 seconds or more, and finite, not -1",
        ),
        (
            {"client_session_timeout_seconds": "5"},
            TypeError,
            "a number of seconds or None, not '5'",
        ),
        ({"retry_backoff_seconds_max": float("nan")}, ValueError, "retry_backoff_seconds_max must"),
        ({"max_list_pages": 0}, ValueError, "max_list_pages must be 1 or more, not 0"),
        ({"require_approval": "yes"}, UserError, "'always', 'never' or a bool, not 'yes'"),
    ],
)
def test_options_that_cannot_be(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        MCPServerInMemory(Backend(), **options)


def test_params_without_the_one_thing_that_is_needed() -> None:
    with pytest.raises(
        UserError, match=r"params\['command'\] must be the program to start, not No"
    ):
        MCPServerStdio(params={})  # type: ignore[typeddict-item]
    with pytest.raises(UserError, match=r"params\['url'\] must be the server's address, not 5"):
        MCPServerStreamableHttp(params={"url": 5})  # type: ignore[typeddict-item]


def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rxagents.mcp._package.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"`pip install 'rxagents\[mcp\]'`"):
        MCPServerStdio(params={"command": "x"})


def test_the_names_of_servers_show_no_secrets() -> None:
    url = "https://user:secret@host:8443/mcp?key=secret#secret"
    server = MCPServerStreamableHttp(params={"url": url})
    with pytest.raises(UserError, match="MCP server 'streamable_http: https://host:8443/mcp' is"):
        asyncio.run(server.list_tools())
