"""The finished items of a run: messages, reasoning, calls and their outputs, handoffs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, cast

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
from pydantic import BaseModel

from .usage import Usage

if TYPE_CHECKING:
    from .agent import Agent

TResponseInputItem: TypeAlias = ResponseInputItemParam
"""One item of a model's input, as a dictionary."""

TResponseOutputItem: TypeAlias = ResponseOutputItem
"""One item of a model's response."""

_Raw = TypeVar("_Raw")


@dataclass(eq=False)
class RunItemBase(Generic[_Raw]):
    """One finished item of a run."""

    agent: Agent[Any]
    """The agent in whose turn it came about."""

    raw_item: _Raw
    """The item in the Responses API's form: the `openai` package's type, or a dictionary."""

    def to_input_item(self) -> ResponseInputItemParam:
        """The item as the model is given it in a later turn."""
        raw: Any = self.raw_item
        if isinstance(raw, BaseModel):
            raw = raw.model_dump(by_alias=True, exclude_unset=True)
        return cast("ResponseInputItemParam", raw)


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
class ToolCallOutputItem(RunItemBase[FunctionCallOutput]):
    """The output of a tool."""

    output: Any = field(kw_only=True)
    """What the tool returned; `raw_item` has what the model is told of it."""

    type: Literal["tool_call_output_item"] = "tool_call_output_item"

    @property
    def call_id(self) -> str | None:
        """The id of the call that this answers."""
        return self.raw_item.get("call_id")


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
)
"""Any finished item; tell them apart by `type` or by class."""


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
        cls, tool_call: ResponseFunctionToolCall, output: object
    ) -> FunctionCallOutput:
        """What the model is told of a call's output: its text form."""
        return {
            "type": "function_call_output",
            "call_id": tool_call.call_id,
            "output": output if isinstance(output, str) else str(output),
        }
