"""From a model's name to a model: providers, prefixes, and what holds by default."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest
from loopback import LoopbackServer, json_error, stream, text_events
from openai import AsyncOpenAI

from rxagents import (
    Agent,
    Model,
    ModelProvider,
    MultiProvider,
    MultiProviderMap,
    OpenAIProvider,
    OpenAIResponsesModel,
    RunConfig,
    Runner,
    get_default_model,
    set_default_openai_api,
    set_default_openai_client,
    set_default_openai_key,
    set_default_openai_responses_transport,
)
from rxagents.exceptions import ModelNotFoundError, ModelUnavailableError, UserError
from rxagents.models.defaults import openai_defaults
from rxagents.testing import ScriptedModel, assistant_message

HI = text_events("Hi.")
HAS_CHAT = importlib.util.find_spec("rxagents.models.openai_chatcompletions") is not None
HAS_LOCAL = importlib.util.find_spec("xllamacpp") is not None


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No key, no address, no defaults."""
    for name in ("API_KEY", "BASE_URL", "WEBSOCKET_BASE_URL", "DEFAULT_MODEL", "ORG_ID"):
        monkeypatch.delenv(f"OPENAI_{name}", raising=False)
    before = replace(openai_defaults)
    yield
    vars(openai_defaults).update(vars(before))


@pytest.fixture
async def server() -> AsyncIterator[LoopbackServer]:
    async with LoopbackServer([stream(*HI, repeat=True)]) as server:
        yield server


class Shelf(ModelProvider):
    """Models that are made up."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked: list[str | None] = []
        self.closed = 0
        self.error = error

    def get_model(self, model_name: str | None) -> Model:
        self.asked.append(model_name)
        return ScriptedModel([[assistant_message("From the shelf.")]])

    async def aclose(self) -> None:
        self.closed += 1
        if self.error is not None:
            raise self.error


async def ask(provider: ModelProvider, name: str | None = None) -> Any:
    config = RunConfig(model_provider=provider)
    return await Runner.run(Agent("A", model=name), "Hi", run_config=config)


# --- OpenAIProvider ---------------------------------------------------------------------------


async def test_a_provider_asks_with_what_it_was_given(server: LoopbackServer) -> None:
    provider = OpenAIProvider(
        api_key="mine", base_url=server.base_url, organization="org-1", project="proj-1"
    )
    await ask(provider, "some/model")
    request = server.requests[0]
    assert request.body["model"] == "some/model"
    assert request.headers["authorization"] == "Bearer mine"
    assert request.headers["openai-organization"] == "org-1"
    assert request.headers["openai-project"] == "proj-1"


async def test_the_environment_stands_in_for_what_is_missing(
    server: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "from-the-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    monkeypatch.setenv("OPENAI_DEFAULT_MODEL", "the-usual")
    await ask(OpenAIProvider())
    assert server.requests[0].body["model"] == "the-usual"
    assert server.requests[0].headers["authorization"] == "Bearer from-the-environment"


async def test_without_a_key_it_says_what_to_do() -> None:
    with pytest.raises(ModelUnavailableError, match="no key to ask for the model 'm': set OPENAI"):
        OpenAIProvider().get_model("m")


async def test_a_given_client_is_used_as_it_is(server: LoopbackServer) -> None:
    client = server.client(api_key="the-clients")
    provider = OpenAIProvider(openai_client=client)
    await ask(provider, "m")
    await provider.aclose()
    await ask(provider, "m")
    assert server.requests[1].headers["authorization"] == "Bearer the-clients"
    assert not client.is_closed()


async def test_a_client_and_options_for_one_are_too_much(server: LoopbackServer) -> None:
    with pytest.raises(UserError, match="takes no api_key, project: give them to the client"):
        OpenAIProvider(openai_client=server.client(), api_key="k", project="p")


async def test_models_on_a_loop_share_connections(server: LoopbackServer) -> None:
    for _ in range(3):  # three providers, as each RunConfig makes its own
        await ask(OpenAIProvider(api_key="k", base_url=server.base_url), "m")
    assert server.open_connections == 1
    await ask(OpenAIProvider(api_key="other", base_url=server.base_url), "m")
    assert server.open_connections == 2


@pytest.mark.real_loop
def test_each_loop_has_a_client_that_ends_with_it() -> None:
    provider = OpenAIProvider(api_key="k", base_url="http://127.0.0.1:9/v1")
    clients: list[AsyncOpenAI] = []

    async def take() -> None:
        model = provider.get_model("m")
        again = provider.get_model("n")
        assert isinstance(model, OpenAIResponsesModel)
        assert isinstance(again, OpenAIResponsesModel)
        assert model._client is again._client  # pyright: ignore[reportPrivateUsage]
        clients.append(model._client)  # pyright: ignore[reportPrivateUsage]
        assert not clients[-1].is_closed()

    asyncio.run(take())
    asyncio.run(take())
    assert clients[0] is not clients[1]
    assert [client.is_closed() for client in clients] == [True, True]


async def test_which_api_is_spoken(server: LoopbackServer) -> None:
    if not HAS_CHAT:
        pytest.skip("there is no Chat Completions model yet")
    provider = OpenAIProvider(api_key="k", base_url=server.base_url, use_responses=False)
    assert type(provider.get_model("m")).__name__ == "OpenAIChatCompletionsModel"
    set_default_openai_api("chat_completions")
    assert type(OpenAIProvider(api_key="k").get_model("m")).__name__ == "OpenAIChatCompletionsModel"
    responses = OpenAIProvider(api_key="k", use_responses=True)
    assert isinstance(responses.get_model("m"), OpenAIResponsesModel)


# --- defaults -------------------------------------------------------------------------------


async def test_a_default_key_comes_before_the_environments(
    server: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "from-the-environment")
    set_default_openai_key("the-default")
    await ask(OpenAIProvider(base_url=server.base_url), "m")
    await ask(OpenAIProvider(base_url=server.base_url, api_key="mine"), "m")
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == ["Bearer the-default", "Bearer mine"]


async def test_a_default_client_serves_who_has_no_options(server: LoopbackServer) -> None:
    set_default_openai_client(server.client(api_key="the-clients"))
    await ask(MultiProvider(), "m")
    await ask(OpenAIProvider(api_key="mine", base_url=server.base_url), "m")
    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == ["Bearer the-clients", "Bearer mine"]


def test_unknown_apis_and_transports_are_refused() -> None:
    wrong: Any = "carrier_pigeon"
    with pytest.raises(ValueError, match="'chat_completions' or 'responses', not 'carrier_pigeon'"):
        set_default_openai_api(wrong)
    with pytest.raises(ValueError, match="'http' or 'websocket', not 'carrier_pigeon'"):
        set_default_openai_responses_transport(wrong)


def test_the_default_model_is_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    assert get_default_model() == "gpt-5.6-luna"
    monkeypatch.setenv("OPENAI_DEFAULT_MODEL", "other")
    assert get_default_model() == "other"


# --- MultiProvider ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "name", "sent"),
    [
        ({}, "gpt-x", "gpt-x"),
        ({}, "openai/gpt-x", "gpt-x"),
        ({}, "openai/org/gpt-x", "org/gpt-x"),
        ({}, None, "gpt-5.6-luna"),
        ({"openai_prefix_mode": "model_id"}, "openai/gpt-x", "openai/gpt-x"),
        ({"unknown_prefix_mode": "model_id"}, "meta/llama", "meta/llama"),
        ({"unknown_prefix_mode": "model_id"}, "openai/gpt-x", "gpt-x"),
    ],
)
async def test_names_at_openai(
    options: Any, name: str | None, sent: str, server: LoopbackServer
) -> None:
    provider = MultiProvider(openai_api_key="k", openai_base_url=server.base_url, **options)
    await ask(provider, name)
    assert server.requests[0].body["model"] == sent


async def test_an_unknown_prefix_is_refused() -> None:
    provider = MultiProvider(openai_api_key="k", provider_map=MultiProviderMap())
    with pytest.raises(UserError, match="no provider for the prefix 'meta' of the model 'meta/x'"):
        provider.get_model("meta/x")


async def test_registered_prefixes_come_first() -> None:
    shelf, other = Shelf(), Shelf()
    names = MultiProviderMap()
    names.add_provider("shelf", shelf)
    names.add_provider("openai", other)
    provider = MultiProvider(provider_map=names)
    result = await ask(provider, "shelf/a/b")
    await ask(provider, "openai/gpt-x")
    assert result.final_output == "From the shelf."
    assert (shelf.asked, other.asked) == (["a/b"], ["gpt-x"])


def test_a_map_of_prefixes() -> None:
    shelf = Shelf()
    names = MultiProviderMap()
    assert not names.has_prefix("a")
    assert names.get_provider("a") is None
    names.add_provider("a", shelf)
    copy = names.get_mapping()
    names.set_mapping({"b": shelf})
    assert copy == {"a": shelf}
    assert names.get_provider("b") is shelf
    names.remove_provider("b")
    with pytest.raises(KeyError):
        names.remove_provider("b")


def test_unknown_modes_are_refused() -> None:
    wrong: Any = "guess"
    with pytest.raises(UserError, match="openai_prefix_mode must be 'alias' or 'model_id', not 'g"):
        MultiProvider(openai_prefix_mode=wrong)
    with pytest.raises(
        UserError, match="unknown_prefix_mode must be 'error' or 'model_id', not 'g"
    ):
        MultiProvider(unknown_prefix_mode=wrong)


async def test_local_is_the_embedded_model(monkeypatch: pytest.MonkeyPatch) -> None:
    if not HAS_LOCAL:
        with pytest.raises(ModelUnavailableError, match=r"rxagents\[local\]"):
            MultiProvider().get_model("local")
        return
    monkeypatch.setenv("OPENAI_DEFAULT_MODEL", "local")
    for model in (MultiProvider().get_model("local"), MultiProvider().get_model(None)):
        assert isinstance(model, OpenAIResponsesModel)


async def test_closing_closes_each_provider_once_and_tells_the_first_error() -> None:
    broken, fine = Shelf(OSError("stuck")), Shelf()
    names = MultiProviderMap()
    provider = MultiProvider(provider_map=names)
    names.set_mapping({"a": broken, "b": fine, "c": fine, "d": provider})
    with pytest.raises(OSError, match="stuck"):
        await provider.aclose()
    assert (broken.closed, fine.closed) == (1, 1)


async def test_a_provider_that_holds_nothing_can_be_closed() -> None:
    class Bare(ModelProvider):
        def get_model(self, model_name: str | None) -> Model:
            return ScriptedModel()

    await Bare().aclose()
    await OpenAIProvider(api_key="k").aclose()


async def test_a_refusal_by_the_server_names_the_model() -> None:
    async with LoopbackServer([json_error(404, "no such model")]) as server:
        provider = MultiProvider(openai_api_key="k", openai_base_url=server.base_url)
        with pytest.raises(ModelNotFoundError, match="the model 'gpt-x' at"):
            await ask(provider, "openai/gpt-x")
