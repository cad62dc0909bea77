"""MCP servers for the tests: in this process, on the tests' clock, or in one of their own.

`python mcp_servers.py stdio` serves on standard input and output; `... http` and `... sse` on a
loopback port, which is the first line that they print.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast

import anyio
from mcp.server import Server
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
    Prompt,
    PromptMessage,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextContent,
    TextResourceContents,
    Tool,
)

from rxagents import Agent, FunctionTool, RunContextWrapper
from rxagents.mcp import MCPServer, MCPServerWithClientSession, MCPUtil

SCRIPT = Path(__file__)


AGENT = Agent(name="a")
CONTEXT: RunContextWrapper[Any] = RunContextWrapper(None)


async def tools_of(*servers: MCPServer, strict: bool = False, **options: Any) -> list[FunctionTool]:
    tools = await MCPUtil.get_all_function_tools(list(servers), strict, CONTEXT, AGENT, **options)
    return cast("list[FunctionTool]", tools)


async def invoke(tool: FunctionTool, arguments: str) -> Any:
    return await tool.on_invoke_tool(CONTEXT, arguments)  # type: ignore[arg-type]


def tool(name: str, *required: str, **more: Any) -> Tool:
    """A tool whose arguments are strings."""
    properties = {each: {"type": "string"} for each in required}
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return Tool(name=name, input_schema=schema, **more)


def text(words: str, **more: Any) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=words)], **more)


class Backend:
    """What a server has, and what was asked of it."""

    def __init__(self, *tools: Tool, pages: list[list[Tool]] | None = None) -> None:
        self.pages = pages or [list(tools or [tool("echo", "said"), tool("wait", "seconds")])]
        self.listings = 0
        self.calls: list[CallToolRequestParams] = []
        self.results: dict[str, CallToolResult | Exception] = {}
        self.cancelled = 0
        self.called = asyncio.Event()

    def server(self) -> Server[Any]:
        return Server(
            "backend",
            on_list_tools=self.list_tools,
            on_call_tool=self.call_tool,
            on_list_prompts=self.list_prompts,
            on_get_prompt=self.get_prompt,
            on_list_resources=self.list_resources,
            on_list_resource_templates=self.list_templates,
            on_read_resource=self.read_resource,
        )

    async def list_tools(self, _: Any, params: PaginatedRequestParams | None) -> ListToolsResult:
        self.listings += 1
        page = int(params.cursor) if params and params.cursor else 0
        after = str(page + 1) if page + 1 < len(self.pages) else None
        return ListToolsResult(tools=self.pages[page], next_cursor=after)

    async def call_tool(self, _: Any, params: CallToolRequestParams) -> CallToolResult:
        self.calls.append(params)
        self.called.set()
        arguments = params.arguments or {}
        match params.name:
            case "wait":
                print("waiting", file=sys.stderr, flush=True)  # for those who look at a process
                try:
                    await anyio.sleep(float(arguments["seconds"]))
                except asyncio.CancelledError:
                    self.cancelled += 1
                    raise
                return text("done")
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "pid":
                return text(str(os.getpid()))
        result = self.results.get(params.name, text(f"you said {arguments.get('said')}"))
        if isinstance(result, Exception):
            raise result
        return result

    async def list_prompts(
        self, _: Any, params: PaginatedRequestParams | None
    ) -> ListPromptsResult:
        if params and params.cursor:
            return ListPromptsResult(prompts=[Prompt(name="second")])
        return ListPromptsResult(prompts=[Prompt(name="first")], next_cursor="1")

    async def get_prompt(self, _: Any, params: GetPromptRequestParams) -> GetPromptResult:
        words = f"{params.name} for {(params.arguments or {}).get('whom')}"
        message = PromptMessage(role="user", content=TextContent(type="text", text=words))
        return GetPromptResult(messages=[message])

    async def list_resources(self, _: Any, __: Any) -> ListResourcesResult:
        return ListResourcesResult(resources=[Resource(name="note", uri="note://1")])

    async def list_templates(self, _: Any, __: Any) -> ListResourceTemplatesResult:
        template = ResourceTemplate(name="notes", uri_template="note://{number}")
        return ListResourceTemplatesResult(resource_templates=[template])

    async def read_resource(self, _: Any, params: ReadResourceRequestParams) -> ReadResourceResult:
        return ReadResourceResult(
            contents=[TextResourceContents(uri=params.uri, text="remember", mime_type="text/plain")]
        )


class MCPServerInMemory(MCPServerWithClientSession[Backend]):
    """Speaks to a backend in this loop, over the true protocol, without a process."""

    connections = 0
    refuse: Exception | None = None
    """Raised instead of connecting."""

    @property
    def backend(self) -> Backend:
        return self._params

    def cut(self) -> None:
        """Lose the connection."""
        self._to_client.close()

    def create_streams(self) -> AbstractAsyncContextManager[tuple[Any, Any]]:
        return self._streams()

    @asynccontextmanager
    async def _streams(self) -> AsyncGenerator[tuple[Any, Any]]:
        self.connections += 1
        if self.refuse is not None:
            raise self.refuse
        server = self.backend.server()
        self._to_client, read = anyio.create_memory_object_stream[Any]()
        write, server_read = anyio.create_memory_object_stream[Any]()
        options = server.create_initialization_options()
        async with self._to_client, read, write, server_read, anyio.create_task_group() as group:
            group.start_soon(server.run, server_read, self._to_client, options)
            with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
                yield read, write
            group.cancel_scope.cancel()

    def _default_name(self) -> str:
        return "memory"


def process_backend() -> Backend:
    none: dict[str, Any] = {"type": "object"}
    return Backend(
        tool("echo", "said"),
        tool("wait", "seconds"),
        Tool(name="die", input_schema=none),
        Tool(name="pid", input_schema=none),
    )


def main(transport: str) -> None:
    server = process_backend().server()
    if transport == "stdio":
        asyncio.run(_serve_stdio(server))
        return
    import uvicorn

    listener = socket.create_server(("127.0.0.1", int(sys.argv[2]) if sys.argv[2:] else 0))
    print(listener.getsockname()[1], flush=True)
    app = server.streamable_http_app() if transport == "http" else _sse_app(server)
    config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=0)
    uvicorn.Server(config).run([listener])


async def _serve_stdio(server: Server[Any]) -> None:
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def _sse_app(server: Server[Any]) -> Any:
    from mcp.server.sse import SseServerTransport
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Mount, Route

    transport = SseServerTransport("/messages/")

    async def connect(request: Any) -> Response:
        streams = transport.connect_sse(request.scope, request.receive, request._send)
        async with streams as (read, write):
            await server.run(read, write, server.create_initialization_options())
        return Response()

    return Starlette(
        routes=[Route("/sse", connect), Mount("/messages/", app=transport.handle_post_message)]
    )


if __name__ == "__main__":
    main(sys.argv[1])
