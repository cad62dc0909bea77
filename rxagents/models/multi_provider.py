"""From a model's name, with or without a prefix, to a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from openai import AsyncOpenAI

from rxagents.exceptions import UserError

from .clients import client_of_this_loop
from .defaults import get_default_model
from .interface import Model, ModelProvider
from .openai_provider import OpenAIProvider
from .openai_responses import OpenAIResponsesModel

if TYPE_CHECKING:
    from .openai_responses_ws import OpenAIResponsesWebSocketOptions

LOCAL_MODEL: Final = "local"
"""The name of the embedded model, which needs no key (`pip install 'rxagents[local]'`)."""

MultiProviderOpenAIPrefixMode: TypeAlias = Literal["alias", "model_id"]
"""Whether `openai/` before a name is dropped, or a part of the name."""

MultiProviderUnknownPrefixMode: TypeAlias = Literal["error", "model_id"]
"""Whether a prefix that nobody has registered is an error, or a part of the name."""


class MultiProviderMap:
    """Providers by the prefix of their models' names, which ends at the first `/`."""

    def __init__(self) -> None:
        self._providers: dict[str, ModelProvider] = {}

    def has_prefix(self, prefix: str) -> bool:
        """Whether there is a provider for `prefix`."""
        return prefix in self._providers

    def get_mapping(self) -> dict[str, ModelProvider]:
        """A copy of the whole map."""
        return dict(self._providers)

    def set_mapping(self, mapping: dict[str, ModelProvider]) -> None:
        """Put `mapping` in the place of everything that is registered."""
        self._providers = mapping

    def get_provider(self, prefix: str) -> ModelProvider | None:
        """The provider for `prefix`, or None."""
        return self._providers.get(prefix)

    def add_provider(self, prefix: str, provider: ModelProvider) -> None:
        """Register `provider` for `prefix`, instead of any other."""
        self._providers[prefix] = provider

    def remove_provider(self, prefix: str) -> None:
        """Take the provider for `prefix` out; raises KeyError if there is none."""
        del self._providers[prefix]


class MultiProvider(ModelProvider):
    """Finds models by name: `local` is the embedded one, `prefix/name` is the prefix's provider's.

    The providers of `provider_map` come first. Names without a prefix are asked for at OpenAI, or
    as the options say, which are those of OpenAIProvider; so are those with `openai/` before them,
    which is dropped (with `openai_prefix_mode="model_id"` it is a part of the name). Any other
    prefix is a UserError, or with `unknown_prefix_mode="model_id"` a part of the name.

    Raises UserError for other modes, or for both a client and options for one.
    """

    def __init__(
        self,
        *,
        provider_map: MultiProviderMap | None = None,
        openai_api_key: str | None = None,
        openai_base_url: str | None = None,
        openai_client: AsyncOpenAI | None = None,
        openai_organization: str | None = None,
        openai_project: str | None = None,
        openai_use_responses: bool | None = None,
        openai_use_responses_websocket: bool | None = None,
        openai_strict_feature_validation: bool = False,
        openai_websocket_base_url: str | None = None,
        openai_prefix_mode: MultiProviderOpenAIPrefixMode = "alias",
        unknown_prefix_mode: MultiProviderUnknownPrefixMode = "error",
        openai_responses_websocket_options: OpenAIResponsesWebSocketOptions | None = None,
        openai_buffer_streamed_tool_calls: bool = False,
    ) -> None:
        _check_mode("openai_prefix_mode", openai_prefix_mode, ("alias", "model_id"))
        _check_mode("unknown_prefix_mode", unknown_prefix_mode, ("error", "model_id"))
        self.provider_map: MultiProviderMap | None = provider_map
        self.openai_provider: OpenAIProvider = OpenAIProvider(
            api_key=openai_api_key,
            base_url=openai_base_url,
            websocket_base_url=openai_websocket_base_url,
            openai_client=openai_client,
            organization=openai_organization,
            project=openai_project,
            use_responses=openai_use_responses,
            use_responses_websocket=openai_use_responses_websocket,
            strict_feature_validation=openai_strict_feature_validation,
            responses_websocket_options=openai_responses_websocket_options,
            buffer_streamed_tool_calls=openai_buffer_streamed_tool_calls,
        )
        self._openai_is_alias = openai_prefix_mode == "alias"
        self._keeps_unknown = unknown_prefix_mode == "model_id"

    def get_model(self, model_name: str | None) -> Model:
        """The model called `model_name`; None is the default model.

        Must be called on an event loop. Raises UserError for an unknown prefix, and
        ModelUnavailableError without a key, or where the embedded model is not installed.
        """
        if (model_name or get_default_model()) == LOCAL_MODEL:
            return _local_model()
        prefix, slash, rest = (model_name or "").partition("/")
        if not slash:
            return self.openai_provider.get_model(model_name or None)
        provider = self.provider_map.get_provider(prefix) if self.provider_map else None
        if provider is not None:
            return provider.get_model(rest)
        if prefix == "openai" and self._openai_is_alias:
            return self.openai_provider.get_model(rest)
        if prefix == "openai" or self._keeps_unknown:
            return self.openai_provider.get_model(model_name)
        raise UserError(
            f"there is no provider for the prefix {prefix!r} of the model {model_name!r}: register "
            "one in a MultiProviderMap, or take the prefix for a part of the name with "
            "MultiProvider(unknown_prefix_mode='model_id')"
        )

    async def aclose(self) -> None:
        """Close every provider once; raises the first error after all have been closed."""
        mapped = self.provider_map.get_mapping().values() if self.provider_map else ()
        errors: list[Exception] = []
        for provider in {id(each): each for each in (self.openai_provider, *mapped)}.values():
            try:
                if provider is not self:
                    await provider.aclose()
            except Exception as error:
                errors.append(error)
        if errors:
            raise errors[0]


def _local_model() -> Model:
    # Imported late: only who uses the embedded model needs what serves it.
    from rxagents.local import MODEL_NAME, local_client

    return OpenAIResponsesModel(MODEL_NAME, client_of_this_loop("local", local_client))


def _check_mode(name: str, mode: str, modes: tuple[str, str]) -> None:
    if mode not in modes:
        raise UserError(f"{name} must be {modes[0]!r} or {modes[1]!r}, not {mode!r}")
