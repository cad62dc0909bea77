"""Tools that the provider runs itself: an agent only says that its model may use them.

Only models behind OpenAI's Responses API have them. Their calls and results are part of the
model's response.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NotRequired, Required, TypeAlias, cast

from openai.types.responses.file_search_tool_param import Filters, RankingOptions
from openai.types.responses.response_output_item import McpApprovalRequest
from openai.types.responses.tool_param import CodeInterpreter, ImageGeneration, Mcp
from openai.types.responses.tool_param import (
    ImageGenerationInputImageMask as _ImageGenerationInputImageMask,
)
from openai.types.responses.web_search_tool import Filters as WebSearchToolFilters
from openai.types.responses.web_search_tool_param import UserLocation
from pydantic import ValidationError
from typing_extensions import TypedDict

from .exceptions import UserError
from .function_tools import ToolCaller, checked_callers
from .maybe_awaitable import MaybeAwaitable

if TYPE_CHECKING:
    from .context import RunContextWrapper


@dataclass
class FileSearchTool:
    """Lets the model search in vector stores. Raises UserError for a number out of range."""

    vector_store_ids: list[str]
    max_num_results: int | None = None
    """From 1 to 50; None or 0 for the provider's default."""

    include_search_results: bool = False
    """Whether what was found is part of the response."""

    ranking_options: RankingOptions | None = None
    filters: Filters | None = None
    """Which files count, by their attributes."""

    def __post_init__(self) -> None:
        number: Any = self.max_num_results
        if number is not None and (isinstance(number, bool) or number not in range(51)):
            raise UserError(f"max_num_results must be from 0 to 50, not {number!r}")

    @property
    def name(self) -> str:
        """What the provider calls it by."""
        return "file_search"


class WebSearchToolImageSettings(TypedDict, total=False):
    """How images are found, where `search_content_types` has "image"."""

    max_results: int
    caption: bool
    """Whether an image comes with its caption."""


@dataclass
class WebSearchTool:
    """Lets the model search the web. Raises UserError for filters that are none."""

    user_location: UserLocation | None = None
    """Where to search from."""

    filters: WebSearchToolFilters | None = None
    """Which sites count; may be given as a dictionary."""

    search_context_size: Literal["low", "medium", "high"] = "medium"
    external_web_access: bool | None = None
    """Whether it may fetch pages live; None for the provider's default."""

    search_content_types: list[Literal["text", "image"]] | None = None
    """What is searched for; None for text."""

    image_settings: WebSearchToolImageSettings | None = None

    def __post_init__(self) -> None:
        if isinstance(self.filters, dict):
            try:
                self.filters = WebSearchToolFilters.model_validate(self.filters)
            except ValidationError as error:
                raise UserError(
                    f"these are no filters of a web search: {self.filters!r}"
                ) from error

    @property
    def name(self) -> str:
        """What the provider calls it by."""
        return "web_search"


@dataclass
class CodeInterpreterTool:
    """Lets the model run Python in a container of the provider's."""

    tool_config: CodeInterpreter
    """As in the Responses API: `{"type": "code_interpreter", "container": {"type": "auto"}}`."""

    def __post_init__(self) -> None:
        self.tool_config = cast("CodeInterpreter", _checked(dict(self.tool_config), self.name))

    @property
    def name(self) -> str:
        """What the provider calls it by."""
        return "code_interpreter"


class ImageGenerationToolConfig(TypedDict, total=False):
    """The settings of an image generation in the Responses API."""

    type: Required[Literal["image_generation"]]
    action: Literal["generate", "edit", "auto"]
    background: Literal["transparent", "opaque", "auto"]
    input_fidelity: Literal["high", "low"] | None
    input_image_mask: _ImageGenerationInputImageMask
    model: str
    moderation: Literal["auto", "low"]
    output_compression: int
    output_format: Literal["png", "webp", "jpeg"]
    partial_images: int
    quality: Literal["low", "medium", "high", "xhigh", "max", "auto"]
    size: str


@dataclass
class ImageGenerationTool:
    """Lets the model make images."""

    tool_config: ImageGenerationToolConfig | ImageGeneration
    """As in the Responses API: `{"type": "image_generation"}` and what else there is to set."""

    @property
    def name(self) -> str:
        """What the provider calls it by."""
        return "image_generation"


@dataclass
class MCPToolApprovalRequest:
    """A call of a remote MCP server's tool that waits for an approval."""

    ctx_wrapper: RunContextWrapper[Any]
    data: McpApprovalRequest
    """The request: server, tool, arguments."""


class MCPToolApprovalFunctionResult(TypedDict):
    """The answer to a request."""

    approve: bool
    reason: NotRequired[str]
    """Why not; the model is told."""


MCPToolApprovalFunction: TypeAlias = Callable[
    [MCPToolApprovalRequest], MaybeAwaitable[MCPToolApprovalFunctionResult]
]


@dataclass
class HostedMCPTool:
    """Lets the model call the tools of a remote MCP server, which the provider speaks to itself."""

    tool_config: Mcp
    """As in the Responses API: `{"type": "mcp", "server_label": …, "server_url": …}`."""

    on_approval_request: MCPToolApprovalFunction | None = None
    """Answers requests for an approval; where it is None, the run's input has to."""

    def __post_init__(self) -> None:
        label = f"MCP server {self.tool_config.get('server_label', '')}".strip()
        self.tool_config = cast("Mcp", _checked(dict(self.tool_config), label))

    @property
    def name(self) -> str:
        """What the provider calls it by."""
        return "hosted_mcp"


@dataclass
class ToolSearchTool:
    """Lets the model search tools that have `defer_loading`, of which it is not told at once."""

    description: str | None = None
    execution: Literal["server", "client"] | None = None
    parameters: object | None = None

    @property
    def name(self) -> str:
        """What the provider calls it by."""
        return "tool_search"


@dataclass
class ProgrammaticToolCallingTool:
    """Lets the model write programs that call the tools whose `allowed_callers` let them."""

    @property
    def name(self) -> str:
        """What the provider calls it by."""
        return "programmatic_tool_calling"


def _checked(config: dict[str, Any], name: str) -> dict[str, Any]:
    callers: list[ToolCaller] | None = config.get("allowed_callers")
    return (
        config if callers is None else {**config, "allowed_callers": checked_callers(name, callers)}
    )
