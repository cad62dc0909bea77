"""Programs with handoffs, guardrails, limits and hooks."""

from __future__ import annotations

import asyncio
from importlib import import_module
from types import new_class
from typing import Any

from pydantic import BaseModel

from .library import Library
from .seen import Seen


class City(BaseModel):
    """What a program wants as output."""

    name: str
    people: int


async def a_handoff_with_a_filter(lib: Library) -> Seen:
    return await filtered(lib, lambda data: data.clone(pre_handoff_items=()))


async def a_handoff_that_leaves_out_all(lib: Library) -> Seen:
    return await filtered(lib, lambda data: data.clone(pre_handoff_items=(), new_items=()))


async def a_handoff_without_tools(lib: Library) -> Seen:
    filters = import_module(f"{lib.name}.extensions.handoff_filters")
    return await filtered(lib, filters.remove_all_tools)


async def filtered(lib: Library, change: Any) -> Seen:
    seen = Seen(lib)

    async def look() -> str:
        return "seen"

    spanish_model = lib.model([lib.say("Hola.")])
    spanish = lib.agent(spanish_model, "Spanish")
    over = lib.api.handoff(spanish, input_filter=change)
    model = lib.model([lib.call("look")], [lib.call("transfer_to_spanish", "c2")])
    desk = lib.agent(model, "Desk", handoffs=[over], tools=[lib.api.function_tool(look)])
    result = await seen.events(lib.api.Runner.run_streamed(desk, "Hello"))
    seen.asked(spanish_model)
    seen.note("last agent", result.last_agent.name)
    seen.note("handoff", over.tool_name)
    seen.note("described as", over.tool_description)
    return seen


async def two_handoffs_and_a_tool(lib: Library) -> Seen:
    seen = Seen(lib)

    async def look() -> str:
        return "seen"

    first_model = lib.model([lib.say("It is me.")])
    first, second = lib.agent(first_model, "First"), lib.agent(lib.model(), "Second")
    calls = [
        lib.call("transfer_to_first", "c1"),
        lib.call("look", "c2"),
        lib.call("transfer_to_second", "c3"),
    ]
    tools = [lib.api.function_tool(look)]
    desk = lib.agent(lib.model(calls), "Desk", handoffs=[first, second], tools=tools)
    await seen.events(lib.api.Runner.run_streamed(desk, "Hello"))
    return seen


async def guarded(lib: Library, *, parallel: bool) -> Seen:
    """An input guardrail that trips after 1 s, while a tool runs that takes 2 s."""
    seen = Seen(lib)

    async def no_math(*_: Any) -> Any:
        await asyncio.sleep(1)
        return lib.api.GuardrailFunctionOutput("math", tripwire_triggered=True)

    async def add() -> str:
        await asyncio.sleep(2)
        seen.note("side effect", "added")
        return "2"

    guardrail = lib.api.input_guardrail(run_in_parallel=parallel)(no_math)
    model = lib.model([lib.call("add")], [lib.say("2")])
    agent = lib.agent(model, tools=[lib.api.function_tool(add)], input_guardrails=[guardrail])
    await seen.events(lib.api.Runner.run_streamed(agent, "1 + 1"))
    seen.note("model calls", len(model.calls))
    return seen


async def an_input_guardrail_beside_the_model(lib: Library) -> Seen:
    return await guarded(lib, parallel=True)


async def an_input_guardrail_before_the_model(lib: Library) -> Seen:
    return await guarded(lib, parallel=False)


async def an_output_guardrail(lib: Library) -> Seen:
    seen = Seen(lib)

    async def no_numbers(_: Any, __: Any, output: Any) -> Any:
        return lib.api.GuardrailFunctionOutput(output, any(c.isdigit() for c in output))

    for answer in ("It is 42.", "It is so."):
        guardrail = lib.api.output_guardrail(no_numbers)
        agent = lib.agent(lib.model([lib.say(answer)]), output_guardrails=[guardrail])
        result = await seen.events(lib.api.Runner.run_streamed(agent, "Go"))
        found = [each.output.tripwire_triggered for each in result.output_guardrail_results]
        seen.note("items, verdicts", (len(result.new_items), found))
    return seen


async def structured_output(lib: Library) -> Seen:
    seen = Seen(lib)
    for answer in ('{"name": "Oslo", "people": 700000}', '{"name": "Oslo"}'):
        agent = lib.agent(lib.model([lib.say(answer)]), output_type=City)
        await seen.events(lib.api.Runner.run_streamed(agent, "Go"))
    return seen


async def too_many_turns(lib: Library) -> Seen:
    """Without a handler, and with one."""
    seen = Seen(lib)

    async def look() -> str:
        return "nothing"

    for handlers in (None, {"max_turns": lambda _: "I give up."}):
        model = lib.model([lib.call("look")], [lib.call("look", "c2")])
        agent = lib.agent(model, tools=[lib.api.function_tool(look)])
        run = lib.api.Runner.run_streamed(agent, "Go", max_turns=2, error_handlers=handlers)
        result = await seen.events(run)
        seen.note("turn", result.current_turn)
        seen.conversation(result.to_input_list())
    return seen


async def hooks_of_run_and_agent(lib: Library) -> Seen:
    """Both kinds, over a tool and a handoff."""
    seen = Seen(lib)

    def telling(kind: type[Any], who: str) -> Any:
        def method(name: str) -> Any:
            async def hook(self: Any, *_: Any, **__: Any) -> None:
                seen.note(f"{who} hook", name)

            return hook

        methods = {name: method(name) for name in dir(kind) if name[:3] == "on_"}
        return new_class("Telling", (kind,), exec_body=lambda body: body.update(methods))()

    async def look() -> str:
        return "seen"

    other = lib.agent(lib.unstreamed([lib.say("Hola.")]), "Other")
    model = lib.unstreamed([lib.call("look")], [lib.call("transfer_to_other", "c2")])
    agent = lib.agent(model, handoffs=[other], tools=[lib.api.function_tool(look)])
    hooks = telling(lib.api.RunHooks, "run")
    await lib.api.Runner.run(agent, "Go", hooks=hooks)
    alone = lib.agent(
        lib.unstreamed([lib.call("look")], [lib.say("Done.")]),
        tools=[lib.api.function_tool(look)],
        hooks=telling(lib.api.AgentHooks, "agent"),
    )
    await lib.api.Runner.run(alone, "Go")
    return seen


PROGRAMS = [
    a_handoff_with_a_filter,
    a_handoff_that_leaves_out_all,
    a_handoff_without_tools,
    two_handoffs_and_a_tool,
    an_input_guardrail_beside_the_model,
    an_input_guardrail_before_the_model,
    an_output_guardrail,
    structured_output,
    too_many_turns,
    hooks_of_run_and_agent,
]
