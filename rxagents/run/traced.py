"""A run as a trace, where anybody wants traces."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

from rxagents.guardrail import InputGuardrailResult, OutputGuardrailResult
from rxagents.tracing.run_signals import GuardrailEnded, GuardrailStarted, RunStart
from rxagents.tracing.run_spans import trace_run

from .emitter import Emitter
from .record import RunRecord

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
