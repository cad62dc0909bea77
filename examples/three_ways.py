"""One run, read in three ways at once: callbacks, operators, and the standard iterator.

Without a key: OPENAI_DEFAULT_MODEL=local python examples/three_ways.py
"""

import asyncio

from rxagents import Agent, Runner
from rxagents import operators as ops


async def main() -> None:
    agent = Agent("Guide", instructions="You answer in two short sentences.")
    run = Runner.run_streamed(agent, "What is the sea?")

    # 1. Callbacks. Each subscriber sees the whole run from its first event.
    text: list[str] = []
    run.pipe(ops.text_deltas()).subscribe(text.append, print, lambda: print("The text has ended."))

    # 2. Operators, then `async for`: bounded, lossless, and left when the loop is left.
    async for sentence in run.pipe(ops.text_deltas(), ops.sentences()):
        print(f"A sentence: {sentence}")

    # 3. The standard iterator, here after the end: it gives the whole run again.
    kinds = {event.type async for event in run.stream_events()}
    print(f"{len(text)} deltas; kinds of events: {', '.join(sorted(kinds))}")


if __name__ == "__main__":
    asyncio.run(main())
