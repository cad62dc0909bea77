"""Guardrails: checks of what goes into a run and of what comes out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, overload

from typing_extensions import TypeVar as TypeVarWithDefault

from .context import RunContextWrapper
from .exceptions import UserError
from .maybe_awaitable import MaybeAwaitable, settled

if TYPE_CHECKING:
    from openai.types.responses import ResponseInputItemParam

    from .agent import Agent

TContext = TypeVarWithDefault("TContext", default=Any)
_T = TypeVar("_T")


@dataclass
class GuardrailFunctionOutput:
    """What a guardrail's function finds."""

    output_info: Any
    """Whatever it wants to tell: it is kept with the result."""

    tripwire_triggered: bool
    """Whether the run must stop."""


@dataclass
class InputGuardrailResult:
    """What an input guardrail found."""

    guardrail: InputGuardrail[Any]
    output: GuardrailFunctionOutput


@dataclass
class OutputGuardrailResult:
    """What an output guardrail found."""

    guardrail: OutputGuardrail[Any]
    agent_output: Any
    """What was checked: the final output, or for a streaming guardrail the text so far."""

    agent: Agent[Any]
    output: GuardrailFunctionOutput


@dataclass
class InputGuardrail(Generic[TContext]):
    """A check of the input of a run, made once, for its first agent.

    If it trips, the run ends with InputGuardrailTripwireTriggered: the model's answer is left,
    and tools that run are cancelled.
    """

    guardrail_function: Callable[
        [RunContextWrapper[TContext], Agent[Any], str | list[ResponseInputItemParam]],
        MaybeAwaitable[GuardrailFunctionOutput],
    ]
    """Given the run's context, its first agent and its input: as it was given, or, with a session,
    the list of what was said before and what is new."""

    name: str | None = None
    run_in_parallel: bool = True
    """Whether the first turn runs meanwhile; if False, the model waits for the verdict."""

    def get_name(self) -> str:
        """Its name, or its function's."""
        return self.name or _name_of(self.guardrail_function)

    async def run(
        self,
        agent: Agent[Any],
        input: str | list[ResponseInputItemParam],
        context: RunContextWrapper[TContext],
    ) -> InputGuardrailResult:
        """Check `input`; raises what the function raises."""
        what = f"input guardrail {self.get_name()!r}"
        found = await _found(what, self.guardrail_function, context, agent, input)
        return InputGuardrailResult(self, found)


@dataclass
class OutputGuardrail(Generic[TContext]):
    """A check of a run's final output.

    If it trips, the run ends with OutputGuardrailTripwireTriggered and has no final output. By
    then everything has been emitted, unless `streaming` is True: then the function is also called
    with the text so far while the model writes, and no event goes out before a check that has
    seen its text and `window` characters more. So nothing forbidden that is at most `window`
    characters long is ever emitted, nor any part of it.
    """

    guardrail_function: Callable[
        [RunContextWrapper[TContext], Agent[Any], Any], MaybeAwaitable[GuardrailFunctionOutput]
    ]
    name: str | None = None
    streaming: bool = False
    """Whether it watches the text while it is written."""

    every_chars: int = 200
    """A streaming guardrail is asked when this many characters are new."""

    window: int = 100
    """Characters at the end of the text so far that are held back, as a forbidden passage may
    begin there."""

    def __post_init__(self) -> None:
        _check_pace(self.every_chars, self.window)

    def get_name(self) -> str:
        """Its name, or its function's."""
        return self.name or _name_of(self.guardrail_function)

    async def run(
        self, context: RunContextWrapper[TContext], agent: Agent[Any], agent_output: Any
    ) -> OutputGuardrailResult:
        """Check `agent_output`; raises what the function raises."""
        what = f"output guardrail {self.get_name()!r}"
        found = await _found(what, self.guardrail_function, context, agent, agent_output)
        return OutputGuardrailResult(self, agent_output, agent, found)


InputGuardrailFunction: TypeAlias = Callable[
    [RunContextWrapper[TContext], "Agent[Any]", "str | list[ResponseInputItemParam]"],
    MaybeAwaitable[GuardrailFunctionOutput],
]
OutputGuardrailFunction: TypeAlias = Callable[
    [RunContextWrapper[TContext], "Agent[Any]", Any], MaybeAwaitable[GuardrailFunctionOutput]
]


@overload
def input_guardrail(
    func: InputGuardrailFunction[TContext],
) -> InputGuardrail[TContext]: ...


@overload
def input_guardrail(
    func: None = None, *, name: str | None = None, run_in_parallel: bool = True
) -> Callable[[InputGuardrailFunction[TContext]], InputGuardrail[TContext]]: ...


def input_guardrail(
    func: InputGuardrailFunction[Any] | None = None,
    *,
    name: str | None = None,
    run_in_parallel: bool = True,
) -> InputGuardrail[Any] | Callable[[InputGuardrailFunction[Any]], InputGuardrail[Any]]:
    """Make an input guardrail of a function `(context, agent, input)`, plain or async."""

    def decorate(func: InputGuardrailFunction[Any]) -> InputGuardrail[Any]:
        return InputGuardrail(func, name=name or _name_of(func), run_in_parallel=run_in_parallel)

    return decorate if func is None else decorate(func)


@overload
def output_guardrail(
    func: OutputGuardrailFunction[TContext],
) -> OutputGuardrail[TContext]: ...


@overload
def output_guardrail(
    func: None = None,
    *,
    name: str | None = None,
    streaming: bool = False,
    every_chars: int = 200,
    window: int = 100,
) -> Callable[[OutputGuardrailFunction[TContext]], OutputGuardrail[TContext]]: ...


def output_guardrail(
    func: OutputGuardrailFunction[Any] | None = None,
    *,
    name: str | None = None,
    streaming: bool = False,
    every_chars: int = 200,
    window: int = 100,
) -> OutputGuardrail[Any] | Callable[[OutputGuardrailFunction[Any]], OutputGuardrail[Any]]:
    """Make an output guardrail of a function `(context, agent, output)`, plain or async.

    Raises ValueError if `every_chars` is less than 1 or `window` less than 0.
    """
    _check_pace(every_chars, window)

    def decorate(func: OutputGuardrailFunction[Any]) -> OutputGuardrail[Any]:
        return OutputGuardrail(func, name or _name_of(func), streaming, every_chars, window)

    return decorate if func is None else decorate(func)


def _name_of(func: object) -> str:
    return str(getattr(func, "__name__", type(func).__name__))


def _check_pace(every_chars: int, window: int) -> None:
    if every_chars < 1 or window < 0:
        raise ValueError(
            f"every_chars must be 1 character or more and window 0 or more, not {every_chars} "
            f"and {window}"
        )


async def _found(what: str, ask: Callable[..., Any], *given: object) -> GuardrailFunctionOutput:
    if not callable(ask):
        raise UserError(f"the function of the {what} must be callable, not {ask!r}")
    try:
        found: object = await settled(ask(*given))
    except Exception as error:
        error.add_note(f"raised by the {what}, which ended the run")
        raise
    if not isinstance(found, GuardrailFunctionOutput):
        raise UserError(
            f"the {what} returned {found!r}; return a "
            "GuardrailFunctionOutput(output_info, tripwire_triggered)"
        )
    return found
