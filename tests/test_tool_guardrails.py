"""Checks of a tool's input and output: how they are made, and what they answer."""

from __future__ import annotations

from typing import Any

import pytest

from rxagents.agent import Agent
from rxagents.context import ToolContext
from rxagents.exceptions import (
    ToolInputGuardrailTripwireTriggered,
    ToolOutputGuardrailTripwireTriggered,
    UserError,
)
from rxagents.tool_guardrails import (
    ToolGuardrailFunctionOutput,
    ToolInputGuardrail,
    ToolInputGuardrailData,
    ToolInputGuardrailResult,
    ToolOutputGuardrail,
    ToolOutputGuardrailData,
    ToolOutputGuardrailResult,
    tool_input_guardrail,
    tool_output_guardrail,
)
from rxagents.tools import function_tool


def data(arguments: str = "{}") -> ToolInputGuardrailData:
    context = ToolContext(None, tool_name="pay", tool_call_id="c1", tool_arguments=arguments)
    return ToolInputGuardrailData(context=context, agent=Agent("a"))


@tool_input_guardrail
def no_secrets(about: ToolInputGuardrailData) -> ToolGuardrailFunctionOutput:
    if "secret" in about.context.tool_arguments:
        return ToolGuardrailFunctionOutput.reject_content("Do not send secrets.", {"found": 1})
    return ToolGuardrailFunctionOutput.allow()


@tool_output_guardrail(name="short")
async def not_too_long(about: ToolOutputGuardrailData) -> ToolGuardrailFunctionOutput:
    if len(about.output) > 5:
        return ToolGuardrailFunctionOutput.raise_exception(len(about.output))
    return ToolGuardrailFunctionOutput.allow(len(about.output))


def test_the_three_answers() -> None:
    assert ToolGuardrailFunctionOutput("info") == ToolGuardrailFunctionOutput.allow("info")
    assert ToolGuardrailFunctionOutput.allow().behavior == {"type": "allow"}
    rejected = ToolGuardrailFunctionOutput.reject_content("No.", "why")
    assert rejected.output_info == "why"
    assert rejected.behavior == {"type": "reject_content", "message": "No."}
    assert ToolGuardrailFunctionOutput.raise_exception().behavior == {"type": "raise_exception"}


async def test_a_plain_function_checks_the_input() -> None:
    assert isinstance(no_secrets, ToolInputGuardrail)
    assert no_secrets.get_name() == "no_secrets"
    assert await no_secrets.run(data()) == ToolGuardrailFunctionOutput.allow()
    found = await no_secrets.run(data('{"note": "secret"}'))
    assert found.behavior == {"type": "reject_content", "message": "Do not send secrets."}


async def test_an_async_function_checks_the_output() -> None:
    assert isinstance(not_too_long, ToolOutputGuardrail)
    assert not_too_long.get_name() == "short"
    given = ToolOutputGuardrailData(data().context, Agent("a"), "123456")
    assert await not_too_long.run(given) == ToolGuardrailFunctionOutput.raise_exception(6)


def test_a_guardrail_made_by_hand_is_named_after_its_function() -> None:
    class Check:
        def __call__(self, about: ToolInputGuardrailData) -> ToolGuardrailFunctionOutput:
            return ToolGuardrailFunctionOutput.allow()

    assert ToolInputGuardrail[Any](Check()).get_name() == "Check"
    assert tool_input_guardrail(Check()).get_name() == "Check"
    assert ToolOutputGuardrail[Any](not_too_long.guardrail_function).get_name() == "not_too_long"


async def test_a_guardrail_that_answers_nothing_is_an_error_of_the_program() -> None:
    forgot: Any = lambda about: None  # noqa: E731
    with pytest.raises(UserError, match=r"the tool guardrail 'forgot' returned None; return Tool"):
        await ToolInputGuardrail[Any](forgot, "forgot").run(data())


async def test_what_a_guardrail_raises_comes_out() -> None:
    def broken(about: ToolOutputGuardrailData) -> ToolGuardrailFunctionOutput:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await tool_output_guardrail(broken).run(
            ToolOutputGuardrailData(data().context, Agent("a"), "")
        )


def test_a_tool_keeps_its_guardrails() -> None:
    tool = function_tool(
        lambda: None,
        name_override="pay",
        tool_input_guardrails=[no_secrets],
        tool_output_guardrails=[not_too_long],
    )
    assert tool.tool_input_guardrails == [no_secrets]
    assert tool.tool_output_guardrails == [not_too_long]


def test_the_exceptions_name_the_guardrail_and_carry_what_it_found() -> None:
    output = ToolGuardrailFunctionOutput.raise_exception("why")
    before = ToolInputGuardrailTripwireTriggered(no_secrets, output)
    assert str(before) == "the tool input guardrail 'no_secrets' has stopped the run"
    assert (before.guardrail, before.output) == (no_secrets, output)
    after = ToolOutputGuardrailTripwireTriggered(not_too_long, output)
    assert str(after) == "the tool output guardrail 'short' has stopped the run"
    assert (after.guardrail, after.output) == (not_too_long, output)


def test_results_hold_the_guardrail_and_its_answer() -> None:
    output = ToolGuardrailFunctionOutput.allow()
    assert ToolInputGuardrailResult(no_secrets, output).guardrail is no_secrets
    assert ToolOutputGuardrailResult(guardrail=not_too_long, output=output).output is output
