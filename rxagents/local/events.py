"""Fill in what llama.cpp leaves out of a Responses stream, so that every event is a whole one.

What is missing, as of its build 11549: sequence numbers and indices, `logprobs`, most of the
response in `response.created`, `function_call_arguments.done`, details of the usage, and the
difference between an answer that is finished and one that was cut off.
"""

from __future__ import annotations

import json
from typing import Any

_END_OF_FRAME = b"\n\n"
_DATA = b"data: "
_LAST = {"response.completed", "response.failed", "response.incomplete", "error"}


class EventRepair:
    """Repairs one stream: takes its bytes as they come, and returns whole frames.

    What comes out does not depend on where the bytes were divided. A last frame without its end
    is dropped: the client then sees that the stream broke off, as it did.
    """

    def __init__(
        self, echo: dict[str, Any], *, token_limit: int | None, context_tokens: int
    ) -> None:
        """Of a response with the fields in `echo`, which the request determines.

        With `token_limit` output tokens or more, it was cut off; or with `context_tokens` in all.
        """
        self._echo = echo
        self._token_limit = token_limit
        self._context_tokens = context_tokens
        self._rest = b""
        self._sequence_number = 0
        self._indices: dict[str, int] = {}  # of the output items, by id
        self._held: list[dict[str, Any]] = []

    def feed(self, chunk: bytes) -> bytes:
        """The repaired frames that `chunk` completes; often none."""
        *frames, self._rest = (self._rest + chunk).split(_END_OF_FRAME)
        return b"".join(map(self._frame, frames))

    def response(self, response: dict[str, Any]) -> dict[str, Any]:
        """A response object with every field it must have, and its right status."""
        whole: dict[str, Any] = {**response, **self._echo}
        whole.setdefault("output", [])
        if usage := response.get("usage"):
            whole["usage"] = _whole_usage(usage)
            if self._was_cut_off(usage, whole["output"]):
                whole["status"] = "incomplete"
                whole["completed_at"] = None
                whole["incomplete_details"] = {"reason": "max_output_tokens"}
                whole["output"] = _with_last_incomplete(whole["output"])
        return whole

    def _was_cut_off(self, usage: dict[str, Any], output: list[dict[str, Any]]) -> bool:
        if output and output[-1]["type"] == "function_call":
            return not _is_json(output[-1]["arguments"])
        # A text that happens to end with the last token allowed looks the same. That is rare.
        output_tokens: int = usage["output_tokens"]
        total_tokens: int = usage["total_tokens"]
        limit_reached = self._token_limit is not None and output_tokens >= self._token_limit
        return limit_reached or total_tokens >= self._context_tokens

    def _frame(self, frame: bytes) -> bytes:
        data = next((line for line in frame.split(b"\n") if line.startswith(_DATA)), None)
        if data is None:
            return b""  # a comment, which keeps the connection alive
        if data == _DATA + b"[DONE]":
            return frame + _END_OF_FRAME
        return b"".join(map(self._encoded, self._repaired(json.loads(data[len(_DATA) :]))))

    def _encoded(self, event: dict[str, Any]) -> bytes:
        event["sequence_number"] = self._sequence_number
        self._sequence_number += 1
        return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()

    def _repaired(self, event: dict[str, Any]) -> list[dict[str, Any]]:
        """The events to send in the place of this one."""
        if not event.get("type", "").startswith("response."):
            return [*self._release(None), _error(event)]
        if "response" in event:
            response = self.response(event["response"])
            if event["type"] not in _LAST:
                return [{"type": event["type"], "response": response}]
            kind = f"response.{response['status']}"
            return [*self._release(response), {"type": kind, "response": response}]
        self._add_indices(event)
        if event["type"] != "response.output_item.done":
            return [event]
        # Whether the item is whole is known only when the response ends, which is right after it.
        self._held.append(event)
        return []

    def _add_indices(self, event: dict[str, Any]) -> None:
        item_id: str = event["item_id"] if "item_id" in event else event["item"]["id"]
        event["output_index"] = self._indices.setdefault(item_id, len(self._indices))
        if event["type"].startswith(("response.content_part.", "response.output_text.")):
            event["content_index"] = 0
        if event["type"].startswith("response.output_text."):
            event.setdefault("logprobs", [])
        if "part" in event:
            event["part"].setdefault("annotations", [])

    def _release(self, response: dict[str, Any] | None) -> list[dict[str, Any]]:
        """The items' last events, now that it is known how the response ended."""
        final = {item["id"]: item for item in response["output"]} if response else {}
        released: list[dict[str, Any]] = []
        for event in self._held:
            item = event["item"] = final.get(event["item"]["id"], event["item"])
            if item["type"] == "function_call":
                arguments = {"arguments": item["arguments"], "item_id": item["id"]}
                place = {"output_index": event["output_index"]}
                done = {"type": "response.function_call_arguments.done", **arguments, **place}
                released.append(done)
            released.append(event)
        self._held = []
        return released


def _whole_usage(usage: dict[str, Any]) -> dict[str, Any]:
    return {
        **usage,
        "input_tokens_details": {"cache_write_tokens": 0, **usage["input_tokens_details"]},
        "output_tokens_details": {"reasoning_tokens": 0},
    }


def _with_last_incomplete(output: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [*output[:-1], *({**item, "status": "incomplete"} for item in output[-1:])]


def _error(event: dict[str, Any]) -> dict[str, Any]:
    """An `error` event of what llama.cpp sends when it fails while it answers."""
    error: dict[str, Any] = event.get("error") or event
    code = error.get("code")
    return {
        "type": "error",
        "message": str(error.get("message") or error),
        "code": None if code is None else str(code),
        "param": None,
    }


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
