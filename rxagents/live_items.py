"""Items that are told while a run goes on, and are no part of what the model is given.

An `InputItem` is: it is what the run was told in the middle.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

from openai.types.responses import ResponseInputItemParam

from .item_base import RunItemBase

if TYPE_CHECKING:
    from .tool_progress import ToolProgress


@dataclass(eq=False)
class InputItem(RunItemBase[ResponseInputItemParam]):
    """Input that reached the run while it was under way (`run.send`, `inbox=`)."""

    type: Literal["input_item"] = "input_item"
    input_id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(eq=False)
class ToolApprovalItem(RunItemBase[Any]):
    """A call that must be approved before it is carried out.

    `raw_item` is the model's call. It is decided with `event.approve()` and `event.reject()`, or
    with `state.approve(item)` and `state.reject(item)` once the run has stopped for it.
    """

    tool_name: str | None = None
    type: Literal["tool_approval_item"] = "tool_approval_item"

    def __post_init__(self) -> None:
        if self.tool_name is None:
            self.tool_name = _read(self.raw_item, "name")

    @property
    def name(self) -> str | None:
        """The tool's name; the type of the call where it has none."""
        return self.tool_name or _read(self.raw_item, "type")

    @property
    def qualified_name(self) -> str | None:
        """The same, as there are no namespaces."""
        return self.name

    @property
    def arguments(self) -> str | None:
        """The arguments as the model wrote them, in JSON."""
        return _read(self.raw_item, "arguments")

    @property
    def call_id(self) -> str | None:
        """The model's id of the call."""
        return _read(self.raw_item, "call_id") or _read(self.raw_item, "id")


@dataclass(eq=False)
class ToolProgressItem(RunItemBase[Any]):
    """How far a tool has come; `raw_item` is the call."""

    progress: ToolProgress = field(kw_only=True)
    type: Literal["tool_progress_item"] = "tool_progress_item"

    @property
    def call_id(self) -> str | None:
        """The model's id of the call."""
        return _read(self.raw_item, "call_id")


@dataclass(eq=False)
class AttemptFailedItem(RunItemBase[Any]):
    """A call of the model failed and is made again.

    `raw_item` is a dictionary: `attempt` (from 1), `error` (the text), `superseded` (the ids of
    the output items that the attempt had begun, which count no more).
    """

    error: BaseException | None = field(default=None, kw_only=True)
    """What it failed with; None in an event that was read from JSON."""

    type: Literal["attempt_failed_item"] = "attempt_failed_item"

    @property
    def superseded(self) -> list[str]:
        """Ids of the output items that the failed attempt had begun or finished."""
        return list(self.raw_item["superseded"])


def _read(raw: Any, name: str) -> str | None:
    value = (
        cast("dict[str, Any]", raw).get(name) if isinstance(raw, dict) else getattr(raw, name, None)
    )
    return None if value is None else str(value)
