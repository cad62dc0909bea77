"""Runner: the ways to start a run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from openai.types.responses import ResponseInputItemParam
from reactivex import Observable, abc
from reactivex.disposable import Disposable

from rxagents.agent import Agent
from rxagents.context import TContext
from rxagents.events import StreamEvent
from rxagents.exceptions import UserError
from rxagents.lifecycle import RunHooks
from rxagents.run_error_handlers import RunErrorHandlers
from rxagents.stream.demand import Demand, demand_in_force
from rxagents.stream.replay_log import ReplayLog
from rxagents.stream.stream import SourceStream, Stream
from rxagents.stream.tasks import running_loop, spawn

from .config import DEFAULT_MAX_TURNS, RunConfig
from .emitter import Nowhere
from .inbox import Inbox
from .loop import RunLoop
from .record import RunRecord
from .result import RunResult, RunResultStreaming
from .start import Input, begin
from .state import RunState

if TYPE_CHECKING:
    from rxagents.memory import Session


class Runner:
    """Starts runs. All four ways drive the same loop.

    run_streamed   hot: it starts now, and any number may watch
    observe        cold: each subscription is a run of its own
    run            awaited, for the result alone
    run_sync       the same where no event loop is running

    All take the same arguments:

    starting_agent   the first agent, whose input guardrails are asked
    input            a text, a list of Responses items, or a RunState to go on from
    context          handed to tools, hooks and instructions, never to the model
    max_turns        model calls after which the run fails with MaxTurnsExceeded; None: no limit
    hooks            RunHooks, awaited at the steps of the run
    run_config       a RunConfig, or a dictionary of its fields
    session          where the conversation is remembered: read at the start, and added to after
                     every whole turn, so that a run that fails or is cancelled leaves no half
    conversation_id, previous_response_id, auto_previous_response_id
                     let the provider keep the conversation: it is only told what is new
    error_handlers   give a final output where the run would fail, by what goes wrong
    """

    @classmethod
    def run_streamed(
        cls,
        starting_agent: Agent[TContext],
        input: Input | RunState[TContext, Agent[TContext]],
        context: TContext | None = None,
        max_turns: int | None = DEFAULT_MAX_TURNS,
        hooks: RunHooks[TContext] | None = None,
        run_config: RunConfig | dict[str, Any] | None = None,
        previous_response_id: str | None = None,
        auto_previous_response_id: bool = False,
        conversation_id: str | None = None,
        session: Session | None = None,
        *,
        error_handlers: RunErrorHandlers[TContext] | None = None,
        replay: int | None = None,
        inbox: Observable[str | list[ResponseInputItemParam]] | None = None,
    ) -> RunResultStreaming:
        """Start a run now and return it at once: the Stream of its events and its result.

        `replay` is the number of events kept for those who subscribe later, all by default; with
        a number, the run waits for a subscriber that lags by more. What `inbox` emits is told to
        the run while it goes on, as by `run.send`.

        Raises NoRunningLoopError where no event loop runs, and UserError for unusable arguments.
        Whatever goes wrong later comes through the stream, after everything received before it.
        """
        running_loop("Runner.run_streamed")
        record = begin(
            starting_agent,
            input,
            context,
            max_turns,
            hooks,
            run_config,
            previous_response_id,
            auto_previous_response_id,
            conversation_id,
            session,
            error_handlers,
        )
        log = ReplayLog[StreamEvent](replay)
        letters = Inbox(record, inbox)
        return RunResultStreaming(record, log, RunLoop(record, log).run(), letters)

    @classmethod
    def observe(
        cls,
        starting_agent: Agent[TContext],
        input: Input | RunState[TContext, Agent[TContext]],
        context: TContext | None = None,
        max_turns: int | None = DEFAULT_MAX_TURNS,
        hooks: RunHooks[TContext] | None = None,
        run_config: RunConfig | dict[str, Any] | None = None,
        previous_response_id: str | None = None,
        auto_previous_response_id: bool = False,
        conversation_id: str | None = None,
        session: Session | None = None,
        *,
        error_handlers: RunErrorHandlers[TContext] | None = None,
        inbox: Observable[str | list[ResponseInputItemParam]] | None = None,
    ) -> Stream[StreamEvent]:
        """A Stream in which every subscription starts a run of its own. Lossless.

        Unsubscribing cancels that run and closes its connection, so that with
        `ops.switch_map(lambda prompt: Runner.observe(agent, prompt))` a new prompt stops the run
        before it. A consumer that is slow holds back the reading of the model's answer. `retry`
        and `repeat` run again.
        """

        def subscribe(
            observer: abc.ObserverBase[StreamEvent], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            record = begin(
                starting_agent,
                input,
                context,
                max_turns,
                hooks,
                run_config,
                previous_response_id,
                auto_previous_response_id,
                conversation_id,
                session,
                error_handlers,
            )
            run = _ColdRun(observer, demand_in_force())
            letters = Inbox(record, inbox)
            run.task = spawn(run.drive(record), wanted_by="Runner.observe")
            run.task.add_done_callback(lambda _: letters.close())
            return Disposable(run.stop)

        return SourceStream(subscribe)

    @classmethod
    async def run(
        cls,
        starting_agent: Agent[TContext],
        input: Input | RunState[TContext, Agent[TContext]],
        *,
        context: TContext | None = None,
        max_turns: int | None = DEFAULT_MAX_TURNS,
        hooks: RunHooks[TContext] | None = None,
        run_config: RunConfig | dict[str, Any] | None = None,
        error_handlers: RunErrorHandlers[TContext] | None = None,
        previous_response_id: str | None = None,
        auto_previous_response_id: bool = False,
        conversation_id: str | None = None,
        session: Session | None = None,
    ) -> RunResult:
        """Run to the end and return the result."""
        record = begin(
            starting_agent,
            input,
            context,
            max_turns,
            hooks,
            run_config,
            previous_response_id,
            auto_previous_response_id,
            conversation_id,
            session,
            error_handlers,
        )
        await RunLoop(record, Nowhere()).run()
        return RunResult(record)

    @classmethod
    def run_sync(
        cls,
        starting_agent: Agent[TContext],
        input: Input | RunState[TContext, Agent[TContext]],
        *,
        context: TContext | None = None,
        max_turns: int | None = DEFAULT_MAX_TURNS,
        hooks: RunHooks[TContext] | None = None,
        run_config: RunConfig | dict[str, Any] | None = None,
        error_handlers: RunErrorHandlers[TContext] | None = None,
        previous_response_id: str | None = None,
        auto_previous_response_id: bool = False,
        conversation_id: str | None = None,
        session: Session | None = None,
    ) -> RunResult:
        """`run` on an event loop of its own; raises UserError where one is running already."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(
                cls.run(
                    starting_agent,
                    input,
                    context=context,
                    max_turns=max_turns,
                    hooks=hooks,
                    run_config=run_config,
                    error_handlers=error_handlers,
                    previous_response_id=previous_response_id,
                    auto_previous_response_id=auto_previous_response_id,
                    conversation_id=conversation_id,
                    session=session,
                )
            )
        raise UserError(
            "Runner.run_sync() cannot wait inside a running event loop: use "
            "`await Runner.run(...)` here"
        )


class _ColdRun:
    """One subscription of `observe`: the sink of its run, and what cancels it."""

    def __init__(self, observer: abc.ObserverBase[StreamEvent], credit: Demand | None) -> None:
        self._credit = credit
        self._observer = observer
        # What a callback sets in the context is not set for the run.
        run_in_context: Any = copy_context().run
        self.append: Callable[[StreamEvent], None] = partial(run_in_context, observer.on_next)
        self.task: asyncio.Task[None] | None = None
        self._stopped = False

    @property
    def has_room(self) -> bool:
        return self._credit is None or self._credit.open

    async def ready(self) -> None:
        if self._credit is not None:
            await self._credit.ready()

    async def settled(self) -> None:
        if self._credit is not None:
            await self._credit.idle()

    async def drive(self, record: RunRecord) -> None:
        if not self.has_room:
            await self.ready()
        try:
            await RunLoop(record, self).run()
        except asyncio.CancelledError as error:
            if not self._stopped:
                self._observer.on_error(cast("Any", error))
            raise
        except Exception as error:
            self._observer.on_error(error)
        else:
            self._observer.on_completed()

    def stop(self) -> None:
        self._stopped = True
        if self.task is not None:
            self.task.cancel()
