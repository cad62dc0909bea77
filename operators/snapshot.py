"""A run as a user interface shows it: the whole conversation, and what changes in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from reactivex import Observable

from rxagents.events import StreamEvent
from rxagents.tool_progress import ToolProgress
from rxagents.usage import Usage

from ._growing import ListSoFar, TextSoFar, appended_to
from ._reading import reading
from ._transcript import Transcript
from .conversation import (
    CallEntry,
    Entry,
    HandoffEntry,
    InputEntry,
    MessageEntry,
    ReasoningEntry,
    Snapshot,
    facts_of,
    looks_of,
    to_json,
)

_OTHERS = ("agent", "turn", "usage", "is_complete")  # of a snapshot, besides its entries

_OF_ANY_CLASS = frozenset({"output", "progress"})
"""The fields that may hold values of any class, also of one whose comparison is no truth value."""

_TEXTS: dict[type[Entry], tuple[str, ...]] = {
    MessageEntry: ("text", "refusal"),
    ReasoningEntry: ("text", "summary"),
    CallEntry: ("arguments",),
    HandoffEntry: (),
    InputEntry: (),
}
"""The fields of an entry that grow."""

_FIELDS = {
    cls: tuple(each.name for each in fields(cls) if each.name not in texts)
    for cls, texts in _TEXTS.items()
}
"""The others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryAdded:
    """An entry that was not there before."""

    index: int
    """Where it stands now."""

    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryChanged:
    """An entry that says more, or something else, than before."""

    index: int
    """Where it stands now."""

    entry: Entry
    """The entry as it is now."""

    appended: Mapping[str, str]
    """What was appended to those of its texts that only grew, by the field's name."""

    replaced: tuple[str, ...]
    """The names of the fields that have changed otherwise."""

    def to_dict(self) -> dict[str, Any]:
        """As JSON types: `replaced` with the values, and nothing of what has not changed."""
        return {
            "index": self.index,
            "appended": dict(self.appended),
            "replaced": {name: to_json(getattr(self.entry, name)) for name in self.replaced},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotDiff:
    """What has changed from one snapshot to a later one.

    To apply it to a list of the entries: delete those at `removed`, from the last to the first;
    insert those of `added`, in order; then change those of `changed`.
    """

    removed: tuple[int, ...] = ()
    """Where entries stood that are gone: what a failed attempt at a model call had begun, and
    calls in whose place there is a handoff now. In ascending order."""

    added: tuple[EntryAdded, ...] = ()
    """In ascending order of their indices."""

    changed: tuple[EntryChanged, ...] = ()
    """In ascending order of their indices."""

    agent: str | None = None
    """The agent that runs now; None if it is the same, as in the fields below."""

    turn: int | None = None
    usage: Usage | None = None
    is_complete: bool | None = None

    seq: int = -1
    """The number of the last event that is in the later snapshot."""

    def to_dict(self) -> dict[str, Any]:
        """As JSON types: only what has changed, and `seq`."""
        told: dict[str, Any] = {}
        if self.removed:
            told["removed"] = list(self.removed)
        if self.added:
            told["added"] = [{"index": a.index, "entry": a.entry.to_dict()} for a in self.added]
        if self.changed:
            told["changed"] = [each.to_dict() for each in self.changed]
        for name in ("agent", "turn", "usage", "is_complete"):
            if getattr(self, name) is not None:
                told[name] = to_json(getattr(self, name))
        return {**told, "seq": self.seq}


def snapshot() -> Callable[[Observable[StreamEvent]], Observable[Snapshot]]:
    """The whole conversation of a run so far, at each event that changes it. Lossless.

        source       --A--"Hel"--"lo"--m--|     m: the message is finished
        snapshot()   --1--2------3-----4--(5|)     2: "Hel"   3: "Hello"   5: is_complete

    A snapshot has an entry for each message, reasoning, call and handoff, and for each input that
    the run took in on its way, in the order in which they began. Calls go from "writing" to
    "running" to "completed" with their output or error, by "waiting" where they need an approval,
    and have the last progress that their tool told. A snapshot is immutable and shares with the
    others what it has in common with them, so an event costs the same however long the run is.
    Reading a text or the entries costs as much as they are long: do so as often as something is
    shown, as with `ops.frame` before this.

    What a failed attempt at a model call had begun is gone with its `attempt_failed` event, or when
    the next attempt begins. Agents that work inside of a turn have their entries here too; without
    `RunConfig.stream_nested` they have none, not even for the approvals they ask for. Several runs
    in one stream make one conversation. The last snapshot, at the end of the source, has
    `is_complete`. An error follows what there is.

    >>> run = Runner.run_streamed(agent, "How is the weather in Oslo?")
    >>> last = await run.pipe(ops.snapshot())
    >>> [entry.kind for entry in last.entries], last.entries[-1].text
    (['message', 'call', 'message'], 'It is sunny in Oslo.')
    """
    return reading(_Snapshots)


def diff() -> Callable[[Observable[Snapshot]], Observable[SnapshotDiff]]:
    """What changes from one snapshot to the next, for a view that is patched. Lossless.

        source   --1---------2--------3--|
        diff()   --a---------b--------c--|     a: all of 1   b: what 2 has more than 1

    The first one tells the difference from an empty snapshot; a snapshot that says the same as
    the one before gives none. It costs as much as has changed. A server may send `to_dict()` of
    each over a wire, with `ops.throttle_latest` or `ops.on_backpressure_latest` before this: what
    the snapshots between have told is not lost.

    >>> run = Runner.run_streamed(agent, "How is the weather in Oslo?")
    >>> diffs = await run.pipe(ops.snapshot(), ops.diff(), ops.to_list())
    >>> [dict(change.appended) for change in diffs[4].changed]
    [{'text': ' me'}]
    """
    return reading(_Differences)


class _Snapshots:
    """The snapshots of one subscription."""

    def __init__(self) -> None:
        self._transcript = Transcript()

    def read(self, event: StreamEvent) -> tuple[Snapshot, ...]:
        return (self._transcript.snapshot(),) if self._transcript.read(event) else ()

    def end(self) -> tuple[Snapshot, ...]:
        return (self._transcript.snapshot(is_complete=True),)

    def cut_off(self) -> tuple[Snapshot, ...]:
        return ()


class _Differences:
    """The differences of one subscription."""

    def __init__(self) -> None:
        self._before = Snapshot()

    def read(self, now: Snapshot) -> tuple[SnapshotDiff, ...]:
        before, self._before = self._before, now
        told = _difference(before, now)
        return () if told is None else (told,)

    def end(self) -> tuple[SnapshotDiff, ...]:
        return ()

    def cut_off(self) -> tuple[SnapshotDiff, ...]:
        return ()


def _difference(before: Snapshot, now: Snapshot) -> SnapshotDiff | None:
    """What has changed; None if that is nothing."""
    changes = _entries(now).since(_entries(before))
    removed = changes.removed
    added = [EntryAdded(index=index, entry=entry) for index, entry in changes.added]
    changed: list[EntryChanged] = []
    for old_index, old, index, entry in changes.changed:
        if type(old) is not type(entry):  # a call that has become a handoff is another entry
            removed.append(old_index)
            added.append(EntryAdded(index=index, entry=entry))
        elif old is not entry and (change := _change(old, index, entry)) is not None:
            changed.append(change)
    if removed and before.entries == now.entries:  # another attempt that has come as far
        removed, added, changed = [], [], []
    others = _changed_fields(before, now, _OTHERS)
    if not (removed or added or changed or others):
        return None
    return SnapshotDiff(
        removed=tuple(sorted(removed)),
        added=tuple(sorted(added, key=lambda each: each.index)),
        changed=tuple(changed),
        seq=now.seq,
        **{name: getattr(now, name) for name in others},
    )


def _change(old: Entry, index: int, entry: Entry) -> EntryChanged | None:
    appended: dict[str, str] = {}
    replaced: list[str] = []
    for name in _TEXTS[type(entry)]:
        grown = _grown(old, entry, name)
        if grown is None:
            replaced.append(name)
        elif grown:
            appended[name] = grown
    replaced += _changed_fields(old, entry, _FIELDS[type(entry)])
    if not appended and not replaced:
        return None
    return EntryChanged(index=index, entry=entry, appended=appended, replaced=tuple(replaced))


def _changed_fields(old: object, new: object, names: tuple[str, ...]) -> list[str]:
    if facts_of(new) is facts_of(old):
        return []
    changed: list[str] = []
    for name in names:
        was, value = getattr(old, name), getattr(new, name)
        same = _says_the_same(was, value) if name in _OF_ANY_CLASS else was == value
        if not same:
            changed.append(name)
    return changed


def _says_the_same(was: object, value: object) -> bool:
    if isinstance(was, ToolProgress) and isinstance(value, ToolProgress):
        words = (was.message, was.fraction) == (value.message, value.fraction)
        return words and was.data is value.data
    return was is value


def _grown(old: Entry, entry: Entry, name: str) -> str | None:
    """What was appended to a text; None if it has not only grown."""
    was, is_now = looks_of(old).get(name), looks_of(entry).get(name)
    if was is is_now and was is not None:
        return ""
    if isinstance(was, TextSoFar) and isinstance(is_now, TextSoFar):
        return is_now.since(was)
    return appended_to(getattr(old, name), getattr(entry, name))


def _entries(snapshot: Snapshot) -> ListSoFar[Entry]:
    look: ListSoFar[Entry] | None = looks_of(snapshot).get("entries")
    return ListSoFar[Entry].of(snapshot.entries) if look is None else look
