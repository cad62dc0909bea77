"""Programs that stop and go on: approvals, states, cancellation, sessions."""

from __future__ import annotations

from typing import Any

from .library import Library
from .seen import Seen


async def delete(path: str) -> str:
    return f"deleted {path}"


def keeper(lib: Library, *, streamed: bool = True) -> tuple[Any, Any]:
    """An agent whose tool wants to be approved, and its model."""
    calls = [lib.call("delete", path="/a"), lib.call("delete", "c2", path="/b")]
    make = lib.model if streamed else lib.unstreamed
    model = make([lib.say("I delete."), *calls], [lib.say("Done.")])
    tool = lib.api.function_tool(delete, needs_approval=True)
    return lib.agent(model, tools=[tool]), model


async def approvals_and_a_state(lib: Library) -> Seen:
    seen = Seen(lib)
    agent, model = keeper(lib)
    result = await seen.events(lib.api.Runner.run_streamed(agent, "Go"))
    seen.note("complete", result.is_complete)
    seen.note("interruptions", [item.raw_item.call_id for item in result.interruptions])
    state = result.to_state()
    first, second = result.interruptions
    state.approve(first)
    state.reject(second, rejection_message="Keep it.")
    result = await seen.events(lib.api.Runner.run_streamed(agent, state))
    seen.asked(model)
    seen.conversation(result.to_input_list())
    return seen


async def a_state_as_text(lib: Library) -> Seen:
    seen = Seen(lib)
    agent, _ = keeper(lib, streamed=False)
    result = await lib.api.Runner.run(agent, "Go")
    state = await lib.api.RunState.from_string(agent, result.to_state().to_string())
    for item in state.get_interruptions():
        state.approve(item)
    result = await lib.api.Runner.run(agent, state)
    seen.note("final output", result.final_output)
    seen.conversation(result.to_input_list())
    return seen


async def cancelled_after_its_turn(lib: Library) -> Seen:
    seen = Seen(lib)

    async def look() -> str:
        result.cancel("after_turn")
        return "seen"

    model = lib.model([lib.call("look")], [lib.say("Never said.")])
    agent = lib.agent(model, tools=[lib.api.function_tool(look)])
    result = lib.api.Runner.run_streamed(agent, "Go")
    await seen.events(result)
    seen.note("complete", result.is_complete)
    seen.conversation(result.to_input_list())
    return seen


async def a_session(lib: Library) -> Seen:
    """Two runs that share one."""
    seen = Seen(lib)

    async def look() -> str:
        return "seen"

    session = lib.api.SQLiteSession("chat")
    model = lib.model([lib.call("look")], [lib.say("One.")], [lib.say("Two.")])
    agent = lib.agent(model, tools=[lib.api.function_tool(look)])
    for question in ("First?", "Second?"):
        await seen.events(lib.api.Runner.run_streamed(agent, question, session=session))
    seen.asked(model)
    seen.conversation(await session.get_items())
    session.close()
    return seen


async def a_model_that_fails(lib: Library) -> Seen:
    seen = Seen(lib)
    await seen.events(lib.api.Runner.run_streamed(lib.agent(lib.model(OSError("cut"))), "Go"))
    return seen


PROGRAMS = [
    approvals_and_a_state,
    a_state_as_text,
    cancelled_after_its_turn,
    a_session,
    a_model_that_fails,
]
