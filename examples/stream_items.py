"""What a run does, item by item: agents, tool calls, their outputs, messages.

It prints:

    Agent: Joker
    Tool called
    Tool output: 4
    Message: ...

Without a key: OPENAI_DEFAULT_MODEL=local python examples/stream_items.py
"""

import asyncio
import random

from rxagents import Agent, ItemHelpers, Runner, function_tool


@function_tool
def how_many_jokes() -> int:
    """How many jokes to tell."""
    return random.randint(1, 10)


async def main() -> None:
    agent = Agent(
        name="Joker",
        instructions="First call the how_many_jokes tool, then tell that many jokes.",
        tools=[how_many_jokes],
    )
    result = Runner.run_streamed(agent, input="Hello")
    async for event in result.stream_events():
        if event.type == "raw_response_event":
            continue
        if event.type == "agent_updated_stream_event":
            print(f"Agent: {event.new_agent.name}")
        elif event.type == "run_item_stream_event":
            if event.item.type == "tool_call_item":
                print("Tool called")
            elif event.item.type == "tool_call_output_item":
                print(f"Tool output: {event.item.output}")
            elif event.item.type == "message_output_item":
                print(f"Message: {ItemHelpers.text_message_output(event.item)}")


if __name__ == "__main__":
    asyncio.run(main())
