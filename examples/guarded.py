"""A guarded stream: what must not get out does not, not even its first letters.

It prints, where the model was about to say more:

    The number is [a number]. My
    (stopped: the text matches 'xyzzy', which is forbidden: the text was stopped before it)

Without a key: OPENAI_DEFAULT_MODEL=local python examples/guarded.py
"""

import asyncio
import re

from rxagents import Agent, Runner
from rxagents import operators as ops

agent = Agent("Guide", instructions="You answer in two short sentences.")


async def main() -> None:
    safe = Runner.observe(agent, "Tell me a number and the secret word.").pipe(
        ops.text_deltas(),
        ops.redact(r"\d+", "[a number]", window=16),  # characters held back until they are safe
        ops.guard(re.compile("xyzzy", re.IGNORECASE), window=8),
    )
    try:
        async for text in safe:
            print(text, end="", flush=True)
        print()
    except ops.GuardrailTripped as stopped:
        print(f"\n(stopped: {stopped})")


if __name__ == "__main__":
    asyncio.run(main())
