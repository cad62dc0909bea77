"""The tool for a computer, and the computers that are made for a run and disposed of with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar, cast
from weakref import WeakKeyDictionary

from openai.types.responses import ResponseComputerToolCall
from openai.types.responses.response_computer_tool_call import PendingSafetyCheck

from rxagents.exceptions import UserError
from rxagents.maybe_awaitable import MaybeAwaitable, settled

from .computer import AsyncComputer, Computer

if TYPE_CHECKING:
    from rxagents.agent import Agent
    from rxagents.context import RunContextWrapper

ComputerLike: TypeAlias = Computer | AsyncComputer
ComputerT = TypeVar("ComputerT", bound=ComputerLike)
_Made = TypeVar("_Made", bound=ComputerLike, covariant=True)
_Disposed = TypeVar("_Disposed", bound=ComputerLike, contravariant=True)

_logger = logging.getLogger("rxagents.tools")


class ComputerCreate(Protocol[_Made]):
    """Makes a computer for a run."""

    def __call__(self, *, run_context: RunContextWrapper[Any]) -> MaybeAwaitable[_Made]: ...


class ComputerDispose(Protocol[_Disposed]):
    """Cleans up a computer when its run is over."""

    def __call__(
        self, *, run_context: RunContextWrapper[Any], computer: _Disposed
    ) -> MaybeAwaitable[None]: ...


@dataclass
class ComputerProvider(Generic[ComputerT]):
    """Makes a computer for each run, and cleans it up."""

    create: ComputerCreate[ComputerT]
    dispose: ComputerDispose[ComputerT] | None = None


@dataclass
class ComputerToolSafetyCheckData:
    """A doubt that the provider has about a call, which a person should look at."""

    ctx_wrapper: RunContextWrapper[Any]
    agent: Agent[Any]
    tool_call: ResponseComputerToolCall
    safety_check: PendingSafetyCheck


@dataclass(frozen=True)
class ComputerToolCustomDataContext:
    """What a ComputerTool's `custom_data_extractor` is given."""

    run_context: RunContextWrapper[Any]
    tool: ComputerTool[Any]
    tool_call: ResponseComputerToolCall
    output: str
    """The screenshot as a data URL."""

    raw_item: Mapping[str, Any]
    """What the model is told."""


ComputerToolCustomDataExtractor: TypeAlias = Callable[
    [ComputerToolCustomDataContext], MaybeAwaitable[Mapping[str, Any] | None]
]


@dataclass(eq=False)
class ComputerTool(Generic[ComputerT]):
    """Lets the model use a computer. An agent has one of them at most."""

    computer: ComputerT | ComputerCreate[ComputerT] | ComputerProvider[ComputerT]
    """The computer, or what makes one for each run."""

    on_safety_check: Callable[[ComputerToolSafetyCheckData], MaybeAwaitable[bool]] | None = None
    """Asked about each of the provider's doubts, before the call. False ends the run with a
    UserError. Where it is None, the call is carried out, and a warning is logged."""

    custom_data_extractor: ComputerToolCustomDataExtractor | None = field(
        default=None, kw_only=True
    )
    """Gives data for the application, not the model: the output item's `custom_data`."""

    @property
    def name(self) -> str:
        """What hooks and approvals know it by; newer models call it `computer`."""
        return "computer_use_preview"


@dataclass(eq=False)
class _Use:
    """A run's use of a tool."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    making: asyncio.Lock = field(default_factory=asyncio.Lock)
    made: ComputerLike | None = None
    """The computer that was made for the run."""


_uses: WeakKeyDictionary[RunContextWrapper[Any], dict[ComputerTool[Any], _Use]]
_uses = WeakKeyDictionary()


def turn_at(tool: ComputerTool[Any], run_context: RunContextWrapper[Any]) -> asyncio.Lock:
    """Held by the call of a run that uses the computer, as one hand moves the mouse."""
    return _use(tool, run_context).turn


async def resolve_computer(
    *, tool: ComputerTool[Any], run_context: RunContextWrapper[Any]
) -> ComputerLike:
    """The computer of a run: the tool's own, or the one made for the run, made now if need be.

    Raises UserError where what was made is no computer.
    """
    source: Any = tool.computer
    if isinstance(source, (Computer, AsyncComputer)):
        return source
    use = _use(tool, run_context)
    async with use.making:
        if use.made is None:
            create = cast("ComputerCreate[Any]", getattr(source, "create", source))
            made: object = await settled(create(run_context=run_context))
            if not isinstance(made, (Computer, AsyncComputer)):
                raise UserError(
                    f"a ComputerTool needs a Computer or an AsyncComputer, and got {made!r}"
                )
            use.made = made
    return use.made


async def dispose_resolved_computers(*, run_context: RunContextWrapper[Any]) -> None:
    """Clean up the computers that were made for a run; what fails at that is logged."""
    for tool, use in _uses.pop(run_context, {}).items():
        dispose = getattr(tool.computer, "dispose", None)
        if use.made is None or dispose is None:
            continue
        try:
            await settled(dispose(run_context=run_context, computer=use.made))
        except Exception:
            _logger.warning("a computer could not be disposed of", exc_info=True)


def _use(tool: ComputerTool[Any], run_context: RunContextWrapper[Any]) -> _Use:
    return _uses.setdefault(run_context, {}).setdefault(tool, _Use())
