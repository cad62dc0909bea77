"""The items of a Responses request as plain turns of a conversation.

That is all that the embedded model goes on from: shown a call and its output in the form that
larger models were trained on, it only echoes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class UnsupportedRequest(Exception):
    """The request asks for what the embedded model cannot do at all."""


def turns(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items as turns of a system, a user and an assistant; those that are none are dropped.

    What tools have said becomes a fact in the user's turn that led to it, and what the assistant
    said before it called them is dropped. Raises UnsupportedRequest for images, files and audio.
    """
    names: dict[str, str] = {}  # of the called tools, by call id
    result: list[dict[str, Any]] = []
    asked: _Question | None = None
    for item in items:
        match item.get("type", "message"):
            case "message" if item["role"] == "assistant":
                result.append(assistant(text_of(item["content"])))
            case "message":
                role = "user" if item["role"] == "user" else "system"  # `developer` is the latter
                text = text_of(item["content"])
                if role == "user":
                    asked = _Question(text, len(result))
                result.append({"role": role, "content": text})
            case "function_call":
                names[item["call_id"]] = item["name"]
            case "function_call_output":
                tool = names.get(item["call_id"], "the tool")
                # The agent that took over answers the user, and not the handoff.
                if not tool.startswith("transfer_to_"):
                    asked = asked or _Question("", len(result))
                    asked.facts.append(f"{_subject(tool)}: {text_of(item['output'])}")
                    result[asked.place :] = [{"role": "user", "content": asked.with_facts()}]
            case _:
                continue  # reasoning, and what hosted tools did
    return result


@dataclass
class _Question:
    """A user's message, its place among the turns, and what tools have said since."""

    text: str
    place: int
    facts: list[str] = field(default_factory=list[str])

    def with_facts(self) -> str:
        # Of seven wordings the one that has the model use what it is told: in 5 of 5 cases, where
        # a question and an answer of the user's were used in none.
        facts = f"Fact: {'; '.join(self.facts)}"
        if not self.text:
            return facts
        return f"{facts}\nQuestion: {self.text}\nAnswer the question using the fact."


def _subject(tool: str) -> str:
    """What a tool tells: `get_weather` tells the weather."""
    return tool.removeprefix("get_").replace("_", " ")


def assistant(text: str) -> dict[str, Any]:
    """A turn of the assistant's; where it is the last one, the model goes on from its text."""
    # The type and the list of parts are both needed; llama.cpp answers 400 otherwise.
    content = [{"type": "output_text", "text": text}]
    return {"type": "message", "role": "assistant", "content": content}


def text_of(content: str | list[dict[str, Any]]) -> str:
    """The text of a message or of an output; raises UnsupportedRequest for other than text."""
    return content if isinstance(content, str) else "".join(map(_part_text, content))


def _part_text(part: dict[str, Any]) -> str:
    text = part.get("text", part.get("refusal"))
    if not isinstance(text, str):
        raise UnsupportedRequest(
            f"the embedded model reads text only, and the input has a part of type "
            f"{part.get('type')!r}: leave it out, or use another model"
        )
    return text
