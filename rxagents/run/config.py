"""Settings of a whole run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeAlias, cast

from pydantic import ValidationError
from typing_extensions import TypeVar

from rxagents.exceptions import UserError
from rxagents.model_settings import ModelSettings
from rxagents.models.interface import Model, ModelProvider
from rxagents.models.multi_provider import MultiProvider
from rxagents.tracing.config import include_sensitive_data_by_default

if TYPE_CHECKING:
    from openai.types.responses import ResponseInputItemParam

    from rxagents.agent import Agent
    from rxagents.context import RunContextWrapper
    from rxagents.guardrail import InputGuardrail, OutputGuardrail
    from rxagents.handoffs import HandoffHistoryMapper, HandoffInputFilter
    from rxagents.memory import SessionInputCallback, SessionSettings
    from rxagents.tracing import TracingConfig

TContext = TypeVar("TContext", default=Any)

DEFAULT_MAX_TURNS: Final = 10


@dataclass
class ModelInputData:
    """What a model is about to be given."""

    input: list[ResponseInputItemParam]
    instructions: str | None


@dataclass
class CallModelData(Generic[TContext]):
    """What `call_model_input_filter` is given."""

    model_data: ModelInputData
    agent: Agent[TContext]
    context: TContext | None


CallModelInputFilter: TypeAlias = Callable[
    [CallModelData[Any]], Awaitable[ModelInputData] | ModelInputData
]
ReasoningItemIdPolicy: TypeAlias = Literal["preserve", "omit"]
ToolNotFoundBehavior: TypeAlias = Literal["raise_error", "return_error_to_model"]
ToolNameCollisionPolicy: TypeAlias = Literal["warn", "error"]


@dataclass
class ToolErrorFormatterArgs(Generic[TContext]):
    """What `tool_error_formatter` is given."""

    kind: Literal["approval_rejected", "tool_not_found", "tool_exception"]
    tool_type: Literal["function", "computer", "shell", "apply_patch", "custom"]
    tool_name: str
    call_id: str
    default_message: str
    """What the model is told without a formatter."""

    run_context: RunContextWrapper[TContext]
    error: Exception | None = None


ToolErrorFormatter: TypeAlias = Callable[
    [ToolErrorFormatterArgs[Any]], Awaitable[str | None] | str | None
]
"""Gives what the model is told of a call that came to nothing; None for the default."""


@dataclass
class ToolExecutionConfig:
    """How the functions that a response calls are run."""

    max_function_tool_concurrency: int | None = None
    """Calls of a turn that run at once, at most; None for no limit."""

    pre_approval_tool_input_guardrails: bool = False
    """Whether tool input guardrails are asked before an approval is (and again after it)."""


@dataclass
class RunConfig:
    """What holds for every agent of a run."""

    model: str | Model | None = None
    """The model of every agent, whatever theirs is."""

    model_provider: ModelProvider = field(default_factory=MultiProvider)
    """What finds models by name."""

    model_settings: ModelSettings | None = None
    """Settings that override every agent's."""

    handoff_input_filter: HandoffInputFilter | None = None
    """Changes what an agent that takes over is told, where its handoff has no filter."""

    nest_handoff_history: bool = False
    """Whether the conversation becomes one message for an agent that takes over."""

    handoff_history_mapper: HandoffHistoryMapper | None = None
    """Makes that message, or whatever shall stand for the conversation."""

    input_guardrails: list[InputGuardrail[Any]] | None = None
    """Asked beside those of the first agent."""

    output_guardrails: list[OutputGuardrail[Any]] | None = None
    """Asked beside those of the last agent."""

    tracing_disabled: bool = False
    tracing: TracingConfig | None = None
    trace_include_sensitive_data: bool = field(default_factory=include_sensitive_data_by_default)
    """Whether traces hold what models and tools were given and gave."""

    workflow_name: str = "Agent workflow"
    """The name of the run's trace."""

    trace_id: str | None = None
    group_id: str | None = None
    """Ties traces together, as those of one conversation."""

    trace_metadata: dict[str, Any] | None = None
    session_input_callback: SessionInputCallback | None = None
    """Makes the input of the session's items and the new ones; they are joined where it is None."""

    call_model_input_filter: CallModelInputFilter | None = None
    """Changes what a model is given, right before each call."""

    tool_error_formatter: ToolErrorFormatter | None = None
    session_settings: SessionSettings | None = None
    reasoning_item_id_policy: ReasoningItemIdPolicy | None = None
    """With "omit", reasoning items are given to the model without their ids."""

    tool_execution: ToolExecutionConfig | None = None
    tool_not_found_behavior: ToolNotFoundBehavior = "raise_error"
    """What happens when the model calls a tool that its agent does not have."""

    tool_name_collision_policy: ToolNameCollisionPolicy = "error"
    """What happens when an agent has two tools of one name; with "warn" the last is used, a handoff
    rather than a tool, and the others are not offered."""

    # --- what the Agents SDK does not have ---------------------------------------------------

    tool_start: Literal["on_response", "on_call"] = "on_response"
    """When tools start: when the response is whole, or as soon as their call is. A call of a
    response that then fails should not have run, which is why it is not the default."""

    stream_nested: bool = False
    """Whether runs that tools start (`Agent.as_tool`, or a Runner called in one), however deep,
    appear in the run's own stream while their call goes on, with their place in `path`. The
    requests for approvals of those that a Runner was called for can then be answered there."""

    approvals: Literal["interrupt", "wait"] = "interrupt"
    """What the run does when everyone who reads it has gone past an `approval_requested` and the
    call is still undecided: end with `interruptions`, or wait until it is decided."""

    fallback_models: list[str | Model] = field(default_factory=list["str | Model"])
    """Models to ask, in this order, when a call of the model has failed for good."""

    def __post_init__(self) -> None:
        if self.model_settings is not None:
            self.model_settings = _made(ModelSettings, self.model_settings, "model_settings")
        if self.tool_execution is not None:
            self.tool_execution = _made(ToolExecutionConfig, self.tool_execution, "tool_execution")
        _check(self)


_CHOICES: dict[str, tuple[object, ...]] = {
    "tool_not_found_behavior": ("raise_error", "return_error_to_model"),
    "tool_name_collision_policy": ("warn", "error"),
    "tool_start": ("on_response", "on_call"),
    "approvals": ("interrupt", "wait"),
    "reasoning_item_id_policy": (None, "preserve", "omit"),
}


_LISTS = ("input_guardrails", "output_guardrails", "fallback_models")
_FUNCTIONS = (
    "handoff_input_filter",
    "handoff_history_mapper",
    "session_input_callback",
    "call_model_input_filter",
    "tool_error_formatter",
)


def _check(config: RunConfig) -> None:
    for name, choices in _CHOICES.items():
        if getattr(config, name) not in choices:
            allowed = " or ".join(repr(each) for each in choices)
            raise UserError(f"{name} must be {allowed}, not {getattr(config, name)!r}")
    for name in _LISTS:
        value: object = getattr(config, name)
        if value is not None and not isinstance(value, list):
            raise UserError(f"{name} must be a list, not {value!r}")
    for name in _FUNCTIONS:
        value = getattr(config, name)
        if value is not None and not callable(value):
            raise UserError(f"{name} must be a function, not {value!r}")
    for model in (config.model, *config.fallback_models):
        # A model written for the Agents SDK need not derive from our class.
        if not (model is None or isinstance(model, str) or hasattr(model, "stream_response")):
            raise UserError(f"a model must be a Model or the name of one, not {model!r}")
    execution = config.tool_execution
    limit = None if execution is None else execution.max_function_tool_concurrency
    if limit is not None and limit < 1:
        raise UserError(f"max_function_tool_concurrency must be 1 call or more, not {limit}")


def as_run_config(config: RunConfig | dict[str, Any] | None) -> RunConfig:
    """The settings, which may be given as a dictionary of them.

    Raises UserError for a key that is no setting.
    """
    if isinstance(config, RunConfig):
        return config
    return _made(RunConfig, {} if config is None else config, "run_config")


_T = TypeVar("_T")


def _made(kind: type[_T], given: _T | dict[str, Any], name: str) -> _T:
    """An instance of `kind`, which may be given as a dictionary of its fields."""
    if isinstance(given, kind):
        return given
    if not isinstance(given, dict):
        raise UserError(f"{name} must be a {kind.__name__} or a dictionary, not {given!r}")
    try:
        return kind(**cast("dict[str, Any]", given))
    except UserError:
        raise
    except TypeError as error:
        raise UserError(f"{name} has a key that is no setting: {error}") from None
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}"
            for each in error.errors(include_url=False)
        )
        raise UserError(f"{name} cannot be made of {given!r}: {wrong}") from None
