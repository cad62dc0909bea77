"""Hooks of runs and of agents: when they are called, with what, and what their errors do."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rxagents import (
    Agent,
    AgentHooks,
    CallModelData,
    GuardrailFunctionOutput,
    ModelInputData,
    RunConfig,
    RunContextWrapper,
    RunHooks,
    Runner,
    RunResultStreaming,
    ToolContext,
    ToolGuardrailFunctionOutput,
    UserError,
    function_tool,
    input_guardrail,
    output_guardrail,
    tool_input_guardrail,
    tool_output_guardrail,
)
from rxagents.testing import ScriptedModel, assistant_message, function_call


class Told(RunHooks[Any]):
    """Notes every call of it."""

    def __init__(self, log: list[str]) -> None:
        self.log = log

    async def on_agent_start(self, context: Any, agent: Any) -> None:
        self.log.append(f"on_agent_start {agent.name}")

    async def on_agent_end(self, context: Any, agent: Any, output: Any) -> None:
        self.log.append(f"on_agent_end {agent.name} {output}")

    async def on_handoff(self, context: Any, from_agent: Any, to_agent: Any) -> None:
        self.log.append(f"on_handoff {from_agent.name} {to_agent.name}")

    async def on_llm_start(
        self, context: Any, agent: Any, system_prompt: Any, input_items: Any
    ) -> None:
        self.log.append(f"on_llm_start {agent.name} {system_prompt} {len(input_items)}")

    async def on_llm_end(self, context: Any, agent: Any, response: Any) -> None:
        self.log.append(f"on_llm_end {agent.name} {response.output[-1].type}")

    async def on_tool_start(self, context: Any, agent: Any, tool: Any) -> None:
        self.log.append(f"on_tool_start {tool.name}")

    async def on_tool_end(self, context: Any, agent: Any, tool: Any, result: Any) -> None:
        self.log.append(f"on_tool_end {tool.name} {result}")


class OfAgent(AgentHooks[Any]):
    """The same for one agent."""

    def __init__(self, log: list[str]) -> None:
        self.log = log

    async def on_start(self, context: Any, agent: Any) -> None:
        self.log.append(f"start {agent.name}")

    async def on_end(self, context: Any, agent: Any, output: Any) -> None:
        self.log.append(f"end {agent.name} {output}")

    async def on_handoff(self, context: Any, agent: Any, source: Any) -> None:
        self.log.append(f"handoff {source.name} {agent.name}")

    async def on_llm_start(
        self, context: Any, agent: Any, system_prompt: Any, input_items: Any
    ) -> None:
        self.log.append("llm_start")

    async def on_llm_end(self, context: Any, agent: Any, response: Any) -> None:
        self.log.append("llm_end")

    async def on_tool_start(self, context: Any, agent: Any, tool: Any) -> None:
        self.log.append(f"tool_start {tool.name}")

    async def on_tool_end(self, context: Any, agent: Any, tool: Any, result: Any) -> None:
        self.log.append(f"tool_end {tool.name} {result}")


@function_tool
def add(a: int, b: int) -> int:
    """Add."""
    return a + b


def adder(**options: Any) -> Agent:
    model = ScriptedModel([[function_call("add", {"a": 1, "b": 2})], [assistant_message("Three.")]])
    return Agent("Adder", tools=[add], model=model, instructions="Be brief.", **options)


async def told(run: RunResultStreaming, log: list[str]) -> None:
    """Put the events that are not raw into the log, when they are emitted."""

    def note(event: Any) -> None:
        if event.type == "run_item_stream_event":
            log.append(event.name)
        elif event.type == "agent_updated_stream_event":
            log.append(f"agent {event.new_agent.name}")

    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    run.subscribe(note, done.set_exception, lambda: done.set_result(None))
    await done


# --- order ----------------------------------------------------------------------------------


async def test_the_hooks_of_a_run_come_in_the_standard_order_among_the_events() -> None:
    log: list[str] = []
    await told(Runner.run_streamed(adder(), "1 + 2", hooks=Told(log)), log)
    assert log == [
        "agent Adder",
        "on_agent_start Adder",
        "on_llm_start Adder Be brief. 1",
        "tool_called",
        "on_llm_end Adder function_call",
        "on_tool_start add",
        "on_tool_end add 3",
        "tool_output",
        "on_llm_start Adder Be brief. 3",
        "message_output_created",
        "on_llm_end Adder message",
        "on_agent_end Adder Three.",
    ]


async def test_an_agents_hooks_are_called_at_the_same_steps() -> None:
    log: list[str] = []
    await Runner.run(adder(hooks=OfAgent(log)), "1 + 2")
    assert log == [
        "start Adder",
        "llm_start",
        "llm_end",
        "tool_start add",
        "tool_end add 3",
        "llm_start",
        "llm_end",
        "end Adder Three.",
    ]


async def test_everything_that_is_asked_in_a_turn_is_asked_in_the_standard_order() -> None:
    log: list[str] = []

    def instructions(_: Any, __: Any) -> str:
        log.append("instructions")
        return "Be brief."

    def enabled(_: Any, __: Any) -> bool:
        log.append("is_enabled")
        return True

    @tool_input_guardrail
    def before(_: Any) -> ToolGuardrailFunctionOutput:
        log.append("tool input guardrail")
        return ToolGuardrailFunctionOutput.allow()

    @tool_output_guardrail
    def after(_: Any) -> ToolGuardrailFunctionOutput:
        log.append("tool output guardrail")
        return ToolGuardrailFunctionOutput.allow()

    @function_tool(
        is_enabled=enabled, tool_input_guardrails=[before], tool_output_guardrails=[after]
    )
    def look() -> str:
        log.append("body")
        return "seen"

    @input_guardrail(run_in_parallel=False)
    def of_input(_: Any, __: Any, ___: Any) -> GuardrailFunctionOutput:
        log.append("input guardrail")
        return GuardrailFunctionOutput(None, False)

    @output_guardrail
    def of_output(_: Any, __: Any, ___: Any) -> GuardrailFunctionOutput:
        log.append("output guardrail")
        return GuardrailFunctionOutput(None, False)

    def change(data: CallModelData[Any]) -> ModelInputData:
        log.append("input filter")
        return data.model_data

    agent = Agent(
        "A",
        instructions=instructions,
        tools=[look],
        input_guardrails=[of_input],
        output_guardrails=[of_output],
        model=ScriptedModel([[function_call("look")], [assistant_message("Done.")]]),
    )
    config = RunConfig(call_model_input_filter=change)
    run = Runner.run_streamed(agent, "go", hooks=Told(log), run_config=config)
    await told(run, log)
    asked = ["is_enabled", "instructions", "input filter"]
    assert log == [
        *["agent A", "on_agent_start A", "input guardrail"],
        *[*asked, "on_llm_start A Be brief. 1", "tool_called", "on_llm_end A function_call"],
        *["tool input guardrail", "on_tool_start look", "body"],
        *["tool output guardrail", "on_tool_end look seen", "tool_output"],
        *[*asked, "on_llm_start A Be brief. 3", "message_output_created", "on_llm_end A message"],
        *["on_agent_end A Done.", "output guardrail"],
    ]


async def test_a_handoff_is_told_before_it_takes_place() -> None:
    log: list[str] = []
    second = Agent("B", model=ScriptedModel([[assistant_message("Hi.")]]), hooks=OfAgent(log))
    model = ScriptedModel([[function_call("transfer_to_b")]])
    first = Agent("A", model=model, handoffs=[second])
    await told(Runner.run_streamed(first, "x", hooks=Told(log)), log)
    begin = log.index("handoff_requested")
    assert log[begin:] == [
        "handoff_requested",
        "on_llm_end A function_call",
        "on_handoff A B",
        "handoff A B",
        "handoff_occured",
        "agent B",
        "on_agent_start B",
        "start B",
        "on_llm_start B None 3",
        "llm_start",
        "message_output_created",
        "on_llm_end B message",
        "llm_end",
        "on_agent_end B Hi.",
        "end B Hi.",
    ]


async def test_hooks_of_the_run_and_of_the_agent_are_awaited_at_once() -> None:
    class Slow(RunHooks[Any]):
        async def on_agent_start(self, context: Any, agent: Any) -> None:
            await asyncio.sleep(3)

    class AlsoSlow(AgentHooks[Any]):
        async def on_start(self, context: Any, agent: Any) -> None:
            await asyncio.sleep(4)

    begun = asyncio.get_running_loop().time()
    await Runner.run(adder(hooks=AlsoSlow()), "x", hooks=Slow())
    assert asyncio.get_running_loop().time() - begun == 4


async def test_hooks_see_the_context_of_the_run_and_those_of_tools_that_of_the_call() -> None:
    seen: list[RunContextWrapper[Any]] = []

    class Watching(RunHooks[Any]):
        async def on_llm_end(self, context: Any, agent: Any, response: Any) -> None:
            seen.append(context)

        async def on_tool_start(self, context: Any, agent: Any, tool: Any) -> None:
            seen.append(context)

        async def on_tool_end(self, context: Any, agent: Any, tool: Any, result: Any) -> None:
            seen.append(context)

    run = await Runner.run(adder(), "x", hooks=Watching(), context={"user": 1})
    of_model, of_call, of_output, _ = seen
    assert of_model is run.context_wrapper
    assert of_model.usage.requests == 2
    assert isinstance(of_call, ToolContext)
    assert of_output is of_call
    assert (of_call.tool_name, of_call.tool_call_id) == ("add", "call_add")
    assert of_call.tool_arguments == '{"a": 1, "b": 2}'
    assert [each.context for each in seen] == [{"user": 1}] * 4


# --- errors ---------------------------------------------------------------------------------

HOOKS = [
    ("on_agent_start", 0),
    ("on_llm_start", 0),
    ("on_llm_end", 1),
    ("on_tool_start", 1),
    ("on_tool_end", 1),
    ("on_agent_end", 3),
]


@pytest.mark.parametrize(("name", "items"), HOOKS)
@pytest.mark.parametrize("is_async", [True, False])
async def test_a_hook_that_raises_ends_the_run_and_is_named(
    name: str, items: int, is_async: bool
) -> None:
    async def fail(*_: Any) -> None:
        await asyncio.sleep(1)
        raise ValueError("broken")

    def fail_now(*_: Any) -> None:
        raise ValueError("broken")

    hooks = Told([])
    setattr(hooks, name, fail if is_async else fail_now)
    run = Runner.run_streamed(adder(hooks=OfAgent([])), "x", hooks=hooks)
    seen: list[Any] = []
    with pytest.raises(ValueError, match="broken") as caught:
        async for event in run:
            seen.append(event)
    assert caught.value.__notes__ == [f"raised by the hook {name}, which ended the run"]
    assert len(run.new_items) == items
    assert len([event for event in seen if event.type == "run_item_stream_event"]) == items
    assert run.final_output is None
    assert run.is_complete


async def test_an_agents_hook_that_raises_cancels_the_runs_and_waits_for_it() -> None:
    log: list[str] = []

    class Slow(RunHooks[Any]):
        async def on_agent_start(self, context: Any, agent: Any) -> None:
            try:
                await asyncio.sleep(60)
            finally:
                log.append("left")

    class Broken(AgentHooks[Any]):
        async def on_start(self, context: Any, agent: Any) -> None:
            await asyncio.sleep(1)
            raise KeyError("broken")

    before = asyncio.all_tasks()
    with pytest.raises(KeyError):
        await Runner.run(adder(hooks=Broken()), "x", hooks=Slow())
    assert log == ["left"]
    assert asyncio.all_tasks() == before


async def test_an_error_of_ours_in_a_hook_carries_what_the_run_had() -> None:
    class Strict(RunHooks[Any]):
        async def on_tool_end(self, context: Any, agent: Any, tool: Any, result: Any) -> None:
            raise UserError("three is too many")

    with pytest.raises(UserError) as caught:
        await Runner.run(adder(), "x", hooks=Strict())
    data = caught.value.run_data
    assert data is not None
    assert [item.type for item in data.new_items] == ["tool_call_item"]
    assert len(data.raw_responses) == 1


async def test_hooks_of_the_other_kind_are_refused() -> None:
    with pytest.raises(UserError, match=r"hooks must be RunHooks.*belong to Agent\(hooks=\.\.\.\)"):
        Runner.run_streamed(adder(), "x", hooks=OfAgent([]))  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"hooks of the agent 'Adder' must be AgentHooks, not Told"):
        adder(hooks=Told([]))
