"""Two agents: the first one hands over to the second; each name is printed as it takes over.

It prints:

    -> Front desk
    -> Spanish agent
    ...

Without a key: OPENAI_DEFAULT_MODEL=local python examples/handoff.py
"""

import asyncio

from rxagents import Agent, Runner
from rxagents import operators as ops

spanish = Agent(
    "Spanish agent",
    handoff_description="Speaks Spanish.",
    instructions="You only speak Spanish.",
)
desk = Agent(
    "Front desk",
    instructions="Hand over to the agent who speaks the language of the guest.",
    handoffs=[spanish],
)


async def main() -> None:
    run = Runner.run_streamed(desk, "Please let me talk to the Spanish agent.")
    run.pipe(ops.agent_updates()).subscribe(lambda agent: print(f"-> {agent.name}"))
    async for sentence in run.pipe(ops.text_deltas(), ops.sentences()):
        print(sentence)


if __name__ == "__main__":
    asyncio.run(main())
