"""Agents one after the other, as a program wants it, with a guardrail on what comes in.

Only the imports make it a program for this library: with `agents` in place of `rxagents` it is one
for the OpenAI Agents SDK. The models play a script, so that it needs no key. It prints:

    Outline: a lighthouse, a storm, a letter
    Accepted with 9 points
    The letter came the morning after the storm.
    Not answered: homework
"""

import asyncio
from typing import Any

from pydantic import BaseModel

from rxagents import (
    Agent,
    GuardrailFunctionOutput,
    InputGuardrailTripwireTriggered,
    RunContextWrapper,
    Runner,
    input_guardrail,
)
from rxagents.testing import ScriptedModel, assistant_message


class Verdict(BaseModel):
    """What a reader thinks of an outline."""

    good: bool
    points: int


@input_guardrail(run_in_parallel=False)
async def no_homework(
    context: RunContextWrapper[None], agent: Agent[Any], asked: object
) -> GuardrailFunctionOutput:
    return GuardrailFunctionOutput("homework", tripwire_triggered="homework" in str(asked))


def plays(answer: str) -> ScriptedModel:
    return ScriptedModel([[assistant_message(answer)]])


planner: Agent[None] = Agent(
    "Planner",
    instructions="Make an outline.",
    input_guardrails=[no_homework],
    model=plays("a lighthouse, a storm, a letter"),
)
reader: Agent[None] = Agent(
    "Reader",
    instructions="Judge the outline.",
    output_type=Verdict,
    model=plays('{"good": true, "points": 9}'),
)
writer: Agent[None] = Agent(
    "Writer",
    instructions="Write the story.",
    model=plays("The letter came the morning after the storm."),
)


async def main() -> None:
    outline = await Runner.run(planner, "A story of the sea")
    print(f"Outline: {outline.final_output}")
    judged = await Runner.run(reader, outline.final_output)
    verdict = judged.final_output_as(Verdict)
    if not verdict.good:
        return
    print(f"Accepted with {verdict.points} points")
    print((await Runner.run(writer, outline.final_output)).final_output)
    try:
        await Runner.run(planner, "Do my homework")
    except InputGuardrailTripwireTriggered as error:
        print(f"Not answered: {error.guardrail_result.output.output_info}")


if __name__ == "__main__":
    asyncio.run(main())
