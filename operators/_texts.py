"""Which events of a model write which texts of a conversation."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["message", "reasoning", "call"]


class Text(NamedTuple):
    """Which text an event is about."""

    kind: Kind
    field: str
    part: str = ""
    """The attribute of the event that tells the part; empty where there is but one."""

    whole: str = ""
    """The attribute with the finished text; empty for a delta."""


TEXTS = {
    "response.output_text.delta": Text("message", "text", "content_index"),
    "response.output_text.done": Text("message", "text", "content_index", "text"),
    "response.refusal.delta": Text("message", "refusal", "content_index"),
    "response.refusal.done": Text("message", "refusal", "content_index", "refusal"),
    "response.reasoning_text.delta": Text("reasoning", "text", "content_index"),
    "response.reasoning_text.done": Text("reasoning", "text", "content_index", "text"),
    "response.reasoning_summary_text.delta": Text("reasoning", "summary", "summary_index"),
    "response.reasoning_summary_text.done": Text("reasoning", "summary", "summary_index", "text"),
    "response.function_call_arguments.delta": Text("call", "arguments"),
    "response.function_call_arguments.done": Text("call", "arguments", whole="arguments"),
    "response.mcp_call_arguments.delta": Text("call", "arguments"),
    "response.mcp_call_arguments.done": Text("call", "arguments", whole="arguments"),
    "response.custom_tool_call_input.delta": Text("call", "arguments"),
    "response.custom_tool_call_input.done": Text("call", "arguments", whole="input"),
    "response.code_interpreter_call_code.delta": Text("call", "arguments"),
    "response.code_interpreter_call_code.done": Text("call", "arguments", whole="code"),
}
"""The events that write texts."""

HOSTED_RUNS = frozenset(
    {
        "response.web_search_call.searching",
        "response.file_search_call.searching",
        "response.code_interpreter_call.interpreting",
        "response.image_generation_call.generating",
        "response.mcp_call_arguments.done",
        "response.code_interpreter_call_code.done",
    }
)
"""The events after which a provider runs a call itself."""
