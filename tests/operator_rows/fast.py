"""A source that never waits, and a consumer who takes its time: for the law of bounds."""

from __future__ import annotations

import re
import weakref
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from reactivex.notification import OnNext

from rxagents import RawResponsesStreamEvent, Stream

_NUMBER = re.compile(r"\d+")


class Fast:
    """A paced source of many numbered events, which counts what it emits and what is kept of it."""

    def __init__(self, event: Any, count: int) -> None:
        self.stream = Stream.from_async_iterable(self._read)
        self.emitted = 0
        self.left = False
        """Whether nobody reads it any more."""
        self.seen = 0
        """How many of them a consumer is known to be done with."""
        self.lead = 0
        """The most that it was ever ahead of that."""
        self.kept = 0
        """The most of its events that ever existed at once."""
        self._event = event
        self._count = count
        self._alive = 0
        self._watched: list[object] = []

    async def _read(self) -> AsyncIterator[Any]:
        try:
            for number in range(self._count):
                event = self._event(number)
                self._watch(event)
                self.emitted += 1
                self.lead = max(self.lead, self.emitted - self.seen)
                self.kept = max(self.kept, self._alive)
                yield event
        finally:
            self.left = True

    def _watch(self, event: Any) -> None:
        parts = (getattr(event, name, None) for name in ("value", "data", "item", "new_agent"))
        for each in (event, *parts):
            if hasattr(each, "__weakref__"):
                self._alive += 1
                self._watched.append(weakref.ref(each, self._gone))
                return
        self._alive = self._count  # nobody knows

    def _gone(self, _: object) -> None:
        self._alive -= 1


class Taken:
    """What a consumer has taken, as the numbers of the source's events in it."""

    def __init__(self, reads: Any = None) -> None:
        self.numbers: list[int] = []
        self.newest = -1
        self._reads = reads
        self._text = ""

    def add(self, event: Any) -> None:
        """Take an event."""
        self._note(event if self._reads is None else self._reads(event))

    def finish(self) -> None:
        """Nothing comes any more: a number that may have gone on is one, too."""
        self._note(" ")

    def _note(self, event: Any) -> None:
        found = list(self._found(event))
        self.numbers += found
        self.newest = max([self.newest, *found])

    def _found(self, event: Any) -> Iterable[int]:
        if isinstance(event, str):
            return self._in_text(event)
        if isinstance(event, float | int):
            return () if isinstance(event, bool) else (int(event),)
        if isinstance(event, Mapping):
            event = list(event.values())
        elif isinstance(event, OnNext):
            event = [event.value]
        elif isinstance(event, RawResponsesStreamEvent):
            return self._in_text(str(getattr(event.data, "delta", "")))
        elif is_dataclass(event):
            event = [getattr(event, each.name) for each in fields(event)]
        if isinstance(event, Iterable):
            return [number for each in event for number in self._found(each)]
        return ()

    def _in_text(self, text: str) -> Iterable[int]:
        text = self._text + text
        whole = len(text.rstrip("0123456789"))
        self._text = text[whole:]
        return [int(number) for number in _NUMBER.findall(text[:whole])]
