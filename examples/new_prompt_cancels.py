"""A search box: every new prompt cancels the run before it, and closes its connection.

It prints:

    > What is rain?
    Rain is a type of weather pheno
    > What is snow?
    Snow is a type of precipitation.

Without a key: OPENAI_DEFAULT_MODEL=local python examples/new_prompt_cancels.py
"""

import asyncio
from collections.abc import AsyncIterator

from reactivex import Observable

from rxagents import Agent, Runner, Stream
from rxagents import operators as ops

agent = Agent("Guide", instructions="You answer in one short sentence.")


async def typing() -> AsyncIterator[str]:
    """Somebody types a question, begins to read, and then asks another one."""
    for pause, prompt in ((0.2, "What is"), (0.9, "What is rain?"), (0.5, "What is snow?")):
        yield prompt
        await asyncio.sleep(pause)  # seconds


def answer(prompt: str) -> Observable[str]:
    return Runner.observe(agent, prompt).pipe(ops.text_deltas(), ops.start_with(f"\n> {prompt}\n"))


async def main() -> None:
    answers = Stream.from_async_iterable(typing).pipe(
        ops.debounce(0.3),  # seconds without another key
        ops.switch_map(answer),
    )
    async for text in answers:
        print(text, end="", flush=True)
    print()


if __name__ == "__main__":
    asyncio.run(main())
