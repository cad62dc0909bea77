"""A voice: each sentence is spoken as soon as the model has finished it, one after another.

It prints:

    (speaking) The sea is salt.
    (speaking) It is wide.

Without a key: OPENAI_DEFAULT_MODEL=local python examples/voice.py
"""

import asyncio

from rxagents import Agent, Runner
from rxagents import operators as ops

agent = Agent("Guide", instructions="You answer in three short sentences.")


async def speak(sentence: str) -> int:
    """Stand for a text-to-speech service; returns how many characters were spoken."""
    print(f"(speaking) {sentence}", flush=True)
    await asyncio.sleep(len(sentence) * 0.005)  # seconds
    return len(sentence)


async def main() -> None:
    spoken = Runner.observe(agent, "What is the sea?").pipe(
        ops.text_deltas(),
        ops.timeout(first=30.0, between=10.0),  # seconds
        ops.sentences(),
        ops.map_async(speak),  # the model is held back while a sentence is spoken
    )
    print(f"{sum([count async for count in spoken])} characters")


if __name__ == "__main__":
    asyncio.run(main())
