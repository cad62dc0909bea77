"""The tools of MCP servers as an agent calls them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from mcp.types import (
    CallToolRequestParams,
    EmbeddedResource,
    ImageContent,
    TextContent,
    TextResourceContents,
)
from mcp.types import CallToolResult as Result
from mcp_servers import Backend, MCPServerInMemory, invoke, text, tool, tools_of

from rxagents import (
    MCPServerError,
    MCPToolCancellationError,
    RunContextWrapper,
    ToolArgumentsError,
    ToolContext,
)
from rxagents.mcp import MCPUtil
from rxagents.mcp.tool_results import tool_output


async def test_the_result_is_what_the_model_is_told() -> None:
    async with MCPServerInMemory(Backend()) as server:
        echo, _ = await tools_of(server)
        assert await invoke(echo, '{"said": "hi"}') == {"type": "text", "text": "you said hi"}


def test_results_of_other_kinds() -> None:
    words = TextContent(type="text", text="a")
    image = ImageContent(type="image", data="QQ==", mime_type="image/png")
    resource = EmbeddedResource(
        type="resource", resource=TextResourceContents(uri="note://1", text="b")
    )
    shown = {"type": "image", "image_url": "data:image/png;base64,QQ=="}
    assert tool_output(Result(content=[image]), False) == shown
    assert tool_output(Result(content=[words, image]), False) == [
        {"type": "text", "text": "a"},
        shown,
    ]
    assert tool_output(Result(content=[]), False) == []
    assert tool_output(Result(content=[resource]), False) == {
        "type": "text",
        "text": '{"type":"resource","resource":{"uri":"note://1","text":"b"}}',
    }


@pytest.mark.parametrize(
    ("wanted", "is_error", "told"),
    [
        (True, False, '{"degrees": 21}'),
        (False, False, {"type": "text", "text": "warm"}),
        (True, True, {"type": "text", "text": "warm"}),  # there it says what went wrong
    ],
)
def test_structured_content(wanted: bool, is_error: bool, told: object) -> None:
    result = text("warm", structured_content={"degrees": 21}, is_error=is_error)
    assert tool_output(result, wanted) == told


async def test_a_result_that_is_an_error_is_told_to_the_model() -> None:
    backend = Backend()
    backend.results["echo"] = text("no such file", is_error=True)
    async with MCPServerInMemory(backend, failure_error_function=None) as server:
        echo, _ = await tools_of(server)
        assert (await invoke(echo, '{"said": "hi"}'))["text"] == "no such file"


async def test_bad_arguments_are_told_as_those_of_any_tool() -> None:
    async with MCPServerInMemory(Backend(), failure_error_function=None) as server:
        (echo, _) = await tools_of(server, include_server_in_tool_names=True)
        for arguments, problem in [
            ("{", "they are no JSON"),
            ("[1]", r"they must be one JSON object \(they were \[1\]\)"),
            ("", "'said' is missing"),
        ]:
            with pytest.raises(ToolArgumentsError, match=problem) as raised:
                await invoke(echo, arguments)
            assert raised.value.tool_name == "mcp_memory__echo"


async def test_a_failure_goes_to_the_agents_function_or_the_servers_own() -> None:
    def told(_: RunContextWrapper[Any], error: Exception) -> str:
        return f"agent: {error}"

    async def own(_: RunContextWrapper[Any], error: Exception) -> str:
        return f"own: {error}"

    timeout: dict[str, Any] = {"client_session_timeout_seconds": 1.0}
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "agent: "),
        ({"failure_error_function": own}, "own: "),
    ]
    for options, beginning in cases:
        async with MCPServerInMemory(Backend(), **timeout, **options) as server:
            _, wait = await tools_of(server, failure_error_function=told)
            answer = await invoke(wait, '{"seconds": "9"}')
            assert answer.startswith(f"{beginning}calling the tool 'wait'")
    async with MCPServerInMemory(Backend(), failure_error_function=None, **timeout) as server:
        _, wait = await tools_of(server, failure_error_function=told)
        with pytest.raises(MCPServerError, match="no answer within 1 s"):
            await invoke(wait, '{"seconds": "9"}')


async def test_by_default_the_model_is_not_told_what_failed_but_the_log_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with MCPServerInMemory(Backend(), client_session_timeout_seconds=1) as server:
        _, wait = await tools_of(server)
        assert await invoke(wait, '{"seconds": "9"}') == (
            "The tool failed. You may call it again, or answer without it."
        )
    assert "calling the tool 'wait' of the MCP server 'memory' failed" in caplog.text


async def test_a_call_that_is_cancelled_within_is_a_failure() -> None:
    class Cancelling(MCPServerInMemory):
        async def call_tool(self, *args: Any, **kwargs: Any) -> Any:
            inner = asyncio.create_task(asyncio.sleep(9))
            asyncio.get_running_loop().call_soon(inner.cancel)
            await inner

    async with Cancelling(Backend(), failure_error_function=None) as server:
        echo, _ = await tools_of(server)
        with pytest.raises(MCPToolCancellationError, match="'echo' .*'memory' was cancelled"):
            await invoke(echo, '{"said": "x"}')
        call = asyncio.create_task(invoke(echo, '{"said": "x"}'))
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call


async def test_schemas_are_strict_where_they_can_be() -> None:
    closed, open_ = tool("closed", "a"), tool("open")
    open_.input_schema["additionalProperties"] = True
    bare = tool("bare")
    bare.input_schema = {"type": "object"}
    async with MCPServerInMemory(Backend(closed, open_, bare)) as server:
        tools = await tools_of(server, strict=True)
        assert [each.strict_json_schema for each in tools] == [True, False, True]
        assert tools[0].params_json_schema["additionalProperties"] is False
        assert tools[1].params_json_schema == open_.input_schema
        assert not any(each.strict_json_schema for each in await tools_of(server))
        assert (await tools_of(server))[2].params_json_schema == {
            "type": "object",
            "properties": {},
        }


async def test_a_tool_without_a_description_is_described_by_its_title() -> None:
    backend = Backend(tool("a", title="Title"), tool("b"), tool("c", title="T", description="D"))
    async with MCPServerInMemory(backend) as server:
        assert [each.description for each in await tools_of(server)] == ["Title", "", "D"]


async def test_meta_of_the_tool_and_of_the_resolver_go_with_the_call() -> None:
    seen: list[Any] = []

    async def resolve(context: Any) -> dict[str, Any]:
        seen.append((context.server_name, context.tool_name, context.arguments))
        return {"user": 7, "from": "resolver"}

    backend = Backend(tool("echo", "said", _meta={"from": "tool"}))
    async with MCPServerInMemory(backend, tool_meta_resolver=resolve) as server:
        (echo,) = await tools_of(server)
        await invoke(echo, '{"said": "x"}')
    assert seen == [("memory", "echo", {"said": "x"})]
    sent: CallToolRequestParams = backend.calls[0]
    assert sent.meta is not None
    meta: dict[str, Any] = {**sent.meta}
    assert (meta["user"], meta["from"]) == (7, "tool")


async def test_custom_data_is_taken_from_the_result() -> None:
    def extract(context: Any) -> dict[str, Any]:
        assert (context.tool_name, context.arguments) == ("echo", {"said": "x"})
        return {"structured": context.structured_content, "shown": context.tool_output}

    backend = Backend()
    backend.results["echo"] = text("a", structured_content={"b": 1})
    context = ToolContext[Any](
        None, tool_name="echo", tool_call_id="c", tool_arguments='{"said": "x"}'
    )
    async with MCPServerInMemory(backend, custom_data_extractor=extract) as server:
        (echo, _) = await server.list_tools()
        await MCPUtil.invoke_mcp_tool(server, echo, context, '{"said": "x"}')
    assert context.custom_data == {"structured": {"b": 1}, "shown": {"type": "text", "text": "a"}}


async def test_a_message_of_the_server_reaches_the_handler_and_a_changed_list_the_cache() -> None:
    from mcp.types import ToolListChangedNotification

    seen: list[object] = []

    async def handle(message: object) -> None:
        seen.append(message)

    backend = Backend()
    async with MCPServerInMemory(backend, cache_tools_list=True, message_handler=handle) as server:
        await server.list_tools()
        changed = ToolListChangedNotification(method="notifications/tools/list_changed")
        await server._on_message(changed)
        await server.list_tools()
    assert (backend.listings, seen) == (2, [changed])
