"""The events of a run put into the entries of a conversation."""

from __future__ import annotations

from typing import Any

from openai.types.responses import ResponseUsage

from rxagents.events import (
    AgentUpdatedStreamEvent,
    RawResponsesStreamEvent,
    RunItemStreamEvent,
    StreamEvent,
)
from rxagents.usage import Usage

from ._calls import agent_of, id_of_call, index_of
from ._growing import GrowingList
from ._writers import HOSTED_RUNS, TEXTS, CallWriter, Kind, Text, Writer, kind_of, writer
from .conversation import Entry, HandoffEntry, Snapshot, view_of


class Transcript:
    """The conversation of one subscription, as far as it has come.

    An item's raw events come first: they write its entry, by where it stands in its response. Its
    item event follows them, or is all there is of it. Outputs find their call by its id.
    """

    def __init__(self) -> None:
        self._entries = GrowingList[Entry]()
        self._responses: dict[tuple[str, tuple[str, ...]], _Response] = {}  # by run and agent
        self._unanswered: dict[tuple[str, str], list[CallWriter]] = {}  # by run and call's id
        self._agent = ""
        self._turn = 0
        self._seq = -1
        self._facts: dict[str, Any] = {
            "agent": "",
            "turn": 0,
            "usage": Usage(),
            "is_complete": False,
        }
        self._changed = False

    def read(self, event: StreamEvent) -> bool:
        """Take an event in; False if the conversation is as it was."""
        self._changed = False
        self._seq = event.seq
        self._place(event)
        if type(event) is RawResponsesStreamEvent:
            self._read_raw(event, event.data)
        elif isinstance(event, RunItemStreamEvent):
            self._read_item(event)
        return self._changed

    def snapshot(self, *, is_complete: bool = False) -> Snapshot:
        if is_complete:
            self._facts = {**self._facts, "is_complete": True}
        view = view_of(Snapshot, self._facts, {"entries": self._entries.so_far()})
        object.__setattr__(view, "seq", self._seq)  # which alone is new each time
        return view

    def _place(self, event: StreamEvent) -> None:
        """Note the agent and the turn; those of agents inside of a turn are not the run's."""
        agent, turn = self._agent, self._turn
        if event.path:
            agent = event.path[0]
        elif isinstance(event, AgentUpdatedStreamEvent):
            agent = event.new_agent.name
        if event.turn and len(event.path) <= 1:
            turn = event.turn
        if agent != self._agent or turn != self._turn:
            self._agent, self._turn = agent, turn
            self._note({"agent": agent, "turn": turn})

    def _note(self, facts: dict[str, Any]) -> None:
        self._facts = {**self._facts, **facts}  # a new one, as snapshots keep theirs
        self._changed = True

    def _response(self, event: StreamEvent) -> _Response:
        """The response that `event` is part of; another attempt takes the place of the last."""
        key = (event.run_id, event.path)
        response = self._responses.get(key)
        if response is None or response.turn != event.turn or response.attempt < event.attempt:
            if response is not None and response.turn == event.turn:
                self._withdraw(response)
            response = self._responses[key] = _Response(event.turn, event.attempt)
        return response

    # --- raw events -------------------------------------------------------------------------

    def _read_raw(self, event: RawResponsesStreamEvent, data: Any) -> None:
        # `data` is of one of some fifty classes, and some servers leave fields out.
        response = self._response(event)
        kind: str = data.type
        text = TEXTS.get(kind)
        if text is not None:
            self._write(event, response, data, text)
        if kind in HOSTED_RUNS:
            self._run(response, data)
        elif kind == "response.output_item.added":
            self._begin(event, response, data)
        elif kind == "response.output_item.done":
            self._finish(event, response, data)
        elif kind == "response.completed":
            self._complete(event, response, data.response.output)
            self._use(data.response.usage)

    def _write(self, event: StreamEvent, response: _Response, data: Any, about: Text) -> None:
        if about.whole:
            written = response.at.get((index_of(data), about.kind))
            if written is not None and written.is_written:
                return
        writing = self._at(event, response, data, about.kind)
        if writing.write(about, data):
            self._update(writing)

    def _begin(self, event: StreamEvent, response: _Response, data: Any) -> None:
        kind = kind_of(data.item)
        if kind is not None:
            writing = self._at(event, response, data, kind)
            if writing.name_as(data.item) or self._changed:
                self._update(writing)

    def _run(self, response: _Response, data: Any) -> None:
        call = response.at.get((index_of(data), "call"))
        if isinstance(call, CallWriter) and not (call.is_running or call.is_written):
            call.run()
            self._update(call)

    def _finish(self, event: StreamEvent, response: _Response, data: Any) -> None:
        kind = kind_of(data.item)
        if kind is not None:
            writing = self._at(event, response, data, kind)
            self._written(event, response, writing, data.item)
        elif data.item.type.endswith("_call_output"):
            self._answer(event, data.item.call_id, getattr(data.item, "output", None))

    def _complete(self, event: StreamEvent, response: _Response, output: list[Any]) -> None:
        """Finish what servers have not finished that send no `output_item.done`."""
        told = [(index, item) for index, item in enumerate(output) if kind_of(item) is not None]
        written = [each for each in response.writers if each.is_written]
        if len(written) < len(told):
            for index, item in told:
                self._complete_item(event, response, index, item)
        for each in response.writers:
            if not each.is_written:
                self._written(event, response, each, None)

    def _complete_item(
        self, event: StreamEvent, response: _Response, index: int, item: Any
    ) -> None:
        kind = kind_of(item)
        assert kind is not None
        writing = response.at.get((index, kind))
        if writing is None:  # the index in the list need not be the one in the stream
            if any(each.item == item for each in response.writers):
                return
            writing = response.next_unwritten(kind, id_of_call(item))
            writing = writing or self._add(event, response, index, kind)
        if not writing.is_written:
            self._written(event, response, writing, item)

    def _use(self, usage: ResponseUsage | None) -> None:
        total = Usage()  # a new one, as snapshots keep theirs
        total.add(self._facts["usage"])
        total.add(Usage.of_response(usage))
        self._note({"usage": total})

    # --- items ------------------------------------------------------------------------------

    def _read_item(self, event: RunItemStreamEvent) -> None:
        item = event.item
        match item.type:
            case "message_output_item" | "reasoning_item":
                kind: Kind = "message" if item.type[0] == "m" else "reasoning"
                self._told(event, item.raw_item, kind)
            case "tool_call_item" | "handoff_call_item":
                self._told(event, item.raw_item, "call")
            case "tool_call_output_item":
                self._answer(event, id_of_call(item.raw_item), item.output)
            case "handoff_output_item":
                self._hand_over(
                    event,
                    HandoffEntry(
                        source=item.source_agent.name,
                        target=item.target_agent.name,
                        call_id=id_of_call(item.raw_item),
                    ),
                )

    def _told(self, event: RunItemStreamEvent, raw: Any, kind: Kind) -> None:
        """An item is told that its raw events have written already, or that has none."""
        response = self._response(event)
        call_id = id_of_call(raw)
        for each in response.untold:
            if each.kind == kind and each.may_be(call_id):
                response.untold.remove(each)
                return
        writing = response.next_unwritten(kind, call_id)
        if writing is None:
            writing = self._add(event, response, None, kind)
        self._written(event, response, writing, raw)
        response.untold.remove(writing)

    def _answer(self, event: StreamEvent, call_id: str, output: Any) -> None:
        call = self._next_unanswered(event, call_id)
        if call is None:
            call = CallWriter(agent_of(event))
            call.call_id = call_id
            call.number = self._entries.add(call.entry())
        call.answer(output)
        self._update(call)

    def _hand_over(self, event: StreamEvent, handoff: HandoffEntry) -> None:
        call = self._next_unanswered(event, handoff.call_id)
        number = self._entries.add(handoff) if call is None else call.number
        self._entries.settle(number, handoff)
        self._changed = True

    def _next_unanswered(self, event: StreamEvent, call_id: str) -> CallWriter | None:
        """The first call of this id without an output: some servers use an id twice."""
        key = (event.run_id, call_id)
        calls = self._unanswered.get(key)
        if not calls:
            return None
        call = calls.pop(0)
        if not calls:
            del self._unanswered[key]
        return call

    # --- entries ----------------------------------------------------------------------------

    def _at(self, event: StreamEvent, response: _Response, data: Any, kind: Kind) -> Writer:
        """The entry that is being written where `data` stands; a new one if there is none."""
        index = index_of(data)
        writing = response.at.get((index, kind))
        # Some servers give all items of a response the same index.
        if writing is None or writing.is_written:
            writing = self._add(event, response, index, kind)
        return writing

    def _add(
        self, event: StreamEvent, response: _Response, index: int | str | None, kind: Kind
    ) -> Writer:
        """Begin an entry."""
        writing = writer(kind, agent_of(event) or self._agent)
        writing.number = self._entries.add(writing.entry())
        self._changed = True
        response.writers.append(writing)
        if index is not None:
            response.at[index, kind] = writing
        return writing

    def _written(self, event: StreamEvent, response: _Response, writing: Writer, item: Any) -> None:
        """The model has finished an entry."""
        writing.finish(item)
        response.untold.append(writing)
        if isinstance(writing, CallWriter) and not writing.is_answered:
            self._unanswered.setdefault((event.run_id, writing.call_id), []).append(writing)
        self._update(writing)

    def _update(self, writing: Writer) -> None:
        self._changed = True
        if writing.is_settled:
            self._entries.settle(writing.number, writing.entry())
        else:
            self._entries.open[writing.number] = writing.entry()

    def _withdraw(self, response: _Response) -> None:
        """Take back what a failed attempt has begun."""
        if response.writers:
            self._entries.remove({each.number for each in response.writers})
            self._changed = True
        for key, calls in list(self._unanswered.items()):
            kept = [call for call in calls if call not in response.writers]
            if kept:
                self._unanswered[key] = kept
            else:
                del self._unanswered[key]


class _Response:
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

    def next_unwritten(self, kind: Kind, call_id: str) -> Writer | None:
        """The first of this kind that is not finished, and may be the call with this id."""
        for each in self.writers:
            if each.kind == kind and not each.is_written and each.may_be(call_id):
                return each
        return None
