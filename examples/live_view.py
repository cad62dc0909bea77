"""A whole conversation in the terminal, drawn again at each change: what is said, called, answered.

Without a key: OPENAI_DEFAULT_MODEL=local python examples/live_view.py
"""

import asyncio

from rich.console import Group
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from rxagents import Agent, Runner, function_tool
from rxagents import operators as ops


@function_tool
async def get_weather(city: str) -> str:
    """Get the weather of a city."""
    await asyncio.sleep(1)  # seconds
    return f"The weather in {city} is sunny, 21 degrees."


agent = Agent("Guide", instructions="You tell the weather.", tools=[get_weather])

MARKS = {"writing": "…", "waiting": "?", "running": "⏳", "completed": "✔"}


def lines(snapshot: ops.Snapshot) -> Group:
    rows: list[Panel | Text] = []
    for entry in snapshot.entries:
        if entry.kind == "message":
            rows.append(Panel(entry.text, title=entry.agent, title_align="left"))
        elif entry.kind == "call":
            call = f"{MARKS[entry.status]} {entry.name} {' '.join(entry.arguments.split())}"
            rows.append(Text(f"{call} → {entry.output}" if entry.output else call, style="cyan"))
    rows.append(Text(f"turn {snapshot.turn}, {snapshot.usage.total_tokens} tokens", style="dim"))
    return Group(*rows)


async def main() -> None:
    run = Runner.run_streamed(agent, "What is the weather in Paris?")
    with Live() as screen:
        # `frame` before it: nobody reads more than thirty texts a second.
        async for snapshot in run.pipe(ops.frame(30), ops.snapshot()):
            screen.update(lines(snapshot), refresh=True)


if __name__ == "__main__":
    asyncio.run(main())
