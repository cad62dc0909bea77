"""Hosted and local tools: their fields, and how the Responses API is told of them."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types.responses import ToolParam
from pydantic import TypeAdapter

from rxagents import Agent, ModelSettings, RunContextWrapper, Runner
from rxagents.exceptions import UserError
from rxagents.hosted_tools import (
    CodeInterpreterTool,
    FileSearchTool,
    HostedMCPTool,
    ImageGenerationTool,
    ProgrammaticToolCallingTool,
    ToolSearchTool,
    WebSearchTool,
)
from rxagents.local_tools.apply_patch import ApplyPatchOperation, ApplyPatchTool
from rxagents.local_tools.computer import AsyncComputer, Environment
from rxagents.local_tools.computer_tool import ComputerTool
from rxagents.local_tools.local_shell import LocalShellTool
from rxagents.local_tools.shell import ShellTool
from rxagents.models.openai_responses import tool_param
from rxagents.models.responses_request import responses_request
from rxagents.models.tool_params import tool_includes, tool_params
from rxagents.testing import ScriptedModel, assistant_message
from rxagents.tools import Tool, function_tool

PARAM: TypeAdapter[Any] = TypeAdapter(ToolParam)


class Editor:
    def create_file(self, operation: ApplyPatchOperation) -> None: ...

    def update_file(self, operation: ApplyPatchOperation) -> None: ...

    def delete_file(self, operation: ApplyPatchOperation) -> None: ...


class Screen(AsyncComputer):
    """A computer without a screen."""

    async def screenshot(self) -> str:
        return ""

    async def click(self, x: int, y: int, button: Any) -> None: ...

    async def double_click(self, x: int, y: int) -> None: ...

    async def scroll(self, x: int, y: int, scroll_x: int, scroll_y: int) -> None: ...

    async def type(self, text: str) -> None: ...

    async def wait(self) -> None: ...

    async def move(self, x: int, y: int) -> None: ...

    async def keypress(self, keys: list[str]) -> None: ...

    async def drag(self, path: list[tuple[int, int]]) -> None: ...


class KnownScreen(Screen):
    @property
    def environment(self) -> Environment:
        return "browser"

    @property
    def dimensions(self) -> tuple[int, int]:
        return (800, 600)


def shout(text: str) -> str:
    """Say it loud."""
    return text.upper()


SCHEMA = {
    "type": "object",
    "properties": {"x": {"type": "integer"}},
    "required": ["x"],
    "additionalProperties": False,
}
CASES: list[tuple[Tool, dict[str, Any]]] = [
    (
        function_tool(
            shout,
            allowed_callers=["programmatic"],
            output_json_schema=SCHEMA,
            defer_loading=True,
        ),
        {
            "type": "function",
            "name": "shout",
            "description": "Say it loud.",
            "parameters": function_tool(shout).params_json_schema,
            "strict": True,
            "allowed_callers": ["programmatic"],
            "output_schema": SCHEMA,
            "defer_loading": True,
        },
    ),
    (WebSearchTool(), {"type": "web_search", "search_context_size": "medium"}),
    (
        WebSearchTool(
            user_location={"type": "approximate", "city": "Oslo"},
            filters={"allowed_domains": ["example.org"]},  # type: ignore[arg-type]
            search_context_size="low",
            external_web_access=False,
        ),
        {
            "type": "web_search",
            "user_location": {"type": "approximate", "city": "Oslo"},
            "filters": {"allowed_domains": ["example.org"]},
            "search_context_size": "low",
            "external_web_access": False,
        },
    ),
    (FileSearchTool(["vs"]), {"type": "file_search", "vector_store_ids": ["vs"]}),
    (
        FileSearchTool(
            ["vs"],
            max_num_results=3,
            ranking_options={"ranker": "auto"},
            filters={"type": "eq", "key": "a", "value": 1},
        ),
        {
            "type": "file_search",
            "vector_store_ids": ["vs"],
            "max_num_results": 3,
            "ranking_options": {"ranker": "auto"},
            "filters": {"type": "eq", "key": "a", "value": 1},
        },
    ),
    (
        CodeInterpreterTool({"type": "code_interpreter", "container": {"type": "auto"}}),
        {"type": "code_interpreter", "container": {"type": "auto"}},
    ),
    (
        ImageGenerationTool({"type": "image_generation", "size": "1024x1024"}),
        {"type": "image_generation", "size": "1024x1024"},
    ),
    (
        HostedMCPTool({"type": "mcp", "server_label": "git", "server_url": "https://mcp.example"}),
        {"type": "mcp", "server_label": "git", "server_url": "https://mcp.example"},
    ),
    (ComputerTool(Screen()), {"type": "computer"}),
    (
        ShellTool(lambda request: "", allowed_callers=["direct"]),
        {"type": "shell", "environment": {"type": "local"}, "allowed_callers": ["direct"]},
    ),
    (
        ShellTool(environment={"type": "container_reference", "container_id": "c1"}),
        {"type": "shell", "environment": {"type": "container_reference", "container_id": "c1"}},
    ),
    (LocalShellTool(lambda request: ""), {"type": "local_shell"}),
    (ApplyPatchTool(Editor()), {"type": "apply_patch"}),
    (
        ToolSearchTool("Find tools."),
        {"type": "tool_search", "description": "Find tools."},
    ),
    (ProgrammaticToolCallingTool(), {"type": "programmatic_tool_calling"}),
]


@pytest.mark.parametrize(("tool", "param"), CASES)
def test_a_tool_is_told_as_the_responses_api_wants_it(tool: Tool, param: dict[str, Any]) -> None:
    assert tool_param(tool) == param
    validated = PARAM.validate_python(tool_param(tool))
    assert validated["type"] == param["type"]


def test_what_the_package_does_not_know_yet_of_a_web_search_is_sent_all_the_same() -> None:
    tool = WebSearchTool(search_content_types=["image"], image_settings={"max_results": 2})
    assert tool_param(tool)["search_content_types"] == ["image"]
    assert tool_param(tool)["image_settings"] == {"max_results": 2}


def test_preview_models_are_told_of_the_screen() -> None:
    param = tool_param(ComputerTool(KnownScreen()), "computer-use-preview-2025-03-11")
    assert param == {
        "type": "computer_use_preview",
        "environment": "browser",
        "display_width": 800,
        "display_height": 600,
    }
    assert PARAM.validate_python(param)["type"] == "computer_use_preview"


def make(*, run_context: RunContextWrapper[Any]) -> Screen:
    return Screen()


@pytest.mark.parametrize("computer", [Screen(), make])
def test_preview_models_need_a_screen_that_is_known(computer: Any) -> None:
    with pytest.raises(UserError, match="told of the computer's `environment` and `dimensions`"):
        tool_param(ComputerTool(computer), "computer-use-preview")


def test_a_model_can_use_one_computer() -> None:
    computers: list[Tool] = [ComputerTool(Screen()), ComputerTool(Screen())]
    assert tool_params(computers[:1], "m") == [{"type": "computer"}]
    with pytest.raises(UserError, match="a model can use one ComputerTool, not 2"):
        tool_params(computers, "m")


def test_what_is_to_be_included_in_the_response() -> None:
    plain: list[Tool] = [WebSearchTool(), FileSearchTool(["vs"])]
    assert tool_includes(plain) == []
    more: list[Tool] = [
        FileSearchTool(["vs"], include_search_results=True),
        WebSearchTool(search_content_types=["text", "image"]),
    ]
    assert tool_includes(more) == ["file_search_call.results", "web_search_call.results"]
    request = responses_request(
        "m",
        None,
        "Hi",
        ModelSettings(response_include=["reasoning.encrypted_content"]),
        tools=[tool_param(tool) for tool in more],
        includes=tool_includes(more),
        output_schema=None,
    )
    assert request["include"] == [
        "reasoning.encrypted_content",
        "file_search_call.results",
        "web_search_call.results",
    ]


@pytest.mark.parametrize(
    ("choice", "tools", "told"),
    [
        ("web_search", [WebSearchTool()], {"type": "web_search"}),
        ("shout", [function_tool(shout)], {"type": "function", "name": "shout"}),
        (
            "shell",
            [function_tool(shout, name_override="shell")],
            {"type": "function", "name": "shell"},
        ),
        ("computer_use", [ComputerTool(Screen())], {"type": "computer"}),
        ("required", [WebSearchTool()], "required"),
    ],
)
def test_a_tool_choice_may_name_a_hosted_tool(choice: str, tools: list[Tool], told: Any) -> None:
    params = [tool_param(tool) for tool in tools]
    settings = ModelSettings(tool_choice=choice)
    request = responses_request("m", None, "Hi", settings, tools=params, output_schema=None)
    assert request["tool_choice"] == told


async def test_hosted_tools_are_always_offered() -> None:
    agent = Agent("a", tools=[WebSearchTool(), function_tool(shout, is_enabled=False)])
    assert await agent.get_all_tools(RunContextWrapper(None)) == [WebSearchTool()]


async def test_an_agent_can_have_several_hosted_tools_of_one_kind() -> None:
    tools: list[Tool] = [
        HostedMCPTool({"type": "mcp", "server_label": label, "server_url": "https://mcp.example"})
        for label in ("one", "two")
    ]
    model = ScriptedModel([[assistant_message("Hi.")]])
    run = Runner.run_streamed(Agent("a", tools=tools, model=model), "Hi")
    assert [event.type async for event in run.stream_events()]
    assert model.calls[0].tools == tools


def test_every_tool_has_the_name_that_the_standard_gives_it() -> None:
    names = {type(tool).__name__: tool.name for tool, _ in CASES}
    assert names == {
        "FunctionTool": "shout",
        "WebSearchTool": "web_search",
        "FileSearchTool": "file_search",
        "CodeInterpreterTool": "code_interpreter",
        "ImageGenerationTool": "image_generation",
        "HostedMCPTool": "hosted_mcp",
        "ComputerTool": "computer_use_preview",
        "ShellTool": "shell",
        "LocalShellTool": "local_shell",
        "ApplyPatchTool": "apply_patch",
        "ToolSearchTool": "tool_search",
        "ProgrammaticToolCallingTool": "programmatic_tool_calling",
    }


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (lambda: FileSearchTool([], max_num_results=51), "must be from 0 to 50, not 51"),
        (lambda: FileSearchTool([], max_num_results=True), "must be from 0 to 50, not True"),
        (
            lambda: WebSearchTool(filters={"allowed_domains": 1}),  # type: ignore[arg-type]
            "these are no filters of a web search: {'allowed_domains': 1}",
        ),
        (
            lambda: HostedMCPTool({"type": "mcp", "server_label": "x", "allowed_callers": []}),
            "allowed_callers of the tool 'MCP server x' must be",
        ),
        (lambda: ShellTool(), "a ShellTool that runs commands here needs an executor"),
        (lambda: ShellTool(environment="local"), "is a dictionary, not 'local'"),  # type: ignore[arg-type]
        (
            lambda: ShellTool(lambda r: "", environment={"type": "container_auto"}),
            "whose commands the provider runs has no executor",
        ),
        (
            lambda: ShellTool(environment={"type": "container_auto"}, needs_approval=True),
            "whose commands the provider runs has no executor, needs_approval",
        ),
        (
            lambda: ApplyPatchTool(Editor(), allowed_callers=[]),
            "allowed_callers of the tool 'apply_patch' must be",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_when_the_tool_is_made(made: Any, sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        made()
    assert sentence in str(caught.value)
