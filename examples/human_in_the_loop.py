"""A tool that needs an approval: the run stops, waits as a text, and goes on with the answers.

Only the imports make it a program for this library: with `agents` in place of `rxagents` it is one
for the OpenAI Agents SDK. The model plays a script, so that it needs no key. Here a person is a
rule: small refunds are approved. It prints:

    refund({"order": 1, "amount": 20})? yes
    refund({"order": 2, "amount": 2000})? no
    refund: 20 paid back for order 1
    refund: That is too much.
    Order 1 is paid back; order 2 needs the manager.
"""

import asyncio
import json

from openai.types.responses import ResponseFunctionToolCall

from rxagents import Agent, Runner, RunState, function_tool
from rxagents.testing import ScriptedModel, assistant_message, function_call


@function_tool(needs_approval=True)
async def refund(order: int, amount: int) -> str:
    """Pay money back."""
    return f"{amount} paid back for order {order}"


def call(order: int, amount: int) -> ResponseFunctionToolCall:
    arguments = json.dumps({"order": order, "amount": amount})
    return function_call("refund", arguments, call_id=f"call_{order}")


model = ScriptedModel(
    [
        [call(1, 20), call(2, 2000)],
        [assistant_message("Order 1 is paid back; order 2 needs the manager.")],
    ]
)
agent: Agent[None] = Agent("Cashier", tools=[refund], model=model)


async def main() -> None:
    result = await Runner.run(agent, "Please refund orders 1 and 2.")
    while result.interruptions:
        text = result.to_state().to_string()
        # It can be kept, as the answer may come days later and in another process.
        state = await RunState.from_string(agent, text)
        for item in state.get_interruptions():
            approved = json.loads(item.arguments or "{}")["amount"] < 100
            print(f"{item.name}({item.arguments})? {'yes' if approved else 'no'}")
            if approved:
                state.approve(item)
            else:
                state.reject(item, rejection_message="That is too much.")
        result = await Runner.run(agent, state)
    for done in result.new_items:
        if done.type == "tool_call_output_item":
            print(f"refund: {done.output}")
    print(result.final_output)


if __name__ == "__main__":
    asyncio.run(main())
