"""Items that answer a call of the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast


def read(value: object, name: str) -> Any:
    """A field of a call, which may be of the `openai` package's class or a dictionary."""
    if isinstance(value, Mapping):
        return cast("Mapping[str, Any]", value).get(name)
    return getattr(value, name, None)


def answer_to(call: object, kind: str, **fields: Any) -> dict[str, Any]:
    """An output item for a call, with its caller where a program of the model has called."""
    caller = read(call, "caller")
    if hasattr(caller, "model_dump"):
        caller = caller.model_dump(exclude_unset=True)
    answer = {"type": kind, "call_id": read(call, "call_id"), **fields}
    return answer if caller is None else {**answer, "caller": caller}
