"""A desk that hands each guest over to the agent who speaks their language; the text is streamed.

Only the imports make it a program for this library: with `agents` in place of `rxagents` it is one
for the OpenAI Agents SDK. The models play a script, so that it needs no key. It prints:

    > Bonjour, une question !
    [Front desk]
    [French agent]
    Bonjour, je vous écoute.
    > Où est la gare ?
    [French agent]
    Tout droit, puis à gauche.
"""

import asyncio
from typing import Any

from rxagents import Agent, Runner
from rxagents.testing import ScriptedModel, assistant_message, function_call

french_model = ScriptedModel(
    [
        [assistant_message("Bonjour, je vous écoute.", item_id="1")],
        [assistant_message("Tout droit, puis à gauche.", item_id="2")],
    ]
)
desk_model = ScriptedModel([[function_call("transfer_to_french_agent", {}, call_id="1")]])
french: Agent[None] = Agent("French agent", instructions="You speak French.", model=french_model)
desk: Agent[None] = Agent(
    "Front desk",
    instructions="Hand over to the agent who speaks the language of the guest.",
    handoffs=[french],
    model=desk_model,
)


async def main() -> None:
    agent, conversation = desk, list[Any]()
    for question in ("Bonjour, une question !", "Où est la gare ?"):
        print(f"> {question}")
        conversation.append({"role": "user", "content": question})
        result = Runner.run_streamed(agent, conversation)
        async for event in result.stream_events():
            if event.type == "agent_updated_stream_event":
                print(f"[{event.new_agent.name}]")
            if (
                event.type == "raw_response_event"
                and event.data.type == "response.output_text.delta"
            ):
                print(event.data.delta, end="", flush=True)
        print()
        # Whoever answered goes on, and knows what was said.
        agent, conversation = result.last_agent, result.to_input_list()


if __name__ == "__main__":
    asyncio.run(main())
