"""The run: its events to a view, and its statistics."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress

from rxagents import Runner

from .arguments import Options
from .choice import choose_agent, first_model, run_config
from .statistics import statistics
from .views import choose_view
from .weights import fetch_if_needed


async def run(options: Options) -> None:
    """Run the agent of `options` on the prompt, and show all that happens.

    Raises what the run fails with, once all that was received has been shown. When its task is
    cancelled, as by Ctrl-C or SIGTERM, it stops the run and closes its connections.
    """
    _cancel_on_sigterm()
    agent = choose_agent(options)
    await fetch_if_needed(first_model(options, agent))
    with choose_view(json=options.json) as view:
        async with Runner.run_streamed(
            agent, options.prompt, max_turns=options.max_turns, run_config=run_config(options)
        ) as run:
            async for event in run.stream_events():
                view.show(event)
            # A run can be read as often as one likes: this subscription sees it from its start.
            view.finish(await run.pipe(statistics()))


def _cancel_on_sigterm() -> None:
    """Let SIGTERM end the run as Ctrl-C does, where the system and the thread allow it."""
    task = asyncio.current_task()
    assert task is not None
    with suppress(NotImplementedError, RuntimeError, ValueError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
