"""The public names are there, in every place where users look for them."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module

import pytest
import reactivex.operators

import rxagents
from rxagents import operators


def test_everything_of_reactivex_operators_is_in_ours() -> None:
    missing = [name for name in reactivex.operators.__all__ if not hasattr(operators, name)]
    assert missing == []


def ours() -> dict[str, object]:
    """The operators that are not reactivex's."""
    return {
        name: thing
        for name, thing in vars(operators).items()
        if inspect.isfunction(thing) and thing.__module__.startswith("rxagents.operators")
    }


def test_our_operators_are_named_as_documented() -> None:
    assert set(ours()) == {
        "agent_updates",
        "audit",
        "buffer",
        "buffer_time_or_count",
        "buffer_toggle",
        "buffer_until",
        "buffer_when",
        "buffer_with_count",
        "buffer_with_time",
        "buffer_with_time_or_count",
        "by_agent",
        "by_name",
        "by_tool_call",
        "by_turn",
        "catch",
        "chunks",
        "combine_latest",
        "concat_all",
        "concat_map",
        "conflate",
        "debounce",
        "delay",
        "delay_with_mapper",
        "diff",
        "distinct",
        "do",
        "do_action",
        "end_with",
        "exclusive",
        "exhaust_all",
        "exhaust_map",
        "fallback",
        "filter_async",
        "final",
        "flat_map",
        "flat_map_indexed",
        "flat_map_latest",
        "frame",
        "from_agent",
        "group_by",
        "guard",
        "hedge",
        "items",
        "json_items",
        "limit_rate",
        "lines",
        "log",
        "map_async",
        "markdown_blocks",
        "max",
        "max_by",
        "merge",
        "merge_all",
        "min",
        "min_by",
        "observe_on",
        "of_type",
        "on_backpressure_buffer",
        "on_backpressure_drop",
        "on_backpressure_error",
        "on_backpressure_latest",
        "paragraphs",
        "partial",
        "partition",
        "partition_indexed",
        "publish",
        "publish_value",
        "rate",
        "raw",
        "reasoning_deltas",
        "record",
        "redact",
        "reduce",
        "ref_count",
        "refusal_deltas",
        "replay",
        "retry",
        "sample",
        "scan",
        "scan_async",
        "sentences",
        "share",
        "share_replay",
        "skip_until",
        "smooth",
        "snapshot",
        "stall",
        "switch_if_empty",
        "switch_latest",
        "switch_map",
        "switch_map_indexed",
        "tap",
        "text",
        "text_deltas",
        "throttle_latest",
        "throttle_with_mapper",
        "throttle_with_timeout",
        "timeout",
        "timings",
        "tool_arguments",
        "trace",
        "usage",
        "window",
        "window_toggle",
        "window_when",
        "window_with_time",
        "with_latest_from",
        "words",
        "zip",
    }


TOOLS_OF_THE_AGENTS_SDK = """
    ApplyPatchEditor ApplyPatchOperation ApplyPatchResult ApplyPatchTool
    ApplyPatchToolCustomDataContext ApplyPatchToolCustomDataExtractor AsyncComputer Button
    CodeInterpreterTool Computer ComputerProvider ComputerTool ComputerToolCustomDataContext
    ComputerToolCustomDataExtractor Environment FileSearchTool FunctionTool
    FunctionToolCustomDataContext FunctionToolCustomDataExtractor HostedMCPTool
    ImageGenerationTool ImageGenerationToolConfig LocalShellCommandRequest LocalShellExecutor
    LocalShellTool MCPToolApprovalFunction MCPToolApprovalFunctionResult MCPToolApprovalRequest
    ProgrammaticToolCallingTool ShellActionRequest ShellCallData ShellCallOutcome
    ShellCommandOutput ShellCommandRequest ShellExecutor ShellResult ShellTool
    ShellToolContainerAutoEnvironment ShellToolContainerNetworkPolicy
    ShellToolContainerNetworkPolicyAllowlist ShellToolContainerNetworkPolicyDisabled
    ShellToolContainerNetworkPolicyDomainSecret ShellToolContainerReferenceEnvironment
    ShellToolContainerSkill ShellToolEnvironment ShellToolHostedEnvironment ShellToolInlineSkill
    ShellToolInlineSkillSource ShellToolLocalEnvironment ShellToolLocalSkill
    ShellToolSkillReference Tool ToolCaller ToolGuardrailFunctionOutput ToolInputGuardrail
    ToolInputGuardrailData ToolInputGuardrailResult ToolInputGuardrailTripwireTriggered
    ToolOutputFileContent ToolOutputFileContentDict ToolOutputGuardrail ToolOutputGuardrailData
    ToolOutputGuardrailResult ToolOutputGuardrailTripwireTriggered ToolOutputImage
    ToolOutputImageDict ToolOutputText ToolOutputTextDict ToolSearchTool ToolTimeoutError
    WebSearchTool WebSearchToolImageSettings apply_diff default_tool_error_function function_tool
    tool_input_guardrail tool_output_guardrail
"""


def test_tools_have_the_names_of_the_agents_sdk() -> None:
    missing = [name for name in TOOLS_OF_THE_AGENTS_SDK.split() if not hasattr(rxagents, name)]
    assert missing == []


def test_every_public_name_has_a_docstring() -> None:
    for name in dir(rxagents):
        thing = getattr(rxagents, name)
        if name[0] != "_" and callable(thing) and thing.__module__.startswith("rxagents"):
            assert thing.__doc__, name
    for name, operator in ours().items():
        assert "--" in (operator.__doc__ or ""), f"{name} has no marble diagram"
        promises = ("Lossless.", "Conflating.", "Unbounded.")
        assert any(promise in (operator.__doc__ or "") for promise in promises), name


@pytest.mark.slow  # a process for each
@pytest.mark.parametrize(
    "module",
    [
        "rxagents.extensions.memory",
        "rxagents.memory",
        "rxagents.memory.turns",
        "rxagents.testing",
        "rxagents.local",
        "rxagents.stream",
        "rxagents.models",
        "rxagents.cli",
        "rxagents.recording",
        "rxagents.tracing",
        "rxagents.tracing.run_spans",
        "rxagents.tracing.processors",
        "rxagents.mcp",
        "rxagents.local_tools",
        "rxagents.hosted_tools",
        "rxagents.tool_outputs",
        "rxagents.function_tools",
    ],
)
def test_each_part_can_be_imported_first(module: str) -> None:
    code = f"import {module}"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_importing_the_library_leaves_the_heavy_parts_alone() -> None:
    code = (
        "import sys, rxagents, rxagents.operators\n"
        "heavy = {'rich', 'griffe', 'xllamacpp', 'pytest', 'mcp', 'rxagents.mcp',"
        " 'opentelemetry', 'rxagents.tracing.backend', 'rxagents.local', 'rxagents.cli'}\n"
        "heavy = {'rich', 'griffe', 'xllamacpp', 'pytest', 'rxagents.local', 'rxagents.cli'}\n"
        "heavy |= {'sqlite3', 'sqlalchemy', 'redis'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "[]\n"


def test_the_engine_knows_nothing_of_what_lies_to_its_right() -> None:
    """Data flows one way: models, run, stream know no operators; stream knows no agents."""
    code = "import sys; import rxagents.stream; print('rxagents.operators' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "False\n"
    assert import_module("rxagents.stream").Stream is rxagents.Stream


@pytest.mark.parametrize(
    ("name", "package"), [("RedisSession", "redis"), ("SQLAlchemySession", "sqlalchemy")]
)
def test_a_session_whose_package_is_missing_says_which(name: str, package: str) -> None:
    code = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from rxagents.extensions import memory\n"
        f"try: memory.{name}\n"
        "except ImportError as error: print(error)\n"
        f"print({name!r} in dir(memory), hasattr(memory, 'OtherSession'))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == (
        f"{name} needs a package that is not installed: pip install 'rxagents[{package}]'\n"
        "True False\n"
    )
