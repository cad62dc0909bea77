"""One call of a tool: its guardrails, its hooks, the tool itself, and what it comes to."""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast

from rxagents.context import ToolContext
from rxagents.exceptions import (
    AgentsException,
    ToolCallError,
    ToolInputGuardrailTripwireTriggered,
    ToolOutputGuardrailTripwireTriggered,
)
from rxagents.function_tools import custom_data_of
from rxagents.items import ItemHelpers, ToolCallOutputItem, ToolProgressItem
from rxagents.local_tools import LocalToolOutput, run_local_call
from rxagents.maybe_awaitable import settled
from rxagents.tool_guardrails import (
    ToolGuardrailFunctionOutput,
    ToolInputGuardrailData,
    ToolInputGuardrailResult,
    ToolOutputGuardrailData,
    ToolOutputGuardrailResult,
)
from rxagents.tool_progress import ToolProgress
from rxagents.tools import FunctionTool, invoke_function_tool

from .config import ToolErrorFormatterArgs
from .emitter import Emitter
from .hooking import Hooks
from .nesting import CallScope, NestedInterruption, current_call
from .record import RunRecord
from .traced import tell_failed, tell_started
from .turn import ToolCall, Turn, UnknownCall

CANCELLED: Final = "The run was stopped before this call was finished."
REJECTED: Final = "The call was not approved, and was not carried out."


class Invocation:
    """Carries out calls for one run."""

    def __init__(self, record: RunRecord, emit: Emitter, hooks: Hooks) -> None:
        self._record = record
        self._emit = emit
        self._hooks = hooks

    def context(self, turn: Turn, call: ToolCall) -> ToolContext[Any]:
        """What the tool is told of the run; one object for the whole of a call."""
        outer, raw = self._record.context_wrapper, call.call
        return ToolContext(
            outer.context,
            outer.usage,
            outer.turn_input,
            outer.tool_input,
            approvals=outer.approvals,
            tool_name=call.tool.name,
            tool_call_id=call.call_id,
            tool_arguments=getattr(raw, "arguments", "") or "",
            tool_call=raw,
            agent=turn.agent,
            run_config=self._record.config,
            on_progress=lambda progress: self._progress(turn, call, progress),
        )

    async def check_input(self, context: ToolContext[Any], call: ToolCall) -> str | None:
        """Ask the guardrails; what the model is told if they refuse the call.

        Raises ToolInputGuardrailTripwireTriggered if one ends the run.
        """
        for guardrail in getattr(call.tool, "tool_input_guardrails", None) or ():
            data = ToolInputGuardrailData(context=context, agent=cast("Any", context.agent))
            found = await guardrail.run(data)
            self._record.guardrails.tool_input.append(ToolInputGuardrailResult(guardrail, found))
            if found.behavior["type"] == "raise_exception":
                raise ToolInputGuardrailTripwireTriggered(guardrail, found)
            if found.behavior["type"] == "reject_content":
                return str(found.behavior["message"])
        return None

    async def invoke(
        self,
        turn: Turn,
        call: ToolCall,
        context: ToolContext[Any],
        state: Any,
        *,
        again: bool = False,
    ) -> ToolCallOutputItem | NestedInterruption:
        """Call the tool and make an item of its output, or tell that a run inside has stopped.

        `state` is that run's, if it is to go on; `again` that the hooks have been told of the call.
        """
        hooks, agent, tool = self._hooks, turn.agent, call.tool
        if not again:
            await hooks.tool_start(context, agent, tool)
        tell_started(self._emit, context, call.tool)
        scope = CallScope(self._record, self._emit, asyncio.get_running_loop(), state)
        token = current_call.set(scope)
        try:
            output = await self._call(context, call)
        except NestedInterruption as stopped:
            return stopped
        except Exception as error:
            tell_failed(self._emit, call.call_id, error, fatal=True)
            raise
        finally:
            scope.open = False
            current_call.reset(token)
        output = await self._check_output(context, call, output)
        shown = output.output if isinstance(output, LocalToolOutput) else output
        await hooks.tool_end(context, agent, tool, shown)
        return await self._item(turn, call, context, output)

    async def rejection(self, call: ToolCall, message: str | None) -> str:
        """What the model is told of a call that was rejected."""
        return message or await self.told("approval_rejected", call, REJECTED)

    async def told(
        self,
        kind: Any,
        call: ToolCall | UnknownCall,
        default: str,
        *,
        error: Exception | None = None,
    ) -> str:
        """The sentence for a call that came to nothing, as the run's formatter has it."""
        formatter = self._record.config.tool_error_formatter
        if formatter is None:
            return default
        args = ToolErrorFormatterArgs[Any](
            kind=kind,
            tool_type=_family(call.call.type),
            tool_name=getattr(call.call, "name", None) or call.call.type,
            call_id=call.call_id,
            default_message=default,
            run_context=self._record.context_wrapper,
            error=error,
        )
        text: object = await settled(formatter(args))
        return text if isinstance(text, str) else default

    # --- the tool -----------------------------------------------------------------------------

    async def _call(self, context: ToolContext[Any], call: ToolCall) -> Any:
        tool, name = call.tool, call.tool.name
        try:
            if isinstance(tool, FunctionTool):
                return await invoke_function_tool(
                    function_tool=tool, context=context, arguments=context.tool_arguments
                )
            return await run_local_call(
                cast("Any", tool), call.call, context, self._record.context_wrapper
            )
        except AgentsException:
            raise
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise _failure(name, "was cancelled by its own code") from None
        except Exception as error:
            raise _failure(name, f"raised {type(error).__name__}: {error}") from error

    async def _check_output(self, context: ToolContext[Any], call: ToolCall, output: Any) -> Any:
        for guardrail in getattr(call.tool, "tool_output_guardrails", None) or ():
            data = ToolOutputGuardrailData(
                context=context, agent=cast("Any", context.agent), output=output
            )
            found: ToolGuardrailFunctionOutput = await guardrail.run(data)
            self._record.guardrails.tool_output.append(ToolOutputGuardrailResult(guardrail, found))
            if found.behavior["type"] == "raise_exception":
                raise ToolOutputGuardrailTripwireTriggered(guardrail, found)
            if found.behavior["type"] == "reject_content":
                return found.behavior["message"]
        return output

    async def _item(
        self, turn: Turn, call: ToolCall, context: ToolContext[Any], output: Any
    ) -> ToolCallOutputItem:
        failure, tool = context.failure, call.tool
        if failure is not None:
            tell_failed(self._emit, call.call_id, failure, fatal=False)
        if isinstance(output, LocalToolOutput):
            return ToolCallOutputItem(
                turn.agent,
                output.raw_item,
                output=output.output,
                error=failure,
                custom_data=output.custom_data,
            )
        assert isinstance(tool, FunctionTool)
        if failure is not None and context.failure_is_default:
            output = await self.told("tool_exception", call, str(output), error=failure)
        schema = tool.output_json_schema if failure is None else None
        raw = ItemHelpers.tool_call_output_item(call.call, output, schema)
        data = await custom_data_of(tool, context, output, cast("Any", raw)) or context.custom_data
        return ToolCallOutputItem(turn.agent, raw, output=output, error=failure, custom_data=data)

    def _progress(self, turn: Turn, call: ToolCall, progress: ToolProgress) -> None:
        item = ToolProgressItem(turn.agent, call.call, progress=progress)
        self._emit.item("tool_progress", item)


def _failure(name: str, what: str) -> ToolCallError:
    return ToolCallError(
        f"the tool {name!r} {what}; return a text from it instead, or build it with "
        "function_tool(failure_error_function=...), to let the model go on",
        tool_name=name,
    )


def _family(call_type: str) -> Any:
    kinds = {"computer_call": "computer", "apply_patch_call": "apply_patch"}
    kinds |= {"shell_call": "shell", "local_shell_call": "shell"}
    return kinds.get(call_type, "function")
