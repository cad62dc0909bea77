"""A first run: a real model, on this machine, through a chain of operators. It needs no key."""

import asyncio

from rxagents import Agent, Runner, local
from rxagents import operators as ops


async def main() -> None:
    if local.find() is None:
        print("Fetching the model, 93 MB, this once ...")
        await local.ensure()
    agent = Agent("Guide", instructions="You answer in a few short sentences.", model="local")
    run = Runner.run_streamed(agent, "What is a stream, in nature?")

    frames = run.pipe(
        ops.text_deltas(),
        ops.buffer_with_time(1 / 30),  # seconds: what has come since the last frame
        ops.map("".join),
    )
    async for frame in frames:
        print(frame, end="", flush=True)

    # The run is still there, from its first event: any number may look at it, at any time.
    sentences = await run.pipe(ops.text_deltas(), ops.sentences(), ops.count())
    deltas = await run.pipe(ops.text_deltas(), ops.count())
    print(f"\n\n{deltas} deltas made {sentences} sentences, without a key and without a network.")


if __name__ == "__main__":
    asyncio.run(main())
