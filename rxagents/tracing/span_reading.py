"""What spans tell of responses, agents and errors."""

from __future__ import annotations

import asyncio
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from rxagents.agent import Agent
from rxagents.events import as_json

from .spans import SpanError

if TYPE_CHECKING:
    from openai.types.responses import Response

    from rxagents.model_settings import ModelSettings
    from rxagents.usage import Usage

REDACTED: Final = "Error details are redacted."

_SECRET = frozenset({"extra_headers", "extra_query", "extra_body", "extra_args"})


def agent_facts(agent: Agent[Any]) -> dict[str, Any]:
    """The names of what an agent has; what it is offered in a turn may be less."""
    output_type = getattr(agent, "output_type", None)
    return {
        "handoffs": [
            each.name if isinstance(each, Agent) else each.agent_name for each in agent.handoffs
        ],
        "tools": [tool.name for tool in agent.tools],
        "output_type": "str" if output_type is None else _name(output_type),
    }


def settings_facts(settings: ModelSettings | None) -> dict[str, Any] | None:
    """The settings that are set, without what goes into headers and bodies: it may be secret."""
    if settings is None:
        return None
    names = [field.name for field in fields(settings) if field.name not in _SECRET]
    return {
        name: as_json(value) for name in names if (value := getattr(settings, name)) is not None
    }


def call_usage(usage: Usage) -> dict[str, Any]:
    """The tokens of one model call, with their details."""
    return {
        "requests": usage.requests,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        "input_tokens_details": as_json(usage.input_tokens_details),
        "output_tokens_details": as_json(usage.output_tokens_details),
    }


def turn_usage(usage: Usage) -> dict[str, Any]:
    """The tokens of a turn."""
    details = usage.input_tokens_details
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_input_tokens": getattr(details, "cached_tokens", None) or 0,
        "cache_write_input_tokens": getattr(details, "cache_write_tokens", None) or 0,
    }


def run_usage(usage: Usage) -> dict[str, Any]:
    """The tokens and requests of a run."""
    return {
        **turn_usage(usage),
        "requests": usage.requests,
        "total_tokens": usage.total_tokens,
    }


def finish_reason(kind: str, response: Response | None) -> str:
    """Why a model stopped, in OpenTelemetry's words."""
    if kind == "response.completed":
        output = response.output if response is not None else []
        called = any(item.type == "function_call" for item in output)
        return "tool_call" if called else "stop"
    reason = getattr(getattr(response, "incomplete_details", None), "reason", None)
    if kind == "response.incomplete":
        return "length" if reason in {None, "max_output_tokens"} else str(reason)
    return "error"


def failure_of_response(data: Any, sensitive: bool) -> SpanError:
    """What `response.failed`, `response.incomplete` and `error` events tell."""
    response = getattr(data, "response", None)
    said = getattr(response, "error", None) if response is not None else data
    details = getattr(response, "incomplete_details", None)
    message = getattr(said, "message", None) or getattr(details, "reason", None)
    return {
        "message": "Error getting response",
        "data": {
            "error": (message or "it gives no reason") if sensitive else REDACTED,
            "type": getattr(said, "code", None) or data.type,
        },
    }


def span_error(error: BaseException, message: str, sensitive: bool, **data: Any) -> SpanError:
    """The error of a span that an exception has ended; `message` says what was done.

    The data has the exception's class as `type`, and its text as `error`, if it may be told.
    """
    name = type(error).__name__
    if isinstance(error, asyncio.CancelledError):
        message = "Run cancelled"
    elif name == "MaxTurnsExceeded":
        message = "Max turns exceeded"
    elif name.endswith("GuardrailTripwireTriggered"):
        message = "Guardrail tripwire triggered"
    return {
        "message": message,
        "data": {**data, "error": _text(error) if sensitive else REDACTED, "type": _name(error)},
    }


def _text(error: BaseException) -> str:
    try:
        return str(error) or type(error).__name__
    except Exception:
        return type(error).__name__


def _name(thing: object) -> str:
    """The name of a class, or of an object's class; with its module, unless that is builtins."""
    if not isinstance(thing, type):
        if (name := getattr(thing, "__name__", None)) is not None:
            return str(name)
        kind = type(thing)
        own = kind.__module__ == "builtins"
        return kind.__qualname__ if own else f"{kind.__module__}.{kind.__qualname__}"
    return thing.__name__
