"""Carrying out what a model wants done with a computer."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from rxagents.call_answers import answer_to, read
from rxagents.exceptions import ModelBehaviorError, UserError
from rxagents.maybe_awaitable import settled
from rxagents.tool_calling import call_function

from .computer import AsyncComputer, Computer
from .computer_tool import (
    ComputerTool,
    ComputerToolCustomDataContext,
    ComputerToolSafetyCheckData,
    resolve_computer,
    turn_at,
)
from .outputs import LocalToolOutput

if TYPE_CHECKING:
    from rxagents.context import RunContextWrapper, ToolContext

_logger = logging.getLogger("rxagents.tools")

_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "click": ("x", "y", "button"),
    "double_click": ("x", "y"),
    "drag": ("path",),
    "keypress": ("keys",),
    "move": ("x", "y"),
    "screenshot": (),
    "scroll": ("x", "y", "scroll_x", "scroll_y"),
    "type": ("text",),
    "wait": (),
}
_WITH_KEYS = frozenset({"click", "double_click", "drag", "move", "scroll"})
"""What keys may be held for."""


async def run_computer_call(
    tool: ComputerTool[Any],
    call: Any,
    context: ToolContext[Any],
    run_context: RunContextWrapper[Any],
) -> LocalToolOutput:
    """Carry out the actions of a `computer_call` and take a screenshot; one call at a time.

    Raises what the computer raises, UserError where a safety check is not acknowledged, and
    ModelBehaviorError for an action that there is not.
    """
    acknowledged = await _acknowledge(tool, call, context)
    computer = await resolve_computer(tool=tool, run_context=run_context)
    async with turn_at(tool, run_context):
        screen = await _carry_out(computer, call, context)
    image_url = f"data:image/png;base64,{screen}" if screen else ""
    shown = {"type": "computer_screenshot", "image_url": image_url}
    raw = answer_to(call, "computer_call_output", output=shown)
    if acknowledged:
        raw["acknowledged_safety_checks"] = acknowledged
    data = None
    if tool.custom_data_extractor is not None:
        about = ComputerToolCustomDataContext(run_context, tool, call, image_url, raw)
        data = await settled(tool.custom_data_extractor(about))
    return LocalToolOutput(raw, image_url, None if data is None else dict(data))


async def _acknowledge(
    tool: ComputerTool[Any], call: Any, context: ToolContext[Any]
) -> list[dict[str, Any]]:
    ask = tool.on_safety_check
    checks: list[Any] = read(call, "pending_safety_checks") or []
    if not checks:
        return []
    if ask is None:
        _logger.warning(
            "the provider has doubts about a computer call, and nobody is asked (%s); give the "
            "ComputerTool an on_safety_check",
            ", ".join(str(read(check, "code") or read(check, "id")) for check in checks),
        )
        return []
    acknowledged: list[dict[str, Any]] = []
    for check in checks:
        agent = cast("Any", context.agent)
        about = ComputerToolSafetyCheckData(context, agent, tool_call=call, safety_check=check)
        if not await settled(ask(about)):
            message = read(check, "message") or read(check, "code") or read(check, "id")
            raise UserError(f"a safety check of the computer was not acknowledged: {message}")
        fields = {name: read(check, name) for name in ("id", "code", "message")}
        acknowledged.append({name: value for name, value in fields.items() if value is not None})
    return acknowledged


async def _carry_out(
    computer: Computer | AsyncComputer, call: Any, context: ToolContext[Any]
) -> str:
    """Do all that is wanted, and return the last screenshot."""
    single = read(call, "action")
    screen = None
    for action in read(call, "actions") or ([] if single is None else [single]):
        result = await _act(computer, action, context)
        screen = result if read(action, "type") == "screenshot" else None
    if screen is None:
        screen = await call_function(computer.screenshot, context, [], {})
    return cast("str", screen)


async def _act(computer: Computer | AsyncComputer, action: Any, context: ToolContext[Any]) -> Any:
    kind = read(action, "type")
    if kind not in _ARGUMENTS:
        raise ModelBehaviorError(f"the model wants the computer to {kind!r}, which it cannot")
    method = getattr(computer, kind)
    args = [read(action, name) for name in _ARGUMENTS[kind]]
    if kind == "drag":
        args = [[(read(point, "x"), read(point, "y")) for point in args[0] or ()]]
    keys = read(action, "keys") if kind in _WITH_KEYS else None
    held = {"keys": keys} if keys and _takes_keys(method, kind) else {}
    return await call_function(method, context, args, held)


def _takes_keys(method: Callable[..., Any], kind: str) -> bool:
    parameters = inspect.signature(method).parameters.values()
    if any(p.name == "keys" or p.kind is p.VAR_KEYWORD for p in parameters):
        return True
    _logger.warning("the computer's %s() takes no keys= to hold meanwhile; they are dropped", kind)
    return False
