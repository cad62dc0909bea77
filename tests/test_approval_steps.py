"""Which calls must be approved, and what is done before and after."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from shredder import Shredder, asked, names

from rxagents import (
    Agent,
    RunConfig,
    RunContextWrapper,
    RunHooks,
    Runner,
    StreamEvent,
    ToolApprovalItem,
    ToolContext,
    ToolErrorFormatterArgs,
    ToolExecutionConfig,
    ToolGuardrailFunctionOutput,
    ToolInputGuardrailData,
    function_tool,
    tool_input_guardrail,
)
from rxagents.testing import Delay, ScriptedModel, assistant_message, function_call

# --- which calls ----------------------------------------------------------------------------


@pytest.mark.parametrize("plain", [True, False])
async def test_a_function_decides_by_the_arguments_which_calls_are_asked_for(plain: bool) -> None:
    given: list[tuple[Any, dict[str, Any], str]] = []

    def rule(context: RunContextWrapper[Any], arguments: dict[str, Any], call_id: str) -> bool:
        given.append((context.context, arguments, call_id))
        return bool(arguments["name"].endswith(".key"))

    async def later(*args: Any) -> bool:
        await asyncio.sleep(1)
        return rule(*args)

    shredder = Shredder(["a.txt", "b.key"], needs_approval=rule if plain else later)
    result = await Runner.run(shredder.agent, "x", context="mine")
    assert [item.call_id for item in result.interruptions] == ["b.key"]
    assert shredder.shredded == ["a.txt"]
    assert given == [
        ("mine", {"name": "a.txt"}, "a.txt"),
        ("mine", {"name": "b.key"}, "b.key"),
    ]


async def test_what_such_a_function_raises_ends_the_run() -> None:
    def rule(*_: Any) -> bool:
        raise LookupError("no rules")

    run = Runner.run_streamed(Shredder(needs_approval=rule).agent, "x")
    with pytest.raises(LookupError, match="no rules"):
        [event async for event in run.stream_events()]


async def test_another_tool_can_decide_by_the_context_of_the_run() -> None:
    shredder = Shredder()

    @function_tool
    async def supervisor(ctx: ToolContext[Any]) -> str:
        """Approve everything."""
        await asyncio.sleep(1)
        call = function_call("shred", {"name": "a"})
        ctx.approve_tool(ToolApprovalItem(agent, call, "shred"))
        return "fine"

    calls = [function_call("shred", {"name": "a"}), function_call("supervisor")]
    model = ScriptedModel([calls, [assistant_message("Done.")]])
    agent = Agent("A", model=model, tools=[shredder.tool, supervisor])
    result = await Runner.run(agent, "x")
    assert (shredder.shredded, result.final_output) == (["a"], "Done.")


# --- what surrounds a call ------------------------------------------------------------------


class Log(RunHooks[Any]):
    def __init__(self) -> None:
        self.steps: list[str] = []

    async def on_tool_start(self, context: Any, agent: Any, tool: Any) -> None:
        self.steps.append("start")

    async def on_tool_end(self, context: Any, agent: Any, tool: Any, result: Any) -> None:
        self.steps.append(f"end: {result}")


async def decided(shredder: Shredder, log: Log, config: RunConfig, *, approve: bool) -> None:
    run = Runner.run_streamed(shredder.agent, "x", hooks=log, run_config=config)
    async for event in run.stream_events():
        if request := asked(event):
            log.steps.append("asked")
            await (request.approve() if approve else request.reject())


@pytest.mark.parametrize("early", [True, False])
async def test_guardrails_are_asked_behind_the_approval_and_before_it_if_wanted(
    early: bool,
) -> None:
    log = Log()

    @tool_input_guardrail
    def guard(data: ToolInputGuardrailData) -> ToolGuardrailFunctionOutput:
        log.steps.append("guardrail")
        return ToolGuardrailFunctionOutput.allow()

    shredder = Shredder(tool_input_guardrails=[guard])
    execution = ToolExecutionConfig(pre_approval_tool_input_guardrails=early)
    await decided(shredder, log, RunConfig(tool_execution=execution), approve=True)
    behind = ["asked", "guardrail", "start", "end: a.txt is gone"]
    assert log.steps == (["guardrail", *behind] if early else behind)


async def test_a_guardrail_that_refuses_first_spares_the_request() -> None:
    @tool_input_guardrail
    def guard(data: ToolInputGuardrailData) -> ToolGuardrailFunctionOutput:
        return ToolGuardrailFunctionOutput.reject_content("Not that one.")

    shredder, log = Shredder(tool_input_guardrails=[guard]), Log()
    execution = ToolExecutionConfig(pre_approval_tool_input_guardrails=True)
    await decided(shredder, log, RunConfig(tool_execution=execution), approve=True)
    assert log.steps == []
    assert shredder.told == {"a.txt": "Not that one."}


async def test_hooks_are_not_told_of_a_call_that_is_rejected() -> None:
    log = Log()
    await decided(Shredder(), log, RunConfig(), approve=False)
    assert log.steps == ["asked"]


@pytest.mark.parametrize(
    ("message", "formatted", "told"),
    [
        (None, "No. ({default})", "No. (The call was not approved, and was not carried out.)"),
        (None, None, "The call was not approved, and was not carried out."),
        ("Because.", "No.", "Because."),
    ],
)
async def test_the_runs_formatter_has_its_say_where_no_message_is_given(
    message: str | None, formatted: str | None, told: str
) -> None:
    seen: list[ToolErrorFormatterArgs[Any]] = []

    async def formatter(args: ToolErrorFormatterArgs[Any]) -> str | None:
        seen.append(args)
        return formatted and formatted.format(default=args.default_message)

    shredder = Shredder()
    config = RunConfig(tool_error_formatter=formatter)
    async for event in Runner.run_streamed(shredder.agent, "x", run_config=config).stream_events():
        if request := asked(event):
            await request.reject(message)
    assert shredder.told == {"a.txt": told}
    if message is None:
        (args,) = seen
        assert (args.kind, args.tool_type, args.tool_name, args.call_id) == (
            "approval_rejected",
            "function",
            "shred",
            "a.txt",
        )


async def test_a_tool_that_fails_meanwhile_ends_the_run_although_an_approval_is_open() -> None:
    @function_tool(failure_error_function=None)
    async def broken() -> str:
        """Break after a while."""
        await asyncio.sleep(1)
        raise LookupError("gone")

    shredder = Shredder()
    calls = [function_call("shred", {"name": "a"}), function_call("broken")]
    agent = Agent("A", model=ScriptedModel([calls]), tools=[shredder.tool, broken])
    run = Runner.run_streamed(agent, "x")
    with pytest.raises(Exception, match="the tool 'broken' raised LookupError: gone"):
        async for event in run.stream_events():
            if request := asked(event):
                await asyncio.sleep(5)
                await request.approve()
    assert shredder.shredded == []


async def test_a_model_that_still_writes_does_not_hide_the_request() -> None:
    """With tools that start at once, the request comes before the response has ended."""
    shredder = Shredder()
    call = function_call("shred", {"name": "a"})
    model = ScriptedModel(
        [[call, Delay(10), assistant_message("Shredding.")], [assistant_message("Done.")]]
    )
    config = RunConfig(tool_start="on_call")
    run = Runner.run_streamed(shredder.agent.clone(model=model), "x", run_config=config)
    events: list[StreamEvent] = []
    async for event in run.stream_events():
        events.append(event)
        if request := asked(event):
            await request.approve()
    assert names(events)[:4] == [
        "tool_called",
        "approval_requested",
        "tool_output",
        "message_output_created",
    ]
