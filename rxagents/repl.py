"""Talk to an agent in a terminal."""

from __future__ import annotations

from typing import Any

from openai.types.responses import ResponseInputItemParam

from .agent import Agent
from .events import StreamEvent
from .run import DEFAULT_MAX_TURNS, Runner


async def run_demo_loop(
    agent: Agent[Any],
    *,
    stream: bool = True,
    context: object = None,
    max_turns: int | None = DEFAULT_MAX_TURNS,
) -> None:
    """Ask for lines and print what the agent answers, until `exit`, `quit` or the input's end.

    The agent that answered last is asked next, and knows the conversation. With `stream`, the
    text is printed as it is written, and calls, outputs and handoffs are told. Ctrl+C at the
    prompt ends the loop. What fails a run comes out of here.
    """
    conversation: list[ResponseInputItemParam] = []
    while (line := _ask()) is not None:
        if not line:
            continue
        conversation.append({"role": "user", "content": line})
        if stream:
            result = Runner.run_streamed(agent, conversation, context, max_turns)
            async with result:
                async for event in result.stream_events():
                    _show(event)
            print()
            agent, conversation = result.last_agent, result.to_input_list()
        else:
            ended = await Runner.run(agent, conversation, context=context, max_turns=max_turns)
            print(ended.final_output)
            agent, conversation = ended.last_agent, ended.to_input_list()


def _ask() -> str | None:
    try:
        line = input("> ").strip()
    except (EOFError, KeyboardInterrupt):
        print()
        return None
    return None if line.lower() in {"exit", "quit"} else line


def _show(event: StreamEvent) -> None:
    if event.type == "raw_response_event":
        if event.data.type == "response.output_text.delta":
            print(event.data.delta, end="", flush=True)
    elif event.type == "agent_updated_stream_event":
        print(f"[{event.new_agent.name}]")
    elif event.item.type == "tool_call_item":
        print(f"\n[calls {event.item.tool_name or event.item.raw_item.type}]")
    elif event.item.type == "tool_call_output_item":
        print(f"[gets {event.item.output}]")
