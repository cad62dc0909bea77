"""Runner: the ways to start a run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import Any, cast

from openai.types.responses import ResponseInputItemParam
from reactivex import abc
from reactivex.disposable import Disposable

from rxagents.agent import Agent
from rxagents.context import RunContextWrapper, TContext
from rxagents.events import StreamEvent
from rxagents.exceptions import UserError
from rxagents.stream.demand import Demand, demand_in_force
from rxagents.stream.replay_log import ReplayLog
from rxagents.stream.stream import SourceStream, Stream
from rxagents.stream.tasks import running_loop, spawn

from .config import DEFAULT_MAX_TURNS, RunConfig
from .emitter import Nowhere
from .loop import RunLoop
from .record import RunRecord
from .result import RunResult, RunResultStreaming

Input = str | list[ResponseInputItemParam]


class Runner:
    """Starts runs. All four ways drive the same loop.

    run_streamed   hot: it starts now, and any number may watch
    observe        cold: each subscription is a run of its own
    run            awaited, for the result alone
    run_sync       the same where no event loop is running
    """

    @classmethod
    def run_streamed(
        cls,
        starting_agent: Agent[TContext],
        input: Input,
        context: TContext | None = None,
        max_turns: int | None = DEFAULT_MAX_TURNS,
        *,
        run_config: RunConfig | None = None,
        replay: int | None = None,
    ) -> RunResultStreaming:
        """Start a run now and return it at once: the Stream of its events and its result.

        `context` is handed to tools, hooks and instructions, never to the model. `max_turns` is
        the number of model calls after which the run fails with MaxTurnsExceeded; None is no
        limit. `replay` is the number of events kept for those who subscribe later, all by
        default; with a number, the run waits for a subscriber that lags by more.

        Raises NoRunningLoopError where no event loop runs. Whatever goes wrong later comes
        through the stream, after everything that was received before it.
        """
        running_loop("Runner.run_streamed")
        record = _record(starting_agent, input, context, max_turns, run_config)
        log = ReplayLog[StreamEvent](replay)
        return RunResultStreaming(record, log, RunLoop(record, log).run())

    @classmethod
    def observe(
        cls,
        starting_agent: Agent[TContext],
        input: Input,
        context: TContext | None = None,
        max_turns: int | None = DEFAULT_MAX_TURNS,
        *,
        run_config: RunConfig | None = None,
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
            record = _record(starting_agent, input, context, max_turns, run_config)
            run = _ColdRun(observer, demand_in_force())
            run.task = spawn(run.drive(record), wanted_by="Runner.observe")
            return Disposable(run.stop)

        return SourceStream(subscribe)

    @classmethod
    async def run(
        cls,
        starting_agent: Agent[TContext],
        input: Input,
        *,
        context: TContext | None = None,
        max_turns: int | None = DEFAULT_MAX_TURNS,
        run_config: RunConfig | None = None,
    ) -> RunResult:
        """Run to the end and return the result; arguments as for `run_streamed`."""
        record = _record(starting_agent, input, context, max_turns, run_config)
        await RunLoop(record, Nowhere()).run()
        return RunResult(record)

    @classmethod
    def run_sync(
        cls,
        starting_agent: Agent[TContext],
        input: Input,
        *,
        context: TContext | None = None,
        max_turns: int | None = DEFAULT_MAX_TURNS,
        run_config: RunConfig | None = None,
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
                    run_config=run_config,
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


def _record(
    agent: Agent[Any],
    input: Input,
    context: object,
    max_turns: int | None,
    config: RunConfig | None,
) -> RunRecord:
    if not isinstance(agent, Agent):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UserError(f"the first argument must be an Agent, not {type(agent).__name__}")
    if max_turns is not None and max_turns < 1:
        raise UserError(f"max_turns must be 1 or more, or None for no limit, not {max_turns}")
    return RunRecord(input, agent, RunContextWrapper(context), config or RunConfig(), max_turns)
