"""The older tool for a shell, for models that send one command at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from openai.types.responses.response_output_item import LocalShellCall

from rxagents.call_answers import answer_to
from rxagents.maybe_awaitable import MaybeAwaitable
from rxagents.tool_calling import call_function

from .outputs import LocalToolOutput

if TYPE_CHECKING:
    from rxagents.context import RunContextWrapper, ToolContext


@dataclass
class LocalShellCommandRequest:
    """A command that the model wants run."""

    ctx_wrapper: RunContextWrapper[Any]
    data: LocalShellCall
    """The call: `data.action` has the command, its folder, variables and time limit."""


LocalShellExecutor: TypeAlias = Callable[[LocalShellCommandRequest], MaybeAwaitable[str]]


@dataclass
class LocalShellTool:
    """Lets the model run commands here; ShellTool is what newer models use."""

    executor: LocalShellExecutor
    """Runs a command and gives what it wrote. A plain function runs in a thread."""

    @property
    def name(self) -> str:
        """What the provider calls it by."""
        return "local_shell"


async def run_local_shell_call(
    tool: LocalShellTool, call: Any, context: ToolContext[Any]
) -> LocalToolOutput:
    """Carry out a `local_shell_call`. Raises what the executor raises."""
    request = LocalShellCommandRequest(context, call)
    output = str(await call_function(tool.executor, context, [request], {}))
    return LocalToolOutput(answer_to(call, "local_shell_call_output", output=output), output)
