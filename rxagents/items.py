"""The finished items of a run: messages, reasoning, calls and their outputs, handoffs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from openai.types.responses import (
    Response,
    ResponseFunctionToolCall,
    ResponseInputItemParam,
    ResponseOutputItem,
    ResponseOutputMessage,
    ResponseOutputRefusal,
    ResponseOutputText,
    ResponseReasoningItem,
)
from openai.types.responses.response_input_item_param import FunctionCallOutput

from .call_answers import answer_to
from .hosted_items import CompactionItem as CompactionItem
from .hosted_items import MCPApprovalRequestItem as MCPApprovalRequestItem
from .hosted_items import MCPApprovalResponseItem as MCPApprovalResponseItem
from .hosted_items import MCPListToolsItem as MCPListToolsItem
from .hosted_items import ToolSearchCallItem as ToolSearchCallItem
from .hosted_items import ToolSearchOutputItem as ToolSearchOutputItem
from .item_base import RunItemBase
from .live_items import AttemptFailedItem as AttemptFailedItem
from .live_items import InputItem as InputItem
from .live_items import ToolApprovalItem as ToolApprovalItem
from .live_items import ToolProgressItem as ToolProgressItem
from .tool_outputs import tool_output_content
from .usage import Usage

if TYPE_CHECKING:
    from .agent import Agent

TResponseInputItem: TypeAlias = ResponseInputItemParam
"""One item of a model's input, as a dictionary."""

TResponseOutputItem: TypeAlias = ResponseOutputItem
"""One item of a model's response."""


@dataclass(eq=False)
class MessageOutputItem(RunItemBase[ResponseOutputMessage]):
    """A message of the model."""

    type: Literal["message_output_item"] = "message_output_item"


@dataclass(eq=False)
class ReasoningItem(RunItemBase[ResponseReasoningItem]):
    """What the model thought, as far as it shows."""

    type: Literal["reasoning_item"] = "reasoning_item"


@dataclass(eq=False)
class ToolCallItem(RunItemBase[Any]):
    """A call of a tool: a function of the agent's, or a hosted tool of the provider's."""

    type: Literal["tool_call_item"] = "tool_call_item"

    @property
    def tool_name(self) -> str | None:
        """What was called; None for hosted tools, which have no name but their type."""
        return cast("str | None", getattr(self.raw_item, "name", None))

    @property
    def call_id(self) -> str | None:
        """The model's id of the call, which its output carries too; None if it has none."""
        return cast("str | None", getattr(self.raw_item, "call_id", None))


@dataclass(eq=False)
class ToolCallOutputItem(RunItemBase[Any]):
    """The output of a tool; `raw_item` is a dictionary."""

    output: Any = field(kw_only=True)
    """What the tool returned; `raw_item` has what the model is told of it."""

    error: Exception | None = field(default=None, kw_only=True)
    """What the tool raised, if the model was told something else instead."""

    custom_data: dict[str, Any] | None = field(default=None, kw_only=True)
    """What the tool's `custom_data_extractor` gave: for the application, never for the model."""

    type: Literal["tool_call_output_item"] = "tool_call_output_item"

    @property
    def call_id(self) -> str | None:
        """The id of the call that this answers."""
        return cast("str | None", self.raw_item.get("call_id"))


@dataclass(eq=False)
class HandoffCallItem(RunItemBase[ResponseFunctionToolCall]):
    """The model's request to hand over to another agent."""

    type: Literal["handoff_call_item"] = "handoff_call_item"


@dataclass(eq=False)
class HandoffOutputItem(RunItemBase[FunctionCallOutput]):
    """A handoff that took place."""

    source_agent: Agent[Any] = field(kw_only=True)
    target_agent: Agent[Any] = field(kw_only=True)
    type: Literal["handoff_output_item"] = "handoff_output_item"


RunItem: TypeAlias = (
    MessageOutputItem
    | ReasoningItem
    | ToolCallItem
    | ToolCallOutputItem
    | HandoffCallItem
    | HandoffOutputItem
    | InputItem
    | MCPListToolsItem
    | MCPApprovalRequestItem
    | MCPApprovalResponseItem
    | ToolSearchCallItem
    | ToolSearchOutputItem
    | CompactionItem
    | ToolApprovalItem
    | ToolProgressItem
    | AttemptFailedItem
)
"""Any item of a run; tell them apart by `type` or by class."""

NOT_FOR_THE_MODEL = (ToolApprovalItem, ToolProgressItem, AttemptFailedItem)
"""The items that tell how a run goes, and are no part of the conversation."""


@dataclass(eq=False)
class ModelResponse:
    """One finished response of a model."""

    output: list[ResponseOutputItem]
    usage: Usage
    response_id: str | None
    """The provider's id of the response, where it has one."""

    @classmethod
    def of(cls, response: Response) -> ModelResponse:
        """Take the parts of the `openai` package's response."""
        return cls(list(response.output), Usage.of_response(response.usage), response.id)

    def to_input_items(self) -> list[ResponseInputItemParam]:
        """The output as input of a later turn."""
        items = [item.model_dump(exclude_unset=True, by_alias=True) for item in self.output]
        return cast("list[ResponseInputItemParam]", items)


class ItemHelpers:
    """Reads text out of items, and makes input items."""

    @classmethod
    def extract_text(cls, message: ResponseOutputItem) -> str | None:
        """All text of a message; None if it is no message or has no text."""
        if not isinstance(message, ResponseOutputMessage):
            return None
        parts = [part.text for part in message.content if isinstance(part, ResponseOutputText)]
        return "".join(parts) or None

    @classmethod
    def extract_refusal(cls, message: ResponseOutputItem) -> str | None:
        """The words with which the model refused; None if it did not."""
        if not isinstance(message, ResponseOutputMessage):
            return None
        parts = [
            part.refusal for part in message.content if isinstance(part, ResponseOutputRefusal)
        ]
        return "".join(parts) or None

    @classmethod
    def extract_last_content(cls, message: ResponseOutputItem) -> str:
        """The last part of a message, text or refusal; empty if it has none."""
        if not isinstance(message, ResponseOutputMessage) or not message.content:
            return ""
        last = message.content[-1]
        return last.text if isinstance(last, ResponseOutputText) else last.refusal

    @classmethod
    def extract_last_text(cls, message: ResponseOutputItem) -> str | None:
        """The last part of a message if it is text, else None."""
        if isinstance(message, ResponseOutputMessage) and message.content:
            last = message.content[-1]
            if isinstance(last, ResponseOutputText):
                return last.text
        return None

    @classmethod
    def text_message_output(cls, message: MessageOutputItem) -> str:
        """All text of a message item; empty if it has none."""
        return cls.extract_text(message.raw_item) or ""

    @classmethod
    def text_message_outputs(cls, items: Iterable[RunItem]) -> str:
        """All text of the message items among `items`."""
        return "".join(
            cls.text_message_output(item) for item in items if isinstance(item, MessageOutputItem)
        )

    @classmethod
    def input_to_new_input_list(
        cls, input: str | list[ResponseInputItemParam]
    ) -> list[ResponseInputItemParam]:
        """Input as a new list of items; a string becomes a user message."""
        if isinstance(input, str):
            return [{"role": "user", "content": input}]
        return list(input)

    @classmethod
    def tool_call_output_item(
        cls,
        tool_call: ResponseFunctionToolCall,
        output: object,
        output_json_schema: dict[str, Any] | None = None,
    ) -> FunctionCallOutput:
        """What the model is told of a call's output: a text, or a list of texts, images and files.

        With an `output_json_schema` it is JSON.
        """
        content = tool_output_content(output, as_json=output_json_schema is not None)
        return cast(
            "FunctionCallOutput", answer_to(tool_call, "function_call_output", output=content)
        )
