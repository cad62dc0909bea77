"""One source, and the groups that its events are put into."""

from __future__ import annotations

from collections import deque
from typing import Any, Generic, TypeVar

from reactivex import Observable, abc
from reactivex.disposable import CompositeDisposable, Disposable

from rxagents.exceptions import UserError
from rxagents.stream.demand import Demand, demand, demand_in_force

_T = TypeVar("_T")


class Grouping(Generic[_T]):
    """One subscription to a source, for the outer stream and for the groups that come of it.

    The source is left when the subscriber of the outer stream and those of all groups have left.
    It is held back while one of the latter has no credit. The outer stream's credit is for
    groups: without it new ones wait, but the source only where no group goes on, as `concat_map`
    takes a group when the one before has ended.

    Invariant: `pace` is open if and only if `_is_held()` was false when something last changed.
    """

    def __init__(self, observer: abc.ObserverBase[Any]) -> None:
        self.pace: Demand = Demand(1, 0)
        self.stopped: bool = False
        """Whether the source has ended or was left."""
        self._ended = False
        self._error: Exception | None = None
        self._count = 0  # members of groups
        self._without_credit = 0  # of these
        self.groups: dict[Hub, None] = {}  # in the order in which they were opened
        self._waiting: deque[tuple[Hub, object]] = deque()  # groups for which there is no credit
        self._behind: set[Hub] = set()  # emitted, but with events that wait
        self.sources: CompositeDisposable = CompositeDisposable()
        """What is left with the source: others that it is grouped by, and timers."""
        self.outer: Member = Member(self, observer)

    def subscribe_to(
        self, source: Observable[_T], scheduler: abc.SchedulerBase | None
    ) -> abc.DisposableBase:
        with demand(self.pace):
            self.sources.add(
                source.subscribe(self._on_next, self.end, self.end, scheduler=scheduler)
            )
        return self.outer

    def read(self, value: _T) -> None:
        """Open and close groups, and emit `value` in those to which it belongs."""
        raise AssertionError("each way of grouping has its own")

    @property
    def is_wanted(self) -> bool:
        """Whether somebody would get a new group."""
        return self.outer.is_there

    @property
    def is_left(self) -> bool:
        """Whether everybody has left before the end."""
        return self.stopped and not self._ended

    def open(self, hub: Hub, group: object) -> None:
        """Emit `group`, whose events are those of `hub`."""
        self.groups[hub] = None
        if self._waiting or not self.outer.has_credit():
            hub.wait()
            self._waiting.append((hub, group))
        else:
            self.outer.emit(group)

    def close(self, hub: Hub) -> None:
        """End a group, if it has not ended."""
        if hub in self.groups:
            del self.groups[hub]
            hub.end()

    def end(self, error: Exception | None = None) -> None:
        """End the groups, and then the outer stream."""
        if self.stopped:
            return
        self.stopped = self._ended = True
        self._error = error
        self.sources.dispose()
        hubs, self.groups = self.groups, {}
        for hub in hubs:
            hub.end(error)
        self.go_on()

    def go_on(self) -> None:
        """Emit the groups that wait, as far as there is credit; the end comes behind them."""
        while self._waiting and self.outer.has_credit():
            hub, group = self._waiting.popleft()
            self._behind.add(hub)
            self.outer.emit(group)
            hub.catch_up()
        if self._ended and not self._waiting and not self._behind:
            self.outer.finish(self._error)
        self._update()

    def caught_up(self, hub: Hub) -> None:
        self._behind.discard(hub)
        if self._ended:
            self.go_on()

    # --- members ----------------------------------------------------------------------------

    def enter(self) -> None:
        self._count += 1
        self._update()

    def leave(self, member: Member) -> None:
        if member is not self.outer:
            self._count -= 1
        if self.stopped:
            return
        if self._count or self.outer.is_there:
            self._update()
            return
        self.stopped = True
        self.sources.dispose()
        if member.consumer is not None:
            # Who leaves last waits for the source's cleanup, if it waits for anything.
            member.consumer.tasks |= self.pace.tasks

    def credit_changed(self, member: Member, has_credit: bool) -> None:
        if member is not self.outer:
            self._without_credit += -1 if has_credit else 1
        elif has_credit:
            self.go_on()
        self._update()

    def _update(self) -> None:
        held = self._is_held()
        if held and self.pace.open:
            self.pace.put()
        elif not held and not self.pace.open:
            self.pace.took()

    def _is_held(self) -> bool:
        if self._without_credit:
            return True
        return not self._count and not self.outer.has_credit()

    def _on_next(self, value: _T) -> None:
        if not self.stopped:
            self.read(value)


class Hub:
    """Hands the events of a group to all who are subscribed to it."""

    def __init__(self, grouping: Grouping[Any]) -> None:
        self._grouping = grouping
        self._members: tuple[Member, ...] = ()
        self._waiting: deque[Any] | None = None  # None where events go at once
        self._busy = False
        self._ended = False
        self._error: Exception | None = None

    def subscribe(
        self, observer: abc.ObserverBase[Any], scheduler: abc.SchedulerBase | None = None
    ) -> abc.DisposableBase:
        if self._waiting is None and self._ended:
            if self._error is None:
                observer.on_completed()
            else:
                observer.on_error(self._error)
        elif self._grouping.is_left:
            observer.on_error(
                UserError(
                    "a group, or a window, was subscribed to after its source had been left: "
                    "subscribe to them when they come, as ops.flat_map does"
                )
            )
        else:
            member = Member(self._grouping, observer, self)
            self._members = (*self._members, member)
            self._grouping.enter()
            member.has_credit()  # if not, even its first event would be too much
            return member
        return Disposable()

    def emit(self, value: Any) -> None:
        if self._waiting is not None:
            self._waiting.append(value)
            return
        for member in self._members:
            member.emit(value)

    def end(self, error: Exception | None = None) -> None:
        self._ended, self._error = True, error
        if self._waiting is None:
            self._finish()

    def wait(self) -> None:
        """Keep the events until `catch_up`: the group is not emitted yet."""
        self._waiting = deque()

    def catch_up(self) -> None:
        """Emit what waits to those who are subscribed by now, as far as they have credit."""
        if self._waiting is None or self._busy:
            return
        self._busy = True
        try:
            while self._waiting:
                if not all(member.has_credit() for member in self._members):
                    return
                value = self._waiting.popleft()
                for member in self._members:
                    member.emit(value)
        finally:
            self._busy = False
        self._waiting = None
        if self._ended:
            self._finish()
        self._grouping.caught_up(self)

    @property
    def is_blank(self) -> bool:
        """Whether it is not emitted yet, and has no events."""
        return self._waiting is not None and not self._waiting and not self._busy

    def remove(self, member: Member) -> None:
        self._members = tuple(each for each in self._members if each is not member)

    def _finish(self) -> None:
        members, self._members = self._members, ()
        for member in members:
            member.finish(self._error)


class Member(abc.DisposableBase):
    """One who is subscribed to a group, or to the stream of groups."""

    __slots__ = ("_grouping", "_hub", "_lacks_credit", "_observer", "consumer")

    def __init__(
        self, grouping: Grouping[Any], observer: abc.ObserverBase[Any], hub: Hub | None = None
    ) -> None:
        self.consumer: Demand | None = demand_in_force()
        self._grouping = grouping
        self._observer: abc.ObserverBase[Any] | None = observer
        self._hub = hub
        self._lacks_credit = False

    @property
    def is_there(self) -> bool:
        return self._observer is not None

    def has_credit(self) -> bool:
        """Whether it may be sent something; if not, the grouping is told when it may."""
        consumer = self.consumer
        if consumer is None or consumer.open or self._observer is None:
            return True
        if not self._lacks_credit:
            self._lacks_credit = True
            consumer.when_open(self._opened)
            self._grouping.credit_changed(self, False)
        return False

    def emit(self, value: Any) -> None:
        if self._observer is None:
            return
        consumer = self.consumer
        # What is emitted may make operators subscribe: they must find the consumer, not our pace.
        with demand(consumer):
            self._observer.on_next(value)
        if consumer is not None and not consumer.open:
            self.has_credit()

    def finish(self, error: Exception | None) -> None:
        observer, self._observer = self._observer, None
        if observer is None:
            return
        with demand(self.consumer):
            if error is None:
                observer.on_completed()
            else:
                observer.on_error(error)
        self._gone()  # only now: it may have gone on to another group

    def dispose(self) -> None:
        if self._observer is None:
            return
        self._observer = None
        if self._hub is not None:
            self._hub.remove(self)
        self._gone()

    def _gone(self) -> None:
        self._opened()
        self._grouping.leave(self)

    def _opened(self) -> None:
        if self._lacks_credit:
            self._lacks_credit = False
            self._grouping.credit_changed(self, True)
            if self._hub is not None:
                self._hub.catch_up()
