"""What has been decided about calls that need an approval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .live_items import ToolApprovalItem


@dataclass(frozen=True)
class Decision:
    """Whether a call, or every call of a tool, may be carried out."""

    approved: bool
    message: str | None = None
    """What the model is told instead, if it may not."""


class Approvals:
    """The decisions of one run, shared with the runs inside it.

    A decision about a call goes before one about its tool.
    """

    def __init__(self) -> None:
        self._calls: dict[str, Decision] = {}
        self._tools: dict[str, Decision] = {}
        self._waiting: list[Callable[[], None]] = []

    def decide(self, item: ToolApprovalItem, decision: Decision, *, always: bool) -> None:
        """Decide about the item's call, and with `always` about every later call of its tool."""
        if item.call_id is not None:
            self._calls[item.call_id] = decision
        if always and item.name is not None:
            self._tools[item.name] = decision
        waiting, self._waiting = self._waiting, []
        for told in waiting:
            told()

    def about(self, tool_name: str, call_id: str) -> Decision | None:
        """The decision about a call; None if there is none yet."""
        return self._calls.get(call_id) or self._tools.get(tool_name)

    def forget(self, call_id: str) -> None:
        """Forget a decision: the model makes a new call, and some servers use an id again."""
        self._calls.pop(call_id, None)

    def when_decided(self, callback: Callable[[], None]) -> None:
        """Call `callback` once, at the next decision about anything."""
        self._waiting.append(callback)

    def copy(self) -> Approvals:
        """The same decisions, to be added to by itself from here."""
        other = Approvals()
        other._calls, other._tools = dict(self._calls), dict(self._tools)
        return other

    def to_json(self) -> dict[str, Any]:
        """The decisions in JSON types."""
        return {
            "calls": {name: asdict(each) for name, each in self._calls.items()},
            "tools": {name: asdict(each) for name, each in self._tools.items()},
        }

    def read_json(self, data: dict[str, Any]) -> None:
        """Take over what `to_json` has written."""
        self._calls.update({name: Decision(**each) for name, each in data["calls"].items()})
        self._tools.update({name: Decision(**each) for name, each in data["tools"].items()})
