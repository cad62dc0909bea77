"""A run that is recorded, played again in its rhythm, and used as the model of another run.

It needs no key, as its model plays a script. With a real one, the recording is made once, and
tests and demonstrations run on it. It prints:

    Recorded 27 events
    Replayed at 4 times the speed: It rains in Oslo. Take an umbrella.
    Asked again, without the model: It rains in Oslo. Take an umbrella.
"""

import asyncio
import tempfile
from pathlib import Path

from rxagents import Agent, ReplayModel, Runner, function_tool, replay
from rxagents import operators as ops
from rxagents.testing import Delay, ScriptedModel, assistant_message, function_call

QUESTION = "Do I need an umbrella in Oslo?"


@function_tool
def weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"It rains in {city}."


async def main() -> None:
    model = ScriptedModel(
        [
            [Delay(0.2), function_call("weather", {"city": "Oslo"})],
            [Delay(0.2), assistant_message("It rains in Oslo. Take an umbrella.")],
        ]
    )
    agent = Agent("Guide", tools=[weather], model=model)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "umbrella.jsonl")

        # Each line is in the file before the event is passed on.
        count = await Runner.observe(agent, QUESTION).pipe(ops.record(path), ops.count())
        print(f"Recorded {count} events")

        print("Replayed at 4 times the speed:", end="", flush=True)
        async for sentence in replay(path, 4.0).pipe(ops.text_deltas(), ops.sentences()):
            print(f" {sentence}", end="", flush=True)

        # The tools are called again; what the model says comes from the recording.
        result = await Runner.run(agent.clone(model=ReplayModel(path)), QUESTION)
        print(f"\nAsked again, without the model: {result.final_output}")


if __name__ == "__main__":
    asyncio.run(main())
