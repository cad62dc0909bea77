"""Guardrails of inputs, outputs and tools in runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from rxagents import (
    Agent,
    GuardrailFunctionOutput,
    InputGuardrail,
    InputGuardrailTripwireTriggered,
    OutputGuardrailTripwireTriggered,
    RunConfig,
    Runner,
    RunResultStreaming,
    SQLiteSession,
    StreamEvent,
    ToolGuardrailFunctionOutput,
    ToolInputGuardrailTripwireTriggered,
    ToolOutputGuardrailTripwireTriggered,
    UserError,
    function_tool,
    handoff,
    input_guardrail,
    output_guardrail,
    tool_input_guardrail,
    tool_output_guardrail,
)
from rxagents.testing import Delay, ScriptedModel, assistant_message, function_call

PASS = GuardrailFunctionOutput("fine", False)
TRIP = GuardrailFunctionOutput("bad", True)


def guard(after: float, verdict: GuardrailFunctionOutput | Exception, **options: Any) -> Any:
    """An input guardrail that takes `after` seconds to come to its verdict."""

    async def check(context: Any, agent: Any, input: Any) -> GuardrailFunctionOutput:
        await asyncio.sleep(after)
        if isinstance(verdict, Exception):
            raise verdict
        return verdict

    return InputGuardrail(check, **options)


async def failure(run: RunResultStreaming, seen: list[StreamEvent]) -> Exception:
    """What ends the run; the events before it are put into `seen`."""
    try:
        async for event in run:
            seen.append(event)
    except Exception as error:
        return error
    raise AssertionError("the run did not fail")


def items(events: list[StreamEvent]) -> list[str]:
    return [event.name for event in events if event.type == "run_item_stream_event"]


def slow_tool(log: list[str], seconds: float = 10, *, stubborn: bool = False) -> Any:
    @function_tool
    async def work() -> str:
        log.append("begun")
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            log.append("cancelled")
            if not stubborn:
                raise
        return "done"

    return work


def worker(*guardrails: Any, tool: Any, **options: Any) -> Agent:
    model = ScriptedModel([[function_call("work")], [assistant_message("Ready.")]])
    return Agent("A", tools=[tool], model=model, input_guardrails=list(guardrails), **options)


# --- input ----------------------------------------------------------------------------------


async def test_a_trip_while_the_model_writes_closes_its_stream_and_keeps_what_came() -> None:
    model = ScriptedModel([[assistant_message("One."), Delay(10), assistant_message("Two.")]])
    agent = Agent("A", model=model, input_guardrails=[guard(2, TRIP, name="topic")])
    run, seen = Runner.run_streamed(agent, "x"), list[StreamEvent]()
    begun = asyncio.get_running_loop().time()
    error = await failure(run, seen)
    assert asyncio.get_running_loop().time() - begun == 2
    assert isinstance(error, InputGuardrailTripwireTriggered)
    assert str(error) == "the input guardrail 'topic' has stopped the run"
    assert error.guardrail_result.output is TRIP
    assert error.guardrail_result.guardrail.get_name() == "topic"
    assert items(seen) == ["message_output_created"]
    assert model.closed_early == 1
    assert run.final_output is None
    assert run.input_guardrail_results == [error.guardrail_result]
    assert error.run_data is not None
    assert error.run_data.input_guardrail_results == [error.guardrail_result]
    assert error.run_data.new_items == run.new_items
    assert asyncio.current_task() is not None
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("stubborn", [False, True])
async def test_a_trip_while_tools_run_cancels_them_and_their_outputs_are_never_told(
    stubborn: bool,
) -> None:
    log: list[str] = []
    agent = worker(guard(2, TRIP), tool=slow_tool(log, stubborn=stubborn))
    run, seen = Runner.run_streamed(agent, "x"), list[StreamEvent]()
    error = await failure(run, seen)
    assert isinstance(error, InputGuardrailTripwireTriggered)
    assert log == ["begun", "cancelled"]
    assert items(seen) == ["tool_called"]
    assert [item.type for item in run.new_items] == ["tool_call_item"]


async def test_the_second_turn_waits_for_the_verdict() -> None:
    log: list[str] = []
    agent = worker(guard(30, TRIP), tool=slow_tool(log, 1))
    run, seen = Runner.run_streamed(agent, "x"), list[StreamEvent]()
    assert isinstance(await failure(run, seen), InputGuardrailTripwireTriggered)
    assert items(seen) == ["tool_called", "tool_output"]
    model: Any = agent.model
    assert len(model.calls) == 1


async def test_a_final_answer_waits_for_the_verdict() -> None:
    agent = Agent(
        "A",
        model=ScriptedModel([[assistant_message("Hi.")]]),
        input_guardrails=[guard(5, PASS)],
    )
    begun = asyncio.get_running_loop().time()
    run = await Runner.run(agent, "x")
    assert asyncio.get_running_loop().time() - begun == 5
    assert run.final_output == "Hi."
    assert [each.output for each in run.input_guardrail_results] == [PASS]
    tripping = agent.clone(
        model=ScriptedModel([[assistant_message("Hi.")]]), input_guardrails=[guard(5, TRIP)]
    )
    with pytest.raises(InputGuardrailTripwireTriggered):
        await Runner.run(tripping, "x")


async def test_a_guardrail_that_blocks_lets_nothing_begin() -> None:
    log: list[str] = []
    agent = worker(
        guard(3, TRIP, run_in_parallel=False), guard(0, PASS, name="later"), tool=slow_tool(log)
    )
    run, seen = Runner.run_streamed(agent, "x"), list[StreamEvent]()
    assert isinstance(await failure(run, seen), InputGuardrailTripwireTriggered)
    assert [event.type for event in seen] == ["agent_updated_stream_event"]
    model: Any = agent.model
    assert model.calls == []
    assert [each.guardrail.get_name() for each in run.input_guardrail_results] == ["check"]


async def test_guardrails_that_block_are_asked_at_once_and_the_first_trip_ends_them() -> None:
    left: list[str] = []

    async def endless(context: Any, agent: Any, input: Any) -> GuardrailFunctionOutput:
        try:
            await asyncio.sleep(1000)
        finally:
            left.append("left")
        return PASS

    agent = worker(
        InputGuardrail[Any](endless, run_in_parallel=False),
        guard(4, TRIP, run_in_parallel=False),
        tool=slow_tool([]),
    )
    begun = asyncio.get_running_loop().time()
    with pytest.raises(InputGuardrailTripwireTriggered):
        await Runner.run(agent, "x")
    assert asyncio.get_running_loop().time() - begun == 4
    assert left == ["left"]


@pytest.mark.parametrize("parallel", [True, False])
async def test_what_an_input_guardrail_raises_ends_the_run(parallel: bool) -> None:
    agent = worker(guard(1, KeyError("down"), run_in_parallel=parallel), tool=slow_tool([]))
    run = Runner.run_streamed(agent, "x")
    error = await failure(run, [])
    assert isinstance(error, KeyError)
    assert error.__notes__ == ["raised by the input guardrail 'check', which ended the run"]
    assert run.input_guardrail_results == []


@pytest.mark.parametrize("parallel", [True, False])
async def test_a_guardrail_that_answers_something_else_is_an_error_of_the_program(
    parallel: bool,
) -> None:
    wrong: Any = True
    agent = worker(guard(0, wrong, run_in_parallel=parallel), tool=slow_tool([]))
    with pytest.raises(UserError, match=r"the input guardrail 'check' returned True; return a G"):
        await Runner.run(agent, "x")


async def test_input_guardrails_are_asked_once_for_the_first_agent_and_the_runs_beside_them() -> (
    None
):
    asked: list[tuple[str, str, Any]] = []

    def noting(name: str) -> Any:
        @input_guardrail(name=name)
        def check(context: Any, agent: Agent, input: Any) -> GuardrailFunctionOutput:
            asked.append((name, agent.name, input))
            return PASS

        return check

    second = Agent(
        "B",
        model=ScriptedModel([[assistant_message("Hi.")]]),
        input_guardrails=[noting("of the second")],
    )
    model = ScriptedModel([[function_call("work")], [function_call("transfer_to_b")]])
    first = Agent(
        "A",
        tools=[slow_tool([], 1)],
        handoffs=[second],
        model=model,
        input_guardrails=[noting("own")],
    )
    config = RunConfig(input_guardrails=[noting("the run's")])
    run = await Runner.run(first, "x", run_config=config)
    assert run.final_output == "Hi."
    assert asked == [("own", "A", "x"), ("the run's", "A", "x")]
    assert len(run.input_guardrail_results) == 2


async def test_with_a_session_the_guardrail_sees_what_was_said_before() -> None:
    seen: list[Any] = []

    @input_guardrail
    def check(context: Any, agent: Any, input: Any) -> GuardrailFunctionOutput:
        seen.append(input)
        return PASS

    session = SQLiteSession("s")
    await session.add_items([{"role": "user", "content": "before"}])
    agent = Agent("A", model=ScriptedModel([[assistant_message("Hi.")]]), input_guardrails=[check])
    await Runner.run(agent, "now", session=session)
    assert [[item["content"] for item in each] for each in seen] == [["before", "now"]]


async def test_a_cancellation_during_a_guardrail_is_still_a_cancellation() -> None:
    stopped: list[str] = []

    async def check(context: Any, agent: Any, input: Any) -> GuardrailFunctionOutput:
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            stopped.append("guardrail")
            raise KeyError("late") from None
        return PASS

    agent = worker(InputGuardrail[Any](check), tool=slow_tool([]))
    task = asyncio.create_task(Runner.run(agent, "x"))
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stopped == ["guardrail"]


# --- output ---------------------------------------------------------------------------------


def answering(*guardrails: Any, text: str = "Hi.", **options: Any) -> Agent:
    model = ScriptedModel([[assistant_message(text)]])
    return Agent("A", model=model, output_guardrails=list(guardrails), **options)


async def test_an_output_guardrail_sees_the_final_output_and_its_result_is_kept() -> None:
    @output_guardrail(name="polite")
    async def check(context: Any, agent: Any, output: Any) -> GuardrailFunctionOutput:
        return GuardrailFunctionOutput(output.upper(), False)

    @output_guardrail
    def of_run(context: Any, agent: Any, output: Any) -> GuardrailFunctionOutput:
        return PASS

    agent = answering(check)
    run = await Runner.run(agent, "x", run_config={"output_guardrails": [of_run]})
    first, second = run.output_guardrail_results
    assert (first.guardrail, first.agent, first.agent_output) == (check, agent, "Hi.")
    assert first.output.output_info == "HI."
    assert second.guardrail is of_run


async def test_an_output_that_trips_is_no_final_output_and_was_told_before() -> None:
    @output_guardrail
    def check(context: Any, agent: Any, output: Any) -> GuardrailFunctionOutput:
        return TRIP

    run, seen = Runner.run_streamed(answering(check), "x"), list[StreamEvent]()
    error = await failure(run, seen)
    assert isinstance(error, OutputGuardrailTripwireTriggered)
    assert error.guardrail_result.agent_output == "Hi."
    assert items(seen) == ["message_output_created"]
    assert run.final_output is None
    assert run.output_guardrail_results == [error.guardrail_result]
    assert error.run_data is not None
    assert error.run_data.output_guardrail_results == [error.guardrail_result]


async def test_the_first_output_guardrail_that_fails_ends_the_others() -> None:
    left: list[str] = []

    @output_guardrail
    async def endless(context: Any, agent: Any, output: Any) -> GuardrailFunctionOutput:
        try:
            await asyncio.sleep(1000)
        finally:
            left.append("left")
        return PASS

    @output_guardrail
    async def broken(context: Any, agent: Any, output: Any) -> GuardrailFunctionOutput:
        await asyncio.sleep(1)
        raise KeyError("down")

    begun = asyncio.get_running_loop().time()
    error = await failure(Runner.run_streamed(answering(endless, broken), "x"), [])
    assert isinstance(error, KeyError)
    assert error.__notes__ == ["raised by the output guardrail 'broken', which ended the run"]
    assert asyncio.get_running_loop().time() - begun == 1
    assert left == ["left"]


async def test_only_the_last_agents_output_guardrails_are_asked() -> None:
    @output_guardrail
    def never(context: Any, agent: Any, output: Any) -> GuardrailFunctionOutput:
        return TRIP

    second = Agent("B", model=ScriptedModel([[assistant_message("Hi.")]]))
    first = Agent(
        "A",
        model=ScriptedModel([[function_call("transfer_to_b")]]),
        handoffs=[handoff(second)],
        output_guardrails=[never],
    )
    assert (await Runner.run(first, "x")).final_output == "Hi."


# --- tools ----------------------------------------------------------------------------------


def checked(
    before: Callable[[Any], Any] | None = None, after: Callable[[Any], Any] | None = None
) -> tuple[Agent, list[str]]:
    log: list[str] = []
    tool = slow_tool(log, 1)
    tool.tool_input_guardrails = [tool_input_guardrail(before)] if before else None
    tool.tool_output_guardrails = [tool_output_guardrail(after)] if after else None
    return worker(tool=tool), log


async def test_a_call_that_is_refused_is_answered_with_the_guardrails_message() -> None:
    agent, log = checked(lambda data: ToolGuardrailFunctionOutput.reject_content("No.", "why"))
    run = await Runner.run(agent, "x")
    assert log == []
    assert [getattr(item, "output", None) for item in run.new_items] == [None, "No.", None]
    (result,) = run.tool_input_guardrail_results
    assert result.output.output_info == "why"
    model: Any = agent.model
    assert model.calls[1].input[-1]["output"] == "No."


async def test_an_output_that_is_refused_is_replaced() -> None:
    agent, log = checked(None, lambda data: ToolGuardrailFunctionOutput.reject_content("Secret."))
    run = await Runner.run(agent, "x")
    assert log == ["begun"]
    assert [getattr(item, "output", None) for item in run.new_items] == [None, "Secret.", None]
    assert len(run.tool_output_guardrail_results) == 1


async def test_a_tool_guardrail_can_end_the_run() -> None:
    def raising(_: Any) -> ToolGuardrailFunctionOutput:
        return ToolGuardrailFunctionOutput.raise_exception("why")

    agent, log = checked(raising)
    error = await failure(Runner.run_streamed(agent, "x"), [])
    assert isinstance(error, ToolInputGuardrailTripwireTriggered)
    assert (error.output.output_info, log) == ("why", [])
    assert error.run_data is not None
    assert len(error.run_data.tool_input_guardrail_results) == 1
    agent, log = checked(None, raising)
    seen: list[StreamEvent] = []
    error = await failure(Runner.run_streamed(agent, "x"), seen)
    assert isinstance(error, ToolOutputGuardrailTripwireTriggered)
    assert log == ["begun"]
    assert items(seen) == ["tool_called"]
    assert error.run_data is not None
    assert len(error.run_data.tool_output_guardrail_results) == 1


async def test_guardrails_of_a_tool_are_asked_in_turn_until_one_refuses() -> None:
    asked: list[str] = []

    def noting(name: str, found: ToolGuardrailFunctionOutput) -> Any:
        def check(data: Any) -> ToolGuardrailFunctionOutput:
            asked.append(f"{name} {data.context.tool_arguments} {data.agent.name}")
            return found

        return tool_input_guardrail(check)

    tool = slow_tool([], 1)
    tool.tool_input_guardrails = [
        noting("first", ToolGuardrailFunctionOutput.allow()),
        noting("second", ToolGuardrailFunctionOutput.reject_content("No.")),
        noting("third", ToolGuardrailFunctionOutput.allow()),
    ]
    run = await Runner.run(worker(tool=tool), "x")
    assert asked == ["first {} A", "second {} A"]
    assert len(run.tool_input_guardrail_results) == 2
