"""What to tell agents that hand over to each other."""

from __future__ import annotations

from typing import Final

RECOMMENDED_PROMPT_PREFIX: Final = (
    "# How you work with others\n"
    "You are one of several agents that share this conversation. Each has its own instructions "
    "and tools, and any of them may take over from another by calling a function named "
    "`transfer_to_<agent>`. The person you speak with does not see that happen and need not know: "
    "never mention a transfer, just go on with the conversation.\n"
)
"""Put it before the instructions of agents that hand over."""


def prompt_with_handoff_instructions(prompt: str) -> str:
    """The instructions `prompt` with the prefix before them."""
    return f"{RECOMMENDED_PROMPT_PREFIX}\n\n{prompt}"
