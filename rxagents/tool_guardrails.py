"""Checks of one tool: of what the model asks of it, and of what it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, overload

from typing_extensions import TypedDict, TypeVar

from .exceptions import UserError
from .maybe_awaitable import MaybeAwaitable, settled

if TYPE_CHECKING:
    from .agent import Agent
    from .context import ToolContext

_TContext = TypeVar("_TContext", default=Any, covariant=True)


class AllowBehavior(TypedDict):
    """The call, or its output, is let through."""

    type: Literal["allow"]


class RejectContentBehavior(TypedDict):
    """The model gets `message` instead of the output; the run goes on."""

    type: Literal["reject_content"]
    message: str


class RaiseExceptionBehavior(TypedDict):
    """The run ends with a tripwire exception."""

    type: Literal["raise_exception"]


def _allow() -> AllowBehavior:
    return {"type": "allow"}


@dataclass
class ToolGuardrailFunctionOutput:
    """What a guardrail found; made by `allow`, `reject_content` or `raise_exception`."""

    output_info: Any
    """Whatever the application wants to know about the check."""

    behavior: RejectContentBehavior | RaiseExceptionBehavior | AllowBehavior = field(
        default_factory=_allow
    )

    @classmethod
    def allow(cls, output_info: Any = None) -> ToolGuardrailFunctionOutput:
        """Nothing is wrong."""
        return cls(output_info, {"type": "allow"})

    @classmethod
    def reject_content(cls, message: str, output_info: Any = None) -> ToolGuardrailFunctionOutput:
        """Give the model `message` for an output: a tool that was not yet called is not called."""
        return cls(output_info, {"type": "reject_content", "message": message})

    @classmethod
    def raise_exception(cls, output_info: Any = None) -> ToolGuardrailFunctionOutput:
        """End the run."""
        return cls(output_info, {"type": "raise_exception"})


@dataclass
class ToolInputGuardrailData:
    """What a check of a tool's input is given."""

    context: ToolContext[Any]
    """Of the call: its `tool_arguments` are what is to be checked."""

    agent: Agent[Any]


@dataclass
class ToolOutputGuardrailData(ToolInputGuardrailData):
    """What a check of a tool's output is given."""

    output: Any
    """What the tool returned."""


ToolInputGuardrailFunction: TypeAlias = Callable[
    [ToolInputGuardrailData], MaybeAwaitable[ToolGuardrailFunctionOutput]
]
ToolOutputGuardrailFunction: TypeAlias = Callable[
    [ToolOutputGuardrailData], MaybeAwaitable[ToolGuardrailFunctionOutput]
]


@dataclass
class ToolInputGuardrail(Generic[_TContext]):
    """A check before a tool is called: `function_tool(tool_input_guardrails=[...])`."""

    guardrail_function: ToolInputGuardrailFunction
    name: str | None = None
    """For errors and traces; the function's name where it is None."""

    def get_name(self) -> str:
        """The name it is known by."""
        return self.name or _name_of(self.guardrail_function)

    async def run(self, data: ToolInputGuardrailData) -> ToolGuardrailFunctionOutput:
        """Check once. Raises what the function raises, and UserError where it gave no output."""
        return _checked(self, await settled(self.guardrail_function(data)))


@dataclass
class ToolOutputGuardrail(Generic[_TContext]):
    """A check of what a tool has given: `function_tool(tool_output_guardrails=[...])`."""

    guardrail_function: ToolOutputGuardrailFunction
    name: str | None = None
    """For errors and traces; the function's name where it is None."""

    def get_name(self) -> str:
        """The name it is known by."""
        return self.name or _name_of(self.guardrail_function)

    async def run(self, data: ToolOutputGuardrailData) -> ToolGuardrailFunctionOutput:
        """Check once. Raises what the function raises, and UserError where it gave no output."""
        return _checked(self, await settled(self.guardrail_function(data)))


@dataclass
class ToolInputGuardrailResult:
    """A guardrail that has run, and what it found."""

    guardrail: ToolInputGuardrail[Any]
    output: ToolGuardrailFunctionOutput


@dataclass
class ToolOutputGuardrailResult:
    """A guardrail that has run, and what it found."""

    guardrail: ToolOutputGuardrail[Any]
    output: ToolGuardrailFunctionOutput


@overload
def tool_input_guardrail(func: ToolInputGuardrailFunction) -> ToolInputGuardrail[Any]: ...


@overload
def tool_input_guardrail(
    *, name: str | None = None
) -> Callable[[ToolInputGuardrailFunction], ToolInputGuardrail[Any]]: ...


def tool_input_guardrail(
    func: ToolInputGuardrailFunction | None = None, *, name: str | None = None
) -> ToolInputGuardrail[Any] | Callable[[ToolInputGuardrailFunction], ToolInputGuardrail[Any]]:
    """Make a guardrail of a function, plain or async: with or without parentheses."""

    def decorate(func: ToolInputGuardrailFunction) -> ToolInputGuardrail[Any]:
        return ToolInputGuardrail(func, name or _name_of(func))

    return decorate if func is None else decorate(func)


@overload
def tool_output_guardrail(func: ToolOutputGuardrailFunction) -> ToolOutputGuardrail[Any]: ...


@overload
def tool_output_guardrail(
    *, name: str | None = None
) -> Callable[[ToolOutputGuardrailFunction], ToolOutputGuardrail[Any]]: ...


def tool_output_guardrail(
    func: ToolOutputGuardrailFunction | None = None, *, name: str | None = None
) -> ToolOutputGuardrail[Any] | Callable[[ToolOutputGuardrailFunction], ToolOutputGuardrail[Any]]:
    """Make a guardrail of a function, plain or async: with or without parentheses."""

    def decorate(func: ToolOutputGuardrailFunction) -> ToolOutputGuardrail[Any]:
        return ToolOutputGuardrail(func, name or _name_of(func))

    return decorate if func is None else decorate(func)


def _name_of(func: Callable[..., Any]) -> str:
    return getattr(func, "__name__", type(func).__name__)


def _checked(
    guardrail: ToolInputGuardrail[Any] | ToolOutputGuardrail[Any], output: object
) -> ToolGuardrailFunctionOutput:
    if not isinstance(output, ToolGuardrailFunctionOutput):
        raise UserError(
            f"the tool guardrail {guardrail.get_name()!r} returned {output!r}; return "
            "ToolGuardrailFunctionOutput.allow(), .reject_content(...) or .raise_exception()"
        )
    return output
