"""The model's words as they come, with the standard iterator.

Without a key: OPENAI_DEFAULT_MODEL=local python examples/stream_text.py
"""

import asyncio

from openai.types.responses import ResponseTextDeltaEvent

from rxagents import Agent, Runner


async def main() -> None:
    agent = Agent(name="Joker", instructions="You are a helpful assistant.")
    result = Runner.run_streamed(agent, input="Please tell me 5 jokes.")
    async for event in result.stream_events():
        if event.type == "raw_response_event" and isinstance(event.data, ResponseTextDeltaEvent):
            print(event.data.delta, end="", flush=True)
    print()


if __name__ == "__main__":
    asyncio.run(main())
