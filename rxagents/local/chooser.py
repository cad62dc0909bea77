"""Which tools the embedded model is to call, where it is left to the model to decide.

A model of 135 million parameters cannot decide that: of two tools it picked the right one in 3 to 5
of 10 cases, which is chance, and it could not tell when to answer in words instead. So the decision
is a rule over words, and no judgement: it finds the tool whose name and description share words
with what the user said. It fails where they share none, in another language for one. The model then
fills in the arguments and writes the answers, which is what it can do. Whoever knows the tools
better passes a rule of their own to `local_client(choose=...)`.
"""

from __future__ import annotations

import re
from typing import Any

from .conversation import text_of

_COMMON = re.compile(
    "and|are|can|for|functions?|get|how|that|the|this|tools?|uses?|users?|what|when|who|with|you"
)
_HANDOFF = "transfer_to_"  # how the names of handoffs begin


def choose_tools(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The tools to offer now, of which the model must call one; none to have it answer in words.

    `request` is a Responses request whose `input` is a list of items and whose `tools` are all
    function tools. A tool scores two for each word that it shares with the user's last message
    and one if the instructions name it; the best ones are offered. Nothing is called twice between
    two messages of the user, so that every run ends; and once there is an output, only what the
    instructions name is called besides. An agent that has handoffs only hands off in any case.
    """
    tools: list[dict[str, Any]] = request["tools"]
    instructions: str = request.get("instructions") or ""
    message, called, answered = _last_message(request["input"])

    left = [tool for tool in tools if tool["name"] not in called]
    if answered:
        left = [tool for tool in left if tool["name"] in instructions]
    wanted = _words(message)

    def score(tool: dict[str, Any]) -> int:
        shared = wanted & _words(f"{tool['name']} {tool.get('description') or ''}")
        return 2 * len(shared) + (tool["name"] in instructions)

    best = max(map(score, left), default=0)
    if best:
        return [tool for tool in left if score(tool) == best]
    only_handoffs = all(tool["name"].startswith(_HANDOFF) for tool in tools)
    return left if only_handoffs and not called else []


def _last_message(items: list[dict[str, Any]]) -> tuple[str, set[str], bool]:
    """What the user said last, which tools were called since, and whether one has an output."""
    message = ""
    called: set[str] = set()
    answered = False
    for item in items:
        if item.get("role") == "user":
            message, answered = text_of(item["content"]), False
            called.clear()
        elif item.get("type") == "function_call":
            called.add(item["name"])
        elif item.get("type") == "function_call_output":
            answered = True
    return message, called, answered


def _words(text: str) -> set[str]:
    """The telling words of three letters or more, in the singular; snake_case is taken apart."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", text).lower()  # and camelCase too
    words = re.findall(r"\w{3,}", spaced)
    return {word.removesuffix("s") for word in words if not _COMMON.fullmatch(word)}
