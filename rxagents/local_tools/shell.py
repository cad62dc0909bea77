"""The tool for a shell: what it may be told, and what an executor is asked and answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypeAlias, cast

from typing_extensions import TypedDict

from rxagents.exceptions import UserError
from rxagents.function_tools import ToolCaller, checked_callers
from rxagents.maybe_awaitable import MaybeAwaitable

from .shell_environment import ShellToolEnvironment

if TYPE_CHECKING:
    from rxagents.context import RunContextWrapper


@dataclass
class ShellActionRequest:
    """What the model wants run."""

    commands: list[str]
    timeout_ms: int | None = None
    """How long each command may take, in milliseconds."""

    max_output_length: int | None = None
    """How many characters of output the model wants at most."""


@dataclass
class ShellCallData:
    """A call of the shell."""

    call_id: str
    action: ShellActionRequest
    status: Literal["in_progress", "completed"] | None = None
    raw: Any | None = None
    """The call as the model's response has it."""


@dataclass
class ShellCommandRequest:
    """What an executor is given."""

    ctx_wrapper: RunContextWrapper[Any]
    data: ShellCallData


@dataclass
class ShellCallOutcome:
    """How a command ended."""

    type: Literal["exit", "timeout"]
    exit_code: int | None = None


def _exited() -> ShellCallOutcome:
    return ShellCallOutcome(type="exit")


@dataclass
class ShellCommandOutput:
    """What one command wrote, and how it ended."""

    stdout: str = ""
    stderr: str = ""
    outcome: ShellCallOutcome = field(default_factory=_exited)
    command: str | None = None
    provider_data: dict[str, Any] | None = None
    """For the application; the model is not told."""

    @property
    def exit_code(self) -> int | None:
        """The command's exit code; None where it has none."""
        return self.outcome.exit_code

    @property
    def status(self) -> Literal["completed", "timeout"]:
        """Whether it ended by itself."""
        return "timeout" if self.outcome.type == "timeout" else "completed"


@dataclass
class ShellResult:
    """What an executor may answer."""

    output: list[ShellCommandOutput]
    """One for each command that was run."""

    max_output_length: int | None = None
    """How many characters the model gets at most; the smaller of this and what it asked for."""

    provider_data: dict[str, Any] | None = None
    """For the application: the output item's `custom_data`."""


ShellExecutor: TypeAlias = Callable[[ShellCommandRequest], MaybeAwaitable[str | ShellResult]]
ShellApprovalFunction: TypeAlias = Callable[
    ["RunContextWrapper[Any]", ShellActionRequest, str], MaybeAwaitable[bool]
]


class ShellOnApprovalFunctionResult(TypedDict):
    """The answer to a call that needs an approval."""

    approve: bool
    reason: NotRequired[str]


ShellOnApprovalFunction: TypeAlias = Callable[
    ["RunContextWrapper[Any]", Any], MaybeAwaitable[ShellOnApprovalFunctionResult]
]


@dataclass
class ShellTool:
    """Lets the model run commands: here, by an executor, or in a container of the provider's.

    Raises UserError where the environment and the other fields do not go together.
    """

    executor: ShellExecutor | None = None
    """Runs the commands of a call, for a local environment. A plain function runs in a thread.
    What it raises is told to the model, with its message."""

    name: str = "shell"
    needs_approval: bool | ShellApprovalFunction = False
    """Whether a call waits until it is approved; a function is asked with the context, the action
    and the call's id."""

    on_approval: ShellOnApprovalFunction | None = None
    """Approves or rejects a call that needs it, at once; asked with the context and the call's
    approval item."""

    environment: ShellToolEnvironment | None = None
    """Where the commands run; here (`{"type": "local"}`) where it is None."""

    allowed_callers: list[ToolCaller] | None = field(default=None, kw_only=True)
    """Who may call it at OpenAI."""

    def __post_init__(self) -> None:
        self.allowed_callers = checked_callers(self.name, self.allowed_callers)
        environment: Any = {} if self.environment is None else self.environment
        if not isinstance(environment, Mapping):
            raise UserError(f"the environment of a shell is a dictionary, not {environment!r}")
        self.environment = cast("ShellToolEnvironment", {"type": "local", **environment})
        if self.is_local and self.executor is None:
            raise UserError("a ShellTool that runs commands here needs an executor")
        approval = self.needs_approval is not False or self.on_approval is not None
        if not self.is_local and (self.executor is not None or approval):
            raise UserError(
                "a ShellTool whose commands the provider runs has no executor, needs_approval or "
                "on_approval"
            )

    @property
    def type(self) -> str:
        """What the provider calls it by."""
        return "shell"

    @property
    def is_local(self) -> bool:
        """Whether the commands run here."""
        return self.environment is None or self.environment["type"] == "local"
