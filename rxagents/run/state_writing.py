"""Run states as JSON."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from rxagents.events import as_json, item_to_dict
from rxagents.exceptions import UserError
from rxagents.items import ModelResponse, RunItem

from .pending import PendingTurn
from .state import RunState
from .state_form import KEY, VERSION

_logger = logging.getLogger(__name__)


def write(
    state: RunState[Any, Any],
    context_serializer: Callable[[Any], Mapping[str, Any]] | None,
    *,
    strict: bool,
) -> dict[str, Any]:
    """The state in JSON types; see `RunState.to_json`."""
    return {**_run(state), **_context(state, context_serializer, strict=strict)}


def _run(state: RunState[Any, Any]) -> dict[str, Any]:
    """Everything but the context, which runs inside this one share with it."""
    record = state.record
    wrapper, conversation = record.context_wrapper, record.conversation
    base = conversation.base
    return {
        KEY: VERSION,
        "run_id": record.run_id,
        "started_at": record.started_at,
        "ended_at": record.ended_at,
        "seq": record.seq,
        "current_turn": record.current_turn,
        "attempt": record.attempt,
        "is_admitted": record.is_admitted,
        "max_turns": record.options.max_turns,
        "current_agent": record.current_agent.name,
        "input": as_json(record.input),
        "conversation": {
            "everything": as_json(conversation.everything),
            "given": conversation.given,
            "told": as_json(conversation.told),
            "unsent": as_json(conversation.unsent),
            "base": base if isinstance(base, str) else as_json(base),
            "items": _items(conversation.items),
        },
        "new_items": _items(record.new_items),
        "raw_responses": [_response(each) for each in record.raw_responses],
        "usage": as_json(dataclasses.asdict(wrapper.usage)),
        "tool_input": as_json(wrapper.tool_input),
        "approvals": wrapper.approvals.to_json(),
        "used_tools": record.used_tools,
        "unsaved": as_json(record.unsaved),
        "previous_response_id": record.previous_response_id,
        "conversation_id": record.options.conversation_id,
        "auto_previous_response_id": record.options.auto_previous_response_id,
        "pending": None if record.pending is None else _pending(record.pending),
        "interruptions": _items(record.interruptions),
        "pending_input": as_json(state.pending_input),
    }


def _items(items: Iterable[RunItem]) -> list[dict[str, Any]]:
    return [item_to_dict(item) for item in items]


def _response(response: ModelResponse) -> dict[str, Any]:
    return {
        "output": as_json(response.output),
        "usage": as_json(dataclasses.asdict(response.usage)),
        "response_id": response.response_id,
    }


def _pending(pending: PendingTurn) -> dict[str, Any]:
    assert pending.turn.response is not None
    calls = pending.turn.calls
    return {
        "agent": pending.turn.agent.name,
        "response": _response(pending.turn.response),
        "answers": [
            {
                "call": calls.index(call),
                "item": item_to_dict(answer.item),
                "of_a_tool": answer.result is not None,
            }
            for call, answer in pending.answers.items()
        ],
        "nested": [
            {"call": calls.index(call), "state": _run(state)}
            for call, state in pending.nested.items()
        ],
    }


def _context(
    state: RunState[Any, Any],
    serializer: Callable[[Any], Mapping[str, Any]] | None,
    *,
    strict: bool,
) -> dict[str, Any]:
    context = state.record.context_wrapper.context
    try:
        return {"context": _plain(context, serializer), "context_left_out": False}
    except (TypeError, ValueError) as error:
        message = (
            f"the run's context, a {type(context).__name__}, cannot be written as JSON ({error}): "
            "give a context_serializer, or pass the context again as context_override when "
            "reading the state"
        )
        if strict:
            raise UserError(message) from error
        _logger.warning(message)
        return {"context": None, "context_left_out": True}


def _plain(context: Any, serializer: Callable[[Any], Mapping[str, Any]] | None) -> Any:
    """The context in JSON types; raises TypeError or ValueError if it has none."""
    if context is None:
        return None
    if serializer is not None:
        return to_jsonable_python(dict(serializer(context)))
    if isinstance(context, Mapping):
        return to_jsonable_python(dict(cast("Mapping[str, Any]", context)))
    if isinstance(context, BaseModel) or dataclasses.is_dataclass(context):
        return to_jsonable_python(context)
    raise TypeError("it is no mapping, dataclass or pydantic model")
