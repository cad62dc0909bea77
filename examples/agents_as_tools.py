"""An agent that has others translate, both at once, and one more that looks at the result.

Only the imports make it a program for this library: with `agents` in place of `rxagents` it is one
for the OpenAI Agents SDK. The models play a script, so that it needs no key. It prints:

    to_german was asked: Good morning
    to_italian was asked: Good morning
    - Guten Morgen
    - Buongiorno
    Guten Morgen, and in Italian: Buongiorno.
    Checked: both are right.
"""

import asyncio
import json

from openai.types.responses import ResponseFunctionToolCall

from rxagents import Agent, Runner
from rxagents.testing import ScriptedModel, assistant_message, function_call


def translator(language: str, answer: str) -> Agent[None]:
    model = ScriptedModel([[assistant_message(answer)]])
    return Agent(f"{language} translator", instructions=f"Translate into {language}.", model=model)


def call(name: str) -> ResponseFunctionToolCall:
    return function_call(name, {"input": "Good morning"}, call_id=name)


orchestrator: Agent[None] = Agent(
    "Orchestrator",
    instructions="Translate with your tools, never by yourself.",
    tools=[
        translator("German", "Guten Morgen").as_tool("to_german", "Translates into German"),
        translator("Italian", "Buongiorno").as_tool("to_italian", "Translates into Italian"),
    ],
    model=ScriptedModel(
        [
            [call("to_german"), call("to_italian")],
            [assistant_message("Guten Morgen, and in Italian: Buongiorno.")],
        ]
    ),
)
checker: Agent[None] = Agent(
    "Checker",
    instructions="Check the translations.",
    model=ScriptedModel([[assistant_message("Checked: both are right.")]]),
)


async def main() -> None:
    result = await Runner.run(orchestrator, "Good morning, in German and Italian?")
    for item in result.new_items:
        if item.type == "tool_call_item":
            print(f"{item.tool_name} was asked: {json.loads(item.raw_item.arguments)['input']}")
        elif item.type == "tool_call_output_item":
            print(f"- {item.output}")
        elif item.type == "message_output_item":
            print(result.final_output)
    checked = await Runner.run(checker, result.to_input_list())
    print(checked.final_output)


if __name__ == "__main__":
    asyncio.run(main())
