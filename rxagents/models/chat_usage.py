"""The usage that Chat Completions tells, as the Responses API has it."""

from __future__ import annotations

from typing import Any, cast


def response_usage(usage: dict[str, Any] | None) -> dict[str, Any] | None:
    """`usage` in the form of the Responses API; None where none was told."""
    if not usage:
        return None
    prompt, completion = _number(usage, "prompt_tokens"), _number(usage, "completion_tokens")
    told, written = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
    cached = _number(told, "cached_tokens") or _number(usage, "prompt_cache_hit_tokens")
    return {
        "input_tokens": prompt,
        "input_tokens_details": {
            "cached_tokens": cached,
            "cache_write_tokens": _number(told, "cache_write_tokens"),
        },
        "output_tokens": completion,
        "output_tokens_details": {"reasoning_tokens": _number(written, "reasoning_tokens")},
        "total_tokens": _number(usage, "total_tokens") or prompt + completion,
    }


def _number(counts: object, name: str) -> int:
    number = cast("dict[str, Any]", counts).get(name) if isinstance(counts, dict) else None
    return number if isinstance(number, int) else 0
