"""The items of a Responses request as plain turns of a conversation.

That is all that the embedded model goes on from: shown a call and its output in the form that
larger models were trained on, it only echoes them.
"""

from __future__ import annotations

from typing import Any


class UnsupportedRequest(Exception):
    """The request asks for what the embedded model cannot do at all."""


def turns(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items as turns of a system, a user and an assistant; those that are none are dropped.

    A call with its output becomes a question of the assistant's and an answer of the user's.
    Raises UnsupportedRequest for images, files and audio.
    """
    names: dict[str, str] = {}  # of the called tools, by call id
    result: list[dict[str, Any]] = []
    for item in items:
        match item.get("type", "message"):
            case "message" if item["role"] == "assistant":
                result.append(assistant(text_of(item["content"])))
            case "message":
                role = "user" if item["role"] == "user" else "system"  # `developer` is the latter
                result.append({"role": role, "content": text_of(item["content"])})
            case "function_call":
                names[item["call_id"]] = item["name"]
            case "function_call_output":
                tool = names.get(item["call_id"], "the tool")
                result += _exchange(tool, text_of(item["output"]))
            case _:
                continue  # reasoning, and what hosted tools did
    return result


def _exchange(tool: str, output: str) -> list[dict[str, Any]]:
    if tool.startswith("transfer_to_"):
        return []  # the agent that took over answers the user, and not the handoff
    asking = assistant(f"Let me check with {tool}.")
    # With a capital letter the model quotes the output more often than it makes one up.
    return [asking, {"role": "user", "content": f"{tool[0].upper()}{tool[1:]} says: {output}"}]


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
