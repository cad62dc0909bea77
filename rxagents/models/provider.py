"""From a model's name to a model."""

from __future__ import annotations

import os
from typing import Final

from openai import AsyncOpenAI

from rxagents.exceptions import ModelUnavailableError

from .clients import client_of_this_loop
from .interface import Model, ModelProvider
from .openai_responses import OpenAIResponsesModel

DEFAULT_MODEL: Final = "gpt-5.6-luna"
"""The model of an agent that names none; `OPENAI_DEFAULT_MODEL` in the environment overrides it."""

LOCAL_MODEL: Final = "local"
"""The name of the embedded model, which needs no key (`pip install 'rxagents[local]'`)."""


class MultiProvider(ModelProvider):
    """Finds models by name: `local` is the embedded one, any other is asked for at OpenAI.

    OpenAI means the server at `OPENAI_BASE_URL` with the key in `OPENAI_API_KEY`, or those of
    `openai_client` if one is given. An `openai/` before the name is dropped.
    """

    def __init__(self, *, openai_client: AsyncOpenAI | None = None) -> None:
        self._client = openai_client

    def get_model(self, model_name: str | None) -> Model:
        """The model called `model_name`; None is the default model.

        Must be called on an event loop. Raises ModelUnavailableError without a key, or where the
        embedded model is not installed.
        """
        name = model_name or os.environ.get("OPENAI_DEFAULT_MODEL") or DEFAULT_MODEL
        if name == LOCAL_MODEL:
            # Imported late: only who uses the embedded model needs what serves it.
            from rxagents.local import MODEL_NAME, local_client

            return OpenAIResponsesModel(MODEL_NAME, client_of_this_loop("local", local_client))
        return OpenAIResponsesModel(name.removeprefix("openai/"), self._client or _openai(name))


def _openai(wanted: str) -> AsyncOpenAI:
    key = os.environ.get("OPENAI_API_KEY")
    if not key:
        raise ModelUnavailableError(
            f"there is no key to ask for the model {wanted!r}: set OPENAI_API_KEY (for a server "
            "that wants none any value will do), or take the embedded model, which needs none: "
            "model='local', or OPENAI_DEFAULT_MODEL=local in the environment"
        )
    address = os.environ.get("OPENAI_BASE_URL") or ""
    return client_of_this_loop(f"openai {address} {key}", AsyncOpenAI)
