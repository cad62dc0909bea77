"""Three agents on one question: the first answer wins, or all are read side by side.

It prints:

    The first to answer: Poet
    Poet: Blue and endless.
    Sailor: A road.
    Chemist: Salt water.

Without a key: OPENAI_DEFAULT_MODEL=local python examples/race_and_merge.py
"""

import asyncio

from rxagents import Agent, Runner, Stream
from rxagents import operators as ops

QUESTION = "What is the sea? Answer in one short sentence."
agents = [
    Agent("Poet", instructions="You are a poet."),
    Agent("Sailor", instructions="You are a sailor."),
    Agent("Chemist", instructions="You are a chemist."),
]


def answer(agent: Agent) -> Stream[str]:
    """Its answer's sentences, each with its name before it; a run for every subscription."""

    def named(sentence: str) -> str:
        return f"{agent.name}: {sentence}"

    return Runner.observe(agent, QUESTION).pipe(ops.text_deltas(), ops.sentences(), ops.map(named))


async def main() -> None:
    # The losers' runs are cancelled, and their connections closed.
    first = await Stream.race(*map(answer, agents)).first()
    print(f"The first to answer: {first.partition(':')[0]}")

    async for sentence in Stream.from_iterable(agents).pipe(ops.flat_map(answer)):
        print(sentence)


if __name__ == "__main__":
    asyncio.run(main())
