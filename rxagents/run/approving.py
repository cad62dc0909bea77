"""Waits until the calls of a turn are approved or rejected, or nobody is left who could say."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from rxagents.approvals import Decision
from rxagents.items import ToolApprovalItem

from .emitter import Emitter
from .nesting import path_to
from .record import RunRecord

if TYPE_CHECKING:
    from .state import RunState


class Approving:
    """Asks for approvals with events, and takes the answers from the run's Approvals."""

    def __init__(self, record: RunRecord, emit: Emitter) -> None:
        self._record = record
        self._emit = emit
        self._open: dict[ToolApprovalItem, asyncio.Future[Decision | None]] = {}
        self._parked: set[asyncio.Task[Any] | None] = set()
        self._changed = asyncio.Event()
        self.undecided: list[ToolApprovalItem] = []
        """The calls about which nobody has decided."""

    async def decide(
        self, items: Sequence[ToolApprovalItem], inside: RunState[Any] | None = None
    ) -> list[Decision | None]:
        """The decisions about calls; None for those that have none when the turn has to stop.

        `inside` is the state of the run inside a call that has stopped for them.
        """
        paths = [() if inside is None else path_to(item, inside) for item in items]
        answers = [self._ask(item, path) for item, path in zip(items, paths, strict=True)]
        task = asyncio.current_task()
        self._parked.add(task)
        self._changed.set()
        try:
            found = [await answer for answer in answers]
        finally:
            self._parked.discard(task)
            for item in items:
                self._open.pop(item, None)
        self.undecided += [item for item, each in zip(items, found, strict=True) if each is None]
        return found

    async def close_when_idle(self, tasks: Collection[asyncio.Task[None]]) -> None:
        """Let those stop who wait for a decision, once nothing else is going on.

        That is when every task waits for a decision or is done, and everyone who reads the run has
        come back for more. With `RunConfig(approvals="wait")` it is never.
        """
        if self._record.config.approvals == "wait":
            return
        for task in tasks:
            task.add_done_callback(lambda _: self._changed.set())
        while True:
            await self._changed.wait()
            self._changed.clear()
            if not self._all_parked(tasks):
                continue
            await self._emit.sink.settled()
            if self._all_parked(tasks):
                for answer in self._open.values():
                    if not answer.done():
                        answer.set_result(None)

    def _all_parked(self, tasks: Collection[asyncio.Task[None]]) -> bool:
        unfinished = [task for task in tasks if not task.done()]
        decided = any(answer.done() for answer in self._open.values())
        return bool(unfinished) and not decided and self._parked.issuperset(unfinished)

    def _ask(
        self, item: ToolApprovalItem, path: tuple[str, ...]
    ) -> asyncio.Future[Decision | None]:
        approvals, name, call_id = (
            self._record.context_wrapper.approvals,
            item.name or "",
            item.call_id or "",
        )
        answer: asyncio.Future[Decision | None] = asyncio.get_running_loop().create_future()
        self._open[item] = answer

        def look() -> None:
            if answer.done():
                return
            if (decision := approvals.about(name, call_id)) is None:
                approvals.when_decided(look)
            else:
                answer.set_result(decision)

        look()
        if not answer.done():
            self._emit.approval(item, path)
        return answer
