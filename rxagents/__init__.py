"""rxagents: an agent run is an Observable of events.

    run = Runner.run_streamed(agent, "Plan a trip to Oslo")

    async for event in run.stream_events(): ...                          # as an iterator
    run.pipe(ops.text_deltas()).subscribe(print)                         # with callbacks
    async for s in run.pipe(ops.text_deltas(), ops.sentences()): ...     # through operators

The house, in the direction the data flows:

    models/      bytes to typed events
    run/         events to items, turns, tools and handoffs
    stream/      the Stream, its log and its time
    tracing/     what a run does, as spans
    recording/   files of events, which can be played again
    memory/      sessions, which are kept from run to run
    operators/   functions from Stream to Stream (rxagents.operators)
"""

from importlib import import_module

from openai import AsyncOpenAI as AsyncOpenAI  # as programs for the Agents SDK import it

from .adoption import Adoption
from .agent import Agent as Agent
from .agent import AgentBase as AgentBase
from .agent import FunctionToolResult as FunctionToolResult
from .agent import MCPConfig as MCPConfig
from .agent import StopAtTools as StopAtTools
from .agent import ToolsToFinalOutputFunction as ToolsToFinalOutputFunction
from .agent import ToolsToFinalOutputResult as ToolsToFinalOutputResult
from .agent_output import AgentOutputSchema as AgentOutputSchema
from .agent_output import AgentOutputSchemaBase as AgentOutputSchemaBase
from .agent_tool import AgentToolStreamEvent as AgentToolStreamEvent
from .agent_tool_input import AgentAsToolInput as AgentAsToolInput
from .agent_tool_input import StructuredToolInputBuilder as StructuredToolInputBuilder
from .agent_tool_input import StructuredToolInputBuilderOptions as StructuredToolInputBuilderOptions
from .context import AgentHookContext as AgentHookContext
from .context import RunContextWrapper as RunContextWrapper
from .context import TContext as TContext
from .context import ToolContext as ToolContext
from .event_json import event_from_dict as event_from_dict
from .events import AgentUpdatedStreamEvent as AgentUpdatedStreamEvent
from .events import ApprovalRequestedEvent as ApprovalRequestedEvent
from .events import RawResponsesStreamEvent as RawResponsesStreamEvent
from .events import RunItemStreamEvent as RunItemStreamEvent
from .events import StreamEvent as StreamEvent
from .events import TResponseStreamEvent as TResponseStreamEvent
from .exceptions import AgentsException as AgentsException
from .exceptions import AsyncCallbackError as AsyncCallbackError
from .exceptions import InputGuardrailTripwireTriggered as InputGuardrailTripwireTriggered
from .exceptions import InvalidFinalOutputError as InvalidFinalOutputError
from .exceptions import MaxTurnsExceeded as MaxTurnsExceeded
from .exceptions import MCPServerError as MCPServerError
from .exceptions import MCPToolCancellationError as MCPToolCancellationError
from .exceptions import ModelAPIError as ModelAPIError
from .exceptions import ModelBehaviorError as ModelBehaviorError
from .exceptions import ModelRefusalError as ModelRefusalError
from .exceptions import ModelResponseError as ModelResponseError
from .exceptions import ModelSettingsError as ModelSettingsError
from .exceptions import ModelStreamCutError as ModelStreamCutError
from .exceptions import ModelStreamError as ModelStreamError
from .exceptions import ModelTimeoutError as ModelTimeoutError
from .exceptions import ModelUnavailableError as ModelUnavailableError
from .exceptions import NoRunningLoopError as NoRunningLoopError
from .exceptions import OutputGuardrailTripwireTriggered as OutputGuardrailTripwireTriggered
from .exceptions import RecordedRunFailed as RecordedRunFailed
from .exceptions import RecordedToolError as RecordedToolError
from .exceptions import RecordingError as RecordingError
from .exceptions import RecordingExhausted as RecordingExhausted
from .exceptions import RunErrorDetails as RunErrorDetails
from .exceptions import RxAgentsError as RxAgentsError
from .exceptions import SessionClosedError as SessionClosedError
from .exceptions import SessionError as SessionError
from .exceptions import ToolArgumentsError as ToolArgumentsError
from .exceptions import ToolCallError as ToolCallError
from .exceptions import ToolInputGuardrailTripwireTriggered as ToolInputGuardrailTripwireTriggered
from .exceptions import ToolNotFoundError as ToolNotFoundError
from .exceptions import ToolOutputGuardrailTripwireTriggered as ToolOutputGuardrailTripwireTriggered
from .exceptions import ToolTimeoutError as ToolTimeoutError
from .exceptions import UserError as UserError
from .guardrail import GuardrailFunctionOutput as GuardrailFunctionOutput
from .guardrail import InputGuardrail as InputGuardrail
from .guardrail import InputGuardrailResult as InputGuardrailResult
from .guardrail import OutputGuardrail as OutputGuardrail
from .guardrail import OutputGuardrailResult as OutputGuardrailResult
from .guardrail import input_guardrail as input_guardrail
from .guardrail import output_guardrail as output_guardrail
from .handoff_history import default_handoff_history_mapper as default_handoff_history_mapper
from .handoff_history import get_conversation_history_wrappers as get_conversation_history_wrappers
from .handoff_history import nest_handoff_history as nest_handoff_history
from .handoff_history import (
    reset_conversation_history_wrappers as reset_conversation_history_wrappers,
)
from .handoff_history import set_conversation_history_wrappers as set_conversation_history_wrappers
from .handoffs import Handoff as Handoff
from .handoffs import HandoffHistoryMapper as HandoffHistoryMapper
from .handoffs import HandoffInputData as HandoffInputData
from .handoffs import HandoffInputFilter as HandoffInputFilter
from .handoffs import handoff as handoff
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
from .items import AttemptFailedItem as AttemptFailedItem
from .items import CompactionItem as CompactionItem
from .items import HandoffCallItem as HandoffCallItem
from .items import HandoffOutputItem as HandoffOutputItem
from .items import InputItem as InputItem
from .items import ItemHelpers as ItemHelpers
from .items import MCPApprovalRequestItem as MCPApprovalRequestItem
from .items import MCPApprovalResponseItem as MCPApprovalResponseItem
from .items import MCPListToolsItem as MCPListToolsItem
from .items import MessageOutputItem as MessageOutputItem
from .items import ModelResponse as ModelResponse
from .items import ReasoningItem as ReasoningItem
from .items import RunItem as RunItem
from .items import ToolApprovalItem as ToolApprovalItem
from .items import ToolCallItem as ToolCallItem
from .items import ToolCallOutputItem as ToolCallOutputItem
from .items import ToolProgressItem as ToolProgressItem
from .items import ToolSearchCallItem as ToolSearchCallItem
from .items import ToolSearchOutputItem as ToolSearchOutputItem
from .items import TResponseInputItem as TResponseInputItem
from .items import TResponseOutputItem as TResponseOutputItem
from .lifecycle import AgentHooks as AgentHooks
from .lifecycle import AgentHooksBase as AgentHooksBase
from .lifecycle import RunHooks as RunHooks
from .lifecycle import RunHooksBase as RunHooksBase
from .local_tools.apply_patch import ApplyPatchEditor as ApplyPatchEditor
from .local_tools.apply_patch import ApplyPatchOperation as ApplyPatchOperation
from .local_tools.apply_patch import ApplyPatchResult as ApplyPatchResult
from .local_tools.apply_patch import ApplyPatchTool as ApplyPatchTool
from .local_tools.apply_patch import (
    ApplyPatchToolCustomDataContext as ApplyPatchToolCustomDataContext,
)
from .local_tools.apply_patch import (
    ApplyPatchToolCustomDataExtractor as ApplyPatchToolCustomDataExtractor,
)
from .local_tools.computer import AsyncComputer as AsyncComputer
from .local_tools.computer import Button as Button
from .local_tools.computer import Computer as Computer
from .local_tools.computer import Environment as Environment
from .local_tools.computer_tool import ComputerProvider as ComputerProvider
from .local_tools.computer_tool import ComputerTool as ComputerTool
from .local_tools.computer_tool import (
    ComputerToolCustomDataContext as ComputerToolCustomDataContext,
)
from .local_tools.computer_tool import (
    ComputerToolCustomDataExtractor as ComputerToolCustomDataExtractor,
)
from .local_tools.computer_tool import dispose_resolved_computers as dispose_resolved_computers
from .local_tools.computer_tool import resolve_computer as resolve_computer
from .local_tools.diffs import apply_diff as apply_diff
from .local_tools.local_shell import LocalShellCommandRequest as LocalShellCommandRequest
from .local_tools.local_shell import LocalShellExecutor as LocalShellExecutor
from .local_tools.local_shell import LocalShellTool as LocalShellTool
from .local_tools.shell import ShellActionRequest as ShellActionRequest
from .local_tools.shell import ShellCallData as ShellCallData
from .local_tools.shell import ShellCallOutcome as ShellCallOutcome
from .local_tools.shell import ShellCommandOutput as ShellCommandOutput
from .local_tools.shell import ShellCommandRequest as ShellCommandRequest
from .local_tools.shell import ShellExecutor as ShellExecutor
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
from .memory import OpenAIConversationsSession as OpenAIConversationsSession
from .memory import Session as Session
from .memory import SessionABC as SessionABC
from .memory import SessionInputCallback as SessionInputCallback
from .memory import SessionSettings as SessionSettings
from .memory import SQLiteSession as SQLiteSession
from .model_settings import ModelSettings as ModelSettings
from .models import DEFAULT_MODEL as DEFAULT_MODEL
from .models import LOCAL_MODEL as LOCAL_MODEL
from .models import Model as Model
from .models import ModelProvider as ModelProvider
from .models import ModelTracing as ModelTracing
from .models import MultiProvider as MultiProvider
from .models import MultiProviderMap as MultiProviderMap
from .models import OpenAIChatCompletionsModel as OpenAIChatCompletionsModel
from .models import OpenAIProvider as OpenAIProvider
from .models import OpenAIResponsesModel as OpenAIResponsesModel
from .models import OpenAIResponsesWebSocketOptions as OpenAIResponsesWebSocketOptions
from .models import OpenAIResponsesWSModel as OpenAIResponsesWSModel
from .models import ReplayModel as ReplayModel
from .models import get_default_model as get_default_model
from .models import set_default_openai_api as set_default_openai_api
from .models import set_default_openai_client as set_default_openai_client
from .models import set_default_openai_key as set_default_openai_key
from .models import set_default_openai_responses_transport as set_default_openai_responses_transport
from .prompts import DynamicPromptFunction as DynamicPromptFunction
from .prompts import GenerateDynamicPromptData as GenerateDynamicPromptData
from .prompts import Prompt as Prompt
from .recording import replay as replay
from .repl import run_demo_loop as run_demo_loop
from .retry import ModelRetryAdvice as ModelRetryAdvice
from .retry import ModelRetryAdviceRequest as ModelRetryAdviceRequest
from .retry import ModelRetryBackoffSettings as ModelRetryBackoffSettings
from .retry import ModelRetryNormalizedError as ModelRetryNormalizedError
from .retry import ModelRetrySettings as ModelRetrySettings
from .retry import RetryDecision as RetryDecision
from .retry import RetryPolicy as RetryPolicy
from .retry import RetryPolicyContext as RetryPolicyContext
from .retry import retry_policies as retry_policies
from .run import DEFAULT_MAX_TURNS as DEFAULT_MAX_TURNS
from .run import AgentToolInvocation as AgentToolInvocation
from .run import CallModelData as CallModelData
from .run import CallModelInputFilter as CallModelInputFilter
from .run import ModelInputData as ModelInputData
from .run import ReasoningItemIdPolicy as ReasoningItemIdPolicy
from .run import RunConfig as RunConfig
from .run import Runner as Runner
from .run import RunResult as RunResult
from .run import RunResultBase as RunResultBase
from .run import RunResultStreaming as RunResultStreaming
from .run import RunState as RunState
from .run import ToolErrorFormatter as ToolErrorFormatter
from .run import ToolErrorFormatterArgs as ToolErrorFormatterArgs
from .run import ToolExecutionConfig as ToolExecutionConfig
from .run import ToolNameCollisionPolicy as ToolNameCollisionPolicy
from .run import ToolNotFoundBehavior as ToolNotFoundBehavior
from .run_error_handlers import RunErrorData as RunErrorData
from .run_error_handlers import RunErrorHandler as RunErrorHandler
from .run_error_handlers import RunErrorHandlerInput as RunErrorHandlerInput
from .run_error_handlers import RunErrorHandlerResult as RunErrorHandlerResult
from .run_error_handlers import RunErrorHandlers as RunErrorHandlers
from .stream import Stream as Stream
from .stream import use_adoption, use_vocabulary
from .tool_guardrails import ToolGuardrailFunctionOutput as ToolGuardrailFunctionOutput
from .tool_guardrails import ToolInputGuardrail as ToolInputGuardrail
from .tool_guardrails import ToolInputGuardrailData as ToolInputGuardrailData
from .tool_guardrails import ToolInputGuardrailResult as ToolInputGuardrailResult
from .tool_guardrails import ToolOutputGuardrail as ToolOutputGuardrail
from .tool_guardrails import ToolOutputGuardrailData as ToolOutputGuardrailData
from .tool_guardrails import ToolOutputGuardrailResult as ToolOutputGuardrailResult
from .tool_guardrails import tool_input_guardrail as tool_input_guardrail
from .tool_guardrails import tool_output_guardrail as tool_output_guardrail
from .tool_outputs import ToolOutputFileContent as ToolOutputFileContent
from .tool_outputs import ToolOutputFileContentDict as ToolOutputFileContentDict
from .tool_outputs import ToolOutputImage as ToolOutputImage
from .tool_outputs import ToolOutputImageDict as ToolOutputImageDict
from .tool_outputs import ToolOutputText as ToolOutputText
from .tool_outputs import ToolOutputTextDict as ToolOutputTextDict
from .tool_progress import ToolProgress as ToolProgress
from .tools import FunctionTool as FunctionTool
from .tools import FunctionToolCustomDataContext as FunctionToolCustomDataContext
from .tools import FunctionToolCustomDataExtractor as FunctionToolCustomDataExtractor
from .tools import Tool as Tool
from .tools import ToolCaller as ToolCaller
from .tools import default_tool_error_function as default_tool_error_function
from .tools import function_tool as function_tool
from .tracing import AgentSpanData as AgentSpanData
from .tracing import CustomSpanData as CustomSpanData
from .tracing import FunctionSpanData as FunctionSpanData
from .tracing import GenerationSpanData as GenerationSpanData
from .tracing import GuardrailSpanData as GuardrailSpanData
from .tracing import HandoffSpanData as HandoffSpanData
from .tracing import MCPListToolsSpanData as MCPListToolsSpanData
from .tracing import ResponseSpanData as ResponseSpanData
from .tracing import Span as Span
from .tracing import SpanData as SpanData
from .tracing import SpanError as SpanError
from .tracing import SpeechGroupSpanData as SpeechGroupSpanData
from .tracing import SpeechSpanData as SpeechSpanData
from .tracing import TaskSpanData as TaskSpanData
from .tracing import Trace as Trace
from .tracing import TracingProcessor as TracingProcessor
from .tracing import TranscriptionSpanData as TranscriptionSpanData
from .tracing import TurnSpanData as TurnSpanData
from .tracing import add_trace_processor as add_trace_processor
from .tracing import agent_span as agent_span
from .tracing import custom_span as custom_span
from .tracing import flush_traces as flush_traces
from .tracing import function_span as function_span
from .tracing import gen_span_id as gen_span_id
from .tracing import gen_trace_id as gen_trace_id
from .tracing import generation_span as generation_span
from .tracing import get_current_span as get_current_span
from .tracing import get_current_trace as get_current_trace
from .tracing import guardrail_span as guardrail_span
from .tracing import handoff_span as handoff_span
from .tracing import mcp_tools_span as mcp_tools_span
from .tracing import response_span as response_span
from .tracing import set_trace_processors as set_trace_processors
from .tracing import set_trace_provider as set_trace_provider
from .tracing import set_tracing_disabled as set_tracing_disabled
from .tracing import set_tracing_export_api_key as set_tracing_export_api_key
from .tracing import speech_group_span as speech_group_span
from .tracing import speech_span as speech_span
from .tracing import task_span as task_span
from .tracing import trace as trace
from .tracing import transcription_span as transcription_span
from .tracing import turn_span as turn_span
from .usage import RequestUsage as RequestUsage
from .usage import Usage as Usage
from .verbose_logging import enable_verbose_stdout_logging as enable_verbose_stdout_logging

use_vocabulary(lambda: import_module("rxagents.operators"))
use_adoption(Adoption)

__version__ = "0.1.0"
