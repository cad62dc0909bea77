"""The JSON that OpenAI's endpoint for traces takes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

FIELD_LIMIT: Final = 100_000
"""Bytes of JSON that an input or output may have."""

_CUT = "... [truncated]"


def encode(payload: object) -> bytes:
    """The payload as JSON; what JSON does not know is told as its `str()`."""
    try:
        return json.dumps(payload, allow_nan=False).encode()
    except (TypeError, ValueError):
        return json.dumps(_plain(payload, ()), allow_nan=False).encode()


def fit(item: dict[str, Any]) -> dict[str, Any]:
    """The exported span within what the endpoint accepts; a trace as it is.

    Inputs and outputs that are too long are cut; of usage, it takes only that of generations,
    and there input and output tokens, with all the rest as details.
    """
    data = item.get("span_data")
    if not isinstance(data, dict):
        return item
    fitted = {**cast("dict[str, Any]", data)}
    for name in ("input", "output"):
        if name in fitted:
            fitted[name] = _cut(fitted[name])
    usage = fitted.pop("usage", None)
    if fitted.get("type") == "generation" and isinstance(usage, dict):
        fitted["usage"] = _usage(cast("dict[str, Any]", usage))
    return {**item, "span_data": fitted}


def _usage(usage: dict[str, Any]) -> dict[str, Any] | None:
    counts = {name: usage.get(name) for name in ("input_tokens", "output_tokens")}
    if not all(type(count) in {int, float} for count in counts.values()):
        return None
    details: dict[str, Any] = {**(usage.get("details") or {})}
    details |= {
        name: value
        for name, value in usage.items()
        if name not in counts and name != "details" and value is not None
    }
    return {**counts, "details": details} if details else counts


def _cut(value: Any) -> Any:
    size = len(encode(value))
    if size <= FIELD_LIMIT:
        return value
    if not isinstance(value, str):
        return {
            "truncated": True,
            "original_type": type(value).__name__,
            "preview": f"{encode(value)[:1000].decode(errors='ignore')}{_CUT}",
        }
    keep = len(value) * FIELD_LIMIT // size
    while len(encode(value[:keep] + _CUT)) > FIELD_LIMIT:
        keep = keep * 9 // 10
    return value[:keep] + _CUT


def _plain(value: object, above: tuple[int, ...]) -> Any:
    """The value in JSON types; None for what is in itself."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if id(value) in above:
        return None
    above = (*above, id(value))
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {str(key): _plain(each, above) for key, each in items}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_plain(each, above) for each in cast("Sequence[Any]", value)]
    return str(value)
