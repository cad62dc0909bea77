"""Calls the hooks of a run and those of its agent, both at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from openai.types.responses import ResponseInputItemParam

from rxagents.agent import Agent
from rxagents.context import RunContextWrapper
from rxagents.items import ModelResponse
from rxagents.tools import Tool

from .record import RunRecord
from .together import together


class Hooks:
    """Awaits the hooks of each step. What one raises ends the run, with a note of its name."""

    def __init__(self, record: RunRecord) -> None:
        self._record = record
        self._run = record.options.hooks

    async def agent_start(self, agent: Agent[Any]) -> None:
        context, run, own = self._context, self._run, agent.hooks
        await _both(
            "on_agent_start",
            partial(run.on_agent_start, context, agent) if run else None,
            partial(own.on_start, context, agent) if own else None,
        )

    async def agent_end(self, agent: Agent[Any], output: object) -> None:
        context, run, own = self._context, self._run, agent.hooks
        await _both(
            "on_agent_end",
            partial(run.on_agent_end, context, agent, output) if run else None,
            partial(own.on_end, context, agent, output) if own else None,
        )

    async def handoff(self, source: Agent[Any], target: Agent[Any]) -> None:
        context, run, own = self._context, self._run, target.hooks
        await _both(
            "on_handoff",
            partial(run.on_handoff, context=context, from_agent=source, to_agent=target)
            if run
            else None,
            partial(own.on_handoff, context, agent=target, source=source) if own else None,
        )

    async def llm_start(
        self, agent: Agent[Any], prompt: str | None, items: list[ResponseInputItemParam]
    ) -> None:
        context, run, own = self._context, self._run, agent.hooks
        await _both(
            "on_llm_start",
            partial(run.on_llm_start, context, agent, prompt, items) if run else None,
            partial(own.on_llm_start, context, agent, prompt, items) if own else None,
        )

    async def llm_end(self, agent: Agent[Any], response: ModelResponse) -> None:
        context, run, own = self._context, self._run, agent.hooks
        await _both(
            "on_llm_end",
            partial(run.on_llm_end, context, agent, response) if run else None,
            partial(own.on_llm_end, context, agent, response) if own else None,
        )

    async def tool_start(
        self, context: RunContextWrapper[Any], agent: Agent[Any], tool: Tool
    ) -> None:
        run, own = self._run, agent.hooks
        await _both(
            "on_tool_start",
            partial(run.on_tool_start, context, agent, tool) if run else None,
            partial(own.on_tool_start, context, agent, tool) if own else None,
        )

    async def tool_end(
        self, context: RunContextWrapper[Any], agent: Agent[Any], tool: Tool, result: object
    ) -> None:
        run, own = self._run, agent.hooks
        await _both(
            "on_tool_end",
            partial(run.on_tool_end, context, agent, tool, result) if run else None,
            partial(own.on_tool_end, context, agent, tool, result) if own else None,
        )

    @property
    def _context(self) -> RunContextWrapper[Any]:
        return self._record.context_wrapper


async def _both(
    name: str, of_run: Callable[[], object] | None, of_agent: Callable[[], object] | None
) -> None:
    hooks = [hook for hook in (of_run, of_agent) if hook is not None]
    try:
        if len(hooks) == 1:
            await _call(hooks[0])
        elif hooks:
            await together(map(_call, hooks))
    except Exception as error:
        error.add_note(f"raised by the hook {name}, which ended the run")
        raise


async def _call(hook: Callable[[], object]) -> None:
    told = hook()
    if inspect.isawaitable(told):  # a plain function will do, too
        await told
