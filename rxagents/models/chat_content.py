"""The parts of a message: from the Responses API's form to that of Chat Completions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, cast

from rxagents.exceptions import UserError

Content: TypeAlias = str | list[dict[str, Any]]
"""A text, or parts of a chat message."""

_AS_THEY_ARE = frozenset({"text", "image_url", "video_url", "file"})  # parts in chat form already


def chat_content(content: object, where: str) -> Content:
    """The content of a message of the user's. `where` is its place, for the error.

    Raises UserError at what Chat Completions cannot carry.
    """
    if isinstance(content, str):
        return content
    return [_part(part, where) for part in _parts(content, where)]


def text_content(content: object, where: str) -> Content:
    """As `chat_content`, but of a message that may hold only text."""
    parts = chat_content(content, where)
    if not isinstance(parts, str):
        for part in parts:
            if part["type"] != "text":
                raise UserError(f"{where} may hold only text over Chat Completions, not {part!r}")
    return parts


def assistant_content(content: object, where: str) -> tuple[str | None, str | None]:
    """The text and the refusal in a message of the model's, None for what there is not."""
    if isinstance(content, str):
        return content, None
    texts: list[str] = []
    refusals: list[str] = []
    for part in _parts(content, where):
        match part:
            case {"type": "output_text" | "input_text" | "text", "text": str(text)}:
                texts.append(text)
            case {"type": "refusal", "refusal": str(refusal)}:
                refusals.append(refusal)
            case _:
                raise UserError(
                    f"{where} is the model's own and can hold only text and refusals over Chat "
                    f"Completions, not {part!r}"
                )
    return "\n".join(texts) if texts else None, "\n".join(refusals) if refusals else None


def _parts(content: object, where: str) -> list[Mapping[str, Any]]:
    if isinstance(content, Iterable):
        parts = list(cast("Iterable[Any]", content))
        if all(isinstance(part, Mapping) for part in parts):
            return parts
    raise UserError(f"the content of {where} is neither a string nor a list of parts: {content!r}")


def _part(part: Mapping[str, Any], where: str) -> dict[str, Any]:
    made = _translated(part, where)
    # OpenAI's mark of where a cached prefix may end; both APIs have it.
    if part.get("prompt_cache_breakpoint") is not None:
        made["prompt_cache_breakpoint"] = part["prompt_cache_breakpoint"]
    return made


def _translated(part: Mapping[str, Any], where: str) -> dict[str, Any]:
    match part:
        case {"type": "input_text" | "output_text", "text": str(text)}:
            return {"type": "text", "text": text}
        case {"type": "input_image"}:
            return _image(part, where)
        case {"type": "input_audio", "input_audio": {"data": data, "format": audio_format}}:
            return {"type": "input_audio", "input_audio": {"data": data, "format": audio_format}}
        case {"type": "input_file"}:
            return _file(part, where)
        case {"type": str(kind)} if kind in _AS_THEY_ARE:
            return dict(part)
        case _:
            raise UserError(f"{where} has a part that Chat Completions cannot carry: {part!r}")


def _image(part: Mapping[str, Any], where: str) -> dict[str, Any]:
    url = part.get("image_url")
    if not url:
        raise UserError(
            f"{where} has an image without image_url: over Chat Completions an image is a URL or a "
            "data: URL, not a file_id"
        )
    detail = part.get("detail") or "auto"
    # The Responses API alone has `original`; `high` comes next to it.
    detail = "high" if detail == "original" else detail
    return {"type": "image_url", "image_url": {"url": url, "detail": detail}}


def _file(part: Mapping[str, Any], where: str) -> dict[str, Any]:
    field = next((name for name in ("file_data", "file_id") if part.get(name)), None)
    if field is None:
        raise UserError(
            f"{where} has a file without file_data and file_id: Chat Completions takes no file_url"
        )
    file = {field: part[field]}
    if part.get("filename"):
        file["filename"] = part["filename"]
    return {"type": "file", "file": file}
