"""A tool that runs here: its fields, and what the model is told when it fails."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from .context import RunContextWrapper, ToolContext
from .exceptions import ToolArgumentsError, UserError
from .maybe_awaitable import MaybeAwaitable, settled
from .strict_schema import ensure_strict_json_schema
from .tool_guardrails import ToolInputGuardrail, ToolOutputGuardrail

if TYPE_CHECKING:
    from .agent import Agent

ToolErrorFunction: TypeAlias = Callable[[RunContextWrapper[Any], Exception], MaybeAwaitable[str]]
"""From the context of a call and the error that it met to the text that the model is told."""

ToolTimeoutBehavior: TypeAlias = Literal["error_as_result", "raise_exception"]
"""What a call that takes too long comes to: a text for the model, or the end of the run."""

ToolCaller: TypeAlias = Literal["direct", "programmatic"]
"""Who may call a tool at OpenAI: the model itself, or a program that it writes."""

IsEnabled: TypeAlias = "bool | Callable[[RunContextWrapper[Any], Agent[Any]], MaybeAwaitable[bool]]"
NeedsApproval: TypeAlias = (
    bool | Callable[[RunContextWrapper[Any], dict[str, Any], str], MaybeAwaitable[bool]]
)


@dataclass(frozen=True)
class FunctionToolCustomDataContext:
    """What a `custom_data_extractor` is given."""

    tool_context: ToolContext[Any]
    tool: FunctionTool
    output: Any
    """What the tool returned."""

    raw_item: Mapping[str, Any]
    """What the model is told of it."""


FunctionToolCustomDataExtractor: TypeAlias = Callable[
    [FunctionToolCustomDataContext], MaybeAwaitable[Mapping[str, Any] | None]
]


@dataclass
class FunctionTool:
    """A tool that runs here, in this process.

    Raises UserError where `strict_json_schema` is True and `params_json_schema` cannot be strict,
    and where `output_json_schema` is not that of an object; TypeError or ValueError for a timeout
    that is none.
    """

    name: str
    """What the model calls it by."""

    description: str
    """What the model is told that it does, and when to use it."""

    params_json_schema: dict[str, Any]
    """Of the arguments. A strict tool replaces the schema it is given by its strict form."""

    on_invoke_tool: Callable[[ToolContext[Any], str], Awaitable[Any]]
    """Does what the tool does. The string is the arguments as the model wrote them, in JSON, or
    empty; the result is what the model is told: a text, a `ToolOutput…` or a list of them, or
    anything else as its `str()`. What it raises ends the run."""

    strict_json_schema: bool = True
    """Whether the model's side shall hold the model to the schema (OpenAI's strict mode)."""

    is_enabled: IsEnabled = True
    """Whether the model is offered the tool; a function, plain or async, is asked every turn."""

    tool_input_guardrails: list[ToolInputGuardrail[Any]] | None = None
    """Asked before each call."""

    tool_output_guardrails: list[ToolOutputGuardrail[Any]] | None = None
    """Asked about what each call has given."""

    needs_approval: NeedsApproval = False
    """Whether a call waits until it is approved; a function is asked with the context, the
    arguments and the call's id."""

    timeout_seconds: float | None = None
    """How long a call may take, in seconds; None for as long as it likes."""

    timeout_behavior: ToolTimeoutBehavior = "error_as_result"
    timeout_error_function: ToolErrorFunction | None = None
    """Gives what the model is told of a call that took too long; a default text where it is None.
    The error is a ToolTimeoutError."""

    defer_loading: bool = False
    """Whether OpenAI keeps it from the model until the model's tool search has found it; the
    agent then needs a `ToolSearchTool` too."""

    custom_data_extractor: FunctionToolCustomDataExtractor | None = field(
        default=None, kw_only=True
    )
    """Gives data for the application, not the model: the output item's `custom_data`."""

    allowed_callers: list[ToolCaller] | None = field(default=None, kw_only=True)
    """Who may call it at OpenAI; "programmatic" needs a `ProgrammaticToolCallingTool` too."""

    output_json_schema: dict[str, Any] | None = field(default=None, kw_only=True)
    """Of the output, for programs that call the tool. The output is then given as JSON."""

    def __post_init__(self) -> None:
        if self.strict_json_schema:
            self.params_json_schema = ensure_strict_json_schema(self.params_json_schema)
        if self.output_json_schema is not None:
            self.output_json_schema = _object_schema(self.name, self.output_json_schema)
        self.allowed_callers = checked_callers(self.name, self.allowed_callers)
        _check_timeout(self)

    @property
    def qualified_name(self) -> str:
        """The name; a tool has no namespace here."""
        return self.name


def default_tool_error_function(ctx: RunContextWrapper[Any], error: Exception) -> str:
    """Tell the model what was wrong with its arguments, or that the tool failed.

    What the tool raised is not told: its message may hold what the model, and whoever reads its
    answer, is not to see.
    """
    if isinstance(error, ToolArgumentsError) and _is_about(ctx, error):
        return f"{error}. Correct the arguments and call the tool again."
    return "The tool failed. You may call it again, or answer without it."


def default_tool_timeout_error_message(*, tool_name: str, timeout_seconds: float) -> str:
    """What the model is told of a call that took too long."""
    return (
        f"The tool {tool_name!r} gave no result within {timeout_seconds:g} seconds. "
        "You may call it again, or answer without it."
    )


async def custom_data_of(
    tool: FunctionTool, context: ToolContext[Any], output: Any, raw_item: Mapping[str, Any]
) -> dict[str, Any] | None:
    """What the tool's `custom_data_extractor` gives for an output; None where it has none."""
    if tool.custom_data_extractor is None:
        return None
    about = FunctionToolCustomDataContext(context, tool, output, raw_item)
    data = await settled(tool.custom_data_extractor(about))
    return None if data is None else dict(data)


def checked_callers(name: str, callers: list[ToolCaller] | None) -> list[ToolCaller] | None:
    """A copy of `allowed_callers`; raises UserError for what it cannot be."""
    if callers is None:
        return None
    known = get_args(ToolCaller)
    if not callers or len(set(callers)) < len(callers) or not set(callers) <= set(known):
        raise UserError(
            f"allowed_callers of the tool {name!r} must be one or both of 'direct' and "
            f"'programmatic', not {callers!r}"
        )
    return list(callers)


def _is_about(ctx: RunContextWrapper[Any], error: ToolArgumentsError) -> bool:
    # A tool that runs an agent of its own may raise an error about a tool of that agent.
    return not isinstance(ctx, ToolContext) or ctx.tool_name == error.tool_name


def _object_schema(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    strict = ensure_strict_json_schema(schema)
    if strict.get("type") != "object" and "$ref" not in strict:
        raise UserError(
            f"the output of the tool {name!r} must be an object to have a schema, that is a "
            f"pydantic model, a dataclass or a TypedDict; this is the schema of "
            f"{schema.get('type', 'something else')!r}"
        )
    return strict


def _check_timeout(tool: FunctionTool) -> None:
    seconds: Any = tool.timeout_seconds
    if seconds is not None:
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
            raise TypeError(f"timeout_seconds must be a number of seconds, not {seconds!r}")
        if not 0 < seconds < math.inf:
            raise ValueError(f"timeout_seconds must be more than 0 and finite, not {seconds!r}")
    if tool.timeout_behavior not in get_args(ToolTimeoutBehavior):
        raise ValueError(
            "timeout_behavior must be 'error_as_result' or 'raise_exception', "
            f"not {tool.timeout_behavior!r}"
        )
    if tool.timeout_error_function is not None and not callable(tool.timeout_error_function):
        raise TypeError(
            f"timeout_error_function must be a function, not {tool.timeout_error_function!r}"
        )
