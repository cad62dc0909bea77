"""Run states from their JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, cast

from rxagents.agent import Agent, FunctionToolResult
from rxagents.agent_tool import AgentTool
from rxagents.context import RunContextWrapper
from rxagents.event_json import EventReader
from rxagents.events import as_json
from rxagents.exceptions import UserError
from rxagents.handoffs import Handoff
from rxagents.items import ModelResponse, ToolApprovalItem
from rxagents.openai_types import lenient_item, typed_item
from rxagents.usage import Usage

from .config import RunConfig
from .pending import Answer, PendingTurn
from .record import RunOptions, RunRecord
from .state import RunState
from .state_form import (
    ContextForm,
    PendingForm,
    ResponseForm,
    RunForm,
    checked,
    damaged,
)
from .turn import ToolCall, Turn


async def read(
    initial_agent: Agent[Any],
    data: object,
    context_override: Any,
    context_deserializer: Callable[[Mapping[str, Any]], Any] | None,
    *,
    strict: bool,
) -> RunState[Any, Any]:
    """The state that was written; see `RunState.from_json`."""
    run, context = checked(data)
    wrapper = _wrapper(context, context_override, context_deserializer, strict=strict)
    with damaged():
        wrapper.usage, wrapper.tool_input = Usage.of_dict(run["usage"]), run["tool_input"]
        wrapper.approvals.read_json(run["approvals"])
    return await _Reader(initial_agent, wrapper).read(run)


def _wrapper(
    data: ContextForm,
    override: Any,
    deserializer: Callable[[Mapping[str, Any]], Any] | None,
    *,
    strict: bool,
) -> RunContextWrapper[Any]:
    written = data["context"]
    if isinstance(override, RunContextWrapper):
        return cast("RunContextWrapper[Any]", override)
    if override is not None:
        return RunContextWrapper(override)
    if written is not None and deserializer is not None:
        return RunContextWrapper(deserializer(written))
    if strict and data["context_left_out"]:
        raise UserError(
            "the context could not be written with the state, and none is given: pass "
            "context_override"
        )
    return RunContextWrapper(written)


class _Reader:
    """Reads one state, with the agents that can be reached from the first."""

    def __init__(self, agent: Agent[Any], wrapper: RunContextWrapper[Any]) -> None:
        self._agents = _reachable(agent)
        self._reader = EventReader({**_inside(self._agents), **self._agents})
        self._wrapper = wrapper

    async def read(self, data: RunForm) -> RunState[Any, Any]:
        with damaged():
            record = self._record(data)
        if data["pending"] is not None:
            record.pending = await self._pending(data["pending"])
        state = RunState[Any, Any](record)
        state.add_input(cast("Any", data["pending_input"]))
        return state

    def _record(self, data: RunForm) -> RunRecord:
        options = RunOptions(
            config=RunConfig(),
            max_turns=data["max_turns"],
            conversation_id=data["conversation_id"],
            auto_previous_response_id=data["auto_previous_response_id"],
        )
        record = RunRecord(
            cast("Any", data["input"]),
            self._agent(data["current_agent"]),
            self._wrapper,
            options,
            data["previous_response_id"],
            run_id=data["run_id"],
            started_at=data["started_at"],
            ended_at=data["ended_at"],
            seq=data["seq"],
            current_turn=data["current_turn"],
            attempt=data["attempt"],
            is_admitted=data["is_admitted"],
            new_items=self._items(data["new_items"]),
            raw_responses=[_response(each) for each in data["raw_responses"]],
            used_tools=data["used_tools"],
            unsaved=cast("list[Any]", data["unsaved"]),
            interruptions=cast("list[ToolApprovalItem]", self._items(data["interruptions"])),
        )
        told, kept = record.conversation, cast("dict[str, Any]", data["conversation"])
        told.given = kept["given"]
        told.everything, told.told, told.unsent = kept["everything"], kept["told"], kept["unsent"]
        told.base = kept["base"] if isinstance(kept["base"], str) else tuple(kept["base"])
        told.items = self._items(kept["items"])
        return record

    async def _pending(self, data: PendingForm) -> PendingTurn:
        agent, context = self._agent(data["agent"]), self._wrapper
        tools = await agent.get_all_tools(context)
        handoffs = await agent.get_all_handoffs(context)
        with damaged():
            turn = Turn.restore(agent, tools, handoffs, _response(data["response"]))
            pending = PendingTurn(turn)
            for each in data["answers"]:
                call, item = turn.calls[each["call"]], self._reader.item(each["item"])
                result = None
                if each["of_a_tool"] and isinstance(call, ToolCall):
                    output = getattr(item, "output", None)
                    result = FunctionToolResult(cast("Any", call.tool), output, item)
                pending.answers[call] = Answer(item, result)
            nested = [(turn.calls[each["call"]], each["state"]) for each in data["nested"]]
        for call, state in nested:
            inner = _inner_agent(call, state["current_agent"])
            wrapper = dataclasses.replace(context, tool_input=state["tool_input"])
            pending.nested[call] = await _Reader(inner, wrapper).read(state)
        return pending

    def _items(self, items: list[dict[str, Any]]) -> list[Any]:
        return [self._reader.item(each) for each in items]

    def _agent(self, name: str) -> Agent[Any]:
        agent = self._agents.get(name)
        if agent is None:
            raise UserError(
                f"the run stopped at the agent {name!r}, which cannot be reached from the one "
                f"given (reached: {', '.join(map(repr, self._agents))})"
            )
        return agent


def _inner_agent(call: object, name: str) -> Agent[Any]:
    tool = getattr(call, "tool", None)
    if not isinstance(tool, AgentTool) or tool.agent is None:
        raise UserError(
            f"the run inside a call stopped at the agent {name!r}, and the tool that was called is "
            "no agent's any more"
        )
    return tool.agent


def _reachable(first: Agent[Any]) -> dict[str, Agent[Any]]:
    """Those that the run can be handed over to, by their names."""
    found: dict[str, Agent[Any]] = {}
    to_see: list[Any] = [first]
    while to_see:
        agent = to_see.pop(0)
        if isinstance(agent, Handoff):
            agent = cast("Handoff[Any, Any]", agent).target
        if not isinstance(agent, Agent) or agent.name in found:
            continue
        found[agent.name] = cast("Agent[Any]", agent)
        to_see += cast("Agent[Any]", agent).handoffs
    return found


def _inside(agents: Mapping[str, Agent[Any]]) -> dict[str, Agent[Any]]:
    """Those that answer calls of these, as far down as it goes."""
    found: dict[str, Agent[Any]] = {}
    to_see = list(agents.values())
    while to_see:
        tools = to_see.pop(0).tools
        called = [each.agent for each in tools if isinstance(each, AgentTool) and each.agent]
        for name, agent in {n: a for each in called for n, a in _reachable(each).items()}.items():
            if name not in found:
                found[name] = agent
                to_see.append(agent)
    return found


def _response(data: ResponseForm) -> ModelResponse:
    output = [_typed(each) for each in data["output"]]
    return ModelResponse(output, Usage.of_dict(data["usage"]), data["response_id"])


def _typed(item: dict[str, Any]) -> Any:
    made = typed_item(item)
    return made if as_json(made) == item else lenient_item(item)
