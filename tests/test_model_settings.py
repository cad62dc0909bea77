"""Settings of a model call: what they take, how they combine, and what the server is sent."""

from __future__ import annotations

import copy
from dataclasses import fields
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from loopback import LoopbackServer, json_error, stream, text_events
from openai.types.shared import Reasoning
from pydantic import ValidationError

from rxagents import (
    Agent,
    FunctionTool,
    ModelRetrySettings,
    ModelSettings,
    ModelSettingsError,
    ModelTracing,
    OpenAIResponsesModel,
    Runner,
    function_tool,
    retry_policies,
)
from rxagents.exceptions import ModelServerError, UserError
from rxagents.model_settings import MCPToolChoice, as_model_settings
from rxagents.models.responses_request import responses_request

HI = text_events("Hi.")


@function_tool
def joke() -> str:
    """Tell a joke."""
    return "…"


async def body_of(
    settings: ModelSettings,
    *,
    tools: tuple[FunctionTool, ...] = (),
    explicit: bool = True,
    previous_response_id: str | None = None,
    conversation_id: str | None = None,
    prompt: Any = None,
) -> tuple[dict[str, Any], Any]:
    """What the server got when it was asked with `settings`: the body, and the whole request."""
    async with LoopbackServer([stream(*HI)]) as server:
        model = OpenAIResponsesModel("m", server.client(), model_is_explicit=explicit)
        await model.get_response(
            "Be kind.", "Hi", settings, list(tools), None, [], ModelTracing.DISABLED,
            previous_response_id=previous_response_id,
            conversation_id=conversation_id,
            prompt=prompt,
        )  # fmt: skip
        return server.requests[0].body, server.requests[0]


# --- what the server is sent ------------------------------------------------------------------


async def test_without_settings_only_the_question_is_sent() -> None:
    body, _ = await body_of(ModelSettings())
    assert body == {
        "model": "m",
        "instructions": "Be kind.",
        "input": [{"role": "user", "content": "Hi"}],
        "stream": True,
    }


async def test_every_setting_reaches_the_server() -> None:
    settings = ModelSettings(
        temperature=0.5,
        top_p=0.9,
        tool_choice="required",
        parallel_tool_calls=False,
        truncation="auto",
        max_tokens=100,
        reasoning={"effort": "low", "summary": "auto"},
        verbosity="high",
        metadata={"who": "test"},
        store=False,
        prompt_cache_retention="24h",
        response_include=["reasoning.encrypted_content"],
        top_logprobs=2,
        extra_query={"beta": "yes"},
        extra_body={"tomorrows_option": [1]},
        extra_headers={"X-Team": "blue"},
        extra_args={"user": "u1", "service_tier": "flex"},
        context_management=[{"type": "compaction", "compact_threshold": 200_000}],
        prompt_cache_options={"mode": "explicit", "ttl": "30m"},
    )
    body, request = await body_of(settings, tools=(joke,))
    sent = {key: value for key, value in body.items() if key not in {"model", "input", "tools"}}
    assert sent == {
        "instructions": "Be kind.",
        "stream": True,
        "temperature": 0.5,
        "top_p": 0.9,
        "tool_choice": "required",
        "parallel_tool_calls": False,
        "truncation": "auto",
        "max_output_tokens": 100,
        "reasoning": {"effort": "low", "summary": "auto"},
        "text": {"verbosity": "high"},
        "metadata": {"who": "test"},
        "store": False,
        "prompt_cache_retention": "24h",
        "include": ["reasoning.encrypted_content", "message.output_text.logprobs"],
        "top_logprobs": 2,
        "tomorrows_option": [1],
        "user": "u1",
        "service_tier": "flex",
        "context_management": [{"type": "compaction", "compact_threshold": 200_000}],
        "prompt_cache_options": {"mode": "explicit", "ttl": "30m"},
    }
    assert request.path == "/v1/responses?beta=yes"
    assert request.headers["x-team"] == "blue"


async def test_a_header_of_the_client_can_be_left_out() -> None:
    _, request = await body_of(ModelSettings(extra_headers={"Authorization": openai.Omit()}))
    assert "authorization" not in request.headers


async def test_where_the_conversation_is_kept_by_the_server() -> None:
    body, _ = await body_of(ModelSettings(), previous_response_id="resp_7")
    assert body["previous_response_id"] == "resp_7"
    body, _ = await body_of(ModelSettings(), conversation_id="conv_7")
    assert body["conversation"] == "conv_7"


async def test_a_stored_prompt_brings_its_own_model_and_tools() -> None:
    settings = ModelSettings(tool_choice="file_search", parallel_tool_calls=True)
    prompt = {"id": "pmpt_1", "variables": {"city": "Oslo"}}
    body, _ = await body_of(settings, prompt=prompt, explicit=False)
    assert body["prompt"] == prompt
    assert body["tool_choice"] == {"type": "file_search"}
    assert body["parallel_tool_calls"] is True
    assert "model" not in body
    body, _ = await body_of(settings, prompt=prompt)
    assert body["model"] == "m", "somebody asked for it by name"
    body, _ = await body_of(settings, explicit=False)
    assert body["model"] == "m", "no prompt names another"


async def test_settings_of_tools_are_not_sent_without_any() -> None:
    body, _ = await body_of(ModelSettings(tool_choice="required", parallel_tool_calls=True))
    assert "tool_choice" not in body
    assert "parallel_tool_calls" not in body


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("auto", "auto"),
        ("none", "none"),
        ("joke", {"type": "function", "name": "joke"}),
        ("web_search", {"type": "web_search"}),
        ("shell", {"type": "shell"}),
        ("apply_patch", {"type": "function", "name": "apply_patch"}),
        (MCPToolChoice("files", "read"), {"type": "mcp", "server_label": "files", "name": "read"}),
    ],
)
def test_a_tool_is_chosen_by_its_name_or_type(choice: Any, sent: Any) -> None:
    tools = [{"type": "function", "name": "joke"}, {"type": "shell"}]
    settings = ModelSettings(tool_choice=choice)
    request = responses_request("m", None, "Hi", settings, tools=tools, output_schema=None)
    assert request["tool_choice"] == sent


async def test_an_agents_settings_and_the_runs_are_sent_together() -> None:
    async with LoopbackServer([stream(*HI)]) as server:
        model = OpenAIResponsesModel("m", server.client())
        settings = ModelSettings(temperature=1.0, extra_args={"user": "u1"})
        agent = Agent("A", model=model, model_settings=settings)
        await Runner.run(agent, "Hi")
        assert server.requests[0].body["temperature"] == 1.0
        assert server.requests[0].body["user"] == "u1"


async def test_what_is_set_twice_is_refused_by_name() -> None:
    settings = ModelSettings(temperature=1.0, extra_args={"temperature": 0.5, "user": "u1"})
    with pytest.raises(ModelSettingsError, match="the request has 'temperature' already") as caught:
        await body_of(settings)
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value, UserError)


async def test_no_retries_means_none_of_the_clients_either() -> None:
    async with LoopbackServer([json_error(503, "busy", repeat=True)]) as server:
        model = OpenAIResponsesModel("m", server.client(max_retries=2))
        agent = Agent("A", model=model)
        with pytest.raises(ModelServerError, match="at the first try"):
            await Runner.run(
                agent.clone(model_settings=ModelSettings(retry={"max_retries": 0})), "Hi"
            )
        assert len(server.requests) == 1
        with pytest.raises(ModelServerError, match="after 3 tries"):
            await Runner.run(agent, "Hi")
        assert len(server.requests) == 4


# --- what they take -------------------------------------------------------------------------


def test_dictionaries_stand_for_the_classes() -> None:
    settings = ModelSettings(
        reasoning={"effort": "low"},
        tool_choice={"server_label": "files", "name": "read"},
        retry={"max_retries": 2, "backoff": {"initial_delay": 1}},
    )
    assert settings.reasoning == Reasoning(effort="low")
    assert settings.tool_choice == MCPToolChoice("files", "read")
    assert isinstance(settings.retry, ModelRetrySettings)
    assert settings.retry.backoff is not None
    assert settings.retry.backoff.initial_delay == 1.0
    assert as_model_settings({"temperature": 0.5}) == ModelSettings(temperature=0.5)
    assert as_model_settings(settings) is settings


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"timeout": 0}, "greater than 0"),
        ({"timeout": -1.5}, "greater than 0"),
        ({"timeout": float("inf")}, "finite"),
        ({"timeout": float("nan")}, "finite"),
        ({"timeout": "soon"}, "timeout"),
        ({"temperature": "hot"}, "temperature"),
        ({"truncation": "sometimes"}, "truncation"),
        ({"tool_choice": {"server": "files"}}, "tool_choice"),
        ({"retry": {"max_retrys": 2}}, "max_retrys"),
        ({"retry": {"backoff": {"initial_delay": -1}}}, "initial_delay"),
        ({"retry": {"backoff": {"delay": 1}}}, "delay"),
    ],
)
def test_bad_values_are_refused_by_name(bad: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ModelSettings(**bad)
    with pytest.raises(ValueError, match=words):
        as_model_settings(bad)


def test_there_are_no_settings_of_other_names() -> None:
    wrong: Any = {"temprature": 0.5, "topp": 1}
    with pytest.raises(ModelSettingsError, match="agent's has no such settings: temprature, topp"):
        as_model_settings(wrong, name="agent's")
    with pytest.raises(TypeError, match="override has no such settings: temprature, topp"):
        ModelSettings().resolve(wrong)
    with pytest.raises(ValidationError, match="temprature"):
        ModelSettings(**wrong)
    nothing: Any = 3
    with pytest.raises(ModelSettingsError, match="must be ModelSettings or a dict of them, not in"):
        as_model_settings(nothing)


def test_options_that_the_provider_adds_later_are_kept() -> None:
    entry: Any = {"type": "compaction", "tomorrows_option": 1}
    settings = ModelSettings(context_management=[entry])
    assert settings.context_management == [entry]
    assert settings.to_json_dict()["context_management"] == [entry]


# --- how they combine -----------------------------------------------------------------------


def test_an_override_wins_where_it_sets_something() -> None:
    settings = ModelSettings(temperature=1.0, top_p=0.5, store=True)
    assert settings.resolve(None) is settings
    changed = settings.resolve(ModelSettings(temperature=0.0, store=False))
    assert changed == ModelSettings(temperature=0.0, top_p=0.5, store=False)
    assert settings.resolve({"temperature": None, "top_p": 0.1}).top_p == 0.1
    assert settings.resolve({"temperature": None}).temperature == 1.0


def test_extra_arguments_and_retries_are_merged() -> None:
    policy = retry_policies.network_error()
    base = ModelSettings(
        extra_args={"a": 1, "b": 1},
        retry=ModelRetrySettings(max_retries=2, backoff={"max_delay": 9}, mid_stream=True),
    )
    over = ModelSettings(
        extra_args={"b": 2},
        retry=ModelRetrySettings(policy=policy, backoff={"initial_delay": 1}),
    )
    both = base.resolve(over)
    assert both.extra_args == {"a": 1, "b": 2}
    assert both.retry == ModelRetrySettings(
        max_retries=2,
        backoff={"initial_delay": 1, "max_delay": 9},
        policy=policy,
        mid_stream=True,
    )
    assert base.resolve(ModelSettings(retry={"max_retries": 0})).retry != base.retry
    assert ModelSettings().resolve(over).retry == over.retry
    assert base.resolve(ModelSettings()).retry == base.retry


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "temperature": st.floats(0, 2),
    "max_tokens": st.integers(1, 1000),
    "store": st.booleans(),
    "tool_choice": st.sampled_from(["auto", "required", "none", "joke"]),
    "metadata": st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
    "timeout": st.floats(0.1, 100),
}
SOME = st.builds(ModelSettings, **{name: st.none() | kind for name, kind in VALUES.items()})


@given(SOME, SOME, SOME)
def test_overriding_is_associative_and_none_changes_nothing(
    a: ModelSettings, b: ModelSettings, c: ModelSettings
) -> None:
    assert a.resolve(b).resolve(c) == a.resolve(b.resolve(c))
    assert a.resolve(ModelSettings()) == a == ModelSettings().resolve(a)


@given(SOME)
def test_settings_survive_json(settings: ModelSettings) -> None:
    assert as_model_settings(settings.to_json_dict()) == settings


def test_json_leaves_out_what_is_code_and_traces_what_may_be_secret() -> None:
    settings = ModelSettings(
        reasoning=Reasoning(effort="low"),
        extra_headers={"Authorization": "Bearer s3cret", "User-Agent": openai.Omit()},
        extra_body={"key": "s3cret"},
        extra_query={"key": "s3cret"},
        extra_args={"key": "s3cret"},
        retry=ModelRetrySettings(max_retries=2, policy=retry_policies.never()),
    )
    told = settings.to_json_dict()
    assert set(told) == {field.name for field in fields(ModelSettings)}
    assert told["reasoning"]["effort"] == "low"
    assert told["extra_headers"] == {"Authorization": "Bearer s3cret", "User-Agent": None}
    assert told["retry"] == {"max_retries": 2, "backoff": None, "mid_stream": None}
    assert settings.retry is not None
    assert settings.retry.to_json_dict() == told["retry"]
    assert "s3cret" not in str(settings.to_traceable_dict())


def test_a_copy_is_equal_and_has_the_same_policy() -> None:
    retry = ModelRetrySettings(max_retries=2, policy=retry_policies.network_error())
    settings = ModelSettings(retry=retry, reasoning=Reasoning(effort="low"))
    assert copy.deepcopy(settings) == settings
