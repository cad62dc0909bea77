"""The input guardrails of a run, beside its first turn."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

from rxagents.exceptions import InputGuardrailTripwireTriggered
from rxagents.guardrail import InputGuardrail

from .emitter import Emitter
from .record import RunRecord
from .together import together
from .traced import watched


class InputGuards:
    """Runs the parallel guardrails; a trip interrupts the block, whatever it is waiting for.

    Like `asyncio.timeout`, it cancels the task it is in and turns the cancellation into its own
    error when the block is left.
    """

    def __init__(self, record: RunRecord, emit: Emitter) -> None:
        self._record = record
        self._emit = emit
        self._tasks: list[asyncio.Task[None]] = []
        self._owner: asyncio.Task[Any] | None = None
        self._error: BaseException | None = None
        self._inside = False
        self._cancelling = 0  # requests to cancel the owner that were there before ours
        self._interrupted = False

    async def __aenter__(self) -> InputGuards:
        self._owner = owner = asyncio.current_task()
        self._cancelling = 0 if owner is None else owner.cancelling()
        self._inside = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._inside = False
        for task in self._tasks:
            self._note(task)  # what those raise that are cancelled here is of no interest
            task.cancel()
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._interrupted and self._owner is not None:
            if self._owner.uncancel() > self._cancelling:  # somebody else wants it to end, too
                return
            if isinstance(error, asyncio.CancelledError):
                error = None
        if self._error is not None and error is None:
            raise self._error from None

    async def begin(self) -> None:
        """Ask those that hold the run up, then start the others.

        Raises InputGuardrailTripwireTriggered, or what a guardrail raises.
        """
        record = self._record
        guardrails = [
            *record.current_agent.input_guardrails,
            *(record.config.input_guardrails or []),
        ]
        await together(self._ask(each) for each in guardrails if not each.run_in_parallel)
        for guardrail in guardrails:
            if guardrail.run_in_parallel:
                task = asyncio.create_task(
                    self._ask(guardrail), name=f"guardrail {guardrail.get_name()}"
                )
                task.add_done_callback(self._done)
                self._tasks.append(task)

    async def verdict(self) -> None:
        """Wait until every guardrail has passed; a trip interrupts the wait."""
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if self._error is not None:
                await asyncio.sleep(0)  # here the cancellation arrives
            self._tasks = []
        self._record.is_admitted = True

    async def _ask(self, guardrail: InputGuardrail[Any]) -> None:
        record = self._record
        # Where a session has a history, the input is that and what is new.
        given = record.input if record.options.session is None else list(record.conversation.told)
        check = guardrail.run(record.current_agent, given, record.context_wrapper)
        result = await watched(self._emit, guardrail.get_name(), check)
        record.guardrails.input.append(result)
        if result.output.tripwire_triggered:
            raise InputGuardrailTripwireTriggered(result)

    def _note(self, task: asyncio.Task[None]) -> None:
        if self._error is None and task.done() and not task.cancelled():
            self._error = task.exception()

    def _done(self, task: asyncio.Task[None]) -> None:
        if not self._inside or self._error is not None:
            return
        self._note(task)
        if self._error is not None and self._owner is not None:
            self._interrupted = True
            self._owner.cancel()
