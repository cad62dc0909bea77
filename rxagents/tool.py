"""What is `agents.tool` in the OpenAI Agents SDK; here it is in `tools` and its neighbours."""

from .agent import FunctionToolResult as FunctionToolResult
from .hosted_tools import CodeInterpreterTool as CodeInterpreterTool
from .hosted_tools import FileSearchTool as FileSearchTool
from .hosted_tools import HostedMCPTool as HostedMCPTool
from .hosted_tools import ImageGenerationTool as ImageGenerationTool
from .hosted_tools import ImageGenerationToolConfig as ImageGenerationToolConfig
from .hosted_tools import MCPToolApprovalFunction as MCPToolApprovalFunction
from .hosted_tools import MCPToolApprovalFunctionResult as MCPToolApprovalFunctionResult
from .hosted_tools import MCPToolApprovalRequest as MCPToolApprovalRequest
from .hosted_tools import ProgrammaticToolCallingTool as ProgrammaticToolCallingTool
from .hosted_tools import ToolSearchTool as ToolSearchTool
from .hosted_tools import WebSearchTool as WebSearchTool
from .hosted_tools import WebSearchToolImageSettings as WebSearchToolImageSettings
from .local_tools.apply_patch import ApplyPatchApprovalFunction as ApplyPatchApprovalFunction
from .local_tools.apply_patch import ApplyPatchOnApprovalFunction as ApplyPatchOnApprovalFunction
from .local_tools.apply_patch import (
    ApplyPatchOnApprovalFunctionResult as ApplyPatchOnApprovalFunctionResult,
)
from .local_tools.apply_patch import ApplyPatchTool as ApplyPatchTool
from .local_tools.apply_patch import (
    ApplyPatchToolCustomDataContext as ApplyPatchToolCustomDataContext,
)
from .local_tools.apply_patch import (
    ApplyPatchToolCustomDataExtractor as ApplyPatchToolCustomDataExtractor,
)
from .local_tools.computer_tool import ComputerCreate as ComputerCreate
from .local_tools.computer_tool import ComputerDispose as ComputerDispose
from .local_tools.computer_tool import ComputerProvider as ComputerProvider
from .local_tools.computer_tool import ComputerTool as ComputerTool
from .local_tools.computer_tool import (
    ComputerToolCustomDataContext as ComputerToolCustomDataContext,
)
from .local_tools.computer_tool import (
    ComputerToolCustomDataExtractor as ComputerToolCustomDataExtractor,
)
from .local_tools.computer_tool import ComputerToolSafetyCheckData as ComputerToolSafetyCheckData
from .local_tools.computer_tool import dispose_resolved_computers as dispose_resolved_computers
from .local_tools.computer_tool import resolve_computer as resolve_computer
from .local_tools.local_shell import LocalShellCommandRequest as LocalShellCommandRequest
from .local_tools.local_shell import LocalShellExecutor as LocalShellExecutor
from .local_tools.local_shell import LocalShellTool as LocalShellTool
from .local_tools.shell import ShellActionRequest as ShellActionRequest
from .local_tools.shell import ShellApprovalFunction as ShellApprovalFunction
from .local_tools.shell import ShellCallData as ShellCallData
from .local_tools.shell import ShellCallOutcome as ShellCallOutcome
from .local_tools.shell import ShellCommandOutput as ShellCommandOutput
from .local_tools.shell import ShellCommandRequest as ShellCommandRequest
from .local_tools.shell import ShellExecutor as ShellExecutor
from .local_tools.shell import ShellOnApprovalFunction as ShellOnApprovalFunction
from .local_tools.shell import ShellOnApprovalFunctionResult as ShellOnApprovalFunctionResult
from .local_tools.shell import ShellResult as ShellResult
from .local_tools.shell import ShellTool as ShellTool
from .local_tools.shell_environment import (
    ShellToolContainerAutoEnvironment as ShellToolContainerAutoEnvironment,
)
from .local_tools.shell_environment import (
    ShellToolContainerNetworkPolicy as ShellToolContainerNetworkPolicy,
)
from .local_tools.shell_environment import (
    ShellToolContainerNetworkPolicyAllowlist as ShellToolContainerNetworkPolicyAllowlist,
)
from .local_tools.shell_environment import (
    ShellToolContainerNetworkPolicyDisabled as ShellToolContainerNetworkPolicyDisabled,
)
from .local_tools.shell_environment import (
    ShellToolContainerNetworkPolicyDomainSecret as ShellToolContainerNetworkPolicyDomainSecret,
)
from .local_tools.shell_environment import (
    ShellToolContainerReferenceEnvironment as ShellToolContainerReferenceEnvironment,
)
from .local_tools.shell_environment import ShellToolContainerSkill as ShellToolContainerSkill
from .local_tools.shell_environment import ShellToolEnvironment as ShellToolEnvironment
from .local_tools.shell_environment import ShellToolHostedEnvironment as ShellToolHostedEnvironment
from .local_tools.shell_environment import ShellToolInlineSkill as ShellToolInlineSkill
from .local_tools.shell_environment import ShellToolInlineSkillSource as ShellToolInlineSkillSource
from .local_tools.shell_environment import ShellToolLocalEnvironment as ShellToolLocalEnvironment
from .local_tools.shell_environment import ShellToolLocalSkill as ShellToolLocalSkill
from .local_tools.shell_environment import ShellToolSkillReference as ShellToolSkillReference
from .tool_outputs import ToolOutputFileContent as ToolOutputFileContent
from .tool_outputs import ToolOutputFileContentDict as ToolOutputFileContentDict
from .tool_outputs import ToolOutputImage as ToolOutputImage
from .tool_outputs import ToolOutputImageDict as ToolOutputImageDict
from .tool_outputs import ToolOutputText as ToolOutputText
from .tool_outputs import ToolOutputTextDict as ToolOutputTextDict
from .tools import FunctionTool as FunctionTool
from .tools import FunctionToolCustomDataContext as FunctionToolCustomDataContext
from .tools import FunctionToolCustomDataExtractor as FunctionToolCustomDataExtractor
from .tools import Tool as Tool
from .tools import ToolCaller as ToolCaller
from .tools import ToolErrorFunction as ToolErrorFunction
from .tools import ToolTimeoutBehavior as ToolTimeoutBehavior
from .tools import default_tool_error_function as default_tool_error_function
from .tools import default_tool_timeout_error_message as default_tool_timeout_error_message
from .tools import function_tool as function_tool
from .tools import invoke_function_tool as invoke_function_tool
