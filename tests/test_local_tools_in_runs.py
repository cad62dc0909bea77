"""Calls of shells, editors, computers and remote MCP servers, answered within a run."""

from __future__ import annotations

from typing import Any

from openai.types.responses import (
    ResponseApplyPatchToolCall,
    ResponseComputerToolCall,
    ResponseFunctionShellToolCall,
)
from openai.types.responses.response_output_item import McpApprovalRequest
from test_local_tools import Recorder

from rxagents import (
    Agent,
    ApplyPatchOperation,
    ApplyPatchResult,
    ApplyPatchTool,
    ComputerTool,
    HostedMCPTool,
    MCPApprovalResponseItem,
    Runner,
    RunState,
    ShellCommandRequest,
    ShellTool,
    ToolCallOutputItem,
)
from rxagents.testing import ScriptedModel, assistant_message

DONE = [assistant_message("Done.")]
SHELL = ResponseFunctionShellToolCall.model_validate(
    {
        "type": "shell_call",
        "id": "sh",
        "call_id": "c",
        "status": "completed",
        "action": {"commands": ["ls"], "timeout_ms": None, "max_output_length": None},
        "environment": None,
    }
)
PATCH = ResponseApplyPatchToolCall.model_validate(
    {
        "type": "apply_patch_call",
        "id": "ap",
        "call_id": "c",
        "status": "completed",
        "operation": {"type": "delete_file", "path": "old.txt"},
    }
)
CLICK = ResponseComputerToolCall.model_validate(
    {
        "type": "computer_call",
        "id": "cu",
        "call_id": "c",
        "status": "completed",
        "action": {"type": "click", "button": "left", "x": 1, "y": 2},
        "pending_safety_checks": [],
    }
)
REQUEST = McpApprovalRequest(
    type="mcp_approval_request", id="mcpr", name="search", arguments="{}", server_label="docs"
)


class Shell:
    """Keeps the commands it was given."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def __call__(self, request: ShellCommandRequest) -> str:
        self.ran += request.data.action.commands
        return "a.txt"


class Editor:
    """Keeps the files it has deleted."""

    def __init__(self) -> None:
        self.deleted: list[str] = []

    def create_file(self, operation: ApplyPatchOperation) -> ApplyPatchResult:
        raise NotImplementedError

    update_file = create_file

    def delete_file(self, operation: ApplyPatchOperation) -> ApplyPatchResult:
        self.deleted.append(operation.path)
        return ApplyPatchResult(output="gone")


def told(model: ScriptedModel) -> Any:
    """What the model was told last."""
    return model.calls[-1].input[-1]


async def test_a_shell_runs_and_the_model_is_told() -> None:
    model, shell = ScriptedModel([[SHELL], DONE]), Shell()
    result = await Runner.run(Agent("A", model=model, tools=[ShellTool(shell)]), "x")
    assert (shell.ran, result.final_output) == (["ls"], "Done.")
    assert told(model)["type"] == "shell_call_output"
    assert told(model)["output"][0]["stdout"] == "a.txt"
    (item,) = [i for i in result.new_items if isinstance(i, ToolCallOutputItem)]
    assert item.output == "a.txt"


async def test_a_computer_is_used_in_a_run() -> None:
    model, screen = ScriptedModel([[CLICK], DONE]), Recorder()
    result = await Runner.run(Agent("A", model=model, tools=[ComputerTool(screen)]), "x")
    assert result.final_output == "Done."
    assert told(model)["type"] == "computer_call_output"


async def test_a_shell_that_needs_an_approval_waits_for_it_in_mid_stream() -> None:
    model, shell = ScriptedModel([[SHELL], DONE]), Shell()
    asked: list[Any] = []

    def dangerous(context: object, action: Any, call_id: str) -> bool:
        asked.append((action.commands, call_id))
        return True

    agent = Agent("A", model=model, tools=[ShellTool(shell, needs_approval=dangerous)])
    run = Runner.run_streamed(agent, "x")
    async for event in run.stream_events():
        if event.type == "run_item_stream_event" and event.name == "approval_requested":
            assert shell.ran == []
            await event.approve()  # type: ignore[attr-defined]
    assert (asked, shell.ran, run.final_output) == ([(["ls"], "c")], ["ls"], "Done.")


async def test_a_patch_that_is_rejected_by_the_state_is_told_as_failed() -> None:
    model, editor = ScriptedModel([[PATCH], DONE]), Editor()
    agent = Agent("A", model=model, tools=[ApplyPatchTool(editor, needs_approval=True)])
    first = await Runner.run(agent, "x")
    (wanted,) = first.interruptions
    assert wanted.name == "apply_patch"
    state = await RunState.from_json(agent, first.to_state().to_json())
    state.reject(state.get_interruptions()[0], rejection_message="Keep it.")
    result = await Runner.run(agent, state)
    assert (editor.deleted, result.final_output) == ([], "Done.")
    assert told(model)["type"] == "apply_patch_call_output"
    assert (told(model)["status"], told(model)["output"]) == ("failed", "Keep it.")


async def test_on_approval_decides_without_asking_anybody() -> None:
    model, editor = ScriptedModel([[PATCH], DONE]), Editor()
    tool = ApplyPatchTool(
        editor, needs_approval=True, on_approval=lambda context, item: {"approve": True}
    )
    result = await Runner.run(Agent("A", model=model, tools=[tool]), "x")
    assert (editor.deleted, result.interruptions) == (["old.txt"], [])


def hosted(**options: Any) -> HostedMCPTool:
    return HostedMCPTool(
        {"type": "mcp", "server_label": "docs", "server_url": "https://docs.test"}, **options
    )


async def test_a_remote_servers_request_is_answered_by_the_callback() -> None:
    model = ScriptedModel([[REQUEST], DONE])
    tool = hosted(on_approval_request=lambda asked: {"approve": False, "reason": asked.data.name})
    result = await Runner.run(Agent("A", model=model, tools=[tool]), "x")
    assert told(model) == {
        "type": "mcp_approval_response",
        "approval_request_id": "mcpr",
        "approve": False,
        "reason": "search",
    }
    assert any(isinstance(item, MCPApprovalResponseItem) for item in result.new_items)


async def test_a_remote_servers_request_stops_the_run_where_nobody_answers() -> None:
    model = ScriptedModel([[REQUEST], DONE])
    agent = Agent("A", model=model, tools=[hosted()])
    first = await Runner.run(agent, "x")
    state = await RunState.from_string(agent, first.to_state().to_string())
    state.approve(state.get_interruptions()[0])
    result = await Runner.run(agent, state)
    assert (result.final_output, told(model)["approve"]) == ("Done.", True)
