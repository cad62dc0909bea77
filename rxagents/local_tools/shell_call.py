"""Carrying out the commands that a model wants run."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from rxagents.call_answers import answer_to, read
from rxagents.exceptions import ModelBehaviorError, UserError
from rxagents.tool_calling import call_function

from .outputs import LocalToolOutput
from .shell import (
    ShellActionRequest,
    ShellCallData,
    ShellCallOutcome,
    ShellCommandOutput,
    ShellCommandRequest,
    ShellResult,
    ShellTool,
)

if TYPE_CHECKING:
    from rxagents.context import ToolContext

_logger = logging.getLogger("rxagents.tools")


async def run_shell_call(tool: ShellTool, call: Any, context: ToolContext[Any]) -> LocalToolOutput:
    """Carry out a `shell_call`.

    What the executor raises becomes the output, and `context.failure`. Raises ModelBehaviorError
    where the call has no commands.
    """
    if tool.executor is None:
        raise UserError("this shell's commands are run by the provider")
    data = shell_call_data(call)
    asked = data.action.max_output_length
    result, status = ShellResult([]), "completed"
    try:
        request = ShellCommandRequest(context, data)
        given: object = await call_function(tool.executor, context, [request], {})
        if isinstance(given, ShellResult):
            result, outputs = given, [_output(each) for each in given.output]
            text = rendered(outputs)
        else:
            text, outputs = str(given), [_of_text(str(given))]
    except Exception as error:
        context.failure, status = error, "incomplete"
        _logger.warning("the executor of a shell failed; the model is told so", exc_info=True)
        text = str(error) or type(error).__name__
        outputs = [_of_text(text, exit_code=1)]
    raw = answer_to(call, "shell_call_output", status=status)
    limits = [max(0, each) for each in (asked, result.max_output_length) if each is not None]
    if limits:
        raw["max_output_length"] = min(limits)
        outputs, text = _cut(outputs, min(limits)), text[: min(limits)]
    raw["output"] = [_told(each) for each in outputs]
    return LocalToolOutput(raw, text, result.provider_data)


def shell_call_data(call: Any) -> ShellCallData:
    """The call as executors and approvals are told of it.

    Raises ModelBehaviorError where it has no commands.
    """
    action = read(call, "action")
    commands: Any = read(action, "commands")
    if not isinstance(commands, Sequence) or isinstance(commands, str) or not commands:
        raise ModelBehaviorError("the model called the shell without any commands")
    status = read(call, "status")
    return ShellCallData(
        call_id=read(call, "call_id"),
        action=ShellActionRequest(
            commands=[str(command) for command in cast("Sequence[object]", commands)],
            timeout_ms=read(action, "timeout_ms") or None,
            max_output_length=read(action, "max_output_length"),
        ),
        status=status if status in ("in_progress", "completed") else None,
        raw=call,
    )


def rendered(outputs: Sequence[ShellCommandOutput]) -> str:
    """The outputs as a person would see them in a terminal."""
    return "\n\n".join(_rendered(each) for each in outputs) or "(no output)"


def _rendered(output: ShellCommandOutput) -> str:
    lines: list[str] = []
    if output.command:
        lines.append(f"$ {output.command}")
    if output.stdout.rstrip("\n"):
        lines.append(output.stdout.rstrip("\n"))
    if output.stderr.rstrip("\n"):
        lines += ["stderr:", output.stderr.rstrip("\n")]
    if output.exit_code:
        lines.append(f"exit code: {output.exit_code}")
    if output.status == "timeout":
        lines.append("status: timeout")
    return "\n".join(lines) or "(no output)"


def _of_text(text: str, exit_code: int = 0) -> ShellCommandOutput:
    return ShellCommandOutput(text, outcome=ShellCallOutcome("exit", exit_code))


def _output(given: object) -> ShellCommandOutput:
    """The output of a command; executors may give it as a dictionary too."""
    if isinstance(given, ShellCommandOutput):
        return given
    if not isinstance(given, Mapping):
        raise TypeError(f"the output of a command is a ShellCommandOutput, not {given!r}")
    fields = dict(cast("Mapping[str, Any]", given))
    if isinstance(outcome := fields.get("outcome"), Mapping):
        fields["outcome"] = ShellCallOutcome(**cast("Mapping[str, Any]", outcome))
    return ShellCommandOutput(**fields)


def _cut(outputs: Sequence[ShellCommandOutput], limit: int) -> list[ShellCommandOutput]:
    """The outputs with `limit` characters in all, the first ones first."""
    cut: list[ShellCommandOutput] = []
    for output in outputs:
        stdout = output.stdout[:limit]
        stderr = output.stderr[: limit - len(stdout)]
        limit -= len(stdout) + len(stderr)
        cut.append(replace(output, stdout=stdout, stderr=stderr))
    return cut


def _told(output: ShellCommandOutput) -> dict[str, Any]:
    ended = {"type": "timeout"} if output.status == "timeout" else {"type": "exit"}
    if ended["type"] == "exit":
        ended["exit_code"] = cast("Any", output.exit_code or 0)
    return {"stdout": output.stdout, "stderr": output.stderr, "outcome": ended}
