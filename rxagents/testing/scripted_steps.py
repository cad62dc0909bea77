"""The steps of a scripted model: what it does when it is called once."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

from openai.types.responses import ResponseInputItemParam, ResponsePromptParam
from typing_extensions import TypedDict

from rxagents.exceptions import RxAgentsError
from rxagents.items import ModelResponse
from rxagents.retry import ModelRetryAdvice
from rxagents.usage import Usage

from .scripted_items import Element, Played

if TYPE_CHECKING:
    from rxagents.handoffs import Handoff
    from rxagents.model_settings import ModelSettings
    from rxagents.models.interface import ModelTracing, OutputSchema
    from rxagents.tools import Tool


class ModelScriptError(RxAgentsError):
    """The run and the script of its model do not fit each other."""


class InvalidModelStep(ModelScriptError):
    """A step cannot be played: `reason` is why.

    `input_index` is its place among those that were given together, from 0.
    """

    def __init__(self, message: str, *, reason: ModelStepReason, input_index: int) -> None:
        super().__init__(message)
        self.reason = reason
        self.input_index = input_index


class UnexpectedModelCall(ModelScriptError):
    """The model was called once more than its script has steps; `call_index` counts from 0."""

    def __init__(self, message: str, *, call: ModelCall, call_index: int) -> None:
        super().__init__(message)
        self.call = call
        self.call_index = call_index


class UnconsumedModelSteps(ModelScriptError):
    """The script has steps that were never asked for, `remaining_steps` of them."""

    def __init__(self, message: str, *, remaining_steps: int) -> None:
        super().__init__(message)
        self.remaining_steps = remaining_steps


@dataclass(frozen=True)
class ModelCall:
    """What the model was asked, once."""

    system_instructions: str | None
    input: str | list[ResponseInputItemParam]
    """A copy: what becomes of the input afterwards does not show."""

    model_settings: ModelSettings
    tools: Sequence[Tool]
    output_schema: OutputSchema | None
    handoffs: Sequence[Handoff[Any]]
    tracing: ModelTracing
    previous_response_id: str | None
    conversation_id: str | None
    prompt: ResponsePromptParam | None
    streamed: bool
    """Whether `stream_response` was called, and not `get_response`."""


ModelStepReason: TypeAlias = Literal[
    "invalid_input",
    "unsupported_field",
    "invalid_error",
    "invalid_responder",
    "invalid_stream_events",
    "conflicting_outcomes",
    "invalid_retry_advice",
]
"""Why a step cannot be played."""


@dataclass
class ModelStep:
    """What the model does when it is called once: it gives `output`, or one of three others."""

    output: Sequence[Element] = ()
    """Output items, whose events are written out; delays and exceptions may stand among them."""

    usage: Usage = field(default_factory=Usage)
    """What it costs; the model's `default_usage` if this is nothing."""

    response_id: str | None = "resp-789"
    request_id: str | None = None
    raw_usage: dict[str, Any] | None = None
    """Taken for the SDK's sake; what is told is `usage`."""

    error: Exception | None = None
    """Raised instead."""

    responder: ModelResponder | None = None
    """Given the call, returns the step to do instead; may be async."""

    stream_events: Sequence[Played] | ModelStreamFactory | None = None
    """Exactly these events instead, or those of what this returns, given the call."""

    retry_advice: ModelRetryAdvice | None = None
    """What `get_retry_advice` says of `error`."""

    @classmethod
    def raise_error(
        cls, error: Exception, *, retry_advice: ModelRetryAdvice | None = None
    ) -> ModelStep:
        """Raise `error`, and advise about it."""
        return cls(error=error, retry_advice=retry_advice)

    @classmethod
    def respond(cls, responder: ModelResponder) -> ModelStep:
        """Do what `responder` returns, given the call."""
        return cls(responder=responder)

    @classmethod
    def stream(
        cls,
        events: Sequence[Played] | ModelStreamFactory,
        *,
        output: Sequence[Element] = (),
        usage: Usage | None = None,
        response_id: str | None = "resp-789",
    ) -> ModelStep:
        """Stream exactly `events`, or those of what `events` returns, given the call."""
        return cls(
            output=output,
            usage=usage or Usage(),
            response_id=response_id,
            stream_events=events if callable(events) else tuple(events),
        )


class ModelStepSpec(TypedDict, total=False):
    """A ModelStep as a dictionary."""

    output: Sequence[Element]
    usage: Usage
    response_id: str | None
    request_id: str | None
    raw_usage: dict[str, Any] | None
    error: Exception | None
    responder: ModelResponder | None
    stream_events: Sequence[Played] | ModelStreamFactory | None
    retry_advice: ModelRetryAdvice | None


Turn: TypeAlias = Sequence[Element] | Exception | ModelStep | ModelStepSpec | ModelResponse
"""What the model does when it is called once."""

ModelResponder: TypeAlias = Callable[[ModelCall], Turn | Awaitable[Turn]]
ModelStreamFactory: TypeAlias = Callable[[ModelCall], AsyncIterator[Any]]

UNTOLD: Final = Usage()
"""The `usage` of a step that was given as a plain sequence; known by its identity."""

_FIELDS = frozenset(each.name for each in fields(ModelStep))


def as_step(turn: Turn, index: int) -> ModelStep:
    """`turn` as a ModelStep of its own; a plain sequence is its `output`, at the cost UNTOLD.

    Raises InvalidModelStep if it cannot be played.
    """
    if isinstance(turn, ModelStep):
        step = copy.copy(turn)
    elif isinstance(turn, ModelResponse):
        step = ModelStep(turn.output, turn.usage, turn.response_id)
    elif isinstance(turn, Exception):
        step = ModelStep(error=turn)
    elif isinstance(turn, Mapping):
        unknown = sorted(str(name) for name in turn if name not in _FIELDS)
        if unknown:
            known = ", ".join(sorted(_FIELDS))
            message = f"has no field {', '.join(map(repr, unknown))} (its fields: {known})"
            raise _invalid("unsupported_field", message, index)
        step = ModelStep(**cast("dict[str, Any]", turn))
    else:
        step = ModelStep(turn, UNTOLD)
    _check(step, index)
    return step


def _check(step: ModelStep, index: int) -> None:
    for name, kind in (("usage", Usage), ("response_id", str), ("request_id", str)):
        value = getattr(step, name)
        if not isinstance(value, kind) and (value is not None or name == "usage"):
            raise _invalid("invalid_input", f"has a {name} of {value!r}", index)
    if not _is_sequence(step.output):
        message = f"must have a sequence of items as output, not {type(step.output).__name__}"
        raise _invalid("invalid_input", message, index)
    if step.raw_usage is not None and not isinstance(cast("object", step.raw_usage), dict):
        raise _invalid("invalid_input", "must have a dict as raw_usage", index)
    if step.error is not None and not isinstance(cast("object", step.error), Exception):
        raise _invalid(
            "invalid_error", f"must have an Exception as error, not {step.error!r}", index
        )
    if step.responder is not None and not callable(step.responder):
        raise _invalid("invalid_responder", "must have a function as responder", index)
    events = step.stream_events
    if events is not None and not callable(events) and not _is_sequence(events):
        message = "must have a sequence or a function as stream_events"
        raise _invalid("invalid_stream_events", message, index)
    names = ("error", "responder", "stream_events")
    outcomes = [name for name in names if getattr(step, name) is not None]
    if len(outcomes) > 1:
        raise _invalid("conflicting_outcomes", f"has both {' and '.join(outcomes)}", index)
    advice = cast("object", step.retry_advice)
    if advice is not None and (step.error is None or not isinstance(advice, ModelRetryAdvice)):
        message = "can have a ModelRetryAdvice as retry_advice where it has an error, else none"
        raise _invalid("invalid_retry_advice", message, index)


def _is_sequence(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _invalid(reason: ModelStepReason, message: str, index: int) -> InvalidModelStep:
    return InvalidModelStep(
        f"step {index + 1} of the model's script {message}", reason=reason, input_index=index
    )
