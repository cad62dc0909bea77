"""Which calls need an approval, by the rules of their tools, and what a refusal looks like."""

from __future__ import annotations

import json
from typing import Any, cast

from rxagents.approvals import Decision
from rxagents.call_answers import answer_to
from rxagents.context import RunContextWrapper, ToolContext
from rxagents.hosted_tools import HostedMCPTool, MCPToolApprovalRequest
from rxagents.items import ItemHelpers, ToolApprovalItem
from rxagents.local_tools.apply_patch import ApplyPatchTool, apply_patch_operations
from rxagents.local_tools.shell import ShellTool
from rxagents.local_tools.shell_call import shell_call_data
from rxagents.maybe_awaitable import settled

from .turn import ToolCall


async def needs_approval(context: ToolContext[Any], call: ToolCall) -> bool:
    """Whether the call must be approved before it is carried out."""
    tool, call_id = call.tool, call.call_id
    if isinstance(tool, HostedMCPTool):
        return True  # the provider asks for those that need it, and only for those
    rule: Any = getattr(tool, "needs_approval", False)
    if not callable(rule):
        return bool(rule)
    if isinstance(tool, ShellTool):
        return await _asked(rule, context, shell_call_data(call.call).action, call_id)
    if isinstance(tool, ApplyPatchTool):
        for operation in apply_patch_operations(call.call, context):
            if await _asked(rule, context, operation, call_id):
                return True
        return False
    return await _asked(rule, context, _arguments(context.tool_arguments), call_id)


async def decided_by_tool(
    context: RunContextWrapper[Any], call: ToolCall, item: ToolApprovalItem
) -> Decision | None:
    """What the tool's own callback decides; None where it has none."""
    tool = call.tool
    if isinstance(tool, HostedMCPTool):
        if tool.on_approval_request is None:
            return None
        answer: Any = tool.on_approval_request(MCPToolApprovalRequest(context, call.call))
    elif (ask := cast("Any", getattr(tool, "on_approval", None))) is None:
        return None
    else:
        answer = ask(context, item)
    answer = await settled(answer)
    return Decision(bool(answer["approve"]), answer.get("reason"))


def refusal(call: ToolCall, text: str) -> Any:
    """The output item of a call that was not carried out."""
    raw = call.call
    match raw.type:
        case "shell_call":
            outcome = {"type": "exit", "exit_code": 1}
            told = {"stdout": "", "stderr": text, "outcome": outcome}
            return answer_to(raw, "shell_call_output", output=[told])
        case "apply_patch_call":
            return answer_to(raw, "apply_patch_call_output", status="failed", output=text)
        case _:
            return ItemHelpers.tool_call_output_item(raw, text)


async def _asked(rule: Any, context: ToolContext[Any], about: object, call_id: str) -> bool:
    return bool(await settled(rule(context, about, call_id)))


def _arguments(text: str) -> dict[str, Any]:
    """The arguments for a rule; empty where they are no JSON object."""
    try:
        given = json.loads(text or "{}")
    except ValueError:
        return {}
    return cast("dict[str, Any]", given) if isinstance(given, dict) else {}
