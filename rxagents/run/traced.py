"""A run as a trace, where anybody wants traces.

Spans are made of the events. What has no event of its own is told here, and costs a look at
`emit.spans` where nobody listens.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

from openai.types.responses import ResponseInputItemParam

from rxagents.agent import Agent
from rxagents.context import ToolContext
from rxagents.guardrail import InputGuardrailResult, OutputGuardrailResult
from rxagents.tools import Tool
from rxagents.tracing.run_signals import (
    GuardrailEnded,
    GuardrailStarted,
    HandoffStarted,
    ModelAsked,
    RunStart,
    ToolFailed,
    ToolStarted,
)
from rxagents.tracing.run_spans import trace_run

from .attempts import Attempts
from .emitter import Emitter
from .record import RunRecord
from .turn import Turn

_Result = TypeVar("_Result", InputGuardrailResult, OutputGuardrailResult)


@contextmanager
def traced(record: RunRecord, emit: Emitter) -> Generator[None]:
    """Make spans of what is emitted in this block, and end them with what it raises."""
    config = record.config
    spans = trace_run(
        RunStart(
            workflow_name=config.workflow_name,
            trace_id=config.trace_id,
            group_id=config.group_id,
            metadata=config.trace_metadata,
            tracing=config.tracing,
            disabled=config.tracing_disabled,
            include_sensitive_data=config.trace_include_sensitive_data,
            run_id=record.run_id,
        )
    )
    if spans is None:
        yield
        return
    emit.spans = spans
    failure: BaseException | None = None
    try:
        yield
    except BaseException as error:
        failure = error
        raise
    finally:
        spans.end(failure)


async def watched(emit: Emitter, name: str, check: Coroutine[Any, Any, _Result]) -> _Result:
    """The result of a guardrail's check, which gets a span of its own."""
    spans = emit.spans
    if spans is None:
        return await check
    key = object()
    spans.see(GuardrailStarted(key=key, name=name))
    ended = GuardrailEnded(key=key)
    try:
        result = await check
        ended.triggered = result.output.tripwire_triggered
        return result
    except BaseException as error:
        ended.error = error
        raise
    finally:
        spans.see(ended)


def tell_asked(
    emit: Emitter,
    record: RunRecord,
    attempts: Attempts,
    given: list[ResponseInputItemParam],
    turn: Turn,
) -> None:
    """A model is called."""
    if emit.spans is None:
        return
    model: object = attempts.model  # one that was written for the Agents SDK has less
    emit.spans.see(
        ModelAsked(
            agent_name=turn.agent.name,
            turn=record.current_turn,
            model=getattr(model, "model", None),
            input=given,
            settings=attempts.settings,
            api=getattr(model, "api", "responses"),
            tools=[tool.name for tool in turn.tools if tool.name],
            handoffs=[each.agent_name for each in turn.handoffs],
        )
    )


def tell_started(emit: Emitter, context: ToolContext[Any], tool: Tool) -> None:
    """A tool is called; told in the call's own task, where its span is then the current one."""
    if emit.spans is not None:
        emit.spans.see(
            ToolStarted(
                call_id=context.tool_call_id,
                name=tool.name,
                arguments=context.tool_arguments,
                description=getattr(tool, "description", None),
            )
        )


def tell_failed(emit: Emitter, call_id: str, error: BaseException, *, fatal: bool) -> None:
    """A tool has raised; `fatal` if the run ends with it."""
    if emit.spans is not None:
        emit.spans.see(ToolFailed(call_id=call_id, error=error, fatal=fatal))


def tell_handoff(emit: Emitter, call_id: str, source: Agent[Any]) -> None:
    """A handoff begins: its callbacks run."""
    if emit.spans is not None:
        emit.spans.see(HandoffStarted(call_id=call_id, from_agent=source.name))
