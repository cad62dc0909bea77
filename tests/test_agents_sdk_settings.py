"""Settings, retries and test models have the OpenAI Agents SDK's names and defaults.

Skipped without the SDK; see test_agents_sdk.py for how to run it.
"""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import pytest

import rxagents
import rxagents.testing

agents: Any = pytest.importorskip("agents", reason="openai-agents is not installed")

OURS = {"ModelRetrySettings": {"mid_stream"}}  # fields that the SDK does not have


def named(cls: Any) -> dict[str, Any]:
    """The fields that the constructor takes, with their defaults."""
    fields = [field for field in dataclasses.fields(cls) if field.init]
    return {
        field.name: None if type(field.default).__name__ == "FieldInfo" else field.default
        for field in fields
        if not field.name.startswith("_")
    }


@pytest.mark.parametrize(
    "name",
    [
        "ModelSettings",
        "ModelRetrySettings",
        "ModelRetryBackoffSettings",
        "ModelRetryNormalizedError",
        "ModelRetryAdvice",
        "ModelRetryAdviceRequest",
        "RetryDecision",
        "RetryPolicyContext",
    ],
)
def test_fields_and_defaults(name: str) -> None:
    ours, theirs = named(getattr(rxagents, name)), named(getattr(agents, name))
    more = OURS.get(name, set())
    assert list(ours)[: len(theirs)] == list(theirs), "also in this order, as they are positional"
    assert ours.keys() - theirs.keys() == more
    assert {key: value for key, value in ours.items() if key not in more} == theirs


def test_the_same_json() -> None:
    settings: dict[str, Any] = {
        "temperature": 0.5,
        "tool_choice": {"server_label": "files", "name": "read"},
        "reasoning": {"effort": "low"},
        "retry": {"max_retries": 2, "backoff": {"initial_delay": 1}},
        "context_management": [{"type": "compaction", "compact_threshold": 9}],
        "extra_headers": {"a": "b"},
        "timeout": 3,
    }
    ours = rxagents.ModelSettings(**settings)
    theirs = agents.ModelSettings(**settings)
    told = ours.to_json_dict()
    del told["retry"]["mid_stream"]
    assert told == theirs.to_json_dict()
    assert ours.to_traceable_dict().keys() == theirs.to_traceable_dict().keys()


def test_the_same_policies() -> None:
    theirs = {name for name in dir(agents.retry_policies) if name[0] != "_"}
    assert {name for name in dir(rxagents.retry_policies) if name[0] != "_"} == theirs
    for name in theirs:
        ours = inspect.signature(getattr(rxagents.retry_policies, name))
        assert ours == inspect.signature(getattr(agents.retry_policies, name))


def test_the_same_model_steps_and_calls() -> None:
    theirs: Any = pytest.importorskip("agents.testing", reason="it is in 0.24 and later")
    for name in ("ModelStep", "ModelCall"):
        ours = [field.name for field in dataclasses.fields(getattr(rxagents.testing, name))]
        assert ours == [field.name for field in dataclasses.fields(getattr(theirs, name))]
    methods = {name for name in dir(theirs.ScriptedModel) if name[0] != "_"}
    assert methods <= set(dir(rxagents.testing.ScriptedModel([])))
    assert rxagents.testing.ModelStep().response_id == theirs.ModelStep().response_id


@pytest.mark.parametrize("name", ["OpenAIProvider", "MultiProvider"])
def test_the_same_options_of_providers(name: str) -> None:
    ours = inspect.signature(getattr(rxagents, name)).parameters
    theirs = inspect.signature(getattr(agents, name)).parameters
    missing = [each for each in theirs if each not in ours]
    assert all("agent_registration" in each for each in missing)
    assert {each: ours[each].default for each in ours} == {
        each: theirs[each].default for each in ours
    }
