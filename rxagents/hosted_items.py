"""Items of tools that the model's side runs itself: MCP servers, tool search, compaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from openai.types.responses.response_input_item_param import McpApprovalResponse
from openai.types.responses.response_output_item import McpApprovalRequest, McpListTools

from .item_base import RunItemBase


@dataclass(eq=False)
class MCPListToolsItem(RunItemBase[McpListTools]):
    """The tools that an MCP server has told the provider."""

    type: Literal["mcp_list_tools_item"] = "mcp_list_tools_item"


@dataclass(eq=False)
class MCPApprovalRequestItem(RunItemBase[McpApprovalRequest]):
    """The provider asks whether it may call a tool of an MCP server."""

    type: Literal["mcp_approval_request_item"] = "mcp_approval_request_item"


@dataclass(eq=False)
class MCPApprovalResponseItem(RunItemBase[McpApprovalResponse]):
    """The answer to such a request."""

    type: Literal["mcp_approval_response_item"] = "mcp_approval_response_item"


@dataclass(eq=False)
class ToolSearchCallItem(RunItemBase[Any]):
    """The model looks for tools that were not loaded."""

    type: Literal["tool_search_call_item"] = "tool_search_call_item"


@dataclass(eq=False)
class ToolSearchOutputItem(RunItemBase[Any]):
    """The tools it has found."""

    type: Literal["tool_search_output_item"] = "tool_search_output_item"


@dataclass(eq=False)
class CompactionItem(RunItemBase[Any]):
    """What the provider has made of a conversation that became too long."""

    type: Literal["compaction_item"] = "compaction_item"
