"""A Responses request as llama.cpp and the embedded model understand it.

llama.cpp takes requests of the Responses API, but not everything in them: it ignores `tool_choice`
and `text.format`, and refuses an assistant's text in its short form. And the model itself only
goes on from plain turns of a conversation. Here a request is brought into the form that works.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .conversation import assistant, turns
from .prompt import CALL_END, CALL_MARKER
from .schema import bounded

Chooser = Callable[[dict[str, Any]], list[dict[str, Any]]]
"""Picks the tools to offer, out of those in a request; see `choose_tools`."""

DEFAULT_OUTPUT_TOKENS = 512
"""How much is generated for a request without `max_output_tokens`."""

_ARGUMENT_CHARACTERS = 80
_OUTPUT_CHARACTERS = 200  # a string in an output type, which may be a sentence or two

_REWRITTEN = {"parallel_tool_calls", "stop", "text", "tool_choice", "tools"}
_POINTLESS = {"include", "reasoning", "store"}  # about what the embedded model does not have


def rewrite(request: dict[str, Any], choose: Chooser) -> dict[str, Any]:
    """The body to send to llama.cpp for a Responses request, which is left as it is.

    Whatever `choose` picks is offered, and one of it is called for certain; where it picks nothing
    the answer is text. `temperature`, `max_output_tokens` and every other setting is the user's;
    where there is none, 0 and 512 are taken. Hosted tools (web search and the like) are left out.

    Raises UnsupportedRequest for images, files and audio.
    """
    given: str | list[dict[str, Any]] = request.get("input") or []
    items = [{"role": "user", "content": given}] if isinstance(given, str) else list(given)
    settings = request.keys() - _REWRITTEN - _POINTLESS
    body = {key: request[key] for key in settings if request[key] is not None}
    body.setdefault("temperature", 0)
    body.setdefault("max_output_tokens", DEFAULT_OUTPUT_TOKENS)
    body["input"] = turns(items)
    if offered := _offered({**request, "input": items}, choose):
        body |= _forcing_a_call(offered)
        # The grammar begins to hold after the marker, so the model's answer starts behind it.
        body["input"] = [*body["input"], assistant(CALL_MARKER)]
    elif response_format := _response_format(request):
        body["response_format"] = response_format
    elif any(item.get("type") == "function_call_output" for item in items):
        # Enough to keep it from going round in circles, and not from using the output.
        body.setdefault("frequency_penalty", 0.2)
    else:
        body.setdefault("repeat_penalty", 1.1)
    return body


def cut_off_at(request: dict[str, Any], body: dict[str, Any]) -> int | None:
    """The number of output tokens at which an answer to `body` counts as cut off, if any does.

    That is the user's `max_output_tokens`. The default ends a text, which can be read all the
    same, without a fuss; but half a call or half a JSON value is of no use to anybody.
    """
    must_be_whole = "tools" in body or "response_format" in body
    limit: int = body["max_output_tokens"]
    return limit if must_be_whole or request.get("max_output_tokens") is not None else None


def _offered(request: dict[str, Any], choose: Chooser) -> list[dict[str, Any]]:
    """The tools of which one is to be called now."""
    tools = _function_tools(request)
    choice: Any = request.get("tool_choice") or "auto"
    if not isinstance(choice, str):
        # {"type": "function", "name": ...}, or {"type": "allowed_tools", "mode": ..., "tools": ...}
        selection: dict[str, Any] = choice
        allowed: list[dict[str, Any]] = selection.get("tools") or [selection]
        names = {tool.get("name") for tool in allowed}
        tools = [tool for tool in tools if tool["name"] in names]
        choice = selection.get("mode", "required")
    if not tools or choice == "none":
        return []
    chosen = choose({**request, "tools": tools})
    return chosen or (tools if choice == "required" else [])


def _function_tools(request: dict[str, Any]) -> list[dict[str, Any]]:
    given: list[dict[str, Any]] = request.get("tools") or []
    return [tool for tool in given if tool.get("type") == "function"]


def _forcing_a_call(tools: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "tools": [_tool(tool) for tool in tools],
        "tool_choice": "required",  # with "auto" the arguments come out as junk
        "parallel_tool_calls": False,
        "stop": [CALL_END],  # or the model repeats the call until it is cut off
    }


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    parameters: dict[str, Any] = tool.get("parameters") or {}
    parameters = {"type": "object", "properties": {}, **parameters}
    return {**tool, "parameters": bounded(parameters, _ARGUMENT_CHARACTERS)}


def _response_format(request: dict[str, Any]) -> dict[str, Any] | None:
    """`text.format` in the place and form of Chat Completions, where llama.cpp looks for it."""
    text: dict[str, Any] = request.get("text") or {}
    wanted: dict[str, Any] = text.get("format") or {}
    match wanted.get("type"):
        case "json_schema":
            schema = bounded(wanted["schema"], _OUTPUT_CHARACTERS)
            name = wanted.get("name", "output")
            return {"type": "json_schema", "json_schema": {"name": name, "schema": schema}}
        case "json_object":
            return {"type": "json_object"}
        case _:
            return None


def echo(
    request: dict[str, Any], body: dict[str, Any], *, model: str, created_at: float
) -> dict[str, Any]:
    """The fields of a response that follow from the request, and from the body made of it.

    `model` is the name of the model that really answers, `created_at` in seconds since 1970.
    """
    tools = _function_tools(request)
    return {
        "created_at": created_at,
        "model": model,
        "object": "response",
        "error": None,
        "incomplete_details": None,
        "instructions": request.get("instructions"),
        "max_output_tokens": request.get("max_output_tokens"),
        "metadata": request.get("metadata") or {},
        "parallel_tool_calls": False,
        "temperature": body["temperature"],
        "tool_choice": request.get("tool_choice") or "auto",
        "tools": [{"parameters": None, "strict": False, **tool} for tool in tools],
        "top_p": request.get("top_p"),
    }
