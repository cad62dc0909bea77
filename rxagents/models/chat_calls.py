"""Calls of functions, while they come, and which one a delta belongs to."""

from __future__ import annotations

import json
from typing import Any, cast

from .chat_emitter import Emitter
from .chat_parts import Status


class Call:
    """One call. It is told of as soon as its name is known, or, with `held`, when it is whole."""

    def __init__(
        self,
        emitter: Emitter,
        item_id: str,
        call_id: str,
        provider_data: dict[str, Any],
        *,
        given_id: str | None,
        held: bool,
    ) -> None:
        self._emit = emitter
        self._index = emitter.next_index()
        self._place = {"item_id": item_id, "output_index": self._index}
        self._item: dict[str, Any] = {
            "id": item_id,
            "type": "function_call",
            "call_id": call_id,
            "name": "",
            "provider_data": provider_data,
        }
        self._say = emitter.deltas(
            {"type": "response.function_call_arguments.delta", **self._place}
        )
        self._pieces: list[str] = []
        self._held = held
        self._begun = False
        self.given_id: str | None = given_id
        """The server's own id of it; None as long as there is none."""
        self.closed: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether the arguments so far are JSON, so that nothing can follow."""
        if not self._pieces or not self._pieces[-1].rstrip().endswith("}"):
            return False
        try:
            json.loads("".join(self._pieces))
        except ValueError:
            return False
        return True

    def add(self, name: str, arguments: str, signature: object) -> None:
        if name and not self._item["name"]:
            self._item["name"] = name
        if signature is not None:
            mark = {**self._item["provider_data"], "thought_signature": signature}
            self._item["provider_data"] = mark
        if self._item["name"] and not self._held:
            self._tell()
        if arguments:
            self.go_on(arguments)

    def go_on(self, arguments: str) -> None:
        if self.closed:
            return  # only a call whose arguments are whole is closed early: this is white space
        self._pieces.append(arguments)
        if self._begun:
            self._say(arguments)

    def close(self, status: Status) -> None:
        if self.closed:
            return
        self.closed = True
        arguments = "".join(self._pieces)
        self._tell()
        done = "response.function_call_arguments.done"
        self._emit.emit({"type": done, "arguments": arguments, **self._place})
        item = {**self._item, "status": status, "arguments": arguments}
        self._emit.item_over(self._index, item)

    def _tell(self) -> None:
        """Tell of the call, and of the arguments that were held back until now."""
        if self._begun:
            return
        self._begun = True
        item = {**self._item, "status": "in_progress", "arguments": ""}
        self._emit.item_begun(self._index, item)
        if held_back := "".join(self._pieces):
            self._say(held_back)


class Calls:
    """The calls of one answer."""

    def __init__(
        self, emitter: Emitter, response_id: str, provider_data: dict[str, Any], *, held: bool
    ) -> None:
        self._emit = emitter
        self._response_id = response_id
        self._provider_data = provider_data
        self._held = held
        self._calls: list[Call] = []
        self._by_index: dict[int, Call] = {}
        self._by_id: dict[str, Call] = {}

    def add(self, delta: dict[str, Any]) -> None:
        """Take one entry of a delta's `tool_calls`."""
        function: dict[str, Any] = delta.get("function") or {}
        if len(delta) == 2 and len(function) == 1 and (more := function.get("arguments")):
            call = self._by_index.get(delta.get("index", -1))
            if call is not None and isinstance(more, str):
                call.go_on(more)  # nearly always it is this
                return
        self._add(delta, function)

    def _add(self, delta: dict[str, Any], function: dict[str, Any]) -> None:
        if "custom" in delta or delta.get("type") == "custom":
            return  # nobody asked for it: custom tools are never offered
        name = str(function.get("name") or "")
        arguments = function.get("arguments") or ""
        if not isinstance(arguments, str):
            arguments = json.dumps(arguments)  # some servers send the object itself
        call_id = str(delta.get("id") or "") or None
        call = self._call_of(delta.get("index"), call_id, name, arguments)
        call.add(name, arguments, _signature(delta))

    def close(self, status: Status) -> None:
        """End those that are open."""
        for call in self._calls:
            call.close(status)

    def _call_of(self, index: object, call_id: str | None, name: str, arguments: str) -> Call:
        last = self._calls[-1] if self._calls else None
        if isinstance(index, int):
            call = self._by_index.get(index)
        elif call_id is not None and name:
            call = self._by_id.get(call_id)
        else:
            call = last
        if call is None or (name and _is_another(call, call_id, arguments)):
            call = self._begin(call_id)
        elif call.given_id is None and call_id is not None:
            call.given_id = call_id
        if isinstance(index, int):
            self._by_index[index] = call
        if call_id is not None:
            self._by_id[call_id] = call
        return call

    def _begin(self, given_id: str | None) -> Call:
        for call in self._calls:
            # One that is not whole may go on: nothing says that calls come after one another.
            if not call.closed and call.is_whole:
                call.close("completed")
        number = len(self._calls)
        call_id = given_id
        if call_id is None or call_id in self._by_id:
            call_id = f"call_{self._response_id}_{number}"
        call = Call(
            self._emit,
            f"fc_{self._response_id}_{number}",
            call_id,
            dict(self._provider_data),
            given_id=given_id,
            held=self._held,
        )
        self._calls.append(call)
        return call


def _is_another(call: Call, call_id: str | None, arguments: str) -> bool:
    """Whether a delta with a name begins a call, though it has the index or the id of `call`.

    Some servers repeat the name in every delta; some give every call the index 0, or no id.
    """
    if call_id is not None and call.given_id is not None and call_id != call.given_id:
        return True
    return bool(arguments) and call.is_whole


def _signature(delta: dict[str, Any]) -> object:
    """What Gemini wants back with its call."""
    match delta.get("extra_content"):
        case {"google": {"thought_signature": str(signature)}}:
            return cast("object", signature)
        case _:
            return None
