"""What holds for every OpenAIProvider that is not told otherwise."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from openai import AsyncOpenAI

DEFAULT_MODEL: Final = "gpt-5.6-luna"
"""The model of an agent that names none; `OPENAI_DEFAULT_MODEL` in the environment overrides it."""

OpenAIResponsesTransport: TypeAlias = Literal["http", "websocket"]
"""How the Responses API is spoken to."""


@dataclass
class OpenAIDefaults:
    """The defaults of this process."""

    key: str | None = None
    client: AsyncOpenAI | None = None
    use_responses: bool = True
    transport: OpenAIResponsesTransport = "http"


openai_defaults: Final = OpenAIDefaults()
"""The defaults of this process; the functions below set them."""


def get_default_model() -> str:
    """`OPENAI_DEFAULT_MODEL` in the environment, or else `DEFAULT_MODEL`."""
    return os.environ.get("OPENAI_DEFAULT_MODEL") or DEFAULT_MODEL


def gpt_5_reasoning_settings_required(model_name: str) -> bool:
    """Whether a model of this name takes reasoning settings: a GPT-5, unless made for chats."""
    if not model_name.startswith("gpt-5"):
        return False
    return not re.fullmatch(r"gpt-5(\.[1-3])?-chat-latest", model_name)


def is_gpt_5_default() -> bool:
    """Whether the default model takes reasoning settings."""
    return gpt_5_reasoning_settings_required(get_default_model())


def set_default_openai_key(key: str, use_for_tracing: bool = True) -> None:
    """Take `key` where a provider is given none, instead of `OPENAI_API_KEY`.

    `use_for_tracing` also has it used for traces that are sent to OpenAI, if any are.
    """
    openai_defaults.key = key
    if use_for_tracing:
        _trace_with(key)


def set_default_openai_client(client: AsyncOpenAI, use_for_tracing: bool = True) -> None:
    """Take `client` where a provider is given neither a client nor options for one.

    A client's connections belong to the loop on which they were made: this is for programs that
    run one. `use_for_tracing` also has its key used for traces that are sent to OpenAI.
    """
    openai_defaults.client = client
    if use_for_tracing:
        _trace_with(client.api_key)


def set_default_openai_api(api: Literal["chat_completions", "responses"]) -> None:
    """Have providers speak this API where they are not told which; Responses by default.

    Raises ValueError for any other word.
    """
    if api not in ("chat_completions", "responses"):
        raise ValueError(f"api must be 'chat_completions' or 'responses', not {api!r}")
    openai_defaults.use_responses = api == "responses"


def set_default_openai_responses_transport(transport: OpenAIResponsesTransport) -> None:
    """Have providers speak to the Responses API this way where they are not told how.

    `websocket` needs the extra `rxagents[websocket]`. Raises ValueError for any other word.
    """
    if transport not in ("http", "websocket"):
        raise ValueError(f"transport must be 'http' or 'websocket', not {transport!r}")
    openai_defaults.transport = transport


def _trace_with(key: str) -> None:
    # Imported late: tracing is not needed to ask a model.
    if find_spec("rxagents.tracing") is not None:
        import_module("rxagents.tracing").set_tracing_export_api_key(key)
