"""Whether a turn ends the run, and with which output."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, cast

from openai.types.responses import ResponseOutputMessage, ResponseOutputText

from rxagents.agent import Agent, ToolsToFinalOutputResult
from rxagents.agent_output import as_written, output_schema_of
from rxagents.exceptions import (
    MaxTurnsExceeded,
    ModelBehaviorError,
    ModelRefusalError,
    OutputGuardrailTripwireTriggered,
    UserError,
)
from rxagents.guardrail import OutputGuardrail
from rxagents.items import MessageOutputItem
from rxagents.maybe_awaitable import settled
from rxagents.memory.turns import RunMemory
from rxagents.run_error_handlers import RunErrorData, RunErrorHandlerInput, RunErrorHandlerResult

from .emitter import Emitter
from .hooking import Hooks
from .model_call import output_guardrails
from .pending import PendingTurn
from .record import RunRecord
from .together import together
from .traced import watched
from .turn import Turn


class Finishing:
    """Finds the final output, checks it, and asks the program about what would be a failure."""

    def __init__(self, record: RunRecord, emit: Emitter, hooks: Hooks, memory: RunMemory) -> None:
        self._record = record
        self._memory = memory
        self._emit = emit
        self._hooks = hooks

    async def after_tools(self, pending: PendingTurn) -> ToolsToFinalOutputResult:
        """What the agent's `tool_use_behavior` makes of the results of a turn."""
        agent, results = pending.turn.agent, pending.results()
        behavior = agent.tool_use_behavior
        if not results or behavior == "run_llm_again":
            return ToolsToFinalOutputResult(False)
        if behavior == "stop_on_first_tool":
            return ToolsToFinalOutputResult(True, results[0].output)
        if callable(behavior):
            decided: Any = await settled(behavior(self._record.context_wrapper, results))
            if not isinstance(decided, ToolsToFinalOutputResult):
                raise UserError(
                    f"the tool_use_behavior of {agent.name!r} must return a "
                    f"ToolsToFinalOutputResult, not {decided!r}"
                )
            return decided
        stops = cast("Mapping[str, Any]", behavior)["stop_at_tool_names"]
        for each in results:
            if each.tool.name in stops:
                return ToolsToFinalOutputResult(True, each.output)
        return ToolsToFinalOutputResult(False)

    async def after_message(self, turn: Turn) -> ToolsToFinalOutputResult:
        """What the model's last message makes of the run: its output, if it is one.

        A model that was asked for JSON and has said nothing yet is asked again.

        Raises ModelRefusalError or InvalidFinalOutputError, unless a handler makes something of it.
        """
        if not turn.is_final:
            return ToolsToFinalOutputResult(False)
        schema = output_schema_of(turn.agent.output_type)
        plain = schema is None or schema.is_plain_text()
        try:
            text = turn.final_text
            if not text and not plain:
                return ToolsToFinalOutputResult(False)
            output = text if schema is None or plain else schema.validate_json(text)
        except ModelRefusalError as error:
            output = await self._rescue("model_refusal", error)
        except ModelBehaviorError as error:
            output = await self._rescue("invalid_final_output", error)
        return ToolsToFinalOutputResult(True, output)

    async def too_many_turns(self) -> Any:
        """The output for a run that takes too long; raises MaxTurnsExceeded if nobody has one."""
        record = self._record
        error = MaxTurnsExceeded(
            f"no final output after {record.options.max_turns} turns: raise max_turns, or find "
            f"out why the agent {record.current_agent.name!r} keeps calling tools"
        )
        return await self._rescue("max_turns", error)

    async def finish(self, agent: Agent[Any], output: object) -> None:
        """End the run with `output`, if the guardrails let it pass.

        Raises OutputGuardrailTripwireTriggered, or what a guardrail raises.
        """
        await self._hooks.agent_end(agent, output)
        await together(
            self._check(guardrail, agent, output)
            for guardrail in output_guardrails(self._record, agent)
        )

    async def _check(self, guardrail: OutputGuardrail[Any], agent: Agent[Any], output: Any) -> None:
        record = self._record
        check = guardrail.run(record.context_wrapper, agent, output)
        result = await watched(self._emit, guardrail.get_name(), check)
        record.guardrails.output.append(result)
        if result.output.tripwire_triggered:
            raise OutputGuardrailTripwireTriggered(result)

    async def _rescue(
        self, kind: str, error: MaxTurnsExceeded | ModelRefusalError | ModelBehaviorError
    ) -> Any:
        """The output that the program's handler gives instead of `error`; raises it otherwise."""
        record = self._record
        handlers = cast("Mapping[str, Any]", record.options.error_handlers or {})
        handler = handlers.get(kind)
        if handler is None:
            raise error
        asked = RunErrorHandlerInput(error, record.context_wrapper, self._data())
        given: Any = await settled(handler(asked))
        if given is None:
            raise error
        result = _result(given)
        output, text = self._fitting(kind, result.final_output)
        if result.include_in_history:
            self._say(text)
        return output

    def _fitting(self, kind: str, output: Any) -> tuple[Any, str]:
        """A handler's output as an instance of the agent's `output_type`, and as a model's text."""
        agent = self._record.current_agent
        schema = output_schema_of(agent.output_type)
        try:
            text = as_written(schema, output)
            plain = schema is None or schema.is_plain_text()
            return (output if schema is None or plain else schema.validate_json(text)), text
        except (ModelBehaviorError, ValueError, TypeError) as error:
            raise UserError(
                f"the error handler for {kind!r} gave {output!r}, which does not fit the "
                f"output_type of the agent {agent.name!r}: {error}"
            ) from error

    def _data(self) -> RunErrorData:
        record, told = self._record, self._record.conversation
        return RunErrorData(
            input=record.input,
            new_items=list(record.new_items),
            history=list(told.everything),
            output=told.everything[told.given :],
            raw_responses=list(record.raw_responses),
            last_agent=record.current_agent,
        )

    def _say(self, text: str) -> None:
        content = ResponseOutputText(type="output_text", text=text, annotations=[])
        message = ResponseOutputMessage(
            id=f"msg_{uuid.uuid4().hex}",
            type="message",
            role="assistant",
            status="completed",
            content=[content],
        )
        item = MessageOutputItem(self._record.current_agent, message)
        self._emit.item("message_output_created", item)
        self._record.conversation.add_input([item])
        self._memory.keep([item.to_input_item()])


def _result(given: Any) -> RunErrorHandlerResult:
    if isinstance(given, RunErrorHandlerResult):
        return given
    if isinstance(given, dict) and "final_output" in given:
        try:
            return RunErrorHandlerResult(**cast("dict[str, Any]", given))
        except TypeError as error:
            raise UserError(f"an error handler's result has an unknown key: {error}") from None
    return RunErrorHandlerResult(given)
