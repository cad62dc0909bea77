"""Tools that the model knows by itself and that run here: a computer, a shell, an editor.

computer.py  computer_tool.py  computer_call.py     ComputerTool
shell.py  shell_environment.py  shell_call.py       ShellTool
local_shell.py                                      LocalShellTool
apply_patch.py  diffs.py                            ApplyPatchTool
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from .apply_patch import ApplyPatchTool, run_apply_patch_call
from .computer_call import run_computer_call
from .computer_tool import ComputerTool
from .local_shell import LocalShellTool, run_local_shell_call
from .outputs import LocalToolOutput as LocalToolOutput
from .shell import ShellTool
from .shell_call import run_shell_call

if TYPE_CHECKING:
    from rxagents.context import RunContextWrapper, ToolContext

LocalTool: TypeAlias = ComputerTool[Any] | ShellTool | LocalShellTool | ApplyPatchTool


async def run_local_call(
    tool: LocalTool, call: Any, context: ToolContext[Any], run_context: RunContextWrapper[Any]
) -> LocalToolOutput:
    """Carry out a call of a local tool.

    `call` is the model's output item; `context` is the call's own, and `run_context` the one that
    all calls of the run have in common, to which a computer that is made for the run belongs.
    When this is left early, `context.cancelled` tells plain functions of the application so.
    """
    match tool:
        case ComputerTool():
            return await run_computer_call(tool, call, context, run_context)
        case ShellTool():
            return await run_shell_call(tool, call, context)
        case LocalShellTool():
            return await run_local_shell_call(tool, call, context)
        case _:
            return await run_apply_patch_call(tool, call, context, run_context)


LOCAL_CALLS: dict[str, type[LocalTool]] = {
    "computer_call": ComputerTool,
    "shell_call": ShellTool,
    "local_shell_call": LocalShellTool,
    "apply_patch_call": ApplyPatchTool,
}
"""The types of the calls that are carried out here, and their tools."""
