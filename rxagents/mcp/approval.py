"""Which calls of a server's tools a person must agree to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from typing_extensions import TypedDict, TypeIs

from rxagents.context import RunContextWrapper
from rxagents.exceptions import UserError
from rxagents.maybe_awaitable import MaybeAwaitable, settled

if TYPE_CHECKING:
    from mcp.types import Tool as MCPTool

    from rxagents.agent import Agent


class RequireApprovalToolList(TypedDict, total=False):
    """Tools by their names on the server."""

    tool_names: list[str]


class RequireApprovalObject(TypedDict, total=False):
    """Tools whose calls always need approval, and tools whose calls never do.

    The calls of a tool that is in neither do not.
    """

    always: RequireApprovalToolList
    never: RequireApprovalToolList


RequireApprovalPolicy: TypeAlias = Literal["always", "never"]
RequireApprovalMapping: TypeAlias = dict[str, RequireApprovalPolicy]
"""From a tool's name on the server to its policy; the calls of other tools need no approval."""

LocalMCPApprovalCallable: TypeAlias = Callable[
    [RunContextWrapper[Any], "Agent[Any]", "MCPTool"], MaybeAwaitable[bool]
]
"""Whether a call of the tool needs approval; plain or async, asked for every call."""

RequireApprovalSetting: TypeAlias = (
    RequireApprovalPolicy
    | RequireApprovalObject
    | RequireApprovalMapping
    | LocalMCPApprovalCallable
    | bool
    | None
)
"""`"always"` or True, `"never"`, False or None, either of the two by tool, or a function."""

ApprovalPolicy: TypeAlias = bool | dict[str, bool] | LocalMCPApprovalCallable
"""A setting that was checked: for all tools, by name, or a function."""

NeedsApproval: TypeAlias = (
    bool | Callable[[RunContextWrapper[Any], dict[str, Any], str], Awaitable[bool]]
)
"""What a FunctionTool takes as its `needs_approval`."""


def approval_policy(setting: RequireApprovalSetting) -> ApprovalPolicy:
    """Check a setting; raises UserError for what is none, naming the place."""
    given = cast("object", setting)
    if given is None:
        return False
    if callable(given):
        return cast("LocalMCPApprovalCallable", given)
    if not _is_dict(given):
        return _needed(given, "require_approval")
    if any(_is_dict(given.get(key)) and "tool_names" in given[key] for key in ("always", "never")):
        return _by_lists(given)
    return {name: _needed(value, f"require_approval[{name!r}]") for name, value in given.items()}


def needs_approval(
    policy: ApprovalPolicy, tool: MCPTool, agent: Agent[Any] | None
) -> NeedsApproval:
    """What the policy means for one tool.

    Where the policy is a function that cannot be asked, as no agent is known, every call needs
    approval.
    """
    if isinstance(policy, bool):
        return policy
    if not callable(policy):
        return policy.get(tool.name, False)
    if agent is None:
        return True

    async def ask(context: RunContextWrapper[Any], arguments: dict[str, Any], call_id: str) -> bool:
        return bool(await settled(policy(context, agent, tool)))

    return ask


def _needed(value: object, place: str) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("always", "never"):
        return value == "always"
    raise UserError(f"{place} must be 'always', 'never' or a bool, not {value!r}")


def _by_lists(setting: dict[Any, Any]) -> dict[str, bool]:
    if unknown := sorted(map(repr, setting.keys() - {"always", "never"})):
        raise UserError(
            f"require_approval with lists of tools takes 'always' and 'never', not {unknown[0]}"
        )
    always, never = (_names(setting.get(key, {}), key) for key in ("always", "never"))
    if both := sorted(set(always) & set(never)):
        raise UserError(f"require_approval has {both[0]!r} under 'always' and under 'never'")
    return {**dict.fromkeys(always, True), **dict.fromkeys(never, False)}


def _names(entry: object, key: str) -> list[str]:
    names: object = entry.get("tool_names", []) if _is_dict(entry) else None
    if isinstance(names, list):
        found = cast("list[object]", names)
        strings = [name for name in found if isinstance(name, str)]
        if len(strings) == len(found):
            return strings
    raise UserError(
        f"require_approval[{key!r}] must be {{'tool_names': [...]}} with names, not {entry!r}"
    )


def _is_dict(value: object) -> TypeIs[dict[Any, Any]]:
    return isinstance(value, dict)
