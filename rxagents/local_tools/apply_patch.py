"""The tool with which a model changes files, and carrying out its changes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    NotRequired,
    Protocol,
    TypeAlias,
    cast,
    get_args,
    runtime_checkable,
)

from typing_extensions import TypedDict

from rxagents.call_answers import answer_to, read
from rxagents.exceptions import ModelBehaviorError
from rxagents.function_tools import ToolCaller, checked_callers
from rxagents.maybe_awaitable import MaybeAwaitable, settled
from rxagents.tool_calling import call_function

from .outputs import LocalToolOutput

if TYPE_CHECKING:
    from rxagents.context import RunContextWrapper, ToolContext

_logger = logging.getLogger("rxagents.tools")

ApplyPatchOperationType: TypeAlias = Literal["create_file", "update_file", "delete_file"]


@dataclass(slots=True)
class ApplyPatchOperation:
    """A change of one file that the model wants."""

    type: ApplyPatchOperationType
    path: str
    diff: str | None = None
    """For `apply_diff`; None where the file is to be deleted."""

    ctx_wrapper: RunContextWrapper[Any] | None = None
    move_to: str | None = None
    """The file's new path, where it is to be moved too."""


@dataclass(slots=True)
class ApplyPatchResult:
    """What an editor may tell of a change."""

    status: Literal["completed", "failed"] | None = None
    output: str | None = None
    """For the model."""


@runtime_checkable
class ApplyPatchEditor(Protocol):
    """Changes files, wherever they are. Plain methods run in threads.

    What a method raises is told to the model, with its message.
    """

    def create_file(
        self, operation: ApplyPatchOperation
    ) -> MaybeAwaitable[ApplyPatchResult | str | None]:
        """Make a file of `apply_diff("", operation.diff, mode="create")`."""
        ...

    def update_file(
        self, operation: ApplyPatchOperation
    ) -> MaybeAwaitable[ApplyPatchResult | str | None]:
        """Write `apply_diff(text, operation.diff)` for the file's text."""
        ...

    def delete_file(
        self, operation: ApplyPatchOperation
    ) -> MaybeAwaitable[ApplyPatchResult | str | None]:
        """Delete a file."""
        ...


@dataclass(frozen=True)
class ApplyPatchToolCustomDataContext:
    """What an ApplyPatchTool's `custom_data_extractor` is given."""

    run_context: RunContextWrapper[Any]
    tool: ApplyPatchTool
    operations: list[ApplyPatchOperation]
    output: str
    status: Literal["completed", "failed"]
    raw_item: Mapping[str, Any]
    """What the model is told."""


ApplyPatchToolCustomDataExtractor: TypeAlias = Callable[
    [ApplyPatchToolCustomDataContext], MaybeAwaitable[Mapping[str, Any] | None]
]
ApplyPatchApprovalFunction: TypeAlias = Callable[
    ["RunContextWrapper[Any]", ApplyPatchOperation, str], MaybeAwaitable[bool]
]


class ApplyPatchOnApprovalFunctionResult(TypedDict):
    """The answer to a change that needs an approval."""

    approve: bool
    reason: NotRequired[str]


ApplyPatchOnApprovalFunction: TypeAlias = Callable[
    ["RunContextWrapper[Any]", Any],
    MaybeAwaitable[ApplyPatchOnApprovalFunctionResult],
]


@dataclass
class ApplyPatchTool:
    """Lets the model create, change and delete files, through an editor."""

    editor: ApplyPatchEditor
    name: str = "apply_patch"
    needs_approval: bool | ApplyPatchApprovalFunction = False
    """Whether a change waits until it is approved; a function is asked with the context, the
    operation and the call's id."""

    on_approval: ApplyPatchOnApprovalFunction | None = None
    """Approves or rejects a change that needs it, at once; asked with the context and the call's
    approval item."""

    custom_data_extractor: ApplyPatchToolCustomDataExtractor | None = field(
        default=None, kw_only=True
    )
    """Gives data for the application, not the model: the output item's `custom_data`."""

    allowed_callers: list[ToolCaller] | None = field(default=None, kw_only=True)
    """Who may call it at OpenAI."""

    def __post_init__(self) -> None:
        self.allowed_callers = checked_callers(self.name, self.allowed_callers)

    @property
    def type(self) -> str:
        """What the provider calls it by."""
        return "apply_patch"


async def run_apply_patch_call(
    tool: ApplyPatchTool, call: Any, context: ToolContext[Any], run_context: RunContextWrapper[Any]
) -> LocalToolOutput:
    """Carry out an `apply_patch_call`.

    What the editor raises becomes the output, and `context.failure`. Raises ModelBehaviorError
    for an operation that there is not.
    """
    operations = apply_patch_operations(call, context)
    told: list[str] = []
    status: Literal["completed", "failed"] = "completed"
    try:
        for operation in operations:
            change = getattr(tool.editor, operation.type)
            result = _result(await call_function(change, context, [operation], {}))
            status = "failed" if result.status == "failed" else status
            told += [result.output] if result.output else []
    except Exception as error:
        context.failure, status = error, "failed"
        _logger.warning("the editor of a patch failed; the model is told so", exc_info=True)
        told = [str(error) or type(error).__name__]
    output = "\n".join(told)
    raw = answer_to(call, "apply_patch_call_output", status=status)
    if output:
        raw["output"] = output
    data = None
    if tool.custom_data_extractor is not None:
        about = ApplyPatchToolCustomDataContext(run_context, tool, operations, output, status, raw)
        data = await settled(tool.custom_data_extractor(about))
    return LocalToolOutput(raw, output, None if data is None else dict(data))


def apply_patch_operations(call: Any, context: RunContextWrapper[Any]) -> list[ApplyPatchOperation]:
    """The changes of a call, as editors and approvals are told of them."""
    several: Any = read(call, "operations") or [read(call, "operation")]
    return [_operation(each, context) for each in several]


def _operation(given: Any, context: RunContextWrapper[Any]) -> ApplyPatchOperation:
    kind, path, diff = (read(given, name) for name in ("type", "path", "diff"))
    if kind not in get_args(ApplyPatchOperationType) or not path:
        raise ModelBehaviorError(f"the model wants to patch {path!r} by {kind!r}, which cannot be")
    if kind == "delete_file":
        diff = None
    elif not diff:
        raise ModelBehaviorError(f"the model wants to {kind} {path!r} without a diff")
    return ApplyPatchOperation(kind, path, diff, context, read(given, "move_to") or None)


def _result(given: object) -> ApplyPatchResult:
    if isinstance(given, ApplyPatchResult):
        return given
    if isinstance(given, Mapping):
        fields = cast("Mapping[str, Any]", given)
        return ApplyPatchResult(fields.get("status"), fields.get("output"))
    return ApplyPatchResult(output=None if given is None else str(given))
