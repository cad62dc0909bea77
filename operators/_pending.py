"""What of a conversation is still to come: items of a response, and outputs of calls."""

from __future__ import annotations

from rxagents.events import StreamEvent

from ._texts import Kind
from ._writers import CallWriter, Writer


class Response:
    """What has come of one model call."""

    def __init__(self, turn: int, attempt: int) -> None:
        self.turn = turn
        self.attempt = attempt
        self.at: dict[tuple[int | str, Kind], Writer] = {}
        """By the output index, or what stands for it."""
        self.writers: list[Writer] = []
        """All of them, in the order of their start."""
        self.untold: list[Writer] = []
        """Those whose item event is still to come."""

    def is_of(self, event: StreamEvent) -> bool:
        """Whether it is the attempt that `event` tells of."""
        return (self.turn, self.attempt) == (event.turn, event.attempt)

    def next_unwritten(self, kind: Kind, call_id: str) -> Writer | None:
        """The first of this kind that is not finished, and may be the call with this id."""
        for each in self.writers:
            if each.kind == kind and not each.is_written and each.may_be(call_id):
                return each
        return None


class Unanswered:
    """The calls without an output. Some servers use an id twice, so each has a list of them."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str], list[CallWriter]] = {}  # by run and call's id

    def add(self, run_id: str, call: CallWriter) -> None:
        self._calls.setdefault((run_id, call.call_id), []).append(call)

    def of(self, run_id: str, call_id: str) -> list[CallWriter]:
        """The calls of this id, the first one first."""
        return self._calls.get((run_id, call_id), [])

    def take(self, run_id: str, call_id: str) -> CallWriter | None:
        """The first call of this id, which has its output now."""
        calls = self.of(run_id, call_id)
        if not calls:
            return None
        call = calls.pop(0)
        if not calls:
            del self._calls[run_id, call_id]
        return call

    def forget(self, withdrawn: list[Writer]) -> None:
        """Leave out what is not to be answered any more."""
        for key, calls in list(self._calls.items()):
            kept = [call for call in calls if call not in withdrawn]
            if kept:
                self._calls[key] = kept
            else:
                del self._calls[key]
