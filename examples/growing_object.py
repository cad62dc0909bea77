"""A pydantic object that grows while the model writes it, as a table in the terminal.

Without a key: OPENAI_DEFAULT_MODEL=local python examples/growing_object.py
"""

import asyncio

from pydantic import BaseModel
from rich.live import Live
from rich.table import Table

from rxagents import Agent, ModelSettings, Runner
from rxagents import operators as ops


class City(BaseModel):
    name: str
    country: str
    known_for: str


agent = Agent(
    "Guide",
    instructions="You describe the city that is asked for, as JSON.",
    model_settings=ModelSettings(
        extra_args={
            "text": {
                "format": {
                    "type": "json_schema",
                    "name": "city",
                    "schema": {**City.model_json_schema(), "additionalProperties": False},
                    "strict": True,
                }
            }
        }
    ),
)


def table(city: City) -> Table:
    rows = Table("field", "value", min_width=60)
    for name in City.model_fields:
        rows.add_row(name, getattr(city, name) or "...")
    return rows


async def main() -> None:
    # Fields that have not come are None; the last object is the whole, validated.
    cities = Runner.observe(agent, "Oslo").pipe(ops.text_deltas(), ops.partial(City))
    with Live() as screen:
        async for city in cities:
            screen.update(table(city), refresh=True)


if __name__ == "__main__":
    asyncio.run(main())
