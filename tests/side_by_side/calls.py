"""Programs with tools."""

from __future__ import annotations

import asyncio
from typing import Any

from .library import Library
from .seen import Seen


async def tools_of_one_turn(lib: Library) -> Seen:
    seen = Seen(lib)

    async def slow(city: str) -> str:
        await asyncio.sleep(2)
        return f"slow {city}"

    async def quick(city: str) -> str:
        await asyncio.sleep(1)
        return f"quick {city}"

    model = lib.model(
        [lib.say("Wait."), lib.call("slow", city="Oslo"), lib.call("quick", "c2", city="Rome")],
        [lib.say("Done.")],
    )
    agent = lib.agent(model, tools=[lib.api.function_tool(each) for each in (slow, quick)])
    result = await seen.events(lib.api.Runner.run_streamed(agent, "Go"))
    seen.asked(model)
    seen.conversation(result.to_input_list())
    usage = result.context_wrapper.usage
    seen.note("usage", (usage.requests, usage.input_tokens, usage.output_tokens))
    return seen


def broken(city: str) -> str:
    raise OSError(f"no road to {city}")


async def a_tool_that_fails(lib: Library) -> Seen:
    seen = Seen(lib)
    model = lib.model([lib.call("broken", city="Oslo")], [lib.say("Sorry.")])
    agent = lib.agent(model, tools=[lib.api.function_tool(broken)])
    await seen.events(lib.api.Runner.run_streamed(agent, "Go"))
    return seen


async def a_failure_in_ones_own_words(lib: Library) -> Seen:
    seen = Seen(lib)
    model = lib.model([lib.call("broken", city="Oslo")], [lib.say("Sorry.")])
    tool = lib.api.function_tool(broken, failure_error_function=lambda _, error: f"It is {error}")
    await seen.events(lib.api.Runner.run_streamed(lib.agent(model, tools=[tool]), "Go"))
    seen.asked(model)
    return seen


async def a_failure_that_is_let_out(lib: Library) -> Seen:
    seen = Seen(lib)
    model = lib.model([lib.call("broken", city="Oslo")])
    tool = lib.api.function_tool(broken, failure_error_function=None)
    await seen.events(lib.api.Runner.run_streamed(lib.agent(model, tools=[tool]), "Go"))
    return seen


async def a_tool_that_there_is_not(lib: Library) -> Seen:
    seen = Seen(lib)
    agent = lib.agent(lib.model([lib.call("fly")]))
    await seen.events(lib.api.Runner.run_streamed(agent, "Go"))
    return seen


async def an_unknown_tool_that_is_told(lib: Library) -> Seen:
    seen = Seen(lib)
    model = lib.model([lib.call("fly")], [lib.say("I walk.")])
    config = lib.api.RunConfig(tool_not_found_behavior="return_error_to_model")
    await seen.events(lib.api.Runner.run_streamed(lib.agent(model), "Go", run_config=config))
    return seen


def reply(what: str) -> str:
    return what.upper()


async def ends_with_a_tool(lib: Library) -> Seen:
    """`tool_use_behavior` in its three forms."""
    seen = Seen(lib)

    def decide(_: Any, results: list[Any]) -> Any:
        done = any(each.output == "B" for each in results)
        return lib.api.ToolsToFinalOutputResult(done, "decided")

    for behavior in ("stop_on_first_tool", {"stop_at_tool_names": ["reply"]}, decide):
        calls = [lib.call("reply", what="a"), lib.call("reply", "c2", what="b")]
        agent = lib.agent(
            lib.model(calls), tools=[lib.api.function_tool(reply)], tool_use_behavior=behavior
        )
        await seen.events(lib.api.Runner.run_streamed(agent, "Go"))
    return seen


async def a_demanded_call_is_demanded_once(lib: Library) -> Seen:
    seen = Seen(lib)
    model = lib.model([lib.call("reply", what="a")], [lib.say("Done.")])
    agent = lib.agent(
        model,
        tools=[lib.api.function_tool(reply)],
        model_settings=lib.api.ModelSettings(tool_choice="required"),
    )
    await seen.events(lib.api.Runner.run_streamed(agent, "Go"))
    seen.note("tool choices", [call.model_settings.tool_choice for call in model.calls])
    return seen


async def a_guarded_tool(lib: Library) -> Seen:
    seen = Seen(lib)
    answer = lib.api.ToolGuardrailFunctionOutput

    def no_secrets(data: Any) -> Any:
        if "secret" in data.context.tool_arguments:
            return answer.reject_content("Do not ask for that.")
        return answer.allow()

    def no_shouting(data: Any) -> Any:
        return answer.raise_exception() if data.output == "HELP" else answer.allow()

    tool = lib.api.function_tool(
        reply,
        tool_input_guardrails=[lib.api.tool_input_guardrail(no_secrets)],
        tool_output_guardrails=[lib.api.tool_output_guardrail(no_shouting)],
    )
    model = lib.model(
        [lib.call("reply", what="secret")],
        [lib.call("reply", "c2", what="fine")],
        [lib.call("reply", "c3", what="help")],
    )
    await seen.events(lib.api.Runner.run_streamed(lib.agent(model, tools=[tool]), "Go"))
    return seen


async def an_agent_as_a_tool(lib: Library) -> Seen:
    seen = Seen(lib)
    inner = lib.agent(lib.unstreamed([lib.say("Bonjour")]), "French")
    model = lib.model([lib.call("to_french", input="Hello")], [lib.say("Bonjour!")])
    tool = inner.as_tool("to_french", "Translates into French")
    result = await seen.events(
        lib.api.Runner.run_streamed(lib.agent(model, tools=[tool]), "Say hello")
    )
    seen.note("requests", result.context_wrapper.usage.requests)
    seen.asked(model)
    return seen


PROGRAMS = [
    tools_of_one_turn,
    a_tool_that_fails,
    a_failure_in_ones_own_words,
    a_failure_that_is_let_out,
    a_tool_that_there_is_not,
    an_unknown_tool_that_is_told,
    ends_with_a_tool,
    a_demanded_call_is_demanded_once,
    a_guarded_tool,
    an_agent_as_a_tool,
]
