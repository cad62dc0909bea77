"""Running the calls of a turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from openai.types.responses import ResponseInputItemParam

from rxagents.agent import Agent
from rxagents.context import RunContextWrapper, ToolContext
from rxagents.exceptions import AgentsException, ToolCallError
from rxagents.items import ItemHelpers, ToolCallOutputItem

from .turn import ToolCall


async def run_tool_calls(
    calls: Sequence[ToolCall],
    agent: Agent[Any],
    context: RunContextWrapper[Any],
    on_output: Callable[[ToolCallOutputItem], None],
) -> list[ResponseInputItemParam]:
    """Run all calls at once; tell each output as it comes, and return all in call order.

    The first tool that raises ends it: the others are cancelled (a synchronous function runs on
    in its thread, and its result is dropped), and its exception is raised.
    """

    async def run(each: ToolCall) -> ResponseInputItemParam:
        output = await _invoke(each, agent, context)
        raw = ItemHelpers.tool_call_output_item(each.call, output)
        on_output(ToolCallOutputItem(agent, raw, output=output))
        return raw

    tasks = [asyncio.create_task(run(each), name=f"tool {each.tool.name}") for each in calls]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        failed = next((task for task in tasks if task.done() and task.exception()), None)
        if failed is not None:
            await failed
        return [task.result() for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _invoke(each: ToolCall, agent: Agent[Any], context: RunContextWrapper[Any]) -> Any:
    tool, call = each.tool, each.call
    tool_context = ToolContext(
        context.context,
        context.usage,
        tool_name=tool.name,
        tool_call_id=call.call_id,
        tool_arguments=call.arguments,
        tool_call=call,
        agent=agent,
    )
    try:
        return await tool.on_invoke_tool(tool_context, call.arguments)
    except AgentsException:
        raise
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise _failure(tool.name, "was cancelled by its own code") from None
    except Exception as error:
        raise _failure(tool.name, f"raised {type(error).__name__}: {error}") from error


def _failure(name: str, what: str) -> ToolCallError:
    return ToolCallError(
        f"the tool {name!r} {what}; return a text from it instead, or build it with "
        "function_tool(failure_error_function=...), to let the model go on",
        tool_name=name,
    )
