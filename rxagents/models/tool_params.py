"""Tools as the Responses API describes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rxagents.exceptions import UserError
from rxagents.function_tools import FunctionTool
from rxagents.hosted_tools import (
    CodeInterpreterTool,
    FileSearchTool,
    HostedMCPTool,
    ImageGenerationTool,
    ProgrammaticToolCallingTool,
    ToolSearchTool,
    WebSearchTool,
)
from rxagents.local_tools.apply_patch import ApplyPatchTool
from rxagents.local_tools.computer import AsyncComputer, Computer
from rxagents.local_tools.computer_tool import ComputerTool
from rxagents.local_tools.local_shell import LocalShellTool
from rxagents.local_tools.shell import ShellTool

if TYPE_CHECKING:
    from rxagents.tools import Tool

HOSTED_TYPES = frozenset(
    {
        "apply_patch",
        "code_interpreter",
        "computer",
        "computer_use",
        "computer_use_preview",
        "file_search",
        "image_generation",
        "mcp",
        "programmatic_tool_calling",
        "shell",
        "web_search",
        "web_search_preview",
    }
)
"""What a `tool_choice` may name beside functions, where there is no function of that name."""


def tool_param(tool: Tool, model: str | None = None) -> dict[str, Any]:
    """A tool as the Responses API describes it; `model` is the one that is told of it.

    Raises UserError where a model of the older kind, `computer-use-preview`, is given a computer
    whose screen is not known.
    """
    match tool:
        case FunctionTool():
            return _function(tool)
        case WebSearchTool():
            return _web_search(tool)
        case FileSearchTool():
            return _file_search(tool)
        case ComputerTool():
            preview = (model or "").startswith("computer-use-preview")
            return _preview_computer(tool) if preview else {"type": "computer"}
        case CodeInterpreterTool() | ImageGenerationTool() | HostedMCPTool():
            return {**tool.tool_config}
        case ShellTool():
            return _set({"type": "shell", "environment": tool.environment}, tool.allowed_callers)
        case ApplyPatchTool():
            return _set({"type": "apply_patch"}, tool.allowed_callers)
        case LocalShellTool():
            return {"type": "local_shell"}
        case ToolSearchTool():
            return _set(
                {"type": "tool_search"},
                description=tool.description,
                execution=tool.execution,
                parameters=tool.parameters,
            )
        case ProgrammaticToolCallingTool():
            return {"type": "programmatic_tool_calling"}


def tool_params(tools: Iterable[Tool], model: str) -> list[dict[str, Any]]:
    """All tools of a request.

    Raises UserError where there is more than one computer, as their calls do not say which.
    """
    offered = list(tools)
    computers = sum(isinstance(tool, ComputerTool) for tool in offered)
    if computers > 1:
        raise UserError(f"a model can use one ComputerTool, not {computers}")
    return [tool_param(tool, model) for tool in offered]


def tool_includes(tools: Iterable[Tool]) -> list[str]:
    """What a request must ask to be included in the response, for what its tools find."""
    includes: list[str] = []
    for tool in tools:
        if isinstance(tool, FileSearchTool) and tool.include_search_results:
            includes.append("file_search_call.results")
        if isinstance(tool, WebSearchTool) and "image" in (tool.search_content_types or ()):
            includes.append("web_search_call.results")
    return includes


def _set(
    described: dict[str, Any], allowed_callers: list[Any] | None = None, **fields: Any
) -> dict[str, Any]:
    fields["allowed_callers"] = allowed_callers
    return {**described, **{name: value for name, value in fields.items() if value is not None}}


def _function(tool: FunctionTool) -> dict[str, Any]:
    described = {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.params_json_schema,
        "strict": tool.strict_json_schema,
    }
    return _set(
        described,
        tool.allowed_callers,
        defer_loading=tool.defer_loading or None,
        output_schema=tool.output_json_schema,
    )


def _web_search(tool: WebSearchTool) -> dict[str, Any]:
    described = {"type": "web_search", "search_context_size": tool.search_context_size}
    return _set(
        described,
        user_location=tool.user_location,
        filters=None if tool.filters is None else tool.filters.model_dump(exclude_none=True),
        external_web_access=tool.external_web_access,
        search_content_types=tool.search_content_types,
        image_settings=tool.image_settings,
    )


def _file_search(tool: FileSearchTool) -> dict[str, Any]:
    described = {"type": "file_search", "vector_store_ids": tool.vector_store_ids}
    return _set(
        described,
        max_num_results=tool.max_num_results or None,
        ranking_options=tool.ranking_options or None,
        filters=tool.filters or None,
    )


def _preview_computer(tool: ComputerTool[Any]) -> dict[str, Any]:
    computer: Any = tool.computer
    known = isinstance(computer, (Computer, AsyncComputer))
    environment = computer.environment if known else None
    dimensions = computer.dimensions if known else None
    if environment is None or dimensions is None:
        raise UserError(
            "the model computer-use-preview must be told of the computer's `environment` and "
            "`dimensions`: give the ComputerTool a Computer that has both, not one that is made "
            "for each run"
        )
    return {
        "type": "computer_use_preview",
        "environment": environment,
        "display_width": dimensions[0],
        "display_height": dimensions[1],
    }
