"""Tools: what a model may call while a run goes on. Most are made of Python functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, overload

from typing_extensions import TypedDict, Unpack

from .exceptions import UserError
from .function_schema import DocstringStyle, function_schema
from .function_tools import FunctionTool as FunctionTool
from .function_tools import FunctionToolCustomDataContext as FunctionToolCustomDataContext
from .function_tools import FunctionToolCustomDataExtractor as FunctionToolCustomDataExtractor
from .function_tools import IsEnabled, NeedsApproval
from .function_tools import ToolCaller as ToolCaller
from .function_tools import ToolErrorFunction as ToolErrorFunction
from .function_tools import ToolTimeoutBehavior as ToolTimeoutBehavior
from .function_tools import default_tool_error_function as default_tool_error_function
from .function_tools import (
    default_tool_timeout_error_message as default_tool_timeout_error_message,
)
from .hosted_tools import (
    CodeInterpreterTool,
    FileSearchTool,
    HostedMCPTool,
    ImageGenerationTool,
    ProgrammaticToolCallingTool,
    ToolSearchTool,
    WebSearchTool,
)
from .local_tools.apply_patch import ApplyPatchTool
from .local_tools.computer_tool import ComputerTool
from .local_tools.local_shell import LocalShellTool
from .local_tools.shell import ShellTool
from .tool_guardrails import ToolInputGuardrail, ToolOutputGuardrail
from .tool_invocation import invocation
from .tool_invocation import invoke_function_tool as invoke_function_tool
from .tool_output_types import output_adapter, schema_of
from .tool_progress import ToolProgress as ToolProgress

HostedTool: TypeAlias = (
    FileSearchTool
    | WebSearchTool
    | HostedMCPTool
    | ImageGenerationTool
    | CodeInterpreterTool
    | ToolSearchTool
    | ProgrammaticToolCallingTool
)
"""What the provider runs itself."""

Tool: TypeAlias = (
    FunctionTool
    | ComputerTool[Any]
    | ShellTool
    | LocalShellTool
    | ApplyPatchTool
    | FileSearchTool
    | WebSearchTool
    | HostedMCPTool
    | ImageGenerationTool
    | CodeInterpreterTool
    | ToolSearchTool
    | ProgrammaticToolCallingTool
)
"""Everything that can stand in `Agent(tools=[...])`."""


class FunctionToolOptions(TypedDict, total=False):
    """The options of `function_tool`, which explains them."""

    name_override: str | None
    description_override: str | None
    docstring_style: DocstringStyle | None
    use_docstring_info: bool
    failure_error_function: ToolErrorFunction | None
    strict_mode: bool
    is_enabled: IsEnabled
    needs_approval: NeedsApproval
    tool_input_guardrails: list[ToolInputGuardrail[Any]] | None
    tool_output_guardrails: list[ToolOutputGuardrail[Any]] | None
    timeout: float | None
    timeout_behavior: ToolTimeoutBehavior
    timeout_error_function: ToolErrorFunction | None
    defer_loading: bool
    custom_data_extractor: FunctionToolCustomDataExtractor | None
    allowed_callers: list[ToolCaller] | None
    output_type: Any | None
    output_json_schema: dict[str, Any] | None


@overload
def function_tool(
    func: Callable[..., Any], **options: Unpack[FunctionToolOptions]
) -> FunctionTool: ...


@overload
def function_tool(
    func: None = None, **options: Unpack[FunctionToolOptions]
) -> Callable[[Callable[..., Any]], FunctionTool]: ...


def function_tool(
    func: Callable[..., Any] | None = None,
    *,
    name_override: str | None = None,
    description_override: str | None = None,
    docstring_style: DocstringStyle | None = None,
    use_docstring_info: bool = True,
    failure_error_function: ToolErrorFunction | None = default_tool_error_function,
    strict_mode: bool = True,
    is_enabled: IsEnabled = True,
    needs_approval: NeedsApproval = False,
    tool_input_guardrails: list[ToolInputGuardrail[Any]] | None = None,
    tool_output_guardrails: list[ToolOutputGuardrail[Any]] | None = None,
    timeout: float | None = None,
    timeout_behavior: ToolTimeoutBehavior = "error_as_result",
    timeout_error_function: ToolErrorFunction | None = None,
    defer_loading: bool = False,
    custom_data_extractor: FunctionToolCustomDataExtractor | None = None,
    allowed_callers: list[ToolCaller] | None = None,
    output_type: Any | None = None,
    output_json_schema: dict[str, Any] | None = None,
) -> FunctionTool | Callable[[Callable[..., Any]], FunctionTool]:
    """Make a tool of a function: `@function_tool`, `@function_tool(...)` or `function_tool(f)`.

    Name, description and schema come from the function's name, docstring and annotations. The
    model's arguments are validated by them, so that a parameter that is a pydantic model gets an
    instance of it. A first parameter annotated `RunContextWrapper` or `ToolContext` gets the
    context of the call. An `async def` runs on the event loop; any other function in a thread
    with the caller's context variables. Cancelling the call does not stop that thread; it is told
    by `ctx.cancelled`.

    A function that yields, plain or async, is a tool that tells how far it has come: each
    `ToolProgress` it yields goes to the application at once, and the last other value it yields
    (or what a plain one returns) is its output.

    Arguments that do not fit are a ToolArgumentsError. That, or whatever the tool raises, goes to
    `failure_error_function(ctx, error)`, plain or async, and its text goes to the model; the error
    itself is in `ctx.failure` and in the log of `rxagents.tools`. With None, calling the tool
    raises: the ToolArgumentsError, or ToolCallError from what was raised. After `timeout` seconds
    the call is given up, which is told to the model or raised as a ToolTimeoutError.

    `output_type`, or the function's return type where "programmatic" is among the
    `allowed_callers`, or `output_json_schema` is what programs of the model are told of the output;
    an output that does not fit an `output_type` is a failure. The other options are the fields of
    FunctionTool.

    Raises UserError at once where `func` cannot be called or has no name, for parameters without
    a JSON schema and, where `strict_mode` is True, for those whose schema cannot be strict (such
    as `dict[str, int]` and `**kwargs`), and for an `output_type` that is no object.
    """

    def decorate(func: Callable[..., Any]) -> FunctionTool:
        if not callable(func):
            raise UserError(f"a tool is a function or another callable, not {func!r}")
        schema = function_schema(
            func,
            docstring_style=docstring_style,
            name_override=name_override,
            description_override=description_override,
            use_docstring_info=use_docstring_info,
            strict_json_schema=strict_mode,
        )
        returned = output_adapter(
            func, schema.name, output_type, output_json_schema, allowed_callers
        )
        return FunctionTool(
            name=schema.name,
            description=schema.description,
            params_json_schema=schema.params_json_schema,
            on_invoke_tool=invocation(func, schema, failure_error_function, returned),
            strict_json_schema=strict_mode,
            is_enabled=is_enabled,
            tool_input_guardrails=tool_input_guardrails,
            tool_output_guardrails=tool_output_guardrails,
            needs_approval=needs_approval,
            timeout_seconds=timeout,
            timeout_behavior=timeout_behavior,
            timeout_error_function=timeout_error_function,
            defer_loading=defer_loading,
            custom_data_extractor=custom_data_extractor,
            allowed_callers=allowed_callers,
            output_json_schema=output_json_schema if returned is None else schema_of(returned),
        )

    return decorate if func is None else decorate(func)
