"""The events of a run put into the entries of a conversation."""

from __future__ import annotations

from typing import Any

from openai.types.responses import ResponseUsage

from rxagents.events import (
    AgentUpdatedStreamEvent,
    RawResponsesStreamEvent,
    RunItemStreamEvent,
    StreamEvent,
    error_of,
)
from rxagents.tool_progress import ToolProgress
from rxagents.usage import Usage

from ._calls import agent_of, field_of, id_of_call, index_of
from ._growing import GrowingList
from ._pending import Response, Unanswered
from ._texts import HOSTED_RUNS, TEXTS, Kind, Text
from ._writers import CallWriter, Writer, kind_of, text_of_input, writer
from .conversation import Entry, HandoffEntry, InputEntry, Snapshot, view_of


class Transcript:
    """The conversation of one subscription, as far as it has come.

    An item's raw events come first: they write its entry, by where it stands in its response. Its
    item event follows them, or is all there is of it. Outputs find their call by its id.
    """

    def __init__(self) -> None:
        self._entries = GrowingList[Entry]()
        self._responses: dict[tuple[str, tuple[str, ...]], Response] = {}  # by run and agent
        self._unanswered = Unanswered()
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
        else:
            self._leave(event)
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

    def _response(self, event: StreamEvent) -> Response:
        """The response that `event` is part of; another attempt takes the place of the last."""
        key = (event.run_id, event.path)
        response = self._responses.get(key)
        if response is None or response.turn != event.turn or response.attempt < event.attempt:
            if response is not None and response.turn == event.turn:
                self._withdraw(response)
            response = self._responses[key] = Response(event.turn, event.attempt)
        return response

    def _leave(self, event: StreamEvent) -> None:
        """An agent begins: one inside of a turn may be asked anew, and counts its turns anew."""
        key = (event.run_id, event.path)
        response = self._responses.get(key)
        # Where the same agent is asked twice at once, both write in one place.
        if response is not None and all(each.is_written for each in response.writers):
            del self._responses[key]

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

    def _write(self, event: StreamEvent, response: Response, data: Any, about: Text) -> None:
        if about.whole:
            written = response.at.get((index_of(data), about.kind))
            if written is not None and written.is_written:
                return
        writing = self._at(event, response, data, about.kind)
        if writing.write(about, data):
            self._update(writing)

    def _begin(self, event: StreamEvent, response: Response, data: Any) -> None:
        kind = kind_of(data.item)
        if kind is not None:
            writing = self._at(event, response, data, kind)
            if writing.name_as(data.item) or self._changed:
                self._update(writing)

    def _run(self, response: Response, data: Any) -> None:
        call = response.at.get((index_of(data), "call"))
        if isinstance(call, CallWriter) and not (call.is_running or call.is_written):
            call.run()
            self._update(call)

    def _finish(self, event: StreamEvent, response: Response, data: Any) -> None:
        kind = kind_of(data.item)
        if kind is not None:
            writing = self._at(event, response, data, kind)
            self._written(event, response, writing, data.item)
        elif data.item.type.endswith("_call_output"):
            self._answer(event, data.item.call_id, getattr(data.item, "output", None))

    def _complete(self, event: StreamEvent, response: Response, output: list[Any]) -> None:
        """Finish what servers have not finished that send no `output_item.done`."""
        told = [(index, item) for index, item in enumerate(output) if kind_of(item) is not None]
        written = [each for each in response.writers if each.is_written]
        if len(written) < len(told):
            for index, item in told:
                self._complete_item(event, response, index, item)
        for each in response.writers:
            if not each.is_written:
                self._written(event, response, each, None)

    def _complete_item(self, event: StreamEvent, response: Response, index: int, item: Any) -> None:
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
                call_id = id_of_call(item.raw_item)
                self._answer(
                    event,
                    call_id,
                    item.output,
                    error_of(item),
                )
            case "handoff_output_item":
                self._hand_over(
                    event,
                    HandoffEntry(
                        source=item.source_agent.name,
                        target=item.target_agent.name,
                        call_id=id_of_call(item.raw_item),
                    ),
                )
            case "input_item":
                self._put(InputEntry(text=text_of_input(item.raw_item), input_id=item.input_id))
            case "tool_approval_item":
                self._ask(event, item.raw_item)
            case "tool_progress_item":
                self._report(event, item.raw_item, item.progress)
            case "attempt_failed_item":
                self._fail(event)
            case _:  # shown by nothing here
                return

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

    def _ask(self, event: StreamEvent, raw: Any) -> None:
        """A call waits for an approval."""
        calls = self._open_calls(event, raw)
        call = next((call for call in calls if not call.is_waiting), None)
        # A resumed run asks for calls that the run before has told. A run inside of this one, of
        # which nothing else is told, has no entry: nobody would say what became of it.
        if not calls and len(event.path) <= 1 and field_of(raw, "call_id"):
            call = self._add_call(event, id_of_call(raw))
            call.finish(raw)
            self._unanswered.add(event.run_id, call)
        if call is not None:
            call.wait()
            self._update(call)

    def _report(self, event: StreamEvent, raw: Any, progress: ToolProgress) -> None:
        for call in self._open_calls(event, raw)[:1]:
            call.report(progress)
            self._update(call)

    def _open_calls(self, event: StreamEvent, raw: Any) -> list[CallWriter]:
        """The calls that `raw` may be; one of an agent inside may have the id of one outside."""
        calls, agent = self._unanswered.of(event.run_id, id_of_call(raw)), agent_of(event)
        return [call for call in calls if call.agent == agent]

    def _fail(self, event: StreamEvent) -> None:
        """Nothing of this attempt counts any more; the next one need not have begun."""
        key = (event.run_id, event.path)
        response = self._responses.get(key)
        if response is not None and response.is_of(event):
            self._withdraw(response)
            del self._responses[key]

    def _answer(
        self, event: StreamEvent, call_id: str, output: Any, error: str | None = None
    ) -> None:
        call = self._unanswered.take(event.run_id, call_id)
        if call is None:
            call = self._add_call(event, call_id)
        call.answer(output, error)
        self._update(call)

    def _hand_over(self, event: StreamEvent, handoff: HandoffEntry) -> None:
        call = self._unanswered.take(event.run_id, handoff.call_id)
        self._put(handoff, None if call is None else call.number)

    # --- entries ----------------------------------------------------------------------------

    def _at(self, event: StreamEvent, response: Response, data: Any, kind: Kind) -> Writer:
        """The entry that is being written where `data` stands; a new one if there is none."""
        index = index_of(data)
        writing = response.at.get((index, kind))
        # Some servers give all items of a response the same index.
        if writing is None or writing.is_written:
            writing = self._add(event, response, index, kind)
        return writing

    def _add(
        self, event: StreamEvent, response: Response, index: int | str | None, kind: Kind
    ) -> Writer:
        """Begin an entry."""
        writing = writer(kind, agent_of(event) or self._agent)
        writing.number = self._entries.add(writing.entry())
        self._changed = True
        response.writers.append(writing)
        if index is not None:
            response.at[index, kind] = writing
        return writing

    def _add_call(self, event: StreamEvent, call_id: str) -> CallWriter:
        """Begin the entry of a call that no response has."""
        call = CallWriter(agent_of(event))
        call.call_id = call_id
        call.number = self._entries.add(call.entry())
        return call

    def _put(self, entry: Entry, number: int | None = None) -> None:
        """Set an entry that is whole: a new one, or in the place of another."""
        self._entries.settle(self._entries.add(entry) if number is None else number, entry)
        self._changed = True

    def _written(self, event: StreamEvent, response: Response, writing: Writer, item: Any) -> None:
        """The model has finished an entry."""
        writing.finish(item)
        response.untold.append(writing)
        if isinstance(writing, CallWriter) and not writing.is_answered:
            self._unanswered.add(event.run_id, writing)
        self._update(writing)

    def _update(self, writing: Writer) -> None:
        self._changed = True
        if writing.is_settled:
            self._entries.settle(writing.number, writing.entry())
        else:
            self._entries.open[writing.number] = writing.entry()

    def _withdraw(self, response: Response) -> None:
        """Take back what a failed attempt has begun."""
        if response.writers:
            self._entries.remove({each.number for each in response.writers})
            self._changed = True
        self._unanswered.forget(response.writers)
