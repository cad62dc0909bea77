"""From what a Runner is given to the record of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from openai.types.responses import ResponseInputItemParam

from rxagents.agent import Agent
from rxagents.context import RunContextWrapper
from rxagents.exceptions import UserError
from rxagents.lifecycle import AgentHooksBase, RunHooksBase
from rxagents.run_error_handlers import RunErrorHandlers

from .config import DEFAULT_MAX_TURNS, RunConfig, as_run_config
from .record import RunOptions, RunRecord
from .state import RunState

if TYPE_CHECKING:
    from rxagents.memory import Session

Input = str | list[ResponseInputItemParam]


def begin(
    agent: Agent[Any],
    input: Input | RunState[Any, Any],
    context: object = None,
    max_turns: int | None = DEFAULT_MAX_TURNS,
    hooks: RunHooksBase[Any, Any] | None = None,
    config: RunConfig | dict[str, Any] | None = None,
    previous_response_id: str | None = None,
    auto_previous_response_id: bool = False,
    conversation_id: str | None = None,
    session: Session | None = None,
    error_handlers: RunErrorHandlers[Any] | None = None,
) -> RunRecord:
    """The record of a run that has not begun; raises UserError for what it cannot begin with."""
    _check(agent, input, max_turns, hooks, error_handlers)
    if conversation_id and (previous_response_id or auto_previous_response_id):
        raise UserError(
            "conversation_id and previous_response_id are two ways to let the provider keep the "
            "conversation: give one of them"
        )
    if session is not None and (
        conversation_id or previous_response_id or auto_previous_response_id
    ):
        raise UserError(
            "a session keeps the conversation here, and conversation_id or previous_response_id "
            "at the provider: give one of them"
        )
    options = RunOptions(
        config=as_run_config(config),
        max_turns=max_turns,
        hooks=hooks,
        session=session,
        error_handlers=error_handlers,
        conversation_id=conversation_id,
        auto_previous_response_id=auto_previous_response_id,
    )
    if isinstance(input, RunState):
        return _resume(input, options, context)
    wrapper = RunContextWrapper[Any](context)
    return RunRecord(input, agent, wrapper, options, previous_response_id)


def _resume(state: RunState[Any, Any], options: RunOptions, context: object) -> RunRecord:
    before = state.record.options
    if options.max_turns == DEFAULT_MAX_TURNS:
        options.max_turns = before.max_turns
    options.conversation_id = options.conversation_id or before.conversation_id
    options.auto_previous_response_id |= before.auto_previous_response_id
    return state.resumed(options, context)


def _check(
    agent: object, input: object, max_turns: int | None, hooks: object, error_handlers: object
) -> None:
    if not isinstance(agent, Agent):
        raise UserError(f"the first argument must be an Agent, not {type(agent).__name__}")
    if not isinstance(input, str | list | RunState):
        raise UserError(
            f"the input must be a text, a list of items or a RunState, not {type(input).__name__}"
        )
    if max_turns is not None and max_turns < 1:
        raise UserError(f"max_turns must be 1 or more, or None for no limit, not {max_turns}")
    if hooks is not None and not isinstance(hooks, RunHooksBase):
        name, hint = type(cast("Any", hooks)).__name__, ""
        if isinstance(hooks, AgentHooksBase):
            hint = ": those belong to Agent(hooks=...)"
        raise UserError(f"hooks must be RunHooks, not {name}{hint}")
    known = set(RunErrorHandlers.__annotations__)
    unknown = set(cast("dict[str, Any]", error_handlers or {})) - known
    if unknown:
        raise UserError(
            f"error_handlers has the key {sorted(unknown)[0]!r}; there are "
            f"{', '.join(sorted(known))}"
        )
