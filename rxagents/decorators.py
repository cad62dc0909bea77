"""The decorators under one roof, as in the OpenAI Agents SDK; `tool` is `function_tool`."""

from .guardrail import input_guardrail as input_guardrail
from .guardrail import output_guardrail as output_guardrail
from .tool_guardrails import tool_input_guardrail as tool_input_guardrail
from .tool_guardrails import tool_output_guardrail as tool_output_guardrail
from .tools import function_tool as function_tool

tool = function_tool
